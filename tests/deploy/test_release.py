"""A release: its files are right, the same each time, and work where there is no checkout."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tarfile
import zipfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

import agent
from deploy.release.__main__ import refuse_changed, refuse_different
from deploy.release.bill import bill
from deploy.release.building import SUMS, build, packages, packages_of_source
from deploy.release.versions import PLACES, agreed
from tests.support.real_parts import command_of

ROOT = Path(__file__).parents[2]
RUN_LOCK = (ROOT / "requirements/run.txt").read_text("utf-8")
EPOCH_S = 1_795_000_000
ENDS_WITHIN_S = 20
LISTED = subprocess.run(
    ["git", "ls-files", "agent", "probes"],  # noqa: S607
    cwd=ROOT,
    check=True,
    capture_output=True,
    text=True,
).stdout.split()
SHIPPED = {name for name in LISTED if (ROOT / name).exists()}
"""Every file of the program: its code, and what it reads (scenarios, nation, catalogue, pages)."""


@dataclass(frozen=True)
class Made:
    folder: Path

    @property
    def wheel(self) -> Path:
        return self.folder / f"pantau-{agent.__version__}-py3-none-any.whl"

    @property
    def source(self) -> Path:
        return self.folder / f"pantau-{agent.__version__}.tar.gz"

    @property
    def chart(self) -> Path:
        return self.folder / f"pantau-{agent.__version__}.tgz"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("dist")
    build(ROOT, folder, version=agent.__version__, epoch_s=EPOCH_S)
    return Made(folder)


@pytest.fixture(scope="module")
def installed(made: Made, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment with the wheel and the demo lock; nothing is downloaded."""
    environment = tmp_path_factory.mktemp("elsewhere") / "venv"
    (uv,) = command_of("uv")
    install = [uv, "pip", "install", "--offline", "--python", str(environment / "bin/python")]
    lock = ["--require-hashes", "--only-binary", ":all:", "-r", str(ROOT / "requirements/demo.txt")]
    subprocess.run([uv, "venv", "--python", sys.executable, str(environment)], check=True)
    subprocess.run([*install, *lock], check=True)
    subprocess.run([*install, "--no-deps", str(made.wheel)], check=True)
    return environment / "bin"


def names_in(source: Path) -> set[str]:
    """The files of a source archive, without the folder that all of them are in."""
    with tarfile.open(source) as archive:
        return {each.name.partition("/")[2] for each in archive if each.isfile()}


# ---------------------------------------------------------------------------------- one version


def test_every_place_states_the_same_version():
    assert agreed(ROOT) == agent.__version__


@pytest.mark.parametrize("place", PLACES)
def test_a_place_that_lags_behind_is_named(place: str, tmp_path: Path):
    for name in PLACES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        text = (ROOT / name).read_text("utf-8")
        stale = text.replace(agent.__version__, "0.0.1")
        (tmp_path / name).write_text(stale if name == place else text, "utf-8")
    with pytest.raises(ValueError, match=rf"{place}: 0\.0\.1"):
        agreed(tmp_path)


def test_a_tree_that_is_not_what_is_committed_is_refused(tmp_path: Path):
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)  # noqa: S607
    refuse_changed(tmp_path)
    (tmp_path / "new").touch()
    with pytest.raises(ValueError, match="new"):
        refuse_changed(tmp_path)


# ---------------------------------------------------------------------------------------- files


def test_what_cannot_be_built_is_told_in_the_words_of_the_build_backend(tmp_path: Path):
    with pytest.raises(ValueError, match="Missing `project` metadata"):
        packages(tmp_path, tmp_path / "dist", EPOCH_S)


def test_the_same_commit_gives_the_same_bytes_elsewhere_and_from_the_source(
    made: Made, tmp_path: Path
):
    build(ROOT, tmp_path, version=agent.__version__, epoch_s=EPOCH_S)
    packages_of_source(made.source, tmp_path, EPOCH_S)
    refuse_different(made.folder, tmp_path)
    made_later = tmp_path / made.wheel.name
    made_later.write_bytes(made_later.read_bytes() + b"\0")
    with pytest.raises(ValueError, match=made.wheel.name):
        refuse_different(made.folder, tmp_path)


def test_the_wheel_holds_the_program_whole_and_nothing_else(made: Made):
    with zipfile.ZipFile(made.wheel) as archive:
        names = set(archive.namelist())
    assert names >= SHIPPED
    tops = {name.partition("/")[0] for name in names}
    assert tops == {"agent", "probes", f"pantau-{agent.__version__}.dist-info"}


def test_the_source_holds_what_builds_it_and_the_locks_and_nothing_of_tests_or_deployments(
    made: Made,
):
    names = names_in(made.source)
    assert names >= SHIPPED | {"pyproject.toml", "LICENSE", "requirements/run.txt"}
    folders = {name.partition("/")[0] for name in names if "/" in name}
    assert folders == {"agent", "probes", "requirements"}


def test_the_chart_is_the_one_of_this_version(made: Made):
    with tarfile.open(made.chart) as archive:
        assert "pantau/templates/agent.yaml" in archive.getnames()
        assert {each.mtime for each in archive} == {EPOCH_S}


def test_sha256sum_finds_every_file_as_it_is_listed(made: Made):
    line = ["sha256sum", "--check", "--strict", "--quiet", SUMS]
    assert subprocess.run(line, cwd=made.folder, check=False).returncode == 0
    listed = {line.split()[1] for line in (made.folder / SUMS).read_text().splitlines()}
    assert listed == {each.name for each in made.folder.iterdir()} - {SUMS}


# ---------------------------------------------------------------------------- bill of materials


def test_the_bill_names_every_package_of_the_runtime_lock_at_its_version():
    document = json.loads(bill("1.2.3", RUN_LOCK, EPOCH_S))
    stated = {f"{each['name']}=={each['version']}" for each in document["components"]}
    assert stated == set(re.findall(r"^[^\s#;-]\S*==\S+", RUN_LOCK, re.MULTILINE))
    assert document["metadata"]["component"]["version"] == "1.2.3"


def test_the_bill_says_who_needs_whom_so_that_nothing_hangs_in_the_air():
    document = json.loads(bill("1.2.3", RUN_LOCK, EPOCH_S))
    needs = {each["ref"]: each.get("dependsOn", []) for each in document["dependencies"]}
    reached, waiting = set[str](), ["pkg:pypi/pantau@1.2.3"]
    while waiting:
        if (each := waiting.pop()) not in reached:
            reached.add(each)
            waiting += needs[each]
    assert reached == set(needs)


def test_nothing_of_this_machine_stands_in_the_bill(made: Made):
    text = (made.folder / f"pantau-{agent.__version__}.cdx.json").read_text("utf-8")
    assert str(ROOT) not in text
    assert os.uname().nodename not in text
    assert "file:" not in text


# -------------------------------------------------------------------------- outside the checkout


@pytest.mark.real("uv")
@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--version"], f"pantau {agent.__version__}"),
        (["demo", "--help"], "Ctrl-C ends it and leaves nothing running"),
        (["validate", "--config", str(ROOT / "deploy/examples/jember.yaml")], "jember: one of 145"),
    ],
    ids=["version", "demo-help", "validate"],
)
def test_the_installed_program_answers(
    installed: Path, words: list[str], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    for name in ("SIMKIM_PASSWORD", "SIMPONI_KEY", "DUKCAPIL_KEY", "MPASPOR_PASSWORD"):
        monkeypatch.setenv(name, "kenari")
    line = [str(installed / "pantau"), *words]
    done = subprocess.run(line, cwd=tmp_path, check=True, capture_output=True, text=True)
    assert says in " ".join(done.stdout.split())


HEARS_CTRL_C = ("env", "--default-signal=INT")
"""A shell's background job ignores it, and so does whatever that starts: tests may be one."""


@pytest.mark.real("uv")
def test_the_demonstration_plays_in_an_empty_directory_and_ctrl_c_leaves_nothing(
    installed: Path, tmp_path: Path
):
    here, scratch = tmp_path / "here", tmp_path / "scratch"
    here.mkdir()
    scratch.mkdir()
    with subprocess.Popen(
        [*HEARS_CTRL_C, str(installed / "pantau"), "demo"],
        cwd=here,
        env={**os.environ, "TMPDIR": str(scratch), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as demo:
        try:
            assert demo.stdout is not None
            assert any("All well" in line for line in demo.stdout)
            assert len(processes_of(installed)) == 2, "the demonstration and its nats-server"
            os.killpg(demo.pid, signal.SIGINT)  # As a terminal does: all of them hear it.
            assert "nothing is left running" in demo.stdout.read()
            assert demo.wait(ENDS_WITHIN_S) == 130
        finally:
            with suppress(ProcessLookupError):
                os.killpg(demo.pid, signal.SIGKILL)
    assert processes_of(installed) == []
    assert list(here.iterdir()) == []
    assert list(scratch.iterdir()) == []


def processes_of(programs: Path) -> list[str]:
    """The command lines that run on this machine from that folder."""
    lines = []
    for each in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = each.read_bytes().replace(b"\0", b" ").decode()
        except OSError:  # It ended while we looked.
            continue
        lines += [line] if str(programs) in line else []
    return lines
