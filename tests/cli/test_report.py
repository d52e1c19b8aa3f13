"""`report`: from the daemon's answers or the state to table, JSON and CSV."""

import asyncio
import csv
import io
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import typer
from typer.testing import CliRunner, Result

from cli_support import LLM, OTHER, config_in, fake_daemon, held
from scnet_watchdog.adapters.clock import SystemClock
from scnet_watchdog.adapters.stores.sqlite import SqliteStore
from scnet_watchdog.cli import report as command
from scnet_watchdog.cli.figures import percent
from scnet_watchdog.core.change import Change, StoredInstance
from scnet_watchdog.core.event import Event, EventKind
from scnet_watchdog.core.model import InstanceId, Status
from scnet_watchdog.core.presence import Standing, Window
from scnet_watchdog.core.recovery import recovery
from scnet_watchdog.core.state import Facts
from scnet_watchdog.runtime.figures import as_plain

K = EventKind
NOW = SystemClock().now()
DAY_AGO = NOW - timedelta(days=1)


def typed(*arguments: str) -> Result:
    """The command as a user types it, in a program that has only this one."""
    program = typer.Typer()
    program.callback()(lambda: None)
    program.command()(command.report)
    return CliRunner().invoke(program, list(arguments))


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


def event(kind: EventKind, minutes: float, **fields: object) -> Event:
    """What happened to llm-api so many minutes ago."""
    return Event(kind, ago(minutes), InstanceId(LLM), "llm-api", "kunshan", fields)


OUTAGE = [
    event(K.INSTANCE_STATUS_CHANGED, 60, previous="running", status="failed"),
    event(K.INSTANCE_CONFIRMED, 59.5, status="failed", reads=2, over_s=30.0),
    event(K.RESTART_REQUESTED, 59.5, seq=1, attempt=1, reason="failed", status="failed"),
    event(
        K.RESTART_REFUSED,
        59.4,
        seq=1,
        attempt=1,
        outcome="refused",
        code="10001",
        **{"class": "platform"},
    ),
    event(K.RESTART_REQUESTED, 55, seq=2, attempt=2, reason="failed", status="failed"),
    event(K.RESTART_ACCEPTED, 54.9, seq=2, attempt=2, outcome="accepted", code="0"),
    event(K.INSTANCE_STATUS_CHANGED, 50, previous="failed", status="running"),
    event(K.RESTART_RECOVERED, 50, seq=2, attempt=2, verdict="recovered", status="running"),
]


def running(id_: str = LLM, name: str = "llm-api") -> Standing:
    """An instance that runs for fifty minutes."""
    return Standing(InstanceId(id_), name, "kunshan", Status.RUNNING, ago(50))


def utc(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def told(*standings: Standing, events: Sequence[Event] = (), complete: bool = True) -> Any:
    """What a daemon that watches these answers."""
    return as_plain(recovery(events, standings, Window(DAY_AGO, NOW)), complete)


def figures_of(done: Any) -> dict[str, Any]:
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_the_daemons_figures_are_printed_as_they_are(tmp_path: Path) -> None:
    config = str(config_in(tmp_path))
    answer = told(running(), running(OTHER, "batch"), events=OUTAGE)
    with fake_daemon(tmp_path / "control.sock") as fake:
        fake.says("/report", answer)
        assert figures_of(typed("report", "--since", "1d", "--json", "-c", config)) == answer
        narrow = ("--group", "inference", "--center", "wuzhen")
        typed("report", "--json", *narrow, "-c", config)
        fake.says("/report", {"error": "too many reports"}, status=503)
        assert typed("report", "-c", config).exit_code == 1
    first, second, _ = (parse_qs(urlsplit(path).query) for _, path, _ in fake.asked)
    asked_since = datetime.fromisoformat(first.pop("since")[0])
    assert abs(asked_since - DAY_AGO) < timedelta(minutes=10)
    assert first == {}
    assert (second["group"], second["center"]) == (["inference"], ["wuzhen"])


def test_the_table_shows_who_was_down_and_counts_the_others(tmp_path: Path) -> None:
    config = str(config_in(tmp_path))
    with fake_daemon(tmp_path / "control.sock") as fake:
        both = (running(name="[red]llm"), running(OTHER, "batch"))
        fake.says("/report", told(*both, events=OUTAGE))
        done = typed("report", "--since", "1d", "-c", config)
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    # 85 800 of 86 400 seconds, cut rather than rounded.
    assert lines[1].split()[:4] == ["[red]llm", "99.30", "%", "10m"]
    assert lines[2].startswith("all")
    text = " ".join(done.stdout.split())
    assert "outages: 1, healed by a restart: 1, still open: 0; calls per recovery" in text
    assert "never seen down: 1 of 2 instances" in text
    assert "failed 1 of 1 healed" in text
    assert "platform 1 of 1 healed" in text


def test_a_fleet_that_never_was_down_has_a_short_table(tmp_path: Path) -> None:
    config = str(config_in(tmp_path))
    with fake_daemon(tmp_path / "control.sock") as fake:
        fake.says("/report", told(running()))
        done = typed("report", "-c", config)
    lines = done.stdout.splitlines()
    assert lines[1].split()[:3] == ["all", "100", "%"]
    assert "outages by status" not in done.stdout


def test_csv_has_a_line_per_instance_and_no_formula(tmp_path: Path) -> None:
    config = str(config_in(tmp_path))
    never_seen = Standing(InstanceId(OTHER), "new", "kunshan")
    with fake_daemon(tmp_path / "control.sock") as fake:
        fake.says("/report", told(running(name="=1+1"), never_seen, events=OUTAGE))
        done = typed("report", "--csv", "--since", "1d", "-c", config)
        rows = list(csv.DictReader(io.StringIO(done.stdout)))
        assert [one["name"] for one in rows] == ["'=1+1", "new"]
        assert (rows[0]["down_s"], rows[0]["recover_p95_s"]) == ("600", "600.0")
        # Never seen: nothing is known.
        assert rows[1]["availability"] == ""
        assert typed("report", "--csv", "--json", "-c", config).exit_code == 2


def test_it_says_where_the_daemon_could_not_go_back_as_far_as_was_asked(tmp_path: Path) -> None:
    config = str(config_in(tmp_path))
    with fake_daemon(tmp_path / "control.sock") as fake:
        fake.says("/report", told(running(), complete=False))
        done = typed("report", "--json", "-c", config)
    assert f"only the newest events are counted: since {utc(DAY_AGO)}" in done.stderr
    assert json.loads(done.stdout)["complete"] is False


async def _journal(folder: Path) -> None:
    # The whole suite may have run for a while since this file was read.
    late = SystemClock().now() - NOW
    store = SqliteStore(folder / "state.db", SystemClock(), explicit=True)
    tenure = await store.acquire("test", timedelta(seconds=1))
    stored = StoredInstance(InstanceId(LLM), "kunshan", Facts(Status.RUNNING, ago(50) + late))
    told = (*OUTAGE, Event(K.DAEMON_STOPPED, ago(30)))
    events = tuple(replace(one, at=one.at + late) for one in told)
    await store.commit(tenure, Change(instances={stored.id: stored}, events=events))
    await store.close()


def test_without_a_daemon_the_journal_is_read_and_the_time_since_it_stopped_is_left_out(
    tmp_path: Path,
) -> None:
    config = str(config_in(tmp_path))
    asyncio.run(_journal(tmp_path))
    done = typed("report", "--since", "2h", "--json", "-c", config)
    one = figures_of(done)["instances"][0]
    assert "no daemon holds the state" in done.stderr
    # 120 minutes, 30 of them unwatched and 10 of them down; this machine may be slow by one.
    assert one["running_s"] == pytest.approx(80 * 60, abs=60)
    assert one["down_s"] == 600
    with held(tmp_path):
        assert typed("report", "-c", config).exit_code == 69


def test_a_length_that_is_none_is_refused(tmp_path: Path) -> None:
    config = str(config_in(tmp_path))
    done = typed("report", "--since", "30", "-c", config)
    assert done.exit_code == 2
    assert "--since" in done.stderr


def test_a_share_is_never_rounded_up_to_all() -> None:
    assert percent(0.999999) == "99.99 %"
    assert (percent(1.0), percent(0.0), percent(None)) == ("100 %", "0.00 %", "–")
