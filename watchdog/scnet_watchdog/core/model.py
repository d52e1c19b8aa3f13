"""What was seen: instances, their statuses, and the reads that showed them.

A *page* is one good read by one status source of one center; a *sweep* is a poll that ended well.
Errors of a source are values too (`PollFailed`), so that the core can treat them like any input.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple, NewType

InstanceId = NewType("InstanceId", str)


class Status(StrEnum):
    """The eight statuses of an instance; SCNet's own words are mapped to them by the source."""

    RUNNING = "running"
    WAITING = "waiting"
    DEPLOYING = "deploying"
    STOPPED = "stopped"
    FAILED = "failed"
    COMPLETED = "completed"
    MISSING = "missing"
    UNKNOWN = "unknown"

    # The enum's own is a Python function; statuses are looked up for every observation.
    __hash__ = str.__hash__


DOWN = frozenset({Status.STOPPED, Status.FAILED, Status.COMPLETED})
"""Statuses of an instance that does not run and will not start by itself."""


class BlockCause(StrEnum):
    """Why a center's account or credentials refuse us (field `cause` of `center.blocked`)."""

    ARREARS = "arrears"
    DISABLED = "disabled"
    FROZEN = "frozen"
    TOKEN_EXPIRED = "token_expired"
    CREDENTIALS = "credentials"
    PERMISSION = "permission"


class SourceKey(NamedTuple):
    """One status source as used for one center: polls, failures and blindness are kept per key."""

    source: str
    center: str


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of one good read. Each row is an observation of one instance.

    Args:
        asked_at: when the very request that brought these rows was sent.
        seen_at: when its answer was complete.
        labels: the platform's own names, where the answer carried them.
        unrecognised: status texts that no `Status` stands for (their rows are `unknown`).
    """

    key: SourceKey
    asked_at: datetime
    seen_at: datetime
    rows: Mapping[InstanceId, Status]
    labels: Mapping[InstanceId, str] = field(default_factory=dict)
    unrecognised: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Swept:
    """A poll ended well; its pages came before it.

    Args:
        began_at: when its first request was sent; every row of the sweep is at least as young.
        absent: watched ids of which this sweep brought no observation.
    """

    key: SourceKey
    began_at: datetime
    ended_at: datetime
    absent: frozenset[InstanceId] = frozenset()


@dataclass(frozen=True, slots=True)
class PollFailed:
    """A poll ended badly. It is no observation and changes no counter of any instance.

    Args:
        error: one plain sentence.
        cause: set when account or credentials were refused; the center is then blocked.
        throttled: the platform asked us to slow down (429, or 503 with Retry-After).
        retry_after: how long it asked us to wait, where it said so.
    """

    key: SourceKey
    began_at: datetime
    ended_at: datetime
    error: str
    cause: BlockCause | None = None
    code: str | None = None
    throttled: bool = False
    retry_after: timedelta | None = None
