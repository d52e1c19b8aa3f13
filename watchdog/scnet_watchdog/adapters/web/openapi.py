"""The API's own description, as OpenAPI 3.1."""

from collections.abc import Mapping
from typing import Any

from .asked import BACK, LINE, TEXT_LIMIT
from .schemas import FLAG, SCHEMAS, TEXT, Part, list_, ref_


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


def _answers(good: str, schema: Part, *errors: int) -> Part:
    content = {"application/json": {"schema": schema}}
    said = {"application/json": {"schema": ref_("Error")}}
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
_MOMENT_OR_BACK: Part = {
    "anyOf": [
        {"type": "string", "format": "date-time"},
        {"type": "string", "pattern": BACK},
    ]
}
_WHO = _parameter("name", "path", "An id, a unique start of one (four characters), or a name.")


def _get(summary: str, schema: Part, *errors: int, parameters: tuple[Part, ...] = ()) -> Part:
    found: dict[str, Any] = {"summary": summary, "responses": _answers(summary, schema, *errors)}
    if parameters:
        found["parameters"] = list(parameters)
    return {"get": found}


def _open() -> Mapping[str, Part]:
    health = {"application/json": {"schema": ref_("Health")}}
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
    since = _parameter("since", "query", f"{_WHEN}; default a day ago.", _MOMENT_OR_BACK)
    until = _parameter("until", "query", f"{_WHEN}; only older ones; default now.", _MOMENT_OR_BACK)
    row = {"type": "integer", "minimum": 1, "maximum": 2**63 - 1}
    before = _parameter("before", "query", "As an answer's `Link` says: what is older.", row)
    one = _parameter("instance", "query", "As in the paths; default all.")
    limit = {"type": "integer", "minimum": 1, "maximum": 10000, "default": 1000}
    most = _parameter("limit", "query", "The newest so many.", limit)
    events = _get(
        "Journalled events, oldest first.",
        list_(ref_("Event")),
        400,
        404,
        parameters=(since, until, one, most, before),
    )
    events_on = {"text/event-stream": {"schema": TEXT}}
    stream = {
        **_answers("The stream.", TEXT),
        "200": {"description": "The stream.", "content": events_on},
    }
    return {
        "/api/v1/openapi.json": _get("This document.", {"type": "object"}),
        "/api/v1/instances": _get("The whole fleet.", ref_("Fleet")),
        "/api/v1/instances/{name}": _get(
            "One instance and its last attempts.", ref_("OneInstance"), 404, parameters=(_WHO,)
        ),
        "/api/v1/instances/{name}/explain": _get(
            "Why it is, or is not, restarted.", ref_("Explanation"), 404, parameters=(_WHO,)
        ),
        "/api/v1/events": events,
        "/api/v1/report": _report(),
        "/api/v1/stream": {
            "get": {
                "summary": "Events as they happen, as server-sent events.",
                "responses": stream,
            }
        },
    }


def _report() -> Part:
    worst = {"type": "integer", "minimum": 1, "maximum": 1_000_000}
    parameters = (
        _parameter("since", "query", f"{_WHEN}; default 30d.", _MOMENT_OR_BACK),
        _parameter("group", "query", "Only instances of this group."),
        _parameter("center", "query", "Only instances of this center."),
        _parameter("instance", "query", "Only this one; named as in the paths."),
        _parameter("worst", "query", "List so many, those down longest first.", worst),
    )
    return _get("Recovery figures.", ref_("Report"), 400, 404, parameters=parameters)


_LINE = {**TEXT, "maxLength": TEXT_LIMIT, "pattern": LINE}
_BY = {"by": {**_LINE, "description": "Who asks, for the journal."}}
_BODIES: Mapping[str, Part] = {
    "hold": {
        "for_s": {"type": "number", "minimum": 1, "maximum": 2592000, "default": 14400},
        "until_running": {**FLAG, "default": False},
        "reason": _LINE,
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
        "responses": _answers("Taken up.", ref_("Done"), *BAD),
    }
    if parameters:
        found["parameters"] = list(parameters)
    return found


def _reload() -> Part:
    answers = dict(_answers("In force now.", ref_("Reloaded"), 400, 403, 408, 413, 415))
    rejected = {"application/json": {"schema": ref_("Rejected")}}
    answers["422"] = {"description": ERRORS[422], "content": rejected}
    properties = {"preview": {**FLAG, "default": False, "description": "Only say."}, **_BY}
    schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return {
        "summary": "Take up the config on disk, or only say what that would change.",
        "requestBody": {"content": {"application/json": {"schema": schema}}},
        "responses": answers,
    }
