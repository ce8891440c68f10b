"""THE table: every column of every table, why it is kept and for how long; a test walks the schema against it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from desk.policy import RetentionPolicy
from desk.remembered import CHANGES_KEPT

LEARNED_KEPT: Final = timedelta(days=180)
"""Counts of decided incidents to which nothing was added for this long are forgotten."""
LINKS_KEPT: Final = timedelta(days=8)
"""Who reported, and lineages beside an incident: to the weekly count and a day more."""
READERS_KEPT: Final = timedelta(days=7)
"""Who read which statement, at the most: a network may ask for less (`verification.corrected_within`)."""
SUGGESTIONS_KEPT: Final = timedelta(hours=72)
SESSIONS_KEPT: Final = timedelta(days=30)
"""The longest a token of a script holds; a person's session ends with the shift."""
VOUCHERS_KEPT: Final = timedelta(hours=24)
HOLDS_KEPT: Final = timedelta(days=90)
"""A hold by counsel after it ended, as long as the audit of it."""

Limit = Callable[[RetentionPolicy], timedelta]


@dataclass(frozen=True, slots=True)
class Kept:
    """A class of columns: why they are there, for how long, and what is left afterwards."""

    name: str
    limit: Limit | None
    """How long, of a network with these numbers; None where no clock ends it."""
    then: str = "gone"

    def longest(self) -> timedelta | None:
        """Return how long at the most, by default; None where no clock ends it."""
        return None if self.limit is None else self.limit(RetentionPolicy())


NETWORK: Final = Kept("what the network set up or drew", None, "stays")
SERVER: Final = Kept("of the server; tells of no person and no report", None, "stays")
NUMBER: Final = Kept("whole numbers that lead to nobody", None, "stays, by week and resolution 7 after a year")
PERSON: Final = Kept(
    "the account and what its person may do", lambda own: own.accounts, "gone, after the last day of use"
)
SHIFT: Final = Kept("when somebody was on call", lambda own: own.offers)
PLACE_NOW: Final = Kept("the cell somebody is in", lambda own: own.position)
SESSION: Final = Kept("a signed-in session", lambda _: SESSIONS_KEPT)
VOUCHER: Final = Kept("a one-time code", lambda _: VOUCHERS_KEPT)
EXACT: Final = Kept(
    "exact place and minute, words, vehicles", lambda own: own.exact_verified, "resolution 7 or 8, the hour"
)
"""Unverified ones go after `exact_unverified`; this is the longest."""
PLATE: Final = Kept("what is left of a plate", lambda own: own.plate_tokens)
LINK: Final = Kept("who reported", lambda _: LINKS_KEPT, "a number that means nothing outside one incident")
REPORT: Final = Kept("a report, coarse", lambda own: own.records)
"""Unverified ones go after `unverified`; this is the longest."""
WORK: Final = Kept("what people did", lambda own: own.records, "numbers")
VERIFIERS: Final = Kept("who verified", lambda own: own.records)
ASKED: Final = Kept("who was asked", lambda own: own.records, "numbers")
"""Those who did not go after `offers`; who went, with their dispatch."""
COARSE: Final = Kept("an incident, coarse", lambda own: own.coarse, "a number for a week and resolution 7")
"""Unverified ones go after `unverified`; this is the longest."""
TIMES: Final = Kept("how long steps took", lambda own: own.coarse)
LEARNED: Final = Kept("counts that teach the score", lambda _: LEARNED_KEPT)
READER: Final = Kept("who read a statement", lambda _: READERS_KEPT)
SUGGESTED: Final = Kept("what the machine suggests", lambda _: SUGGESTIONS_KEPT)
FACTS: Final = Kept("the event log", lambda own: own.events)
ANSWER: Final = Kept("answers kept for retries", lambda own: own.answers)
CHANGE: Final = Kept("notes for what is remembered of the roster", lambda _: CHANGES_KEPT)
AUDIT: Final = Kept("the audit", lambda own: own.audits)
HOLD: Final = Kept("holds by counsel", lambda _: HOLDS_KEPT, "gone, after the hold ended")


@dataclass(frozen=True, slots=True)
class Table:
    """How the columns of one table are kept.

    `since` is the SQL expression of when a row's time begins, None where no clock ends it; `accounts` and `responders`
    are the columns that lead to one.
    """

    rows: Kept
    columns: str
    since: str | None = None
    own: Mapping[Kept, str] = field(default_factory=dict)
    accounts: str = ""
    responders: str = ""
    lists: str = ""
    """Columns that are lists of responders."""
    words: str = ""
    """Columns in which an alias may stand."""

    def kept(self) -> dict[str, Kept]:
        """Return the class of every column."""
        return dict.fromkeys(self.columns.split(), self.rows) | {
            column: kept for kept, columns in self.own.items() for column in columns.split()
        }


TABLES: Final[Mapping[str, Table]] = {
    # the network and its ground
    "network": Table(NETWORK, "id slug name kind policy zones_version streets_version rehearsal_at created_at"),
    "zone": Table(NETWORK, "network_id id name boundary source version changed_at"),
    "ground": Table(NETWORK, "network_id id layer kind name min_zoom shape"),
    "street": Table(NETWORK, "network_id id name kind foot bicycle car public start_junction end_junction line"),
    "public_place": Table(NETWORK, "network_id id kind name location"),
    # the server's own
    "alembic_version": Table(SERVER, "version_num"),
    "cell_shape": Table(SERVER, "cell boundary centre"),
    "dispatch_step": Table(SERVER, "prev state"),
    "heartbeat": Table(SERVER, "part beaten_at"),
    "stream_epoch": Table(SERVER, "epoch forgotten"),
    "window_version": Table(SERVER, "network_id cell changed_by"),
    # people
    "account": Table(
        PERSON,
        "network_id id alias kind lineage roles passphrase_hash lang created_on last_seen_on suspended_at zone_ids",
        since="greatest(created_on, last_seen_on) + 1",
        accounts="id",
    ),
    "responder": Table(
        PERSON,
        "network_id id account_id claim_seq languages mode base_cell9 zone_ids avoids no_tasks no_zones"
        " yes_count no_count cleared_total resting_until",
        own={SHIFT: "available_until available_since rules_read_at"},
        accounts="account_id",
        responders="id",
        lists="avoids",
    ),
    "certificate": Table(PERSON, "network_id responder_id kind valid_until", responders="responder_id"),
    "position": Table(PLACE_NOW, "network_id responder_id cell9 seen_at", since="seen_at", responders="responder_id"),
    "session": Table(
        SESSION,
        "network_id token_sha256 account_id kind roles created_at used_at proved_at expires_at",
        since="created_at",
        accounts="account_id",
    ),
    "voucher": Table(
        VOUCHER,
        "network_id code_sha256 roles lineage made_by expires_at used_at",
        since="expires_at - interval '24 hours'",
        accounts="made_by",
    ),
    # reports
    "reporter": Table(
        LINK,
        "network_id id account_id source_group lineage vouched since_on",
        since="since_on + 7",
        accounts="account_id",
    ),
    "sighting": Table(
        REPORT,
        "network_id id vouched kind activity unit size accuracy_m observed_at received_at clamped use"
        " cell5 cell6 cell7 zone_ids lang flags cluster_id pinned_id retracted_at retracted_from"
        " source_group",
        since="received_at",
        own={
            EXACT: "location cell8 cell9 cell10 note vehicles looks basis note_token photo_token",
            PLATE: "plate_token plate_tail",
            LINK: "reporter_id lineage",
        },
    ),
    "cluster": Table(COARSE, "network_id id incident_id home_id first_seen_at last_seen_at", since="last_seen_at"),
    "incident": Table(
        COARSE,
        "network_id id status merged_into split_from touched standing queue probability location cell7"
        " cell10 zone_ids activity unit agency sightings groups vouched_groups opened_at first_seen_at"
        " last_seen_at was_verified verified floor_met broadcastable coarse_since people_forgotten version"
        " ended_at",
        since="last_seen_at",
        own={
            EXACT: "reasons",
            VERIFIERS: "verifier1 verifier2 verifier1_lineage verifier2_lineage clear_proposed_at weigh_again_at",
        },
        accounts="verifier1 verifier2",
    ),
    "suggestion": Table(SUGGESTED, "network_id one_id two_id kind made_at expires_at", since="made_at"),
    # what people did
    "judgement": Table(
        WORK,
        "network_id id incident_id account_id lineage verdict agency basis judged_at undone_at undone_by",
        since="judged_at",
        own={EXACT: "note"},
        accounts="account_id undone_by",
    ),
    "decision": Table(
        WORK,
        "network_id id kind incident_id other_id account_id decided_at undone_at undone_by",
        since="decided_at",
        accounts="account_id undone_by",
    ),
    "sighting_override": Table(
        WORK,
        "network_id decision_id sighting_id cluster_id",
        since="(SELECT d.decided_at FROM decision d WHERE d.network_id = t.network_id AND d.id = t.decision_id)",
    ),
    "statement": Table(
        WORK,
        "network_id id incident_id template agency cell seen_at zone_ids state answers approver1"
        " approver1_lineage approver2 approver2_lineage judged1 judged2 proposed_at said_at ended_at"
        " valid_until live_key live_agency needs_answer",
        since="greatest(proposed_at, said_at, ended_at)",
        accounts="approver1 approver2",
    ),
    "statement_seen": Table(
        READER, "network_id statement_id account_id seen_on", since="seen_on + 1", accounts="account_id"
    ),
    "dispatch": Table(
        WORK,
        "network_id id incident_id task prev state place meeting_point meeting_name reasons ruled_out"
        " waves seats_wanted offers_until held_until made_by made_at state_at version by_hand"
        " none_found_until meeting_moves meeting_moved_at live_place needs_verified needs_was_verified"
        " seated need1 need2 meet1 meet2 seen1 seen2",
        since="state_at",
        accounts="made_by",
    ),
    "seat": Table(
        WORK,
        "network_id dispatch_id seat turn responder_id cert_until cert_kind step during active"
        " checkin_due_at checkin_missed_at left_because yes brief_read_at rung found found_at move_seen"
        " expected_at active_key live_seat met_seat seen_seat",
        since="upper(during)",
        responders="responder_id",
    ),
    "offer": Table(
        ASKED,
        "network_id id dispatch_id responder_id wave state eta_s reasons offered_at expires_at"
        " answered_at settled accepted",
        since="offered_at",
        responders="responder_id",
    ),
    "checkin": Table(WORK, "network_id id dispatch_id responder_id state at", since="at", responders="responder_id"),
    "alarm": Table(
        WORK,
        "network_id id dispatch_id responder_id kind begun_at taken_by taken_at ended_at ended_by ended_because",
        since="greatest(begun_at, ended_at)",
        accounts="taken_by ended_by",
        responders="responder_id",
    ),
    "hold": Table(
        HOLD,
        "network_id id incident_id reason asked_by asked_lineage asked_at confirmed_by confirmed_lineage"
        " confirmed_at renewed_at lapses_at lifted_by lifted_at holding",
        since="lifted_at",
        accounts="asked_by confirmed_by lifted_by",
    ),
    # what the machine keeps
    "reliability": Table(LEARNED, "network_id about key real unreal expected counted_on", since="counted_on + 1"),
    "reliability_counted": Table(
        LINK, "network_id incident_id real abouts keys expecteds counted_on", since="counted_on + 1"
    ),
    "event": Table(
        FACTS,
        "network_id x id at kind subject version responder_id cell5",
        since="at",
        responders="responder_id",
    ),
    "roster_change": Table(CHANGE, "network_id x id at responder_id", since="at", responders="responder_id"),
    "idempotency": Table(
        ANSWER, "network_id account key body_sha256 status answer at", since="at", accounts="account", words="answer"
    ),
    "audit": Table(AUDIT, "network_id id account_id act object_class day", since="day + 1", accounts="account_id"),
    "past_count": Table(
        NUMBER,
        "network_id day_on hour cell10 zone_id activity agency status was_verified groups incidents",
    ),
    "past_time": Table(TIMES, "network_id step day_on tenths_min times", since="day_on + 1"),
}
