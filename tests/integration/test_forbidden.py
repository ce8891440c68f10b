"""What must never be stored is refused by the database itself, statement by statement; what is lawful passes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
import pytest
from sqlalchemy import make_url

NOW = "'2026-03-01 12:00+00'::timestamptz"
LATER = "'2026-03-01 12:30+00'::timestamptz"

UNVERIFIED, VERIFIED, WAS_VERIFIED, SECOND_VERIFIED = 1, 2, 3, 4
# Responders 11 to 16 hold both certificates, 17 basic training alone, 18 an observer certificate that has run out.
BOTH = (11, 12, 13, 14, 15, 16)
BUDDY_ONLY, LAPSED = 17, 18
VALID, LONG_AGO = "'2027-01-01 00:00+00'::timestamptz", "'2026-01-01 00:00+00'::timestamptz"


def world() -> Iterator[str]:
    yield "INSERT INTO network (id, slug, name, kind) VALUES (77, 'forbidden', 'Forbidden', 'rehearsal')"
    yield "SELECT set_config('tandem.network_id', '77', true)"
    for account, lineage in (
        (1, 901),
        (2, 902),
        (3, 901),
        *((100 + each, 901) for each in (*BOTH, BUDDY_ONLY, LAPSED)),
    ):
        yield f"""INSERT INTO account (network_id, id, alias, lineage, roles, created_on)
                  VALUES (77, {account}, 'person-{account}', {lineage}, '{{verifier,responder}}', '2026-01-01')"""
    for incident, status in (
        (UNVERIFIED, "unverified"),
        (VERIFIED, "verified"),
        (WAS_VERIFIED, "corroborated"),
        (SECOND_VERIFIED, "verified"),
    ):
        judged = incident != UNVERIFIED
        people = "1, 901, 2, 902" if judged else "NULL, NULL, NULL, NULL"
        yield f"""INSERT INTO incident (network_id, id, status, location, cell7, cell10, opened_at, first_seen_at,
                    last_seen_at, was_verified, verifier1, verifier1_lineage, verifier2, verifier2_lineage)
                  VALUES (77, {incident}, '{status}', 'POINT(10 50)', 1, 1, {NOW}, {NOW}, {NOW}, {judged}, {people})"""
    for person in (*BOTH, BUDDY_ONLY, LAPSED):
        yield f"INSERT INTO responder (network_id, id, account_id) VALUES (77, {person}, {100 + person})"
        yield f"INSERT INTO certificate VALUES (77, {person}, 'trained', {VALID})"
    for person in BOTH:
        yield f"INSERT INTO certificate VALUES (77, {person}, 'observer', {VALID})"
    yield f"INSERT INTO certificate VALUES (77, {LAPSED}, 'observer', {LONG_AGO})"


def dispatch(number: int = 1, incident: int = UNVERIFIED, task: str = "look", place: int = 1) -> str:
    return f"""INSERT INTO dispatch (network_id, id, incident_id, task, place, meeting_point, meeting_name, made_at,
                 state_at)
               VALUES (77, {number}, {incident}, '{task}', {place}, 'POINT(10 50)', 'Corner', {NOW}, {NOW})"""


def offer(number: int, person: int, state: str = "accepted", settled: bool = True) -> str:
    return f"""INSERT INTO offer (network_id, id, dispatch_id, responder_id, wave, state, eta_s, offered_at, expires_at,
                 settled) VALUES (77, {number * 1000 + person}, {number}, {person}, 1, '{state}', 300, {NOW}, {LATER},
                 {settled})"""


def seat(
    number: int,
    chair: int,
    person: int,
    *,
    during: str = f"tstzrange({NOW}, NULL)",
    until: str = VALID,
    step: int = 0,
    active: bool = True,
    turn: int = 1,
    why: str = "NULL",
    brief: str = NOW,
) -> str:
    return f"""INSERT INTO seat (network_id, dispatch_id, seat, responder_id, cert_until, during, step, active, turn,
                 left_because, brief_read_at)
               VALUES (77, {number}, {chair}, {person}, {until}, {during}, {step}, {active}, {turn}, {why}, {brief})"""


def to(number: int, state: str) -> str:
    held = f"{LATER}" if state == "held" else "NULL"
    return f"UPDATE dispatch SET state = '{state}', held_until = {held} WHERE id = {number}"


def walk(number: int, *states: str) -> tuple[str, ...]:
    return tuple(to(number, state) for state in states)


def end(number: int, chair: int, why: str = "withdrew") -> str:
    return f"""UPDATE seat SET active = false, left_because = '{why}',
                 during = tstzrange(lower(during), greatest({LATER}, lower(during) + interval '1 microsecond'))
               WHERE dispatch_id = {number} AND seat = {chair} AND active"""


def steps(number: int, step: int) -> str:
    return f"UPDATE seat SET step = {step} WHERE dispatch_id = {number} AND active"


def stepping_back(moves: int, lon: float, more: str = "") -> str:
    return f"""UPDATE dispatch SET meeting_point = 'POINT({lon} 50)', meeting_name = 'Corner {lon}',
                 meeting_moves = {moves}, meeting_moved_at = {LATER}{more} WHERE id = 1"""


def saw_the_move(number: int, chair: int) -> str:
    return f"UPDATE seat SET move_seen = true WHERE dispatch_id = {number} AND seat = {chair} AND active"


def yeses(number: int, *people: int) -> tuple[str, ...]:
    return tuple(offer(number, person) for person in people)


def pair(
    number: int = 1, *, incident: int = UNVERIFIED, task: str = "look", people: tuple[int, int] = (11, 12)
) -> tuple[str, ...]:
    observer, buddy = people
    return (
        dispatch(number, incident, task, place=number),
        *yeses(number, observer, buddy),
        seat(number, 1, observer),
        seat(number, 2, buddy),
        to(number, "paired"),
    )


STAGED = (*pair(), to(1, "en_route"), steps(1, 2), to(1, "staged"))
HELD = (*pair(), end(1, 2), to(1, "held"))


@dataclass(frozen=True)
class Case:
    """Statements that pass, then statements that the database answers with the constraint named (None: it obeys)."""

    name: str
    given: tuple[str, ...]
    asked: tuple[str, ...]
    refused_by: str | None = None

    def __str__(self) -> str:
        return self.name.replace(" ", "-")


FORBIDDEN = (
    # nobody goes alone
    Case("paired with nobody", (dispatch(), *yeses(1, 11, 12)), (to(1, "paired"),), "nobody_goes_alone_observer"),
    Case(
        "paired without a buddy",
        (dispatch(), *yeses(1, 11, 12)),
        (seat(1, 1, 11), to(1, "paired")),
        "nobody_goes_alone_buddy",
    ),
    Case(
        "paired without an observer",
        (dispatch(), *yeses(1, 11, 12)),
        (seat(1, 2, 12), to(1, "paired")),
        "nobody_goes_alone_observer",
    ),
    Case(
        "one seat taken while offering",
        (dispatch(), *yeses(1, 11, 12)),
        (seat(1, 1, 11),),
        "a_seat_needs_a_formed_pair",
    ),
    Case(
        "both seats taken while offering",
        (dispatch(), *yeses(1, 11, 12)),
        (seat(1, 1, 11), seat(1, 2, 12)),
        "a_seat_needs_a_formed_pair",
    ),
    Case("observer leaves and the pair stays", pair(), (end(1, 1),), "nobody_goes_alone_observer"),
    Case("buddy leaves and the pair stays", pair(), (end(1, 2),), "nobody_goes_alone_buddy"),
    Case("buddy leaves on the way", (*pair(), to(1, "en_route")), (end(1, 2),), "nobody_goes_alone_buddy"),
    Case("buddy leaves on the scene", (*STAGED, to(1, "on_scene")), (end(1, 2),), "nobody_goes_alone_buddy"),
    Case("a seat is deleted under a pair", pair(), ("DELETE FROM seat WHERE seat = 2",), "nobody_goes_alone_buddy"),
    Case(
        "a seat moves to another dispatch",
        (*pair(), dispatch(2, place=2), *yeses(2, 12)),
        ("UPDATE seat SET dispatch_id = 2 WHERE seat = 2",),
        "nobody_goes_alone_buddy",
    ),
    Case("held goes on alone", HELD, (to(1, "paired"),), "nobody_goes_alone_buddy"),
    Case("held walks on", HELD, (to(1, "en_route"),), "lawful_step"),
    Case(
        "a third person on the observer's seat",
        (*pair(), *yeses(1, 13)),
        (seat(1, 1, 13, turn=2),),
        "seat_network_id_dispatch_id_live_seat_key",
    ),
    Case("a third seat", (*pair(), *yeses(1, 13)), (seat(1, 3, 13),), "seat_seat_check"),
    # staged means both
    Case("staged with nobody there", (*pair(), to(1, "en_route")), (to(1, "staged"),), "staged_means_both_observer"),
    Case(
        "staged with one there",
        (*pair(), to(1, "en_route"), "UPDATE seat SET step = 2 WHERE seat = 1"),
        (to(1, "staged"),),
        "staged_means_both_buddy",
    ),
    Case(
        "observer steps back while staged",
        STAGED,
        ("UPDATE seat SET step = 1 WHERE seat = 1",),
        "staged_means_both_observer",
    ),
    Case(
        "buddy steps back on the scene",
        (*STAGED, to(1, "on_scene")),
        ("UPDATE seat SET step = 1 WHERE seat = 2",),
        "staged_means_both_buddy",
    ),
    Case(
        "setting out without having read the brief",
        (dispatch(), *yeses(1, 11, 12), seat(1, 1, 11, brief="NULL"), seat(1, 2, 12), to(1, "paired")),
        ("UPDATE seat SET step = 1 WHERE seat = 1",),
        "the_brief_comes_first",
    ),
    Case(
        "staged without having read the brief",
        STAGED,
        ("UPDATE seat SET brief_read_at = NULL WHERE seat = 2",),
        "the_brief_comes_first",
    ),
    Case(
        "a rest made shorter",
        (f"UPDATE responder SET resting_until = {LATER} WHERE id = 11",),
        (f"UPDATE responder SET resting_until = {NOW} WHERE id = 11",),
        "a_rest_is_never_shortened",
    ),
    Case("a step beyond the last", pair(), (steps(1, 5),), "seat_step_check"),
    # nobody twice
    Case(
        "one person on both seats",
        (dispatch(), *yeses(1, 11)),
        (seat(1, 1, 11), seat(1, 2, 11), to(1, "paired")),
        "no_double_booking",
    ),
    Case(
        "a booked person is booked again",
        (*pair(1), dispatch(2, place=2), *yeses(2, 11, 13)),
        (seat(2, 1, 13), seat(2, 2, 11), to(2, "paired")),
        "no_double_booking",
    ),
    Case(
        "a booked person is swapped into another pair",
        (*pair(1), *pair(2, people=(13, 14)), *yeses(2, 11)),
        ("UPDATE seat SET responder_id = 11 WHERE dispatch_id = 2 AND seat = 1",),
        "no_double_booking",
    ),
    Case(
        "booked for a time already booked",
        HELD,
        (offer(1, 13), seat(1, 2, 12, turn=2, during=f"tstzrange({NOW}, NULL)"), to(1, "paired")),
        "no_double_booking",
    ),
    Case(
        "two live offers",
        (dispatch(1), dispatch(2, place=2), offer(1, 11, "offered", settled=False)),
        (offer(2, 11, "offered", settled=False),),
        "one_live_offer",
    ),
    Case(
        "two yeses waiting",
        (dispatch(1), dispatch(2, place=2), offer(1, 11, settled=False)),
        (offer(2, 11, settled=False),),
        "one_waiting_yes",
    ),
    Case(
        "asked twice for one dispatch",
        (dispatch(), offer(1, 11, "declined", settled=False)),
        (
            f"""INSERT INTO offer (network_id, id, dispatch_id, responder_id, wave, eta_s, offered_at, expires_at)
        VALUES (77, 999, 1, 11, 2, 1, {NOW}, {LATER})""",
        ),
        "asked_once_per_dispatch",
    ),
    Case("the same place twice", (dispatch(1),), (dispatch(2, place=1),), "one_dispatch_per_place"),
    Case("a place beyond nine", (), (dispatch(1, place=10),), "dispatch_place_check"),
    # only who said yes, only who is trained
    Case(
        "seated without being asked",
        (dispatch(), *yeses(1, 11)),
        (seat(1, 1, 11), seat(1, 2, 12), to(1, "paired")),
        "a_seat_needs_a_yes",
    ),
    Case(
        "seated before answering",
        (dispatch(), *yeses(1, 11), offer(1, 12, "offered", settled=False)),
        (seat(1, 1, 11), seat(1, 2, 12), to(1, "paired")),
        "a_seat_needs_a_yes",
    ),
    Case(
        "seated after saying no",
        (dispatch(), *yeses(1, 11), offer(1, 12, "declined")),
        (seat(1, 1, 11), seat(1, 2, 12), to(1, "paired")),
        "a_seat_needs_a_yes",
    ),
    Case(
        "a yes is taken back under a seat",
        pair(),
        ("UPDATE offer SET state = 'declined' WHERE responder_id = 12",),
        "a_seat_needs_a_yes",
    ),
    Case("a yes is deleted under a seat", pair(), ("DELETE FROM offer WHERE responder_id = 12",), "a_seat_needs_a_yes"),
    Case(
        "observer's seat without the certificate",
        (dispatch(), *yeses(1, BUDDY_ONLY, 12)),
        (seat(1, 1, BUDDY_ONLY), seat(1, 2, 12), to(1, "paired")),
        "the_seat_needs_its_certificate",
    ),
    Case(
        "a certificate that has run out",
        (dispatch(), *yeses(1, LAPSED, 12)),
        (seat(1, 1, LAPSED, until=LONG_AGO), seat(1, 2, 12), to(1, "paired")),
        "training_is_current",
    ),
    Case(
        "an end of training made up",
        (dispatch(), *yeses(1, LAPSED, 12)),
        (seat(1, 1, LAPSED, until=VALID), seat(1, 2, 12), to(1, "paired")),
        "the_seat_needs_its_certificate",
    ),
    Case(
        "a seat since ever dodges the training",
        (dispatch(), *yeses(1, LAPSED, 12)),
        (seat(1, 1, LAPSED, until=LONG_AGO, during="tstzrange(NULL, NULL)"), seat(1, 2, 12), to(1, "paired")),
        "a_seat_has_a_beginning",
    ),
    Case(
        "a seat since minus infinity dodges it too",
        (dispatch(), *yeses(1, LAPSED, 12)),
        (seat(1, 1, LAPSED, until=LONG_AGO, during="tstzrange('-infinity', NULL)"), seat(1, 2, 12), to(1, "paired")),
        "a_seat_has_a_beginning",
    ),
    Case(
        "a certificate is deleted under a seat",
        pair(),
        ("DELETE FROM certificate WHERE responder_id = 11 AND kind = 'observer'",),
        "the_seat_needs_its_certificate",
    ),
    Case(
        "a certificate is shortened under a seat",
        pair(),
        (f"UPDATE certificate SET valid_until = {LATER} WHERE responder_id = 12 AND kind = 'trained'",),
        "the_seat_needs_its_certificate",
    ),
    # ranges tell the truth
    Case(
        "an empty range",
        (dispatch(), *yeses(1, 11, 12)),
        (seat(1, 1, 11, during="'empty'", active=False, why="'lost'"), seat(1, 2, 12), to(1, "paired")),
        "seat_during_check",
    ),
    Case(
        "an open seat with an end",
        (dispatch(), *yeses(1, 11, 12)),
        (seat(1, 1, 11, during=f"tstzrange({NOW}, {LATER})"), seat(1, 2, 12), to(1, "paired")),
        "an_open_seat_has_no_end",
    ),
    Case(
        "a closed seat without an end",
        pair(),
        ("UPDATE seat SET active = false, left_because = 'lost' WHERE seat = 1",),
        "an_open_seat_has_no_end",
    ),
    Case(
        "a closed seat that does not say why",
        pair(),
        (end(1, 1).replace("'withdrew'", "NULL"),),
        "an_ended_seat_says_why",
    ),
    # only the lawful steps
    *(
        Case(
            f"a dispatch that starts as {state}",
            (),
            (dispatch().replace("task, place", "task, state, place").replace("'look', 1", f"'look', '{state}', 1"),),
            "lawful_step",
        )
        for state in ("paired", "en_route", "staged", "on_scene", "cleared")
    ),
    Case(
        "a dispatch that starts as held",
        (),
        (
            dispatch()
            .replace("task, place", "task, held_until, state, place")
            .replace("'look', 1", f"'look', {LATER}, 'held', 1"),
        ),
        "lawful_step",
    ),
    Case("on the way before there is a pair", (dispatch(),), (to(1, "en_route"),), "lawful_step"),
    Case(
        "at the scene without meeting first",
        (*pair(), to(1, "en_route"), steps(1, 3)),
        (to(1, "on_scene"),),
        "lawful_step",
    ),
    Case("back from the scene to the meeting point", (*STAGED, to(1, "on_scene")), (to(1, "staged"),), "lawful_step"),
    Case(
        "a move claimed that did not happen",
        (*pair(), steps(1, 2)),
        ("UPDATE dispatch SET prev = 'en_route', state = 'staged' WHERE id = 1",),
        "lawful_step",
    ),
    Case(
        "cleared before anybody met",
        pair(),
        (end(1, 1, "cleared"), end(1, 2, "cleared"), to(1, "cleared")),
        "lawful_step",
    ),
    Case("cleared with open seats", STAGED, (to(1, "cleared"),), "a_seat_needs_a_formed_pair"),
    Case("cancelled with open seats", pair(), (to(1, "cancelled"),), "a_seat_needs_a_formed_pair"),
    *(
        Case(f"a {state} dispatch is opened again", (dispatch(), to(1, state)), (to(1, "offering"),), "lawful_step")
        for state in ("cancelled", "unfilled")
    ),
    Case(
        "a cleared dispatch is opened again",
        (*STAGED, end(1, 1, "cleared"), end(1, 2, "cleared"), to(1, "cleared")),
        (to(1, "paired"),),
        "lawful_step",
    ),
    Case(
        "held without a deadline",
        pair(),
        (end(1, 2), "UPDATE dispatch SET state = 'held' WHERE id = 1"),
        "held_has_a_deadline",
    ),
    Case(
        "a deadline without being held",
        pair(),
        (f"UPDATE dispatch SET held_until = {LATER} WHERE id = 1",),
        "held_has_a_deadline",
    ),
    # tasks, places
    Case("a task that is not on the list", (), (dispatch(task="follow"),), "dispatch_task_check"),
    Case("observe at an unverified incident", (), (dispatch(task="observe"),), "observe_needs_a_verified_incident"),
    Case(
        "observe at one that is no longer verified",
        (),
        (dispatch(incident=WAS_VERIFIED, task="observe"),),
        "observe_needs_a_verified_incident",
    ),
    Case(
        "accompany at one that was never verified",
        (),
        (dispatch(task="accompany"),),
        "accompany_needs_an_incident_that_was_verified",
    ),
    Case(
        "unfounded under a live observe",
        pair(incident=VERIFIED, task="observe"),
        (f"UPDATE incident SET status = 'unfounded', ended_at = {NOW} WHERE id = {VERIFIED}",),
        "observe_needs_a_verified_incident",
    ),
    Case(
        "never verified after all, under an accompany",
        (dispatch(incident=WAS_VERIFIED, task="accompany"),),
        (f"UPDATE incident SET was_verified = false WHERE id = {WAS_VERIFIED}",),
        "accompany_needs_an_incident_that_was_verified",
    ),
    Case(
        "the meeting point moves",
        (dispatch(),),
        ("UPDATE dispatch SET meeting_point = 'POINT(10.001 50)' WHERE id = 1",),
        "a_dispatch_never_moves",
    ),
    Case(
        "the meeting point is renamed",
        (dispatch(),),
        ("UPDATE dispatch SET meeting_name = 'The house itself' WHERE id = 1",),
        "a_dispatch_never_moves",
    ),
    Case(
        "a meeting point steps back a second time",
        (dispatch(), stepping_back(1, 10.002)),
        (stepping_back(2, 10.004),),
        "only_one_step_back",
    ),
    Case(
        "a meeting point moves again under the same step",
        (dispatch(), stepping_back(1, 10.002)),
        ("UPDATE dispatch SET meeting_point = 'POINT(10.004 50)' WHERE id = 1",),
        "a_dispatch_never_moves",
    ),
    Case(
        "a meeting point moves closer",
        (dispatch().replace("POINT(10 50)", "POINT(10.002 50)"),),
        (stepping_back(1, 10.001),),
        "only_outward",
    ),
    Case(
        "a meeting point moves to the other side, no farther out",
        (dispatch().replace("POINT(10 50)", "POINT(10.002 50)"),),
        (stepping_back(1, 9.9981),),
        "only_outward",
    ),
    Case(
        "a meeting point moves at no time",
        (dispatch(),),
        ("UPDATE dispatch SET meeting_point = 'POINT(10.002 50)', meeting_moves = 1 WHERE id = 1",),
        "a_step_back_has_its_time",
    ),
    Case(
        "a step back is taken back",
        (dispatch(), stepping_back(1, 10.002)),
        ("UPDATE dispatch SET meeting_moves = 0, meeting_moved_at = NULL WHERE id = 1",),
        "only_one_step_back",
    ),
    Case(
        "a dispatch begins as if it had stepped back",
        (),
        (
            dispatch()
            .replace("state_at)", "state_at, meeting_moves, meeting_moved_at)")
            .replace(f"{NOW})", f"{NOW}, 1, {NOW})"),
        ),
        "a_dispatch_never_moves",
    ),
    Case(
        "a meeting point moves behind people on scene",
        (*STAGED, steps(1, 3), to(1, "on_scene")),
        (stepping_back(1, 10.002),),
        "only_one_step_back",
    ),
    Case("a pair walks again though nothing moved", STAGED, (to(1, "en_route"),), "lawful_step"),
    Case(
        "a pair stays staged where the meeting point left",
        STAGED,
        (stepping_back(1, 10.002),),
        "only_one_step_back",
    ),
    Case(
        "staged though nobody has seen the move",
        (*pair(), to(1, "en_route"), stepping_back(1, 10.002), steps(1, 2)),
        (to(1, "staged"),),
        "both_have_seen_the_move_observer",
    ),
    Case(
        "staged though the observer has not seen the move",
        (*pair(), to(1, "en_route"), stepping_back(1, 10.002), steps(1, 2), saw_the_move(1, 2)),
        (to(1, "staged"),),
        "both_have_seen_the_move_observer",
    ),
    Case(
        "staged though the buddy has not seen the move",
        (*pair(), to(1, "en_route"), stepping_back(1, 10.002), steps(1, 2), saw_the_move(1, 1)),
        (to(1, "staged"),),
        "both_have_seen_the_move_buddy",
    ),
    Case(
        "a dispatch is sent elsewhere",
        (dispatch(),),
        (f"UPDATE dispatch SET incident_id = {VERIFIED} WHERE id = 1",),
        "a_dispatch_never_moves",
    ),
    Case(
        "a look becomes an observe",
        (dispatch(incident=VERIFIED),),
        ("UPDATE dispatch SET task = 'observe' WHERE id = 1",),
        "a_dispatch_never_moves",
    ),
    Case(
        "an offer that ends before it begins",
        (dispatch(),),
        (offer(1, 11, "offered").replace(LATER, NOW),),
        "an_offer_ends",
    ),
    # verified is two people's word
    Case(
        "verified by nobody",
        (),
        (f"UPDATE incident SET status = 'verified' WHERE id = {UNVERIFIED}",),
        "verified_was_verified",
    ),
    Case(
        "verified by one person",
        (),
        (
            f"""UPDATE incident SET status = 'verified', was_verified = true, verifier1 = 1,
        verifier1_lineage = 901 WHERE id = {UNVERIFIED}""",
        ),
        "verified_means_two_people_of_two_lineages",
    ),
    Case(
        "verified by one person twice",
        (),
        (
            f"""UPDATE incident SET status = 'verified', was_verified = true, verifier1 = 1, verifier1_lineage = 901,
        verifier2 = 1, verifier2_lineage = 901 WHERE id = {UNVERIFIED}""",
        ),
        "verified_means_two_people_of_two_lineages",
    ),
    Case(
        "verified by two of one lineage",
        (),
        (
            f"""UPDATE incident SET status = 'verified', was_verified = true, verifier1 = 1, verifier1_lineage = 901,
        verifier2 = 3, verifier2_lineage = 901 WHERE id = {UNVERIFIED}""",
        ),
        "verified_means_two_people_of_two_lineages",
    ),
)

LAWFUL = (
    Case(
        "released, then asked again",
        (dispatch(), offer(1, 11, "released")),
        (offer(1, 11).replace("1011", "999"), "UPDATE offer SET state = 'declined' WHERE id = 999"),
    ),
    Case(
        "offering, then nobody",
        (),
        (dispatch(), offer(1, 11, "offered", settled=False), "UPDATE offer SET state = 'expired'", to(1, "unfilled")),
    ),
    Case("offering, then cancelled", (), (dispatch(), to(1, "cancelled"))),
    Case(
        "the whole way",
        (),
        (*STAGED, steps(1, 3), to(1, "on_scene"), end(1, 1, "cleared"), end(1, 2, "cleared"), to(1, "cleared")),
    ),
    Case("cleared from the meeting point", (), (*STAGED, end(1, 1, "cleared"), end(1, 2, "cleared"), to(1, "cleared"))),
    Case("a meeting point steps back while people are asked", (), (dispatch(), stepping_back(1, 10.002))),
    Case(
        "a pair steps back, both see it, both are there",
        (),
        (
            *STAGED,
            stepping_back(1, 10.002, ", state = 'en_route'"),
            steps(1, 1),
            saw_the_move(1, 1),
            saw_the_move(1, 2),
            steps(1, 2),
            to(1, "staged"),
        ),
    ),
    Case("a meeting point steps back while one holds", (), (*HELD, stepping_back(1, 10.002))),
    Case("a look at an unverified incident", (), pair()),
    Case("observe at a verified one", (), pair(incident=VERIFIED, task="observe")),
    Case("accompany after it was verified", (), pair(incident=WAS_VERIFIED, task="accompany")),
    *(
        Case(
            f"held from {states[-1] if states else 'paired'}",
            (),
            (*pair(), *(("UPDATE seat SET step = 2",) if states else ()), *walk(1, *states), end(1, 2), to(1, "held")),
        )
        for states in ((), ("en_route",), ("en_route", "staged"), ("en_route", "staged", "on_scene"))
    ),
    Case(
        "held, then replaced",
        HELD,
        (
            *yeses(1, 13),
            seat(1, 2, 13, turn=2),
            "UPDATE seat SET step = 0 WHERE active",
            to(1, "paired"),
            to(1, "en_route"),
        ),
    ),
    Case("held, then cleared", HELD, (end(1, 1, "cleared"), to(1, "cleared"))),
    Case("held, then cancelled", HELD, (end(1, 1, "cancelled"), to(1, "cancelled"))),
    Case("swapped in one transaction", (*pair(), *yeses(1, 13)), (end(1, 2), seat(1, 2, 13, turn=2))),
    Case(
        "cancelled on the way",
        (*pair(), to(1, "en_route")),
        (end(1, 1, "cancelled"), end(1, 2, "cancelled"), to(1, "cancelled")),
    ),
    Case("two pairs at two places", (), (*pair(1), *pair(2, people=(13, 14)))),
    Case("a place is free again after an end", (dispatch(), to(1, "cancelled")), (dispatch(2, place=1),)),
    Case(
        "booked again after the end",
        (*STAGED, end(1, 1, "cleared"), end(1, 2, "cleared"), to(1, "cleared")),
        (
            dispatch(2, place=2),
            *yeses(2, 11, 13),
            seat(2, 1, 11, during=f"tstzrange({LATER}, NULL)"),
            seat(2, 2, 13),
            to(2, "paired"),
        ),
    ),
    Case(
        "verified by two people of two lineages",
        (),
        (
            f"""UPDATE incident SET status = 'verified', was_verified = true, verifier1 = 1, verifier1_lineage = 901,
        verifier2 = 2, verifier2_lineage = 902 WHERE id = {UNVERIFIED}""",
        ),
    ),
    Case(
        "unfounded once the observers are called back",
        (*pair(incident=VERIFIED, task="observe"), end(1, 1, "cancelled"), end(1, 2, "cancelled"), to(1, "cancelled")),
        (f"UPDATE incident SET status = 'unfounded', ended_at = {NOW} WHERE id = {VERIFIED}",),
    ),
    Case(
        "a renewed certificate beside the old one",
        pair(),
        (f"INSERT INTO certificate VALUES (77, 11, 'observer', {VALID} + interval '1 year')",),
    ),
)


@pytest.fixture(scope="module")
def connection(database_url: str) -> Iterator[psycopg.Connection]:
    """The owner's connection; every test's transaction is rolled back."""
    with psycopg.connect(make_url(database_url).set(drivername="postgresql").render_as_string(False)) as opened:
        yield opened


@pytest.fixture
def database(connection: psycopg.Connection) -> Iterator[psycopg.Connection]:
    for statement in world():
        connection.execute(statement)
    yield connection
    connection.rollback()


def play(database: psycopg.Connection, case: Case) -> str | None:
    """Play a case as the program's role; return the name of the constraint that refused it, None if none did."""
    database.execute("SET LOCAL ROLE tandem_app")
    for statement in case.given:
        database.execute(statement)
    database.execute("SET CONSTRAINTS ALL IMMEDIATE")
    database.execute("SET CONSTRAINTS ALL DEFERRED")
    try:
        for statement in case.asked:
            assert database.execute(statement).rowcount > 0, "the statement met no row"
        database.execute("SET CONSTRAINTS ALL IMMEDIATE")
    except psycopg.errors.IntegrityError as refused:
        return refused.diag.constraint_name or "unnamed"
    return None


@pytest.mark.parametrize("case", FORBIDDEN, ids=str)
def test_forbidden(database: psycopg.Connection, case: Case) -> None:
    assert play(database, case) == case.refused_by


@pytest.mark.parametrize("case", LAWFUL, ids=str)
def test_lawful(database: psycopg.Connection, case: Case) -> None:
    assert play(database, case) is None


def test_there_are_enough_of_them() -> None:
    assert len(FORBIDDEN) >= 60
    assert len(LAWFUL) >= 20


SABOTAGE = (
    "nobody_goes_alone_observer",
    "nobody_goes_alone_buddy",
    "staged_means_both_observer",
    "staged_means_both_buddy",
    "a_seat_needs_a_formed_pair",
    "a_seat_needs_a_yes",
    "a_seat_has_a_beginning",
    "the_seat_needs_its_certificate",
    "training_is_current",
    "no_double_booking",
    "one_live_offer",
    "one_waiting_yes",
    "one_dispatch_per_place",
    "lawful_step",
    "held_has_a_deadline",
    "observe_needs_a_verified_incident",
    "accompany_needs_an_incident_that_was_verified",
    "a_step_back_has_its_time",
    "both_have_seen_the_move_observer",
    "both_have_seen_the_move_buddy",
    "verified_means_two_people_of_two_lineages",
)


@pytest.mark.parametrize("constraint", SABOTAGE)
def test_each_guard_is_needed(connection: psycopg.Connection, constraint: str) -> None:
    """Without it, at least one row above goes through: the row holds this guard and no other."""
    table = connection.execute(
        "SELECT conrelid::regclass::text FROM pg_constraint WHERE conname = %s", (constraint,)
    ).fetchone()
    drop = f"ALTER TABLE {table[0]} DROP CONSTRAINT {constraint}" if table else f"DROP INDEX {constraint}"
    went_through = []
    try:
        for case in FORBIDDEN:
            if case.refused_by == constraint:
                connection.execute(drop)
                for statement in world():
                    connection.execute(statement)
                if play(connection, case) is None:
                    went_through.append(case.name)
                connection.rollback()
    finally:
        connection.rollback()
    assert went_through


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO dispatch_step VALUES ('offering', 'on_scene')",
        "DELETE FROM dispatch_step",
        "ALTER TABLE dispatch DISABLE TRIGGER dispatch_moves",
        "ALTER TABLE seat DROP CONSTRAINT no_double_booking",
        "SET LOCAL session_replication_role = 'replica'",
        "TRUNCATE seat, offer, dispatch, checkin",
    ],
)
def test_the_program_cannot_change_the_rules(database: psycopg.Connection, statement: str) -> None:
    database.execute("SET LOCAL ROLE tandem_app")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        database.execute(statement)


def test_another_network_s_dispatch_does_not_exist(database: psycopg.Connection) -> None:
    for statement in pair():
        database.execute(statement)
    database.execute("SET LOCAL ROLE tandem_app")
    database.execute("SELECT set_config('tandem.network_id', '78', true)")
    for table in ("dispatch", "offer", "seat", "checkin", "responder", "certificate", "position"):
        assert database.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)
        assert database.execute(f"DELETE FROM {table}").rowcount == 0
