"""What a fault makes of an honest answer, before it goes on the wire."""

import gzip
from collections.abc import Callable
from functools import lru_cache

from .account import envelope
from .answers import Answer, reply, unframed
from .faults import Fault
from .wire import Pace

HUGE = 32 * 2**20
BOMB = 64 * 2**20
"""More than any client should read, plain and compressed."""


def refused(fault: Fault) -> Answer:
    """The answer where the platform did not act."""
    if fault.code is not None:
        return reply(envelope(fault.code, fault.msg))
    return Answer(b"")


def spoiled(answer: Answer, fault: Fault) -> Answer:
    """The answer as the fault wants it; whether the platform acted stays as it was."""
    body, type_, headers = answer.body, answer.type, dict(answer.headers)
    if fault.code is not None:
        body = reply(envelope(fault.code, fault.msg)).body
    if fault.body in _BODIES:
        body = _BODIES[fault.body]()
    if fault.body == "html":
        type_ = "text/html"
    if fault.body == "gzip_bomb":
        headers["Content-Encoding"] = "gzip"
    headers.update(fault.headers)
    status = fault.http or (400 if fault.body == "no_code" else answer.status)
    return Answer(body, status, headers, type_, answer.acted)


def pace(answer: Answer, fault: Fault) -> Pace:
    """How the answer's bytes leave."""
    missing = (len(answer.body) + 1) // 2 if fault.body == "truncated" else 0
    return Pace(fault.drip, missing, b"}" * 10 if fault.body == "overlong" else b"")


def said(answer: Answer, fault: Fault) -> str:
    """What the ledger calls the answer: what was on the wire, not what was meant."""
    if fault.silent is not None:
        return fault.silent
    if fault.body is not None:
        return fault.body
    if fault.http is not None and fault.code is None:
        return f"http_{fault.http}"
    return answer.code


@lru_cache(maxsize=1)
def _bomb() -> bytes:
    return gzip.compress(b" " * BOMB, 1)


_BODIES: dict[str | None, Callable[[], bytes]] = {
    "html": lambda: b"<html><h1>502 Bad Gateway</h1></html>",
    "garbage": lambda: b"\xff\xfe\x00{]",
    "empty": lambda: b"",
    "no_code": lambda: unframed(400, "Bad Request").body,
    "not_list": lambda: b'{"code":"0","msg":"success","data":"none"}',
    "huge": lambda: b'{"code":"0","data":"' + b"x" * HUGE + b'"}',
    "gzip_bomb": _bomb,
}
