"""Which attempt an ended call settles, and what several refusals speak of: semantics 3."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from builders import CENTER, HOUR, MINUTE, SECOND, T0
from center_support import (
    DENIED,
    INVALID,
    NOT_SENT,
    PLATFORM,
    UNANSWERED,
)
from mutants_support import A0, center_of, draft_of, episode, put, put_center, watch
from scnet_watchdog.core import settle
from scnet_watchdog.core.attempt import AttemptKey
from scnet_watchdog.core.center import Seen
from scnet_watchdog.core.change import StoredInstance
from scnet_watchdog.core.draft import Draft
from scnet_watchdog.core.inputs import CallEnded
from scnet_watchdog.core.model import InstanceId
from scnet_watchdog.core.outcome import (
    Accepted,
    Outcome,
    OutcomeKind,
    RefusalClass,
    Refused,
    Unanswered,
    Verdict,
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
    care = replace(facts.care, watch=watch("gone"), episode=episode(attempts=4, reads=5))
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
    assert kept.episode == (careful if judged else episode(attempts=4, reads=5))
    assert kept.watch is None


def test_a_call_of_someone_never_watched_changes_nothing() -> None:
    draft = draft_of(1)
    gone = InstanceId("gone")
    for _ in range(2):
        settle.take_ended(draft, CallEnded(AttemptKey(gone, 1), Accepted(), T0))
        assert (draft.attempts, draft.dormant) == ({}, {})
        # Nor of one that is remembered without an attempt.
        draft.fleet.dormant[gone] = StoredInstance(gone, CENTER, draft.state(A0).facts)


# Codes and evidence.


@pytest.mark.parametrize(
    "outcome", [Refused(RefusalClass.PLATFORM, "9", "no"), Unanswered("no", "9")]
)
def test_the_instances_own_codes_win(outcome: Outcome) -> None:
    def with_code(code: str) -> Outcome:
        policy = Policy(breaker=BreakerPolicy(codes=frozenset({code})))
        return settle.classified(outcome, policy)

    assert with_code("9") == Refused(RefusalClass.START_FAILURE, "9", "no")
    assert with_code("8") == outcome


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


@pytest.mark.parametrize("forgiven", [None, episode(attempts=1)])
def test_a_rejection_that_has_ended_meanwhile_counts_to_nothing(forgiven: object) -> None:
    draft = draft_of(3, at=HOUR)
    put(draft, "a1", episode=forgiven)
    put_center(draft, invalids=(Seen(draft.now, A1), Seen(draft.now, A2)))
    put(draft, "a2", episode=episode(rejection=Rejection(T0), watches=True))
    ended(INVALID, draft)
    assert draft.state(A1).facts.care.episode == forgiven
    assert center_of(draft).breaker.errors == (A2, A0)
    found = draft.state(A2).facts.care.episode
    assert found is not None
    assert not found.watches
