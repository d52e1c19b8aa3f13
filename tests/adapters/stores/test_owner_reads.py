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
from scnet_watchdog.ports import Excerpt, Fenced, Sought, Unreadable
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
    newest = await store.excerpt(Sought(T0, 2))
    assert newest == Excerpt(list(events[4:]), before=5)
    of_a = await store.excerpt(Sought(events[2].at, 9, instance=A))
    # Nothing is left out, so there is nowhere to go on.
    assert of_a == Excerpt([events[3], events[5]])
    started = Event(EventKind.DAEMON_STARTED, events[3].at)
    await store.commit(tenure, Change(events=(started,)))
    assert await store.excerpt(Sought(T0, 9, of_none=True)) == Excerpt([started])
    ended = await store.excerpt(Sought(T0, 9, until=events[2].at))
    assert ended == Excerpt(list(events[:2]))
    await store.close()


async def test_whoever_goes_on_where_an_excerpt_ended_sees_every_event_once(
    tmp_path: Path,
) -> None:
    """A turn's events have one moment, and a clock that was set back leaves older ones above."""
    store = sqlite_store(tmp_path)
    tenure = await store.acquire("test", NO_WAIT)
    seconds = (5, 5, 5, 7, 7, 2, 2, 5, 9, 9, 9)
    for number, second in enumerate(seconds):
        one = replace(told(second, A), fields={"number": number})
        await store.commit(tenure, Change(events=(one,)))
    seen: list[Event] = []
    sought: Sought | None = Sought(T0, 2)
    while sought is not None:
        found = await store.excerpt(sought)
        assert 0 < len(found.events) <= 2
        seen = [*found.events, *seen]
        sought = replace(sought, before=found.before) if found.before is not None else None
    assert len(seen) == len({one.fields["number"] for one in seen}) == len(seconds)
    assert [one.at for one in seen] == sorted(one.at for one in seen)
    assert (await store.excerpt(Sought(T0, 2, before=999))).events == []
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
        await store.excerpt(Sought(T0, 5))
    await store.close()
