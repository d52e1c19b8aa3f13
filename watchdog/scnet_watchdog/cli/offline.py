"""What is remembered, read when no daemon holds the state: the rows of `status`.

Nothing is seen here, only remembered: the last status, the last decision, and the moments that
follow from stored facts and the config as it is now.
"""

from dataclasses import dataclass
from datetime import datetime

from ..core.assess import LADDER
from ..core.change import Memory
from ..core.decision import RESTART_REASONS, Reason
from ..core.draft import Draft
from ..core.fleet import Fleet
from ..core.holds import hold_of
from ..core.inputs import Situation
from ..core.model import InstanceId
from ..core.policy import DAY, Roster
from ..core.resume import resume
from ..core.view import view_of


@dataclass(frozen=True, slots=True)
class StatusRow:
    """One line of `status`; field names are those of `status --json`."""

    id: str
    name: str
    center: str
    group: str | None
    status: str
    since: datetime | None
    decision: str
    reason: str | None
    next_at: datetime | None
    attempts_24h: int
    breaker: str
    hold: dict[str, object] | None


def remembered(memory: Memory, roster: Roster, now: datetime) -> tuple[Fleet, list[StatusRow]]:
    """Every watched instance as the state remembers it."""
    fleet, _ = resume(memory, roster, now)
    draft = Draft(fleet, Situation(now))
    return fleet, [_row(draft, id_) for id_ in roster.members]


def _row(draft: Draft, id_: InstanceId) -> StatusRow:
    state = draft.state(id_)
    member = draft.member(id_)
    reason = state.facts.reason
    episode = state.facts.care.episode
    hold = hold_of(draft, id_)
    return StatusRow(
        id=id_,
        name=draft.fleet.name_of(id_),
        center=member.center,
        group=member.group,
        status=str(state.facts.status or "unknown"),
        since=state.facts.since,
        decision="restart" if reason in RESTART_REASONS else "hold",
        reason=str(reason) if reason else None,
        next_at=_next(draft, id_, reason),
        attempts_24h=sum(call.at > draft.now - DAY for call in state.facts.ledger.calls),
        breaker=str(episode.breaker) if episode is not None else "closed",
        hold=None
        if hold is None
        else {
            "scope": str(hold.scope.kind),
            "target": hold.scope.name or None,
            "ends_at": hold.ends_at,
            "until_running": hold.until_running,
            "author": hold.author,
            "reason": hold.reason,
        },
    )


def _next(draft: Draft, id_: InstanceId, reason: Reason | None) -> datetime | None:
    """The moment at which the remembered reason ends by time alone."""
    for name, rung in LADDER:
        if name is reason and (decision := rung(view_of(draft, id_))) is not None:
            return decision.next_at
    return None
