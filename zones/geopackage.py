"""What may stand in a GeoPackage before anything reads it: tables and their indexes, nothing that computes."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from zones import errors

_VIRTUAL: Final = re.compile(r"\s*CREATE\s+VIRTUAL\s+TABLE\b", re.IGNORECASE)
_SPATIAL_INDEX: Final = re.compile(
    r'\s*CREATE\s+VIRTUAL\s+TABLE\s+("rtree_[^"]+"|\[rtree_[^\]]+\]|rtree_\w+)\s+USING\s+rtree\s*\(', re.IGNORECASE
)
_KEEPS_INDEXES: Final = re.compile(r"(rtree_|trigger_(insert|delete)_feature_count_|gpkg_)")
"""The triggers that every writer of GeoPackages adds; they run when something is written, and nothing is."""
_COMPUTED: Final = (2, 3)
"""What SQLite calls the columns that are worked out when they are read."""


def refuse_programs(path: Path) -> None:
    """Refuse a GeoPackage with views, triggers of its own, virtual tables or computed columns.

    A reader would run them: a view of four lines keeps a machine busy for ever. Only the list of what the file holds
    is read here, no row of it.

    Raises
    ------
    ProgramsInside
        It holds something that computes.
    UnreadableLayer
        It is damaged.
    """
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as package:
            package.execute("PRAGMA trusted_schema = OFF")
            listed = package.execute("SELECT type, name, coalesce(sql, '') FROM sqlite_master").fetchall()
            if any(_computes(str(kind), str(name), str(sql)) for kind, name, sql in listed):
                raise errors.ProgramsInside
            for kind, name, sql in listed:
                if kind == "table" and not _VIRTUAL.match(str(sql)):
                    columns = package.execute("SELECT hidden FROM pragma_table_xinfo(?)", (name,)).fetchall()
                    if any(hidden in _COMPUTED for (hidden,) in columns):
                        raise errors.ProgramsInside
    except (sqlite3.Error, UnicodeError) as error:
        raise errors.UnreadableLayer from error


def _computes(kind: str, name: str, sql: str) -> bool:
    if kind == "table":
        return bool(_VIRTUAL.match(sql)) and not _SPATIAL_INDEX.match(sql)
    if kind == "trigger":
        return not _KEEPS_INDEXES.match(name)
    return kind != "index"
