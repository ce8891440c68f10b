"""A backup comes back whole on another server, sealed in between, and what is past its limit is not served from it."""

from __future__ import annotations

import stat

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from api.settings import Settings
from api.wiring import House
from desk.retention.table import TABLES
from records import engine, safekeeping
from records.cluster import PrivateCluster
from records.errors import BackupFailed, DatabaseHoldsSomething, FileThere, NotABackup, NotAKeyForBackups
from tests.builders import a_network, an_account
from tests.crews import a_crew, an_incident, as_owner
from tests.sightings import a_report, an_actor, told
from web.commands import app

CANARY = "canary by the bakery"
LEFT_OUT = {"position", "session", "event", "roster_change", "window_version", "heartbeat", "stream_epoch"}


@pytest.fixture(scope="module")
def second():
    """Another server, with nothing but what a superuser prepares."""
    with PrivateCluster.temporary() as running:
        yield running


@pytest.fixture
def empty(second):
    second.create_database("empty")
    with second.superuser("empty") as connection:
        connection.execute("CREATE EXTENSION postgis; CREATE EXTENSION btree_gist; CREATE EXTENSION pgcrypto")
    yield second.url("empty")
    second.drop_database("empty")


@pytest.fixture
def key(tmp_path):
    return safekeeping.new_key(tmp_path / "secret")


@pytest.fixture
def lived(fresh_database_url, tmp_path):
    """Two networks with people, reports and incidents in them."""
    house = House(Settings(database_url=fresh_database_url, data_dir=tmp_path / "data", pool_size=2))
    numbers = [a_network(fresh_database_url, slug=slug) for slug in ("north", "south")]
    for number in numbers:
        a_crew(house, number, 3)
        an_incident(fresh_database_url, number, status="verified")
        actors = [an_actor(house, number) for _ in range(2)]
        told(house, number, *(a_report(actor, note=CANARY, north_m=9.0 * i) for i, actor in enumerate(actors * 5)))
        an_account(house, number)
    yield fresh_database_url
    house.close()


def counts(url):
    found = {}
    owner = engine.owner_engine(url)
    with owner.connect() as connection:
        networks = connection.execute(text("SELECT id FROM network ORDER BY id")).scalars().all()
    owner.dispose()
    for number in networks:
        with as_owner(url, number) as connection:
            for name in TABLES.keys() - LEFT_OUT:
                found[number, name] = connection.execute(
                    text(f"SELECT count(*), md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {name} t")
                ).one()
    return found


def test_everything_comes_back_as_it_was_but_for_what_must_not(lived, empty, key, tmp_path):
    safekeeping.back_up(lived, tmp_path / "one.backup", [key])
    safekeeping.restore(empty, tmp_path / "one.backup", tmp_path / "secret")
    before = counts(lived)
    assert {number for number, _ in before} == {1, 2}
    assert before[1, "sighting"][0] == before[2, "sighting"][0] == 10
    assert counts(empty) == before
    for number in (1, 2):
        with as_owner(empty, number) as connection:
            for name in LEFT_OUT - {"heartbeat", "stream_epoch"}:
                assert connection.execute(text(f"SELECT count(*) FROM {name}")).scalar() == 0, name
    epochs = []
    for url in (lived, empty):
        with as_owner(url, 1) as connection:
            epochs.append(connection.execute(text("SELECT epoch FROM stream_epoch")).scalar())
    assert epochs[0] != epochs[1]


def test_the_restored_database_has_its_walls_keys_and_rights(lived, empty, key, tmp_path):
    safekeeping.back_up(lived, tmp_path / "one.backup", [key])
    safekeeping.restore(empty, tmp_path / "one.backup", tmp_path / "secret")

    def shape(url):
        owner = engine.owner_engine(url)
        with owner.connect() as connection:
            found = [
                connection.execute(text(query)).all()
                for query in (
                    (
                        "SELECT relname, relrowsecurity, relforcerowsecurity, relpersistence FROM pg_class"
                        " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY 1"
                    ),
                    (
                        "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), convalidated"
                        " FROM pg_constraint WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2"
                    ),
                    "SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1, 2",
                    "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1",
                    "SELECT tablename, policyname, qual FROM pg_policies ORDER BY 1, 2",
                    (
                        "SELECT grantee, table_name, privilege_type FROM information_schema.role_table_grants"
                        " WHERE grantee = 'tandem_app' ORDER BY 1, 2, 3"
                    ),
                )
            ]
        owner.dispose()
        return found

    assert shape(empty) == shape(lived)
    program = engine.create(empty, pool_size=1)
    with program.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM sighting")).scalar() == 0
    program.dispose()


def test_nothing_of_it_is_readable_and_only_its_owner_may_open_the_file(lived, key, tmp_path):
    file = tmp_path / "one.backup"
    safekeeping.back_up(lived, file, [key])
    assert file.read_bytes().startswith(b"age-encryption.org/v1")
    assert stat.S_IMODE(file.stat().st_mode) == stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or CANARY.encode() not in path.read_bytes(), path
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "one.backup", "secret"]


def test_the_wrong_key_opens_nothing_and_changes_nothing(lived, empty, key, tmp_path):
    safekeeping.back_up(lived, tmp_path / "one.backup", [key])
    safekeeping.new_key(tmp_path / "other")
    with pytest.raises(NotABackup):
        safekeeping.restore(empty, tmp_path / "one.backup", tmp_path / "other")
    (tmp_path / "none").write_text("no key at all\n")
    with pytest.raises(NotAKeyForBackups):
        safekeeping.restore(empty, tmp_path / "one.backup", tmp_path / "none")
    safekeeping.restore(empty, tmp_path / "one.backup", tmp_path / "secret")


@pytest.mark.parametrize("harm", ["cut", "cut early", "turned", "of another program"])
def test_a_file_that_was_harmed_brings_back_nothing_at_all(lived, empty, key, tmp_path, harm):
    import pyrage

    file = tmp_path / "one.backup"
    safekeeping.back_up(lived, file, [key])
    whole = file.read_bytes()
    if harm == "of another program":
        file.write_bytes(pyrage.encrypt(b"DROP TABLE x;" * 99, [pyrage.x25519.Recipient.from_str(key)]))
    elif harm == "turned":
        file.write_bytes(whole[:-200] + bytes([whole[-200] ^ 1]) + whole[-199:])
    else:
        file.write_bytes(whole[: len(whole) - 40 if harm == "cut" else len(whole) // 2])
    with pytest.raises(NotABackup):
        safekeeping.restore(empty, file, tmp_path / "secret")
    owner = engine.owner_engine(empty)
    with owner.connect() as connection:
        assert connection.execute(text("SELECT to_regclass('public.network')")).scalar() is None
    owner.dispose()


def test_a_database_that_holds_anything_is_left_alone(lived, fresh_database_url, second, empty, key, tmp_path):
    safekeeping.back_up(lived, tmp_path / "one.backup", [key])
    before = counts(lived)
    with pytest.raises(DatabaseHoldsSomething):
        safekeeping.restore(lived, tmp_path / "one.backup", tmp_path / "secret")
    assert counts(lived) == before
    owner = engine.owner_engine(empty)
    with owner.begin() as connection:
        connection.execute(text("CREATE SEQUENCE somebody_elses"))
    owner.dispose()
    with pytest.raises(DatabaseHoldsSomething):
        safekeeping.restore(empty, tmp_path / "one.backup", tmp_path / "secret")


def test_a_backup_overwrites_nothing_and_leaves_no_half_file(lived, cluster, key, tmp_path):
    (tmp_path / "one.backup").write_text("mine")
    with pytest.raises(FileThere):
        safekeeping.back_up(lived, tmp_path / "one.backup", [key])
    assert (tmp_path / "one.backup").read_text() == "mine"
    with pytest.raises(BackupFailed):
        safekeeping.back_up(cluster.url("postgres"), tmp_path / "two.backup", [key])
    with pytest.raises(NotAKeyForBackups):
        safekeeping.back_up(lived, tmp_path / "two.backup", ["age1nothing"])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "one.backup", "secret"]


def test_two_holders_may_each_open_it(lived, empty, key, tmp_path):
    other = safekeeping.new_key(tmp_path / "other")
    safekeeping.back_up(lived, tmp_path / "one.backup", [key, other])
    safekeeping.restore(empty, tmp_path / "one.backup", tmp_path / "other")
    assert counts(empty) == counts(lived)


def test_what_ran_out_meanwhile_is_forgotten_before_restore_says_that_it_is_done(
    lived, empty, key, tmp_path, monkeypatch
):
    """By the commands, as a person types them; and by what `serve` does first."""
    for number in (1, 2):
        with as_owner(lived, number) as connection:
            connection.execute(text("UPDATE sighting SET received_at = received_at - interval '4 days'"))
    monkeypatch.setenv("DATABASE_URL", lived)
    monkeypatch.setenv("TANDEM_DATA_DIR", str(tmp_path / "data"))
    file = str(tmp_path / "one.backup")
    made = CliRunner().invoke(app, ["backup", file, "--to", key])
    assert made.exit_code == 0, made.output
    assert "keep them apart" in made.stderr
    monkeypatch.setenv("DATABASE_URL", empty)
    monkeypatch.setenv("TANDEM_DATA_DIR", str(tmp_path / "elsewhere"))
    done = CliRunner().invoke(app, ["restore", file, "--key", str(tmp_path / "secret")])
    assert done.exit_code == 0, done.output
    for number in (1, 2):
        with as_owner(empty, number) as connection:
            left = connection.execute(text("SELECT count(location), count(note) FROM sighting")).one()
            assert left == (0, 0)
    again = CliRunner().invoke(app, ["restore", file, "--key", str(tmp_path / "secret")])
    assert again.exit_code == 1
    assert again.stderr.strip() == DatabaseHoldsSomething.__doc__


def test_a_data_folder_of_ones_own_takes_a_backup_too(lived, key, tmp_path, monkeypatch):
    safekeeping.back_up(lived, tmp_path / "one.backup", [key])
    monkeypatch.delenv("DATABASE_URL", raising=False)
    words = [
        "restore",
        str(tmp_path / "one.backup"),
        "--key",
        str(tmp_path / "secret"),
        "--data",
        str(tmp_path / "mine"),
    ]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    with PrivateCluster(tmp_path / "mine") as cluster, as_owner(cluster.url(), 1) as connection:
        assert connection.execute(text("SELECT count(*) FROM sighting")).scalar() == 10
    assert CliRunner().invoke(app, words).exit_code == 1


def test_a_pair_of_keys_is_made_by_command(tmp_path):
    made = CliRunner().invoke(app, ["backup-key", str(tmp_path / "secret")])
    assert made.exit_code == 0
    assert made.stdout.startswith("age1")
    assert "AGE-SECRET-KEY-" not in made.output
    assert CliRunner().invoke(app, ["backup-key", str(tmp_path / "secret")]).exit_code == 1


def test_the_way_down_asks_for_a_backup_and_a_typed_word_first(lived, key, tmp_path, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", lived)
    monkeypatch.setenv("TANDEM_DATA_DIR", str(tmp_path / "data"))
    name = lived.split("@/")[1].split("?")[0]
    down = ["migrate", "--revision", "base"]
    before = counts(lived)
    for words, typed in (
        (down, name),
        ([*down, "--backup", str(tmp_path / "b1"), "--to", key], ""),
        ([*down, "--backup", str(tmp_path / "b2"), "--to", key], "yes"),
        ([*down, "--backup", str(tmp_path / "b3")], name),
        (["migrate", "--revision", "0003"], name),
    ):
        assert CliRunner().invoke(app, words, input=f"{typed}\n").exit_code == 1, words
        assert counts(lived) == before
    assert CliRunner().invoke(app, ["migrate"]).exit_code == 0
    done = CliRunner().invoke(app, [*down, "--backup", str(tmp_path / "b4"), "--to", key], input=f"{name}\n")
    assert done.exit_code == 0, done.output
    assert (tmp_path / "b4").stat().st_size > 1000
    owner = engine.owner_engine(lived)
    with owner.connect() as connection:
        assert connection.execute(text("SELECT to_regclass('public.network')")).scalar() is None
    owner.dispose()
    assert CliRunner().invoke(app, down).exit_code == 0, "nothing is there any more to lose"


def test_a_dump_by_newer_tools_goes_back_into_an_older_server():
    head = (
        b"SET lock_timeout = 0;\nSET idle_in_transaction_session_timeout = 0;\nSET transaction_timeout = 0;\nSET x;\n"
    )
    expected = b"SET lock_timeout = 0;\nSET idle_in_transaction_session_timeout = 0;\nSET x;\n"
    assert safekeeping.for_older_servers(head) == expected
    assert safekeeping.for_older_servers(expected) == expected
