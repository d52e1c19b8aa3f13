"""Semantics 6: the ladder in its order, what stands above what, and what `explain` shows of it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from builders import CENTER, HOUR, KEY, MINUTE, SECOND, T0, World
from center_support import ARREARS, EAGER, INVALID, PLATFORM, START_FAILURE, THROTTLED, answers
from scnet_watchdog.core.command import PlaceHold, RestartNow, Scope, ScopeKind
from scnet_watchdog.core.decision import Check, Decision, Reason
from scnet_watchdog.core.explain import explain
from scnet_watchdog.core.inputs import Situation
from scnet_watchdog.core.model import BlockCause, InstanceId, PollFailed, Status
from scnet_watchdog.core.policy import Budget, Confirm, Cooldown, Limits, Mode, Policy

A0 = InstanceId("a0")
AT_ONCE = replace(EAGER, confirm=Confirm(1, timedelta()))

DOCUMENTED = (
    "watch_only draining "
    "center_blocked quiet_start source_blind missing status_unknown "
    "stuck_waiting verifying starting healthy not_restartable "
    "held confirming rejected center_blocked breaker_open cooling_down budget_spent "
    # Where a restart would follow.
    "state_unwritable "
    # The gates begin with the canary of a blocked center.
    "center_blocked throttled center_breaker_open storm center_rate center_busy shadow"
)


def explained(world: World, id_: str = "a0", **situation: bool) -> tuple[Decision, list[Check]]:
    """The answer and the checks of one instance now, with six free connections."""
    now = Situation(world.now, free={CENTER: 6}, **{**world.situation, **situation})
    found = explain(world.fleet, InstanceId(id_), now)
    return found.decision, list(found.checks)


def details(world: World, id_: str = "a0", **situation: bool) -> dict[str, str]:
    """The last check of each name, with its numbers."""
    return {check.name: check.detail for check in explained(world, id_, **situation)[1]}


def failed(world: World, id_: str = "a0", **situation: bool) -> list[str]:
    """The checks that do not pass, in order."""
    return [check.name for check in explained(world, id_, **situation)[1] if not check.passed]


def down(policy: Policy = AT_ONCE, limits: Limits | None = None) -> World:
    """Failed, and not polled yet."""
    return World(1, policy, limits, start=Status.FAILED)


def test_the_checks_are_those_of_the_ladder_in_its_order() -> None:
    world = World(1)
    world.poll()
    assert [str(check.name) for check in explained(world)[1]] == DOCUMENTED.split()


# What stands above what: two hold at once, the upper one is the answer.


def hold(world: World) -> None:
    world.turn(PlaceHold(Scope(ScopeKind.INSTANCE, A0), "ann", HOUR))


def reads_refused(world: World) -> None:
    cause = BlockCause.TOKEN_EXPIRED
    world.turn(PollFailed(KEY, world.now, world.now, "no", cause, "10008"))


def held_and_confirming() -> World:
    world = down(Policy())
    hold(world)
    world.poll()
    return world


def rejected_and_blocked() -> World:
    world = World(2, AT_ONCE, start=Status.FAILED)
    world.answer = lambda attempt: INVALID if attempt.instance == A0 else ARREARS
    world.run(5 * SECOND)
    return world


def verifying_and_held() -> World:
    world = down()
    world.run(5 * SECOND)
    hold(world)
    return world


def open_and_cooling_and_spent() -> World:
    waits = Cooldown(6 * MINUTE, 1, 6 * MINUTE, 0)
    world = down(replace(AT_ONCE, cooldown=waits, budget=Budget(3, 24 * HOUR, HOUR)))
    world.answer = answers(START_FAILURE)
    world.run(13 * MINUTE)
    assert len(world.calls) == 3
    return world


def cooling_and_spent() -> World:
    world = down(replace(AT_ONCE, cooldown=Cooldown(HOUR, 1, HOUR, 0), budget=Budget(1)))
    world.answer = answers(START_FAILURE)
    world.run(MINUTE)
    return world


def blind_and_missing() -> World:
    world = World(1, start=Status.MISSING)
    world.poll()
    world.now += 91 * SECOND
    return world


def refused_and_unseen() -> World:
    world = World(1)
    reads_refused(world)
    return world


def refused_and_blind() -> World:
    world = down(Policy())
    world.poll()
    world.now += 91 * SECOND
    reads_refused(world)
    return world


def stuck_and_verifying() -> World:
    world = down()
    world.run(5 * SECOND)
    world.show(Status.DEPLOYING)
    world.run(10 * SECOND)
    # Waiting long enough by the last opinion, while the next read is not there to judge it.
    world.show(Status.WAITING)
    world.run(59 * MINUTE + 30 * SECOND)
    world.polling = False
    world.run(50 * SECOND)
    return world


def cautious_and_throttled() -> World:
    world = down(replace(AT_ONCE, cooldown=Cooldown(SECOND, 1, SECOND, 0)))
    world.answer = answers(PLATFORM)
    world.run(5 * SECOND)
    world.turn(PollFailed(KEY, world.now, world.now, "429", throttled=True))
    return world


def throttled_alone() -> World:
    world = down()
    world.answer = answers(THROTTLED)
    world.run(5 * SECOND)
    return world


PRECEDENCE: list[tuple[Callable[[], World], list[str]]] = [
    (held_and_confirming, ["held", "confirming"]),
    (rejected_and_blocked, ["rejected", "center_blocked"]),
    (verifying_and_held, ["verifying", "held"]),
    (open_and_cooling_and_spent, ["breaker_open", "cooling_down", "budget_spent"]),
    (cooling_and_spent, ["cooling_down", "budget_spent"]),
    (blind_and_missing, ["source_blind", "missing"]),
    (refused_and_unseen, ["center_blocked", "quiet_start"]),
    (refused_and_blind, ["center_blocked", "source_blind"]),
    (stuck_and_verifying, ["stuck_waiting", "verifying"]),
    (cautious_and_throttled, ["cooling_down", "throttled"]),
    (throttled_alone, ["throttled"]),
]


@pytest.mark.parametrize(("build", "upper"), PRECEDENCE)
def test_the_first_check_that_fails_is_the_answer(
    build: Callable[[], World], upper: list[str]
) -> None:
    world = build()
    first = [name for name in failed(world) if name in upper]
    assert list(dict.fromkeys(first)) == upper
    assert explained(world)[0].reason == upper[0]


@pytest.mark.parametrize("build", [build for build, _ in PRECEDENCE])
def test_draining_stands_above_all_that_is_seen_and_watch_only_above_draining(
    build: Callable[[], World],
) -> None:
    world = build()
    assert explained(world, draining=True)[0].reason is Reason.DRAINING
    watched = replace(world.roster.members[A0], policy=Policy(mode=Mode.WATCH))
    world.reload(replace(world.roster, members={A0: watched}))
    assert explained(world, draining=True)[0].reason is Reason.WATCH_ONLY


def test_an_unwritable_state_is_told_only_where_a_restart_would_follow() -> None:
    cooling = cooling_and_spent()
    assert explained(cooling, writable=False)[0].reason is Reason.COOLING_DOWN
    throttled = throttled_alone()
    assert explained(throttled, writable=False)[0].reason is Reason.STATE_UNWRITABLE
    assert failed(throttled, writable=False) == ["state_unwritable", "throttled"]


# Numbers.


def test_a_check_that_fails_shows_its_numbers_and_its_moment() -> None:
    world = open_and_cooling_and_spent()
    found = details(world)
    # Opened by the third failure, answered at 721 s, for half an hour.
    assert found["breaker_open"] == (
        "failures 3, openings 1, open_until 2026-03-01T12:42:01+00:00, "
        "until 2026-03-01T12:42:01+00:00"
    )
    # Saved at 720 s; six minutes from then.
    assert found["cooling_down"] == "attempts 3, not_sent 0, until 2026-03-01T12:18:00+00:00"
    # One more an hour after the last.
    assert found["budget_spent"] == "spent 3, of 3, until 2026-03-01T13:12:00+00:00"


def test_a_check_that_passes_shows_how_far_it_is() -> None:
    world = down()
    world.answer = answers(START_FAILURE)
    world.run(9 * SECOND)
    found = details(world)
    assert found["breaker_open"] == "failures 1, of 3"
    assert found["budget_spent"] == "spent 1, of 1000"
    assert found["confirming"] == "reads 1, of 1"
    assert found["center_rate"] == "made 1, of 10"
    assert found["center_busy"] == "in_flight 0, of 2"
    assert found["quiet_start"] == "seen_at 2026-03-01T12:00:00+00:00"
    assert found["source_blind"] == "blind_at 2026-03-01T12:01:30+00:00"
    assert found["not_restartable"] == "status failed"
    assert found["storm"] == ""
    world.run(2 * SECOND)
    assert details(world)["cooling_down"].startswith("attempts 2, not_sent 0, until ")


def test_an_instance_that_was_never_in_trouble_has_its_numbers_too() -> None:
    world = World(1)
    world.poll()
    found = details(world)
    assert found["breaker_open"] == "failures 0, of 3"
    assert found["cooling_down"] == "attempts 0"
    assert found["confirming"] == "reads 0, of 2"


def test_a_cooldown_that_is_over_tells_when_that_was() -> None:
    world = down()
    world.answer = answers(START_FAILURE)
    world.run(SECOND)
    world.polling = False
    world.now = T0 + 10 * SECOND
    assert details(world)["cooling_down"] == "attempts 1, cooled_at 2026-03-01T12:00:10+00:00"
    assert explained(world)[0].reason is Reason.FAILED


def test_the_gates_are_shown_whatever_the_instance_itself_does() -> None:
    limits = Limits(max_in_flight=1, restarts_per_hour=1)
    world = World(2, AT_ONCE, limits, start=Status.FAILED)
    world.poll()
    assert failed(world, "a1") == ["center_rate", "center_busy"]
    found = details(world, "a1")
    assert found["center_rate"] == "made 1, of 1, until 2026-03-01T13:00:00+00:00"
    assert found["center_busy"] == "in_flight 1, of 1"
    assert failed(world, "a0")[0] == "verifying"


def test_the_places_of_a_ramp_are_shown() -> None:
    world = World(6, AT_ONCE, start=Status.FAILED)
    world.poll()
    waiting = next(id_ for id_ in world.fleet.instances if world.reason(id_) is Reason.STORM)
    found = details(world, waiting)["storm"]
    assert found == "passed 0, storm True, until 2026-03-01T12:10:00+00:00"
    world.run(2 * SECOND)
    world.show(Status.RUNNING, *(one for _, one in world.calls))
    world.free = 0
    world.run(10 * SECOND)
    # The canary runs: two more places, and no connection to use them.
    assert details(world, waiting)["storm"] == "places 2, passed 1"


def test_who_waits_for_capacity_has_a_moment_and_who_deploys_has_none() -> None:
    world = World(1, start=Status.WAITING)
    world.poll()
    # Stuck after an hour.
    assert explained(world)[0] == Decision(Reason.STARTING, T0 + HOUR, {"since": T0})
    world.show(Status.DEPLOYING)
    world.now = T0 + 10 * SECOND
    world.poll()
    assert explained(world)[0] == Decision(Reason.STARTING, None, {"since": world.now})


def test_shadow_is_the_last_check_and_shows_when_the_next_would_be_told() -> None:
    world = down(replace(AT_ONCE, mode=Mode.SHADOW))
    world.poll()
    answer, checks = explained(world)
    assert answer.reason is Reason.SHADOW
    assert answer.next_at == T0 + 10 * SECOND
    assert checks[-1] == Check("shadow", False, "calls 1, until 2026-03-01T12:00:10+00:00")
    world.now = T0 + 10 * SECOND
    # It would be told now, and held all the same.
    assert explained(world)[0] == Decision(Reason.SHADOW)


def test_shadow_says_throttled_as_the_turn_does() -> None:
    world = down(replace(AT_ONCE, mode=Mode.SHADOW))
    world.turn(PollFailed(KEY, T0, T0, "429", throttled=True))
    world.polling = False
    world.poll()
    assert world.reason() is Reason.THROTTLED
    assert explained(world)[0].reason is Reason.THROTTLED


def test_an_order_passes_the_checks_that_an_operator_overrules() -> None:
    world = open_and_cooling_and_spent()
    world.free = 0
    world.turn(RestartNow(A0, "ann"))
    assert failed(world) == []
    assert explained(world)[0].reason is Reason.OPERATOR


def test_a_moment_that_has_passed_is_not_told_as_the_next_one() -> None:
    """Thirty seconds are over, but five reads are not there yet."""
    world = down(Policy(confirm=Confirm(5, 30 * SECOND)))
    world.poll()
    assert explained(world)[0].next_at == T0 + 30 * SECOND
    world.now += 40 * SECOND
    world.poll()
    assert explained(world)[0] == Decision(Reason.CONFIRMING, None, {"reads": 2, "of": 5})
