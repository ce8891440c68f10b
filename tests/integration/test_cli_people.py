"""Accounts, vouchers and tokens from the console."""

from __future__ import annotations

import re

import pytest
from typer.testing import CliRunner

from api import security
from api.cli import account, token
from api.settings import Settings
from api.wiring import House
from desk import accounts
from desk.access import ANONYMOUS
from desk.accounts.passphrases import Cost
from records.cluster import DATABASE
from records.enums import Role
from tests.builders import a_network

FULL = Cost()


@pytest.fixture(scope="module")
def url(cluster):
    cluster.create_database("console", template=DATABASE)
    made = cluster.url("console")
    a_network(made, "live", slug="home")
    a_network(made, "demo", slug="show")
    return made


@pytest.fixture
def console(url, tmp_path, monkeypatch):
    """Run a command as a person at the console would."""
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setenv("TANDEM_DATA_DIR", str(tmp_path))

    def run(app, *words):
        return CliRunner().invoke(app, words)

    return run


@pytest.fixture
def house(url, tmp_path):
    opened = House(Settings(database_url=url, data_dir=tmp_path, network="home", pool_size=1))
    yield opened
    opened.close()


def test_an_added_account_signs_in_with_what_was_printed(console, house):
    done = console(account.app, "add", "organizer", "dispatcher")
    assert done.exit_code == 0, done.stderr
    alias, passphrase = re.fullmatch(r"alias       (\S+)\npassphrase  ((?:\w+ ){6}\w+)\n", done.stdout).groups()
    with house.act(house.default_network().id) as uow:
        made = bytes(32)
        actor, _until = accounts.sign_in(uow, alias, passphrase, token_sha256=made, cost=FULL)
        assert actor.roles == {Role.ORGANIZER, Role.DISPATCHER}
        assert "$m=65536,t=3,p=4$" in uow.accounts.find(alias).passphrase_hash


def test_a_voucher_of_the_console_is_redeemed(console, house):
    done = console(account.app, "voucher", "verifier")
    assert done.exit_code == 0
    code = re.match(r"code   (\S+)\nuntil  \d{4}-\d\d-\d\d \d\d:\d\d UTC\n", done.stdout)[1]
    with house.act(house.default_network().id) as uow:
        made = accounts.redeem(uow, code, "seven plain words would be fine", cost=Cost(memory_kib=64))
        assert made.roles == ["verifier"]


def test_a_token_stands_alone_on_standard_output(console, house):
    done = console(token.app, "analyst", "--hours", "1")
    assert done.exit_code == 0
    assert done.stderr == ""
    assert re.fullmatch(r"\d+\.[\w-]{43}\n", done.stdout)
    with house.act(house.default_network().id) as uow:
        found = accounts.recognise(uow, security.digest(done.stdout.strip()))
        assert (found.roles, found.script) == ({Role.ANALYST}, True)


def test_a_token_may_be_for_another_network(console, house):
    made = console(token.app, "spotter", "--network", "show").stdout.strip()
    assert security.network_of(made) != house.default_network().id
    with house.act(security.network_of(made)) as uow:
        assert accounts.recognise(uow, security.digest(made)).known


def test_suspending_ends_what_was_open(console, house):
    made = console(token.app, "spotter").stdout.strip()
    with house.act(house.default_network().id) as uow:
        alias = accounts.recognise(uow, security.digest(made)).alias
    assert console(account.app, "suspend", alias).exit_code == 0
    with house.act(house.default_network().id) as uow:
        assert accounts.recognise(uow, security.digest(made)) == ANONYMOUS


@pytest.mark.parametrize(
    ("app", "words", "sentence"),
    [
        (account.app, ("suspend", "nobody-here"), "There is no account of that alias here."),
        (account.app, ("add", "spotter", "--vouched-by", "nobody-here"), "There is no account of that alias here."),
        (account.app, ("add", "spotter", "--alias", "María García"), "An alias is up to 40 small letters and digits"),
        (account.app, ("add", "admin", "verifier"), "Who looks after the server must not also read reports"),
        (account.app, ("add", "spotter", "--network", "nowhere"), "There is no network of that name here."),
        (token.app, ("spotter", "--alias", "nobody-here"), "There is no account of that alias here."),
    ],
)
def test_what_cannot_be_is_one_sentence_on_standard_error(console, app, words, sentence):
    done = console(app, *words)
    assert done.exit_code == 1
    assert done.stdout == ""
    assert done.stderr.startswith(sentence)
    assert done.stderr.count("\n") == 1


def test_in_a_demo_everything_in_one_account_is_warned_about(console):
    done = console(account.app, "add", "admin", "verifier", "--network", "show")
    assert done.exit_code == 0
    assert "may not also read reports" in done.stderr
