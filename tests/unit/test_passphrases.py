"""Passphrases that are offered, and those that are refused."""

from __future__ import annotations

import math
import re
import threading
import time

import pytest

from api.security import cost_of
from api.settings import Settings
from desk.accounts import aliases, passphrases
from desk.accounts.errors import ManySignIn, PassphraseCommon, PassphraseTooLong, PassphraseTooShort
from desk.accounts.passphrases import Cost
from desk.accounts.words import words

CHEAP = Cost(memory_kib=64, rounds=1, lanes=1)


def test_seven_offered_words_carry_at_least_seventy_bits():
    listed = words("passphrase_words")
    assert len(set(listed)) == len(listed)
    assert passphrases.WORDS_OFFERED * math.log2(len(listed)) >= 70
    offered = passphrases.suggest().split()
    assert len(offered) == 7
    assert set(offered) <= set(listed)


def test_words_are_short_and_plain():
    assert [word for word in words("passphrase_words") if not re.fullmatch(r"[a-z]{3,8}", word)] == []


def test_every_offered_passphrase_is_accepted():
    for _ in range(200):
        passphrases.check(passphrases.suggest())


def test_aliases_fit_the_records_and_are_many():
    for _ in range(200):
        alias = aliases.suggest()
        assert re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", alias)
        assert len(alias) <= 40
    assert len(set(words("alias_first"))) * len(set(words("alias_last"))) > 40_000


@pytest.mark.parametrize(
    ("passphrase", "refusal"),
    [
        ("fourteen chars", PassphraseTooShort),
        (" " * 30, PassphraseTooShort),
        ("a" * 129, PassphraseTooLong),
        ("correct horse battery staple", PassphraseCommon),
        ("Correct-Horse-Battery-Staple!", PassphraseCommon),
        ("passwordpassword", PassphraseCommon),
        ("qwertyqwertyqwerty", PassphraseCommon),
        ("aaaaaaaaaaaaaaaaaaaa", PassphraseCommon),
        ("abababababababab", PassphraseCommon),
        ("abcdefghijklmnopqrstuvwxyz", PassphraseCommon),
        ("zyxwvutsrqponmlkji", PassphraseCommon),
        ("1234567890123456", PassphraseCommon),
        ("know your rights card", PassphraseCommon),
    ],
)
def test_weak_passphrases_are_refused(passphrase, refusal):
    with pytest.raises(refusal):
        passphrases.check(passphrase)


@pytest.mark.parametrize(
    "passphrase",
    ["fifteen letters", "ünïcode is fine here", "x" * 10 + "abcdefgh ij", "我们在一起走路回家吃饭喝茶看花听雨"],
)
def test_own_words_of_any_kind_are_accepted(passphrase):
    passphrases.check(passphrase)


def test_the_price_of_a_hash_is_the_one_agreed():
    kept = passphrases.hashed("seven plain words would be fine here", Cost())
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")


def test_a_passphrase_matches_its_own_hash_however_the_keyboard_writes_it():
    kept = passphrases.hashed("caf\u00e9 au lait avec plaisir", CHEAP)
    assert passphrases.matches(kept, "cafe\u0301 au lait avec plaisir", CHEAP)
    assert not passphrases.matches(kept, "cafe au lait avec plaisir", CHEAP)
    assert not passphrases.matches("not a hash", "cafe au lait avec plaisir", CHEAP)


def test_without_a_kept_hash_the_same_work_is_done(monkeypatch):
    done = []

    class Counted:
        def hash(self, passphrase):
            done.append(passphrase)

    monkeypatch.setattr(passphrases, "_hasher", lambda cost: Counted())
    assert passphrases.matches(None, "seven plain words would be fine here", Cost()) is False
    assert done == ["seven plain words would be fine here"]


def test_a_hash_of_other_parameters_is_known_as_weaker():
    kept = passphrases.hashed("seven plain words would be fine here", CHEAP)
    assert passphrases.is_weaker(kept, Cost())
    assert not passphrases.is_weaker(kept, CHEAP)


def test_two_hashes_at_once_a_few_wait_the_rest_come_back(monkeypatch):
    gate = passphrases._Gate()
    go, lock = threading.Event(), threading.Lock()
    working = most = 0

    class Slow:
        def hash(self, _passphrase):
            nonlocal working, most
            with lock:
                working += 1
                most = max(most, working)
            go.wait(30)
            with lock:
                working -= 1
            return "hash"

    monkeypatch.setattr(passphrases, "_gate", gate)
    monkeypatch.setattr(passphrases, "_hasher", lambda cost: Slow())
    monkeypatch.setattr(passphrases, "_WAIT_S", 30.0)
    threads = [threading.Thread(target=passphrases.hashed, args=("x", CHEAP)) for _ in range(10)]
    for thread in threads:
        thread.start()
    while gate._inside._value:
        time.sleep(0.001)
    with pytest.raises(ManySignIn):
        passphrases.hashed("x", CHEAP)
    go.set()
    for thread in threads:
        thread.join()
    assert most == 2
    assert passphrases.hashed("x", CHEAP) == "hash"


def test_who_waits_too_long_is_told_to_come_back(monkeypatch):
    gate = passphrases._Gate()
    monkeypatch.setattr(passphrases, "_gate", gate)
    monkeypatch.setattr(passphrases, "_WAIT_S", 0.01)
    with gate.enter(), gate.enter(), pytest.raises(ManySignIn):
        passphrases.hashed("x", CHEAP)
    assert passphrases.hashed("x", CHEAP).startswith("$argon2id$")


def test_what_a_deployment_gets_without_setting_anything_is_slow_to_guess(monkeypatch):
    monkeypatch.delenv("TANDEM_PASSPHRASE_MEMORY_KIB", raising=False)
    assert passphrases.hashed("x", cost_of(Settings())).startswith("$argon2id$v=19$m=65536,")
