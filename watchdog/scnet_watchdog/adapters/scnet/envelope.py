"""What the platform answers: `{"code", "msg", "data"}`, read tolerantly.

Success is code 0 alone, as text or number; `msg` is spelled differently in different places.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...core.model import InstanceId, Status
from ..http import Reply

OK = "0"
LIST_KEYS = ("data", "list", "records", "items")
"""Under which rows were seen when `data` is a block rather than a list (no official sample)."""
GONE_CODES = frozenset({"816822"})
"""The console's code for a task that does not exist."""
GONE_WORDS = ("不存在", "not exist", "not found")

_STATUSES = {
    "running": Status.RUNNING,
    "waiting": Status.WAITING,
    "deploying": Status.DEPLOYING,
    "completed": Status.COMPLETED,
    "failed": Status.FAILED,
    "terminated": Status.STOPPED,
    "stopped": Status.STOPPED,
}


@dataclass(frozen=True, slots=True)
class Envelope:
    """One answer's envelope."""

    code: str
    message: str
    data: Any

    @property
    def ok(self) -> bool:
        """Whether the platform said yes."""
        return self.code == OK


def read_envelope(reply: Reply) -> Envelope | None:
    """The envelope of an answer, or None where the body is none."""
    try:
        body = json.loads(reply.body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(body, Mapping):
        return None
    code = body.get("code")
    if isinstance(code, bool) or not isinstance(code, (str, int)):
        return None
    message = body.get("msg") or body.get("message") or ""
    return Envelope(str(code).strip(), str(message)[:200], body.get("data"))


def rows_of(data: Any) -> list[Mapping[str, Any]] | None:
    """The rows of a list answer, or None where there is no list of rows."""
    found = data
    if isinstance(data, Mapping):
        lists = [data[key] for key in LIST_KEYS if isinstance(data.get(key), list)]
        found = lists[0] if lists else None
    if not isinstance(found, list):
        return None
    rows = [row for row in found if isinstance(row, Mapping) and id_of(row) is not None]
    # A list of something else is not an empty list of instances.
    return rows if rows or not found else None


def id_of(row: Mapping[str, Any]) -> InstanceId | None:
    """An instance's id: `instanceServiceId`, else `id`."""
    for key in ("instanceServiceId", "id"):
        value = row.get(key)
        if isinstance(value, (str, int)) and not isinstance(value, bool) and str(value):
            return InstanceId(str(value))
    return None


def status_of(row: Mapping[str, Any]) -> tuple[Status, str | None]:
    """An instance's status, and its text where we do not know it."""
    text = row.get("status")
    if not isinstance(text, str):
        return Status.UNKNOWN, str(text)[:100]
    known = _STATUSES.get(text.strip().lower())
    return (known, None) if known is not None else (Status.UNKNOWN, text.strip()[:100])


def label_of(row: Mapping[str, Any]) -> str | None:
    """The platform's own name of an instance."""
    name = row.get("instanceServiceName")
    return name[:200] if isinstance(name, str) and name else None


def is_gone(envelope: Envelope) -> bool:
    """Whether an answer plainly says that the instance does not exist."""
    if envelope.ok:
        return envelope.data is None
    if envelope.code in GONE_CODES:
        return True
    return any(word in envelope.message.lower() for word in GONE_WORDS)
