"""What is now, as plain values by the names of `docs/api.md`: instances, centers, attempts."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from ..core.attempt import Attempt
from ..core.command import Hold
from ..core.decision import Decision, Reason
from ..core.draft import Draft
from ..core.explain import answer
from ..core.fleet import Fleet
from ..core.holds import hold_of
from ..core.knobs import Knob
from ..core.model import InstanceId
from ..core.policy import DAY
from ..core.throttle import throttle_ends
from ..settings.units import format_duration

Row = Mapping[str, Any]


def instance_row(draft: Draft, id_: InstanceId) -> dict[str, Any]:
    """One line of the fleet's table; the draft is only read."""
    fleet = draft.fleet
    member, facts = fleet.roster.members[id_], fleet.instances[id_].facts
    decision = _decision(draft, id_)
    episode = facts.care.episode
    day_ago = draft.now - DAY
    return {
        "id": id_,
        "name": fleet.name_of(id_),
        "center": member.center,
        "group": member.group,
        "status": str(facts.status or "unknown"),
        "since": facts.since,
        "decision": "restart" if decision.restarts else "hold",
        "reason": str(decision.reason),
        "next_at": decision.next_at,
        "attempts_24h": sum(call.at > day_ago for call in facts.ledger.calls),
        "breaker": str(episode.breaker) if episode is not None else "closed",
        "hold": hold_row(hold_of(draft, id_)),
    }


def _decision(draft: Draft, id_: InstanceId) -> Decision:
    """The answer at this moment; whoever is at rest keeps the one last told."""
    state = draft.fleet.instances[id_]
    if state.at_rest and state.facts.reason is Reason.HEALTHY:
        return Decision(Reason.HEALTHY)
    return answer(draft, id_)


def hold_row(hold: Hold | None) -> Row | None:
    """A hold in force."""
    if hold is None:
        return None
    return {
        "scope": str(hold.scope.kind),
        "target": hold.scope.name or None,
        "ends_at": hold.ends_at,
        "until_running": hold.until_running,
        "author": hold.author,
        "reason": hold.reason,
    }


def center_row(fleet: Fleet, name: str) -> Row:
    """One center, and the sources that are asked for it."""
    center = fleet.centers[name]
    block, storm = center.block, center.storm
    index = fleet.indexes.get(name)
    return {
        "name": name,
        "block": None
        if block is None
        else {"cause": str(block.cause), "since": block.since, "code": block.code},
        "throttled_until": None if center.throttle is None else throttle_ends(center.throttle),
        "breaker": str(center.breaker.state),
        "storm": None if storm is None else {"since": storm.since, "instances": storm.instances},
        "in_flight": len(index.busy) if index is not None else 0,
        "sources": [
            {"source": key.source, "last_success": one.swept_at, "blind": one.blind}
            for key, one in sorted(fleet.sources.items())
            if key.center == name
        ],
    }


def attempt_row(attempt: Attempt) -> Row:
    """One row of the ledger."""
    return {
        "seq": attempt.seq,
        "attempt": attempt.number,
        "episode": attempt.episode,
        "reason": str(attempt.reason),
        "status": str(attempt.status),
        "requested_at": attempt.saved_at,
        "outcome": None if attempt.outcome is None else str(attempt.outcome),
        "class": None if attempt.refusal is None else str(attempt.refusal),
        "code": attempt.code,
        "settled_at": attempt.settled_at,
        "verdict": None if attempt.verdict is None else str(attempt.verdict),
        "judged_at": attempt.judged_at,
    }


def knob_row(knob: Knob) -> Row:
    """One setting behind a check, its value as the config would say it."""
    return {"name": knob.name, "value": _written(knob.value), "from": knob.origin}


def _written(value: object) -> object:
    if value is None:
        return "auto"
    if isinstance(value, timedelta):
        return format_duration(value)
    if isinstance(value, frozenset):
        return sorted(value)
    return int(value) if isinstance(value, float) and value.is_integer() else value
