"""When an episode begins and ends: semantics 1 and 3."""

from dataclasses import replace

import pytest

from builders import HOUR, MINUTE, SECOND, T0
from mutants_support import (
    A0,
    episode,
    events,
    page,
    polled,
    put,
    seen,
    watch,
)
from scnet_watchdog.core import observe
from scnet_watchdog.core.episode import end_episode, open_episode
from scnet_watchdog.core.event import EventKind
from scnet_watchdog.core.model import Status
from scnet_watchdog.core.outcome import OutcomeKind
from scnet_watchdog.core.policy import Policy
from scnet_watchdog.core.state import (
    REST,
    BreakerState,
    Ledger,
    Row,
    Sight,
)

# Confirmed.


@pytest.mark.parametrize(
    ("count", "first", "begins"),
    [
        (1, 30, True),
        # Not thirty seconds apart yet.
        (1, 31, False),
        (2, 30, True),
        # Complete already before this read, and told then: from 20 s to 50 s.
        (2, 20, False),
    ],
)
def test_the_read_that_completes_the_row_begins_the_episode_and_is_told_once(
    count: int, first: int, begins: bool
) -> None:
    draft = polled(at=MINUTE)
    row = Row(count, T0 + first * SECOND, T0 + 50 * SECOND)
    seen(draft, Status.FAILED, sight=Sight(T0 + 50 * SECOND, T0, down=row, restartable=row))
    observe.take_page(draft, page(draft, {"a0": Status.FAILED}))
    told = events(draft, EventKind.INSTANCE_CONFIRMED)
    assert bool(told) is begins
    found = draft.state(A0).facts.care.episode
    assert found == (episode(began_at=row.first_at) if begins else None)
    if begins:
        over = (draft.now - row.first_at).total_seconds()
        assert told[0].fields == {
            "status": Status.FAILED,
            "reads": count + 1,
            "over_s": over,
        }


@pytest.mark.parametrize("outcome", [OutcomeKind.ACCEPTED, OutcomeKind.REFUSED])
def test_a_row_is_not_confirmed_anew_while_an_attempt_awaits_its_verdict(
    outcome: OutcomeKind,
) -> None:
    draft = polled(at=MINUTE)
    row = Row(1, T0, T0)
    one = watch()
    attempt = replace(one.attempt, outcome=outcome, settled_at=draft.now)
    seen(
        draft,
        Status.FAILED,
        care={"watch": replace(one, attempt=attempt)},
        sight=Sight(T0, T0, restartable=row),
    )
    observe.take_page(draft, page(draft, {"a0": Status.FAILED}))
    waits = outcome is OutcomeKind.ACCEPTED
    assert (events(draft, EventKind.INSTANCE_CONFIRMED) == []) is waits


# Stable.


@pytest.mark.parametrize(("ran", "stable"), [(599, False), (600, True)])
def test_ten_minutes_of_running_end_the_episode(ran: int, stable: bool) -> None:
    draft = polled(at=HOUR)
    since = draft.now - ran * SECOND
    asked = draft.now - SECOND
    care = {"episode": episode(failures=2), "running_since": since, "turned": True}
    seen(draft, Status.RUNNING, care=care, sight=Sight(asked, asked))
    observe.take_page(draft, page(draft, {"a0": Status.RUNNING}))
    told = events(draft, EventKind.INSTANCE_STABLE)
    assert [e.fields for e in told] == ([{"running_for_s": 600.0}] if stable else [])
    assert (draft.state(A0).facts.care is REST) is stable


def test_running_without_an_episode_becomes_stable_without_a_word() -> None:
    draft = polled(at=HOUR)
    seen(draft, Status.RUNNING, care={"running_since": T0, "turned": True})
    observe.take_page(draft, page(draft, {"a0": Status.RUNNING}))
    assert draft.state(A0).facts.care is REST
    assert draft.events == []


@pytest.mark.parametrize("restartable", [True, False])
def test_a_completion_that_is_a_success_ends_the_episode(restartable: bool) -> None:
    down = frozenset({Status.FAILED} | ({Status.COMPLETED} if restartable else set()))
    draft = polled(policy=Policy(restart_on=down), at=MINUTE)
    seen(draft, Status.RUNNING, care={"episode": episode()})
    observe.take_page(draft, page(draft, {"a0": Status.COMPLETED}))
    assert (draft.state(A0).facts.care.episode is None) is not restartable


# Episodes.


def test_an_episode_is_opened_once_and_numbered() -> None:
    draft = polled()
    state = put(draft)
    state = draft.put(replace(state, facts=replace(state.facts, ledger=Ledger(5, 2))))
    state = open_episode(draft, state, T0)
    assert state.facts.care.episode == episode(number=3)
    assert state.facts.ledger == Ledger(5, 3)
    assert open_episode(draft, state, T0 + HOUR) is state


@pytest.mark.parametrize("status", [Status.RUNNING, Status.FAILED])
@pytest.mark.parametrize("breaker", list(BreakerState))
def test_the_end_of_an_episode_closes_its_breaker_and_keeps_who_is_down_counted(
    status: Status, breaker: BreakerState
) -> None:
    draft = polled()
    state = put(draft, "a0", status, episode=episode(breaker=breaker), turned=True)
    care = end_episode(draft, state).facts.care
    assert care.episode is None
    assert care.turned is (status is Status.FAILED)
    closed = [] if breaker is BreakerState.CLOSED else [{"scope": "instance"}]
    assert [e.fields for e in events(draft, EventKind.BREAKER_CLOSED)] == closed


@pytest.mark.parametrize(
    ("outcome", "kept"),
    [(None, True), (OutcomeKind.ACCEPTED, True), (OutcomeKind.REFUSED, False)],
)
def test_an_attempt_that_is_not_closed_outlives_its_episode(
    outcome: OutcomeKind | None, kept: bool
) -> None:
    draft = polled()
    one = watch()
    one = replace(one, attempt=replace(one.attempt, outcome=outcome))
    state = put(draft, watch=one, episode=episode())
    assert (end_episode(draft, state).facts.care.watch == one) is kept
