"""The API's own description, as OpenAPI 3.1."""

from collections.abc import Mapping
from typing import Any

Part = Mapping[str, Any]

TEXT: Part = {"type": "string"}
FLAG: Part = {"type": "boolean"}
NUMBER: Part = {"type": "integer"}
MOMENT: Part = {"type": ["string", "null"], "format": "date-time"}
MAYBE: Part = {"type": ["string", "null"]}


def document(version: str) -> Part:
    """The whole document."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "scnet-watchdog",
            "version": version,
            "description": "What the watchdog sees and decides, and what a person may ask of it.",
        },
        "security": [{"token": []}],
        "paths": {**_open(), **_reads(), **_wishes(), "/api/v1/reload": {"post": _reload()}},
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": SCHEMAS,
        },
    }


def _object(**properties: Part) -> Part:
    return {"type": "object", "properties": properties, "required": list(properties)}


def _list(of: Part) -> Part:
    return {"type": "array", "items": of}


def _ref(name: str) -> Part:
    return {"$ref": f"#/components/schemas/{name}"}


def _maybe(one: Part) -> Part:
    return {"anyOf": [one, {"type": "null"}]}


_INSTANCE = _object(
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
    hold=_maybe(_ref("Hold")),
)

SCHEMAS: Mapping[str, Part] = {
    "Error": {"type": "object", "properties": {"error": TEXT}, "required": ["error"]},
    "Health": _object(ok=FLAG, why=MAYBE),
    "Hold": _object(
        scope=TEXT, target=MAYBE, ends_at=MOMENT, until_running=FLAG, author=TEXT, reason=TEXT
    ),
    "Instance": _INSTANCE,
    "Source": _object(source=TEXT, last_success=MOMENT, blind=FLAG),
    "Center": _object(
        name=TEXT,
        block=_maybe(_object(cause=TEXT, since=MOMENT, code=MAYBE)),
        throttled_until=MOMENT,
        breaker=TEXT,
        storm=_maybe(_object(since=MOMENT, instances=NUMBER)),
        in_flight=NUMBER,
        sources=_list(_ref("Source")),
    ),
    "Daemon": _object(
        version=TEXT,
        pid=NUMBER,
        since=MOMENT,
        shadow=FLAG,
        draining=FLAG,
        writable=FLAG,
        config=_object(path=MAYBE, changed_on_disk=FLAG, rejected=MAYBE),
    ),
    "Fleet": _object(
        instances=_list(_ref("Instance")), centers=_list(_ref("Center")), daemon=_ref("Daemon")
    ),
    "Attempt": _object(
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
        "allOf": [_ref("Instance"), _object(attempts=_list(_ref("Attempt")))],
    },
    "Explanation": _object(
        id=TEXT,
        name=TEXT,
        sentence=TEXT,
        decision={"enum": ["restart", "hold"]},
        reason=TEXT,
        next_at=MOMENT,
        checks=_list(_object(name=TEXT, passed=FLAG, detail=TEXT)),
    ),
    "Event": {
        **_object(timestamp=MOMENT, level=TEXT, event=TEXT),
        "additionalProperties": True,
    },
    "Done": _object(done=TEXT),
    "Reloaded": _object(
        added=_list(TEXT),
        removed=_list(TEXT),
        changed=_list(TEXT),
        needs_restart=_list(TEXT),
        impact=TEXT,
    ),
    "Rejected": _object(error=TEXT, errors=_list(TEXT)),
}


def _answers(good: str, schema: Part, *errors: int) -> Part:
    content = {"application/json": {"schema": schema}}
    said = {"application/json": {"schema": _ref("Error")}}
    found: dict[str, Part] = {"200": {"description": good, "content": content}}
    for status in (*errors, 401, 429, 503):
        found[str(status)] = {"description": ERRORS[status], "content": said}
    return found


ERRORS: Mapping[int, str] = {
    400: "Not a request of this API; the text says what would be right.",
    401: "No token, or not the right one (never on the control socket).",
    403: "Asked by the page of another site.",
    404: "No watched instance, group or center is meant, or several are.",
    408: "The body did not come in time.",
    409: "Refused; `reason` is the bare word of the decision.",
    413: "The body is too large.",
    415: "The body is no JSON.",
    422: "The config on disk is not valid; nothing changed.",
    429: "Too many requests; `Retry-After` says when again.",
    503: "Not now: the state is not owned, or no turn was saved in time.",
}
"""What each status means here."""


def _parameter(name: str, where: str, about: str, schema: Part = TEXT) -> Part:
    return {
        "name": name,
        "in": where,
        "required": where == "path",
        "description": about,
        "schema": schema,
    }


_WHEN = "A moment, ISO 8601, or how far back: 90m, 12h, 30d"
_WHO = _parameter("name", "path", "An id, a unique start of one (four characters), or a name.")


def _get(summary: str, schema: Part, *errors: int, parameters: tuple[Part, ...] = ()) -> Part:
    found: dict[str, Any] = {"summary": summary, "responses": _answers(summary, schema, *errors)}
    if parameters:
        found["parameters"] = list(parameters)
    return {"get": found}


def _open() -> Mapping[str, Part]:
    health = {"application/json": {"schema": _ref("Health")}}
    answers = {
        status: {"description": about, "content": health}
        for status, about in (("200", "It is."), ("503", "It is not; `why` says why."))
    }
    paths = {"/healthz": "Whether turns happen.", "/readyz": "Whether the daemon is ready."}
    found: dict[str, Part] = {
        path: {"get": {"summary": about, "security": [], "responses": answers}}
        for path, about in paths.items()
    }
    text = {"200": {"description": "Prometheus text."}, "404": {"description": "There are none."}}
    found["/metrics"] = {"get": {"summary": "Metrics.", "security": [], "responses": text}}
    return found


def _reads() -> Mapping[str, Part]:
    since = _parameter("since", "query", f"{_WHEN}; default a day ago.")
    until = _parameter("until", "query", f"{_WHEN}; only older ones; default now.")
    row = {"type": "integer", "minimum": 1, "maximum": 2**63 - 1}
    before = _parameter("before", "query", "As an answer's `Link` says: what is older.", row)
    one = _parameter("instance", "query", "As in the paths; default all.")
    limit = {"type": "integer", "minimum": 1, "maximum": 10000, "default": 1000}
    most = _parameter("limit", "query", "The newest so many.", limit)
    events = _get(
        "Journalled events, oldest first.",
        _list(_ref("Event")),
        400,
        404,
        parameters=(since, until, one, most, before),
    )
    stream = {"text/event-stream": {"schema": TEXT}}
    return {
        "/api/v1/openapi.json": _get("This document.", {"type": "object"}),
        "/api/v1/instances": _get("The whole fleet.", _ref("Fleet")),
        "/api/v1/instances/{name}": _get(
            "One instance and its last attempts.", _ref("OneInstance"), 404, parameters=(_WHO,)
        ),
        "/api/v1/instances/{name}/explain": _get(
            "Why it is, or is not, restarted.", _ref("Explanation"), 404, parameters=(_WHO,)
        ),
        "/api/v1/events": events,
        "/api/v1/stream": {
            "get": {
                "summary": "Events as they happen, as server-sent events.",
                "responses": {"200": {"description": "The stream.", "content": stream}},
            }
        },
    }


_BY = {"by": {**TEXT, "maxLength": 200, "description": "Who asks, for the journal."}}
_BODIES: Mapping[str, Part] = {
    "hold": {
        "for_s": {"type": "number", "minimum": 1, "maximum": 2592000, "default": 14400},
        "until_running": {**FLAG, "default": False},
        "reason": {**TEXT, "maxLength": 200},
    },
    "release": {"every": {**FLAG, "default": False}},
    "restart": {},
    "reset": {},
}
_DOES = {
    "hold": "Leave alone.",
    "release": "End a hold.",
    "restart": "Restart now, past cooldown, breaker and budget.",
    "reset": "Close the breaker; forget cooldown, budget and rejection.",
}
BAD = (400, 403, 404, 408, 409, 413, 415)


def _wishes() -> Mapping[str, Part]:
    found: dict[str, Part] = {}
    for place in ("instances/{name}", "groups/{name}", "centers/{name}", "fleet"):
        verbs = [verb for verb in _DOES if verb != "restart" or place.startswith("instances")]
        for verb in verbs:
            parameters = () if place == "fleet" else (_WHO,)
            found[f"/api/v1/{place}/{verb}"] = {"post": _post(verb, parameters)}
    return found


def _post(verb: str, parameters: tuple[Part, ...]) -> Part:
    properties = {**_BODIES[verb], **_BY}
    schema = {"type": "object", "properties": properties, "additionalProperties": False}
    found: dict[str, Any] = {
        "summary": _DOES[verb],
        "requestBody": {"content": {"application/json": {"schema": schema}}},
        "responses": _answers("Taken up.", _ref("Done"), *BAD),
    }
    if parameters:
        found["parameters"] = list(parameters)
    return found


def _reload() -> Part:
    answers = dict(_answers("In force now.", _ref("Reloaded"), 400, 403, 408, 413, 415))
    rejected = {"application/json": {"schema": _ref("Rejected")}}
    answers["422"] = {"description": ERRORS[422], "content": rejected}
    properties = {"preview": {**FLAG, "default": False, "description": "Only say."}, **_BY}
    schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return {
        "summary": "Take up the config on disk, or only say what that would change.",
        "requestBody": {"content": {"application/json": {"schema": schema}}},
        "responses": answers,
    }
