"""From a decision to what follows: the index, the next deadline, and a told change of reason."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from .assess import assess
from .backoff import wait_after
from .breaker import opens_until
from .decision import Decision, Reason
from .draft import Draft, keep
from .episode import end_episode
from .event import EventKind, Level
from .gates import Wish, throttle_shut
from .holds import expire_own
from .judge import wait_over
from .model import InstanceId
from .operate import ORDER_LASTS, became_eligible, lapse
from .policy import HOUR, Mode, Policy
from .state import InstanceState, ShadowCount
from .storm import WAITS
from .view import View, view_of

EPISODE_ENDS_AFTER = 24 * HOUR
"""An episode without a call for a day is over."""

_BY_TIME = frozenset(
    {Reason.COOLING_DOWN, Reason.BREAKER_OPEN, Reason.REJECTED, Reason.BUDGET_SPENT, Reason.HELD}
)
"""Reasons whose end a poll should meet: the source is asked fast from ten seconds before."""

_CALM = frozenset({None, Reason.QUIET_START})
_SILENT = frozenset({Reason.QUIET_START, Reason.HEALTHY})


def upkeep(draft: Draft, id_: InstanceId) -> None:
    """What time alone does to an instance: slots, breakers, orders and episodes run out."""
    if expire_own(draft, id_):
        became_eligible(draft, id_)
    lapse(draft, id_)
    state = draft.state(id_)
    care = state.facts.care
    policy = draft.member(id_).policy
    if (
        care.watch is not None
        and care.watch.slot
        and care.watch.attempt.outcome is not None
        and draft.now >= care.watch.attempt.saved_at + policy.start_deadline
    ):
        state = draft.care(state, watch=replace(care.watch, slot=False))
    if care.shadow is not None and draft.mode(id_) is not Mode.SHADOW:
        state = draft.care(state, shadow=None)
    episode = care.episode
    if episode is None:
        return
    until = opens_until(episode, policy.breaker)
    if until is not None and draft.now >= until:
        state = wait_over(draft, state)
    idle = care.watch is None or care.watch.attempt.closed
    if idle and episode.last_call_at and draft.now >= episode.last_call_at + EPISODE_ENDS_AFTER:
        end_episode(draft, state)


def first_answer(draft: Draft, id_: InstanceId) -> None:
    """Decide about one instance: hold it, or let it wait at the center's gates."""
    decision = assess(view_of(draft, id_))
    if decision is None and draft.mode(id_) is Mode.SHADOW:
        decision = shadow(draft, id_)
    if decision is None:
        draft.line_up(id_)
    else:
        draft.own_index(draft.member(id_).center).wanting.discard(id_)
        conclude(draft, id_, decision)


def shadow(draft: Draft, id_: InstanceId) -> Decision:
    """Tell the call that would go now, and count it apart from everything real."""
    view = view_of(draft, id_)
    waits = shadow_waits(view)
    if waits is not None:
        return waits
    count = view.state.facts.care.shadow
    calls = count.calls + 1 if count is not None else 1
    draft.care(view.state, shadow=ShadowCount(calls, draft.now))
    since = view.state.facts.since
    draft.tell(
        EventKind.RESTART_REQUESTED,
        id_,
        shadow=True,
        attempt=calls,
        reason=view.status,
        status=view.status,
        down_for_s=round((draft.now - since).total_seconds(), 1) if since else None,
    )
    again = draft.now + wait_after(calls, view.policy.cooldown, id_, calls)
    return Decision(Reason.SHADOW, again, {"calls": calls})


def shadow_waits(view: View) -> Decision | None:
    """What a call in shadow would wait for: a throttled center, or the cooldown of its own count.

    It waits for no gate that real calls fill.
    """
    throttled = throttle_shut(view.draft, view.center, Wish())
    count = view.state.facts.care.shadow
    if throttled is not None or count is None:
        return throttled
    again = count.last_at + wait_after(
        count.calls, view.policy.cooldown, view.member.id, count.calls
    )
    return Decision(Reason.SHADOW, again, {"calls": count.calls}) if view.now < again else None


def conclude(draft: Draft, id_: InstanceId, decision: Decision) -> None:
    """Take a decision: remember its reason, tell it where it changed, set the next deadline."""
    state, policy = draft.state(id_), draft.member(id_).policy
    reason = Reason.VERIFYING if decision.restarts else decision.reason
    _note(draft, state, policy, decision, reason)
    draft.wakes[id_] = None if state.at_rest else _wake(draft, state, policy, decision.next_at)
    previous = state.facts.reason
    if reason is previous:
        return
    draft.instances[id_] = state.with_facts(state.facts.with_reason(reason))
    silent = previous in _CALM and reason in _SILENT
    if not decision.restarts and not silent:
        _tell_change(draft, id_, previous, decision)


def _note(
    draft: Draft, state: InstanceState, policy: Policy, decision: Decision, reason: Reason
) -> None:
    """Keep the center's index in step."""
    id_, index = state.id, draft.own_index(state.center)
    restartable = id_ in index.restartable and draft.mode(id_) is Mode.ACTIVE
    keep(index.waits, id_, restartable and reason in WAITS)
    keep(index.hurry, id_, _hurries(draft, state, policy, reason))
    if restartable and (id_ in index.wanting or _falls_due(decision)):
        # Without a moment it is reads that are waited for, or a place: soon.
        index.due[id_] = decision.next_at or draft.now
    else:
        index.due.pop(id_, None)


def _falls_due(decision: Decision) -> bool:
    """Whether time brings the call; a hold without an end waits for a person."""
    endless = decision.reason is Reason.HELD and decision.next_at is None
    return decision.reason in _BY_TIME and not endless


def _tell_change(
    draft: Draft, id_: InstanceId, previous: Reason | None, decision: Decision
) -> None:
    reason = decision.reason
    numbers: dict[str, Any] = dict(decision.numbers)
    if reason is Reason.BUDGET_SPENT and numbers["spent"] == numbers["of"]:
        # The calls of one per `then_every` that follow are no news.
        draft.tell(EventKind.BUDGET_SPENT, id_, next_at=decision.next_at, **numbers)
    draft.tell(
        EventKind.DECISION_CHANGED,
        id_,
        level=_level(draft, draft.member(id_).center, previous, reason),
        previous=previous,
        reason=reason,
        next_at=decision.next_at,
        **numbers,
    )


def _level(draft: Draft, name: str, previous: Reason | None, reason: Reason) -> Level | None:
    """The canary of a center that is blocked still was silent, and so is its end."""
    if previous is not Reason.VERIFYING or reason is not Reason.CENTER_BLOCKED:
        return None
    block = draft.center(name).block
    return Level.DEBUG if block is not None and block.since < draft.now else None


def _hurries(draft: Draft, state: InstanceState, policy: Policy, reason: Reason) -> bool:
    if reason is Reason.CONFIRMING:
        return True
    watch = state.facts.care.watch
    if watch is None or watch.attempt.closed:
        return False
    return draft.now < watch.attempt.saved_at + policy.start_deadline


def _wake(
    draft: Draft, state: InstanceState, policy: Policy, next_at: datetime | None
) -> datetime | None:
    """The next moment at which time alone changes something for this instance."""
    care = state.facts.care
    moments: list[datetime | None] = [next_at, draft.blind_at(state)]
    if care.watch is not None and care.watch.slot:
        moments.append(care.watch.attempt.saved_at + policy.start_deadline)
    if care.hold is not None:
        moments.append(care.hold.ends_at)
    if care.order is not None:
        moments.append(care.order.begun_at + ORDER_LASTS)
    if care.episode is not None:
        moments.append(opens_until(care.episode, policy.breaker))
        if care.episode.last_call_at is not None:
            moments.append(care.episode.last_call_at + EPISODE_ENDS_AFTER)
    later = [one for one in moments if one is not None and one > draft.now]
    return min(later, default=None)
