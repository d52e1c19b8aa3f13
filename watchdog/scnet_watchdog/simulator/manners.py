"""How a center behaves where nobody knows how the real one does: one knob per open question."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, get_type_hints

Variant = Literal["body", "query", "list"]
VARIANTS: frozenset[Variant] = frozenset({"body", "query", "list"})
"""Ways to ask for the list that clients of the real platform use; each contradicts the others."""
Shape = Literal["data", "data.data", "data.list", "data.records", "data.items"]


@dataclass(slots=True)
class Manners:
    """How this center behaves.

    Args:
        variants: ways to ask for the list that work: body, query, list (another path).
        refuses_body: whether a GET with a body is refused, whatever its query says.
        wrong: how a way that does not work is answered: an HTTP status, or a code.
        shape: where the rows are.
        id_key: under which key a row has its id.
        page_cap: rows a page holds at most, whatever `limit` asks.
        ignores_start: every page is the first one.
        repeats: the share of rows that a page shows twice.
        omits: the share of rows that a page leaves out.
        lag: seconds that the list lags behind; details are current.
        wait: seconds that a restart waits before it deploys, where the instance says nothing.
        booting: seconds that a restarted instance shows the undocumented `Restarting` first.
        shutting: seconds that a stopped instance shows the undocumented `Shutting` first.
        returns: what a restart answers as data: the same id, another one, none; `moved`: another
            one, under which alone the instance is found from then on.
        restart_running: code of a restart of an instance that is not down; nothing happens, even
            if it is 0.
        arrears: code of a restart while the account is stopped.
        gone: how the detail of an unknown id is answered: null data, or a code.
        denied_http: HTTP status of an answer with code 10008.
        denied_plain: whether 10008 comes as a framework's error, without a code.
        renews: whether a renewed token comes as text, or as a list of regions like a login's.
        gateways: how the center names its gateway: bare, with `/ai`, with a slash at the end, not
            at all, or behind one that is off and one that nobody listens on.
        idle: seconds after which an idle connection is closed; None = never.
    """

    variants: frozenset[Variant] = VARIANTS
    refuses_body: bool = False
    wrong: Literal["404", "405", "400", "10003", "10004"] = "404"
    shape: Shape = "data"
    id_key: Literal["id", "instanceServiceId"] = "id"
    page_cap: int | None = None
    ignores_start: bool = False
    repeats: float = 0.0
    omits: float = 0.0
    lag: float = 0.0
    wait: float = 0.0
    booting: float = 0.0
    shutting: float = 0.0
    returns: Literal["same", "other", "none", "moved"] = "same"
    restart_running: str = "716868"
    arrears: str = "10007"
    gone: Literal["null", "816822", "716020"] = "null"
    denied_http: int = 200
    denied_plain: bool = False
    renews: Literal["text", "list"] = "text"
    gateways: Literal["bare", "ai", "slash", "none", "several"] = "bare"
    idle: float | None = None

    def take(self, wanted: Mapping[str, Any]) -> None:
        """Change some of them, all or none.

        Raises:
            ValueError: a name or value that is none of these.
        """
        checked = checked_values(Manners, wanted)
        for name, value in checked.items():
            setattr(self, name, value)


def checked_values(kind: type[Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Values out of JSON for the fields of a dataclass, each of the very type of its field.

    Raises:
        ValueError: a name that is no field, or a value of another type.
    """
    # Only who changes something needs it: a platform is made without.
    from pydantic import TypeAdapter, ValidationError

    hints = get_type_hints(kind)
    known = [one.name for one in fields(kind) if not one.name.startswith("_")]
    unknown = sorted(set(wanted) - set(known))
    if unknown:
        raise ValueError(f"unknown: {', '.join(unknown)}; known: {', '.join(sorted(known))}")
    found = {}
    for name, value in wanted.items():
        try:
            found[name] = TypeAdapter(hints[name]).validate_json(json.dumps(value), strict=True)
        except ValidationError as error:
            raise ValueError(f"{name}: {error.errors()[0]['msg']}") from error
    return found
