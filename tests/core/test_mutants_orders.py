"""An operator's restart and reset, each step by itself: semantics 7."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from builders import CENTER, HOUR, MINUTE, SECOND, T0
from mutants_support import (
    A0,
    center_of,
    draft_of,
    episode,
    fields_of,
    polled,
    put,
    put_center,
    seen,
    watch,
)
from scnet_watchdog.core import operate
from scnet_watchdog.core.center import Block, CenterBreaker, Ramp
from scnet_watchdog.core.command import (
    Hold,
    Reset,
    RestartNow,
    Scope,
    ScopeKind,
)
from scnet_watchdog.core.draft import Draft
from scnet_watchdog.core.event import EventKind
from scnet_watchdog.core.model import BlockCause, InstanceId, Status
from scnet_watchdog.core.outcome import OutcomeKind
from scnet_watchdog.core.policy import Mode, Policy
from scnet_watchdog.core.state import BreakerState, Call, Ledger, Order, Rejection

A1 = InstanceId("a1")
OWN = Scope(ScopeKind.INSTANCE, A0)
WHOLE = Scope(ScopeKind.CENTER, CENTER)
FLEET = Scope(ScopeKind.FLEET, "")


# Orders.


def asked(draft: Draft) -> str | None:
    """Why an operator's restart of a0 is refused; None where it waits now."""
    draft.events.clear()
    operate.take_command(draft, RestartNow(A0, "eve"))
    [event] = draft.events
    refused = event.fields.get("refused")
    assert (draft.state(A0).facts.care.order == Order(draft.now, "eve")) is (refused is None)
    return None if refused is None else str(refused)


def visible(
    status: Status = Status.FAILED, at: timedelta = SECOND, policy: Policy | None = None, **c: Any
) -> Draft:
    """A turn in which a0 was seen at the start."""
    draft = polled(policy=policy, at=at)
    seen(draft, status, care=c)
    return draft


@pytest.mark.parametrize(
    ("status", "refused"),
    [
        (Status.FAILED, None),
        (Status.STOPPED, None),
        (Status.COMPLETED, None),
        (Status.RUNNING, "status is running"),
        (Status.UNKNOWN, "status is unknown"),
    ],
)
def test_any_down_status_can_be_ordered_to_restart(status: Status, refused: str | None) -> None:
    assert asked(visible(status)) == refused


def test_an_order_is_refused_with_its_reason() -> None:
    assert asked(visible(policy=Policy(mode=Mode.WATCH))) == "watch_only"
    assert asked(visible(policy=Policy(mode=Mode.SHADOW))) == "shadow"
    assert asked(visible(hold=Hold(OWN, T0))) == "held"
    assert asked(visible(at=90 * SECOND)) == "source_blind"
    assert asked(visible(at=89 * SECOND)) is None
    assert asked(visible(watch=watch())) == "verifying"
    blocked = visible()
    put_center(blocked, block=Block(BlockCause.ARREARS, T0, T0, by_restart=True))
    assert asked(blocked) == "center_blocked"
    unseen = polled()
    put(unseen)
    assert asked(unseen) == "quiet_start"


def test_an_attempt_that_is_judged_stands_in_no_orders_way() -> None:
    one = watch()
    closed = replace(one.attempt, outcome=OutcomeKind.REFUSED)
    assert asked(visible(watch=replace(one, attempt=closed))) is None


@pytest.mark.parametrize(
    ("after", "status", "hold", "why"),
    [
        (599, Status.FAILED, None, None),
        (600, Status.FAILED, None, "no place within ten minutes"),
        (1, Status.RUNNING, None, "status is running"),
        (1, Status.FAILED, Hold(OWN, T0), "held"),
    ],
)
def test_an_order_lapses_after_ten_minutes_or_when_it_is_beside_the_point(
    after: int, status: Status, hold: Hold | None, why: str | None
) -> None:
    draft = visible(status, after * SECOND, order=Order(T0, "eve"), hold=hold)
    operate.lapse(draft, A0)
    assert (draft.state(A0).facts.care.order is None) is (why is not None)
    lapsed = [one.get("lapsed") for one in fields_of(draft, EventKind.OPERATOR_COMMAND)]
    assert lapsed == ([why] if why else [])


def test_after_a_start_an_order_waits_until_its_instance_is_seen() -> None:
    draft = draft_of(at=SECOND)
    put(draft, status=Status.RUNNING, order=Order(T0, "eve"))
    operate.lapse(draft, A0)
    assert draft.state(A0).facts.care.order is not None


# Reset.


def test_a_reset_forgets_all_that_holds_an_instance_back_but_not_hold_and_attempt() -> None:
    draft = draft_of(at=HOUR)
    hold = Hold(OWN, T0)
    state = put(
        draft,
        hold=hold,
        watch=watch(),
        episode=episode(
            attempts=4,
            not_sent=2,
            waits_from=T0,
            waits_seq=4,
            last_call_at=T0,
            failures=3,
            breaker=BreakerState.OPEN,
            opened_at=T0,
            openings=2,
            cautious_from=T0,
            reads=1,
            rejection=Rejection(T0),
        ),
    )
    calls = Ledger(4, 1, (Call(T0), Call(T0 + MINUTE, by_operator=True)))
    draft.put(replace(state, facts=replace(state.facts, ledger=calls)))
    operate.take_command(draft, Reset(OWN, "eve"))
    care = draft.state(A0).facts.care
    assert (care.hold, care.watch) == (hold, watch())
    assert care.episode == episode(waits_seq=4, last_call_at=T0)
    # The hourly rate still counts the calls, the budget does not.
    forgiven = tuple(replace(call, by_operator=True) for call in calls.calls)
    assert draft.state(A0).facts.ledger == replace(calls, calls=forgiven)
    [closed] = fields_of(draft, EventKind.BREAKER_CLOSED)
    assert closed == {"scope": "instance", "cause": "reset"}


@pytest.mark.parametrize(
    ("outcome", "watches", "kept"),
    [
        (OutcomeKind.UNKNOWN, False, True),
        (None, True, True),
        (OutcomeKind.ACCEPTED, False, False),
    ],
)
def test_a_reset_forgets_no_call_that_may_still_act(
    outcome: OutcomeKind | None, watches: bool, kept: bool
) -> None:
    draft = draft_of(at=HOUR)
    one = watch()
    one = replace(one, attempt=replace(one.attempt, outcome=outcome))
    careful = episode(cautious_from=T0, watches=watches, reads=1)
    put(draft, watch=one, episode=careful)
    operate.take_command(draft, Reset(OWN, "eve"))
    found = draft.state(A0).facts.care.episode
    assert found == (careful if kept else episode(watches=watches))
    assert fields_of(draft, EventKind.BREAKER_CLOSED) == []


@pytest.mark.parametrize("state", list(BreakerState))
def test_a_reset_of_a_center_closes_its_breaker_and_looks_at_its_block(
    state: BreakerState,
) -> None:
    draft = draft_of(2, at=HOUR)
    before = Ramp(T0, 5, 2, grew_at=T0)
    put_center(
        draft,
        breaker=CenterBreaker(state, T0, openings=3, errors=(A0,)),
        ramp=before,
        block=Block(BlockCause.ARREARS, T0, draft.now, by_restart=True),
    )
    operate.take_command(draft, Reset(WHOLE, "eve"))
    center = center_of(draft)
    assert center.breaker == CenterBreaker()
    closed = state is BreakerState.CLOSED
    # Whoever was down waits at a new ramp: a reset is no reason for a rush.
    assert center.ramp == (before if closed else Ramp(draft.now, 1, 0, grew_at=draft.now))
    assert center.block is not None
    assert center.block.looked_at == draft.now - 10 * MINUTE
    fields = {"scope": "center", "cause": "reset"}
    assert fields_of(draft, EventKind.BREAKER_CLOSED) == ([] if closed else [fields])


def test_a_reset_of_a_center_that_is_not_there_is_refused() -> None:
    draft = draft_of()
    operate.take_command(draft, Reset(Scope(ScopeKind.CENTER, "gone"), "eve"))
    [fields] = fields_of(draft, EventKind.OPERATOR_COMMAND)
    assert fields["refused"] == "not watched"
    assert draft.centers == {}


def test_a_reset_of_the_fleet_resets_each_instance() -> None:
    draft = draft_of(2)
    for one in ("a0", "a1"):
        put(draft, one, episode=episode(failures=2))
    operate.take_command(draft, Reset(FLEET, "eve"))
    for one in (A0, A1):
        assert draft.state(one).facts.care.episode == episode()
