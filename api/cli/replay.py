"""A recorded day played against the running service, over HTTP like any other client."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from api.cli import place
from api.cli.address import address
from api.cli.progress import bar
from api.cli.rehearsal import cast as casting
from api.cli.rehearsal import people as casting_people
from api.cli.rehearsal import tally as counting
from api.cli.rehearsal.agenda import Agenda
from api.cli.rehearsal.crew import Crew
from api.cli.rehearsal.line import Line
from api.cli.rehearsal.play import Play
from api.cli.rehearsal.reports import lineage_of
from desk.policy import NetworkPolicy
from geo import frames
from geo.frames import RefusedRow
from geo.rows import SightingRow
from matcher.pairs import crow_flies

app = typer.Typer()
_out = Console(highlight=False, soft_wrap=True)

_TICK: Final = timedelta(seconds=15)
_SHOWN: Final = 20


@app.command()
def replay(
    file: Annotated[Path, typer.Argument(help="A day of reports: CSV, GeoJSON or GeoParquet.")],
    *,
    speed: Annotated[
        float, typer.Option(min=0, help="How many times faster than the clock on the wall; 0 is as fast as it goes.")
    ] = 60.0,
    accept: Annotated[float, typer.Option(min=0, max=1, help="Chance that a simulated person says yes.")] = 0.4,
    responders: Annotated[int, typer.Option(min=2, max=5_000, help="How many simulated responders.")] = 150,
    seed: Annotated[int, typer.Option(min=0, help="What all chance grows from.")] = 7,
    network: Annotated[str | None, typer.Option(help="Slug of the rehearsal network to play in.")] = None,
    url: Annotated[str | None, typer.Option(help="Where the service answers, when not where the settings say.")] = None,
    data: Annotated[Path | None, typer.Option(help="The data folder of a private database.")] = None,
) -> None:
    """Play recorded reports against the running service, with simulated responders; print what happened."""
    with place.plainly():
        rows, refused = _read(file)
        tally = counting.Tally(seed=seed, reports=len(refused))
        for row in refused:
            tally.refused[row.reason] += 1
        for row in refused[:_SHOWN]:
            _out.print(f"line {row.line}: {row.reason}", markup=False)
        if not rows:
            raise typer.Exit(1)
        began = time.monotonic()
        with place.house(data, name="tandem-replay") as house:
            people = casting_people.gather(
                [(row.place, row.observed_at) for row in rows], responders=responders, seed=seed
            )
            stage = casting.stage(house, network)
            with bar("people", len(people)) as seen:
                lineages = {lineage for row in rows if (lineage := lineage_of(row)) is not None}
                cast = casting.gather(house, stage, people, sorted(lineages), seen=seen)
            where = url or address(house.settings)
        _out.print(f"replaying {len(rows)} reports in network {stage.slug} at {where}", markup=False)
        with Line(where) as line, bar("reports", len(rows)) as seen:
            agenda, travel = Agenda(_TICK), crow_flies(NetworkPolicy().pairs)
            crew = Crew(cast, people, accept=accept, agenda=agenda, travel=travel, tally=tally)
            Play(line, cast, crew, agenda=agenda, tally=tally, pace=_pace(speed), seen=seen).run(rows)
            tally.requests = line.requests
        tally.took_s = time.monotonic() - began
        for told in counting.lines(tally, counting.real_times(counting.outcome_beside(file))):
            _out.print(told, markup=False)


def _read(file: Path) -> tuple[list[SightingRow], list[RefusedRow]]:
    rows: list[SightingRow] = []
    refused: list[RefusedRow] = []
    for row in frames.read_sightings(file):
        if isinstance(row, RefusedRow):
            refused.append(row)
        else:
            rows.append(row)
    return rows, refused


def _pace(speed: float) -> Callable[[datetime], None]:
    """Return what waits until a moment of recorded time is due on the wall."""
    begun: list[tuple[datetime, float]] = []

    def wait(moment: datetime) -> None:
        if not speed:
            return
        if not begun:
            begun.append((moment, time.monotonic()))
        first, started = begun[0]
        ahead_s = (moment - first).total_seconds() / speed - (time.monotonic() - started)
        if ahead_s > 0:
            time.sleep(ahead_s)

    return wait
