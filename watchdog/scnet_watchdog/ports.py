"""What the engine needs of the outside world: small Protocols and the errors they may raise.

PortError
├── SourceUnavailable   a read failed; try at the next poll
│   └── SourceThrottled the platform asked us to slow down
├── SourceRefused       account or credentials refuse us; the center is blocked
└── StoreError
    ├── HeldByAnother   another daemon owns the state
    ├── Unreadable      the state cannot be read; never start afresh
    ├── Unwritable      nothing was saved; nothing is granted
    └── Fenced          the tenure is over; nothing was saved
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from .core.attempt import Attempt, AttemptKey
from .core.change import Change, Memory
from .core.command import Command
from .core.event import Event
from .core.model import BlockCause, InstanceId, Page, Swept
from .core.outcome import Outcome
from .errors import WatchdogError


class PortError(WatchdogError):
    """An outside thing did not do as asked."""


class SourceUnavailable(PortError):
    """A read failed: network, gateway, nonsense. Try at the next poll."""


class SourceThrottled(SourceUnavailable):
    """The platform asked us to slow down; `retry_after` is how long, where it said so."""

    def __init__(self, message: str, retry_after: timedelta | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class SourceRefused(PortError):
    """Account or credentials refuse us; a person must act."""

    def __init__(self, message: str, cause: BlockCause, code: str | None = None) -> None:
        super().__init__(message)
        self.cause = cause
        self.code = code


class StoreError(PortError):
    """The state could not be had or written."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Who holds the state: shown by exit codes 69 and 75."""

    host: str
    pid: int
    since: datetime


class HeldByAnother(StoreError):
    """Another daemon owns the state; `owner` says who, where that is known."""

    def __init__(self, message: str, owner: Owner | None = None) -> None:
        super().__init__(message)
        self.owner = owner


class Unreadable(StoreError):
    """The state cannot be read, or is not ours. Never start afresh."""


class Unwritable(StoreError):
    """Nothing of the change was saved, and nothing is granted."""


class Fenced(StoreError):
    """The tenure is over: another owner took the centers. Nothing was saved."""


@dataclass(frozen=True, slots=True)
class Tenure:
    """The right to act for some centers.

    Args:
        centers: the centers owned; None = all of them.
        valid_for: how long from now; None = for ever (a local file).
        ahead: how far the store's clock is ahead of ours.
    """

    epoch: int
    centers: frozenset[str] | None = None
    valid_for: timedelta | None = None
    ahead: timedelta = timedelta()


class Clock(Protocol):
    """The steady clock: wall time at start plus monotonic time."""

    def now(self) -> datetime:
        """The steady moment, aware UTC."""

    def wall(self) -> datetime:
        """The wall clock, aware UTC; it may step."""


class StatusSource(Protocol):
    """Where statuses are asked, for the instances of one center.

    Raises (from every method):
        SourceUnavailable, SourceThrottled, SourceRefused
    """

    async def poll(self, watched: Collection[InstanceId], report: Callable[[Page], None]) -> Swept:
        """Ask once for all watched instances; hand over each page as it arrives."""

    async def look(self, instances: Collection[InstanceId]) -> Page:
        """Ask for a few instances now, freshly; ids without an answer are left out."""


Still = Callable[[], str | None]
"""Why a call must not be made at this very moment, or None where it may."""


def allowed() -> None:
    """Nothing speaks against a call."""
    return


class Restarter(Protocol):
    """The one call that changes the world, for one center."""

    @property
    def free(self) -> int:
        """How many calls can start at once."""

    @property
    def deadline(self) -> timedelta:
        """The longest a call can take."""

    async def restart(self, instance: InstanceId, why_not: Still = allowed) -> Outcome:
        """Call once. Whatever happens on the wire is an outcome, never an exception.

        Args:
            why_not: asked right before the call leaves: a token may have been fetched meanwhile.
                What it says makes the outcome `Withdrawn`.
        """


class StateStore(Protocol):
    """Durable memory, owned by one daemon at a time."""

    async def acquire(self, who: str, wait: timedelta) -> Tenure:
        """Take or renew the right to act, waiting at most `wait`.

        Raises:
            HeldByAnother, Unreadable, Unwritable
        """

    async def load(self, tenure: Tenure) -> Memory:
        """Everything remembered of the tenure's centers.

        Raises:
            Unreadable, Fenced
        """

    async def commit(self, tenure: Tenure, change: Change) -> frozenset[AttemptKey]:
        """Save all of it in one transaction; return which wanted attempts are granted.

        Raises:
            Unwritable, Fenced
        """

    async def inbox(self, tenure: Tenure) -> Sequence[Command]:
        """Commands left for the owner; `Change.taken` names the rows that are done.

        Raises:
            Unwritable, Fenced
        """


class History(Protocol):
    """What is remembered, for reading only; changes nothing and needs no tenure.

    Raises (from every method):
        HeldByAnother, Unreadable, Unwritable
    """

    async def snapshot(self) -> Memory:
        """Everything remembered; `fresh` where there is no state yet."""

    async def events(self, since: datetime, instance: InstanceId | None = None) -> Sequence[Event]:
        """Journalled events since a moment, oldest first; of one instance, where it is named."""


class EventSink(Protocol):
    """Whoever tells events: log, metrics, page, notifications."""

    def emit(self, event: Event) -> None:
        """Tell one event. Never raises, never blocks."""


@dataclass(frozen=True, slots=True)
class Sought:
    """Which journalled events are asked for.

    Args:
        limit: the newest so many of them.
        until: only what is older than this moment; None = up to now.
        instance: of one instance; None = of all, and what concerns none.
        of_none: only what concerns no instance: the daemon, its centers and sources.
        before: where an earlier excerpt ended: only what is older than all of it.
    """

    since: datetime
    limit: int
    until: datetime | None = None
    instance: str | None = None
    of_none: bool = False
    before: int | None = None


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Some of the journal.

    Args:
        events: oldest first.
        before: `Sought.before` for what is older still; None = that was all.
    """

    events: Sequence[Event]
    before: int | None = None


class Journal(Protocol):
    """What the owner itself can read of its ledger and journal while it runs.

    Raises (from every method):
        Unreadable, Unwritable, Fenced
    """

    async def excerpt(self, sought: Sought) -> Excerpt:
        """The newest events of those that are sought."""

    async def attempts(self, instance: InstanceId, limit: int) -> Sequence[Attempt]:
        """The newest `limit` rows of an instance's ledger, oldest first."""
