"""The ladder of one instance: every check with its numbers, passed and failed, and one answer."""

from dataclasses import dataclass
from datetime import datetime

from .allot import looks_again
from .assess import LADDER, assess, restart_reason, unwritable
from .conclude import shadow_waits
from .decision import Check, Decision, Reason
from .draft import Draft
from .fleet import Fleet
from .gates import GATES, Wish, shut_gate
from .inputs import Situation
from .model import InstanceId
from .numbers import passed
from .policy import Mode
from .view import View, view_of


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why an instance is, or is not, restarted at this moment."""

    decision: Decision
    checks: tuple[Check, ...]


def explain(fleet: Fleet, id_: InstanceId, situation: Situation) -> Explanation:
    """Return the answer for one instance as a turn at this moment would give it."""
    draft = Draft(fleet, situation)
    view = view_of(draft, id_)
    wish = _wish(draft, view)
    found = [(reason, rung(view)) for reason, rung in LADDER]
    found.append((Reason.STATE_UNWRITABLE, unwritable(view)))
    found += [(reason, gate(draft, view.center, wish)) for reason, gate in GATES]
    found.append((Reason.SHADOW, _shadow(view)))
    checks = tuple(
        Check(reason, shut is None, _detail(shut or Decision(reason, None, passed(reason, view))))
        for reason, shut in found
    )
    return Explanation(assess(view) or _at_the_gates(draft, view, wish), checks)


def answer(draft: Draft, id_: InstanceId) -> Decision:
    """Return the answer alone, at a small part of the whole ladder's cost: for tables of many."""
    view = view_of(draft, id_)
    return assess(view) or _at_the_gates(draft, view, _wish(draft, view))


def _wish(draft: Draft, view: View) -> Wish:
    return Wish(view.ordered, draft.situation.free.get(view.member.center, 0))


def _shadow(view: View) -> Decision | None:
    """In shadow mode no call is made; the next one would be told after its own cooldown."""
    if view.mode is not Mode.SHADOW:
        return None
    return shadow_waits(view) or Decision(Reason.SHADOW)


def _at_the_gates(draft: Draft, view: View, wish: Wish) -> Decision:
    held = _shadow(view) or shut_gate(draft, view.member.center, wish)
    held = held or looks_again(draft, view)
    return held or Decision(restart_reason(view, canary=False))


def _detail(decision: Decision) -> str:
    parts = [f"{key} {_plain(value)}" for key, value in decision.numbers.items()]
    if decision.next_at is not None:
        parts.append(f"until {_plain(decision.next_at)}")
    return ", ".join(parts)


def _plain(value: object) -> str:
    if isinstance(value, (list, tuple, set, frozenset)):
        return " ".join(map(_plain, value))
    return value.isoformat() if isinstance(value, datetime) else str(value)
