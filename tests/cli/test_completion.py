"""Shell completion: commands, and the running daemon's instances; silent where there is none."""

from pathlib import Path

from typer.testing import CliRunner

from cli_support import LLM, config_in, fake_daemon, fleet, row
from scnet_watchdog.cli.main import app


def completed(*words: str) -> list[str]:
    environ = {
        "_SCNET_WATCHDOG_COMPLETE": "complete_bash",
        "COMP_WORDS": " ".join(("scnet-watchdog", *words)),
        "COMP_CWORD": str(len(words)),
    }
    done = CliRunner().invoke(app, [], prog_name="scnet-watchdog", env=environ)
    assert done.stderr == ""
    return done.stdout.split()


def test_commands_are_completed() -> None:
    assert completed("re") == ["report", "release", "restart", "reset", "reload"]


def test_instances_are_those_of_the_running_daemon(tmp_path: Path) -> None:
    config = str(config_in(tmp_path))
    with fake_daemon(tmp_path / "control.sock") as fake:
        fake.says("/instances", fleet(row(), row("5d2054ee", "batch")))
        assert completed("explain", "-c", config, "ll") == ["llm-api"]
        assert completed("hold", "-c", config, LLM[:4]) == [LLM]
        fake.says("/instances", {"error": "not now"}, 503)
        assert completed("history", "-c", config, "ll") == []
    assert completed("restart", "-c", config, "ll") == []
