"""Properties of core.leave: leaving twice is leaving once, and no removal loses what holds back."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from builders import CENTER, HOUR, T0
from mutants_support import A0, episode, watch
from scnet_watchdog.core.change import StoredInstance
from scnet_watchdog.core.command import Hold, Scope, ScopeKind
from scnet_watchdog.core.leave import found_again, left
from scnet_watchdog.core.model import Status
from scnet_watchdog.core.outcome import OutcomeKind, Verdict
from scnet_watchdog.core.policy import Member
from scnet_watchdog.core.state import REST, BreakerState, Call, Facts, Ledger
from strategies import examples

HOLD = Hold(Scope(ScopeKind.INSTANCE, A0), T0)
OPEN = episode(attempts=2, waits_from=T0, breaker=BreakerState.OPEN, opened_at=T0, openings=1)


@st.composite
def stored(draw: st.DrawFn) -> StoredInstance:
    """One instance with any mix of what can be open for it."""
    one = watch(place=draw(st.booleans()), canary=draw(st.booleans()), reads=draw(st.integers(0)))
    outcome = draw(st.none() | st.sampled_from(OutcomeKind))
    verdict = draw(st.none() | st.sampled_from(Verdict)) if outcome else None
    settled_at = T0 if outcome else None
    attempt = replace(one.attempt, outcome=outcome, verdict=verdict, settled_at=settled_at)
    attempts, not_sent = draw(st.integers(0, 5)), draw(st.integers(0, 5))
    began = replace(OPEN, attempts=attempts, not_sent=not_sent, watches=draw(st.booleans()))
    care = replace(
        REST,
        episode=draw(st.none() | st.just(began)),
        watch=draw(st.none() | st.just(replace(one, attempt=attempt))),
        hold=draw(st.none() | st.just(HOLD)),
        turned=draw(st.booleans()),
    )
    facts = Facts(draw(st.sampled_from(Status)), T0, ledger=Ledger(1, 1, (Call(T0),)), care=care)
    return StoredInstance(A0, CENTER, facts)


@examples(100)
@given(stored(), st.integers(0, 86_400))
def test_leaving_twice_is_leaving_once(before: StoredInstance, seconds: int) -> None:
    now = T0 + timedelta(seconds=seconds)
    once, _ = left(before, now)
    assert left(once, now + HOUR) == (once, None)


@examples(100)
@given(stored())
def test_a_removal_loses_no_hold_no_call_and_nothing_the_next_call_waits_for(
    before: StoredInstance,
) -> None:
    kept, unjudged = left(before, T0 + HOUR)
    back = found_again(Member(A0, "elsewhere", "scnet"), {A0: kept}).facts
    old, new = before.facts.care, back.care
    assert (new.hold, back.ledger) == (old.hold, before.facts.ledger)
    awaits = old.watch is not None and old.watch.attempt.awaits_verdict
    assert (unjudged is not None) is awaits
    # A call on the wire is still awaited.
    assert (new.watch is None) is (old.watch is None or old.watch.attempt.outcome is not None)
    if old.episode is not None:
        assert new.episode is not None
        assert new.episode.waits_from == old.episode.waits_from
        assert (new.episode.attempts > 0) is (old.episode.attempts + old.episode.not_sent > 0)
        assert new.episode.watches is (awaits or old.episode.watches)
