"""`report`: from the daemon's answers or the state to table, JSON and CSV."""

import asyncio
import csv
import io
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from cli_support import LLM, OTHER, config_in, fake_daemon, fleet, held, row
from scnet_watchdog.adapters.clock import SystemClock
from scnet_watchdog.adapters.stores.sqlite import SqliteStore
from scnet_watchdog.adapters.telemetry.sentences import as_logged
from scnet_watchdog.cli import report as command
from scnet_watchdog.cli.figures import percent
from scnet_watchdog.cli.history import MOST_EVENTS
from scnet_watchdog.core.change import Change, StoredInstance
from scnet_watchdog.core.event import Event, EventKind
from scnet_watchdog.core.model import InstanceId, Status
from scnet_watchdog.core.state import Facts

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
LINES = [as_logged(one) for one in OUTAGE]


def running(id_: str = LLM, name: str = "llm-api", **changes: object) -> dict[str, object]:
    since = ago(50).isoformat().replace("+00:00", "Z")
    return row(id_, name, status="running", since=since, **changes)


def figures_of(done: Any) -> dict[str, Any]:
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_figures_are_computed_from_what_the_daemon_journalled(tmp_path: Path) -> None:
    config = str(config_in(tmp_path))
    calm = running(OTHER, "batch", group=None)
    calm["since"] = DAY_AGO.isoformat()
    with fake_daemon(tmp_path / "control.sock") as fake:
        fake.says("/events", LINES)
        fake.says("/instances", fleet(running(), calm))
        found = figures_of(typed("report", "--since", "1d", "--json", "-c", config))
        assert any("/events?since=" in path and "limit=" in path for _, path, _ in fake.asked)
        one, other = found["instances"]
        assert (one["name"], other["name"]) == ("llm-api", "batch")
        # Down from 60 to 50 minutes ago; the day had 86 400 seconds.
        assert one["down_s"] == 600
        assert one["availability"] == pytest.approx(1 - 600 / 86_400, abs=1e-5)
        assert (one["outages"], one["healed"], one["open"]) == (1, 1, 0)
        assert (one["attempts"], one["recoveries"], one["attempts_per_recovery"]) == (2, 1, 2.0)
        assert (one["detect_median_s"], one["recover_median_s"]) == (30.0, 600.0)
        assert one["failures"] == {"platform": {"outages": 1, "recovered": 1}}
        assert other["availability"] == 1.0
        assert found["fleet"]["down_s"] == 600
        only = figures_of(typed("report", "--json", "--group", "inference", "-c", config))
        assert [one["id"] for one in only["instances"]] == [LLM]
        none = figures_of(typed("report", "--json", "--center", "wuzhen", "-c", config))
        assert (none["instances"], none["fleet"]["availability"]) == ([], None)


def test_the_table_shows_who_was_down_and_counts_the_others(tmp_path: Path) -> None:
    config = str(config_in(tmp_path))
    with fake_daemon(tmp_path / "control.sock") as fake:
        fake.says("/events", LINES)
        fake.says("/instances", fleet(running(name="[red]llm"), running(OTHER, "batch")))
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
        fake.says("/events", [])
        fake.says("/instances", fleet(running()))
        done = typed("report", "-c", config)
    lines = done.stdout.splitlines()
    assert lines[1].split()[:3] == ["all", "100", "%"]
    assert "outages by status" not in done.stdout


def test_csv_has_a_line_per_instance_and_no_formula(tmp_path: Path) -> None:
    config = str(config_in(tmp_path))
    with fake_daemon(tmp_path / "control.sock") as fake:
        fake.says("/events", LINES)
        fake.says("/instances", fleet(running(name="=1+1"), row(OTHER, "new", since=None)))
        done = typed("report", "--csv", "--since", "1d", "-c", config)
        rows = list(csv.DictReader(io.StringIO(done.stdout)))
        assert [one["name"] for one in rows] == ["'=1+1", "new"]
        assert (rows[0]["down_s"], rows[0]["recover_p95_s"]) == ("600", "600.0")
        # Never seen: nothing is known.
        assert rows[1]["availability"] == ""
        assert typed("report", "--csv", "--json", "-c", config).exit_code == 2


def test_only_what_is_known_counts_when_there_are_too_many_events(tmp_path: Path) -> None:
    config = str(config_in(tmp_path))
    noise = {"timestamp": ago(120).isoformat(), "event": "token.renewed", "center": "kunshan"}
    with fake_daemon(tmp_path / "control.sock") as fake:
        fake.says("/events", [noise] * (MOST_EVENTS - len(LINES)) + LINES)
        fake.says("/instances", fleet(running()))
        done = typed("report", "--json", "-c", config)
        assert "only the newest 10000 events are counted" in done.stderr
        found = json.loads(done.stdout)
        assert found["since"] == ago(120).isoformat(timespec="seconds").replace("+00:00", "Z")
        # What is known ends now; ten minutes of it down, the others running.
        since, until = map(datetime.fromisoformat, (found["since"], found["until"]))
        known = (until - since).total_seconds()
        assert found["fleet"]["running_s"] == pytest.approx(known - 600, abs=2)


def test_an_event_of_a_later_version_is_left_out() -> None:
    line = {"timestamp": "2026-03-01T02:00:00.000Z", "event": "instance.teleported"}
    assert command.event_of(line) is None
    known = command.event_of({**line, "event": "state.failed", "error": "disk full"})
    assert known == Event(
        K.STATE_FAILED, datetime(2026, 3, 1, 2, tzinfo=UTC), fields={"error": "disk full"}
    )


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
