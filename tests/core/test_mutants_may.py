"""Waits and gates to the very moment: semantics 2 and 5, each asked of its own function."""

from dataclasses import replace
from datetime import timedelta

import pytest

from builders import CENTER, HOUR, MINUTE, SECOND, T0
from mutants_support import (
    A0,
    center_of,
    draft_of,
    episode,
    put,
    put_center,
    view,
    watch,
)
from scnet_watchdog.core import may
from scnet_watchdog.core.attempt import Attempt
from scnet_watchdog.core.backoff import grown, wait_after
from scnet_watchdog.core.center import Block, CenterBreaker, Ramp, Throttle
from scnet_watchdog.core.decision import Decision, Reason
from scnet_watchdog.core.gates import Wish, shut_gate, throttle_shut
from scnet_watchdog.core.model import BlockCause
from scnet_watchdog.core.outcome import OutcomeKind
from scnet_watchdog.core.policy import BreakerPolicy, Budget, Cooldown, Limits, Policy
from scnet_watchdog.core.state import (
    BreakerState,
    Call,
    Ledger,
    Order,
    Rejection,
    Row,
    Sight,
    Watch,
)

OPENED = episode(breaker=BreakerState.OPEN, opened_at=T0, openings=1, failures=3)
REFUSED = Block(BlockCause.ARREARS, T0, T0, by_restart=True)
"""A block that a restart found out, and that no restart may test yet."""
HALF_OPEN = CenterBreaker(BreakerState.HALF_OPEN, T0, openings=1)


def gate(at: timedelta = SECOND, free: int = 6, **center: object) -> Decision | None:
    """The first gate that is shut for a restart of our own, with these parts of the center."""
    draft = draft_of(3, at=at)
    put_center(draft, **center)
    return shut_gate(draft, CENTER, Wish(free=free))


# Confirming and rejection.


@pytest.mark.parametrize(("after", "told"), [(29, True), (30, False), (31, False)])
def test_the_moment_a_row_is_long_enough_is_told_only_while_it_is_to_come(
    after: int, told: bool
) -> None:
    draft = draft_of(at=after * SECOND)
    state = put(draft)
    draft.put(replace(state, sight=Sight(T0, T0, restartable=Row(1, T0, T0))))
    held = may.confirming(view(draft))
    assert held is not None
    assert held.next_at == (T0 + 30 * SECOND if told else None)


@pytest.mark.parametrize(
    ("recheck", "longest", "waits"),
    [
        (10 * MINUTE, 6 * HOUR, [10, 20, 40, 80, 160, 320, 360, 360]),
        # A recheck longer than the longest opening is waited for all the same.
        (20 * MINUTE, 15 * MINUTE, [20, 20, 20]),
    ],
)
def test_each_rejection_in_a_row_doubles_the_wait_up_to_the_longest_opening(
    recheck: timedelta, longest: timedelta, waits: list[int]
) -> None:
    policy = Policy(breaker=BreakerPolicy(open_for=MINUTE, max_open=longest))
    draft = draft_of(policy=policy, limits=Limits(blocked_recheck=recheck))
    for tries, minutes in enumerate(waits, 1):
        assert may.retry_at(view(draft), Rejection(T0, tries)) == T0 + minutes * MINUTE


# What comes before what.


def test_a_blocked_center_is_the_reason_before_an_open_breaker() -> None:
    draft = draft_of()
    put(draft, episode=OPENED)
    put_center(draft, block=REFUSED)
    held = may.center_blocked(view(draft))
    assert held is not None
    assert held.reason is Reason.CENTER_BLOCKED
    put_center(draft, block=replace(REFUSED, may_try=True))
    assert may.center_blocked(view(draft)) is None
    put_center(draft, block=None)
    assert may.center_blocked(view(draft)) is None


def test_in_shadow_mode_no_breaker_holds() -> None:
    for shadow in (True, False):
        draft = draft_of(shadow=shadow)
        put(draft, episode=OPENED)
        assert (may.breaker_open(view(draft)) is None) is shadow


# Cooldown.


@pytest.mark.parametrize(
    ("after", "reads", "holds", "moment"),
    [
        (119, 3, True, 120),
        (120, 3, False, None),
        (119, 0, True, 120),
        # The watch is over; only reads are missing, and nobody knows when they come.
        (120, 2, True, None),
    ],
)
def test_after_an_unclear_call_both_the_watch_and_the_reads_are_waited_for(
    after: int, reads: int, holds: bool, moment: int | None
) -> None:
    draft = draft_of(at=after * SECOND)
    put(draft, episode=episode(attempts=1, cautious_from=T0, watches=True, reads=reads))
    held = may.cooling_down(view(draft))
    assert (held is not None) is holds
    if held is not None:
        assert held.next_at == (T0 + moment * SECOND if moment else None)


def test_growth_stops_at_the_cap_and_never_goes_back() -> None:
    # 60 s × 2, 4, 8 … up to 15 min; steps below zero are none.
    waits = [grown(MINUTE, 2, steps, 15 * MINUTE) for steps in (-3, 0, 1, 2, 3, 4, 5, 500)]
    assert waits == [n * MINUTE for n in (1, 1, 2, 4, 8, 15, 15, 15)]
    assert grown(MINUTE, 0.5, 3, 15 * MINUTE) == MINUTE
    assert grown(20 * MINUTE, 2, 3, 15 * MINUTE) == 15 * MINUTE


def test_without_an_attempt_there_is_no_wait_and_after_one_its_first() -> None:
    steady = Cooldown(MINUTE, 2, 15 * MINUTE, 0)
    assert wait_after(0, steady, "a0", 1) == timedelta()
    assert wait_after(1, steady, "a0", 1) == MINUTE
    # The spread only lengthens: 60 s × (1 + 0.25 × u), u in [0, 1).
    spread = [wait_after(1, Cooldown(MINUTE, 2, HOUR, 0.25), "a0", seq) for seq in range(50)]
    assert MINUTE <= min(spread) < 63 * SECOND < 72 * SECOND < max(spread) < 75 * SECOND


# Budget.


def spent(at: timedelta, *calls: Call, budget: Budget | None = None) -> Decision | None:
    """What the budget says after those calls."""
    draft = draft_of(policy=Policy(budget=budget or Budget(2, HOUR, 30 * MINUTE)), at=at)
    state = put(draft)
    facts = replace(state.facts, ledger=Ledger(2, 1, calls))
    draft.put(replace(state, facts=facts))
    return may.budget_spent(view(draft))


def test_a_call_leaves_the_window_when_it_is_exactly_as_old_as_the_window() -> None:
    calls = Call(T0), Call(T0 + 50 * MINUTE)
    held = spent(59 * MINUTE, *calls)
    assert held is not None
    # The first leaves at 60 min; `then_every` after the last would be at 80.
    assert held.next_at == T0 + HOUR
    assert held.numbers == {"spent": 2, "of": 2}
    assert spent(HOUR, *calls) is None


def test_a_spent_budget_gives_one_call_exactly_then_every_after_the_last() -> None:
    calls = Call(T0), Call(T0 + 10 * MINUTE)
    held = spent(39 * MINUTE, *calls)
    assert held is not None
    # 10 + 30 min comes before the window's 60.
    assert held.next_at == T0 + 40 * MINUTE
    assert spent(40 * MINUTE, *calls) is None


def test_an_operators_call_and_one_out_of_the_window_are_not_in_the_budget() -> None:
    assert spent(MINUTE, Call(T0), Call(T0 + SECOND, by_operator=True)) is None
    assert spent(HOUR + MINUTE, Call(T0), Call(T0 + HOUR)) is None
    assert spent(HOUR + MINUTE, Call(T0 + 2 * MINUTE), Call(T0 + HOUR)) is not None
    # Out of the window it is not told among the spent either; the first is just out of it.
    held = spent(HOUR, Call(T0), Call(T0 + 30 * MINUTE), Call(T0 + 50 * MINUTE))
    assert held is not None
    assert held.numbers == {"spent": 2, "of": 2}


# Gates.


def test_a_block_that_may_be_tested_lets_one_canary_go_at_a_time() -> None:
    draft = draft_of(3)
    put_center(draft, block=replace(REFUSED, may_try=True))
    assert shut_gate(draft, CENTER, Wish(free=6)) is None
    under_way: list[tuple[Watch, bool]] = [
        (watch(canary=True), True),
        (watch(canary=False), False),
        (watch(canary=True, attempt=settled()), False),
    ]
    for one, shuts in under_way:
        put(draft, watch=one)
        assert (shut_gate(draft, CENTER, Wish(free=6)) is not None) is shuts
    put_center(draft, block=REFUSED)
    assert shut_gate(draft, CENTER, Wish(free=6)) is not None


def settled() -> Attempt:
    """An attempt whose call has been answered."""
    return replace(watch().attempt, outcome=OutcomeKind.ACCEPTED)


def test_a_throttle_tells_its_end_until_then_and_whoever_went_ahead_after_it() -> None:
    told = Throttle(T0, MINUTE, in_row=2, probing=A0, by_call=True)
    for after, ahead, moment in ((59, False, 60), (59, True, 60), (60, True, None)):
        draft = draft_of(at=after * SECOND)
        put_center(draft, throttle=told)
        if ahead:
            put(draft, watch=watch())
        shut = throttle_shut(draft, center_of(draft), Wish())
        assert shut is not None
        assert shut.next_at == (T0 + moment * SECOND if moment else None)
        assert shut.numbers == {"in_row": 2, "goes_first": A0 if ahead else None}
    draft = draft_of(at=MINUTE)
    put_center(draft, throttle=told)
    assert throttle_shut(draft, center_of(draft), Wish()) is None


@pytest.mark.parametrize(("places", "shut"), [(0, True), (1, False), (2, False)])
def test_a_half_open_center_waits_for_its_canary(places: int, shut: bool) -> None:
    ramp = Ramp(T0, places, grew_at=T0)
    held = gate(breaker=HALF_OPEN, ramp=ramp)
    assert (held is not None) is shut
    if held is not None:
        assert held.reason is Reason.CENTER_BREAKER_OPEN
        assert held.numbers == {"canary": "under way"}
        # One more may go a `start_deadline` after the canary went.
        assert held.next_at == T0 + 10 * MINUTE


def test_a_half_open_center_without_a_ramp_has_no_canary_to_wait_for() -> None:
    assert gate(breaker=HALF_OPEN, ramp=None) is None


def test_one_free_connection_is_enough_and_none_is_not() -> None:
    assert gate(free=1) is None
    shut = gate(free=0)
    assert shut is not None
    assert (shut.reason, shut.numbers) == (Reason.CENTER_BUSY, {"connections": 0})


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [({"draining": True}, Reason.DRAINING), ({"writable": False}, Reason.STATE_UNWRITABLE)],
)
def test_no_gate_opens_while_the_daemon_stops_or_cannot_write(
    trouble: dict[str, bool], reason: Reason
) -> None:
    draft = draft_of()
    draft.situation = replace(draft.situation, **trouble)  # type: ignore[arg-type]
    shut = shut_gate(draft, CENTER, Wish(free=6))
    assert shut is not None
    assert shut.reason is reason


def test_an_order_passes_confirming_cooldown_and_budget() -> None:
    draft = draft_of()
    put(draft, order=Order(T0, "eve"), episode=replace(OPENED, waits_from=T0, attempts=1))
    for rung in (may.confirming, may.cooling_down, may.breaker_open, may.budget_spent):
        assert rung(view(draft)) is None
