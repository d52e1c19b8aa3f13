"""What a request asks: its body and its query, checked before anything is done with them."""

import asyncio
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.requests import ClientDisconnect, Request

from ...core.command import ScopeKind, Wish
from ...desk import Among
from ...ports import Sought
from .answers import JSON, Unacceptable

BODY_LIMIT = 16 * 1024
"""Bytes of a body; ours have a hundred."""

BODY_WITHIN_S = 10.0
"""How long a body may take to come."""

HOLD_FOR = timedelta(hours=4)
HOLD_AT_MOST = timedelta(days=30)
"""A hold's default and longest length, as the command line documents them."""

EVENTS = 1000
EVENTS_AT_MOST = 10_000
"""Events one answer holds: by default, and at most."""

ROWS_AT_MOST = 2**63 - 1
"""The largest number a row of the journal can have."""

WORST_AT_MOST = 1_000_000

DAY = timedelta(days=1)
_UNITS = {"d": DAY, "h": timedelta(hours=1), "m": timedelta(minutes=1)}
BACK = "^[0-9]{1,5}[dhm]$"
"""How far back, as a pattern: 90m, 12h, 30d."""

TEXT_LIMIT = 200
"""Characters of a name, a reason or an author."""

LINE = r"^[^\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]*$"
"""Such text, as a pattern: nothing that ends a line, steers a terminal or turns what is read."""

_LONE = re.compile("[\ud800-\udfff]")
"""Half a surrogate pair: JSON can hold one, text cannot."""

PLURAL = {
    "instances": ScopeKind.INSTANCE,
    "groups": ScopeKind.GROUP,
    "centers": ScopeKind.CENTER,
    "fleet": ScopeKind.FLEET,
}
"""The first part of a path names the kind of scope."""

_KEYS = {
    "hold": {"for_s", "until_running", "reason"},
    "release": {"every"},
    "restart": set[str](),
    "reset": set[str](),
}


async def body_of(request: Request) -> Mapping[str, Any]:
    """The body's JSON object; empty where nothing was sent.

    Raises:
        Unacceptable
    """
    try:
        async with asyncio.timeout(BODY_WITHIN_S):
            data = await _read(request)
    except TimeoutError:
        raise Unacceptable("the body did not come in time", 408) from None
    except ClientDisconnect:
        raise Unacceptable("the body was not complete") from None
    if not data:
        return {}
    # A form that a stranger's page posts cannot have this type.
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != JSON:
        raise Unacceptable(f"the content type must be {JSON}", 415)
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        raise Unacceptable("the body is no JSON") from None
    if not isinstance(found, dict):
        raise Unacceptable("the body must be a JSON object")
    return found


async def _read(request: Request) -> bytes:
    data = b""
    async for part in request.stream():
        data += part
        if len(data) > BODY_LIMIT:
            raise Unacceptable(f"the body is larger than {BODY_LIMIT} bytes", 413)
    return data


def wish_of(verb: str, kind: ScopeKind, name: str, body: Mapping[str, Any], by: str) -> Wish:
    """The wish a request stands for.

    Args:
        by: who asks, where the body does not say.

    Raises:
        Unacceptable
    """
    _known(verb, body, _KEYS[verb] | {"by"})
    until_running, length = _flag(body, "until_running"), _length(body)
    return Wish(
        verb=verb,
        kind=kind,
        name=name,
        by=_text(body, "by") or by,
        length=None if until_running else length,
        until_running=until_running,
        reason=_text(body, "reason"),
        every=_flag(body, "every"),
    )


def preview_of(body: Mapping[str, Any]) -> bool:
    """Whether a reload is only to be previewed.

    Raises:
        Unacceptable
    """
    _known("reload", body, {"preview", "by"})
    _text(body, "by")
    return _flag(body, "preview")


def since_of(request: Request, now: datetime, default: timedelta) -> datetime:
    """From when on something is asked: a moment, or how far back.

    Raises:
        Unacceptable
    """
    return _moment(request, "since", now) or now - default


def sought_of(request: Request, now: datetime) -> Sought:
    """Which journalled events are asked for; by default the newest of the last day.

    Raises:
        Unacceptable
    """
    _only(request, {"since", "until", "instance", "limit", "before"})
    return Sought(
        since=since_of(request, now, DAY),
        limit=_number(request, "limit", EVENTS_AT_MOST) or EVENTS,
        until=_moment(request, "until", now),
        instance=request.query_params.get("instance"),
        before=_number(request, "before", ROWS_AT_MOST),
    )


def among_of(request: Request) -> Among:
    """Whom a report is about; by default everybody.

    Raises:
        Unacceptable
    """
    _only(request, {"since", "group", "center", "instance", "worst"})
    query = request.query_params
    return Among(
        query.get("group"),
        query.get("center"),
        query.get("instance"),
        _number(request, "worst", WORST_AT_MOST),
    )


def _only(request: Request, keys: set[str]) -> None:
    """Refuse a query with a strange key: one mistyped would ask for something else unseen."""
    strange = sorted(request.query_params.keys() - keys)
    if strange:
        raise Unacceptable(f"{strange[0]}: {request.url.path} knows no such parameter")


def _moment(request: Request, key: str, now: datetime) -> datetime | None:
    text = request.query_params.get(key)
    if text is None:
        return None
    text = text.strip()
    try:
        if re.fullmatch(BACK, text):
            return now - int(text[:-1]) * _UNITS[text[-1]]
        # In a query a plus sign stands for a blank, and many forget to write it as %2B.
        moment = datetime.fromisoformat(text.replace(" ", "+"))
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        said = f"{key}: must be a moment such as 2026-03-01T12:00:00Z, or how far back: 12h, 30d"
        raise Unacceptable(said) from None


def _number(request: Request, key: str, most: int) -> int | None:
    text = request.query_params.get(key)
    if text is None:
        return None
    if text.isascii() and text.isdigit() and len(text) <= len(str(most)) and 1 <= int(text) <= most:
        return int(text)
    raise Unacceptable(f"{key}: must be a number from 1 to {most}")


def _known(verb: str, body: Mapping[str, Any], keys: set[str]) -> None:
    strange = sorted(body.keys() - keys)
    if strange:
        raise Unacceptable(f"{strange[0]}: {verb} knows no such key")


def _length(body: Mapping[str, Any]) -> timedelta:
    seconds = body.get("for_s", HOLD_FOR.total_seconds())
    most = HOLD_AT_MOST.total_seconds()
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        raise Unacceptable("for_s: must be a number of seconds")
    if not 1 <= seconds <= most:
        raise Unacceptable(f"for_s: must be from 1 to {most:.0f} seconds (30 days)")
    return timedelta(seconds=seconds)


def _flag(body: Mapping[str, Any], key: str) -> bool:
    value = body.get(key, False)
    if not isinstance(value, bool):
        raise Unacceptable(f"{key}: must be true or false")
    return value


def _text(body: Mapping[str, Any], key: str) -> str:
    value = body.get(key, "")
    if not isinstance(value, str):
        raise Unacceptable(f"{key}: must be text")
    if len(value) > TEXT_LIMIT or not re.fullmatch(LINE, value) or _LONE.search(value):
        raise Unacceptable(f"{key}: must be one line of at most {TEXT_LIMIT} characters")
    return value.strip()
