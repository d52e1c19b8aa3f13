"""A blocked center step by step, who goes first, and the last look: semantics 3, 4 and 5."""

from dataclasses import replace
from datetime import timedelta

import pytest

from builders import CENTER, HOUR, KEY, MINUTE, SECOND, SOURCE, T0
from mutants_support import A0, center_of, draft_of, episode, put, put_center, view, watch
from scnet_watchdog.core import block
from scnet_watchdog.core.allot import allot
from scnet_watchdog.core.attempt import Attempt
from scnet_watchdog.core.center import Block, Ramp, Seen, Throttle
from scnet_watchdog.core.decision import Reason
from scnet_watchdog.core.draft import Draft
from scnet_watchdog.core.event import EventKind
from scnet_watchdog.core.inputs import Input
from scnet_watchdog.core.model import (
    BlockCause,
    InstanceId,
    Page,
    PollFailed,
    SourceKey,
    Status,
    Swept,
)
from scnet_watchdog.core.policy import Limits
from scnet_watchdog.core.recheck import still_allowed
from scnet_watchdog.core.state import BreakerState, Order, Rejection, Row, Sight

A1, A2 = InstanceId("a1"), InstanceId("a2")
BY_RESTART = Block(BlockCause.ARREARS, T0, T0, by_restart=True)
BY_READS = Block(BlockCause.TOKEN_EXPIRED, T0, T0, reads_fail=True, source=SOURCE)
OTHER = SourceKey("flags", CENTER)


def refused(cause: BlockCause = BlockCause.CREDENTIALS, key: SourceKey = KEY) -> PollFailed:
    """A poll that the platform refused."""
    return PollFailed(key, T0, T0, "no", cause, "10008")


def unblocked(draft: Draft) -> bool:
    """Whether the center answers again."""
    return center_of(draft).block is None


# Blocking.


@pytest.mark.parametrize("cause", list(BlockCause))
def test_a_block_tells_its_cause_the_next_step_and_the_next_look(cause: BlockCause) -> None:
    draft = draft_of(2, limits=Limits(blocked_recheck=7 * MINUTE), at=SECOND)
    put(draft)
    draft.touched.clear()
    block.reads_refused(draft, refused(cause))
    now = T0 + SECOND
    expected = Block(cause, now, now, reads_fail=True, source=SOURCE, code="10008")
    assert center_of(draft).block == expected
    [told] = draft.events
    assert (told.kind, told.center) == (EventKind.CENTER_BLOCKED, CENTER)
    assert told.fields == {
        "cause": cause,
        "code": "10008",
        "next_step": block.NEXT_STEP[cause],
        "next_at": now + 7 * MINUTE,
    }
    # Whoever is not at rest is decided anew.
    assert A0 in draft.touched


def test_each_cause_of_a_block_has_a_next_step_that_speaks_of_it() -> None:
    words = {
        BlockCause.ARREARS: "recharge",
        BlockCause.DISABLED: "enabled",
        BlockCause.FROZEN: "unfrozen",
        BlockCause.TOKEN_EXPIRED: "token",
        BlockCause.CREDENTIALS: "secret key",
        BlockCause.PERMISSION: "right to restart",
    }
    assert block.NEXT_STEP.keys() == words.keys()
    for cause, word in words.items():
        assert word in block.NEXT_STEP[cause]


def test_a_second_cause_joins_a_block_without_a_second_event() -> None:
    draft = draft_of(2, at=MINUTE)
    put_center(draft, block=replace(BY_RESTART, may_try=True))
    block.reads_refused(draft, refused())
    both = Block(BlockCause.ARREARS, T0, draft.now, True, True, True, SOURCE)
    assert center_of(draft).block == both
    put_center(draft, block=replace(BY_READS, may_try=True))
    block.restart_refused(draft, CENTER, BlockCause.ARREARS, "10007")
    expected = replace(BY_READS, looked_at=draft.now, by_restart=True, may_try=False)
    assert center_of(draft).block == expected
    assert draft.events == []


def test_a_restart_refused_without_a_cause_lacks_the_permission() -> None:
    draft = draft_of(2)
    block.restart_refused(draft, CENTER, None, "10009")
    expected = Block(BlockCause.PERMISSION, T0, T0, by_restart=True, code="10009")
    assert center_of(draft).block == expected


# Unblocking.


@pytest.mark.parametrize(("asked", "ends"), [(0, False), (1, True)])
def test_only_a_read_asked_after_the_last_look_ends_a_block_of_the_reads(
    asked: int, ends: bool
) -> None:
    draft = draft_of(2, at=MINUTE)
    put_center(draft, block=BY_READS)
    block.read_worked(draft, KEY, T0 + asked * SECOND)
    assert unblocked(draft) is ends


def test_another_sources_read_ends_no_block_of_the_reads() -> None:
    draft = draft_of(2, at=MINUTE)
    put_center(draft, block=BY_READS)
    block.read_worked(draft, OTHER, draft.now)
    assert center_of(draft).block == BY_READS


def test_a_good_read_after_both_causes_leaves_the_canary_restart_to_be_tried() -> None:
    draft = draft_of(2, at=MINUTE)
    put_center(draft, block=replace(BY_READS, by_restart=True))
    block.read_worked(draft, KEY, draft.now)
    expected = replace(BY_READS, by_restart=True, reads_fail=False, may_try=True)
    assert center_of(draft).block == expected


@pytest.mark.parametrize(("after", "may_try"), [(599, False), (600, True), (601, True)])
def test_a_restart_may_test_the_block_once_the_recheck_has_passed(
    after: int, may_try: bool
) -> None:
    draft = draft_of(2, at=after * SECOND)
    put_center(draft, block=BY_RESTART)
    block.read_worked(draft, KEY, draft.now)
    assert center_of(draft).block == replace(BY_RESTART, may_try=may_try)


@pytest.mark.parametrize(
    ("state", "began", "status", "ends"),
    [
        (BY_RESTART, 1, Status.RUNNING, True),
        # A sweep begun before the last look does not know of the block yet.
        (BY_RESTART, 0, Status.RUNNING, False),
        # Somebody is restartable: a restart will show it.
        (BY_RESTART, 1, Status.FAILED, False),
        (BY_READS, 1, Status.RUNNING, False),
    ],
)
def test_a_block_ends_by_a_good_sweep_when_no_restart_can_test_it(
    state: Block, began: int, status: Status, ends: bool
) -> None:
    draft = draft_of(2, at=MINUTE)
    put(draft, status=status)
    put_center(draft, block=state)
    block.nothing_to_try(draft, Swept(KEY, T0 + began * SECOND, draft.now))
    assert unblocked(draft) is ends


def test_the_end_of_a_block_is_told_and_forgets_the_denials_and_their_rejections() -> None:
    draft = draft_of(3, at=90 * SECOND)
    put(draft, episode=episode(rejection=Rejection(T0, code="10008")))
    put(draft, "a1", episode=episode(rejection=Rejection(T0, code="10004")))
    put(draft, "a2", episode=episode())
    put_center(draft, block=BY_READS, denials=(Seen(T0, A0),))
    draft.touched.clear()
    block.read_worked(draft, KEY, draft.now)
    center = center_of(draft)
    assert (center.block, center.denials) == (None, ())
    assert center.ramp == Ramp(draft.now, 1, 0, grew_at=draft.now)
    [told] = draft.events
    assert (told.kind, told.center) == (EventKind.CENTER_UNBLOCKED, CENTER)
    assert told.fields == {"cause": BlockCause.TOKEN_EXPIRED, "blocked_for_s": 90.0}
    rejections = [draft.state(one).facts.care.episode for one in (A0, A1)]
    assert [one and one.rejection for one in rejections] == [None, Rejection(T0, code="10004")]
    # Everyone not at rest is decided anew, also who was not rejected.
    assert A2 in draft.touched


def test_a_rejection_ends_by_any_code_where_none_is_named() -> None:
    draft = draft_of(2)
    put(draft, episode=episode(rejection=Rejection(T0, code="10004")))
    block.end_rejection(draft, A0)
    assert draft.state(A0).facts.care.episode == episode()
    block.end_rejection(draft, A1)
    assert draft.state(A1).facts.care.episode is None


def test_a_canary_in_vain_waits_for_the_next_look_and_another_restart_changes_nothing() -> None:
    draft = draft_of(2, at=MINUTE)
    put_center(draft, block=BY_RESTART)
    block.tried_in_vain(draft, CENTER)
    assert center_of(draft).block == BY_RESTART
    put_center(draft, block=replace(BY_RESTART, may_try=True))
    block.tried_in_vain(draft, CENTER)
    assert center_of(draft).block == replace(BY_RESTART, looked_at=draft.now)


def test_the_canary_that_unblocks_holds_the_first_place_of_the_ramp() -> None:
    draft = draft_of(2, at=MINUTE)
    put(draft, watch=watch(canary=True))
    block.unblock_by_restart(draft, A0)
    assert center_of(draft).ramp is None
    put_center(draft, block=replace(BY_RESTART, may_try=True))
    block.unblock_by_restart(draft, A0)
    assert unblocked(draft)
    found = center_of(draft).ramp
    assert found is not None
    assert found.places == 0
    assert draft.state(A0).facts.care.watch == watch(canary=True, place=True)


@pytest.mark.parametrize("after", [timedelta(), HOUR])
def test_a_look_at_once_is_due_now_whenever_the_last_one_was(after: timedelta) -> None:
    draft = draft_of(2, at=after)
    block.look_at_once(draft, CENTER)
    assert unblocked(draft)
    put_center(draft, block=BY_RESTART)
    block.look_at_once(draft, CENTER)
    found = center_of(draft).block
    assert found is not None
    # Ten minutes ago, or longer where the last look was longer ago.
    assert found.looked_at == min(T0, draft.now - 10 * MINUTE)


@pytest.mark.parametrize(
    ("before", "who", "two"), [(599, A1, True), (600, A1, False), (1, A0, False)]
)
def test_two_distinct_instances_denied_within_ten_minutes_speak_of_the_account(
    before: int, who: InstanceId, two: bool
) -> None:
    draft = draft_of(2, at=HOUR)
    earlier = Seen(draft.now - before * SECOND, who)
    put_center(draft, denials=(earlier,))
    assert block.denied(draft, CENTER, A0) is two
    kept = (earlier,) if two else ()
    assert center_of(draft).denials == (*kept, Seen(draft.now, A0))


# Who goes first.


def wanting(draft: Draft, *which: str, **care: object) -> None:
    """These are confirmed failed and want a restart."""
    for id_ in which:
        state = put(draft, id_, **{"episode": episode()} | care)
        row = Row(2, T0 - MINUTE, draft.now)
        sight = Sight(draft.now, draft.now, down=row, restartable=row)
        facts = replace(state.facts, since=state.facts.since or T0 - MINUTE)
        draft.put(replace(state, facts=facts, sight=sight))
        draft.own_index(CENTER).wanting.add(InstanceId(id_))


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
    assert {id_: one.reason for id_, one in given.held.items()} == {
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
    assert given.held[A0].numbers == {"connections": 0}


def test_an_order_goes_before_the_others_and_the_oldest_first() -> None:
    draft = draft_of(4, limits=Limits(max_in_flight=2))
    wanting(draft, "a0")
    wanting(draft, "a1", order=Order(T0, "eve"))
    wanting(draft, "a2", order=Order(T0 - SECOND, "adam"))
    assert granted(draft) == ["a2", "a1"]
    assert [one.reason for one in draft.wanted] == [Reason.OPERATOR] * 2


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


def under_way(draft: Draft, **care: object) -> Attempt:
    """An attempt of a0 that is about to be called, seen failed just now."""
    one = watch()
    state = put(draft, **{"watch": one, "episode": episode()} | care)
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
    assert view(draft).status is Status.FAILED
