"""The frame of the benches: what a row holds, which way a ratio points, and that a mismatch is never timed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench import rows
from bench.__main__ import main, names


def test_rows_are_written_with_every_field(tmp_path: Path) -> None:
    path = tmp_path / "rows.json"
    rows.write([rows.Row("zones", "bulk", ours=2.0)], path)
    fields = ["name", "case", "ours", "peer", "peer_name", "limit", "ratio", "unit", "p50_ms", "p99_ms", "n", "seed"]
    assert json.loads(path.read_text()) == [dict.fromkeys(fields) | {"name": "zones", "case": "bulk", "ours": 2.0}]


def test_a_ratio_is_times_better_than_the_peer() -> None:
    assert rows.more_is_better(6, 2) == 3
    assert rows.less_is_better(2, 6) == 3
    assert rows.more_is_better(6, None) is None
    assert rows.less_is_better(2, None) is None


def test_a_mismatch_is_not_timed() -> None:
    rows.same_answers("peer", [1], [1])
    with pytest.raises(rows.AnswersDiffer):
        rows.same_answers("peer", [1], [2])


def test_benches_are_found_by_their_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert "zones" in names()
    assert {"rows", "__main__"}.isdisjoint(names())
    with pytest.raises(SystemExit):
        main(["zones", "--no-such-option"])
    assert "no such option" in capsys.readouterr().err


def test_one_bench_writes_the_host_and_its_rows(tmp_path: Path) -> None:
    path = tmp_path / "rows.json"
    assert main(["zones", "--places", "2000", "--json", str(path)]) == 0
    written = json.loads(path.read_text())
    assert written[0]["name"] == "host"
    assert written[0]["limit"] > 0
    beside_tree = next(row for row in written if row["case"].startswith("one by one"))
    assert beside_tree["ratio"] == pytest.approx(beside_tree["ours"] / beside_tree["peer"])
    assert any(row["peer"] is None and "PostGIS" in (row["peer_name"] or "") for row in written)
