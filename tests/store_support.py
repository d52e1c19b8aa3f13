"""What store tests share: attempts, changes, and the stores that must behave alike."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from scnet_watchdog.adapters.stores.sqlite import SqliteStore
from scnet_watchdog.core.attempt import Attempt
from scnet_watchdog.core.change import Change, StoredInstance
from scnet_watchdog.core.decision import Reason
from scnet_watchdog.core.model import InstanceId, Status
from scnet_watchdog.core.outcome import OutcomeKind
from scnet_watchdog.core.state import Facts

T0 = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
NO_WAIT = timedelta()


class StillClock:
    """Fulfils `ports.Clock`; time stands still."""

    def now(self) -> datetime:
        """Always the same moment."""
        return T0

    def wall(self) -> datetime:
        """Always the same moment."""
        return T0


def sqlite_store(folder: Path, explicit: bool = True) -> SqliteStore:
    """A store in a folder."""
    return SqliteStore(folder / "state.db", StillClock(), explicit)


def attempt(instance: str = "a", seq: int = 1, **changes: object) -> Attempt:
    """A new attempt's row."""
    row = Attempt(
        instance=InstanceId(instance),
        seq=seq,
        center="kunshan",
        episode=1,
        number=1,
        reason=Reason.FAILED,
        status=Status.FAILED,
        asked_at=T0,
        saved_at=T0,
    )
    from dataclasses import replace

    return replace(row, **changes)  # type: ignore[arg-type]


def settled(row: Attempt, outcome: OutcomeKind) -> Attempt:
    """The row with an outcome."""
    from dataclasses import replace

    return replace(row, outcome=outcome, settled_at=T0 + timedelta(seconds=1))


def stored(instance: str = "a", status: Status = Status.FAILED) -> StoredInstance:
    """A stored instance."""
    return StoredInstance(InstanceId(instance), "kunshan", Facts(status, T0))


def instances(*ids: str) -> Change:
    """A change that stores instances."""
    return Change(instances={InstanceId(id_): stored(id_) for id_ in ids})


def seeds(n: int) -> Iterator[int]:
    """Seeds for damage at random places."""
    return iter(range(n))
