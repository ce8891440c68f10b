"""The facts that the desk records and those that pages listen to are the same."""

from __future__ import annotations

import re
from pathlib import Path

from desk import events

ROOT = Path(__file__).resolve().parents[2]
MODULES = ROOT / "web" / "static" / "modules"
KIND = re.compile(r'"([a-z]+\.[a-z_]+)"')


def every_kind(fact: type[events.Fact] = events.Fact) -> set[str]:
    return {each.kind for each in fact.__subclasses__()}.union(*map(every_kind, fact.__subclasses__()))


def test_pages_listen_to_every_fact_and_to_nothing_else():
    listing = (MODULES / "live.js").read_text().split("const KINDS = [")[1].split("];")[0]
    assert set(KIND.findall(listing)) == every_kind()


def test_every_kind_that_a_page_asks_for_is_a_fact():
    families = {kind.partition(".")[0] for kind in every_kind()}
    asked = set()
    for path in MODULES.glob("*.js"):
        script = path.read_text()
        asked |= set(re.findall(r'fact\.kind === "([^"]+)"', script))
        begun = re.findall(r'fact\.kind\.startsWith\("([a-z]+)\."\)', script)
        assert set(begun) <= families, path.name
    assert asked <= every_kind()
