"""Tests notice: each rule of a table is broken in a copy of the tree, and the test beside it must turn red."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
BORROWED = (".venv", ".tools", "node_modules", "web/static/vendor")
"""What is installed and not tracked: the copy leans on it where it is."""
LONGEST_S = 300
RED, GREEN = pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.OK


@dataclass(frozen=True, slots=True)
class Break:
    """One rule broken: `new` in the place of `old`, and the test that must notice."""

    what: str
    file: str
    old: str
    new: str
    test: str

    def __str__(self) -> str:
        return self.what


BREAKS = [Break(**each) for each in tomllib.loads((HERE / "breaks.toml").read_text(encoding="utf-8"))["break"]]


@pytest.fixture(scope="module")
def copy(tmp_path_factory) -> Path:
    """A copy of what is tracked, or would be, that a test may break."""
    made = tmp_path_factory.mktemp("copy")
    asked = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(asked, cwd=ROOT, capture_output=True, check=True, text=True).stdout
    for name in listed.split("\0"):
        if name and (ROOT / name).is_file():
            (made / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, made / name)
    for name in BORROWED:
        if (ROOT / name).exists():
            (made / name).symlink_to(ROOT / name)
    return made


def run(tree: Path, *tests: str) -> subprocess.CompletedProcess[str]:
    """Run tests in a tree; no compiled file is left that a later break of the same length could be taken for."""
    return subprocess.run(
        [sys.executable, "-P", "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests],
        cwd=tree,
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        text=True,
        timeout=LONGEST_S,
    )


@pytest.mark.parametrize("each", BREAKS, ids=str)
def test_each_line_of_the_table_is_true(each):
    """What is broken stands there exactly once, and the test that must notice is there."""
    assert (ROOT / each.file).read_text(encoding="utf-8").count(each.old) == 1
    assert each.new != each.old
    path, _, name = each.test.partition("::")
    assert f"def {name or 'test_'}" in (ROOT / path).read_text(encoding="utf-8")


def test_no_two_lines_are_the_same():
    assert (
        len({each.what for each in BREAKS}) == len({(each.file, each.old, each.new) for each in BREAKS}) == len(BREAKS)
    )


@pytest.fixture(scope="module")
def green_before(copy) -> dict[str, bool]:
    """Which tests are green in a copy that nobody broke, asked once each: only those can notice anything."""
    return {}


@pytest.mark.full
@pytest.mark.parametrize("each", BREAKS, ids=str)
def test_a_break_is_noticed(each, copy, green_before):
    if each.test not in green_before:
        green_before[each.test] = run(copy, each.test).returncode == GREEN
    assert green_before[each.test], "the test is red without any break"
    broken, whole = copy / each.file, (copy / each.file).read_text(encoding="utf-8")
    broken.write_text(whole.replace(each.old, each.new), encoding="utf-8")
    try:
        ran = run(copy, each.test)
    finally:
        broken.write_text(whole, encoding="utf-8")
    assert ran.returncode == RED, f"nobody noticed:\n{ran.stdout[-2000:]}"
