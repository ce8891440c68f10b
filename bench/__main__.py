"""Run one bench by name, or all of them, beside their peers; print the rows and write them as JSON."""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

import bench
from bench import rows

if TYPE_CHECKING:
    from collections.abc import Sequence

_FRAME = frozenset({"__main__", "rows"})


class Bench(Protocol):
    """What a module beside this one must offer to be a bench; its file's name is its own."""

    def arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add the options of this bench."""

    def run(self, options: argparse.Namespace) -> list[rows.Row]:
        """Measure, and return the rows."""


def names() -> list[str]:
    """Return the names of all benches: the modules beside this one, but for the frame, packages and private ones."""
    found = pkgutil.iter_modules(bench.__path__)
    return sorted(
        module.name
        for module in found
        if module.name not in _FRAME and not module.ispkg and not module.name.startswith("_")
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benches that are asked for; returns 1 when one of them could not be measured."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__, allow_abbrev=False, add_help=False)
    parser.add_argument("name", nargs="?", choices=names(), help="one bench; all of them when left out")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows here too")
    parser.add_argument("-h", "--help", action="store_true")
    options, rest = parser.parse_known_args(argv)
    chosen = [options.name] if options.name else names()
    benches = {name: cast("Bench", importlib.import_module(f"bench.{name}")) for name in chosen}
    if options.help:
        parser.print_help()
        for name, module in benches.items():
            print()
            _parser_of(name, module).print_help()
        return 0
    asked = {name: _parser_of(name, module).parse_known_args(rest) for name, module in benches.items()}
    known_to_none = set.intersection(*(set(left) for _, left in asked.values())) if asked else set(rest)
    if any(word.startswith("-") for word in known_to_none):
        parser.error(f"no such option here: {' '.join(sorted(known_to_none))}")
    measured = [rows.host_row()]
    failed = False
    for name, module in benches.items():
        try:
            measured += module.run(asked[name][0])
        except Exception as error:  # noqa: BLE001 - one bench that cannot run must not hide the others
            failed = True
            print(f"{name}: {type(error).__name__}: {error}", file=sys.stderr)
            measured.append(rows.Row(name, f"not measured: {type(error).__name__}"))
    rows.show(measured)
    if options.json:
        rows.write(measured, options.json)
    return int(failed)


def _parser_of(name: str, module: Bench) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"bench {name}", add_help=False, allow_abbrev=False)
    module.arguments(parser)
    return parser


if __name__ == "__main__":
    sys.exit(main())
