"""Verdicts and what follows from them: start failures, breakers, the center's count, the ramp."""

from dataclasses import replace
from datetime import datetime

from . import centerbreaker, ramp
from .breaker import Move, closed, half_opened, open_time, start_failed
from .decision import Reason
from .draft import Draft
from .episode import open_episode
from .event import EventKind, Level
from .model import Status
from .outcome import Verdict
from .state import BreakerState, Episode, InstanceState, Watch
from .verify import Alarm, Reading, has_left, read

_TOLD = {
    Verdict.RECOVERED: EventKind.RESTART_RECOVERED,
    Verdict.DID_NOT_HELP: EventKind.RESTART_DID_NOT_HELP,
    Verdict.RELAPSED: EventKind.RESTART_RELAPSED,
    Verdict.STUCK_WAITING: EventKind.RESTART_STUCK_WAITING,
}


def by_read(
    draft: Draft, state: InstanceState, status: Status, asked_at: datetime
) -> InstanceState:
    """Judge the instance's attempt, if any, by one more read."""
    state = _count_caution(draft, state, asked_at)
    watch = state.facts.care.watch
    if watch is None:
        return state
    attempt, policy = watch.attempt, draft.member(state.id).policy
    if attempt.settled_at is None or asked_at <= attempt.settled_at:
        # Not answered yet, or asked before the answer: proves nothing but that the slot is free.
        if watch.slot and asked_at > attempt.saved_at and has_left(status, watch, policy):
            return draft.care(state, watch=replace(watch, slot=False))
        return state
    reading = read(watch, status, asked_at, state.sight.down, policy)
    state = draft.care(state, watch=reading.watch)
    if reading.alarm is Alarm.WARN:
        _tell_waiting(draft, state, reading.watch, Level.WARNING, "warn")
    if reading.passes:
        _passes(draft, state)
    if reading.verdict is None:
        return draft.care(draft.state(state.id), watch=None) if reading.done else state
    return _pronounce(draft, draft.state(state.id), reading)


def _passes(draft: Draft, state: InstanceState) -> None:
    """The canary of a half-open center closes its breaker; any other lets more follow."""
    if ramp.passes(draft, state):
        centerbreaker.canary_passed(draft, state.center)


def _count_caution(draft: Draft, state: InstanceState, asked_at: datetime) -> InstanceState:
    episode = state.facts.care.episode
    if episode is None or episode.cautious_from is None or asked_at <= episode.cautious_from:
        return state
    return draft.care(state, episode=replace(episode, reads=episode.reads + 1))


def _pronounce(draft: Draft, state: InstanceState, reading: Reading) -> InstanceState:
    verdict = reading.verdict
    watch = state.facts.care.watch
    assert verdict is not None and watch is not None  # noqa: S101, PT018 - see by_read
    before = watch.attempt.verdict
    attempt = replace(watch.attempt, verdict=verdict, judged_at=draft.now)
    draft.row(attempt)
    watch = replace(watch, attempt=attempt, slot=False)
    state = draft.care(state, watch=watch)
    _tell_verdict(draft, state, watch, verdict, before)
    if reading.start_failure:
        state = start_failure(draft, state, watch)
    elif verdict is Verdict.RECOVERED:
        state = _recovered(draft, state, watch, before)
    elif verdict is Verdict.UNJUDGED:
        state = unjudged(draft, state, watch)
    elif verdict is Verdict.DID_NOT_HELP:
        centerbreaker.did_not_help(draft, state, watch)
    if verdict in (Verdict.DID_NOT_HELP, Verdict.UNJUDGED):
        ramp.give_back(draft, state.id)
        state = draft.state(state.id)
    return draft.care(state, watch=None) if reading.done else state


def _tell_verdict(
    draft: Draft, state: InstanceState, watch: Watch, verdict: Verdict, before: Verdict | None
) -> None:
    kind = _TOLD.get(verdict)
    if kind is None:
        return
    if verdict is Verdict.STUCK_WAITING:
        _tell_waiting(draft, state, watch, Level.ERROR, "critical")
        return
    attempt = watch.attempt
    took = draft.now - attempt.saved_at
    draft.tell(
        kind,
        state.id,
        seq=attempt.seq,
        attempt=attempt.number,
        reason=attempt.reason,
        outcome=attempt.outcome,
        verdict=verdict,
        status=state.facts.status,
        previous=before,
        took_s=round(took.total_seconds(), 1),
    )


def _tell_waiting(
    draft: Draft, state: InstanceState, watch: Watch, level: Level, alarm: str
) -> None:
    since = watch.waiting_since or draft.now
    draft.tell(
        EventKind.RESTART_STUCK_WAITING,
        state.id,
        level=level,
        seq=watch.attempt.seq,
        attempt=watch.attempt.number,
        status=state.facts.status,
        alarm=alarm,
        waiting_for_s=round((draft.now - since).total_seconds(), 1),
        verdict=Verdict.STUCK_WAITING if alarm == "critical" else None,
    )


def start_failure(draft: Draft, state: InstanceState, watch: Watch) -> InstanceState:
    """Count a start failure to the instance's breaker and to the center's."""
    policy = draft.member(state.id).policy.breaker
    state = open_episode(draft, state, watch.attempt.saved_at)
    episode = _episode(state)
    by_operator = _operators_trial(watch)
    failed = start_failed(episode, policy, draft.now, by_operator)
    opened = failed.opened_at == draft.now and failed.breaker is BreakerState.OPEN
    state = draft.care(
        state,
        episode=failed,
        watch=replace(watch, opened=opened and episode.breaker is BreakerState.CLOSED),
    )
    if opened:
        draft.tell(
            EventKind.BREAKER_OPENED,
            state.id,
            scope="instance",
            failures=failed.failures,
            openings=failed.openings,
            open_until=draft.now + open_time(policy, failed.openings),
        )
    centerbreaker.start_failed(draft, state, watch)
    return draft.state(state.id)


def _episode(state: InstanceState) -> Episode:
    """The open episode: an attempt that is judged, and a breaker that is open, have one."""
    episode = state.facts.care.episode
    assert episode is not None  # noqa: S101 - see above
    return episode


def _operators_trial(watch: Watch) -> bool:
    """Its failure opens the breaker again, but no longer than before."""
    return watch.trial and watch.attempt.reason is Reason.OPERATOR


def _recovered(
    draft: Draft, state: InstanceState, watch: Watch, before: Verdict | None
) -> InstanceState:
    centerbreaker.judged(draft, watch.attempt.key, state.center, failed=False)
    state = draft.state(state.id)
    episode = _episode(state)
    if before is Verdict.DID_NOT_HELP and watch.overdue:
        return _take_back(draft, state, watch)
    if watch.trial and episode.breaker is not BreakerState.CLOSED:
        draft.tell(EventKind.BREAKER_CLOSED, state.id, scope="instance", openings=episode.openings)
        return draft.care(state, episode=closed(episode, Move.PASSED))
    return state


def _take_back(draft: Draft, state: InstanceState, watch: Watch) -> InstanceState:
    """It did start, only late: the failure, and the opening it alone caused, were none."""
    episode = _episode(state)
    episode = replace(episode, failures=max(0, episode.failures - 1))
    if episode.breaker is not BreakerState.CLOSED and (watch.opened or watch.trial):
        draft.tell(EventKind.BREAKER_CLOSED, state.id, scope="instance", openings=episode.openings)
        less = 0 if _operators_trial(watch) else 1
        episode = closed(episode, Move.CLEARED)
        episode = replace(episode, openings=max(0, episode.openings - less))
    state = draft.care(state, episode=episode, watch=replace(watch, overdue=False, opened=False))
    centerbreaker.taken_back(draft, state, watch)
    return draft.state(state.id)


def unjudged(draft: Draft, state: InstanceState, watch: Watch) -> InstanceState:
    """Nobody will know. It may have acted: the next call waits for an unknown call's watch."""
    since = watch.attempt.settled_at
    careful = replace(_episode(state), cautious_from=since, watches=True, reads=watch.reads)
    return draft.care(state, episode=careful)


def wait_over(draft: Draft, state: InstanceState) -> InstanceState:
    """Half-open an instance's breaker whose time is over."""
    episode = _episode(state)
    draft.tell(EventKind.BREAKER_HALF_OPENED, state.id, scope="instance", openings=episode.openings)
    return draft.care(state, episode=half_opened(episode))
