"""Accounts, vouchers and sessions in the database."""

from __future__ import annotations

import itertools
import secrets
import threading
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from sqlalchemy import make_url

from api.security import digest
from api.settings import Settings
from api.wiring import House
from desk import accounts, rehearsal
from desk.access import ANONYMOUS, Actor
from desk.accounts import passphrases
from desk.accounts.errors import (
    AdminReadsNothing,
    AliasForm,
    NoRoles,
    NoSuchAlias,
    PassphraseTooShort,
    TokenTooLong,
    VoucherRoles,
    VouchersUsedUp,
    VoucherUnusable,
    WrongAliasOrPassphrase,
)
from desk.accounts.passphrases import Cost
from desk.errors import AliasTaken, NotAllowed
from desk.keyring.folder import FolderKeyRing
from desk.unit_of_work import UnitOfWork
from records import engine
from records.enums import Role
from records.tenancy import enter
from tests.builders import PASSPHRASE, a_network, an_account

NOW = datetime(2026, 3, 10, 18, 0, tzinfo=UTC)
CHEAP = Cost(memory_kib=64, rounds=1, lanes=1)
OTHER = "another seven words would do as well"


class Acts:
    """Acts of one network inside one transaction that is rolled back; the time is the test's."""

    def __init__(self, session, network_id, keys):
        self.now = NOW
        self._told = (session, network_id)
        self._keys = keys

    def act(self) -> UnitOfWork:
        return UnitOfWork(
            *self._told,
            clock=lambda own: own or self.now,
            keys=self._keys,
            zone_map=lambda _uow: None,
            streets=lambda _uow: None,
        )


@pytest.fixture
def acts(database_url, tmp_path):
    yield from _acts(database_url, tmp_path, "live")


@pytest.fixture
def demo_acts(database_url, tmp_path):
    yield from _acts(database_url, tmp_path, "demo")


@pytest.fixture
def rehearsal_acts(database_url, tmp_path):
    yield from _acts(database_url, tmp_path, "rehearsal")


def _acts(url, tmp_path, kind):
    network_id = a_network(url, kind, slug=f"accounts-{kind}")
    made = engine.create(url, pool_size=1)
    with engine.sessions(made)() as session:
        enter(session, network_id)
        yield Acts(session, network_id, FolderKeyRing(tmp_path / "keys"))
        session.rollback()
    made.dispose()


def a_token():
    return secrets.token_bytes(32)


def somebody(acts, *roles, **given):
    account = accounts.add(acts.act(), roles or (Role.SPOTTER,), passphrase=PASSPHRASE, cost=CHEAP, **given)
    token = a_token()
    accounts.sign_in(acts.act(), account.alias, PASSPHRASE, token_sha256=token, cost=CHEAP)
    return account, token


def actor_of(account) -> Actor:
    return Actor(account.id, account.alias, account.lineage, frozenset(Role(role) for role in account.roles))


def test_a_token_is_recognised_with_everything_the_desk_needs(acts):
    account, token = somebody(acts, Role.DISPATCHER, Role.RESPONDER)
    found = accounts.recognise(acts.act(), token)
    assert found == Actor(
        account_id=account.id,
        alias=account.alias,
        lineage=account.lineage,
        roles=frozenset({Role.DISPATCHER, Role.RESPONDER}),
        script=False,
        responder_id=None,
    )
    assert accounts.recognise(acts.act(), a_token()) == ANONYMOUS


def test_a_responder_is_recognised_with_their_place_on_the_roster(acts):
    account, token = somebody(acts, Role.RESPONDER)
    acts._told[0].connection().exec_driver_sql(
        f"INSERT INTO responder (network_id, id, account_id) VALUES ({acts._told[1]}, 4711, {account.id})"
    )
    assert accounts.recognise(acts.act(), token).responder_id == 4711


def test_a_session_that_lies_idle_for_half_an_hour_ends(acts):
    _account, token = somebody(acts)
    acts.now = NOW + timedelta(minutes=29, seconds=59)
    assert accounts.recognise(acts.act(), token).known
    acts.now += timedelta(minutes=29, seconds=59)
    assert accounts.recognise(acts.act(), token).known
    acts.now += timedelta(minutes=30)
    assert accounts.recognise(acts.act(), token) == ANONYMOUS
    assert accounts.still_signed_in(acts.act(), {token}) == set()


def test_a_session_ends_with_the_shift_however_busy_it_is(acts):
    _account, token = somebody(acts)
    while acts.now < NOW + timedelta(hours=11, minutes=50):
        acts.now += timedelta(minutes=10)
        assert accounts.recognise(acts.act(), token).known
    acts.now = NOW + timedelta(hours=12)
    assert accounts.recognise(acts.act(), token) == ANONYMOUS
    assert accounts.still_signed_in(acts.act(), {token}) == set()


def test_watching_an_open_stream_counts_as_use(acts):
    _account, token = somebody(acts)
    other = a_token()
    for _ in range(5):
        acts.now += timedelta(minutes=20)
        assert accounts.still_signed_in(acts.act(), {token, other}) == {token}
    assert accounts.recognise(acts.act(), token).known


def test_use_is_noted_at_most_once_a_minute(acts):
    """session_touch and sessions_standing."""
    _account, token = somebody(acts)

    def used_at():
        return acts.act().accounts.recognised(token).used_at

    acts.now = NOW + timedelta(seconds=59)
    accounts.recognise(acts.act(), token)
    assert used_at() == NOW
    acts.now = NOW + timedelta(seconds=61)
    accounts.recognise(acts.act(), token)
    assert used_at() == acts.now


def test_the_day_somebody_was_last_seen_follows_their_use(acts):
    account, token = somebody(acts)
    for _ in range(20):
        acts.now += timedelta(minutes=20)
        accounts.recognise(acts.act(), token)
    assert acts.act().accounts.recognised(token).last_seen_on == acts.now.date() > NOW.date()
    assert account.created_on == NOW.date()


def test_a_suspended_account_is_nobody_even_with_a_session_left(acts):
    account, token = somebody(acts)
    account.suspended_at = NOW
    acts._told[0].flush()
    assert accounts.recognise(acts.act(), token) == ANONYMOUS
    assert accounts.still_signed_in(acts.act(), {token}) == set()
    assert not accounts.is_proved(acts.act(), token)


def test_suspending_ends_every_session_and_the_door_stays_shut(acts):
    account, token = somebody(acts)
    organizer, _ = somebody(acts, Role.ORGANIZER)
    accounts.suspend(acts.act(), actor_of(organizer), account.alias)
    assert acts.act().accounts.sessions_of(account.id) == 0
    assert accounts.recognise(acts.act(), token) == ANONYMOUS
    with pytest.raises(WrongAliasOrPassphrase):
        accounts.sign_in(acts.act(), account.alias, PASSPHRASE, token_sha256=a_token(), cost=CHEAP)
    assert acts.act().audits.count(organizer.id, "suspend an account", NOW.date()) == 1


def test_only_organizers_and_admins_suspend(acts):
    account, _ = somebody(acts)
    dispatcher, _ = somebody(acts, Role.DISPATCHER)
    with pytest.raises(NotAllowed):
        accounts.suspend(acts.act(), actor_of(dispatcher), account.alias)
    with pytest.raises(NoSuchAlias):
        accounts.suspend(acts.act(), None, "nobody-here")


def test_signing_out_ends_this_session_alone(acts):
    account, token = somebody(acts)
    second = a_token()
    accounts.sign_in(acts.act(), account.alias, PASSPHRASE, token_sha256=second, cost=CHEAP)
    accounts.sign_out(acts.act(), token)
    assert accounts.recognise(acts.act(), token) == ANONYMOUS
    assert accounts.recognise(acts.act(), second).known


def test_a_wrong_passphrase_an_unknown_alias_and_no_passphrase_are_told_apart_by_nobody(acts, monkeypatch):
    account, _ = somebody(acts)
    script = accounts.add(acts.act(), {Role.SPOTTER}, kind="script")
    work = []
    honest = passphrases.matches
    monkeypatch.setattr(passphrases, "matches", lambda *told: work.append(told[0]) or honest(*told))
    refusals = []
    for alias, passphrase in ((account.alias, "wrong " * 4), ("nobody-here", PASSPHRASE), (script.alias, PASSPHRASE)):
        with pytest.raises(WrongAliasOrPassphrase) as refusal:
            accounts.sign_in(acts.act(), alias, passphrase, token_sha256=a_token(), cost=CHEAP)
        refusals.append(str(refusal.value))
    assert len(work) == 3
    assert set(refusals) == {""}


def test_a_cheaper_hash_is_made_anew_at_the_next_login(acts):
    account, _ = somebody(acts)
    dearer = Cost(memory_kib=128, rounds=1, lanes=1)
    accounts.sign_in(acts.act(), account.alias, PASSPHRASE, token_sha256=a_token(), cost=dearer)
    assert "$m=128,t=1,p=1$" in account.passphrase_hash
    accounts.sign_in(acts.act(), account.alias, PASSPHRASE, token_sha256=a_token(), cost=dearer)


def test_a_proof_holds_for_five_minutes_and_never_for_scripts(acts):
    _account, token = somebody(acts, Role.DISPATCHER)
    script = a_token()
    accounts.script_token(acts.act(), {Role.DISPATCHER}, token_sha256=script)
    assert accounts.is_proved(acts.act(), token)
    assert not accounts.is_proved(acts.act(), script)
    assert not accounts.is_proved(acts.act(), a_token())
    acts.now = NOW + timedelta(minutes=5, seconds=1)
    assert accounts.recognise(acts.act(), token).known
    assert not accounts.is_proved(acts.act(), token)


def test_a_console_account_is_its_own_lineage_unless_vouched_by(acts):
    first, _ = somebody(acts, Role.ORGANIZER)
    second, _ = somebody(acts, Role.VERIFIER)
    third, _ = somebody(acts, Role.VERIFIER, vouched_by=first.alias)
    assert first.lineage != second.lineage
    assert third.lineage == first.lineage
    with pytest.raises(NoSuchAlias):
        somebody(acts, vouched_by="nobody-here")


def test_a_redeemed_voucher_joins_the_lineage_of_who_vouched(acts):
    organizer, _ = somebody(acts, Role.ORGANIZER)
    code = accounts.new_code()
    accounts.make_voucher(acts.act(), actor_of(organizer), {Role.SPOTTER, Role.RESPONDER}, code=code)
    typed = code.upper().replace("-", " ")
    account = accounts.redeem(acts.act(), typed, PASSPHRASE, cost=CHEAP)
    assert account.lineage == organizer.lineage
    assert account.roles == ["responder", "spotter"]
    accounts.sign_in(acts.act(), account.alias, PASSPHRASE, token_sha256=a_token(), cost=CHEAP)
    with pytest.raises(VoucherUnusable):
        accounts.redeem(acts.act(), code, PASSPHRASE, cost=CHEAP)


def test_a_console_voucher_begins_a_lineage_unless_vouched_by(acts):
    organizer, _ = somebody(acts, Role.ORGANIZER)
    codes = [accounts.new_code() for _ in range(3)]
    for code, vouched_by in zip(codes, (None, None, organizer.alias), strict=True):
        accounts.make_voucher(acts.act(), None, {Role.VERIFIER}, code=code, vouched_by=vouched_by)
    made = [accounts.redeem(acts.act(), code, PASSPHRASE, cost=CHEAP).lineage for code in codes]
    assert len({*made, organizer.lineage}) == 3
    assert made[2] == organizer.lineage


def test_a_voucher_holds_for_a_day_and_a_weak_passphrase_does_not_use_it_up(acts):
    code = accounts.new_code()
    kept = accounts.make_voucher(acts.act(), None, {Role.SPOTTER}, code=code)
    assert kept.expires_at == NOW + timedelta(hours=24)
    with pytest.raises(PassphraseTooShort):
        accounts.redeem(acts.act(), code, "too short", cost=CHEAP)
    acts.now = NOW + timedelta(hours=24)
    with pytest.raises(VoucherUnusable):
        accounts.redeem(acts.act(), code, PASSPHRASE, cost=CHEAP)
    with pytest.raises(VoucherUnusable):
        accounts.redeem(acts.act(), accounts.new_code(), PASSPHRASE, cost=CHEAP)
    acts.now = NOW + timedelta(hours=23, minutes=59)
    assert accounts.redeem(acts.act(), code, PASSPHRASE, cost=CHEAP)


def test_only_the_hash_of_a_code_is_kept(acts):
    code = accounts.new_code()
    accounts.make_voucher(acts.act(), None, {Role.SPOTTER}, code=code)
    assert len(code.replace("-", "")) * 5 >= 128
    kept = acts._told[0].connection().exec_driver_sql("SELECT voucher::text FROM voucher").scalars().all()
    assert len(kept) == 1
    assert code not in kept[0]
    assert code.replace("-", "") not in kept[0]


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.SPOTTER, Role.RESPONDER}))
def test_an_organizer_vouches_for_spotters_and_responders_alone(acts, role):
    organizer, _ = somebody(acts, Role.ORGANIZER)
    with pytest.raises(VoucherRoles):
        accounts.make_voucher(acts.act(), actor_of(organizer), {Role.SPOTTER, role}, code=accounts.new_code())


def test_nobody_but_organizers_vouches(acts):
    admin, _ = somebody(acts, Role.ADMIN)
    with pytest.raises(NotAllowed):
        accounts.make_voucher(acts.act(), actor_of(admin), {Role.SPOTTER}, code=accounts.new_code())
    with pytest.raises(NoRoles):
        accounts.make_voucher(acts.act(), None, set(), code=accounts.new_code())


def test_thirty_vouchers_a_day_are_all(acts):
    organizer, _ = somebody(acts, Role.ORGANIZER)
    other, _ = somebody(acts, Role.ORGANIZER)
    codes = [accounts.new_code() for _ in range(30)]
    for code in codes:
        accounts.make_voucher(acts.act(), actor_of(organizer), {Role.SPOTTER}, code=code)
    accounts.redeem(acts.act(), codes[0], PASSPHRASE, cost=CHEAP)
    with pytest.raises(VouchersUsedUp):
        accounts.make_voucher(acts.act(), actor_of(organizer), {Role.SPOTTER}, code=accounts.new_code())
    accounts.make_voucher(acts.act(), actor_of(organizer), {Role.SPOTTER}, code=codes[5])
    accounts.make_voucher(acts.act(), actor_of(other), {Role.SPOTTER}, code=accounts.new_code())
    acts.now = NOW + timedelta(hours=24)
    accounts.make_voucher(acts.act(), actor_of(organizer), {Role.SPOTTER}, code=accounts.new_code())


def test_a_code_follows_from_its_key_and_from_who_asks(acts):
    organizer, _ = somebody(acts, Role.ORGANIZER)
    other, _ = somebody(acts, Role.ORGANIZER)
    uow = acts.act()
    code = accounts.code_for(uow, actor_of(organizer), "key")
    assert code == accounts.code_for(uow, actor_of(organizer), "key")
    assert (
        len({code, accounts.code_for(uow, actor_of(organizer), "yek"), accounts.code_for(uow, actor_of(other), "key")})
        == 3
    )


@pytest.mark.parametrize("reader", ["operator", "dispatcher", "verifier", "analyst", "legal"])
def test_who_looks_after_the_server_reads_no_reports_outside_a_demo(acts, reader):
    with pytest.raises(AdminReadsNothing):
        accounts.add(acts.act(), {Role.ADMIN, Role(reader)})
    with pytest.raises(AdminReadsNothing):
        accounts.make_voucher(acts.act(), None, {Role.ADMIN, Role(reader)}, code=accounts.new_code())


def test_in_a_demo_one_account_may_be_everything(demo_acts):
    assert accounts.add(demo_acts.act(), set(Role)).roles == sorted(Role)


@pytest.mark.parametrize("alias", ["María", "quiet--heron", "Quiet", "7up", "x" * 41, "a b", ""])
def test_an_alias_is_plain(acts, alias):
    with pytest.raises(AliasForm):
        accounts.add(acts.act(), {Role.SPOTTER}, alias=alias)


def test_a_script_token_of_its_own_account_or_of_one_that_has_the_role(acts):
    token = a_token()
    alias = accounts.script_token(acts.act(), {Role.ANALYST}, token_sha256=token)
    found = accounts.recognise(acts.act(), token)
    assert (found.alias, found.script, found.roles) == (alias, True, frozenset({Role.ANALYST}))
    account, _ = somebody(acts, Role.RESPONDER)
    assert (
        accounts.script_token(acts.act(), {Role.RESPONDER}, token_sha256=a_token(), alias=account.alias)
        == account.alias
    )
    for wrong in (account.alias, "nobody-here"):
        with pytest.raises(NoSuchAlias):
            accounts.script_token(acts.act(), {Role.DISPATCHER}, token_sha256=a_token(), alias=wrong)
    assert acts.act().audits.count(None, "make a token", NOW.date()) == 2


def test_a_script_token_does_not_go_idle_and_ends_when_it_was_said(acts):
    token = a_token()
    accounts.script_token(acts.act(), {Role.SPOTTER}, token_sha256=token)
    acts.now = NOW + timedelta(hours=11, minutes=59)
    assert accounts.recognise(acts.act(), token).known
    acts.now = NOW + timedelta(hours=12)
    assert not accounts.recognise(acts.act(), token).known
    for lasts in (timedelta(days=30, seconds=1), timedelta(0), timedelta(-1)):
        with pytest.raises(TokenTooLong):
            accounts.script_token(acts.act(), {Role.SPOTTER}, token_sha256=a_token(), lasts=lasts)


def test_a_rehearsals_clock_ends_no_session(rehearsal_acts):
    acts = rehearsal_acts
    _account, token = somebody(acts)
    rehearsal.move_clock(acts.act(), NOW - timedelta(days=400))
    assert acts.act().now == NOW - timedelta(days=400)
    assert accounts.recognise(acts.act(), token).known
    rehearsal.move_clock(acts.act(), NOW - timedelta(days=300))
    assert accounts.recognise(acts.act(), token).known
    with pytest.raises(rehearsal.ClockRunsForward):
        rehearsal.move_clock(acts.act(), NOW - timedelta(days=301))
    with pytest.raises(rehearsal.OutOfTime):
        rehearsal.move_clock(acts.act(), NOW.replace(year=9999))


def test_no_other_network_has_a_clock_to_move(acts, demo_acts):
    for each in (acts, demo_acts):
        with pytest.raises(rehearsal.OnlyRehearsals):
            rehearsal.move_clock(each.act(), NOW)


def test_what_has_run_out_is_forgotten(acts):
    accounts.make_voucher(acts.act(), None, {Role.SPOTTER}, code=accounts.new_code())
    _account, token = somebody(acts)
    uow = acts.act()
    assert uow.accounts.forget_vouchers_before(NOW + timedelta(hours=23)) == 0
    assert uow.accounts.forget_vouchers_before(NOW + timedelta(hours=25)) == 1
    assert uow.accounts.forget_sessions_before(NOW + timedelta(hours=12)) == 0
    assert uow.accounts.forget_sessions_before(NOW + timedelta(hours=13)) == 1
    assert uow.accounts.recognised(token) is None
    assert uow.audits.forget_before(NOW.date()) == 0
    assert uow.audits.forget_before(NOW.date() + timedelta(days=1)) == 2


@pytest.fixture
def house(fresh_database_url, tmp_path):
    opened = House(Settings(database_url=fresh_database_url, data_dir=tmp_path, pool_size=8), name="tandem-tests")
    yield opened
    opened.close()


def test_two_people_with_one_code_become_one_account(house, fresh_database_url):
    network_id = a_network(fresh_database_url)
    code = accounts.new_code()
    with house.act(network_id) as uow:
        accounts.make_voucher(uow, None, {Role.SPOTTER}, code=code)
    start, made, refused = threading.Barrier(4), [], []

    def redeem():
        start.wait()
        try:
            with house.act(network_id) as uow:
                made.append(accounts.redeem(uow, code, PASSPHRASE, cost=CHEAP).alias)
        except VoucherUnusable:
            refused.append(1)

    _together(redeem, 4)
    assert (len(made), len(refused)) == (1, 3)


def test_vouchers_made_at_once_stay_within_the_day(house, fresh_database_url):
    """account_lock: without it each counts before the others have committed."""
    network_id = a_network(fresh_database_url, policy={"sessions": {"vouchers_per_day": 2}})
    organizer = an_account(house, network_id, {Role.ORGANIZER})
    actor = Actor(organizer.id, organizer.alias, organizer.lineage, frozenset({Role.ORGANIZER}))
    start, outcomes = threading.Barrier(6), []

    def vouch():
        start.wait()
        try:
            with house.act(network_id) as uow:
                accounts.make_voucher(uow, actor, {Role.SPOTTER}, code=accounts.new_code())
                outcomes.append("made")
        except VouchersUsedUp:
            outcomes.append("refused")

    _together(vouch, 6)
    assert sorted(outcomes) == ["made"] * 2 + ["refused"] * 4


def test_a_request_never_waits_for_another_of_the_same_session(house, fresh_database_url):
    """session_touch: a blocked update would run into the statement timeout and raise."""
    network_id = a_network(fresh_database_url)
    person = an_account(house, network_id, at=datetime.now(UTC) - timedelta(minutes=10))
    url = make_url(fresh_database_url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url) as other:
        other.execute("SELECT set_config('tandem.network_id', %s, true)", (str(network_id),))
        for table in ("session", "account"):
            assert other.execute(f"SELECT FROM {table} FOR UPDATE").rowcount == 1
        with house.act(network_id) as uow:
            uow._session.connection().exec_driver_sql("SET LOCAL lock_timeout = '1s'")
            assert accounts.recognise(uow, digest(person.token)).known


def test_networks_do_not_know_each_others_tokens(house, fresh_database_url):
    first, second = a_network(fresh_database_url), a_network(fresh_database_url)
    person = an_account(house, first)
    with house.act(second) as uow:
        assert accounts.recognise(uow, digest(person.token)) == ANONYMOUS


def test_an_alias_is_given_once(house, fresh_database_url):
    network_id = a_network(fresh_database_url)
    an_account(house, network_id, alias="quiet-heron")
    with pytest.raises(AliasTaken), house.act(network_id) as uow:
        accounts.add(uow, {Role.SPOTTER}, alias="quiet-heron")


def _together(act, times):
    threads = [threading.Thread(target=act) for _ in itertools.repeat(None, times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_a_token_for_a_script_is_held_to_its_role_whatever_its_account_may_do(acts):
    account, _ = somebody(acts, Role.SPOTTER, Role.ORGANIZER)
    token = a_token()
    accounts.script_token(acts.act(), {Role.SPOTTER}, token_sha256=token, alias=account.alias)
    assert accounts.recognise(acts.act(), token).roles == frozenset({Role.SPOTTER})
    account.roles = ["organizer"]
    assert accounts.recognise(acts.act(), token).roles == frozenset()


def test_the_codes_of_somebody_who_was_suspended_open_nothing(acts):
    organizer, _ = somebody(acts, Role.ORGANIZER)
    code = accounts.new_code()
    accounts.make_voucher(acts.act(), actor_of(organizer), {Role.SPOTTER}, code=code)
    accounts.suspend(acts.act(), None, organizer.alias)
    with pytest.raises(VoucherUnusable):
        accounts.redeem(acts.act(), code, PASSPHRASE, cost=CHEAP)
    accounts.lift_suspension(acts.act(), organizer.alias)
    assert accounts.redeem(acts.act(), code, PASSPHRASE, cost=CHEAP).lineage == organizer.lineage


def test_whoever_is_let_in_again_signs_in_with_what_they_had(acts):
    account, token = somebody(acts)
    accounts.suspend(acts.act(), None, account.alias)
    assert not accounts.recognise(acts.act(), token).known
    accounts.lift_suspension(acts.act(), account.alias)
    assert not accounts.recognise(acts.act(), token).known
    accounts.sign_in(acts.act(), account.alias, PASSPHRASE, token_sha256=a_token(), cost=CHEAP)


@pytest.mark.parametrize(
    "change",
    [
        lambda uow, alias: accounts.change_roles(uow, alias, {Role.RESPONDER}),
        lambda uow, alias: accounts.give_passphrase(uow, alias, OTHER, cost=CHEAP),
    ],
    ids=["roles", "passphrase"],
)
def test_other_roles_and_a_new_passphrase_end_every_session(acts, change):
    account, token = somebody(acts)
    change(acts.act(), account.alias)
    assert not accounts.recognise(acts.act(), token).known


def test_another_passphrase_takes_the_old_one_and_ends_all_sessions_but_this(acts):
    account, here = somebody(acts)
    there = a_token()
    actor, _ = accounts.sign_in(acts.act(), account.alias, PASSPHRASE, token_sha256=there, cost=CHEAP)
    with pytest.raises(WrongAliasOrPassphrase):
        accounts.change_passphrase(acts.act(), actor, OTHER, OTHER, token_sha256=here, cost=CHEAP)
    with pytest.raises(PassphraseTooShort):
        accounts.change_passphrase(acts.act(), actor, PASSPHRASE, "too short", token_sha256=here, cost=CHEAP)
    accounts.change_passphrase(acts.act(), actor, PASSPHRASE, OTHER, token_sha256=here, cost=CHEAP)
    assert [accounts.recognise(acts.act(), each).known for each in (here, there)] == [True, False]
    accounts.sign_in(acts.act(), account.alias, OTHER, token_sha256=a_token(), cost=CHEAP)
    accounts.sign_out_everywhere(acts.act(), actor)
    assert not accounts.recognise(acts.act(), here).known


def test_a_wrong_passphrase_costs_as_much_for_a_hash_of_cheaper_days(acts, monkeypatch):
    account, _ = somebody(acts)
    dearer = Cost(memory_kib=128, rounds=1, lanes=1)
    made = []
    hash_with = passphrases.PasswordHasher.hash
    monkeypatch.setattr(
        passphrases.PasswordHasher,
        "hash",
        lambda self, *words: made.append(self.memory_cost) or hash_with(self, *words),
    )
    for alias in (account.alias, "nobody-here"):
        with pytest.raises(WrongAliasOrPassphrase):
            accounts.sign_in(acts.act(), alias, OTHER, token_sha256=a_token(), cost=dearer)
    assert made == [128, 128]
