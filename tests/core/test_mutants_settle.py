"""What each end of a call leaves behind: semantics 2 and 3."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from builders import CENTER, HOUR, MINUTE, SECOND, T0
from center_support import (
    ARREARS,
    DENIED,
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
from scnet_watchdog.core.change import StoredInstance
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
    Unanswered,
    Verdict,
    Withdrawn,
)
from scnet_watchdog.core.policy import BreakerPolicy, Policy
from scnet_watchdog.core.state import Call, Ledger, Rejection, Row, Sight

A1, A2 = InstanceId("a1"), InstanceId("a2")
CALLS = (Call(T0 - HOUR), Call(T0))
"""One of long ago, and the one that was reserved when the attempt was saved."""
EARLIER = episode(attempts=2, not_sent=1, waits_from=T0 - HOUR, waits_seq=0, reads=9)


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


# Which attempt it is.


def test_an_end_of_another_or_of_a_settled_attempt_changes_nothing() -> None:
    for key, outcome in ((AttemptKey(A0, 2), None), (AttemptKey(A0, 1), OutcomeKind.ACCEPTED)):
        draft = draft_of(3)
        one = watch()
        put(draft, watch=replace(one, attempt=replace(one.attempt, outcome=outcome)))
        before = draft.state(A0)
        settle.take_ended(draft, CallEnded(key, Accepted(), T0))
        assert draft.state(A0) == before
        assert (draft.attempts, draft.events) == ({}, [])


def test_a_call_that_outlived_its_episode_opens_one_from_when_it_was_saved() -> None:
    found = care_of(ended(Accepted(), episode=None)).episode
    assert found == episode(number=2, attempts=1, waits_from=T0, waits_seq=1)


@pytest.mark.parametrize(
    ("outcome", "judged"),
    [(Accepted(), True), (UNANSWERED, True), (PLATFORM, False), (NOT_SENT, False)],
)
def test_a_removed_instances_call_is_settled_then_unjudged(outcome: Outcome, judged: bool) -> None:
    draft = draft_of(1, at=MINUTE)
    gone = InstanceId("gone")
    facts = replace(draft.state(A0).facts)
    care = replace(facts.care, watch=watch("gone"), episode=episode(attempts=4))
    draft.fleet.dormant[gone] = StoredInstance(gone, CENTER, replace(facts, care=care))
    other = CallEnded(AttemptKey(gone, 2), outcome, T0)
    settle.take_ended(draft, other)
    assert draft.attempts == {}
    settle.take_ended(draft, CallEnded(AttemptKey(gone, 1), outcome, T0 + SECOND))
    row = draft.attempts[AttemptKey(gone, 1)]
    assert (row.verdict, row.judged_at) == (
        (Verdict.UNJUDGED, draft.now) if judged else (None, None)
    )
    kept = draft.dormant[gone].facts.care
    careful = replace(episode(attempts=4), cautious_from=T0 + SECOND, watches=True)
    assert kept.episode == (careful if judged else episode(attempts=4))
    assert kept.watch is None


def test_a_call_of_someone_never_watched_changes_nothing() -> None:
    draft = draft_of(1)
    settle.take_ended(draft, CallEnded(AttemptKey(InstanceId("gone"), 1), Accepted(), T0))
    assert (draft.attempts, draft.dormant) == ({}, {})


# Codes and evidence.


@pytest.mark.parametrize(
    "outcome", [Refused(RefusalClass.PLATFORM, "9", "x"), Unanswered("x", "9")]
)
@pytest.mark.parametrize("codes", [{"9"}, {"8"}])
def test_the_instances_own_codes_win(outcome: Outcome, codes: set[str]) -> None:
    policy = Policy(breaker=BreakerPolicy(codes=frozenset(codes)))
    found = settle.classified(outcome, policy)
    assert found == (
        Refused(
            RefusalClass.START_FAILURE,
            "9",
            "x" if isinstance(outcome, Refused) else found_text(outcome),
        )
        if codes == {"9"}
        else outcome
    )


def found_text(outcome: Outcome) -> str:
    """The message of an outcome that has one."""
    return str(getattr(outcome, "message", ""))


@pytest.mark.parametrize(
    ("before", "classes"),
    [
        ([599, 1], RefusalClass.PLATFORM),
        ([600, 1], RefusalClass.INVALID),
        ([1], RefusalClass.INVALID),
    ],
)
def test_three_instances_called_invalid_within_ten_minutes_speak_of_the_platform(
    before: list[int], classes: RefusalClass
) -> None:
    draft = draft_of(3, at=HOUR)
    seen = tuple(
        Seen(draft.now - ago * SECOND, one) for ago, one in zip(before, (A1, A2), strict=False)
    )
    rejected = episode(attempts=1, not_sent=3, rejection=Rejection(T0, 1, "10004"), reads=2)
    for one in ("a1", "a2"):
        state = put(draft, one, episode=rejected)
        draft.put(replace(state, facts=replace(state.facts, ledger=Ledger(5, 1))))
    put_center(draft, invalids=seen)
    ended(INVALID, draft)
    assert draft.attempts[AttemptKey(A0, 1)].refusal is classes
    platform = classes is RefusalClass.PLATFORM
    # The earlier two count as platform errors too: rejection ends, they cool down from then.
    cools = episode(attempts=2, waits_from=T0, waits_seq=5, cautious_from=T0)
    assert draft.state(A2).facts.care.episode == (cools if platform else rejected)
    assert center_of(draft).breaker.errors == ((A1, A2, A0) if platform else ())
    recent = tuple(one for one in seen if one.at > draft.now - 10 * MINUTE)
    assert center_of(draft).invalids == (*recent, Seen(draft.now, A0))


def test_the_same_instance_called_invalid_again_speaks_of_itself() -> None:
    draft = draft_of(3, at=HOUR)
    put_center(draft, invalids=(Seen(T0 + HOUR, A0), Seen(T0 + HOUR, A1)))
    ended(INVALID, draft, episode=episode(rejection=Rejection(T0, 3, "10004")))
    assert care_of(draft).episode.rejection == Rejection(draft.now, 4, "10004")
    assert center_of(draft).invalids == (Seen(draft.now, A1), Seen(draft.now, A0))


@pytest.mark.parametrize("two", [True, False])
def test_a_second_instance_denied_by_permission_blocks_the_center(two: bool) -> None:
    draft = draft_of(3, at=HOUR)
    put_center(draft, denials=(Seen(draft.now - timedelta(minutes=1), A1),) if two else ())
    ended(DENIED, draft)
    refusal = RefusalClass.ACCOUNT if two else RefusalClass.INVALID
    assert draft.attempts[AttemptKey(A0, 1)].refusal is refusal
    assert (center_of(draft).block is not None) is two
    assert center_of(draft).invalids == ()
