"""What time alone does to an instance, and what a decision leaves: semantics 2 and 6."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from builders import CENTER, HOUR, MINUTE, SECOND, T0
from mutants_support import (
    A0,
    center_of,
    draft_of,
    episode,
    events,
    polled,
    put,
    put_center,
    seen,
    view,
    watch,
)
from scnet_watchdog.core import conclude
from scnet_watchdog.core.center import Block
from scnet_watchdog.core.command import Hold, Scope, ScopeKind
from scnet_watchdog.core.decision import Decision, Reason
from scnet_watchdog.core.draft import Draft
from scnet_watchdog.core.event import EventKind, Level
from scnet_watchdog.core.model import BlockCause, Status
from scnet_watchdog.core.outcome import OutcomeKind
from scnet_watchdog.core.policy import Cooldown, Mode, Policy
from scnet_watchdog.core.state import BreakerState, Order, ShadowCount

OWN = Scope(ScopeKind.INSTANCE, A0)


def visible(status: Status, at: timedelta = SECOND, **care: Any) -> Draft:
    """A turn in which a0 was seen at the start."""
    draft = polled(at=at)
    seen(draft, status, care=care)
    return draft


@pytest.mark.parametrize(
    ("after", "outcome", "slot", "free"),
    [
        (599, OutcomeKind.ACCEPTED, True, False),
        (600, OutcomeKind.ACCEPTED, True, True),
        (600, None, True, False),
        (600, OutcomeKind.ACCEPTED, False, True),
    ],
)
def test_a_slot_is_free_a_start_deadline_after_an_answered_call(
    after: int, outcome: OutcomeKind | None, slot: bool, free: bool
) -> None:
    one = watch(slot=slot)
    answered = replace(one, attempt=replace(one.attempt, outcome=outcome))
    draft = visible(Status.FAILED, after * SECOND, watch=answered, episode=episode())
    conclude.upkeep(draft, A0)
    found = draft.state(A0).facts.care.watch
    assert found is not None
    assert found.slot is not free


@pytest.mark.parametrize(("after", "ends"), [(24 * 3600 - 1, False), (24 * 3600, True)])
@pytest.mark.parametrize("open_", [True, False])
def test_an_episode_ends_a_day_after_its_last_call_unless_that_is_open(
    after: int, ends: bool, open_: bool
) -> None:
    draft = visible(
        Status.FAILED,
        after * SECOND,
        episode=episode(last_call_at=T0),
        watch=watch() if open_ else None,
    )
    conclude.upkeep(draft, A0)
    assert (draft.state(A0).facts.care.episode is None) is (ends and not open_)


@pytest.mark.parametrize(("after", "half"), [(1799, False), (1800, True)])
def test_a_breaker_is_half_open_when_its_time_is_over(after: int, half: bool) -> None:
    opened = episode(breaker=BreakerState.OPEN, opened_at=T0, openings=1)
    draft = visible(Status.FAILED, after * SECOND, episode=opened)
    conclude.upkeep(draft, A0)
    found = draft.state(A0).facts.care.episode
    assert found is not None
    assert (found.breaker is BreakerState.HALF_OPEN) is half
    assert (events(draft, EventKind.BREAKER_HALF_OPENED) != []) is half


def test_who_is_released_by_time_turns_restartable_then() -> None:
    draft = visible(Status.FAILED, MINUTE, hold=Hold(OWN, T0, MINUTE))
    conclude.upkeep(draft, A0)
    assert [one.instance for one in draft.turned[CENTER]] == [A0]
    other = visible(Status.FAILED, MINUTE)
    conclude.upkeep(other, A0)
    assert other.turned == {}


@pytest.mark.parametrize("shadow", [True, False])
def test_a_shadow_count_is_dropped_when_the_mode_changes(shadow: bool) -> None:
    draft = draft_of(shadow=shadow)
    count = ShadowCount(2, T0)
    put(draft, shadow=count)
    conclude.upkeep(draft, A0)
    assert draft.state(A0).facts.care.shadow == (count if shadow else None)


@pytest.mark.parametrize(
    ("before", "decision", "told"),
    [
        (None, Decision(Reason.QUIET_START), False),
        (None, Decision(Reason.HEALTHY), False),
        (Reason.QUIET_START, Decision(Reason.HEALTHY), False),
        (Reason.QUIET_START, Decision(Reason.CONFIRMING), True),
        (Reason.SOURCE_BLIND, Decision(Reason.HEALTHY), True),
        (None, Decision(Reason.NOT_RESTARTABLE), True),
        (Reason.CONFIRMING, Decision(Reason.CONFIRMING), False),
    ],
)
def test_a_reason_is_told_when_it_changes_but_not_that_all_is_well_at_the_start(
    before: Reason | None, decision: Decision, told: bool
) -> None:
    draft = visible(Status.FAILED)
    state = draft.state(A0)
    draft.put(replace(state, facts=replace(state.facts, reason=before)))
    conclude.conclude(draft, A0, decision)
    assert draft.state(A0).facts.reason is decision.reason
    assert (events(draft, EventKind.DECISION_CHANGED) != []) is told


@pytest.mark.parametrize(
    ("decision", "due", "waits"),
    [
        (Decision(Reason.COOLING_DOWN, T0 + HOUR), T0 + HOUR, False),
        (Decision(Reason.COOLING_DOWN), T0 + SECOND, False),
        (Decision(Reason.BREAKER_OPEN, T0 + HOUR), T0 + HOUR, False),
        (Decision(Reason.REJECTED, T0 + HOUR), T0 + HOUR, False),
        (
            Decision(Reason.BUDGET_SPENT, T0 + HOUR, {"spent": 3, "of": 2}),
            T0 + HOUR,
            False,
        ),
        (Decision(Reason.HELD, T0 + HOUR), T0 + HOUR, False),
        # A hold without an end waits for a person.
        (Decision(Reason.HELD), None, False),
        (Decision(Reason.CONFIRMING, T0 + HOUR), None, True),
        (Decision(Reason.STORM), None, True),
        (Decision(Reason.CENTER_RATE), None, True),
        (Decision(Reason.SOURCE_BLIND), None, True),
        (Decision(Reason.SHADOW), None, False),
    ],
)
def test_what_a_decision_says_of_the_next_call(
    decision: Decision, due: datetime | None, waits: bool
) -> None:
    draft = visible(Status.FAILED)
    conclude.conclude(draft, A0, decision)
    index = draft.index(CENTER)
    assert index.due.get(A0) == due
    assert (A0 in index.waits) is waits
    assert (A0 in index.hurry) is (decision.reason is Reason.CONFIRMING)
    assert center_of(draft).storm is None


@pytest.mark.parametrize(("after", "hurries"), [(599, True), (600, False)])
def test_a_young_attempt_is_polled_fast(after: int, hurries: bool) -> None:
    one = watch(slot=False)
    draft = visible(Status.DEPLOYING, after * SECOND, watch=one)
    conclude.conclude(draft, A0, Decision(Reason.VERIFYING))
    assert (A0 in draft.index(CENTER).hurry) is hurries


@pytest.mark.parametrize(
    ("care", "wake"),
    [
        # Blind at 90 s is the soonest where nothing comes earlier.
        ({}, 90),
        ({"hold": Hold(OWN, T0, 50 * SECOND)}, 50),
        ({"order": Order(T0 - 9 * MINUTE, "eve")}, 60),
        (
            {"watch": replace(watch(), attempt=replace(watch().attempt, saved_at=T0 - 9 * MINUTE))},
            60,
        ),
        (
            {"episode": episode(breaker=BreakerState.OPEN, opened_at=T0 - 29 * MINUTE, openings=1)},
            60,
        ),
        ({"episode": episode(last_call_at=T0 - 24 * HOUR + MINUTE)}, 60),
    ],
)
def test_the_next_wake_is_the_first_moment_at_which_time_changes_something(
    care: dict[str, Any], wake: int
) -> None:
    draft = visible(Status.FAILED, **care)
    conclude.conclude(draft, A0, Decision(Reason.HELD, T0 + HOUR))
    assert draft.wakes == {A0: T0 + wake * SECOND}
    # A moment that has passed is none.
    conclude.conclude(draft, A0, Decision(Reason.HELD, T0))
    assert draft.wakes == {A0: T0 + wake * SECOND}


def test_a_call_in_shadow_is_told_with_its_count_and_waits_for_its_own_cooldown() -> None:
    steady = Policy(mode=Mode.SHADOW, cooldown=Cooldown(MINUTE, 2, 15 * MINUTE, 0))
    draft = polled(policy=steady, at=timedelta(seconds=90.26))
    seen(draft, Status.FAILED, care={"shadow": ShadowCount(1, T0)})
    # 60 s after the first; after the second 120 s.
    decision = conclude.shadow(draft, A0)
    expected = Decision(Reason.SHADOW, draft.now + 2 * MINUTE, {"calls": 2})
    assert decision == expected
    assert draft.state(A0).facts.care.shadow == ShadowCount(2, draft.now)
    [event] = draft.events
    assert (event.kind, event.instance) == (EventKind.RESTART_REQUESTED, A0)
    assert event.fields == {
        "shadow": True,
        "attempt": 2,
        "reason": Status.FAILED,
        "status": Status.FAILED,
        "down_for_s": 90.3,
    }
    assert conclude.shadow(draft, A0) == expected
    assert len(draft.events) == 1


@pytest.mark.parametrize(("after", "waits"), [(59, True), (60, False)])
def test_a_shadow_count_waits_exactly_its_cooldown(after: int, waits: bool) -> None:
    steady = Policy(mode=Mode.SHADOW, cooldown=Cooldown(MINUTE, 2, 15 * MINUTE, 0))
    draft = polled(policy=steady, at=after * SECOND)
    assert conclude.shadow_waits(view(draft)) is None
    seen(draft, Status.FAILED, care={"shadow": ShadowCount(1, T0)})
    held = conclude.shadow_waits(view(draft))
    expected = Decision(Reason.SHADOW, T0 + MINUTE, {"calls": 1})
    assert held == (expected if waits else None)


@pytest.mark.parametrize("status", [Status.FAILED, Status.COMPLETED])
@pytest.mark.parametrize("mode", list(Mode))
def test_only_an_active_restartable_instance_keeps_a_storm_up_or_falls_due(
    status: Status, mode: Mode
) -> None:
    draft = polled(policy=Policy(mode=mode), at=SECOND)
    seen(draft, status)
    index = draft.own_index(CENTER)
    counts = mode is Mode.ACTIVE and status is Status.FAILED
    conclude.conclude(draft, A0, Decision(Reason.CONFIRMING))
    assert (A0 in index.waits) is counts
    conclude.conclude(draft, A0, Decision(Reason.COOLING_DOWN, T0 + HOUR))
    assert (A0 in index.due) is counts


@pytest.mark.parametrize(("calls", "told"), [(2, True), (3, False)])
def test_a_spent_budget_is_told_when_it_is_spent_and_not_at_each_call_after(
    calls: int, told: bool
) -> None:
    draft = visible(Status.FAILED)
    numbers = {"spent": calls, "of": 2}
    conclude.conclude(draft, A0, Decision(Reason.BUDGET_SPENT, T0 + HOUR, numbers))
    spent = [one.fields for one in events(draft, EventKind.BUDGET_SPENT)]
    assert spent == ([{"next_at": T0 + HOUR, **numbers}] if told else [])
    [changed] = events(draft, EventKind.DECISION_CHANGED)
    assert changed.fields == {"reason": Reason.BUDGET_SPENT, "next_at": T0 + HOUR, **numbers}


@pytest.mark.parametrize(
    ("previous", "reason", "since", "level"),
    [
        (Reason.VERIFYING, Reason.CENTER_BLOCKED, 0, Level.DEBUG),
        # Blocked in this very turn: that is news.
        (Reason.VERIFYING, Reason.CENTER_BLOCKED, 1, None),
        (Reason.CONFIRMING, Reason.CENTER_BLOCKED, 0, None),
        (Reason.VERIFYING, Reason.COOLING_DOWN, 0, None),
        (Reason.VERIFYING, Reason.CENTER_BLOCKED, None, None),
    ],
)
def test_the_end_of_a_blocked_centers_canary_is_silent_like_its_begin(
    previous: Reason, reason: Reason, since: int | None, level: Level | None
) -> None:
    draft = visible(Status.FAILED)
    state = draft.state(A0)
    draft.put(replace(state, facts=replace(state.facts, reason=previous)))
    if since is not None:
        began = T0 + since * SECOND
        put_center(draft, block=Block(BlockCause.ARREARS, began, began, by_restart=True))
    conclude.conclude(draft, A0, Decision(reason))
    [changed] = events(draft, EventKind.DECISION_CHANGED)
    assert changed.level is level
    assert changed.fields["previous"] is previous
