"""The ladder of one instance: every check with its numbers, passed and failed, and one answer."""

from dataclasses import dataclass
from datetime import datetime

from .allot import shut_gate
from .assess import LADDER, assess, view_of
from .decision import Check, Decision, Reason
from .draft import Draft
from .fleet import Fleet
from .inputs import Situation
from .model import InstanceId
from .policy import Mode


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why an instance is, or is not, restarted at this moment."""

    decision: Decision
    checks: tuple[Check, ...]


def explain(fleet: Fleet, id_: InstanceId, situation: Situation) -> Explanation:
    """Return the answer for one instance as a turn at this moment would give it."""
    draft = Draft(fleet, situation)
    view = view_of(draft, id_)
    checks = []
    for reason, rung in LADDER:
        decision = rung(view)
        checks.append(Check(reason, decision is None, _detail(decision)))
    answer = assess(view) or _gate(draft, id_)
    return Explanation(answer, tuple(checks))


def _gate(draft: Draft, id_: InstanceId) -> Decision:
    view = view_of(draft, id_)
    if view.mode is Mode.SHADOW:
        return Decision(Reason.SHADOW)
    free = draft.situation.free.get(view.member.center, 0)
    shut = shut_gate(draft, view.member.center, view.ordered, free)
    if shut is not None:
        return shut
    assert view.status is not None  # noqa: S101 - quiet_start holds what was never seen
    return Decision(Reason(view.status.value))


def _detail(decision: Decision | None) -> str:
    if decision is None:
        return ""
    parts = [f"{key} {_plain(value)}" for key, value in decision.numbers.items()]
    if decision.next_at is not None:
        parts.append(f"until {_plain(decision.next_at)}")
    return ", ".join(parts)


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
