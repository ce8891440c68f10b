"""Keys in a folder that only the service may open."""

from __future__ import annotations

import threading
from datetime import date
from pathlib import Path

import pytest

from desk.keyring.folder import FolderKeyRing, KeyFolderOpen, KeyUnusable

DAY = date(2026, 3, 10)


def test_keys_are_made_once_and_read_again(tmp_path):
    ring = FolderKeyRing(tmp_path / "keys")
    key = ring.receipt_key()
    assert len(key) == 32
    assert FolderKeyRing(tmp_path / "keys").receipt_key() == key
    assert FolderKeyRing(tmp_path / "other").receipt_key() != key


def test_only_the_service_may_read_them(tmp_path):
    ring = FolderKeyRing(tmp_path / "keys")
    ring.receipt_key()
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "keys" / "receipt").stat().st_mode & 0o777 == 0o600
    (tmp_path / "keys").chmod(0o750)
    with pytest.raises(KeyFolderOpen):
        FolderKeyRing(tmp_path / "keys")


@pytest.mark.parametrize("spoil", ["mode", "length"])
def test_a_service_does_not_start_on_a_key_that_others_may_read_or_that_is_none(tmp_path, spoil):
    FolderKeyRing(tmp_path / "keys").receipt_key()
    key = tmp_path / "keys" / "receipt"
    if spoil == "mode":
        key.chmod(0o644)
    else:
        key.write_bytes(b"short")
    with pytest.raises(KeyFolderOpen if spoil == "mode" else KeyUnusable):
        FolderKeyRing(tmp_path / "keys")


@pytest.mark.parametrize("content", [b"", b"short", b"x" * 33])
def test_a_key_that_is_no_key_is_refused(tmp_path, content):
    ring = FolderKeyRing(tmp_path / "keys")
    (tmp_path / "keys" / "receipt").write_bytes(content)
    with pytest.raises(KeyUnusable):
        ring.receipt_key()


def test_each_network_and_day_has_its_own_plate_key(tmp_path):
    ring = FolderKeyRing(tmp_path / "keys")
    keys = {ring.plate_key(network, day) for network in (1, 2) for day in (DAY, date(2026, 3, 11))}
    assert len(keys) == 4
    assert None not in keys


def test_a_destroyed_plate_key_never_comes_back(tmp_path):
    ring = FolderKeyRing(tmp_path / "keys")
    other = FolderKeyRing(tmp_path / "keys")
    kept = ring.plate_key(1, date(2026, 3, 12))
    theirs = ring.plate_key(2, DAY)
    assert ring.plate_key(1, DAY) == other.plate_key(1, DAY)
    assert ring.forget_plate_keys(1, DAY) == 1
    assert not (tmp_path / "keys" / "plate-1-2026-03-10").exists()
    for each in (ring, other, FolderKeyRing(tmp_path / "keys")):
        assert each.plate_key(1, DAY) is None
        assert each.plate_key(1, date(2026, 3, 1)) is None
        assert each.plate_key(1, date(2026, 3, 12)) == kept
        assert each.plate_key(2, DAY) == theirs, "another network's keys are its own"
    assert ring.receipt_key() == FolderKeyRing(tmp_path / "keys").receipt_key()


def test_a_key_that_another_process_destroyed_lies_in_no_memory(tmp_path):
    ring, other = FolderKeyRing(tmp_path / "keys"), FolderKeyRing(tmp_path / "keys")
    key = other.plate_key(1, DAY)
    ring.forget_plate_keys(1, DAY)
    assert key not in other._kept.values()


def test_a_key_asked_for_while_it_is_destroyed_is_not_made_anew(tmp_path, monkeypatch):
    ring, other = FolderKeyRing(tmp_path / "keys"), FolderKeyRing(tmp_path / "keys")
    ring.plate_key(1, DAY)
    found = []
    unlink = Path.unlink

    def ask_meanwhile(path, **words):
        unlink(path, **words)
        if path.name.startswith("plate-"):
            found.append(other.plate_key(1, DAY))

    monkeypatch.setattr(Path, "unlink", ask_meanwhile)
    ring.forget_plate_keys(1, DAY)
    assert found == [None]


def test_a_folder_from_before_networks_had_marks_of_their_own_still_holds(tmp_path):
    ring = FolderKeyRing(tmp_path / "keys")
    (tmp_path / "keys" / "forgotten").write_text("2026-03-10")
    assert ring.plate_key(1, DAY) is None
    assert ring.plate_key(1, date(2026, 3, 11)) is not None


def test_forgetting_an_earlier_day_later_brings_nothing_back(tmp_path):
    ring = FolderKeyRing(tmp_path / "keys")
    ring.forget_plate_keys(1, date(2026, 3, 11))
    ring.forget_plate_keys(1, date(2026, 3, 1))
    assert ring.plate_key(1, DAY) is None


def test_processes_that_need_a_new_key_at_once_agree(tmp_path):
    rings = [FolderKeyRing(tmp_path / "keys") for _ in range(8)]
    start = threading.Barrier(8)
    keys = []

    def ask(ring):
        start.wait()
        keys.append(ring.plate_key(1, DAY))

    threads = [threading.Thread(target=ask, args=(ring,)) for ring in rings]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 8
    assert len(set(keys)) == 1
    assert [path.name for path in (tmp_path / "keys").iterdir()] == ["plate-1-2026-03-10"]
