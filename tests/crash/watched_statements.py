"""Commits that begin while the state's thread is at a statement, each statement watched.

A program of its own: should it stand still, nothing inside its process can end it.
"""

import asyncio
import os
import sqlite3
import sys
import threading
from datetime import timedelta

from crash.fuse import Fuse, FusedStore
from fakes import FakeStore
from scnet_watchdog.core.change import Change

COMMITS = 500


def ask(path: str) -> None:
    """Be at a statement, nearly always."""
    connection = sqlite3.connect(path, check_same_thread=False)
    while True:
        connection.execute("SELECT 1").fetchall()


async def main() -> None:
    """Begin commits meanwhile."""
    fuse = Fuse(os.open(os.devnull, os.O_WRONLY))
    fuse.watch_sqlite()
    threading.Thread(target=ask, args=(":memory:",), daemon=True).start()
    store = FusedStore(FakeStore(), fuse)
    tenure = await store.acquire("test", timedelta())
    for _ in range(COMMITS):
        await store.commit(tenure, Change())
        await asyncio.sleep(0.0001)


if __name__ == "__main__":
    asyncio.run(main())
    sys.stdout.write("done\n")
