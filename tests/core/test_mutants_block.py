"""A blocked center step by step: semantics 4."""

from dataclasses import replace
from datetime import timedelta

import pytest

from builders import CENTER, HOUR, KEY, MINUTE, SECOND, SOURCE, T0
from mutants_support import A0, center_of, draft_of, episode, put, put_center, watch
from scnet_watchdog.core import block
from scnet_watchdog.core.center import Block, Ramp, Seen
from scnet_watchdog.core.draft import Draft
from scnet_watchdog.core.event import EventKind
from scnet_watchdog.core.model import (
    BlockCause,
    InstanceId,
    PollFailed,
    SourceKey,
    Status,
    Swept,
)
from scnet_watchdog.core.policy import Limits
from scnet_watchdog.core.state import Rejection

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
    draft = draft_of(3, at=timedelta(seconds=90.26))
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
    assert told.fields == {"cause": BlockCause.TOKEN_EXPIRED, "blocked_for_s": 90.3}
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
