"""The API's own description: what its answers hold, as JSON schemas."""

from collections.abc import Mapping
from typing import Any

Part = Mapping[str, Any]

TEXT: Part = {"type": "string"}
FLAG: Part = {"type": "boolean"}
NUMBER: Part = {"type": "integer"}
MOMENT: Part = {"type": ["string", "null"], "format": "date-time"}
MAYBE: Part = {"type": ["string", "null"]}


def object_(**properties: Part) -> Part:
    return {"type": "object", "properties": properties, "required": list(properties)}


def list_(of: Part) -> Part:
    return {"type": "array", "items": of}


def ref_(name: str) -> Part:
    return {"$ref": f"#/components/schemas/{name}"}


def _maybe(one: Part) -> Part:
    return {"anyOf": [one, {"type": "null"}]}


_INSTANCE = object_(
    id=TEXT,
    name=TEXT,
    center=TEXT,
    group=MAYBE,
    status=TEXT,
    since=MOMENT,
    decision={"enum": ["restart", "hold"]},
    reason=TEXT,
    next_at=MOMENT,
    attempts_24h=NUMBER,
    breaker={"enum": ["closed", "open", "half_open"]},
    hold=_maybe(ref_("Hold")),
)

_TALLIES: Part = {
    "type": "object",
    "additionalProperties": object_(outages=NUMBER, recovered=NUMBER),
}
_SECONDS: Part = {"type": ["number", "null"]}
_FIGURES: Part = {
    "availability": {"type": ["number", "null"], "minimum": 0, "maximum": 1},
    "running_s": NUMBER,
    "down_s": NUMBER,
    "outages": NUMBER,
    "open": NUMBER,
    "healed": NUMBER,
    "attempts": NUMBER,
    "recoveries": NUMBER,
    "relapses": NUMBER,
    "attempts_per_recovery": _SECONDS,
    "detect_median_s": _SECONDS,
    "detect_p95_s": _SECONDS,
    "recover_median_s": _SECONDS,
    "recover_p95_s": _SECONDS,
    "recover_longest_s": _SECONDS,
    "causes": _TALLIES,
    "failures": _TALLIES,
}

SCHEMAS: Mapping[str, Part] = {
    "Error": {"type": "object", "properties": {"error": TEXT}, "required": ["error"]},
    "Health": object_(ok=FLAG, why=MAYBE),
    "Hold": object_(
        scope=TEXT, target=MAYBE, ends_at=MOMENT, until_running=FLAG, author=TEXT, reason=TEXT
    ),
    "Instance": _INSTANCE,
    "Source": object_(source=TEXT, last_success=MOMENT, blind=FLAG),
    "Center": object_(
        name=TEXT,
        block=_maybe(object_(cause=TEXT, since=MOMENT, code=MAYBE)),
        throttled_until=MOMENT,
        breaker=TEXT,
        storm=_maybe(object_(since=MOMENT, instances=NUMBER)),
        in_flight=NUMBER,
        sources=list_(ref_("Source")),
    ),
    "Daemon": object_(
        version=TEXT,
        pid=NUMBER,
        since=MOMENT,
        shadow=FLAG,
        draining=FLAG,
        writable=FLAG,
        config=object_(path=MAYBE, changed_on_disk=FLAG, rejected=MAYBE),
    ),
    "Fleet": object_(
        instances=list_(ref_("Instance")), centers=list_(ref_("Center")), daemon=ref_("Daemon")
    ),
    "Attempt": object_(
        seq=NUMBER,
        attempt=NUMBER,
        episode=NUMBER,
        reason=TEXT,
        status=TEXT,
        requested_at=MOMENT,
        outcome=MAYBE,
        code=MAYBE,
        settled_at=MOMENT,
        verdict=MAYBE,
        judged_at=MOMENT,
        **{"class": MAYBE},
    ),
    "OneInstance": {
        "allOf": [ref_("Instance"), object_(attempts=list_(ref_("Attempt")))],
    },
    "Explanation": object_(
        id=TEXT,
        name=TEXT,
        sentence=TEXT,
        decision={"enum": ["restart", "hold"]},
        reason=TEXT,
        next_at=MOMENT,
        checks=list_(object_(name=TEXT, passed=FLAG, detail=TEXT, settings=list_(ref_("Setting")))),
    ),
    "Setting": object_(
        name={**TEXT, "description": "Its path within a level of the config: cooldown.initial."},
        value={"description": "As the config would say it: 1m, 2, auto, [failed, stopped]."},
        **{"from": {**TEXT, "description": "The level that says it: policy of group batch."}},
    ),
    "Event": {
        **object_(timestamp=MOMENT, level=TEXT, event=TEXT),
        "additionalProperties": True,
    },
    "Report": object_(
        since=MOMENT,
        until=MOMENT,
        complete=FLAG,
        fleet=object_(instances=NUMBER, steady=NUMBER, **_FIGURES),
        instances=list_(object_(id=TEXT, name=TEXT, center=TEXT, **_FIGURES)),
    ),
    "Done": object_(done=TEXT),
    "Reloaded": object_(
        added=list_(TEXT),
        removed=list_(TEXT),
        changed=list_(TEXT),
        needs_restart=list_(TEXT),
        impact=TEXT,
    ),
    "Rejected": object_(error=TEXT, errors=list_(TEXT)),
}
