"""What a granted restart writes, reserves, takes and tells: semantics 3, 4 and 5."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from builders import CENTER, HOUR, MINUTE, SECOND, T0, World
from mutants_support import A0, center_of, episode, polled, put_center, seen, view
from scnet_watchdog.core.allot import grant, looks_again
from scnet_watchdog.core.attempt import Attempt
from scnet_watchdog.core.center import Block, CenterBreaker, Ramp
from scnet_watchdog.core.decision import Reason
from scnet_watchdog.core.draft import Draft
from scnet_watchdog.core.event import EventKind, Level
from scnet_watchdog.core.model import BlockCause, Status
from scnet_watchdog.core.policy import Budget, Policy
from scnet_watchdog.core.state import BreakerState, Call, Ledger, Order, Row, Sight, Watch

DAY = 24 * HOUR
RAMP = Ramp(T0, 1, 0, grew_at=T0)
HALF_OPEN = CenterBreaker(BreakerState.HALF_OPEN, T0)
TESTED = Block(BlockCause.ARREARS, T0, T0, by_restart=True, may_try=True)


def granted(
    policy: Policy | None = None, *, ledger: Ledger | None = None, care: Any = None, **center: Any
) -> Draft:
    """a0 has been failed for 90.26 seconds and is granted its restart now."""
    draft = polled(2, policy, at=timedelta(seconds=90.26))
    asked = draft.now - SECOND
    row = Row(2, T0, asked)
    sight = Sight(asked, asked, down=row, restartable=row)
    seen(draft, Status.FAILED, sight=sight, care=care or {}, ledger=ledger or Ledger())
    put_center(draft, **center)
    grant(draft, view(draft))
    return draft


def watch_of(draft: Draft) -> Watch:
    """The watch of the granted attempt."""
    found = draft.state(A0).facts.care.watch
    assert found is not None
    return found


def test_the_row_of_an_attempt_says_what_it_rests_on() -> None:
    draft = granted(ledger=Ledger(6, 2, ()), care={"episode": episode(attempts=3)})
    row = Attempt(
        instance=A0,
        seq=7,
        center=CENTER,
        episode=1,
        number=4,
        reason=Reason.FAILED,
        status=Status.FAILED,
        asked_at=draft.now - SECOND,
        saved_at=draft.now,
    )
    assert draft.wanted == [row]
    assert watch_of(draft) == Watch(row)
    assert draft.state(A0).facts.ledger == Ledger(7, 2, (Call(draft.now),))
    expected = episode(attempts=3, last_call_at=draft.now)
    assert draft.state(A0).facts.care.episode == expected


def test_an_episode_that_is_not_open_yet_began_when_the_status_did() -> None:
    found = granted().state(A0).facts.care.episode
    assert found is not None
    assert (found.began_at, found.number) == (T0, 1)


def test_the_request_is_told_with_how_long_it_was_down() -> None:
    [event] = granted().events
    assert (event.kind, event.instance, event.level) == (EventKind.RESTART_REQUESTED, A0, None)
    assert event.fields == {
        "seq": 1,
        "attempt": 1,
        "reason": Reason.FAILED,
        "status": Status.FAILED,
        "down_for_s": 90.3,
    }


def test_the_canary_of_a_blocked_center_is_silent() -> None:
    draft = granted(block=TESTED)
    assert draft.events[0].level is Level.DEBUG
    assert draft.wanted[0].reason is Reason.CANARY
    # It is the one that tests the block; there is no ramp to take a place of.
    assert (watch_of(draft).canary, watch_of(draft).place) == (True, False)


@pytest.mark.parametrize(
    ("ramp", "canary", "place", "left"),
    [
        (None, False, False, None),
        (RAMP, True, True, 0),
        (replace(RAMP, places=4, passed=1), False, True, 3),
    ],
)
def test_a_restart_of_our_own_takes_a_place_of_the_ramp(
    ramp: Ramp | None, canary: bool, place: bool, left: int | None
) -> None:
    draft = granted(ramp=ramp)
    found = center_of(draft).ramp
    assert (watch_of(draft).canary, watch_of(draft).place) == (canary, place)
    assert (found.places if found else None) == left


@pytest.mark.parametrize(("breaker", "gated"), [(CenterBreaker(), False), (HALF_OPEN, True)])
def test_an_operators_restart_takes_a_place_only_of_a_half_open_center(
    breaker: CenterBreaker, gated: bool
) -> None:
    draft = granted(care={"order": Order(T0, "eve")}, breaker=breaker, ramp=RAMP)
    assert (watch_of(draft).canary, watch_of(draft).place) == (gated, gated)
    found = center_of(draft).ramp
    assert found is not None
    assert found.places == (0 if gated else 1)
    assert draft.wanted[0].reason is Reason.OPERATOR
    assert draft.state(A0).facts.care.order is None
    assert draft.state(A0).facts.ledger.calls == (Call(draft.now, by_operator=True),)


@pytest.mark.parametrize("state", list(BreakerState))
def test_with_a_breaker_that_is_not_closed_it_is_a_trial(state: BreakerState) -> None:
    draft = granted(care={"episode": episode(breaker=state)})
    assert watch_of(draft).trial is (state is not BreakerState.CLOSED)


@pytest.mark.parametrize(("per", "keep"), [(HOUR, DAY), (2 * DAY, 2 * DAY)])
def test_calls_are_kept_for_a_day_or_as_long_as_the_budget_asks_for_them(
    per: timedelta, keep: timedelta
) -> None:
    now = T0 + timedelta(seconds=90.26)
    old = (Call(now - keep - SECOND), Call(now - keep), Call(now - keep + SECOND))
    draft = granted(Policy(budget=Budget(10, per, MINUTE)), ledger=Ledger(3, 1, old))
    assert draft.state(A0).facts.ledger.calls == (old[2], Call(now))


def test_who_was_never_seen_is_looked_at_again() -> None:
    draft = polled()
    assert looks_again(draft, view(draft)) is not None
    seen(draft, Status.FAILED)
    assert looks_again(draft, view(draft)) is None


def test_who_finds_the_one_free_connection_taken_is_told_so() -> None:
    world = World(2, start=Status.FAILED, free=1)
    world.run(31 * SECOND)
    busy = [
        one.fields
        for one in world.told(EventKind.DECISION_CHANGED)
        if one.fields["reason"] is Reason.CENTER_BUSY
    ]
    assert [one["connections"] for one in busy] == [0]
