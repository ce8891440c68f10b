"""House rules about files that no linter knows."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from web.vendor import FILES

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("geo", "zones", "matcher", "records", "desk", "fixtures", "api", "web", "bench")
LINES_MAX = 400


def in_git() -> list[Path]:
    """Every file that is or could be committed, as the person's git sees them."""
    names = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    ).stdout.split("\0")
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


FILES_IN_GIT = in_git()
PYTHON = [path for path in FILES_IN_GIT if path.suffix == ".py"]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PACKAGE = json.loads((ROOT / "package.json").read_text())
# Written so that this file does not hold what it looks for.
FORBIDDEN = re.compile(
    r"py[p]i\.org|python[h]osted|npm[j]s\.|deb\.[d]ebian\.org|artifact[o]ry|index[-]url"
    r"|/wor[k]/|/roo[t]/|/hom[e]/\w|/tm[p]/\w",
    re.IGNORECASE,
)


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_no_file_names_a_package_registry_or_a_path_of_somebodys_machine():
    found = []
    for path in FILES_IN_GIT:
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{named(path)}: {match.group()}" for match in FORBIDDEN.finditer(text)]
    assert found == []


@pytest.mark.parametrize("line", ["see py" + "pi.org", "cd /wor" + "k/x", "files.python" + "hosted.org", "/tm" + "p/x"])
def test_the_rule_above_sees_what_it_forbids(line):
    assert FORBIDDEN.search(line)


def test_every_module_says_in_one_paragraph_what_it_is():
    silent = []
    for path in PYTHON:
        words = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
        if not words or "\n\n" in words or not words.endswith("."):
            silent.append(named(path))
    assert silent == []


def test_no_module_is_too_long_to_read_at_once():
    rooms = [path for path in PYTHON if named(path).split("/")[0] in ROOMS]  # a test may be one long list of cases
    lengths = {named(path): len(path.read_text(encoding="utf-8").splitlines()) for path in rooms}
    assert {name: length for name, length in lengths.items() if length > LINES_MAX} == {}


def test_every_sql_file_has_a_test_that_names_it():
    tests = "\n".join(p.read_text(encoding="utf-8") for p in PYTHON if p.is_relative_to(ROOT / "tests"))
    files = [path for path in FILES_IN_GIT if path.suffix == ".sql"]
    assert files
    assert [named(path) for path in files if not re.search(rf"\b\w*{path.stem}\b", tests)] == []


def test_every_sql_file_begins_by_saying_what_it_is_for():
    files = [path for path in FILES_IN_GIT if path.suffix == ".sql"]
    assert [named(path) for path in files if not path.read_text(encoding="utf-8").startswith("-- ")] == []


def test_nothing_unfinished_is_left_in_the_rooms():
    words = re.compile(r"\b(TO[D]O|FIX[M]E|XX[X]|NotImplemented[E]rror)\b")
    rooms = [path for path in PYTHON if named(path).split("/")[0] in ROOMS]
    assert [named(path) for path in rooms if words.search(path.read_text(encoding="utf-8"))] == []


def test_the_licence_is_the_same_everywhere():
    assert PROJECT["project"]["license"] == PACKAGE["license"] == "AGPL-3.0-or-later"
    assert "GNU AFFERO GENERAL PUBLIC LICENSE" in (ROOT / "LICENSE").read_text().splitlines()[0]


def test_browser_packages_are_exact_and_their_lock_names_no_host():
    lock = json.loads((ROOT / "package-lock.json").read_text())
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in PACKAGE["dependencies"].values())
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert packages
    assert [name for name, entry in packages.items() if "resolved" in entry or "integrity" not in entry] == []
    for name, version in PACKAGE["dependencies"].items():
        assert packages[f"node_modules/{name}"]["version"] == version


def test_every_browser_file_comes_from_a_package_we_asked_for():
    assert {source.split("/")[0] for source in FILES.values()} == set(PACKAGE["dependencies"])


def locked(name: str) -> dict[str, str]:
    text = (ROOT / name).read_text()
    entries = re.findall(
        r"^([a-z0-9._-]+)(?:\[[^\]]*\])?==(\S+)(?: ;[^\\\n]*)? \\\n((?:    --hash=sha256:\S+(?: \\)?\n?)+)",
        text,
        re.MULTILINE,
    )
    starts = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]
    assert len(entries) == len(starts), "every line is a package with its hashes"
    return {entry[0]: entry[1] for entry in entries}


def plain(requirement: str) -> str:
    return re.split(r"[\[<>=!; ]", requirement)[0].lower().replace("_", "-")


def test_python_packages_are_locked_with_hashes_and_dev_holds_all_of_runtime():
    runtime, dev = locked("requirements.lock"), locked("requirements-dev.lock")
    assert {plain(name) for name in PROJECT["project"]["dependencies"]} <= set(runtime)
    assert {plain(name) for name in PROJECT["dependency-groups"]["dev"]} <= set(dev)
    assert runtime.items() <= dev.items()


@pytest.mark.parametrize("name", ["tandem", ".ci/run"])
def test_scripts_can_be_run(name):
    script = ROOT / name
    assert script.stat().st_mode & 0o111
    subprocess.run(["bash", "-n", script], check=True)


def test_ci_runs_what_a_person_runs():
    assert (ROOT / ".ci" / "run").read_text().rstrip().endswith('/../tandem" check')
    assert "./tandem check" in (ROOT / ".github" / "workflows" / "ci.yml").read_text()
