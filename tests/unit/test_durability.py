"""Which settings could lose an acknowledged write, or spill it."""

from __future__ import annotations

import pytest

from records.cluster import SETTINGS
from records.durability import QUIET, durability_faults, logging_faults

SAFE = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on", "data_checksums": "on"}


def test_safe_settings_have_no_fault():
    assert durability_faults(SAFE, own=True) == []


@pytest.mark.parametrize("name", ["fsync", "full_page_writes", "synchronous_commit"])
def test_each_switch_turned_off_is_one_fault_that_names_it(name):
    faults = durability_faults(SAFE | {name: "off"})
    assert len(faults) == 1
    assert name in faults[0]


def test_a_setting_that_is_not_told_counts_as_wrong():
    assert len(durability_faults({})) == 3


def test_checksums_are_asked_of_our_own_clusters_alone():
    assert len(durability_faults(SAFE | {"data_checksums": "off"}, own=True)) == 1
    assert durability_faults(SAFE | {"data_checksums": "off"}) == []


@pytest.mark.parametrize("commit", ["local", "remote_write"])
def test_waiting_for_this_machine_alone_is_a_fault_only_beside_standbys(commit):
    assert durability_faults(SAFE | {"synchronous_commit": commit, "synchronous_standby_names": ""}) == []
    assert len(durability_faults(SAFE | {"synchronous_commit": commit, "synchronous_standby_names": "any 1 (b)"})) == 1


def test_our_own_configuration_is_safe_and_quiet():
    assert durability_faults(SETTINGS) == []
    assert logging_faults(SETTINGS) == []


@pytest.mark.parametrize("name", QUIET)
def test_each_talkative_switch_is_told(name):
    assert [name in fault for fault in logging_faults(QUIET | {name: "loud"})] == [True]


def test_a_server_that_logs_less_than_asked_is_quiet_too():
    assert logging_faults(QUIET | {"log_min_messages": "panic"}) == []
    assert len(logging_faults(QUIET | {"log_min_messages": "error"})) == 1
