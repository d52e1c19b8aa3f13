"""The SQLite state: never afresh by accident, never two owners, whole after everything."""

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from scnet_watchdog.adapters.stores.history import SqliteHistory
from scnet_watchdog.adapters.stores.lock import StateLock
from scnet_watchdog.adapters.stores.opening import APPLICATION_ID, migrations
from scnet_watchdog.core.change import Change
from scnet_watchdog.core.event import Event, EventKind
from scnet_watchdog.core.model import InstanceId
from scnet_watchdog.core.outcome import OutcomeKind
from scnet_watchdog.ports import HeldByAnother, Unreadable, Unwritable
from store_support import NO_WAIT, T0, attempt, instances, settled, sqlite_store


async def filled(folder: Path, *ids: str) -> None:
    """A state that was written and left in order."""
    store = sqlite_store(folder)
    tenure = await store.acquire("me", NO_WAIT)
    await store.commit(tenure, instances(*ids))
    await store.close()


async def ids_in(folder: Path) -> set[str]:
    store = sqlite_store(folder)
    try:
        tenure = await store.acquire("me", NO_WAIT)
        return {one.id for one in (await store.load(tenure)).instances}
    finally:
        await store.close()


async def test_a_clean_close_leaves_the_state_file_whole_and_alone(tmp_path: Path) -> None:
    await filled(tmp_path, "a")
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == ["state.db", "state.db.lock"]
    # Moving is stop, copy, start.
    moved = tmp_path / "moved"
    moved.mkdir()
    (tmp_path / "state.db").rename(moved / "state.db")
    assert await ids_in(moved) == {"a"}


async def test_the_state_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    await filled(tmp_path, "a")
    assert (tmp_path / "state.db").stat().st_mode & 0o777 == 0o600


async def test_the_default_place_is_made_but_a_configured_one_must_exist(tmp_path: Path) -> None:
    default = sqlite_store(tmp_path / "not" / "yet", explicit=False)
    await default.acquire("me", NO_WAIT)
    await default.close()
    configured = sqlite_store(tmp_path / "unmounted")
    with pytest.raises(Unreadable, match="its folder does not exist"):
        await configured.acquire("me", NO_WAIT)
    await configured.close()
    assert not (tmp_path / "unmounted").exists()


@pytest.mark.parametrize("content", [b"", b"not a database at all, but long enough " * 50])
async def test_a_file_that_is_no_state_is_never_started_afresh(
    tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "state.db"
    path.write_bytes(content)
    store = sqlite_store(tmp_path)
    with pytest.raises(Unreadable):
        await store.acquire("me", NO_WAIT)
    await store.close()
    assert path.read_bytes() == content


async def test_a_database_without_our_schema_is_refused(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "state.db") as other:
        other.execute("CREATE TABLE theirs (x)")
    other.close()
    store = sqlite_store(tmp_path)
    with pytest.raises(Unreadable, match="not a state of ours"):
        await store.acquire("me", NO_WAIT)
    await store.close()


async def test_a_newer_state_is_refused_naming_both_versions_and_the_kept_copy(
    tmp_path: Path,
) -> None:
    await filled(tmp_path, "a")
    newest = max(migrations())
    with sqlite3.connect(tmp_path / "state.db") as connection:
        connection.execute(f"PRAGMA user_version={newest + 1}")
    connection.close()
    (tmp_path / f"state.db.v{newest}").write_bytes(b"the copy")
    store = sqlite_store(tmp_path)
    with pytest.raises(Unreadable) as caught:
        await store.acquire("me", NO_WAIT)
    await store.close()
    text = str(caught.value)
    assert f"version {newest + 1}" in text
    assert f"knows {newest}" in text
    assert f"state.db.v{newest}" in text


@pytest.mark.parametrize("seed", range(12))
async def test_a_damaged_state_is_read_whole_or_refused_never_afresh(
    tmp_path: Path, seed: int
) -> None:
    many = [f"i{n:03d}" for n in range(300)]
    await filled(tmp_path, *many)
    path = tmp_path / "state.db"
    data = bytearray(path.read_bytes())
    rng = random.Random(seed)
    at = rng.randrange(len(data))
    data[at : at + 64] = rng.randbytes(min(64, len(data) - at))
    path.write_bytes(bytes(data))
    try:
        assert await ids_in(tmp_path) <= set(many)
    except Unreadable:
        assert path.stat().st_size == len(data)


async def test_a_second_daemon_is_told_who_holds_the_state(tmp_path: Path) -> None:
    script = (
        "import asyncio, sys; sys.path.insert(0, sys.argv[2])\n"
        "from pathlib import Path\n"
        "from store_support import sqlite_store, NO_WAIT\n"
        "async def main():\n"
        "    store = sqlite_store(Path(sys.argv[1])); await store.acquire('me', NO_WAIT)\n"
        "    print('held', flush=True); sys.stdin.read()\n"
        "asyncio.run(main())\n"
    )
    tests = str(Path(__file__).parents[2])
    holder = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path), tests],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert holder.stdout is not None
    assert holder.stdin is not None
    assert holder.stdout.readline() == b"held\n"
    store = sqlite_store(tmp_path)
    with pytest.raises(HeldByAnother, match=f"pid {holder.pid}") as caught:
        await store.acquire("me", timedelta(seconds=0.1))
    assert caught.value.owner is not None
    assert caught.value.owner.since == T0
    with pytest.raises(HeldByAnother):
        await SqliteHistory(tmp_path / "state.db").snapshot()
    # The kernel frees the lock of a killed owner, whatever its owner file says.
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    holder.stdin.close()
    holder.stdout.close()
    assert (tmp_path / "state.db.owner").exists()
    tenure = await store.acquire("me", NO_WAIT)
    assert tenure.epoch == 2
    await store.close()


async def test_a_killed_writer_leaves_what_it_committed(tmp_path: Path) -> None:
    script = (
        "import asyncio, os, sys; sys.path.insert(0, sys.argv[2])\n"
        "from pathlib import Path\n"
        "from store_support import sqlite_store, NO_WAIT, attempt, instances\n"
        "from scnet_watchdog.core.change import Change\n"
        "async def main():\n"
        "    store = sqlite_store(Path(sys.argv[1])); tenure = await store.acquire('me', NO_WAIT)\n"
        "    await store.commit(tenure, instances('a'))\n"
        "    await store.commit(tenure, Change(wanted=(attempt('a'),)))\n"
        "    os.kill(os.getpid(), 9)\n"
        "asyncio.run(main())\n"
    )
    tests = str(Path(__file__).parents[2])
    subprocess.run([sys.executable, "-c", script, str(tmp_path), tests], check=False)
    store = sqlite_store(tmp_path)
    tenure = await store.acquire("me", NO_WAIT)
    memory = await store.load(tenure)
    assert [one.key for one in memory.open] == [attempt("a").key]
    await store.close()


async def test_the_lost_unsynced_tail_of_the_log_loses_whole_commits_only(tmp_path: Path) -> None:
    store = sqlite_store(tmp_path)
    tenure = await store.acquire("me", NO_WAIT)
    for n in range(20):
        row = attempt(f"i{n:02d}")
        await store.commit(
            tenure, Change(instances=instances(f"i{n:02d}").instances, wanted=(row,))
        )
    log = (tmp_path / "state.db-wal").read_bytes()
    main = (tmp_path / "state.db").read_bytes()
    await store.close()
    rng = random.Random(7)
    for case in range(15):
        folder = tmp_path / f"cut{case}"
        folder.mkdir()
        (folder / "state.db").write_bytes(main)
        (folder / "state.db-wal").write_bytes(log[: rng.randrange(len(log))])
        again = sqlite_store(folder)
        memory = await again.load(await again.acquire("me", NO_WAIT))
        # An attempt and its instance are of one commit: both there, or neither.
        assert {one.id for one in memory.instances} == {one.instance for one in memory.open}
        kept = sorted(one.id for one in memory.instances)
        assert kept == [InstanceId(f"i{n:02d}") for n in range(len(kept))]
        await again.close()


async def test_a_full_disk_grants_nothing_and_the_next_commit_goes_on(tmp_path: Path) -> None:
    store = sqlite_store(tmp_path)
    tenure = await store.acquire("me", NO_WAIT)
    await store.commit(tenure, instances("a"))
    connection = store._connection
    assert connection is not None
    # SQLite's own "disk full": no page may be added any more.
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count={pages}")
    big = tuple(Event(EventKind.DAEMON_STARTED, T0, fields={"text": "x" * 4000}) for _ in range(50))
    with pytest.raises(Unwritable):
        await store.commit(tenure, Change(wanted=(attempt("a"),), events=big))
    # Opened and read again: the limit is gone, nothing of the failed commit is there.
    memory = await store.load(tenure)
    assert not memory.open
    row = attempt("a", 2)
    assert await store.commit(tenure, Change(wanted=(row,))) == {row.key}
    await store.close()


async def test_a_row_of_a_doubtful_commit_is_withdrawn_by_the_next_one(tmp_path: Path) -> None:
    """A COMMIT that failed may have reached the disk; its attempts were never handed out."""
    store = sqlite_store(tmp_path)
    tenure = await store.acquire("me", NO_WAIT)
    row = attempt("a")
    await store.commit(tenure, Change(wanted=(row,)))
    store._doubtful = (row.key,)
    await store.commit(tenure, instances("b"))
    assert not (await store.load(tenure)).open
    await store.close()


@pytest.mark.skipif(not Path("/bin/mount").exists() or os.getuid() != 0, reason="needs root")
async def test_a_really_full_file_system_is_unwritable_not_fatal(tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["/bin/mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(small)], check=False
    )
    if mounted.returncode:
        pytest.skip("tmpfs cannot be mounted here")
    store = sqlite_store(small)
    try:
        tenure = await store.acquire("me", NO_WAIT)
        filler = small / "filler"
        filler.write_bytes(b"x" * 60_000)
        events = tuple(
            Event(EventKind.DAEMON_STARTED, T0, fields={"text": "y" * 3000}) for _ in range(100)
        )
        with pytest.raises(Unwritable):
            await store.commit(tenure, Change(wanted=(attempt("a"),), events=events))
        filler.unlink()
        row = attempt("a", 2)
        assert await store.commit(tenure, Change(wanted=(row,))) == {row.key}
    finally:
        await store.close()
        subprocess.run(["/bin/umount", str(small)], check=True)


async def test_an_old_schema_is_kept_beside_before_it_is_migrated(tmp_path: Path) -> None:
    from scnet_watchdog.adapters.stores import opening

    await filled(tmp_path, "a")
    connection = opening.connect(tmp_path / "state.db")
    opening._keep_copy(connection, tmp_path / "state.db", 1)
    connection.close()
    copy = tmp_path / "state.db.v1"
    with sqlite3.connect(copy) as kept:
        assert kept.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
        assert kept.execute("SELECT id FROM instances").fetchall() == [("a",)]
    kept.close()


async def test_history_reads_events_in_order_when_nobody_runs(tmp_path: Path) -> None:
    store = sqlite_store(tmp_path)
    tenure = await store.acquire("me", NO_WAIT)
    events = tuple(
        Event(kind, T0 + timedelta(seconds=n), InstanceId(id_), fields={"n": n})
        for n, (kind, id_) in enumerate(
            [(EventKind.RESTART_REQUESTED, "a"), (EventKind.RESTART_ACCEPTED, "b")]
        )
    )
    await store.commit(tenure, Change(events=events))
    await store.close()
    history = SqliteHistory(tmp_path / "state.db")
    assert await history.events(T0) == list(events)
    assert await history.events(T0, InstanceId("b")) == [events[1]]
    assert (await SqliteHistory(tmp_path / "none.db").snapshot()).fresh


async def test_the_owner_file_says_who_and_goes_with_a_clean_close(tmp_path: Path) -> None:
    store = sqlite_store(tmp_path)
    await store.acquire("me", NO_WAIT)
    owner = json.loads((tmp_path / "state.db.owner").read_text())
    assert owner["pid"] == os.getpid()
    await store.close()
    assert not (tmp_path / "state.db.owner").exists()


async def test_reading_does_not_stop_a_daemon_that_starts_meanwhile(tmp_path: Path) -> None:
    await filled(tmp_path, "a")
    reader = StateLock(tmp_path / "state.db")
    reader.take(NO_WAIT)
    timer = threading.Timer(0.2, reader.free)
    timer.start()
    store = sqlite_store(tmp_path)
    tenure = await store.acquire("me", timedelta(seconds=5))
    timer.join()
    assert tenure.epoch == 2
    await store.close()


async def test_an_attempt_is_never_pushed_out_by_another_one(tmp_path: Path) -> None:
    """Two of one instance that are not judged: a fault of ours. It is told, and costs no row."""
    store = sqlite_store(tmp_path)
    tenure = await store.acquire("me", NO_WAIT)
    first, second = attempt("a", 1), settled(attempt("a", 2), OutcomeKind.ACCEPTED)
    await store.commit(tenure, Change(wanted=(first,)))
    with pytest.raises(Unwritable, match="UNIQUE"):
        await store.commit(tenure, Change(attempts=(second,)))
    assert [one.key for one in (await store.load(tenure)).open] == [first.key]
    await store.close()


async def test_an_id_that_cannot_be_written_spoils_its_own_commit_only(tmp_path: Path) -> None:
    store = sqlite_store(tmp_path)
    tenure = await store.acquire("me", NO_WAIT)
    with pytest.raises(Unwritable):
        await store.commit(tenure, instances("half a pair \ud83d"))
    await store.commit(tenure, instances("a"))
    assert [one.id for one in (await store.load(tenure)).instances] == ["a"]
    await store.close()
