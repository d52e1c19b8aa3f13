"""One instance in one sentence: since when, what was tried, what holds it, what comes when."""

from collections.abc import Callable, Mapping
from datetime import datetime, tzinfo

from ..core.attempt import Attempt
from ..core.command import Hold
from ..core.decision import Decision, Reason
from ..core.fleet import Fleet
from ..core.model import DOWN, InstanceId
from ..core.outcome import OutcomeKind, Verdict

Moment = Callable[[datetime], str]
"""How a moment is said."""

AT = "{at}"
"""Stands for the moment at which the answer may change."""

_HELD_BACK: Mapping[Reason, tuple[str, str]] = {
    # Reason: what is said, and what is added where a moment is known.
    Reason.WATCH_ONLY: ("it is only watched (mode watch)", ""),
    Reason.DRAINING: ("the daemon is stopping", ""),
    Reason.STATE_UNWRITABLE: ("the state cannot be written, so no restart is made", ""),
    Reason.QUIET_START: ("it must be seen once before anything is decided", ""),
    Reason.SOURCE_BLIND: ("its source cannot see it, so nothing is decided", ""),
    Reason.MISSING: ("the platform does not know it", ""),
    Reason.STATUS_UNKNOWN: ("this status is not known, so it is left alone", ""),
    Reason.STUCK_WAITING: ("it has waited for capacity too long; a person must look", ""),
    Reason.VERIFYING: ("the restart is watched until it is judged", f", at the latest {AT}"),
    Reason.STARTING: ("it starts by itself", ""),
    Reason.HEALTHY: ("nothing is to be done", ""),
    Reason.NOT_RESTARTABLE: ("restart_on does not name this status, so it is left alone", ""),
    Reason.HELD: ("it is held", f" until {AT}"),
    Reason.CONFIRMING: ("it is being confirmed", f", until {AT} at least"),
    Reason.REJECTED: ("the platform called the request invalid", f"; next attempt {AT}"),
    Reason.CENTER_BLOCKED: ("its center is blocked", f"; looked at again at {AT}"),
    Reason.BREAKER_OPEN: ("its breaker is open", f"; next attempt {AT}"),
    Reason.COOLING_DOWN: ("it cools down", f"; next attempt {AT} after cooldown"),
    Reason.BUDGET_SPENT: ("its budget is spent", f"; next attempt {AT}"),
    Reason.THROTTLED: ("the platform asked us to slow down", f"; next attempt {AT}"),
    Reason.CENTER_BREAKER_OPEN: ("the breaker of its center is open", f"; next look {AT}"),
    Reason.STORM: ("a storm: the canary goes first, then more and more", f"; next look {AT}"),
    Reason.CENTER_RATE: ("its center's hourly rate is spent", f"; next look {AT}"),
    Reason.CENTER_BUSY: ("its center's places are taken; it goes as soon as one is free", ""),
    Reason.SHADOW: ("shadow mode: the call would be made now", f"; the next would be at {AT}"),
}

_OUTCOMES: Mapping[OutcomeKind, str] = {
    OutcomeKind.ACCEPTED: "accepted",
    OutcomeKind.REFUSED: "refused",
    OutcomeKind.UNKNOWN: "left without an answer",
    OutcomeKind.NOT_SENT: "not sent",
    OutcomeKind.WITHDRAWN: "withdrawn",
}
_VERDICTS: Mapping[Verdict, str] = {
    Verdict.RECOVERED: "brought it back",
    Verdict.DID_NOT_HELP: "did not help",
    Verdict.RELAPSED: "held only for a while",
    Verdict.STUCK_WAITING: "is stuck waiting for capacity",
    Verdict.UNJUDGED: "could not be judged",
}


def because(
    fleet: Fleet,
    id_: InstanceId,
    decision: Decision,
    last: Attempt | None,
    hold: Hold | None,
    now: datetime,
    zone: tzinfo | None = None,
) -> str:
    """The sentence that comes before the ladder.

    Args:
        last: the newest row of its ledger; told while the instance is not at rest.
        zone: moments are told in its time, with offset; None = this machine's.
    """
    moment = moment_in(zone, now)
    facts = fleet.instances[id_].facts
    since = f" since {moment(facts.since)}" if facts.since is not None else ""
    is_ = f"is {facts.status}{since}" if facts.status is not None else "was not seen yet"
    parts = [f"{fleet.name_of(id_)} {is_}"]
    if last is not None and (facts.care.episode is not None or facts.status in DOWN):
        parts.append(_tried(last, moment(last.saved_at)))
    parts.append(_next(decision, hold, moment))
    return "; ".join(parts)


def moment_in(zone: tzinfo | None, now: datetime) -> Moment:
    """Says moments in a zone's time, with offset; with the date where it is not today's."""

    def moment(at: datetime) -> str:
        here = at.astimezone(zone)
        day = "" if here.date() == now.astimezone(zone).date() else f"{here:%Y-%m-%d} "
        return f"{day}{here:%H:%M:%S%z}"

    return moment


def _tried(last: Attempt, at: str) -> str:
    if last.outcome is None:
        return f"attempt {last.number} is being made since {at}"
    code = f" ({last.code})" if last.code and last.outcome is not OutcomeKind.ACCEPTED else ""
    judged = f" and {_VERDICTS[last.verdict]}" if last.verdict is not None else ""
    return f"attempt {last.number} was {_OUTCOMES[last.outcome]}{code} at {at}{judged}"


def _next(decision: Decision, hold: Hold | None, moment: Moment) -> str:
    if decision.restarts:
        return f"it is restarted now ({decision.reason})"
    said, later = _HELD_BACK[decision.reason]
    if decision.reason is Reason.HELD and hold is not None:
        said = f"it is held by {hold.author or 'somebody'}"
        if hold.until_running:
            later = " until it was seen not running and then running again"
        if hold.reason:
            said += f" ({hold.reason})"
    if AT not in later:
        return said + later
    return said if decision.next_at is None else said + later.replace(AT, moment(decision.next_at))
