"""Floors may be made stricter, never looser; travel times are honest."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from geo.distance import metres_between, moved
from matcher import errors
from matcher.pairs import crow_flies
from matcher.policy import PairPolicy
from matcher.travel import CrowFlies
from tests.unit.matcher_people import NOW, SCENE_PLACE


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ({"stand_off_m": 49.9}, errors.StandOffTooSmall),
        ({"stand_off_m": float("nan")}, errors.StandOffTooSmall),
        ({"meeting_ring_m": (149.0, 600.0)}, errors.MeetingRingTooNear),
        ({"stand_off_m": 200.0}, errors.MeetingRingTooNear),
        ({"meeting_ring_m": (150.0, 449.0)}, errors.MeetingRingTooNear),
        ({"rest": timedelta(hours=7)}, errors.RestTooShort),
        ({"distress_rest": timedelta(hours=23)}, errors.RestTooShort),
        ({"dispatches_a_shift": 3}, errors.TooManyDispatchesInAShift),
        ({"position_age": timedelta(minutes=16)}, errors.PlaceKeptTooLong),
        ({"scene_cap": 0}, errors.SceneCapOutOfRange),
        ({"target": 1.0}, errors.WaveNumbersOutOfRange),
        ({"wave_window": timedelta(seconds=5)}, errors.WaveNumbersOutOfRange),
        ({"unfamiliar_min": -1.0}, errors.CostTermNegative),
        ({"load_target_7d": 0.0}, errors.CostTermNegative),
        ({"speeds_m_s": {"foot": 3.0, "bicycle": 4.0, "car": 7.0}}, errors.PaceOutOfRange),
        ({"speeds_m_s": {"foot": 1.0}}, errors.PaceOutOfRange),
        ({"eta_limit": timedelta(hours=3)}, errors.TimesOutOfRange),
    ],
)
def test_a_looser_number_is_refused_with_a_sentence(words, error):
    with pytest.raises(error):
        PairPolicy(**words)
    assert error.__doc__.endswith(".")


def test_a_stricter_number_is_taken():
    policy = PairPolicy(
        stand_off_m=250.0,
        meeting_ring_m=(300.0, 900.0),
        rest=timedelta(hours=10),
        dispatches_a_shift=1,
        position_age=timedelta(minutes=5),
    )
    assert policy.stand_off_m == 250.0


def test_the_pause_after_a_hard_dispatch_is_a_day():
    assert PairPolicy().pause_after_distress(NOW) == NOW + timedelta(hours=24)


def test_the_crow_takes_a_detour_at_the_speed_of_the_mode_and_time_to_get_going():
    travel = crow_flies(PairPolicy())
    there = [moved(SCENE_PLACE, 1_000, 0), moved(SCENE_PLACE, 0, 3_000)]
    seconds = travel.seconds([SCENE_PLACE, SCENE_PLACE], ["foot", "car"], there)
    for row, speed in enumerate((1.35, 7.0)):
        for column, place in enumerate(there):
            assert seconds[row, column] == pytest.approx(90 + 1.3 * metres_between(SCENE_PLACE, place) / speed)
    assert travel.lower_bound(np.array([1_350.0]), "foot") == pytest.approx([90 + 1_300.0])
    assert travel.seconds([], [], there).shape == (0, 2)


def test_an_unknown_mode_is_refused():
    travel = CrowFlies({"foot": 1.0})
    with pytest.raises(errors.UnknownMode):
        travel.seconds([SCENE_PLACE], ["horse"], [SCENE_PLACE])
    with pytest.raises(errors.UnknownMode):
        travel.lower_bound(np.array([1.0]), "horse")
