"""Who goes first, and the last look before a call: semantics 3 and 5."""

from dataclasses import replace
from typing import Any

import pytest

from builders import CENTER, HOUR, KEY, MINUTE, SECOND, T0
from mutants_support import A0, draft_of, episode, put, put_center, wanting, watch
from scnet_watchdog.core.allot import Granted, allot
from scnet_watchdog.core.attempt import Attempt
from scnet_watchdog.core.center import Block, Ramp, Throttle
from scnet_watchdog.core.decision import Decision, Reason
from scnet_watchdog.core.draft import Draft
from scnet_watchdog.core.inputs import Input
from scnet_watchdog.core.model import (
    BlockCause,
    InstanceId,
    Page,
    Status,
)
from scnet_watchdog.core.policy import Limits
from scnet_watchdog.core.recheck import still_allowed
from scnet_watchdog.core.state import BreakerState, Order, Sight

A1, A2 = InstanceId("a1"), InstanceId("a2")
BY_RESTART = Block(BlockCause.ARREARS, T0, T0, by_restart=True)


# Who goes first.


def held(draft: Draft, given: Granted) -> dict[InstanceId, Decision]:
    """Who is still in line, and why each of them is."""
    gave = {one.instance for one in given.attempts}
    line = draft.index(CENTER).wanting
    return {id_: given.held.get(id_, given.others) for id_ in line if id_ not in gave}


def granted(draft: Draft, free: int = 6) -> list[str]:
    """Who is given a restart, in order."""
    draft.situation = replace(draft.situation, free={CENTER: free})
    return [one.instance for one in allot(draft, CENTER).attempts]


ONE_AT_A_TIME = Limits(max_in_flight=1)


def test_free_slots_go_to_the_fewest_attempts_then_to_the_longest_down() -> None:
    draft = draft_of(5, limits=Limits(max_in_flight=4))
    wanting(draft, "a0", episode=episode(attempts=2))
    wanting(draft, "a1", episode=episode(attempts=1))
    wanting(draft, "a2", "a3", "a4")
    for id_, minutes in (("a2", 1), ("a3", 3), ("a4", 2)):
        state = draft.state(InstanceId(id_))
        draft.put(replace(state, facts=replace(state.facts, since=T0 - minutes * MINUTE)))
        draft.line_up(state.id)
    # An attempt that failed long ago does not make a trial of it: last call is no matter here.
    assert granted(draft) == ["a3", "a4", "a2", "a1"]


def test_whoever_has_no_episode_yet_comes_before_whoever_was_tried() -> None:
    draft = draft_of(3, limits=ONE_AT_A_TIME)
    wanting(draft, "a0", episode=episode(attempts=1))
    wanting(draft, "a1", episode=None)
    assert granted(draft) == ["a1"]


CANARY = {"ramp": Ramp(T0, 1, 0, grew_at=T0)}
TESTED = {"block": replace(BY_RESTART, may_try=True)}


@pytest.mark.parametrize("center", [CANARY, TESTED])
def test_the_canary_has_a_closed_breaker_if_possible_and_was_tried_least_recently(
    center: dict[str, object],
) -> None:
    draft = draft_of(4, at=HOUR)
    put_center(draft, **center)
    half_open = episode(breaker=BreakerState.HALF_OPEN, opened_at=T0)
    wanting(draft, "a0", episode=half_open)
    wanting(draft, "a1", episode=episode(last_call_at=T0 + 2 * MINUTE))
    wanting(draft, "a2", episode=episode(last_call_at=T0 + MINUTE, attempts=3))
    assert granted(draft) == ["a2"]
    attempt = draft.wanted[0]
    assert attempt.reason is Reason.CANARY


@pytest.mark.parametrize("untried", [None, episode()])
def test_who_was_never_tried_is_canary_before_who_was(untried: object) -> None:
    draft = draft_of(4, at=HOUR)
    put_center(draft, **CANARY)
    wanting(draft, "a1", episode=episode(last_call_at=T0))
    wanting(draft, "a2", episode=untried)
    assert granted(draft) == ["a2"]


def test_who_an_operator_asked_for_is_not_asked_again_as_a_canary() -> None:
    draft = draft_of(4, at=HOUR, limits=Limits(max_in_flight=9))
    put_center(draft, **CANARY)
    wanting(draft, "a0", episode=episode(), order=Order(T0, "eve"))
    wanting(draft, "a1", episode=episode(last_call_at=T0))
    draft.situation = replace(draft.situation, free={CENTER: 3})
    given = allot(draft, CENTER)
    assert [one.instance for one in given.attempts] == [A0, A1]
    assert given.held == {}


def test_after_a_pass_the_line_is_the_usual_one() -> None:
    draft = draft_of(4, at=HOUR)
    put_center(draft, ramp=Ramp(T0, 1, 1, grew_at=T0))
    wanting(draft, "a1", episode=episode(last_call_at=T0, attempts=1))
    wanting(draft, "a2", episode=episode(last_call_at=T0 + MINUTE))
    assert granted(draft) == ["a2"]
    assert draft.wanted[0].reason is Reason.FAILED


def test_who_is_not_served_hears_which_gate_is_shut() -> None:
    draft = draft_of(4, limits=ONE_AT_A_TIME)
    wanting(draft, "a0", "a1", "a2")
    given = allot(draft, CENTER)
    assert [one.instance for one in given.attempts] == ["a0"]
    assert {id_: one.reason for id_, one in held(draft, given).items()} == {
        A1: Reason.CENTER_BUSY,
        A2: Reason.CENTER_BUSY,
    }


def test_each_grant_takes_a_connection() -> None:
    draft = draft_of(4, limits=Limits(max_in_flight=9))
    wanting(draft, "a0", "a1", "a2")
    assert granted(draft, free=2) == ["a0", "a1"]
    draft = draft_of(4, limits=Limits(max_in_flight=9))
    wanting(draft, "a0", "a1")
    draft.situation = replace(draft.situation, free={})
    given = allot(draft, CENTER)
    assert given.attempts == []
    assert held(draft, given)[A0].numbers == {"connections": 0}


def test_an_order_goes_before_the_others_and_the_oldest_first() -> None:
    draft = draft_of(4, limits=Limits(max_in_flight=2))
    wanting(draft, "a0")
    wanting(draft, "a1", order=Order(T0, "eve"))
    wanting(draft, "a2", order=Order(T0 - SECOND, "adam"))
    assert granted(draft) == ["a2", "a1"]
    assert [one.reason for one in draft.wanted] == [Reason.OPERATOR] * 2


def test_an_order_hears_its_own_gate_and_not_the_others() -> None:
    draft = draft_of(4, limits=Limits(restarts_per_hour=1))
    put_center(draft, ramp=Ramp(T0, 0, 0, grew_at=T0))
    wanting(draft, "a0")
    wanting(draft, "a1", order=Order(T0, "eve"))
    wanting(draft, "a2", order=Order(T0 + SECOND, "eve"))
    given = allot(draft, CENTER)
    assert [one.instance for one in given.attempts] == ["a1"]
    # The ramp holds the others; an operator's restart passes it, and waits for the rate.
    reasons = {id_: one.reason for id_, one in held(draft, given).items()}
    assert reasons == {A0: Reason.STORM, A2: Reason.CENTER_RATE}


def test_orders_take_connections_too_and_nobody_is_asked_twice() -> None:
    for free, gave in ((1, ["a1"]), (2, ["a1", "a2"]), (4, ["a1", "a2", "a0"])):
        draft = draft_of(4, limits=Limits(max_in_flight=9))
        wanting(draft, "a0")
        wanting(draft, "a1", order=Order(T0, "eve"))
        wanting(draft, "a2", order=Order(T0 + SECOND, "eve"))
        draft.situation = replace(draft.situation, free={CENTER: free})
        given = allot(draft, CENTER)
        assert [one.instance for one in given.attempts] == gave
        assert set(held(draft, given)) == {A0, A1, A2} - set(gave)
        for one in held(draft, given).values():
            assert (one.reason, one.numbers) == (Reason.CENTER_BUSY, {"connections": 0})


def test_who_was_not_asked_while_a_gate_is_open_waits_for_a_place() -> None:
    draft = draft_of(2, at=HOUR)
    wanting(draft, "a0", "a1")
    state = draft.state(A0)
    draft.put(replace(state, sight=replace(state.sight, asked_at=draft.now - MINUTE)))
    draft.situation = replace(draft.situation, free={CENTER: 1})
    given = allot(draft, CENTER)
    # The one place goes to a0, whose read is too old: a1 is not asked this time.
    assert given.attempts == []
    assert given.held[A0].reason is Reason.CONFIRMING
    assert A1 not in given.held
    assert (given.others.reason, given.others.numbers) == (Reason.CENTER_BUSY, {})


def test_no_episode_counts_as_one_without_attempts() -> None:
    draft = draft_of(3, limits=ONE_AT_A_TIME)
    wanting(draft, "a0", "a1")
    put_back = draft.state(A1)
    care = replace(put_back.facts.care, episode=None)
    draft.put(replace(put_back, facts=replace(put_back.facts, care=care, since=T0 - SECOND)))
    draft.line_up(A1)
    # Both have no attempts; a0 has been down longer.
    assert granted(draft) == ["a0"]


@pytest.mark.parametrize(("age", "goes"), [(30, True), (31, False)])
def test_an_observation_older_than_one_interval_is_looked_at_again_first(
    age: int, goes: bool
) -> None:
    draft = draft_of(1, at=HOUR)
    wanting(draft, "a0")
    state = draft.state(A0)
    asked = draft.now - age * SECOND
    draft.put(replace(state, sight=replace(state.sight, asked_at=asked)))
    given = allot(draft, CENTER)
    assert bool(given.attempts) is goes
    assert draft.looks == ({} if goes else {KEY: {A0}})
    if not goes:
        held = given.held[A0]
        assert (held.reason, held.next_at) == (Reason.CONFIRMING, None)
        assert held.numbers == {"looking": "again"}


# The last look.


def under_way(draft: Draft, **care: Any) -> Attempt:
    """An attempt of a0 that is about to be called, seen failed just now."""
    one = watch()
    open_: dict[str, Any] = {"watch": one, "episode": episode(), **care}
    state = put(draft, **open_)
    draft.put(replace(state, sight=Sight(draft.now, draft.now)))
    return one.attempt


def verdict(draft: Draft, attempt: Attempt, *pending: Input) -> str | None:
    """Why the call may not go, or None."""
    draft.fleet.instances.update(draft.instances)
    draft.fleet.centers.update(draft.centers)
    return still_allowed(draft.fleet, attempt, draft.situation, pending)


def test_a_call_goes_when_nothing_has_changed_also_without_an_episode() -> None:
    draft = draft_of(1, at=MINUTE)
    assert verdict(draft, under_way(draft)) is None
    assert verdict(draft, under_way(draft, episode=None)) is None


def test_a_call_of_another_attempt_than_the_open_one_does_not_go() -> None:
    draft = draft_of(1, at=MINUTE)
    attempt = under_way(draft)
    later = replace(attempt, seq=2)
    assert verdict(draft, later) == "the attempt is already settled"


@pytest.mark.parametrize(("asked", "goes"), [(59, True), (60, True), (61, False)])
def test_only_a_read_asked_later_than_the_last_one_counts(asked: int, goes: bool) -> None:
    draft = draft_of(1, at=MINUTE)
    attempt = under_way(draft)
    page = Page(KEY, T0 + asked * SECOND, draft.now, {A0: Status.RUNNING})
    assert (verdict(draft, attempt, page) is None) is goes


def test_a_waiting_read_stands_in_for_one_that_is_missing() -> None:
    draft = draft_of(1, at=MINUTE)
    attempt = under_way(draft)
    draft.put(replace(draft.state(A0), sight=Sight()))
    assert verdict(draft, attempt) == "the last read is too old"
    page = Page(KEY, draft.now, draft.now, {A0: Status.RUNNING})
    assert verdict(draft, attempt, page) == "a newer read shows running"


@pytest.mark.parametrize(
    ("may_try", "canary", "goes"),
    [(True, True, True), (True, False, False), (False, True, False)],
)
def test_only_the_canary_of_a_block_that_may_be_tested_goes(
    may_try: bool, canary: bool, goes: bool
) -> None:
    draft = draft_of(1, at=MINUTE)
    put_center(draft, block=replace(BY_RESTART, may_try=may_try))
    attempt = under_way(draft, watch=watch(canary=canary))
    assert verdict(draft, attempt) == (None if goes else "the center is blocked")


@pytest.mark.parametrize(
    ("length", "probing", "goes"),
    [(61, A0, False), (60, A0, True), (60, None, True), (60, A1, False)],
)
def test_after_a_throttle_only_the_one_that_went_ahead_goes(
    length: int, probing: InstanceId | None, goes: bool
) -> None:
    draft = draft_of(2, at=MINUTE)
    put(draft, "a1", watch=watch("a1"))
    put_center(draft, throttle=Throttle(T0, length * SECOND, probing=probing, by_call=True))
    assert verdict(draft, under_way(draft)) == (None if goes else "the center is throttled")


@pytest.mark.parametrize("reason", [Reason.OPERATOR, Reason.FAILED])
def test_a_breaker_that_opened_meanwhile_stops_all_but_an_operators_call(reason: Reason) -> None:
    draft = draft_of(1, at=MINUTE)
    opened = episode(breaker=BreakerState.OPEN, opened_at=T0, openings=1)
    one = watch()
    one = replace(one, attempt=replace(one.attempt, reason=reason))
    attempt = under_way(draft, watch=one, episode=opened)
    goes = reason is Reason.OPERATOR
    assert verdict(draft, replace(attempt, reason=reason)) == (
        None if goes else "the breaker is open"
    )
