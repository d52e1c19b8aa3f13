"""The image, without a container engine: what the Dockerfile says, and its build steps run here."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TARGET = "/opt/scnet-watchdog"
STATE = "/var/lib/scnet-watchdog"


def instructions() -> list[tuple[str, str]]:
    """Every instruction and its arguments, comments left out and continued lines joined."""
    text = (ROOT / "deploy" / "docker" / "Dockerfile").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ").splitlines()
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in joined)]


def arguments(word: str) -> list[str]:
    return [rest for found, rest in instructions() if found == word]


def test_the_image_is_not_root_needs_no_shell_and_stops_by_sigterm() -> None:
    assert arguments("USER") == ["10001:10001"]
    assert arguments("STOPSIGNAL") == ["SIGTERM"]
    # The exec form; the shell form would make a shell process 1, and it passes no signal on.
    for rest in [*arguments("RUN"), *arguments("ENTRYPOINT"), *arguments("CMD")]:
        assert isinstance(json.loads(rest), list)
    assert json.loads(arguments("ENTRYPOINT")[0]) == ["scnet-watchdog"]
    assert json.loads(arguments("CMD")[0]) == ["run"]


def test_only_the_state_is_written_in_the_image() -> None:
    assert json.loads(arguments("VOLUME")[0]) == [STATE]
    environment = " ".join(arguments("ENV"))
    assert f"STATE_DIRECTORY={STATE}" in environment
    assert "PYTHONDONTWRITEBYTECODE=1" in environment


@pytest.mark.packaging
@pytest.mark.timeout(400)
def test_the_images_build_steps_make_a_program_that_answers(tmp_path: Path) -> None:
    """Runs the COPY and RUN steps of the first stage in folders of our own."""
    source, target = tmp_path / "src", tmp_path / "opt"
    source.mkdir()
    stage = instructions()
    end = [at for at, (word, _) in enumerate(stage) if word == "FROM"][1]
    for word, rest in stage[:end]:
        if word == "COPY":
            _copy(rest.split(), source)
        if word == "RUN":
            _run([one.replace(TARGET, str(target)) for one in json.loads(rest)], source)
    program = target / "bin" / "scnet-watchdog"
    version = subprocess.run([program, "--version"], check=True, capture_output=True, text=True)
    assert version.stdout.startswith("scnet-watchdog ")
    # Whole: the second stage takes nothing else along, so every import must be found in it.
    subprocess.run([program, "schema"], check=True, capture_output=True)


def _copy(words: list[str], source: Path) -> None:
    *names, into = words
    ignored = shutil.ignore_patterns("__pycache__", "*.db")
    for name in names:
        here = ROOT / name
        if here.is_dir():
            shutil.copytree(here, source / into, ignore=ignored)
        else:
            shutil.copy(here, source / into)


def _run(command: list[str], source: Path) -> None:
    python = [sys.executable] if command[0] == "python" else [command[0]]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(
        [*python, *command[1:]], cwd=source, env=clean, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
