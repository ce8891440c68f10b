"""Generated streams: one seed one stream, files that keep everything, and pair scores that count pairs."""

from __future__ import annotations

import csv
from collections import defaultdict
from dataclasses import replace

import pytest

from bench.linking import clustered, pair_scores, same_by_steps, swept_dbscan
from bench.streams import Knobs, as_points, read, stream, write
from bench.streams.files import truth_beside
from geo.distance import metres_between

SMALL = Knobs(seed=5, days=0.5, floods=2, flood_pins=9)


def test_one_seed_is_one_stream_and_another_is_another():
    assert stream(SMALL) == stream(SMALL)
    assert stream(SMALL) != stream(replace(SMALL, seed=6))


def test_the_truth_is_consistent_and_floods_are_never_vouched_for():
    reports = stream(replace(SMALL, flood_on_real=1.0))
    assert [report.t for report in reports] == sorted(report.t for report in reports)
    assert {report.part for report in reports} == {"witness", "echo", "false", "flood"}
    by_incident = defaultdict(list)
    for report in reports:
        by_incident[report.incident].append(report)
        assert report.real == (report.part in {"witness", "echo"})
        assert report.part != "flood" or not report.vouched
    for told in by_incident.values():
        groups = {report.group for report in told if report.part == "witness" and report.vouched}
        assert all(report.group in groups for report in told if report.part == "echo" and report.vouched)


def _mean_error(knobs):
    told = defaultdict(list)
    for report in stream(knobs):
        if report.part == "witness" and report.accuracy_m == 45:
            told[report.incident].append(report)
    apart = [metres_between(some[0].place, some[1].place) for some in told.values() if len(some) > 1]
    return sum(apart) / len(apart)


def test_knobs_turn_what_they_say():
    assert _mean_error(replace(SMALL, error_scale=3.0)) > 2 * _mean_error(SMALL)
    for knobs, some in ((SMALL, False), (replace(SMALL, disagree=0.5), True)):
        said = defaultdict(set)
        for report in stream(knobs):
            said[report.incident].add(report.activity)
        assert any(len(activities) > 1 for activities in said.values()) is some
    assert all(report.activity is None for report in stream(replace(SMALL, unsaid=1.0)) if report.part == "witness")


def test_a_file_keeps_the_stream_and_its_truth(tmp_path):
    reports = stream(SMALL)
    file = tmp_path / "told.csv"
    write(reports, file)
    again = read(file)
    assert [replace(report, place=was.place) for report, was in zip(again, reports, strict=True)] == reports
    assert all(metres_between(a.place, b.place) < 0.2 for a, b in zip(again, reports, strict=True))
    with file.open(encoding="utf-8") as told:
        assert "plate" not in (csv.DictReader(told).fieldnames or [])
    truth_beside(file).write_text("id,incident,real,report\n", encoding="utf-8")
    assert read(file) == []


def test_points_hold_tokens_for_plates_and_groups_for_lineages():
    reports = stream(SMALL)
    points = as_points(reports)
    plates = {said.plate for report in reports for said in report.vehicles if said.plate}
    assert len({point.token for point in points if point.token is not None}) == len(plates)
    assert not any(plate in repr(points) for plate in plates)
    by_group = defaultdict(set)
    for report, point in zip(reports, points, strict=True):
        by_group[point.source_group].add(report.group)
        assert point.coarse == (report.accuracy_m > 150)
    assert all(len(groups) == 1 for groups in by_group.values())


def test_pair_scores_count_pairs():
    assert pair_scores([("a", 1), ("a", 1), ("b", 2)]) == (1.0, 1.0, 1.0)
    assert pair_scores([("a", 1), ("a", 1), ("a", 2), ("b", 2)]) == pytest.approx((1 / 3, 1 / 2, 2 / 5))
    assert pair_scores([("a", 1), ("b", 1)]) == (1.0, 0.0, 0.0)


def test_our_clusters_find_most_pairs_of_a_stream_with_few_of_them_wrong(monkeypatch):
    monkeypatch.setattr("bench.linking._RADII_M", (150, 250))
    monkeypatch.setattr("bench.linking._MINUTES", (20, 40))
    reports = stream(SMALL)
    same_by_steps(as_points(reports))
    labels = clustered(as_points(reports))
    pairs = [(label, report.incident) for label, report in zip(labels, reports, strict=True) if report.part != "flood"]
    ours, (peer, how) = pair_scores(pairs)[2], swept_dbscan([each for each in reports if each.part != "flood"])
    assert ours > 0.85
    assert peer is None or 0.6 < peer < ours
    assert "scikit-learn" in how
