"""Labelled streams of reports in an invented city: seen, repeated, mistaken, forged; a seed and `Knobs` give one."""

from __future__ import annotations

from bench.streams.files import as_points, read, write
from bench.streams.knobs import Knobs
from bench.streams.reports import Report, Said
from bench.streams.stories import stream

__all__ = ["Knobs", "Report", "Said", "as_points", "read", "stream", "write"]
