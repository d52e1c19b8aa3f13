"""Where a person sees the running daemon and asks something of it: the port of every way in.

DeskError
├── NobodyMeant         no instance, group or center is meant by that name, or several are
├── Declined            the watchdog refuses what was asked, and says why
├── Unavailable         not now: the state is not ours, or no turn came in time
└── Rejected            the config on disk is not valid; nothing changed
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from .core.command import Wish
from .errors import WatchdogError
from .ports import Excerpt, Sought


class DeskError(WatchdogError):
    """A person's question or wish could not be met."""


class NobodyMeant(DeskError):
    """No watched instance, group or center is meant by that name, or several are."""


class Unavailable(DeskError):
    """Not now: the state is not ours, or no turn was saved in time."""


class Declined(DeskError):
    """The watchdog refuses; `reason` is the bare word or clause of the decision."""

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class Rejected(DeskError):
    """The config on disk is not valid and nothing changed; one sentence per error."""

    def __init__(self, errors: Sequence[str]) -> None:
        super().__init__("\n".join(errors))
        self.errors = tuple(errors)


Answer = Mapping[str, Any]
"""Named as in `docs/api.md`; moments are aware datetimes."""


@dataclass(frozen=True, slots=True)
class Among:
    """Whom a report is about; None = whoever it is.

    Args:
        instance: any of its names.
        worst: so many instances are listed, those first that were down longest; None = all.
    """

    group: str | None = None
    center: str | None = None
    instance: str | None = None
    worst: int | None = None


class Seen(Protocol):
    """What a person may see of the running daemon.

    Raises (from every method but `trouble`):
        NobodyMeant, Unavailable, StoreError
    """

    def trouble(self, ready: bool = False) -> str | None:
        """Why it is not healthy (or not ready) in one sentence, or None where it is."""

    async def fleet(self) -> Answer:
        """Every instance, every center and the daemon itself."""

    async def instance(self, name: str) -> Answer:
        """One instance with the last rows of its ledger."""

    async def explain(self, name: str) -> Answer:
        """Why an instance is, or is not, restarted at this moment."""

    async def events(self, sought: Sought) -> Excerpt:
        """The newest journalled events of those that are sought; `instance` is any of its names."""

    async def report(self, since: datetime, among: Among) -> Answer:
        """Recovery figures since a moment, as far as the newest events reach."""


class Desk(Seen, Protocol):
    """Where a person sees the running daemon and asks something of it."""

    async def ask(self, wish: Wish) -> str:
        """Take up a wish; one sentence on what is done, once its turn is saved.

        Raises:
            NobodyMeant, Declined, Unavailable
        """

    async def reload(self, preview: bool = False) -> Answer:
        """Take up the config on disk, or only say: added, removed, changed, …, impact.

        Raises:
            Rejected, Unavailable
        """
