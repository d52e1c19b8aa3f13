"""Trouble while running: nothing is granted, nothing is made afresh, and it goes on afterwards."""

import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from scnet_watchdog.adapters.stores.history import SqliteHistory
from scnet_watchdog.adapters.stores.lock import StateLock
from scnet_watchdog.adapters.stores.sqlite import SqliteStore
from scnet_watchdog.core.change import Change
from scnet_watchdog.core.command import Reset, Scope, ScopeKind
from scnet_watchdog.core.event import Event, EventKind
from scnet_watchdog.ports import Fenced, Tenure, Unreadable, Unwritable
from store_support import NO_WAIT, T0, attempt, instances, sqlite_store

RESET = Reset(Scope(ScopeKind.INSTANCE, "a"), "eve")


async def running(folder: Path) -> tuple[SqliteStore, Tenure]:
    store = sqlite_store(folder)
    tenure = await store.acquire("me", NO_WAIT)
    await store.commit(tenure, instances("a"))
    return store, tenure


def written(folder: Path, statement: str, *values: object) -> None:
    """What somebody else wrote into the state while nobody ran."""
    connection = sqlite3.connect(folder / "state.db", isolation_level=None)
    connection.execute(statement, values)
    connection.close()


async def test_a_volume_that_went_away_is_waited_for_and_never_made_anew(tmp_path: Path) -> None:
    store, tenure = await running(tmp_path)
    store._give_up(())
    away = (tmp_path / "state.db").rename(tmp_path / "away")
    with pytest.raises(Unwritable, match="disappeared"):
        await store.commit(tenure, Change(wanted=(attempt("a"),)))
    with pytest.raises(Unwritable):
        await store.inbox(tenure)
    with pytest.raises(Unreadable):
        await store.load(tenure)
    assert not (tmp_path / "state.db").exists()
    away.rename(tmp_path / "state.db")
    row = attempt("a", 2)
    assert await store.commit(tenure, Change(wanted=(row,))) == {row.key}
    await store.close()


async def test_a_state_that_is_found_damaged_when_it_is_opened_again_is_unreadable(
    tmp_path: Path,
) -> None:
    store, tenure = await running(tmp_path)
    store._give_up(())
    (tmp_path / "state.db").write_bytes(b"no database at all, but long enough " * 100)
    with pytest.raises(Unreadable):
        await store.commit(tenure, instances("b"))
    await store.close()


async def test_a_command_that_nobody_can_read_does_not_hide_the_others(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store, _ = await running(tmp_path)
    await store.close()
    odd = "INSERT INTO inbox (at, kind, data) VALUES ('2026', ?, ?)"
    written(tmp_path, odd, "Celebrate", "{}")
    written(tmp_path, odd, "Reset", "no JSON")
    store = sqlite_store(tmp_path)
    tenure = await store.acquire("me", NO_WAIT)
    await store.post(RESET)
    for _ in range(2):
        assert [one.by for one in await store.inbox(tenure)] == ["eve"]
    # Each of the two is told once.
    assert [record.levelname for record in caplog.records] == ["WARNING", "WARNING"]
    await store.close()


async def test_a_row_that_we_did_not_write_makes_the_state_unreadable(tmp_path: Path) -> None:
    store, tenure = await running(tmp_path)
    told = (Event(EventKind.DAEMON_STARTED, T0),)
    await store.commit(tenure, Change(events=told))
    await store.close()
    written(tmp_path, "UPDATE instances SET data = 'no JSON'")
    written(tmp_path, "UPDATE journal SET data = 'no JSON'")
    store = sqlite_store(tmp_path)
    tenure = await store.acquire("me", NO_WAIT)
    with pytest.raises(Unreadable):
        await store.load(tenure)
    await store.close()
    history = SqliteHistory(tmp_path / "state.db")
    with pytest.raises(Unreadable, match="did not write"):
        await history.snapshot()
    with pytest.raises(Unreadable, match="did not write"):
        await history.events(T0)


async def test_history_of_what_is_no_state_is_refused_and_of_none_is_empty(tmp_path: Path) -> None:
    history = SqliteHistory(tmp_path / "state.db")
    assert await history.events(T0) == []
    (tmp_path / "state.db").write_bytes(b"no database at all, but long enough " * 100)
    with pytest.raises(Unreadable):
        await history.events(T0)


async def test_without_the_state_nothing_is_posted_and_nothing_deleted(tmp_path: Path) -> None:
    store = sqlite_store(tmp_path)
    with pytest.raises(Fenced):
        await store.post(RESET)
    assert await store.prune(T0 + timedelta(days=1)) == 0
    await store.close()


async def test_another_owner_in_the_file_fences_the_commit(tmp_path: Path) -> None:
    """A lock that did not hold (some network homes): the owner's row does."""
    store, tenure = await running(tmp_path)
    connection = store._connection
    assert connection is not None
    connection.execute("UPDATE owner SET epoch = epoch + 1")
    with pytest.raises(Fenced):
        await store.commit(tenure, Change(wanted=(attempt("a"),)))
    assert not (await store.load(tenure)).open
    await store.close()


@pytest.mark.parametrize("statement", ["DROP TABLE journal", "DROP TABLE inbox"])
async def test_a_table_that_is_gone_is_an_error_of_the_port(tmp_path: Path, statement: str) -> None:
    store, tenure = await running(tmp_path)
    connection = store._connection
    assert connection is not None
    connection.execute(statement)
    if "journal" in statement:
        with pytest.raises(Unwritable):
            await store.prune(T0)
    else:
        with pytest.raises(Unwritable):
            await store.inbox(tenure)
        with pytest.raises(Unwritable):
            await store.post(RESET)
    await store.close()


async def test_an_owner_file_that_nobody_can_read_names_nobody(tmp_path: Path) -> None:
    lock = StateLock(tmp_path / "state.db")
    for text in ("", "[]", '{"host": "x"}', '{"host": 1, "pid": "p", "since": "s"}'):
        lock.owner_file.write_text(text)
        assert lock.owner() is None
