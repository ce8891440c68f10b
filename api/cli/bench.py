"""The benchmarks, started as a process of their own: no room leans on them."""

from __future__ import annotations

import subprocess
import sys
from typing import Annotated

import typer

from api.cli.place import ROOT
from api.settings import handed_on

app = typer.Typer()


@app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": ["--help"]},
)
def bench(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(help="Which benchmark; without it, their list.")] = None,
) -> None:
    """Run a benchmark beside its peer in the same run.

    --json FILE keeps the rows; other options are the benchmark's own.
    """
    words = [name, *context.args] if name else ["--help"]
    command = [sys.executable, "-P", "-m", "bench", *words]
    done = subprocess.run(command, env=handed_on({"PYTHONPATH": str(ROOT)}), check=False)  # noqa: S603 - no shell
    raise typer.Exit(done.returncode)
