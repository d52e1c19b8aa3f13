"""What each end of a call leaves behind: semantics 2 and 3."""

from dataclasses import replace
from typing import Any

import pytest

from builders import CENTER, HOUR, MINUTE, SECOND, T0
from center_support import (
    ARREARS,
    INVALID,
    NOT_SENT,
    PLATFORM,
    START_FAILURE,
    THROTTLED,
    UNANSWERED,
)
from mutants_support import A0, center_of, draft_of, episode, events, put, put_center, watch
from scnet_watchdog.core import settle
from scnet_watchdog.core.attempt import AttemptKey
from scnet_watchdog.core.center import Block, CenterBreaker, Ramp, Seen, Throttle
from scnet_watchdog.core.draft import Draft
from scnet_watchdog.core.event import EventKind, Level
from scnet_watchdog.core.inputs import CallEnded
from scnet_watchdog.core.model import BlockCause, InstanceId
from scnet_watchdog.core.outcome import (
    Accepted,
    Outcome,
    OutcomeKind,
    RefusalClass,
    Refused,
    Withdrawn,
)
from scnet_watchdog.core.state import Call, Ledger, Rejection, Row, Sight

A1, A2 = InstanceId("a1"), InstanceId("a2")
CALLS = (Call(T0 - HOUR), Call(T0))
"""One of long ago, and the one that was reserved when the attempt was saved."""
EARLIER = episode(
    attempts=2,
    not_sent=1,
    waits_from=T0 - HOUR,
    reads=9,
    cautious_from=T0 - HOUR,
    watches=True,
)


def ended(outcome: Outcome, draft: Draft | None = None, **care: Any) -> Draft:
    """The call of a0's attempt, saved at the start, ends after a second with this outcome."""
    if draft is None:
        draft = draft_of(3, at=2 * SECOND)
    open_: dict[str, Any] = {"watch": watch(place=True), "episode": EARLIER, **care}
    state = put(draft, **open_)
    row = Row(3, T0 - MINUTE, T0)
    facts = replace(state.facts, ledger=Ledger(1, 1, CALLS))
    draft.put(replace(state, facts=facts, sight=Sight(T0, T0, down=row, restartable=row)))
    settle.take_ended(draft, CallEnded(AttemptKey(A0, 1), outcome, T0 + SECOND))
    return draft


def care_of(draft: Draft) -> Any:
    """What is open for a0."""
    return draft.state(A0).facts.care


COUNTED = episode(attempts=3, not_sent=0, waits_from=T0, waits_seq=1)
CAREFUL = replace(COUNTED, cautious_from=T0 + SECOND)
NOT_COUNTED = replace(EARLIER, not_sent=2, waits_from=T0, waits_seq=1)


@pytest.mark.parametrize(
    ("outcome", "kind", "refusal", "code", "after", "kept"),
    [
        (Accepted(), OutcomeKind.ACCEPTED, None, "0", COUNTED, True),
        (UNANSWERED, OutcomeKind.UNKNOWN, None, None, COUNTED, True),
        (
            START_FAILURE,
            OutcomeKind.REFUSED,
            RefusalClass.START_FAILURE,
            "716868",
            replace(COUNTED, failures=1),
            True,
        ),
        (PLATFORM, OutcomeKind.REFUSED, RefusalClass.PLATFORM, "10001", CAREFUL, False),
        (THROTTLED, OutcomeKind.REFUSED, RefusalClass.THROTTLED, "http_429", EARLIER, False),
        (ARREARS, OutcomeKind.REFUSED, RefusalClass.ACCOUNT, "10007", EARLIER, False),
        (
            INVALID,
            OutcomeKind.REFUSED,
            RefusalClass.INVALID,
            "10004",
            replace(EARLIER, rejection=Rejection(T0 + 2 * SECOND, 1, "10004")),
            False,
        ),
        (NOT_SENT, OutcomeKind.NOT_SENT, None, None, NOT_COUNTED, False),
        (Withdrawn("held"), OutcomeKind.WITHDRAWN, None, None, EARLIER, False),
    ],
)
def test_each_outcome_counts_to_what_the_table_says(
    outcome: Outcome,
    kind: OutcomeKind,
    refusal: RefusalClass | None,
    code: str | None,
    after: object,
    kept: bool,
) -> None:
    draft = ended(outcome)
    row = draft.attempts[AttemptKey(A0, 1)]
    assert (row.outcome, row.refusal, row.code) == (kind, refusal, code)
    assert row.settled_at == T0 + SECOND
    assert care_of(draft).episode == after
    # Accepted, start failure and unknown keep their place in budget and rate.
    calls = draft.state(A0).facts.ledger.calls
    assert calls == (CALLS if kept else CALLS[:1])
    # Only accepted and unknown are watched on.
    watched = care_of(draft).watch
    assert (watched is not None) is (kind in (OutcomeKind.ACCEPTED, OutcomeKind.UNKNOWN))
    assert CENTER in draft.touched_centers


@pytest.mark.parametrize(("outcome", "since"), [(Accepted(), T0 + SECOND), (UNANSWERED, T0)])
def test_a_watch_runs_from_the_answer_or_where_there_was_none_from_the_call(
    outcome: Outcome, since: object
) -> None:
    draft = ended(outcome)
    found = care_of(draft).watch
    assert (found.read_at, found.read_status) == (since, found.attempt.status)
    assert (found.slot, found.place) == (True, True)
    # What was read before the answer confirms nothing after it.
    sight = draft.state(A0).sight
    assert (sight.down, sight.restartable) == (None, None)
    assert sight.asked_at == T0


def test_a_refusal_forgets_no_row_of_reads() -> None:
    assert ended(PLATFORM).state(A0).sight.restartable == Row(3, T0 - MINUTE, T0)


def test_a_slot_that_was_free_already_is_not_taken_again() -> None:
    assert not care_of(ended(Accepted(), watch=watch(slot=False))).watch.slot


@pytest.mark.parametrize(
    ("outcome", "places"),
    [
        (Accepted(), 0),
        (UNANSWERED, 0),
        (PLATFORM, 1),
        (THROTTLED, 1),
        (INVALID, 1),
        (NOT_SENT, 1),
        (Withdrawn("held"), 1),
    ],
)
def test_a_place_is_given_back_unless_the_call_may_have_acted(
    outcome: Outcome, places: int
) -> None:
    draft = draft_of(3, at=2 * SECOND)
    # Passed before, so that no canary's failure begins another ramp.
    put_center(draft, ramp=Ramp(T0, 0, 1, grew_at=T0))
    found = center_of(ended(outcome, draft)).ramp
    assert found is not None
    assert found.places == places


def test_a_start_failure_ends_a_rejection() -> None:
    draft = ended(START_FAILURE, episode=replace(EARLIER, rejection=Rejection(T0)))
    assert care_of(draft).episode.rejection is None


def test_an_accepted_call_ends_rejection_denials_and_the_row_of_errors() -> None:
    draft = draft_of(3, at=2 * SECOND)
    put_center(draft, denials=(Seen(T0, A1),), breaker=CenterBreaker(errors=(A1, A2)))
    ended(Accepted(), draft, episode=replace(EARLIER, rejection=Rejection(T0)))
    assert care_of(draft).episode.rejection is None
    center = center_of(draft)
    assert (center.denials, center.breaker.errors) == ((), ())


@pytest.mark.parametrize(
    ("outcome", "errors"),
    [
        (UNANSWERED, (A1, A0)),
        (NOT_SENT, (A1, A0)),
        (PLATFORM, (A1, A0)),
        (START_FAILURE, ()),
        (THROTTLED, (A1,)),
        (ARREARS, (A1,)),
        (INVALID, (A1,)),
        (Withdrawn("held"), (A1,)),
    ],
)
def test_unclear_unsent_and_platform_outcomes_are_the_centers_errors(
    outcome: Outcome, errors: tuple[InstanceId, ...]
) -> None:
    draft = draft_of(3, at=2 * SECOND)
    put_center(draft, breaker=CenterBreaker(errors=(A1,)))
    assert center_of(ended(outcome, draft)).breaker.errors == errors


AHEAD = Throttle(T0 - HOUR, MINUTE, probing=A0, by_call=True)


@pytest.mark.parametrize(
    ("outcome", "throttle"),
    [
        (Accepted(), None),
        (START_FAILURE, None),
        (PLATFORM, None),
        # Not made, or not answered: another may go first.
        (UNANSWERED, replace(AHEAD, probing=None)),
        (NOT_SENT, replace(AHEAD, probing=None)),
        (Withdrawn("held"), replace(AHEAD, probing=None)),
        (THROTTLED, Throttle(T0 + 2 * SECOND, MINUTE, 2, by_call=True)),
    ],
)
def test_any_answer_but_another_throttle_lets_the_others_follow(
    outcome: Outcome, throttle: Throttle | None
) -> None:
    draft = draft_of(3, at=2 * SECOND)
    put_center(draft, throttle=AHEAD)
    assert center_of(ended(outcome, draft)).throttle == throttle


TESTED = Block(BlockCause.ARREARS, T0 - HOUR, T0 - HOUR, by_restart=True, may_try=True)
IN_VAIN = replace(TESTED, looked_at=T0 + 2 * SECOND, may_try=False)


@pytest.mark.parametrize(
    ("outcome", "block"),
    [
        (Accepted(), None),
        (START_FAILURE, None),
        (UNANSWERED, IN_VAIN),
        (NOT_SENT, IN_VAIN),
        (PLATFORM, IN_VAIN),
        (INVALID, IN_VAIN),
        (ARREARS, IN_VAIN),
        (Withdrawn("held"), TESTED),
    ],
)
def test_only_accepted_and_start_failure_end_a_block(outcome: Outcome, block: Block | None) -> None:
    draft = draft_of(3, at=2 * SECOND)
    put_center(draft, block=TESTED)
    assert center_of(ended(outcome, draft)).block == block


# What is told.


def test_an_outcome_is_told_with_its_numbers() -> None:
    draft = ended(Refused(RefusalClass.PLATFORM, "10001", "try later"))
    [event] = events(draft, EventKind.RESTART_REFUSED)
    assert (event.instance, event.level) == (A0, None)
    assert event.fields == {
        "seq": 1,
        "attempt": 1,
        "reason": "failed",
        "outcome": OutcomeKind.REFUSED,
        "class": RefusalClass.PLATFORM,
        "code": "10001",
        "error": "try later",
        "duration_ms": 1000,
    }


@pytest.mark.parametrize(("returned", "told"), [("a0", None), ("b7", "b7"), (None, None)])
def test_another_id_in_the_answer_is_told(returned: str | None, told: str | None) -> None:
    draft = ended(Accepted(returned))
    [event] = events(draft, EventKind.RESTART_ACCEPTED)
    assert event.fields.get("returned_id") == told
    assert draft.attempts[AttemptKey(A0, 1)].returned_id == returned


@pytest.mark.parametrize(
    ("outcome", "blocked", "level"),
    [
        (ARREARS, True, Level.DEBUG),
        (ARREARS, False, None),
        (PLATFORM, True, None),
    ],
)
def test_a_refusal_that_says_what_the_block_said_is_no_news(
    outcome: Outcome, blocked: bool, level: Level | None
) -> None:
    draft = draft_of(3, at=2 * SECOND)
    put_center(draft, block=TESTED if blocked else None)
    ended(outcome, draft)
    [event] = events(draft, EventKind.RESTART_REFUSED)
    assert event.level is level


def test_an_answer_without_a_message_tells_no_error() -> None:
    [told] = events(ended(START_FAILURE), EventKind.RESTART_REFUSED)
    assert "error" not in told.fields
