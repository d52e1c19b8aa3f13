"""What outlives a removal, part by part: semantics 3 and 7."""

from dataclasses import replace

import pytest

from builders import CENTER, HOUR, MINUTE, SECOND, T0
from mutants_support import A0, attempted, episode
from scnet_watchdog.core.change import StoredInstance
from scnet_watchdog.core.command import Hold, Scope, ScopeKind
from scnet_watchdog.core.decision import Reason
from scnet_watchdog.core.leave import found_again, left
from scnet_watchdog.core.model import Status
from scnet_watchdog.core.outcome import OutcomeKind, Verdict
from scnet_watchdog.core.policy import Member
from scnet_watchdog.core.state import REST, BreakerState, Care, Facts, InstanceState, Rejection


@pytest.mark.parametrize(
    ("outcome", "unjudged", "on_the_wire"),
    [
        (None, False, True),
        (OutcomeKind.ACCEPTED, True, False),
        (OutcomeKind.UNKNOWN, True, False),
        (OutcomeKind.REFUSED, False, False),
    ],
)
def test_what_becomes_of_the_attempt_of_one_who_leaves(
    outcome: OutcomeKind | None, unjudged: bool, on_the_wire: bool
) -> None:
    one = attempted(outcome, place=True)
    care = replace(REST, watch=one, hold=Hold(Scope(ScopeKind.INSTANCE, A0), T0), turned=True)
    stored = StoredInstance(A0, CENTER, Facts(Status.FAILED, T0, care=care))
    kept, row = left(stored, T0 + HOUR)
    ended = replace(one.attempt, verdict=Verdict.UNJUDGED, judged_at=T0 + HOUR)
    assert row == (ended if unjudged else None)
    in_flight = replace(one, place=False) if on_the_wire else None
    assert kept == replace(
        stored, facts=replace(stored.facts, care=Care(hold=care.hold, watch=in_flight))
    )
    assert left(replace(stored, facts=Facts()), T0) == (replace(stored, facts=Facts()), None)


@pytest.mark.parametrize(
    ("attempts", "not_sent", "kept"),
    [(0, 0, 0), (1, 0, 1), (3, 0, 1), (0, 1, 1), (0, 3, 1), (1, 1, 1), (1, 2, 1)],
)
def test_the_last_calls_cooldown_outlives_a_removal_as_if_it_were_the_first(
    attempts: int, not_sent: int, kept: int
) -> None:
    moments = {"waits_from": T0, "waits_seq": 4, "last_call_at": T0 + SECOND}
    before = episode(
        attempts=attempts,
        not_sent=not_sent,
        failures=2,
        openings=1,
        breaker=BreakerState.OPEN,
        opened_at=T0,
        cautious_from=T0 + MINUTE,
        watches=True,
        reads=2,
        rejection=Rejection(T0),
        **moments,
    )
    stored = StoredInstance(A0, CENTER, Facts(care=replace(REST, episode=before)))
    expected = episode(attempts=kept, cautious_from=T0 + MINUTE, watches=True, reads=2, **moments)
    assert left(stored, T0)[0].facts.care == Care(episode=expected)


@pytest.mark.parametrize("outcome", [OutcomeKind.ACCEPTED, OutcomeKind.REFUSED])
def test_a_call_that_is_not_judged_asks_for_its_reads_and_time_after_the_return(
    outcome: OutcomeKind,
) -> None:
    care = replace(REST, watch=attempted(outcome, reads=2), episode=episode(reads=1))
    stored = StoredInstance(A0, CENTER, Facts(care=care))
    since = T0 + 40 * SECOND
    awaits = outcome is OutcomeKind.ACCEPTED
    careful = episode(cautious_from=since, watches=True, reads=2) if awaits else episode(reads=1)
    assert left(stored, T0 + HOUR)[0].facts.care == Care(episode=careful)


def test_who_comes_back_must_be_seen_anew() -> None:
    facts = Facts(Status.FAILED, T0, "llm", Reason.CONFIRMING, care=replace(REST, turned=True))
    back = found_again(Member(A0, "wuzhen", "scnet"), {A0: StoredInstance(A0, CENTER, facts)})
    again = replace(facts, status=None, since=None, reason=None)
    assert back == InstanceState(A0, "wuzhen", again)
    assert found_again(Member(A0, "wuzhen", "scnet"), {}) == InstanceState(A0, "wuzhen")
