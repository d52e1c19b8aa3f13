"""How a restart call ended, taken into the state: cooldowns, breakers, blocks, rejections."""

from dataclasses import replace
from typing import Any, assert_never

from . import block, centerbreaker, evidence, ramp, throttle
from .attempt import Attempt
from .draft import Draft
from .episode import open_episode
from .event import EventKind, Level
from .inputs import CallEnded
from .judge import start_failure
from .outcome import (
    Accepted,
    NotSent,
    Outcome,
    OutcomeKind,
    RefusalClass,
    Refused,
    Unanswered,
    Verdict,
    Withdrawn,
)
from .policy import Policy
from .state import Episode, InstanceState, Watch


def classified(outcome: Outcome, policy: Policy) -> Outcome:
    """Apply the instance's `breaker.codes`, which win over the platform's table."""
    code = outcome.code if isinstance(outcome, (Refused, Unanswered)) else None
    if code is not None and code in policy.breaker.codes:
        message = outcome.message if isinstance(outcome, (Refused, Unanswered)) else ""
        return Refused(RefusalClass.START_FAILURE, code, message)
    return outcome


def take_ended(draft: Draft, ended: CallEnded) -> None:
    """Settle an ended call; one that was settled before changes nothing."""
    id_ = ended.key.instance
    if id_ not in draft.fleet.roster.members:
        _settle_stranger(draft, ended)
        return
    state = draft.state(id_)
    watch = state.facts.care.watch
    if watch is None or watch.attempt.key != ended.key or watch.attempt.outcome is not None:
        return
    # Removed and watched again while the call was on the wire: removal had ended the episode.
    state = open_episode(draft, state, watch.attempt.saved_at)
    outcome = classified(ended.outcome, draft.member(id_).policy)
    if isinstance(outcome, Refused):
        outcome = evidence.by_evidence(draft, state, outcome)
    attempt = settled(watch.attempt, outcome, ended)
    draft.row(attempt)
    if attempt.awaits_verdict:
        state = _forget_rows(draft, state)
    state = draft.care(
        state,
        watch=replace(
            watch,
            attempt=attempt,
            slot=watch.slot and attempt.awaits_verdict,
            read_status=attempt.status,
        ),
    )
    draft.touched_centers[state.center] = None
    _tell(draft, attempt, outcome, ended)
    _consequences(draft, state, outcome, ended)


def _consequences(draft: Draft, state: InstanceState, outcome: Outcome, ended: CallEnded) -> None:
    match outcome:
        case Accepted():
            _accepted(draft, state, ended)
        case Unanswered():
            _unanswered(draft, state)
        case Refused():
            _refused(draft, state, outcome)
        case NotSent():
            _not_sent(draft, state)
        case Withdrawn():
            _drop(draft, state, gives_back=True)
        case _:
            assert_never(outcome)


def settled(attempt: Attempt, outcome: Outcome, ended: CallEnded) -> Attempt:
    """The attempt's row with its outcome."""
    match outcome:
        case Accepted(returned_id, code):
            kind, refusal = OutcomeKind.ACCEPTED, None
        case Refused(refused_as, code):
            kind, refusal, returned_id = OutcomeKind.REFUSED, refused_as, None
        case Unanswered(_, code):
            kind, refusal, returned_id = OutcomeKind.UNKNOWN, None, None
        case NotSent():
            kind, refusal, code, returned_id = OutcomeKind.NOT_SENT, None, None, None
        case Withdrawn():
            kind, refusal, code, returned_id = OutcomeKind.WITHDRAWN, None, None, None
        case _:
            assert_never(outcome)
    return replace(
        attempt,
        outcome=kind,
        refusal=refusal,
        code=code,
        returned_id=returned_id,
        settled_at=ended.at,
    )


def _settle_stranger(draft: Draft, ended: CallEnded) -> None:
    """A removed instance's call ended: settled, then unjudged."""
    stored = draft.fleet.dormant.get(ended.key.instance)
    watch = stored.facts.care.watch if stored else None
    if stored is None or watch is None or watch.attempt.key != ended.key:
        return
    attempt = settled(watch.attempt, ended.outcome, ended)
    care = replace(stored.facts.care, watch=None)
    if attempt.awaits_verdict:
        attempt = replace(attempt, verdict=Verdict.UNJUDGED, judged_at=draft.now)
        # It may have acted: the next call, should it come back, waits for watch and reads.
        episode = care.episode or Episode(attempt.saved_at, attempt.episode)
        careful = replace(episode, cautious_from=attempt.settled_at, watches=True, reads=0)
        care = replace(care, episode=careful)
    draft.row(attempt)
    draft.dormant[stored.id] = replace(stored, facts=replace(stored.facts, care=care))


def _forget_rows(draft: Draft, state: InstanceState) -> InstanceState:
    """What was read before the reply confirms nothing after it."""
    return draft.put(replace(state, sight=replace(state.sight, down=None, restartable=None)))


def _accepted(draft: Draft, state: InstanceState, ended: CallEnded) -> None:
    watch, episode = _open(state)
    state = draft.care(
        state,
        watch=replace(watch, read_at=ended.at),
        episode=replace(_counted(episode, watch.attempt), rejection=None),
    )
    center = draft.center(state.center)
    if center.denials:
        draft.put_center(replace(center, denials=()))
    throttle.not_throttled(draft, state.center)
    block.unblock_by_restart(draft, state.id)
    centerbreaker.answered(draft, draft.state(state.id))


def _unanswered(draft: Draft, state: InstanceState) -> None:
    watch, episode = _open(state)
    state = draft.care(
        state,
        watch=replace(watch, read_at=watch.attempt.saved_at),
        episode=_counted(episode, watch.attempt),
    )
    throttle.came_to_nothing(draft, state.center, state.id)
    block.tried_in_vain(draft, state.center)
    centerbreaker.platform_error(draft, draft.state(state.id), watch, unanswered=True)


def _not_sent(draft: Draft, state: InstanceState) -> None:
    watch, episode = _open(state)
    attempt = watch.attempt
    state = draft.care(
        state,
        episode=replace(
            episode,
            not_sent=episode.not_sent + 1,
            waits_from=attempt.saved_at,
            waits_seq=attempt.seq,
        ),
    )
    throttle.came_to_nothing(draft, state.center, state.id)
    block.tried_in_vain(draft, state.center)
    centerbreaker.platform_error(draft, state, watch, unanswered=False)
    _drop(draft, draft.state(state.id), gives_back=True)


def _refused(draft: Draft, state: InstanceState, refused: Refused) -> None:
    name = state.center
    watch, episode = _open(state)
    if refused.kind is RefusalClass.THROTTLED:
        throttle.throttled(draft, name, refused.retry_after, state.id)
        _drop(draft, state, gives_back=True)
        return
    throttle.not_throttled(draft, name)
    if refused.kind is RefusalClass.START_FAILURE:
        draft.care(state, episode=replace(_counted(episode, watch.attempt), rejection=None))
        block.unblock_by_restart(draft, state.id)
        centerbreaker.answered(draft, state)
        state = draft.state(state.id)
        start_failure(draft, state, _open(state)[0])
        _drop(draft, draft.state(state.id), gives_back=False)
        return
    if refused.kind is RefusalClass.ACCOUNT:
        block.restart_refused(draft, name, refused.cause, refused.code)
    elif refused.kind is RefusalClass.INVALID:
        evidence.reject(draft, state, episode, refused.code)
        block.tried_in_vain(draft, name)
    else:
        careful = _cautious(_counted(episode, watch.attempt), watch.attempt)
        draft.care(state, episode=careful)
        block.tried_in_vain(draft, name)
        centerbreaker.platform_error(draft, draft.state(state.id), watch, unanswered=False)
    _drop(draft, draft.state(state.id), gives_back=True)


def _open(state: InstanceState) -> tuple[Watch, Episode]:
    watch, episode = state.facts.care.watch, state.facts.care.episode
    assert watch is not None and episode is not None  # noqa: S101, PT018 - an attempt has both
    return watch, episode


def _counted(episode: Episode, attempt: Attempt) -> Episode:
    """The attempt counts, and the cooldown runs from when it was saved."""
    return replace(
        episode,
        attempts=episode.attempts + 1,
        not_sent=0,
        waits_from=attempt.saved_at,
        waits_seq=attempt.seq,
        cautious_from=None,
        watches=False,
        reads=0,
    )


def _cautious(episode: Episode, attempt: Attempt) -> Episode:
    return replace(episode, cautious_from=attempt.settled_at, watches=False, reads=0)


def _drop(draft: Draft, state: InstanceState, gives_back: bool) -> None:
    """The attempt is over: its places and, if it cannot have started anything, its call go back."""
    ramp.give_back(draft, state.id)
    state = draft.state(state.id)
    watch, _ = _open(state)
    if watch.attempt.outcome is OutcomeKind.WITHDRAWN:
        throttle.came_to_nothing(draft, state.center, state.id)
    ledger = state.facts.ledger
    if gives_back:
        at = watch.attempt.saved_at
        ledger = replace(ledger, calls=tuple(call for call in ledger.calls if call.at != at))
    care = replace(state.facts.care, watch=None)
    draft.put(replace(state, facts=replace(state.facts, ledger=ledger, care=care)))


_KINDS = {
    OutcomeKind.ACCEPTED: EventKind.RESTART_ACCEPTED,
    OutcomeKind.REFUSED: EventKind.RESTART_REFUSED,
    OutcomeKind.UNKNOWN: EventKind.RESTART_UNKNOWN,
    OutcomeKind.NOT_SENT: EventKind.RESTART_NOT_SENT,
    OutcomeKind.WITHDRAWN: EventKind.RESTART_WITHDRAWN,
}


def _tell(draft: Draft, attempt: Attempt, outcome: Outcome, ended: CallEnded) -> None:
    assert attempt.outcome is not None  # noqa: S101 - just settled
    # Blocked already, and told: one more refusal for the same cause is no news.
    blocked = draft.center(attempt.center).block is not None
    known = blocked and attempt.refusal is RefusalClass.ACCOUNT
    returned = attempt.returned_id if attempt.returned_id != attempt.instance else None
    duration = (ended.at - attempt.saved_at).total_seconds() * 1000
    message = getattr(outcome, "message", "") or None
    fields: dict[str, Any] = {"class": attempt.refusal} if attempt.refusal else {}
    draft.tell(
        _KINDS[attempt.outcome],
        attempt.instance,
        level=Level.DEBUG if known else None,
        seq=attempt.seq,
        attempt=attempt.number,
        reason=attempt.reason,
        outcome=attempt.outcome,
        code=attempt.code,
        returned_id=returned,
        error=message,
        duration_ms=round(duration),
        **fields,
    )
