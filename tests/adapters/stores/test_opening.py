"""Opening the state: made whole, migrated whole, or refused; never silently afresh."""

import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from scnet_watchdog.adapters.stores.history import SqliteHistory
from scnet_watchdog.adapters.stores.lock import StateLock
from scnet_watchdog.adapters.stores.opening import migrations, open_state
from scnet_watchdog.core.change import Change
from scnet_watchdog.ports import HeldByAnother, StoreError, Unreadable, Unwritable
from store_support import NO_WAIT, attempt, instances, sqlite_store

TESTS = str(Path(__file__).parents[2])
NOBODY = 65534
"""A user without rights; the tests that need one run as root only."""


async def filled(folder: Path, *ids: str) -> None:
    store = sqlite_store(folder)
    tenure = await store.acquire("me", NO_WAIT)
    await store.commit(tenure, instances(*ids))
    await store.close()


async def refused(folder: Path) -> StoreError:
    store = sqlite_store(folder)
    with pytest.raises(StoreError) as caught:
        await store.acquire("me", NO_WAIT)
    await store.close()
    return caught.value


async def test_a_log_without_its_state_is_no_reason_to_start_afresh(tmp_path: Path) -> None:
    """SQLite throws a log away when its state is empty: what the last run saved would be gone."""
    store = sqlite_store(tmp_path)
    tenure = await store.acquire("me", NO_WAIT)
    await store.commit(tenure, instances("a"))
    log = (tmp_path / "state.db-wal").read_bytes()
    await store.close()
    (tmp_path / "state.db").unlink()
    (tmp_path / "state.db-wal").write_bytes(log)
    error = await refused(tmp_path)
    assert isinstance(error, Unreadable)
    assert "is missing but" in str(error)
    assert (tmp_path / "state.db-wal").read_bytes() == log
    assert not (tmp_path / "state.db").exists()


async def test_a_start_that_was_cut_short_leaves_nothing_to_refuse(tmp_path: Path) -> None:
    (tmp_path / "state.db.new").write_bytes(b"half of it")
    (tmp_path / "state.db.new-wal").write_bytes(b"half of its log")
    store = sqlite_store(tmp_path)
    tenure = await store.acquire("me", NO_WAIT)
    assert (await store.load(tenure)).fresh
    await store.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["state.db", "state.db.lock"]


async def test_a_folder_in_the_place_of_the_state_is_refused(tmp_path: Path) -> None:
    (tmp_path / "state.db").mkdir()
    assert isinstance(await refused(tmp_path), Unreadable)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that everybody may pass through, unlike those of pytest."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.mark.skipif(os.getuid() != 0, reason="needs root, to become somebody else")
@pytest.mark.parametrize(
    ("folder_mode", "file_mode", "expected"),
    [
        (0o755, 0o600, "Unwritable"),  # the lock beside the state cannot be opened
        (0o777, 0o000, "Unreadable"),
        (0o700, 0o600, "Unwritable"),  # whether there is a state cannot even be told
    ],
)
async def test_a_state_we_have_no_right_to_is_an_error_of_the_port(
    open_folder: Path, folder_mode: int, file_mode: int, expected: str
) -> None:
    folder = open_folder / "state"
    folder.mkdir()
    await filled(folder, "a")
    (folder / "state.db.lock").unlink()
    (folder / "state.db").chmod(file_mode)
    script = (
        "import asyncio, os, sys; sys.path.insert(0, sys.argv[2])\n"
        "from pathlib import Path\n"
        "from scnet_watchdog.adapters.stores.opening import migrations\n"
        "from scnet_watchdog.ports import StoreError\n"
        "from store_support import sqlite_store, NO_WAIT\n"
        "async def main():\n"
        "    migrations(); os.setuid(int(sys.argv[3])); store = sqlite_store(Path(sys.argv[1]))\n"
        "    try: await store.acquire('me', NO_WAIT)\n"
        "    except StoreError as error: print(type(error).__name__)\n"
        "    await store.close()\n"
        "asyncio.run(main())\n"
    )
    folder.chmod(folder_mode)
    done = subprocess.run(
        [sys.executable, "-c", script, str(folder), TESTS, str(NOBODY)],
        capture_output=True,
        text=True,
        check=False,
    )
    folder.chmod(0o700)
    assert (done.stdout.strip(), done.stderr) == (expected, "")


async def test_a_migration_keeps_the_old_state_beside_the_new_one(tmp_path: Path) -> None:
    await filled(tmp_path, "a")
    (tmp_path / "state.db.v1").write_bytes(b"a copy of an earlier upgrade that was taken back")
    steps = {**migrations(), 2: "ALTER TABLE instances ADD COLUMN extra TEXT;"}
    connection = open_state(tmp_path / "state.db", steps)
    assert connection.execute("PRAGMA user_version").fetchone() == (2,)
    assert connection.execute("SELECT id, extra FROM instances").fetchall() == [("a", None)]
    connection.close()
    kept = tmp_path / "state.db.v1"
    assert kept.stat().st_mode & 0o777 == 0o600
    # The copy is a state of version 1: put back, the older program runs on it.
    kept.rename(tmp_path / "state.db")
    store = sqlite_store(tmp_path)
    tenure = await store.acquire("me", NO_WAIT)
    assert [one.id for one in (await store.load(tenure)).instances] == ["a"]
    await store.close()


async def test_a_migration_that_breaks_off_changes_nothing(tmp_path: Path) -> None:
    await filled(tmp_path, "a")
    path = tmp_path / "state.db"
    broken = {**migrations(), 2: "ALTER TABLE instances ADD COLUMN extra TEXT; SELECT nothing;"}
    with pytest.raises(Unwritable):
        open_state(path, broken)
    connection = open_state(path)
    assert connection.execute("PRAGMA user_version").fetchone() == (1,)
    columns = [row[1] for row in connection.execute("PRAGMA table_info(instances)")]
    assert "extra" not in columns
    connection.close()


async def test_history_refuses_a_newer_state_with_the_same_words(tmp_path: Path) -> None:
    await filled(tmp_path, "a")
    newest = max(migrations())
    connection = sqlite3.connect(tmp_path / "state.db")
    connection.execute(f"PRAGMA user_version={newest + 1}")
    connection.close()
    expected = f"has schema version {newest + 1}, this program knows {newest}"
    with pytest.raises(Unreadable, match=expected):
        await SqliteHistory(tmp_path / "state.db").snapshot()


async def test_history_reads_a_killed_daemons_log_too(tmp_path: Path) -> None:
    store = sqlite_store(tmp_path)
    tenure = await store.acquire("me", NO_WAIT)
    await store.commit(tenure, instances("a"))
    killed = tmp_path / "killed"
    killed.mkdir()
    for name in ("state.db", "state.db-wal"):
        (killed / name).write_bytes((tmp_path / name).read_bytes())
    await store.close()
    memory = await SqliteHistory(killed / "state.db").snapshot()
    assert [one.id for one in memory.instances] == ["a"]
    assert sorted(path.name for path in killed.iterdir()) == ["state.db", "state.db.lock"]


async def test_a_program_started_by_the_daemon_does_not_keep_its_lock(tmp_path: Path) -> None:
    store = sqlite_store(tmp_path)
    await store.acquire("me", NO_WAIT)
    child = subprocess.Popen(["/bin/sleep", "30"], close_fds=False)
    await store.close()
    again = sqlite_store(tmp_path)
    await again.acquire("me", NO_WAIT)
    await again.close()
    child.kill()
    child.wait()


async def test_a_dead_owners_name_is_not_given_for_the_one_who_holds_the_lock(
    tmp_path: Path,
) -> None:
    await filled(tmp_path, "a")
    owner = '{"host": "gone", "pid": 1, "since": "2026-01-01T00:00:00+00:00"}'
    (tmp_path / "state.db.owner").write_text(owner)
    # As a reader of the history takes it: without saying who.
    reader = StateLock(tmp_path / "state.db")
    reader.take(NO_WAIT)
    store = sqlite_store(tmp_path)
    with pytest.raises(HeldByAnother) as caught:
        await store.acquire("me", timedelta(seconds=0.1))
    assert caught.value.owner is None
    reader.free()
    await store.close()


async def test_closing_twice_is_closing_once(tmp_path: Path) -> None:
    store = sqlite_store(tmp_path)
    await store.acquire("me", NO_WAIT)
    await store.close()
    await store.close()


async def test_a_granted_attempt_is_in_a_copy_taken_right_after_its_commit(tmp_path: Path) -> None:
    """What a power cut leaves is what was synced: state and log as they are on disk."""
    store = sqlite_store(tmp_path)
    tenure = await store.acquire("me", NO_WAIT)
    for n in range(8):
        row = attempt(f"i{n}")
        assert await store.commit(tenure, Change(wanted=(row,))) == {row.key}
        folder = tmp_path / f"after{n}"
        folder.mkdir()
        for name in ("state.db", "state.db-wal"):
            (folder / name).write_bytes((tmp_path / name).read_bytes())
        again = sqlite_store(folder)
        memory = await again.load(await again.acquire("me", NO_WAIT))
        assert [one.key for one in memory.open] == [attempt(f"i{m}").key for m in range(n + 1)]
        await again.close()
    await store.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make files of others")
def test_a_lock_that_root_makes_belongs_to_whom_the_folder_belongs_to(tmp_path: Path) -> None:
    """Root left a command in a restored state: the daemon, of another user, never started again."""
    os.chown(tmp_path, NOBODY, NOBODY)
    lock = StateLock(tmp_path / "state.db")
    lock.take(NO_WAIT)
    lock.free()
    made = (tmp_path / "state.db.lock").stat()
    assert (made.st_uid, made.st_gid, made.st_mode & 0o777) == (NOBODY, NOBODY, 0o600)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make files of others")
def test_no_other_file_is_given_away_with_the_lock(tmp_path: Path) -> None:
    secret, folder = tmp_path / "secret", tmp_path / "state"
    secret.touch(mode=0o600)
    folder.mkdir()
    os.chown(folder, NOBODY, NOBODY)
    (folder / "state.db.lock").symlink_to(secret)
    lock = StateLock(folder / "state.db")
    lock.take(NO_WAIT)
    lock.free()
    assert secret.stat().st_uid == 0
