"""Answers as JSON: secrets masked in everything, moments ISO 8601 UTC."""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.responses import Response

from ...desk import Declined, DeskError, NobodyMeant, Rejected, Unavailable
from ...ports import StoreError

Mask = Callable[[str], str]
"""A text without any secret."""

JSON = "application/json"

STATUS: Mapping[type[Exception], int] = {
    NobodyMeant: 404,
    Declined: 409,
    Rejected: 422,
    Unavailable: 503,
    StoreError: 503,
}
"""What an error of the desk is in HTTP."""


class Unacceptable(Exception):
    """What was sent is no request of ours; the text says what would be right.

    Args:
        status: the answer's status.
    """

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


def text_of(content: object, mask: Mask) -> str:
    """Content as JSON without any secret."""
    return mask(json.dumps(content, ensure_ascii=False, default=_plain))


def long_text_of(content: Mapping[str, object], mask: Mask) -> str:
    """An object with long lists as JSON, row by row: other threads run between two of them."""
    return "{" + ", ".join(_members(content, mask)) + "}"


def _members(content: Mapping[str, object], mask: Mask) -> Iterator[str]:
    for key, value in content.items():
        if isinstance(value, list):
            yield f"{json.dumps(key)}: [{', '.join(text_of(row, mask) for row in value)}]"
        else:
            yield f"{json.dumps(key)}: {text_of(value, mask)}"


def answer(content: object, mask: Mask, status: int = 200, **headers: str) -> Response:
    """An answer with a body of JSON."""
    # Half a surrogate pair in some text of others must not keep the answer from being sent.
    body = text_of(content, mask).encode("utf-8", "replace")
    return Response(body, status, dict(headers), media_type=JSON)


def failure(error: Exception, mask: Mask) -> Response:
    """An error as an answer."""
    if isinstance(error, Unacceptable):
        return answer({"error": str(error)}, mask, error.status)
    status = next((code for kind, code in STATUS.items() if isinstance(error, kind)), 500)
    content: dict[str, Any] = {"error": str(error)}
    if isinstance(error, Rejected):
        content["errors"] = list(error.errors)
    if isinstance(error, Declined):
        content["reason"] = error.reason
    return answer(content, mask, status)


ANSWERED = (Unacceptable, DeskError, StoreError)
"""Errors that are answers; any other one is a fault of ours."""


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, timedelta):
        return round(value.total_seconds(), 3)
    if isinstance(value, (set, frozenset, tuple)):
        return sorted(value) if isinstance(value, (set, frozenset)) else list(value)
    return str(value)
