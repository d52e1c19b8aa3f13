"""What the platform answers: `{"code", "msg", "data"}`, read tolerantly.

Success is code 0 alone, as text or number; `msg` is spelled differently in different places.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ...core.model import InstanceId, Status
from ..http import Reply

OK = "0"
LIST_KEYS = ("data", "list", "records", "items")
"""Under which rows were seen when `data` is a block rather than a list (no official sample)."""
GONE_CODES = frozenset({"816822"})
"""The console's code for a task that does not exist."""
GONE_WORDS = re.compile(
    r"(任务|实例|容器)\s*不存在|\b(task|instance|container)\b.*\b(not exist|not found)",
    re.IGNORECASE,
)
"""It must be the instance that is not there: "用户不存在" (no such user) and a gateway's plain
"Not Found" speak of other things."""
ID = "instanceServiceId"
ID_KEYS = (ID, "id")
NAME = "instanceServiceName"
LONGEST_ID = 200
"""Ids are kept while a poll lasts: a longer one is nonsense, and no row."""
MOST_VALUES = 1_000_000
"""Brackets, braces and commas of an answer: each can stand for a value of some hundred bytes, so
that without this bound 16 MiB of them take 650. A page of 200 instances has 2 000."""
LONGEST_MESSAGE = 200
LONGEST_STATUS = 100
SEVERAL = "(several)"
"""What is told as the status of an id whose rows in one page disagree."""

_STATUSES = {
    "running": Status.RUNNING,
    "waiting": Status.WAITING,
    "deploying": Status.DEPLOYING,
    "completed": Status.COMPLETED,
    "failed": Status.FAILED,
    "terminated": Status.STOPPED,
    "stopped": Status.STOPPED,
}
_STATUSES |= {text.capitalize(): status for text, status in _STATUSES.items()}
"""As the platform spells them, and lower-cased for every other spelling."""

Row = tuple[InstanceId, Mapping[str, Any]]
"""A row of the list and its id: read once, a sweep's cost is reading rows."""


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
    # A body with fewer bytes has fewer values: no page of ours is counted.
    marks = (b"[", b"{", b",") if len(reply.body) > MOST_VALUES else ()
    if sum(reply.body.count(mark) for mark in marks) > MOST_VALUES:
        return None
    try:
        body = json.loads(reply.body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(body, Mapping):
        return None
    code = body.get("code")
    if isinstance(code, bool) or not isinstance(code, (str, int)):
        return None
    message = body.get("msg") or body.get("message")
    text = clean(message, LONGEST_MESSAGE) if isinstance(message, str) else ""
    return Envelope(clean(str(code), LONGEST_MESSAGE).strip(), text, body.get("data"))


def believed(reply: Reply) -> Envelope | None:
    """The envelope of a read; code 0 with an HTTP error is a contradiction and counts as none."""
    envelope = read_envelope(reply)
    return None if envelope is not None and envelope.ok and reply.status >= 300 else envelope


def clean(text: str, longest: int) -> str:
    """A stranger's text, short and printable: no terminal codes, nothing that cannot be stored."""
    if text.isprintable():
        return text[:longest]
    return "".join(char if char.isprintable() else "\ufffd" for char in text[:longest])


def rows_of(data: Any) -> list[Row] | None:
    """The rows of a list answer with their ids, or None where there is no list of rows."""
    found = data
    if isinstance(data, Mapping):
        lists = [data[key] for key in LIST_KEYS if isinstance(data.get(key), list)]
        found = lists[0] if lists else None
    if not isinstance(found, list):
        return None
    rows: list[Row] = []
    for row in found:
        if not isinstance(row, dict):
            continue
        # As a rule; a function call for each row would be a twentieth of a sweep.
        text = row.get(ID)
        if type(text) is str and 0 < len(text) <= LONGEST_ID and text.isprintable():
            rows.append((InstanceId(text), row))
        elif (id_ := id_of(row)) is not None:
            rows.append((id_, row))
    # A list of something else is not an empty list of instances.
    return rows if rows or not found else None


def id_of(row: Mapping[str, Any]) -> InstanceId | None:
    """An instance's id: `instanceServiceId`, else `id`."""
    for key in ID_KEYS:
        text = row.get(key)
        # What JSON brings is of exactly these types; a boolean is no number here.
        if type(text) is int:
            text = str(text)
        if type(text) is str and 0 < len(text) <= LONGEST_ID and text.isprintable():
            return InstanceId(text)
    return None


def is_about(row: Mapping[str, Any], instance: InstanceId) -> bool:
    """Whether a detail speaks of the instance that was asked for: by its id, or without any."""
    named = [row[key] for key in ID_KEYS if row.get(key) is not None]
    texts = [str(value) for value in named if isinstance(value, (str, int))]
    return not named or instance in texts


def status_of(row: Mapping[str, Any]) -> tuple[Status, str | None]:
    """An instance's status, and its text where we do not know it."""
    text = row.get("status")
    if not isinstance(text, str):
        return Status.UNKNOWN, f"({type(text).__name__})"
    known = _STATUSES.get(text) or _STATUSES.get(text.strip().lower())
    if known is not None:
        return known, None
    return Status.UNKNOWN, clean(text.strip(), LONGEST_STATUS)


def label_of(row: Mapping[str, Any]) -> str | None:
    """The platform's own name of an instance."""
    name = row.get(NAME)
    return clean(name, LONGEST_MESSAGE) if name and type(name) is str else None


@dataclass(frozen=True, slots=True)
class Shown:
    """What rows say: the status of each id, names, and status texts that we do not know."""

    statuses: Mapping[InstanceId, Status]
    labels: Mapping[InstanceId, str]
    unrecognised: tuple[str, ...]


def shown_by(rows: Iterable[Row]) -> Shown:
    """Read rows; of an id whose rows disagree nobody can tell which holds: status unknown."""
    statuses: dict[InstanceId, Status] = {}
    labels: dict[InstanceId, str] = {}
    texts: list[str] = []
    for id_, row in rows:
        word = row.get("status")
        status = _STATUSES.get(word) if type(word) is str else None
        text = None
        if status is None:
            status, text = status_of(row)
        if statuses.setdefault(id_, status) is not status:
            # One may be the row of an older run.
            statuses[id_], text = Status.UNKNOWN, SEVERAL
        if text is not None:
            texts.append(text)
        name = row.get(NAME)
        if name and type(name) is str:
            labels[id_] = clean(name, LONGEST_MESSAGE)
    return Shown(statuses, labels, tuple(texts))


def is_gone(envelope: Envelope) -> bool:
    """Whether an answer plainly says that the instance does not exist."""
    if envelope.ok:
        return envelope.data is None
    return envelope.code in GONE_CODES or GONE_WORDS.search(envelope.message) is not None
