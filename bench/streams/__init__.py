"""Labelled streams of reports in an invented city: what was seen, repeated, mistaken and forged.

The truth is known, so linking and scoring can be measured, and their numbers chosen, without any judging data. The
shape (how many witnesses, how vague, how late, what they disagree about) is set by `Knobs`; a seed gives one stream.
"""

from __future__ import annotations

from bench.streams.files import as_points, read, write
from bench.streams.knobs import Knobs
from bench.streams.reports import Report, Said
from bench.streams.stories import stream

__all__ = ["Knobs", "Report", "Said", "as_points", "read", "stream", "write"]
