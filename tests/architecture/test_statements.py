"""Every statement in records/sql bounds each table of a network by this network, not by the walls alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import records.models  # noqa: F401  (the tables are known once their models are)
from records.base import Base

RECORDS = Path(__file__).resolve().parents[2] / "records"
SQL = RECORDS / "sql"
VIEWS = {
    name
    for path in (RECORDS / "migrations" / "versions").glob("0*.py")
    for name in re.findall(r"CREATE (?:OR REPLACE )?VIEW (\w+)", path.read_text(encoding="utf-8"))
}
TABLES = VIEWS | {table.name for table in Base.metadata.tables.values() if "network_id" in table.columns}
THIS = ":network_id"

OPENED = re.compile(r"\(\s*(?:SELECT|WITH|INSERT|UPDATE|DELETE)\b", re.IGNORECASE)
NAMED_BEFORE = re.compile(r"(\w+)\s+AS\s+(?:(?:NOT\s+)?MATERIALIZED\s+)?$", re.IGNORECASE)
NAMED_AFTER = re.compile(r"\s*(?:AS\s+)?(\w+)", re.IGNORECASE)
FROM = re.compile(
    r"\b(?:FROM|UPDATE|USING)\b(?!\s+OF\b)(.*?)"
    r"(?=\b(?:SET|WHERE|GROUP|ORDER|LIMIT|OFFSET|RETURNING|FOR|FROM|USING|SELECT)\b|$)",
    re.DOTALL,
)
JOINED = re.compile(r",|\b(?:(?:LEFT|CROSS|INNER|FULL|RIGHT)\s+)?(?:OUTER\s+)?JOIN\b")
SOURCE = re.compile(r"\s*(?:ONLY\s+|LATERAL\s+)?(\w+)\b(?!\s*\()(?:\s+(?:AS\s+)?(?!ON\b|USING\b|AS\b)(\w+))?")
ARM = re.compile(r"\bUNION(?:\s+ALL)?\b|\bEXCEPT\b|\bINTERSECT\b")
EQUAL = re.compile(r"(:?\b(?:\w+\.)?network_id)\s*=\s*(:?\b(?:\w+\.)?network_id)\b")
HANDED_ON = re.compile(r"^\s*(?:WITH.*)?SELECT\b[^()]*?\b(?:\w+\.)?network_id\b.*?(?:\bFROM\b|\bUNION\b)", re.DOTALL)


@dataclass
class Scope:
    """One SELECT, UPDATE or DELETE: its own words, and those that stand inside it."""

    words: str = ""
    name: str = ""
    inner: list[Scope] = field(default_factory=list)

    @property
    def hands_on(self) -> bool:
        """Whether its rows carry their network along, for whoever joins them."""
        return bool(HANDED_ON.match(self.words))


def scope_of(words: str, name: str = "") -> Scope:
    """Take apart words without comments: each inner statement leaves a pair of brackets behind."""
    scope, at = Scope(name=name), 0
    while found := OPENED.search(words, at):
        depth, end = 1, found.start() + 1
        while depth:
            depth += {"(": 1, ")": -1}.get(words[end], 0)
            end += 1
        before, after = NAMED_BEFORE.search(words[at : found.start()]), NAMED_AFTER.match(words, end)
        inner_name = before[1] if before else after[1] if after else ""
        scope.inner.append(scope_of(words[found.start() + 1 : end - 1], inner_name))
        scope.words += words[at : found.start()] + " () "
        at = end
    scope.words += words[at:]
    return scope


def sources(arm: str) -> Iterator[tuple[str, str]]:
    """Name what rows are taken from, each with the table it is, where it is one of a network."""
    for clause in FROM.finditer(arm):
        for part in JOINED.split(clause[1]):
            found = SOURCE.match(part)
            if found and found[1] in TABLES:
                yield found[2] or found[1], found[1]


def unbounded(scope: Scope, outside: frozenset[str] = frozenset()) -> Iterator[str]:
    """Name every source of rows of a network that nothing ties to this network."""
    outside |= {each.name for each in scope.inner if each.hands_on}
    bounded = outside
    for arm in ARM.split(scope.words):
        named = dict(sources(arm))
        tied = {THIS, *(outside - named.keys())}
        pairs = EQUAL.findall(arm)
        for _ in pairs:
            for pair in pairs:
                # A column without its table's name is that of the only table there is.
                sides = {each.removesuffix(".network_id") for each in pair}
                sides = {next(iter(named)) if each == "network_id" and len(named) == 1 else each for each in sides}
                if sides & tied:
                    tied |= sides
        yield from (name for name in named if name not in tied)
        bounded |= tied
    for each in scope.inner:
        yield from unbounded(each, bounded)


def words_of(path: Path) -> str:
    return re.sub(r"--[^\n]*", "", path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", sorted(SQL.glob("*.sql")), ids=lambda path: path.stem)
def test_every_table_of_a_network_is_bounded_by_this_network(path):
    assert list(unbounded(scope_of(words_of(path)))) == []


def test_a_bound_that_is_taken_out_is_missed():
    """Each one alone: none is there for nothing, and this test would notice."""
    bounds, missed_by_nobody = 0, []
    for path in SQL.glob("*.sql"):
        words = words_of(path)
        for bound in EQUAL.finditer(words):
            bounds += 1
            if not list(unbounded(scope_of(f"{words[: bound.start()]}true{words[bound.end() :]}"))):
                missed_by_nobody.append(f"{path.stem}: {bound[0]}")
    assert bounds > 200
    assert missed_by_nobody == []
