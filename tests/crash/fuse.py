"""Steps of a turn at which a daemon can be told to die, with SIGKILL, by its own hand.

A step has a name (`commit grant before`, `sql COMMIT`, `call before` …) and is passed many times in
a life. A fuse blows at one passing of one step; every passing is written down before, so that a
proof knows which steps a life went through and at which it ended.
"""

import os
import re
import signal
import sqlite3
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from scnet_watchdog.core.attempt import AttemptKey
from scnet_watchdog.core.change import Change, Memory
from scnet_watchdog.core.command import Command
from scnet_watchdog.core.event import Event
from scnet_watchdog.core.model import InstanceId
from scnet_watchdog.core.outcome import Outcome
from scnet_watchdog.ports import Restarter, StateStore, Still, Tenure, allowed

STATEMENT = re.compile(r"\s*(?:--.*\n)?\s*(\w+)\b(?:\s+OR\s+\w+)?(?:\s+(?:INTO|FROM))?\s*(\w+)?")
TABLED = frozenset({"INSERT", "UPDATE", "DELETE"})


@dataclass(slots=True)
class Fuse:
    """Blows when a step is passed for the nth time.

    Args:
        trail: the descriptor of a file that every passing is written to.
        saves: whether the first commit has begun: what SQLite did before, at the opening of the
            file, are no steps of a turn.
    """

    trail: int
    step: str | None = None
    nth: int = 1
    passed: Counter[str] = field(default_factory=Counter)
    saves: bool = False

    def at(self, step: str) -> None:
        """Pass a step; nothing that follows it happens where the fuse blows."""
        self.passed[step] += 1
        os.write(self.trail, f"{step}\n".encode())
        if step == self.step and self.passed[step] == self.nth:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch_sqlite(self) -> None:
        """Learn of each statement of every connection to SQLite that is opened from now on.

        Asked for by the thread that opens it, before its first statement. Another thread that asks
        later waits, with the interpreter's lock, for a statement that is under way, and that one
        waits for the interpreter's lock: both stand still for ever.
        """

        plain = sqlite3.connect

        def watched(*given: Any, **named: Any) -> sqlite3.Connection:
            connection: sqlite3.Connection = plain(*given, **named)
            connection.set_trace_callback(self._statement)
            return connection

        sqlite3.connect = watched  # type: ignore[assignment]

    def _statement(self, text: str) -> None:
        if not self.saves:
            return
        found = STATEMENT.match(text)
        verb = found[1].upper() if found is not None else ""
        if found is not None and verb in TABLED:
            self.at(f"sql {verb} {found[2]}")
        elif verb in ("BEGIN", "COMMIT"):
            self.at(f"sql {verb}")


def kind_of(change: Change) -> str:
    """What a commit is about, the most delicate first."""
    if change.wanted:
        return "grant"
    if any(one.verdict is not None for one in change.attempts):
        return "judge"
    return "settle" if change.attempts else "states"


class FusedStore:
    """Fulfils `ports.StateStore` around a real one."""

    def __init__(self, store: StateStore, fuse: Fuse) -> None:
        self._store = store
        self._fuse = fuse

    async def acquire(self, who: str, wait: timedelta) -> Tenure:
        """Pass a step before and after."""
        self._fuse.at("acquire before")
        tenure = await self._store.acquire(who, wait)
        self._fuse.at("acquire after")
        return tenure

    async def load(self, tenure: Tenure) -> Memory:
        """Pass a step after."""
        memory = await self._store.load(tenure)
        self._fuse.at("load after")
        return memory

    async def commit(self, tenure: Tenure, change: Change) -> frozenset[AttemptKey]:
        """Pass a step before and after, named by what the change is about."""
        kind = kind_of(change)
        self._fuse.saves = True
        self._fuse.at(f"commit {kind} before")
        granted = await self._store.commit(tenure, change)
        self._fuse.at(f"commit {kind} after")
        return granted

    async def inbox(self, tenure: Tenure) -> Sequence[Command]:
        """As it is."""
        return await self._store.inbox(tenure)


class FusedRestarter:
    """Fulfils `ports.Restarter` around a real one."""

    def __init__(self, restarter: Restarter, fuse: Fuse) -> None:
        self._restarter = restarter
        self._fuse = fuse

    @property
    def free(self) -> int:
        """As it is."""
        return self._restarter.free

    @property
    def deadline(self) -> timedelta:
        """As it is."""
        return self._restarter.deadline

    async def restart(self, instance: InstanceId, why_not: Still = allowed) -> Outcome:
        """Pass a step before the call, at the last look before it leaves, and after its answer."""

        def last_look() -> str | None:
            self._fuse.at("call leaves")
            return why_not()

        self._fuse.at("call before")
        outcome = await self._restarter.restart(instance, last_look)
        self._fuse.at("call after")
        return outcome


class FusedListener:
    """Fulfils `ports.EventSink`: passes a step when a restart's event is told."""

    def __init__(self, fuse: Fuse) -> None:
        self._fuse = fuse

    def emit(self, event: Event) -> None:
        """Pass the step of this event."""
        if event.kind.startswith("restart."):
            self._fuse.at(f"told {event.kind}")
