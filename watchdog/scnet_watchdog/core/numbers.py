"""The numbers behind checks that hold nothing back, so that `explain` shows how far each is."""

from collections.abc import Callable, Mapping

from .decision import Reason
from .gates import max_in_flight, per_hour
from .may import cools_until, spent_calls
from .view import View

Numbers = Mapping[str, object]


def passed(reason: Reason, view: View) -> Numbers:
    """Return what a passed check rests on; nothing where there is nothing to count."""
    count = _COUNTS.get(reason)
    return {} if count is None else count(view)


def _seen(view: View) -> Numbers:
    return {"seen_at": view.draft.asked_at(view.state)}


def _blind(view: View) -> Numbers:
    return {"blind_at": view.blind_at}


def _status(view: View) -> Numbers:
    return {"status": view.status}


def _confirmed(view: View) -> Numbers:
    row = view.state.sight.restartable
    return {"reads": row.count if row else 0, "of": view.policy.confirm.count}


def _failures(view: View) -> Numbers:
    failures = view.episode.failures if view.episode else 0
    return {"failures": failures, "of": view.policy.breaker.threshold}


def _cooled(view: View) -> Numbers:
    attempts = view.episode.attempts if view.episode else 0
    until = cools_until(view)
    return {"attempts": attempts} | ({} if until is None else {"cooled_at": until})


def _spent(view: View) -> Numbers:
    return {"spent": len(spent_calls(view)), "of": view.policy.budget.restarts}


def _places(view: View) -> Numbers:
    ramp = view.center.ramp
    return {} if ramp is None else {"places": ramp.places, "passed": ramp.passed}


def _made(view: View) -> Numbers:
    draft, name = view.draft, view.center.name
    return {"made": draft.index(name).in_last_hour(view.now), "of": per_hour(draft, name)}


def _busy(view: View) -> Numbers:
    draft, name = view.draft, view.center.name
    return {"in_flight": len(draft.index(name).busy), "of": max_in_flight(draft, name)}


_COUNTS: Mapping[Reason, Callable[[View], Numbers]] = {
    Reason.QUIET_START: _seen,
    Reason.SOURCE_BLIND: _blind,
    Reason.NOT_RESTARTABLE: _status,
    Reason.CONFIRMING: _confirmed,
    Reason.BREAKER_OPEN: _failures,
    Reason.COOLING_DOWN: _cooled,
    Reason.BUDGET_SPENT: _spent,
    Reason.STORM: _places,
    Reason.CENTER_RATE: _made,
    Reason.CENTER_BUSY: _busy,
}
