"""The power fails: at every call, its attempt is on the disk already; and no start is refused.

Needs strace, and the right to trace one's own children; left out where there is none of it.
"""

import asyncio
import shutil
import signal
import subprocess
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from crash.damage import start, write_files
from crash.powercut import STRACE, Disk, Step, steps
from crash.relay import RESTART, WireCall
from crash.story import said_wrong
from crash_support import Life, Passed, nursery, world

pytestmark = [pytest.mark.e2e, pytest.mark.prove, pytest.mark.timeout(300)]

CUTS_AT_A_CALL = 12
"""Each moment is cut so often, with other sectors lost each time."""
CUTS_ELSEWHERE = 150


def can_trace() -> bool:
    """Whether strace is here and allowed."""
    if shutil.which("strace") is None:
        return False
    tried = subprocess.run([*STRACE, "-o", "/dev/null", "true"], capture_output=True, check=False)
    return tried.returncode == 0


async def recorded(folder: Path, state: Path) -> tuple[list[Step], list[WireCall]]:
    """A life with failing starts, killed in the middle, and another that is stopped cleanly."""
    async with world(folder, Passed(), 3, state) as scene:
        recording = folder / "recording"
        async with nursery(folder, (*STRACE, "-o", str(recording))) as ward:
            for one in scene.server.platform.instances.values():
                one.breaks = 5
            scene.show("Failed", *scene.ids)
            life = await ward.bear(scene.config)
            await _calls(scene.relay.calls, 5, life)
            life.signal(signal.SIGKILL)
            await ward.bury(life, 5)
            life = await ward.bear(scene.config)
            await _calls(scene.relay.calls, 10, life)
            life.signal(signal.SIGTERM)
            assert await ward.bury(life, 20) == 0
            assert said_wrong(life) == []
        return list(steps(recording.read_text().splitlines())), scene.relay.calls


async def _calls(calls: list[WireCall], count: int, life: Life) -> None:
    async with asyncio.timeout(60):
        while len(calls) < count:
            assert life.status is None
            await asyncio.sleep(0.05)


def called(step: Step) -> str | None:
    """The instance of a restart call that is sent."""
    if (
        step.name != "sendto"
        or not step.data.startswith(b"POST ")
        or RESTART.encode() not in step.data
    ):
        return None
    return step.data.split(b"instanceServiceId=")[1].split(b" ")[0].decode()


async def test_after_a_power_cut_every_attempt_that_was_called_is_remembered(
    tmp_path: Path, place: Path
) -> None:
    if not can_trace():
        pytest.skip("strace is not here, or not allowed")
    there, here = tmp_path / "there", place
    there.mkdir()
    life, calls = await recorded(tmp_path, there / "state.db")
    numbers = {
        id_: [c.saved[0] for c in calls if c.instance == id_] for id_ in {c.instance for c in calls}
    }
    random, disk, seen = Random(1), Disk(there), Counter[str]()
    known: set[tuple[object, ...]] = set()
    first = next(n for n, step in enumerate(life) if step.name == "rename")
    elsewhere = set(random.sample(range(first + 3, len(life)), CUTS_ELSEWHERE))
    for at, step in enumerate(life):
        disk.take(step)
        instance = called(step)
        if instance is not None:
            known.add((instance.encode(), numbers[instance][seen[instance]]))
            seen[instance] += 1
        times = CUTS_AT_A_CALL if instance is not None else at in elsewhere
        for _ in range(times):
            write_files(here / "state.db", disk.cut(there / "state.db", random))
            got = await start(here / "state.db")
            assert got.refusal is None, f"step {at}: {got.message}"
            rows = {(row[0], row[1]) for row in got.attempts}
            assert known <= rows, f"step {at}: {known - rows} forgotten"
    assert sum(seen.values()) == len(calls) >= 10
    assert await forgets(life, there, here), "a disk that keeps nothing must be noticed"


async def forgets(life: list[Step], there: Path, here: Path) -> bool:
    """Whether the same life on a disk that ignores every sync loses a called attempt."""
    random, disk, calls = Random(1), Disk(there, deaf=True), 0
    for step in life:
        disk.take(step)
        if called(step) is None:
            continue
        calls += 1
        write_files(here / "state.db", disk.cut(there / "state.db", random))
        got = await start(here / "state.db")
        if got.refusal is not None or len(got.attempts) < calls:
            return True
    return False
