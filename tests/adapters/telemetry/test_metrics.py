"""Metrics: each event counts where the contract says, and each gauge shows what is now."""

import subprocess
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from builders import CENTER, HOUR, KEY, MINUTE, SECOND, T0, World
from scnet_watchdog.adapters.telemetry.metrics import Metrics
from scnet_watchdog.core.attempt import Attempt
from scnet_watchdog.core.center import Block, CenterBreaker
from scnet_watchdog.core.decision import Reason
from scnet_watchdog.core.event import Event, EventKind
from scnet_watchdog.core.fleet import Fleet
from scnet_watchdog.core.model import BlockCause, InstanceId, Status
from scnet_watchdog.core.outcome import RefusalClass, Refused, Verdict
from scnet_watchdog.core.state import BreakerState

K = EventKind
PAGE = Path(__file__).resolve().parents[3] / "docs" / "metrics.md"
Values = dict[tuple[str, frozenset[tuple[str, str]]], float]


async def shown(metrics: Metrics) -> Values:
    """Every sample of a page, by name without prefix and labels."""
    text, kind = await metrics.page()
    assert kind.startswith("text/plain; version=")
    return {
        (one.name.removeprefix("scnet_watchdog_"), frozenset(one.labels.items())): one.value
        for family in text_string_to_metric_families(text.decode())
        for one in family.samples
    }


def of(values: Values, name: str, /, **labels: str) -> float | None:
    """One sample; `cls` stands for the label `class`."""
    known = {"class" if key == "cls" else key: value for key, value in labels.items()}
    return values.get((name, frozenset(known.items())))


def told(kind: EventKind, minutes: float = 0, id_: str | None = "a0", **fields: object) -> Event:
    known = {"class" if key == "cls" else key: value for key, value in fields.items()}
    instance = None if id_ is None else InstanceId(id_)
    return Event(kind, T0 + minutes * MINUTE, instance, id_, CENTER, known)


def counting(events: Iterable[Event], fleet: Fleet | None = None) -> Metrics:
    metrics = Metrics("1.2.3", lambda: fleet)
    for event in events:
        metrics.emit(event)
    return metrics


async def test_restarts_count_by_center_outcome_and_class() -> None:
    values = await shown(
        counting(
            [
                told(K.RESTART_ACCEPTED, outcome="accepted", duration_ms=200),
                told(K.RESTART_REFUSED, outcome="refused", cls="throttled", duration_ms=80),
                told(K.RESTART_REFUSED, outcome="refused", cls="throttled", duration_ms=80),
                told(K.RESTART_UNKNOWN, outcome="unknown", duration_ms=30_000),
                told(K.RESTART_NOT_SENT, outcome="not_sent", duration_ms=40),
                told(K.RESTART_WITHDRAWN, outcome="withdrawn", duration_ms=1),
            ]
        )
    )
    name = "restarts_total"
    assert of(values, name, center=CENTER, outcome="accepted", cls="") == 1
    assert of(values, name, center=CENTER, outcome="refused", cls="throttled") == 2
    for outcome in ("unknown", "not_sent", "withdrawn"):
        assert of(values, name, center=CENTER, outcome=outcome, cls="") == 1
    # Five calls were made (the withdrawn one was not): 200 + 2 × 80 + 30 000 + 40 ms.
    assert of(values, "restart_call_duration_seconds_count") == 5
    assert of(values, "restart_call_duration_seconds_sum") == pytest.approx(30.4)
    assert of(values, "restart_call_duration_seconds_bucket", le="0.1") == 3


async def test_verdicts_count_and_an_early_alarm_is_none() -> None:
    values = await shown(
        counting(
            [
                told(K.RESTART_DID_NOT_HELP, verdict="did_not_help"),
                told(K.RESTART_RELAPSED, verdict="relapsed"),
                told(K.RESTART_STUCK_WAITING, alarm="warn"),
                told(K.RESTART_STUCK_WAITING, alarm="critical", verdict="stuck_waiting"),
            ]
        )
    )
    for verdict in ("did_not_help", "relapsed", "stuck_waiting"):
        assert of(values, "verdicts_total", center=CENTER, verdict=verdict) == 1


async def test_an_attempt_that_nobody_can_judge_counts_by_its_row() -> None:
    world = World(1)
    metrics = Metrics("1", lambda: world.fleet)
    name = "verdicts_total"
    assert of(await shown(metrics), name, center=CENTER, verdict="unjudged") == 0
    attempt = Attempt(InstanceId("a0"), 1, CENTER, 1, 1, Reason.FAILED, Status.FAILED, T0, T0)
    # Of every other verdict an event tells.
    metrics.rows([attempt, replace(attempt, verdict=Verdict.RECOVERED)])
    metrics.rows([replace(attempt, verdict=Verdict.UNJUDGED)])
    values = await shown(metrics)
    assert of(values, name, center=CENTER, verdict="unjudged") == 1
    assert of(values, name, center=CENTER, verdict="recovered") == 0


async def test_each_outage_is_detected_and_recovered_once() -> None:
    outage = [
        told(K.INSTANCE_STATUS_CHANGED, 0, previous="running", status="failed"),
        told(K.INSTANCE_CONFIRMED, 0.5, status="failed", over_s=30.0),
        told(K.INSTANCE_CONFIRMED, 2, status="failed", over_s=120.0),
        told(K.RESTART_ACCEPTED, 2, seq=1),
        told(K.INSTANCE_STATUS_CHANGED, 4, previous="failed", status="running"),
        told(K.RESTART_RECOVERED, 4, seq=1, verdict="recovered"),
        told(K.RESTART_RECOVERED, 4, seq=1, verdict="recovered"),
        told(K.INSTANCE_STABLE, 14),
    ]
    metrics = counting(outage)
    values = await shown(metrics)
    assert of(values, "detection_seconds_count") == 1
    assert of(values, "detection_seconds_sum") == 30
    # From minute 0 to minute 4.
    assert of(values, "recovery_seconds_sum") == 240
    for event in outage:
        metrics.emit(replace(event, at=event.at + HOUR))
    assert of(await shown(metrics), "recovery_seconds_count") == 2


async def test_what_ran_again_without_us_is_no_recovery_of_ours() -> None:
    values = await shown(
        counting(
            [
                told(K.INSTANCE_STATUS_CHANGED, 0, previous="running", status="stopped"),
                told(K.INSTANCE_STATUS_CHANGED, 4, previous="stopped", status="running"),
            ]
        )
    )
    assert of(values, "recovery_seconds_count") == 0


async def test_an_instance_that_is_no_longer_watched_is_forgotten() -> None:
    world = World(1)
    events = [told(K.INSTANCE_STATUS_CHANGED, 0, "gone", previous="running", status="failed")]
    metrics = counting(events, world.fleet)
    await metrics.page()
    metrics.emit(told(K.RESTART_RECOVERED, 5, "gone", seq=1, verdict="recovered"))
    assert of(await shown(metrics), "recovery_seconds_count") == 0


async def test_errors_of_state_and_messages_count_and_the_last_config_shows() -> None:
    metrics = counting(
        [
            told(K.STATE_FAILED, id_=None),
            told(K.NOTIFICATION_FAILED, id_=None),
            told(K.NOTIFICATION_FAILED, id_=None),
            told(K.CONFIG_REJECTED, id_=None),
            told(K.STORM_BEGAN, id_=None),
        ]
    )
    values = await shown(metrics)
    assert of(values, "state_errors_total") == 1
    assert of(values, "notification_errors_total") == 2
    assert of(values, "config_last_reload_successful") == 0
    metrics.emit(told(K.CONFIG_RELOADED, id_=None))
    values = await shown(metrics)
    assert of(values, "config_last_reload_successful") == 1
    assert of(values, "build_info", version="1.2.3") == 1


async def test_what_the_runtime_measures_is_shown() -> None:
    metrics = Metrics("1", lambda: None, skipped=lambda: 7)
    metrics.turned(SECOND / 100)
    metrics.polled(2 * SECOND)
    metrics.polled(HOUR)
    metrics.read("list", SECOND / 2)
    metrics.read("detail", SECOND / 20)
    metrics.read("detail", SECOND)
    values = await shown(metrics)
    # A value on a bound falls up to it.
    assert of(values, "turn_duration_seconds_bucket", le="0.005") == 0
    assert of(values, "turn_duration_seconds_bucket", le="0.01") == 1
    assert of(values, "poll_duration_seconds_bucket", le="2.5") == 1
    # An hour is beyond every bound but the last.
    assert of(values, "poll_duration_seconds_bucket", le="120.0") == 1
    assert of(values, "poll_duration_seconds_bucket", le="+Inf") == 2
    assert of(values, "read_duration_seconds_count", kind="list") == 1
    assert of(values, "read_duration_seconds_bucket", kind="detail", le="0.05") == 1
    assert of(values, "read_duration_seconds_sum", kind="detail") == pytest.approx(1.05)
    assert of(values, "scheduler_skips_total") == 7


async def test_while_the_state_is_not_ours_there_is_a_page_without_fleet() -> None:
    names = {name for name, _ in await shown(Metrics("1", lambda: None))}
    assert "instances" not in names
    assert {"build_info", "state_errors_total", "process_cpu_seconds_total"} <= names


async def test_gauges_show_the_fleet_of_this_moment() -> None:
    world = World(3)
    world.poll()
    world.show(Status.FAILED, "a1")
    world.now += MINUTE
    world.poll()
    values = await shown(counting([], world.fleet))
    assert of(values, "instances", center=CENTER, status="running") == 2
    assert of(values, "instances", center=CENTER, status="failed") == 1
    # Statuses that nobody has are shown as zero: a sum never goes missing.
    assert of(values, "instances", center=CENTER, status="missing") == 0
    assert of(values, "decisions", center=CENTER, reason="healthy") == 2
    assert of(values, "decisions", center=CENTER, reason="confirming") == 1
    assert of(values, "instance_up", id="a0", name="a0", center=CENTER) == 1
    assert of(values, "instance_up", id="a1", name="a1", center=CENTER) == 0
    last = of(values, "source_last_success_timestamp_seconds", source=KEY.source, center=CENTER)
    assert last == (T0 + MINUTE).timestamp()


async def test_before_the_first_poll_nothing_is_claimed() -> None:
    world = World(1)
    values = await shown(counting([], world.fleet))
    assert of(values, "instances", center=CENTER, status="unknown") == 1
    assert not any(name.startswith("source_last_success") for name, _ in values)


async def test_outcomes_and_verdicts_begin_at_zero_in_every_center() -> None:
    """A counter that begins at one has no increase that an alert could see."""
    values = await shown(counting([], World(1).fleet))
    ends = [labels for name, labels in values if name == "restarts_total"]
    # Four outcomes without class, and refused with each of five classes.
    assert len(ends) == 9
    assert of(values, "verdicts_total", center=CENTER, verdict="recovered") == 0


async def test_blocks_and_breakers_show() -> None:
    world = World(2)
    world.answer = lambda attempt: Refused(RefusalClass.START_FAILURE, "716868")
    world.run(MINUTE)
    world.show(Status.FAILED, "a0")
    # Three start failures open its breaker: at about 0.5, 1.5 and 3.5 minutes.
    world.run(10 * MINUTE)
    fleet = world.fleet
    center = fleet.centers[CENTER]
    fleet.centers[CENTER] = replace(
        center,
        block=Block(BlockCause.ARREARS, T0, T0),
        breaker=CenterBreaker(BreakerState.OPEN),
    )
    values = await shown(counting([], fleet))
    assert of(values, "breakers_open", center=CENTER, scope="instance") == 1
    assert of(values, "breakers_open", center=CENTER, scope="center") == 1
    assert of(values, "center_blocked", center=CENTER, cause="arrears") == 1
    assert of(values, "center_blocked", center=CENTER, cause="frozen") == 0


async def test_a_large_fleet_lets_others_go_on_and_one_removed_meanwhile_is_left_out() -> None:
    world = World(501)
    metrics = counting([], world.fleet)
    del world.fleet.instances[InstanceId("a500")]
    values = await shown(metrics)
    assert sum(name == "instance_up" for name, _ in values) == 500


async def test_every_metric_is_described_on_its_page_and_no_label_is_prometheus_own() -> None:
    world = World(1)
    world.run(MINUTE)
    events = [told(K.RESTART_ACCEPTED), told(K.RESTART_RECOVERED, verdict="recovered")]
    text, _ = await counting(events, world.fleet).page()
    page = PAGE.read_text()
    for family in text_string_to_metric_families(text.decode()):
        if family.name.startswith("process_"):
            continue
        suffix = "_total" if family.type == "counter" else ""
        assert f"`{family.name.removeprefix('scnet_watchdog_')}{suffix}`" in page, family.name
        for sample in family.samples:
            assert not sample.labels.keys() & {"instance", "job"}


def test_counting_loads_no_client_of_prometheus() -> None:
    code = (
        "import sys; from scnet_watchdog.adapters.telemetry.metrics import Metrics; "
        "Metrics('1', lambda: None); sys.exit('prometheus_client' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
