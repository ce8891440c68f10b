"""The root script on a machine that is played: its programs are stand-ins that write down how they were called."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
REAL = (
    "git",
    "sed",
    "bash",
    "dirname",
    "readlink",
    "cat",
    "sha256sum",
    "cut",
    "mkdir",
    "mktemp",
    "tail",
    "rm",
    "chmod",
    "touch",
)
MAKES_PYTHON = """
if [[ $1 == venv ]]; then
    mkdir -p "$HERE/.venv/bin"
    printf '#!/usr/bin/env bash\\necho "python $PYTHONPATH $PWD $*" >>"$HERE/calls"\\n' >"$HERE/.venv/bin/python"
    chmod +x "$HERE/.venv/bin/python"
fi
"""


class Machine:
    """A folder with the script, and a PATH that holds only what a test puts there."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "a clone"
        self.bin = folder / "bin"
        (self.root / "web").mkdir(parents=True)
        self.bin.mkdir()
        for name in ("tandem", "requirements.lock", "requirements-dev.lock", "package-lock.json", "web/vendor.py"):
            shutil.copy(ROOT / name, self.root / name)
        for name in (*REAL, "env"):
            (self.bin / name).symlink_to(shutil.which(name))
        self.stand_in("id", "echo 1000")
        self.stand_in("uv", MAKES_PYTHON)

    @property
    def server(self) -> Path:
        return self.root.parent / "postgresql"

    def is_bare(self) -> None:
        """Let the script look for PostgreSQL where there is none, whatever this machine has."""
        script = self.root / "tandem"
        text = script.read_text()
        for folder in ("/usr/lib/postgresql", "/usr/share/postgresql"):
            assert text.count(folder) == 1
            text = text.replace(folder, str(self.server))
        script.write_text(text)

    def stand_in(self, name: str, body: str = "") -> None:
        script = self.bin / name
        script.write_text(f'#!/usr/bin/env bash\necho "{name} $*" >>"$HERE/calls"\n{body}\n')
        script.chmod(0o755)

    def run(self, *words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        (self.root / "calls").unlink(missing_ok=True)
        return subprocess.run(
            [self.root / "tandem", *words],
            cwd=cwd or self.root,
            env={"PATH": str(self.bin), "HERE": str(self.root), "HOME": str(self.root)},
            capture_output=True,
            text=True,
            check=False,
        )

    def calls(self) -> list[str]:
        return (self.root / "calls").read_text().splitlines()


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


def test_the_first_run_installs_by_lock_and_hands_over_where_the_person_stands(machine, tmp_path):
    done = machine.run("import-zones", "my zones.geojson", cwd=tmp_path)
    assert done.returncode == 0
    assert "installing the locked Python packages" in done.stderr
    lock = machine.root / "requirements.lock"
    assert f"uv pip install --quiet --require-hashes --requirements {lock}" in machine.calls()
    assert machine.calls()[-1] == f"python {machine.root} {tmp_path} -P -m web import-zones my zones.geojson"


def test_the_second_run_is_silent_and_calls_nothing_but_python(machine):
    machine.run("worker")
    done = machine.run("worker")
    assert (done.stdout, done.stderr) == ("", "")
    assert [call for call in machine.calls() if not call.startswith(("id", "python"))] == []


def test_another_lock_file_is_installed_again(machine):
    machine.run("worker")
    with (machine.root / "requirements.lock").open("a") as lock:
        lock.write("# another\n")
    machine.run("worker")
    assert any(call.startswith("uv pip install") for call in machine.calls())


POSTGIS = "postgresql postgresql-postgis"


@pytest.mark.parametrize(
    ("words", "missing"),
    [
        (("up",), f"nodejs npm {POSTGIS}"),
        (("serve",), "nodejs npm"),
        (("test",), f"nodejs npm {POSTGIS} chromium"),
        (("check",), f"nodejs npm {POSTGIS} chromium"),
    ],
    ids=["up", "serve", "test", "check"],
)
def test_where_it_may_not_install_it_names_all_that_is_missing_in_one_command(machine, words, missing):
    machine.is_bare()
    done = machine.run(*words)
    assert done.returncode == 1
    [sentence] = done.stderr.splitlines()
    assert sentence.endswith(f"may not be installed from here. Please run: sudo apt-get install -y {missing}")


def test_python_and_pip_are_named_with_the_others(machine):
    machine.is_bare()
    (machine.bin / "uv").unlink()
    done = machine.run("up")
    assert done.stderr.splitlines()[-1].endswith(f"-y python3 python3-pip nodejs npm {POSTGIS}")


@pytest.mark.parametrize("version", ["15", "16", "17", "18"])
def test_the_postgis_of_the_server_that_is_here_is_named(machine, version):
    machine.is_bare()
    (machine.server / version / "bin").mkdir(parents=True)
    initdb = machine.server / version / "bin" / "initdb"
    initdb.write_text("")
    initdb.chmod(0o755)
    assert machine.run("up").stderr.splitlines()[-1].endswith(f"-y nodejs npm postgresql-{version}-postgis-3")


def test_as_root_it_installs_what_is_missing(machine):
    machine.stand_in("id", "echo 0")
    machine.stand_in("apt-get", f'[[ $1 == install ]] && : >"{machine.bin}/npm" && chmod +x "{machine.bin}/npm"; true')
    machine.is_bare()
    machine.run("serve")
    assert "apt-get install -qq -y --no-install-recommends nodejs npm" in machine.calls()


def test_a_package_that_cannot_be_had_ends_the_run_with_a_sentence(machine):
    machine.stand_in("id", "echo 0")
    machine.stand_in("apt-get", "echo no network >&2; exit 100")
    done = machine.run("serve")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].endswith("Please run: apt-get install -y nodejs npm")


def test_a_python_that_is_missing_is_told(machine):
    machine.stand_in("uv", "[[ $1 != venv ]]")
    done = machine.run("worker")
    assert done.returncode == 1
    assert "A Python from 3.11 to 3.14 is missing" in done.stderr
