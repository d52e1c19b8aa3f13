"""`status` and `history` of a running daemon, and of a state that nobody holds."""

import json
from pathlib import Path
from typing import Any

import typer
from rich.cells import cell_len
from rich.console import Console

from cli_support import LLM, OTHER, config_in, fake_daemon, fleet, held, row, typed
from scnet_watchdog.adapters.clock import SystemClock
from scnet_watchdog.cli.status import follow, picture

FINE = row(OTHER, "batch", group=None, status="running", reason="healthy", next_at=None)
GOOD = {"status": "running", "reason": "healthy", "next_at": None}
EVENTS = [
    {
        "timestamp": "2026-03-01T02:16:00.000Z",
        "event": "restart.refused",
        "message": "The restart of llm-api was refused (start_failure) with code 716868",
        "instance": LLM,
        "center": "kunshan",
    },
    {"timestamp": "2026-03-01T02:17:00.000Z", "event": "token.renewed", "center": "wuzhen"},
]


def drawn(answer: dict[str, Any], most: int | None = None) -> list[str]:
    console = Console(width=80, highlight=False)
    with console.capture() as shown:
        console.print(picture(answer, SystemClock().now(), most))
    return [line.rstrip() for line in shown.get().splitlines()]


def test_status_asks_the_daemon_and_shows_who_needs_attention_first(tmp_path: Path) -> None:
    config = str(config_in(tmp_path))
    with fake_daemon(tmp_path / "control.sock") as fake:
        fake.says("/instances", fleet(FINE, row()))
        done = typed("status", "-c", config)
        assert done.exit_code == 0, done.output
        lines = done.stdout.splitlines()
        assert lines[1].startswith("llm-api")
        assert lines[2].startswith("batch")
        assert lines[-1].rstrip() == "2 instances: 1 running, 1 stopped"
        assert max(map(len, lines)) <= 80
        assert "batch" not in typed("status", "-c", config, "--down").stdout
        assert "llm-api" not in typed("status", "-c", config, "--reason", "healthy").stdout
        assert "batch" not in typed("status", "-c", config, "--group", "inference").stdout
        whole = json.loads(typed("status", "-c", config, "--json", "--center", "kunshan").stdout)
        assert [one["id"] for one in whole["instances"]] == [OTHER, LLM]
        assert (whole["daemon"]["running"], whole["daemon"]["pid"]) == (True, 4711)


def test_what_stands_in_the_way_is_said_below_the_table() -> None:
    config = {"path": "w.yaml", "changed_on_disk": True, "rejected": None}
    answer = fleet(row(), shadow=True, writable=False, draining=True, config=config, running=True)
    answer["centers"] = [
        {
            "name": "kunshan",
            "block": {"cause": "arrears", "since": "2026-03-01T02:00:00Z"},
            "throttled_until": "2026-03-01T02:20:00Z",
            "breaker": "half_open",
            "storm": {"since": "2026-03-01T02:00:00Z"},
            "sources": [{"source": "scnet", "last_success": None, "blind": True}],
        }
    ]
    text = "\n".join(drawn(answer))
    for said in (
        "center kunshan: blocked (arrears) since 03-01",
        "the platform asked to slow down until",
        "its breaker is half open",
        "a storm: one canary goes first",
        "source scnet is blind, last good read –",
        "shadow: the daemon decides and tells, and never calls",
        "no new restart is made",
        "the state cannot be written",
        "since it was loaded; take it up with `reload`",
    ):
        assert said in text, said
    rejected = {**config, "rejected": "w.yaml:1:1: centres: unknown key"}
    answer = fleet(row(), config=rejected, running=True)
    assert "was rejected, the old one is in force: w.yaml:1:1" in "\n".join(drawn(answer))


def test_a_name_is_no_markup_and_a_long_one_does_not_break_the_table() -> None:
    lines = drawn(fleet(row(name="[red]job[/red] " + "x" * 90), running=True))
    assert lines[1].startswith("[red]job")
    assert max(map(len, lines)) <= 80


def test_only_so_many_rows_are_drawn_as_fit() -> None:
    lines = drawn(fleet(*[row(name=f"job-{n}") for n in range(100)], running=True), most=3)
    assert sum("job-" in line for line in lines) == 3
    assert "100 instances: 100 stopped" in lines


def test_watching_goes_on_while_the_daemon_is_away_until_the_person_leaves() -> None:
    shown: list[bool] = []
    naps: list[float] = []

    def look() -> dict[str, Any]:
        if len(naps) == 1:
            raise typer.Exit(69)
        return {}

    def sleep(seconds: float) -> None:
        naps.append(seconds)
        if len(naps) == 3:
            raise KeyboardInterrupt

    follow(look, lambda answer, again: shown.append(again), sleep)
    assert shown == [True, True]
    assert naps == [2.0, 2.0, 2.0]


def test_status_without_a_daemon_needs_a_config_that_is_valid(tmp_path: Path) -> None:
    config = config_in(tmp_path, "notfy: []\n")
    done = typed("status", "-c", str(config))
    assert done.exit_code == 78
    assert "notfy: unknown key" in done.stderr
    with fake_daemon(tmp_path / "control.sock") as fake:
        fake.says("/instances", fleet(row()))
        assert typed("status", "-c", str(config)).exit_code == 0
    with held(tmp_path):
        assert typed("status", "-c", str(config)).exit_code == 69


def test_history_asks_the_daemon_for_what_was_journalled(tmp_path: Path) -> None:
    config = str(config_in(tmp_path))
    with fake_daemon(tmp_path / "control.sock") as fake:
        fake.says("/events", EVENTS)
        fake.says("/instances", fleet(row(), FINE))
        done = typed("history", "llm-api", "--since", "2h", "-c", config)
        assert done.exit_code == 0, done.output
        assert "was refused (start_failure) with code 716868" in done.stdout
        _, path, _ = fake.asked[-1]
        assert "since=20" in path
        assert "instance=llm-api" in path
        # Of a debug event only its name is known.
        assert done.stdout.splitlines()[1].endswith("  token.renewed")
        lines = json.loads(typed("history", "--json", "--center", "wuzhen", "-c", config).stdout)
        assert lines == EVENTS[1:]
        lines = json.loads(typed("history", "--json", "--group", "inference", "-c", config).stdout)
        assert lines == EVENTS[:1]


def test_history_goes_on_until_the_daemon_has_no_older_events(tmp_path: Path) -> None:
    config = str(config_in(tmp_path))
    with fake_daemon(tmp_path / "control.sock") as fake:
        numbered = [{**EVENTS[0], "number": number} for number in range(6)]
        fake.says("/events", numbered[4:])
        fake.older = [numbered[2:4], numbered[:2]]
        lines = json.loads(typed("history", "--json", "-c", config).stdout)
    assert lines == numbered
    assert [path for _, path, _ in fake.asked[-2:]] == ["/api/v1/events?since=2026&before=7"] * 2


def test_thousands_of_rows_are_told_the_fast_way_and_just_as_well(tmp_path: Path) -> None:
    config = str(config_in(tmp_path))
    rows = [row(f"{n:08x}", f"推理服务-{n}-" + "长" * 40, **GOOD) for n in range(501)]
    with fake_daemon(tmp_path / "control.sock") as fake:
        fake.says("/instances", fleet(*rows, row()))
        lines = typed("status", "-c", config).stdout.splitlines()
    # The head, 502 rows and one sentence; a Chinese character takes two cells.
    assert len(lines) == 504
    assert lines[1].split() == ["llm-api", *drawn(fleet(row(), running=True))[1].split()[1:]]
    assert lines[2].startswith("推理服务-")
    assert "…" in lines[2]
    assert max(map(cell_len, lines)) <= 80
    assert lines[-1] == "502 instances: 501 running, 1 stopped"
