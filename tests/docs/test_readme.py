"""What the README tells a new user to do works as written."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from typer.main import get_command

from scnet_watchdog.cli.main import app

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PROGRAM = str(Path(sys.executable).with_name("scnet-watchdog"))
MAKE = shutil.which("make")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def commands(program: str) -> list[list[str]]:
    """The arguments of every call of a program; comments and pipes are left out."""
    lines = [line for block in blocks("sh") for line in block.splitlines()]
    calls = [re.split(r"\s+[#|]", line)[0].split() for line in lines]
    return [words[1:] for words in calls if words and words[0] == program]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A user's environment: an empty home, nothing of ours set."""
    kept = ("PATH", "LANG")
    return {name: os.environ[name] for name in kept if name in os.environ} | {"HOME": str(tmp_path)}


@pytest.fixture
def configured(tmp_path: Path) -> Path:
    """The smallest config of the README with its two key files, where the README puts them."""
    folder = tmp_path / ".config" / "scnet-watchdog"
    folder.mkdir(parents=True)
    for name, text in (("ak", "a"), ("sk", "b"), ("watchdog.yaml", blocks("yaml")[0])):
        (folder / name).write_text(text, encoding="utf-8")
        (folder / name).chmod(0o600)
    return folder


def call(arguments: list[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [PROGRAM, *arguments]
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL
    )


def test_every_command_is_one_of_the_programs_with_options_it_has() -> None:
    group = get_command(app)
    found = commands("scnet-watchdog")
    assert ["check", "--online"] in found
    assert ["run", "--shadow"] in found
    for name, *arguments in found:
        command = group.commands[name]  # type: ignore[attr-defined]
        # Parses without a usage error; nothing is run.
        command.make_context(name, list(arguments))


@pytest.mark.skipif(MAKE is None, reason="make is not installed")
@pytest.mark.parametrize("target", ["demo", "test", "check", "fix", "clean"])
def test_make_knows_the_targets_that_the_pages_name(target: str) -> None:
    assert MAKE is not None
    pages = README + (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert f"make {target}" in pages or target == "clean"
    done = subprocess.run([MAKE, "-n", target], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_smallest_config_is_valid_where_the_readme_puts_it(
    configured: Path, environment: dict[str, str]
) -> None:
    checked = call(["check"], environment)
    assert (checked.returncode, checked.stderr) == (0, "")
    assert checked.stdout == f"{configured / 'watchdog.yaml'}: ok, 1 instance in 1 center\n"


def test_the_smallest_config_is_the_one_that_is_shipped() -> None:
    shipped = (ROOT / "config" / "watchdog.yaml").read_text(encoding="utf-8")
    assert yaml.safe_load(blocks("yaml")[0]) == yaml.safe_load(shipped)


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize("name", ["status", "history"])
def test_what_is_remembered_can_be_read_before_the_first_run(
    name: str, environment: dict[str, str]
) -> None:
    ours = [words for words in commands("scnet-watchdog") if words[0] == name]
    assert ours
    for arguments in ours:
        done = call(arguments, environment)
        assert done.returncode == 0
        # What is remembered is not what is now: a list for scripts has that said beside it.
        assert done.stderr in (
            "",
            "no daemon holds the state: this is what it remembers, not what is now\n",
        )


def test_it_has_the_version_of_the_package(environment: dict[str, str]) -> None:
    from scnet_watchdog import __version__

    done = call(["--version"], environment)
    assert (done.returncode, done.stdout) == (0, f"scnet-watchdog {__version__}\n")
