"""What must never be said is refused by the database itself, each time by the one guard named here."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import make_url

NOW = "'2026-03-01 12:00+00'::timestamptz"
LATER = "'2026-03-01 16:00+00'::timestamptz"
VERIFIED, UNVERIFIED, POLICE, WITHOUT_EVIDENCE, FEDERAL = 2, 1, 3, 4, 5
JUDGE, OTHER_JUDGE, SPEAKER, COUSIN, SECOND = 1, 2, 3, 4, 5


def incident(number: int, status: str = "verified", agency: str = "immigration", floor: bool = True) -> str:
    judged = status == "verified"
    people = f"{JUDGE}, 901, {OTHER_JUDGE}, 902" if judged else "NULL, NULL, NULL, NULL"
    return f"""INSERT INTO incident (network_id, id, status, agency, activity, floor_met, location, cell7, cell10,
                 opened_at, first_seen_at, last_seen_at, was_verified, verifier1, verifier1_lineage, verifier2,
                 verifier2_lineage)
               VALUES (79, {number}, '{status}', '{agency}', 'stop', {floor}, 'POINT(10 50)', 1, 1, {NOW}, {NOW}, {NOW},
                 {judged}, {people})"""


def world() -> Iterator[str]:
    yield "INSERT INTO network (id, slug, name, kind) VALUES (79, 'said', 'Said', 'rehearsal')"
    yield "SELECT set_config('tandem.network_id', '79', true)"
    for account, lineage in ((JUDGE, 901), (OTHER_JUDGE, 902), (SPEAKER, 903), (COUSIN, 903), (SECOND, 904)):
        yield f"""INSERT INTO account (network_id, id, alias, lineage, roles, created_on)
                  VALUES (79, {account}, 'person-{account}', {lineage}, '{{verifier}}', '2026-01-01')"""
    yield incident(UNVERIFIED, "unverified")
    yield incident(VERIFIED)
    yield incident(POLICE, agency="local_police")
    yield incident(WITHOUT_EVIDENCE, floor=False)
    yield incident(FEDERAL, agency="other_federal")
    for account, lineage in ((JUDGE, 901), (OTHER_JUDGE, 902)):
        yield f"""INSERT INTO judgement (network_id, id, incident_id, account_id, lineage, verdict, agency, basis,
                    judged_at)
                  VALUES (79, {account}, {VERIFIED}, {account}, {lineage}, 'verified', 'immigration', 'said so',
                    {NOW})"""


def proposed(
    of: int = VERIFIED, *, number: int = 10, by: str = f"{SPEAKER}, 903", agency: str = "immigration", at: str = NOW
) -> str:
    return f"""INSERT INTO statement (network_id, id, incident_id, template, agency, cell, seen_at, zone_ids, approver1,
                 approver1_lineage, proposed_at)
               VALUES (79, {number}, {of}, 'alert.verified', '{agency}', 1, {at}, '{{7}}', {by}, {NOW})"""


def said(by: str = f"{SECOND}, 904", number: int = 10) -> str:
    return f"""UPDATE statement SET state = 'standing', (approver2, approver2_lineage) = ROW ({by}),
                 said_at = {NOW}, valid_until = {LATER} WHERE id = {number}"""


def answered(template: str = "alert.correction", *, to: int = 10, zones: str = "{7}", cell: int = 1) -> str:
    return f"""INSERT INTO statement (network_id, id, incident_id, template, agency, cell, seen_at, zone_ids, state,
                 answers, proposed_at, said_at, valid_until)
               VALUES (79, 11, {VERIFIED}, '{template}', 'immigration', {cell}, {NOW}, '{zones}', 'standing', {to},
                 {NOW}, {NOW}, {LATER})"""


STANDING = (proposed(), said())
UNDONE = f"UPDATE incident SET status = 'corroborated', agency = NULL WHERE id = {VERIFIED}"
CORRECTED = f"UPDATE statement SET state = 'corrected', ended_at = {NOW} WHERE id = 10"

FORBIDDEN = {
    "of an unverified incident": ((), (proposed(UNVERIFIED),), "only_what_is_verified_is_said"),
    "of local police as immigration enforcement": ((), (proposed(POLICE),), "only_what_is_verified_is_said"),
    "of local police": ((), (proposed(POLICE, agency="local_police"),), "local_police_is_never_announced"),
    "of nobody knows whom": ((), (proposed(agency="unknown"),), "local_police_is_never_announced"),
    "of another agency than was agreed": ((), (proposed(FEDERAL),), "only_what_is_verified_is_said"),
    "without evidence": ((), (proposed(WITHOUT_EVIDENCE),), "only_what_is_verified_is_said"),
    "by nobody": ((), (proposed(by="NULL, NULL"),), "said_by_two_people_of_two_lineages"),
    "by one person": ((proposed(),), (said("NULL, NULL"),), "said_by_two_people_of_two_lineages"),
    "by one person twice": ((proposed(),), (said(f"{SPEAKER}, 903"),), "said_by_two_people_of_two_lineages"),
    "by one lineage": ((proposed(),), (said(f"{COUSIN}, 903"),), "said_by_two_people_of_two_lineages"),
    "by one of a lineage that is not theirs": (
        (proposed(),),
        (said(f"{COUSIN}, 905"),),
        "statement_network_id_approver2_approver2_lineage_fkey",
    ),
    "by its two judges": (
        (proposed(by=f"{JUDGE}, 901"),),
        (said(f"{OTHER_JUDGE}, 902"),),
        "one_of_the_two_did_not_judge",
    ),
    "by its two judges who claim they did not": (
        (proposed(by=f"{JUDGE}, 901"),),
        (said(f"{OTHER_JUDGE}, 902").replace("SET ", "SET judged1 = false, judged2 = false, "),),
        "one_of_the_two_did_not_judge",
    ),
    "after it was undone": (STANDING, (UNDONE,), "only_what_is_verified_is_said"),
    "after its evidence was gone": (
        STANDING,
        (f"UPDATE incident SET floor_met = false WHERE id = {VERIFIED}",),
        "only_what_is_verified_is_said",
    ),
    "after it turned out to be police": (
        STANDING,
        (f"UPDATE incident SET agency = 'local_police' WHERE id = {VERIFIED}",),
        "only_what_is_verified_is_said",
    ),
    "after it was merged away": (
        STANDING,
        (f"UPDATE incident SET merged_into = {FEDERAL} WHERE id = {VERIFIED}",),
        "only_what_is_verified_is_said",
    ),
    "and quietly ended without a correction": (STANDING, (UNDONE, CORRECTED), "what_was_said_is_set_right"),
    "and quietly unsaid": (
        STANDING,
        ("UPDATE statement SET state = 'dropped', said_at = NULL, valid_until = NULL WHERE id = 10",),
        "what_was_said_stays",
    ),
    "and then of other zones": (
        STANDING,
        ("UPDATE statement SET zone_ids = '{8}' WHERE id = 10",),
        "what_was_said_stays",
    ),
    "and corrected to other people": (
        STANDING,
        (UNDONE, CORRECTED, answered(zones="{8}")),
        "an_answer_goes_to_the_same_people",
    ),
    "and corrected about another place": (
        STANDING,
        (UNDONE, CORRECTED, answered(cell=2)),
        "an_answer_goes_to_the_same_people",
    ),
    "as an answer to nothing": ((), (answered(to=12),), "an_answer_goes_to_the_same_people"),
    "as first words that call themselves an answer": (
        STANDING,
        (answered("alert.verified"),),
        "first_words_or_an_answer",
    ),
    "in free words": (STANDING, (UNDONE, CORRECTED, answered("run")), "statement_template_check"),
    "to the minute": (
        (),
        (proposed(at="'2026-03-01 12:03+00'::timestamptz"),),
        "times_are_told_in_five_minutes",
    ),
    "twice at once": ((proposed(),), (proposed(number=12),), "one_proposal_at_a_time"),
    "again once it was corrected": (
        (*STANDING, UNDONE, CORRECTED, answered()),
        ("UPDATE statement SET state = 'standing' WHERE id = 10",),
        "what_was_said_stays",
    ),
}

LAWFUL = {
    "said by two": STANDING,
    "said by one judge and one who did not judge": (proposed(by=f"{JUDGE}, 901"), said()),
    "of another federal agency": (proposed(FEDERAL, agency="other_federal"), said()),
    "undone and corrected in one act": (*STANDING, UNDONE, CORRECTED, answered()),
    "undone before anybody was told": (
        proposed(),
        UNDONE,
        f"UPDATE statement SET state = 'dropped', ended_at = {NOW} WHERE id = 10",
    ),
}


@pytest.fixture(scope="module")
def connection(database_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(make_url(database_url).set(drivername="postgresql").render_as_string(False)) as opened:
        yield opened


@pytest.fixture
def database(connection: psycopg.Connection) -> Iterator[psycopg.Connection]:
    connection.rollback()
    for statement in world():
        connection.execute(statement)
    yield connection
    connection.rollback()


def play(database: psycopg.Connection, given: tuple[str, ...], asked: tuple[str, ...]) -> str | None:
    for statement in given:
        database.execute(statement)
    database.execute("SET CONSTRAINTS ALL IMMEDIATE")
    database.execute("SET CONSTRAINTS ALL DEFERRED")
    try:
        for statement in asked:
            assert database.execute(statement).rowcount > 0, "the statement met no row"
        database.execute("SET CONSTRAINTS ALL IMMEDIATE")
    except psycopg.errors.IntegrityError as refused:
        return refused.diag.constraint_name or "unnamed"
    return None


@pytest.mark.parametrize("name", FORBIDDEN)
def test_never_said(database: psycopg.Connection, name: str) -> None:
    given, asked, guard = FORBIDDEN[name]
    assert play(database, given, asked) == guard


@pytest.mark.parametrize("name", LAWFUL)
def test_may_be_said(database: psycopg.Connection, name: str) -> None:
    assert play(database, (), LAWFUL[name]) is None


# local_police_is_never_announced is not among them: the first guard refuses the same rows, and both stay.
GUARDS = (
    "only_what_is_verified_is_said",
    "said_by_two_people_of_two_lineages",
    "one_of_the_two_did_not_judge",
    "what_was_said_is_set_right",
    "an_answer_goes_to_the_same_people",
    "one_proposal_at_a_time",
)


@pytest.mark.parametrize("guard", GUARDS)
def test_each_guard_is_needed(connection: psycopg.Connection, guard: str) -> None:
    """Without it at least one of the above goes through."""
    constraint = connection.execute("SELECT 1 FROM pg_constraint WHERE conname = %s", (guard,)).fetchone()
    drop = f"ALTER TABLE statement DROP CONSTRAINT {guard}" if constraint else f"DROP INDEX {guard}"
    went_through = []
    for name, (given, asked, refused_by) in FORBIDDEN.items():
        if refused_by == guard:
            connection.rollback()
            connection.execute(drop)
            for statement in world():
                connection.execute(statement)
            if play(connection, given, asked) is None:
                went_through.append(name)
    connection.rollback()
    assert went_through


def test_the_program_cannot_change_the_rules(database: psycopg.Connection) -> None:
    database.execute("SET LOCAL ROLE tandem_app")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        database.execute("ALTER TABLE statement DISABLE TRIGGER statement_stands")


def test_another_network_s_statements_do_not_exist(database: psycopg.Connection) -> None:
    for statement in STANDING:
        database.execute(statement)
    database.execute("SET LOCAL ROLE tandem_app")
    database.execute("SELECT set_config('tandem.network_id', '78', true)")
    for table in ("statement", "statement_seen"):
        assert database.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)
