"""When a source is polled next: semantics 1."""

from dataclasses import replace
from datetime import datetime

import pytest

from builders import CENTER, KEY, MINUTE, SECOND, SOURCE, T0
from mutants_support import (
    A0,
    polled,
    put_center,
    seen,
)
from scnet_watchdog.core.center import Block, Throttle
from scnet_watchdog.core.draft import Draft
from scnet_watchdog.core.model import BlockCause, InstanceId, SourceKey, Status
from scnet_watchdog.core.pace import next_poll_at
from scnet_watchdog.core.policy import Confirm, Policy
from scnet_watchdog.core.state import Row, Sight

BY_READS = Block(BlockCause.TOKEN_EXPIRED, T0, T0 + MINUTE, reads_fail=True, source=SOURCE)


def next_at(draft: Draft, last: datetime | None = T0, key: SourceKey = KEY) -> float:
    """When the source is polled next, in seconds after the start."""
    draft.fleet.instances.update(draft.instances)
    draft.fleet.centers.update(draft.centers)
    draft.fleet.indexes[CENTER] = draft.own_index(CENTER)
    return (next_poll_at(draft.fleet, key, draft.situation, last) - T0).total_seconds()


def test_a_source_is_asked_every_interval_and_at_once_when_it_never_was() -> None:
    assert next_at(polled()) == 30.0
    assert next_at(polled(at=MINUTE), None) == 60.0


@pytest.mark.parametrize(
    ("count", "first", "when"),
    [
        # Nothing to complete yet: the fast interval.
        (0, 0, 10.0),
        # One more read completes it at 5 s: asked then, not before.
        (1, -25, 5.0),
        # It would be complete later than the fast interval.
        (1, -5, 10.0),
        (1, -30, 10.0),
    ],
)
def test_a_confirmation_is_completed_by_a_read_at_its_moment(
    count: int, first: int, when: float
) -> None:
    draft = polled()
    began = T0 + first * SECOND
    row = Row(count, began, began) if count else None
    seen(draft, Status.FAILED, sight=Sight(T0, T0, restartable=row))
    draft.own_index(CENTER).hurry.add(A0)
    assert next_at(draft) == when
    # Another source of the center is not hurried by it.
    assert next_at(draft, key=SourceKey("flags", CENTER)) == 30.0


@pytest.mark.parametrize(
    ("due", "when"), [(15, 10.0), (20, 10.0), (25, 15.0), (39, 29.0), (41, 30.0), (500, 30.0)]
)
def test_a_read_comes_ten_seconds_before_a_call_is_due(due: int, when: float) -> None:
    draft = polled()
    draft.own_index(CENTER).due[A0] = T0 + due * SECOND
    assert next_at(draft) == when
    draft.own_index(CENTER).due[InstanceId("gone")] = T0
    assert next_at(draft) == when


@pytest.mark.parametrize("last", [T0, None])
def test_a_block_and_a_throttle_slow_polls_down(last: datetime | None) -> None:
    draft = polled(at=SECOND)
    put_center(draft, block=BY_READS)
    assert next_at(draft, last) == 660.0
    put_center(draft, throttle=Throttle(T0, 700 * SECOND))
    assert next_at(draft, last) == 700.0
    put_center(draft, throttle=Throttle(T0, SECOND))
    assert next_at(draft, last) == 660.0
    usual = 30.0 if last else 1.0
    for other in (replace(BY_READS, reads_fail=False), replace(BY_READS, source="flags"), None):
        put_center(draft, block=other)
        assert next_at(draft, last) == usual


def test_the_soonest_of_several_counts() -> None:
    draft = polled(2)
    # Due at 25 s and at 27 s: a read ten seconds before the first.
    draft.own_index(CENTER).due |= {A0: T0 + 27 * SECOND, InstanceId("a1"): T0 + 25 * SECOND}
    assert next_at(draft) == 15.0
    # Confirmations complete at 5 s and at 7 s.
    for id_, first in (("a0", -23), ("a1", -25)):
        began = T0 + first * SECOND
        seen(draft, Status.FAILED, id_, sight=Sight(T0, T0, restartable=Row(1, began, began)))
        draft.own_index(CENTER).hurry.add(InstanceId(id_))
    assert next_at(draft) == 5.0


@pytest.mark.parametrize(("count", "when"), [(1, 10.0), (2, 5.0)])
def test_a_row_that_needs_two_more_reads_is_not_completed_by_the_next(
    count: int, when: float
) -> None:
    draft = polled(policy=Policy(confirm=Confirm(3, 30 * SECOND)))
    began = T0 - 25 * SECOND
    row = Row(count, began, T0)
    seen(draft, Status.FAILED, sight=Sight(T0, T0, restartable=row))
    draft.own_index(CENTER).hurry.add(A0)
    assert next_at(draft) == when
