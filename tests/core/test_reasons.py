"""Every reason has a situation of its own, and the order of precedence decides between two."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from builders import CENTER, HOUR, KEY, MINUTE, SECOND, T0, World, member
from scnet_watchdog.core.command import PlaceHold, RestartNow, Scope, ScopeKind
from scnet_watchdog.core.decision import RESTART_REASONS, Reason
from scnet_watchdog.core.event import EventKind
from scnet_watchdog.core.explain import explain
from scnet_watchdog.core.inputs import Situation
from scnet_watchdog.core.model import BlockCause, InstanceId, Page, PollFailed, Status
from scnet_watchdog.core.outcome import Accepted, RefusalClass, Refused
from scnet_watchdog.core.pace import next_poll_at
from scnet_watchdog.core.policy import (
    Budget,
    Confirm,
    Cooldown,
    Limits,
    Mode,
    Policy,
    StormPolicy,
)
from scnet_watchdog.core.recheck import still_allowed

A0 = InstanceId("a0")
QUICK = Policy(confirm=Confirm(1, timedelta()), cooldown=Cooldown(60 * SECOND, 1, 60 * SECOND, 0))
START_FAILED = Refused(RefusalClass.PLATFORM, "716868")


def down(policy: Policy = QUICK, n: int = 1, limits: Limits | None = None, **more: int) -> World:
    """Instances that were seen running and are failed now; not polled yet."""
    world = World(n, policy, limits, **more)  # type: ignore[arg-type]
    world.poll()
    world.show(Status.FAILED)
    world.now += SECOND
    return world


def watch_only() -> World:
    world = down(replace(QUICK, mode=Mode.WATCH))
    world.poll()
    return world


def draining() -> World:
    world = down()
    world.situation["draining"] = True
    world.poll()
    return world


def state_unwritable() -> World:
    world = down()
    world.situation["writable"] = False
    world.poll()
    return world


def center_blocked_reads() -> World:
    world = down()
    world.poll()
    world.turn(PollFailed(KEY, world.now, world.now, "no", BlockCause.TOKEN_EXPIRED, "10008"))
    world.turn(due=["a0"])
    return world


def quiet_start() -> World:
    world = down()
    world.turn(due=["a0"])
    world.restart_daemon()
    world.turn(due=["a0"])
    return world


def source_blind() -> World:
    world = down(Policy())
    world.poll()
    world.now += 2 * MINUTE
    world.turn(due=["a0"])
    return world


def shown(status: Status) -> Callable[[], World]:
    def build() -> World:
        world = down()
        world.show(status)
        world.poll()
        return world

    return build


def stuck_waiting() -> World:
    world = shown(Status.WAITING)()
    world.run(61 * MINUTE)
    return world


def verifying() -> World:
    world = down()
    world.poll()
    return world


def not_restartable() -> World:
    world = down(replace(QUICK, restart_on=frozenset({Status.STOPPED})))
    world.poll()
    return world


def held() -> World:
    world = down()
    world.turn(PlaceHold(Scope(ScopeKind.INSTANCE, A0), "eve"))
    world.poll()
    return world


def confirming() -> World:
    world = down(Policy())
    world.poll()
    return world


def answered(answer: Refused, seconds: int = 5) -> World:
    world = down()
    world.answer = lambda attempt: answer
    world.poll()
    world.run(seconds * SECOND)
    return world


def budget_spent() -> World:
    world = down(replace(QUICK, budget=Budget(1, 24 * HOUR, HOUR)))
    world.answer = lambda attempt: START_FAILED
    world.run(5 * MINUTE)
    return world


def center_breaker_open() -> World:
    world = down(n=4, limits=Limits(max_in_flight=1))
    world.answer = lambda attempt: START_FAILED
    world.poll()
    world.run(5 * SECOND)
    return world


def storm() -> World:
    world = down(n=6, limits=Limits(storm=StormPolicy(0.5, 5, 10 * MINUTE)))
    world.poll()
    return world


def center_rate() -> World:
    world = down(n=2, limits=Limits(restarts_per_hour=1))
    world.answer = lambda attempt: Accepted()
    world.poll()
    return world


def center_busy() -> World:
    world = down(n=2, limits=Limits(max_in_flight=1))
    world.poll()
    return world


def shadow() -> World:
    world = down(replace(QUICK, mode=Mode.SHADOW))
    world.poll()
    return world


SITUATIONS: list[tuple[Reason, Callable[[], World]]] = [
    (Reason.WATCH_ONLY, watch_only),
    (Reason.DRAINING, draining),
    (Reason.STATE_UNWRITABLE, state_unwritable),
    (Reason.CENTER_BLOCKED, center_blocked_reads),
    (Reason.QUIET_START, quiet_start),
    (Reason.SOURCE_BLIND, source_blind),
    (Reason.MISSING, shown(Status.MISSING)),
    (Reason.STATUS_UNKNOWN, shown(Status.UNKNOWN)),
    (Reason.STUCK_WAITING, stuck_waiting),
    (Reason.VERIFYING, verifying),
    (Reason.STARTING, shown(Status.DEPLOYING)),
    (Reason.HEALTHY, shown(Status.RUNNING)),
    (Reason.NOT_RESTARTABLE, not_restartable),
    (Reason.HELD, held),
    (Reason.CONFIRMING, confirming),
    (Reason.REJECTED, lambda: answered(Refused(RefusalClass.INVALID, "10004"))),
    (Reason.CENTER_BLOCKED, lambda: answered(Refused(RefusalClass.ACCOUNT, "10007"))),
    (Reason.BREAKER_OPEN, lambda: answered(START_FAILED, 200)),
    (Reason.COOLING_DOWN, lambda: answered(START_FAILED)),
    (Reason.BUDGET_SPENT, budget_spent),
    (Reason.THROTTLED, lambda: answered(Refused(RefusalClass.THROTTLED, "http_429"))),
    (Reason.CENTER_BREAKER_OPEN, center_breaker_open),
    (Reason.STORM, storm),
    (Reason.CENTER_RATE, center_rate),
    (Reason.CENTER_BUSY, center_busy),
    (Reason.SHADOW, shadow),
]


def reasons(world: World) -> set[Reason | None]:
    situation = Situation(world.now, free={CENTER: 6}, **world.situation)
    told = {world.reason(id_) for id_ in world.fleet.instances}
    explained = {
        explain(world.fleet, id_, situation).decision.reason for id_ in world.fleet.instances
    }
    return told & explained


@pytest.mark.parametrize(("reason", "build"), SITUATIONS)
def test_each_reason_has_its_situation_and_explain_says_the_same(
    reason: Reason, build: Callable[[], World]
) -> None:
    assert reason in reasons(build())


def test_no_reason_is_left_out() -> None:
    assert {reason for reason, _ in SITUATIONS} == set(Reason) - RESTART_REASONS


def test_restart_reasons_are_told_with_the_request() -> None:
    seen = set()
    for status in (Status.STOPPED, Status.FAILED, Status.COMPLETED):
        world = down(replace(QUICK, restart_on=frozenset({status})))
        world.show(status)
        world.poll()
        seen.add(world.told(EventKind.RESTART_REQUESTED)[0].fields["reason"])
    trial = answered(START_FAILED, 200)
    trial.run(40 * MINUTE)
    seen.add(trial.told(EventKind.RESTART_REQUESTED)[-1].fields["reason"])
    stormy = storm()
    seen.add(stormy.told(EventKind.RESTART_REQUESTED)[0].fields["reason"])
    ordered = confirming()
    ordered.turn(RestartNow(A0, "eve"))
    seen.add(ordered.told(EventKind.RESTART_REQUESTED)[0].fields["reason"])
    assert seen == RESTART_REASONS


def test_explain_shows_all_checks_with_their_numbers() -> None:
    world = answered(START_FAILED)
    found = explain(world.fleet, A0, Situation(world.now, free={CENTER: 6}))
    checks = {check.name: check for check in found.checks}
    assert not checks[Reason.COOLING_DOWN].passed
    assert "attempts 1" in checks[Reason.COOLING_DOWN].detail
    assert "until 2026-03-01T12:01:01" in checks[Reason.COOLING_DOWN].detail
    assert checks[Reason.HELD].passed
    assert checks[Reason.CENTER_BUSY].passed
    assert found.decision.next_at == T0 + 61 * SECOND


def test_explain_says_restart_where_nothing_holds() -> None:
    world = down(n=2, limits=Limits(max_in_flight=1))
    world.poll()
    waiting = next(id_ for id_ in world.fleet.instances if world.reason(id_) is Reason.CENTER_BUSY)
    world.run(3 * SECOND)
    world.show(Status.RUNNING, *(id_ for id_ in world.shown if id_ != waiting))
    world.situation["writable"] = False
    world.run(20 * SECOND)
    found = explain(world.fleet, waiting, Situation(world.now, free={CENTER: 6}))
    assert found.decision.reason is Reason.FAILED
    assert found.decision.restarts


# The last look before a call.


def saved() -> World:
    """An attempt that was saved and not called yet."""
    world = down()
    world.poll()
    return world


def why_not(world: World, *pending: object, **situation: object) -> str | None:
    attempt = next(row for row in world.rows.values() if row.outcome is None)
    now = Situation(world.now, free={CENTER: 6}, **situation)  # type: ignore[arg-type]
    return still_allowed(world.fleet, attempt, now, pending)  # type: ignore[arg-type]


def test_a_saved_attempt_may_go_where_nothing_changed() -> None:
    assert why_not(saved()) is None


def test_a_drain_a_newer_read_or_a_hold_withdraws_it() -> None:
    world = saved()
    later = world.now + SECOND
    assert why_not(world, draining=True) == "the daemon is stopping"
    newer = Page(KEY, later, later, {A0: Status.RUNNING})
    older = Page(KEY, T0, T0, {A0: Status.RUNNING})
    assert why_not(world, newer) == "a newer read shows running"
    assert why_not(world, older) is None
    assert why_not(world, PlaceHold(Scope(ScopeKind.FLEET), "eve")) == "held"
    assert why_not(world, PlaceHold(Scope(ScopeKind.CENTER, "other"), "eve")) is None
    world.turn(PlaceHold(Scope(ScopeKind.FLEET), "eve"))
    assert why_not(world) == "held"


def test_a_read_older_than_two_intervals_carries_no_call() -> None:
    world = saved()
    world.now += 61 * SECOND
    assert why_not(world) == "the last read is too old"


def test_the_daemons_own_shadow_withdraws_it() -> None:
    assert why_not(saved(), shadow=True) == "the mode is shadow"


def test_an_attempt_that_is_settled_or_unwatched_is_not_called() -> None:
    world = saved()
    (attempt,) = world.rows.values()
    world.run(5 * SECOND)
    now = Situation(world.now, free={CENTER: 6})
    assert still_allowed(world.fleet, attempt, now, ()) == "the attempt is already settled"
    stranger = replace(attempt, instance=InstanceId("z9"))
    assert still_allowed(world.fleet, stranger, now, ()) == "the instance is no longer watched"


# When a source is asked next.


def test_a_source_is_asked_at_once_then_at_its_interval() -> None:
    world = World(1)
    now = Situation(world.now)
    assert next_poll_at(world.fleet, KEY, now, None) == T0
    world.poll()
    assert next_poll_at(world.fleet, KEY, now, T0) == T0 + 30 * SECOND


def test_it_is_asked_fast_while_confirming_and_exactly_when_that_can_complete() -> None:
    world = down(Policy(confirm=Confirm(2, 14 * SECOND)))
    world.poll()
    now = Situation(world.now)
    first = world.now
    assert next_poll_at(world.fleet, KEY, now, first) == first + 10 * SECOND
    # Asked again at +10 s, the read that completes the confirmation is the one at +14 s.
    assert next_poll_at(world.fleet, KEY, now, first + 10 * SECOND) == first + 14 * SECOND


def test_it_is_asked_fast_from_ten_seconds_before_a_due_call() -> None:
    world = down(replace(QUICK, cooldown=Cooldown(10 * MINUTE, 1, 10 * MINUTE, 0)))
    world.answer = lambda attempt: START_FAILED
    world.poll()
    world.run(5 * SECOND)
    due = T0 + SECOND + 10 * MINUTE
    now = Situation(world.now)
    assert next_poll_at(world.fleet, KEY, now, due - 25 * SECOND) == due - 10 * SECOND
    assert next_poll_at(world.fleet, KEY, now, world.now) == world.now + 30 * SECOND


def test_a_blocked_source_is_asked_rarely_and_a_throttled_center_not_at_all() -> None:
    blocked = center_blocked_reads()
    now = Situation(blocked.now)
    assert next_poll_at(blocked.fleet, KEY, now, blocked.now) == blocked.now + 10 * MINUTE
    told = answered(Refused(RefusalClass.THROTTLED, "http_429", retry_after=200 * SECOND))
    ends = told.told(EventKind.CENTER_THROTTLED)[0].at + 200 * SECOND
    assert next_poll_at(told.fleet, KEY, Situation(told.now), told.now) == ends


def test_a_stale_read_is_looked_at_again_before_a_call() -> None:
    """The cooldown ends between two polls that are too far apart."""
    policy = replace(QUICK, cooldown=Cooldown(40 * SECOND, 1, 40 * SECOND, 0))
    world = World([member("a0", policy)])
    world.poll()
    world.show(Status.FAILED)
    world.now += SECOND
    world.answer = lambda attempt: START_FAILED
    world.poll()
    world.polling = False
    world.run(60 * SECOND)
    # The last read was at 1 s, the cooldown ends at 41 s: 40 s are more than an interval.
    assert world.called() == [1.0, 41.0]
    assert world.state().sight.asked_at == T0 + 41 * SECOND
