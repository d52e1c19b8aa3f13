"""Killed at any statement of a commit: all of it is there afterwards, or nothing."""

import subprocess
import sys
from pathlib import Path

import pytest

from store_support import NO_WAIT, attempt, sqlite_store

TESTS = str(Path(__file__).parents[2])
SCRIPT = """
import asyncio, os, sys
sys.path.insert(0, sys.argv[2])
from pathlib import Path
from scnet_watchdog.core.change import Change
from scnet_watchdog.core.event import Event, EventKind
from store_support import NO_WAIT, T0, attempt, instances, sqlite_store
left = int(sys.argv[3])

def count(statement):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), 9)

async def main():
    store = sqlite_store(Path(sys.argv[1]))
    tenure = await store.acquire("me", NO_WAIT)
    await store.commit(tenure, instances("before"))
    store._connection.set_trace_callback(count)
    told = (Event(EventKind.DAEMON_STARTED, T0),)
    change = Change(instances("a", "b").instances, wanted=(attempt("a"), attempt("b")), events=told)
    await store.commit(tenure, change)
    print("saved", flush=True)
    os.kill(os.getpid(), 9)

asyncio.run(main())
"""


# BEGIN, the owner, the attempts, the instances, the journal, COMMIT: six statements.
@pytest.mark.parametrize("statements", range(7))
async def test_a_commit_is_there_whole_or_not_at_all(tmp_path: Path, statements: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path), TESTS, str(statements)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    store = sqlite_store(tmp_path)
    memory = await store.load(await store.acquire("me", NO_WAIT))
    await store.close()
    ids = {one.id for one in memory.instances}
    rows = {one.key for one in memory.open}
    whole = (ids, rows) == ({"before", "a", "b"}, {attempt("a").key, attempt("b").key})
    assert whole or (ids, rows) == ({"before"}, set())
    # What was said to be saved is saved; the last case ends after the commit.
    assert whole or not done.stdout
    assert (done.stdout == "saved\n") == (statements == 6)
