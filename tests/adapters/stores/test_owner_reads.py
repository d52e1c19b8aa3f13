"""The owner reads its own ledger and journal while it runs."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from scnet_watchdog.core.change import Change
from scnet_watchdog.core.event import Event, EventKind
from scnet_watchdog.core.model import InstanceId
from scnet_watchdog.core.outcome import OutcomeKind, Verdict
from scnet_watchdog.ports import Fenced, Unreadable
from store_support import NO_WAIT, T0, attempt, settled, sqlite_store

A, B = InstanceId("a"), InstanceId("b")


def told(second: int, instance: InstanceId) -> Event:
    """An event of an instance at a moment."""
    return Event(EventKind.INSTANCE_CONFIRMED, T0 + timedelta(seconds=second), instance)


async def test_the_newest_events_come_oldest_first(tmp_path: Path) -> None:
    store = sqlite_store(tmp_path)
    tenure = await store.acquire("test", NO_WAIT)
    events = tuple(told(n, A if n % 2 else B) for n in range(6))
    await store.commit(tenure, Change(events=events))
    assert [one.at for one in await store.recent(T0, None, 2)] == [events[4].at, events[5].at]
    assert [one.at for one in await store.recent(events[2].at, A, 9)] == [
        events[3].at,
        events[5].at,
    ]
    await store.close()


async def test_the_newest_rows_of_the_ledger_come_oldest_first(tmp_path: Path) -> None:
    store = sqlite_store(tmp_path)
    tenure = await store.acquire("test", NO_WAIT)
    rows = [
        replace(settled(attempt("a", seq), OutcomeKind.ACCEPTED), verdict=Verdict.RELAPSED)
        for seq in (1, 2, 3)
    ]
    await store.commit(tenure, Change(attempts=(*rows, attempt("b", 1))))
    assert await store.attempts(A, 2) == rows[1:]
    assert await store.attempts(InstanceId("nobody"), 5) == []
    await store.close()


async def test_only_the_owner_reads_and_strange_rows_are_unreadable(tmp_path: Path) -> None:
    store = sqlite_store(tmp_path)
    with pytest.raises(Fenced):
        await store.attempts(A, 1)
    await store.acquire("test", NO_WAIT)
    await store.close()
    with closing(sqlite3.connect(tmp_path / "state.db")) as theirs:
        theirs.execute("INSERT INTO journal VALUES (1, '2027', 'x', NULL, NULL, 1, '{}')")
        theirs.commit()
    store = sqlite_store(tmp_path)
    await store.acquire("test", NO_WAIT)
    with pytest.raises(Unreadable, match="what we did not write"):
        await store.recent(T0, None, 5)
    await store.close()
