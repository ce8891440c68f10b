"""Small rosters for the matcher's tests, and the slow truth they are compared with."""

from __future__ import annotations

import math
import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import combinations

from hypothesis import strategies as st

from geo.distance import metres_between, moved
from geo.points import LonLat
from matcher.candidates import Candidate, Scene
from matcher.meeting import MeetingPoint
from matcher.policy import PairPolicy

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=30)
SCENE_PLACE = LonLat(-93.26, 44.97)


def a_person(responder_id: int, **words: object) -> Candidate:
    told: dict[str, object] = {
        "place": SCENE_PLACE,
        "position_at": NOW,
        "mode": "bicycle",
        "trained_until": LATER,
        "observer_until": LATER,
        "languages": frozenset({"en"}),
        "available_until": NOW + timedelta(hours=4),
        "cleared_total": 9,
        "lineage": responder_id,
    }
    return Candidate(responder_id=responder_id, **(told | words))


def a_scene(**words: object) -> Scene:
    return Scene(**({"place": SCENE_PLACE, "now": NOW} | words))


def a_point(east_m: float = 200.0, north_m: float = 0.0) -> MeetingPoint:
    return MeetingPoint(moved(SCENE_PLACE, east_m, north_m), "Corner", "for a test", "vetted")


moments = st.sampled_from([None, NOW - timedelta(hours=20), NOW - timedelta(hours=9), NOW - timedelta(hours=1)])
certificates = st.sampled_from([(LATER, LATER), (LATER, LATER), (None, LATER), (NOW, LATER), (LATER, None)])
steps = st.integers(-9, 9)
places = st.builds(lambda x, y: moved(SCENE_PLACE, x * 180.0, y * 180.0), steps, steps)
languages = st.sets(st.sampled_from(["en", "es", "so"]), min_size=1).map(frozenset)
scenes = st.builds(
    a_scene,
    task=st.sampled_from(["look", "observe"]),
    languages=st.sampled_from([frozenset(), frozenset(), frozenset({"en", "es"})]),
    zone_ids=st.sampled_from([frozenset(), frozenset({1})]),
)
points = st.lists(
    st.builds(a_point, st.integers(-6, 6).map(lambda x: x * 100.0), st.integers(-6, 6).map(lambda y: y * 100.0)),
    min_size=1,
    max_size=4,
)
policies = st.builds(
    PairPolicy,
    eta_limit=st.sampled_from([timedelta(minutes=10), timedelta(minutes=30)]),
    unfamiliar_min=st.sampled_from([0.0, 1.0]),
    same_lineage_min=st.sampled_from([0.0, 3.0]),
    away_from_zone_min=st.sampled_from([0.0, 1.5]),
)


hindrances = st.fixed_dictionaries(
    {},
    optional={
        "place": st.none(),
        "position_at": st.sampled_from([NOW - timedelta(minutes=15), NOW - timedelta(minutes=16)]),
        "available_until": st.sampled_from([None, NOW]),
        "busy": st.booleans(),
        "offered": st.booleans(),
        "dispatches_this_shift": st.just(2),
        "distressed_until": st.sampled_from([LATER, NOW]),
        "trained_until": st.sampled_from([None, NOW]),
        "observer_until": st.sampled_from([None, NOW]),
        "tasks": st.just(frozenset({"look"})),
        "opted_out_tasks": st.just(frozenset({"look"})),
        "opted_out_zones": st.just(frozenset({1})),
        "is_reporter": st.booleans(),
    },
)


@st.composite
def people(draw: st.DrawFn, responder_id: int, ids: list[int]) -> Candidate:
    others = st.frozensets(st.sampled_from(ids), max_size=2)
    observer_until, trained_until = draw(certificates)
    words = {
        "place": draw(places),
        "base_place": draw(st.none() | places),
        "mode": draw(st.sampled_from(["foot", "bicycle", "car"])),
        "observer_until": observer_until,
        "trained_until": trained_until,
        "languages": draw(languages),
        "dispatches_this_shift": draw(st.integers(0, 1)),
        "last_cleared_at": draw(moments),
        "load_7d": draw(st.integers(0, 3)),
        "night_debt": draw(st.sampled_from([0, 0, 0.5])),
        "coverage_lost_min": draw(st.sampled_from([0, 0, 1.25])),
        "cleared_total": draw(st.integers(0, 6)),
        "avoids": draw(others),
        "worked_with": draw(others),
        "zone_ids": draw(st.sampled_from([frozenset(), frozenset({1}), frozenset({2})])),
        "lineage": draw(st.integers(1, 3)),
    }
    hindered = draw(st.sampled_from([False, False, False, True]))
    return a_person(responder_id, **(words | (draw(hindrances) if hindered else {})))


@st.composite
def rosters(draw: st.DrawFn, most: int = 14) -> list[Candidate]:
    size = draw(st.integers(0, most))
    ids = draw(st.permutations(range(1, most + 1)))[:size]
    return [draw(people(responder_id, ids)) for responder_id in ids]


def seeded_world(seed: int) -> tuple[list[Candidate], Scene, PairPolicy, list[MeetingPoint]]:
    """A larger roster, scene, policy and meeting points from one number: quick to make, rich in pairs."""
    dice = random.Random(seed)
    reach = dice.choice([100, 250, 500])

    def somewhere() -> LonLat:
        return moved(SCENE_PLACE, dice.randint(-6, 6) * reach, dice.randint(-6, 6) * reach)

    def some(population: list, most: int) -> frozenset:
        return frozenset(dice.sample(population, dice.randint(0, min(most, len(population)))))

    ids = dice.sample(range(1, 100), dice.randint(0, 40))
    avoiding, sharing = dice.choice([1, 6]), dice.choice([1, 3])
    roster = [
        a_person(
            responder_id,
            place=somewhere(),
            position_at=NOW - timedelta(minutes=dice.choice([0, 5, 15, 15, 15, 16])),
            base_place=dice.choice([None, somewhere()]),
            mode=dice.choice(["foot", "bicycle", "car"]),
            observer_until=dice.choice([LATER, LATER, LATER, NOW, None]),
            trained_until=dice.choice([LATER, LATER, LATER, None]),
            languages=frozenset(dice.sample(["en", "es", "so"], dice.randint(1, sharing))),
            available_until=dice.choice([LATER] * 9 + [None]),
            busy=dice.random() < 0.05,
            offered=dice.random() < 0.05,
            dispatches_this_shift=dice.choice([0, 0, 0, 1, 1, 2]),
            last_cleared_at=dice.choice([None, *(NOW - timedelta(hours=h) for h in (1, 8, 9, 16, 20))]),
            distressed_until=dice.choice([None] * 9 + [LATER]),
            load_7d=dice.choice([0, 0, 1, 2]),
            night_debt=dice.choice([0, 0, 0.5]),
            coverage_lost_min=dice.choice([0, 0, 1.25]),
            cleared_total=dice.randint(0, 9),
            avoids=some(ids, avoiding),
            worked_with=some(ids, 6),
            opted_out_tasks=dice.choice([frozenset()] * 9 + [frozenset({"look"})]),
            opted_out_zones=dice.choice([frozenset()] * 4 + [frozenset({1})]),
            zone_ids=dice.choice([frozenset(), frozenset({1}), frozenset({2})]),
            lineage=dice.randint(1, 3),
            is_reporter=dice.random() < 0.05,
        )
        for responder_id in ids
    ]
    scene = a_scene(
        task=dice.choice(["look", "observe"]),
        languages=dice.choice([frozenset(), frozenset({"en", "es"})]),
        zone_ids=dice.choice([frozenset(), frozenset({1})]),
    )
    policy = PairPolicy(
        eta_limit=timedelta(minutes=dice.choice([6, 12, 30])),
        unfamiliar_min=dice.choice([0.0, 1.0]),
        same_lineage_min=dice.choice([0.0, 3.0]),
        away_from_zone_min=dice.choice([0.0, 1.5]),
    )
    corners = [(dice.randint(-6, 6) * 100, dice.randint(-6, 6) * 100) for _ in range(dice.randint(1, 5))]
    return roster, scene, policy, [a_point(*corner) for corner in corners]


def slow_seconds(person: Candidate, place: LonLat, policy: PairPolicy) -> int:
    metres = metres_between(place, policy_place(person, policy))
    return math.ceil(metres * 1.3 / policy.speeds_m_s[person.mode] + 90)


def policy_place(person: Candidate, policy: PairPolicy) -> LonLat | None:
    fresh = person.place is not None and NOW - person.position_at <= policy.position_age
    return person.place if fresh else person.base_place


def slow_rule(  # noqa: C901, PLR0911 - the rules, spelled out once more
    person: Candidate, scene: Scene, policy: PairPolicy, meeting_points: list[MeetingPoint]
) -> str | None:
    if person.available_until is None or person.available_until <= NOW:
        return "not_available"
    if policy_place(person, policy) is None:
        return "place_unknown"
    if person.busy:
        return "busy"
    if person.offered:
        return "holds_offer"
    done = person.dispatches_this_shift >= 2
    if done and (person.last_cleared_at is None or person.last_cleared_at > NOW - timedelta(hours=8)):
        return "resting"
    if person.distressed_until is not None and person.distressed_until > NOW:
        return "resting"
    if not any(end is not None and end > NOW for end in (person.trained_until, person.observer_until)):
        return "no_certificate"
    if scene.task not in person.tasks:
        return "task_skill"
    if scene.languages and not (scene.languages & person.languages):
        return "language"
    if scene.task in person.opted_out_tasks or (scene.zone_ids & person.opted_out_zones):
        return "opted_out"
    if person.is_reporter:
        return "is_reporter"
    if min(slow_seconds(person, it.place, policy) for it in meeting_points) > policy.eta_limit.total_seconds():
        return "too_far"
    return None


def slow_own(person: Candidate, scene: Scene, policy: PairPolicy) -> int:
    minutes = [3 * person.load_7d / 3, 2 * person.night_debt, person.coverage_lost_min]
    if person.last_cleared_at is not None and person.last_cleared_at > NOW - timedelta(hours=16):
        minutes.append(2)
    if scene.zone_ids and person.zone_ids and not (scene.zone_ids & person.zone_ids):
        minutes.append(policy.away_from_zone_min)
    return sum(round(60 * term) for term in minutes)


def slow_pair_rule(  # noqa: PLR0911 - as above
    one: Candidate, other: Candidate, policy: PairPolicy, meeting_points: list[MeetingPoint]
) -> str | None:
    def holds(end: datetime | None) -> bool:
        return end is not None and end > NOW

    if other.responder_id in one.avoids or one.responder_id in other.avoids:
        return "on_avoid_list"
    if not holds(one.observer_until) and not holds(other.observer_until):
        return "no_observer"
    ways = [(one, other), (other, one)]
    if not any(holds(first.observer_until) and holds(second.trained_until) for first, second in ways):
        return "no_buddy"
    if one.cleared_total < 3 and other.cleared_total < 3:
        return "both_new"
    if not (one.languages & other.languages):
        return "no_common_language"
    if slow_meeting(one, other, policy, meeting_points)[0] > policy.eta_limit.total_seconds():
        return "no_shared_meeting_point"
    return None


def slow_meeting(
    one: Candidate, other: Candidate, policy: PairPolicy, meeting_points: list[MeetingPoint]
) -> tuple[int, int]:
    return min(
        (max(slow_seconds(one, it.place, policy), slow_seconds(other, it.place, policy)), index)
        for index, it in enumerate(meeting_points)
    )


def slow_ranking(
    people: list[Candidate], scene: Scene, policy: PairPolicy, meeting_points: list[MeetingPoint]
) -> tuple[list[tuple[int, int, int, int]], dict[int, str], Counter[str]]:
    """Every pair tried: (cost, smaller id, larger id, meeting point) in order, people by rule, pairs by rule."""
    why = {it.responder_id: slow_rule(it, scene, policy, meeting_points) for it in people}
    going = sorted((it for it in people if why[it.responder_id] is None), key=lambda it: it.responder_id)
    refused: Counter[str] = Counter()
    ranked = []
    for one, other in combinations(going, 2):
        rule = slow_pair_rule(one, other, policy, meeting_points)
        if rule is not None:
            refused[rule] += 1
            continue
        meet, index = slow_meeting(one, other, policy, meeting_points)
        cost = meet + slow_own(one, scene, policy) + slow_own(other, scene, policy)
        if other.responder_id not in one.worked_with and one.responder_id not in other.worked_with:
            cost += round(60 * policy.unfamiliar_min)
        if scene.task == "look" and one.lineage == other.lineage:
            cost += round(60 * policy.same_lineage_min)
        ranked.append((cost, one.responder_id, other.responder_id, index))
    return sorted(ranked), {key: rule for key, rule in why.items() if rule is not None}, refused
