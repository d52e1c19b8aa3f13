"""What the state forgets, and what it must not."""

import sqlite3
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from scnet_watchdog.adapters.stores.retention import prune
from scnet_watchdog.core.change import Change
from scnet_watchdog.core.command import Hold, Scope, ScopeKind
from scnet_watchdog.core.event import Event, EventKind
from scnet_watchdog.core.model import InstanceId
from scnet_watchdog.core.outcome import OutcomeKind
from scnet_watchdog.core.state import Care
from store_support import NO_WAIT, T0, attempt, instances, settled, sqlite_store, stored


async def test_retention_keeps_what_is_open_or_young(tmp_path: Path) -> None:
    store = sqlite_store(tmp_path)
    tenure = await store.acquire("me", NO_WAIT)
    old = T0 - timedelta(days=100)
    closed = settled(attempt("old", saved_at=old), OutcomeKind.REFUSED)
    watched = settled(attempt("watched", saved_at=old), OutcomeKind.ACCEPTED)
    await store.commit(
        tenure,
        Change(
            attempts=(closed, watched),
            wanted=(attempt("young"), attempt("open", saved_at=old)),
            events=(Event(EventKind.DAEMON_STARTED, old), Event(EventKind.DAEMON_STOPPED, T0)),
        ),
    )
    assert await store.prune(T0 - timedelta(days=90)) == 2
    await store.close()
    rows = sqlite3.connect(tmp_path / "state.db")
    kept = {name for (name,) in rows.execute("SELECT instance FROM attempts")}
    events = [name for (name,) in rows.execute("SELECT event FROM journal")]
    rows.close()
    assert kept == {"watched", "young", "open"}
    assert events == ["daemon.stopped"]


async def test_retention_forgets_instances_that_nobody_watches_any_more(tmp_path: Path) -> None:
    store = sqlite_store(tmp_path)
    tenure = await store.acquire("me", NO_WAIT)
    hold = Hold(Scope(ScopeKind.INSTANCE, "held"), T0, length=None, until_running=True)
    held = stored("held")
    held = replace(held, facts=replace(held.facts, care=Care(hold=hold)))
    await store.commit(
        tenure,
        Change(
            instances={**instances("watched", "gone", "tried").instances, held.id: held},
            wanted=(attempt("tried"),),
        ),
    )
    # The clock of these tests stands still at T0: after it, everything is old.
    later = T0 + timedelta(days=100)
    assert await store.prune(later) == 0
    assert await store.prune(later, {InstanceId("watched")}) == 1
    left = {one.id for one in (await store.load(tenure)).instances}
    assert left == {"watched", "tried", "held"}
    await store.close()


async def test_retention_deletes_in_batches(tmp_path: Path) -> None:
    store = sqlite_store(tmp_path)
    tenure = await store.acquire("me", NO_WAIT)
    closed = tuple(settled(attempt(f"i{n}"), OutcomeKind.REFUSED) for n in range(7))
    events = tuple(Event(EventKind.DAEMON_STOPPED, T0) for _ in range(7))
    await store.commit(tenure, Change(attempts=closed, events=events))
    await store.close()
    connection = sqlite3.connect(tmp_path / "state.db")
    # 7 rows of each of two kinds, at most 3 of a kind at once: 6 + 6 + 2.
    gone = [prune(connection, "2026-04-01", None, 3) for _ in range(4)]
    connection.close()
    assert gone == [6, 6, 2, 0]
