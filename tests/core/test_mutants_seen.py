"""The first rungs of the ladder, and the reason of a restart: semantics 6."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from builders import HOUR, MINUTE, SECOND, SOURCE, T0
from mutants_support import (
    draft_of,
    episode,
    polled,
    put_center,
    seen,
    view,
    watch,
)
from scnet_watchdog.core import seen as rungs
from scnet_watchdog.core.assess import LADDER, assess, restart_reason, unwritable
from scnet_watchdog.core.center import Block
from scnet_watchdog.core.decision import Decision, Reason
from scnet_watchdog.core.draft import Draft
from scnet_watchdog.core.model import BlockCause, Status
from scnet_watchdog.core.outcome import OutcomeKind
from scnet_watchdog.core.policy import Mode, Policy
from scnet_watchdog.core.state import BreakerState, Order, Row, Sight

BY_READS = Block(BlockCause.TOKEN_EXPIRED, T0, T0 + MINUTE, reads_fail=True, source=SOURCE)


def visible(status: Status, at: timedelta = SECOND, **care: Any) -> Draft:
    """A turn in which a0 was seen at the start."""
    draft = polled(at=at)
    seen(draft, status, care=care)
    return draft


def test_a_block_of_the_reads_tells_its_cause_and_its_next_look() -> None:
    draft = visible(Status.FAILED)
    put_center(draft, block=BY_READS)
    held = rungs.reads_blocked(view(draft))
    assert held is not None
    assert (held.reason, held.next_at) == (Reason.CENTER_BLOCKED, T0 + 11 * MINUTE)
    assert held.numbers == {"cause": BlockCause.TOKEN_EXPIRED, "since": T0}
    put_center(draft, block=replace(BY_READS, reads_fail=False))
    assert rungs.reads_blocked(view(draft)) is None
    put_center(draft, block=None)
    assert rungs.reads_blocked(view(draft)) is None


@pytest.mark.parametrize(("after", "blind"), [(89, False), (90, True), (91, True)])
def test_a_source_is_blind_exactly_three_intervals_after_the_last_read(
    after: int, blind: bool
) -> None:
    held = rungs.source_blind(view(visible(Status.FAILED, after * SECOND)))
    assert (held is not None) is blind
    if held is not None:
        assert held.numbers == {"last_seen_at": T0}
    assert rungs.source_blind(view(polled())) is None


@pytest.mark.parametrize(("after", "stuck"), [(3599, False), (3600, True)])
def test_waiting_for_an_hour_is_stuck(after: int, stuck: bool) -> None:
    draft = visible(Status.WAITING, after * SECOND)
    held = rungs.stuck_waiting(view(draft))
    assert (held is not None) is stuck
    if held is not None:
        assert held.numbers == {"waiting_since": T0}
    starting = rungs.starting(view(draft))
    assert starting is not None
    assert (starting.next_at, starting.numbers) == (T0 + HOUR, {"since": T0})
    assert rungs.stuck_waiting(view(visible(Status.DEPLOYING, 2 * HOUR))) is None
    deploying = rungs.starting(view(visible(Status.DEPLOYING)))
    assert deploying is not None
    assert deploying.next_at is None


@pytest.mark.parametrize(
    ("status", "outcome", "holds"),
    [
        (Status.FAILED, None, True),
        (Status.DEPLOYING, OutcomeKind.ACCEPTED, True),
        (Status.RUNNING, OutcomeKind.ACCEPTED, False),
        (Status.FAILED, OutcomeKind.REFUSED, False),
    ],
)
def test_an_attempt_is_verified_until_it_runs_or_is_closed(
    status: Status, outcome: OutcomeKind | None, holds: bool
) -> None:
    one = watch(seq=4)
    draft = visible(status, watch=replace(one, attempt=replace(one.attempt, outcome=outcome)))
    held = rungs.verifying(view(draft))
    assert (held is not None) is holds
    if held is not None:
        assert held.numbers == {"seq": 4, "attempt": 1}


@pytest.mark.parametrize("ordered", [True, False])
@pytest.mark.parametrize("status", [Status.FAILED, Status.COMPLETED, Status.RUNNING])
def test_an_order_makes_any_down_status_restartable(ordered: bool, status: Status) -> None:
    draft = visible(status, order=Order(T0, "eve") if ordered else None)
    held = rungs.not_restartable(view(draft))
    goes = status is Status.FAILED or (ordered and status is Status.COMPLETED)
    assert (held is None) is goes
    if held is not None:
        assert held.numbers == {"status": status, "restart_on": ["failed", "stopped"]}


def test_the_rungs_of_what_is_plain() -> None:
    for status, rung, reason in (
        (Status.MISSING, rungs.missing, Reason.MISSING),
        (Status.UNKNOWN, rungs.status_unknown, Reason.STATUS_UNKNOWN),
        (Status.RUNNING, rungs.healthy, Reason.HEALTHY),
    ):
        for shown in Status:
            held = rung(view(visible(shown)))
            assert (held is not None) is (shown is status)
            assert held is None or held.reason is reason
    assert rungs.quiet_start(view(polled())) == Decision(Reason.QUIET_START)
    assert rungs.quiet_start(view(visible(Status.FAILED))) is None


def test_no_rung_of_the_ladder_stands_for_another_reason_than_it_gives() -> None:
    told = {
        Reason.WATCH_ONLY: draft_of(policy=Policy(mode=Mode.WATCH)),
        Reason.QUIET_START: polled(),
        Reason.HEALTHY: visible(Status.RUNNING),
    }
    for reason, draft in told.items():
        given = {at: rung(view(draft)) for at, rung in LADDER}
        assert given[reason] is not None
        assert assess(view(draft)) == given[reason]


@pytest.mark.parametrize(("writable", "shadow"), [(True, False), (False, True), (False, False)])
def test_a_state_that_cannot_be_written_holds_every_real_call(writable: bool, shadow: bool) -> None:
    draft = draft_of(shadow=shadow)
    draft.situation = replace(draft.situation, writable=writable)
    holds = not writable and not shadow
    held = Decision(Reason.STATE_UNWRITABLE) if holds else None
    assert unwritable(view(draft)) == held
    row = Row(2, T0 - MINUTE, T0)
    seen(draft, Status.FAILED, sight=Sight(T0, T0, down=row, restartable=row))
    assert assess(view(draft)) == held


@pytest.mark.parametrize(
    ("ordered", "canary", "breaker", "reason"),
    [
        (True, True, BreakerState.HALF_OPEN, Reason.OPERATOR),
        (False, True, BreakerState.HALF_OPEN, Reason.CANARY),
        (False, False, BreakerState.HALF_OPEN, Reason.TRIAL),
        (False, False, BreakerState.CLOSED, Reason.FAILED),
        (False, False, None, Reason.FAILED),
    ],
)
def test_the_reason_of_a_restart(
    ordered: bool, canary: bool, breaker: BreakerState | None, reason: Reason
) -> None:
    draft = visible(
        Status.FAILED,
        order=Order(T0, "eve") if ordered else None,
        episode=None if breaker is None else episode(breaker=breaker),
    )
    assert restart_reason(view(draft), canary) is reason
