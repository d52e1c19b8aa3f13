"""Commands left in a state that nobody holds: the next run of the daemon obeys them."""

import os
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from ..adapters.clock import SystemClock
from ..adapters.stores.sqlite import SqliteStore
from ..core.command import Command
from ..errors import WatchdogError

LOCK_WITHIN = timedelta(seconds=2)
"""How long the lock is waited for: somebody may be reading the state for a moment."""


class NotOurs(WatchdogError):
    """There is no state yet, and one made by this user would lock the daemon out."""


async def post(state: Path, explicit: bool, commands: Sequence[Command], who: str) -> None:
    """Write commands into the state's inbox, under its lock.

    Args:
        explicit: the place was configured: its folder must exist.
        who: who writes, for the owner's row of the state.

    Raises:
        NotOurs, HeldByAnother, Unreadable, Unwritable
    """
    _may_make(state)
    store = SqliteStore(state, SystemClock(), explicit)
    try:
        await store.acquire(who, LOCK_WITHIN)
        for command in commands:
            await store.post(command)
    finally:
        await store.close()


def _may_make(state: Path) -> None:
    folder = state.parent
    if not os.path.exists(state) and os.path.isdir(folder) and folder.stat().st_uid != os.geteuid():
        raise NotOurs(f"there is no state {state} yet, and its folder belongs to another user")
