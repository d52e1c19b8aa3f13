"""A disk that is full or read-only: no call without its saved attempt, and on it goes afterwards.

Full is made in two ways: a limit on the size of the daemon's files, which works everywhere and even
tears writes in two, and a small file system in memory filled to the brim, where one can be mounted.
"""

import asyncio
import os
import resource
import signal
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from crash.books import attempts, faults
from crash.story import said_wrong
from crash_support import WATCH_S, Life, Nursery, Passed, World, nursery, world

pytestmark = pytest.mark.e2e

TINY = 100
"""Bytes a file may have: less than any page."""
LONG_S = 30.0
"""The state is tried again every ten seconds; busy machines take longer."""


async def until(true: Callable[[], object], seconds: float = 15) -> None:
    """Wait until something is true."""
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.02)


class Limit:
    """The daemon's files cannot grow."""

    def full(self, life: Life) -> None:
        """From now on nothing can be written."""
        _, most = resource.prlimit(life.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(life.pid, resource.RLIMIT_FSIZE, (TINY, most))

    def free(self, life: Life) -> None:
        """There is room again."""
        _, most = resource.prlimit(life.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(life.pid, resource.RLIMIT_FSIZE, (most, most))


class Mount:
    """A file system of one megabyte in memory."""

    def __init__(self, folder: Path) -> None:
        self.ballast = folder / "ballast"

    def full(self, life: Life) -> None:
        """Fill it to the last byte."""
        with suppress(OSError), self.ballast.open("ab", buffering=0) as file:
            while file.write(bytes(4096)):
                pass

    def free(self, life: Life) -> None:
        """Throw the ballast away."""
        self.ballast.unlink()


@asynccontextmanager
async def disk(kind: str, folder: Path) -> AsyncIterator[tuple[Limit | Mount, Path]]:
    """A disk that can be filled, and the folder of the state on it."""
    if kind == "limit":
        yield Limit(), folder
        return
    place = folder / "small"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(place)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no file system can be mounted here")
    try:
        yield Mount(place), place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


async def looked(scene: World, ward: Nursery) -> Life:
    """A daemon that has seen its instances."""
    life = await ward.bear(scene.config, copied=True)
    await until(lambda: life.told("fleet.first_look"))
    return life


async def stopped_well(scene: World, ward: Nursery, life: Life) -> None:
    """Once all is healed: it stops cleanly, and calls and attempts agree."""
    await until(scene.all_running, LONG_S)
    await until(lambda: not _open(life), LONG_S)
    life.signal(signal.SIGTERM)
    assert await ward.bury(life, 10) == 0
    assert said_wrong(life) == []
    assert faults(scene.relay.calls, attempts(scene.state), WATCH_S) == []


def _open(life: Life) -> int:
    ended = ("recovered", "did_not_help", "relapsed", "refused")
    begun = {one["seq"] for one in life.told("restart.requested") + life.told("restart.unknown")}
    return len(begun - {one["seq"] for end in ended for one in life.told(f"restart.{end}")})


@pytest.mark.parametrize("kind", ["limit", pytest.param("mount", marks=pytest.mark.prove)])
async def test_an_answer_that_cannot_be_saved_is_watched_as_unknown_after_a_death(
    tmp_path: Path, kind: str
) -> None:
    """The disk fills while the call is on the wire; then the daemon is killed."""
    passed = Passed()
    async with (
        disk(kind, tmp_path) as (one, place),
        world(tmp_path, passed, 1, place / "state.db") as scene,
        nursery(tmp_path) as ward,
    ):
        life = await looked(scene, ward)
        passed.then = lambda stage: one.full(life) if stage == "wire asked" else None
        scene.show("Failed", *scene.ids)
        await until(lambda: life.told("state.failed"))
        life.signal(signal.SIGKILL)
        await ward.bury(life, 5)
        passed.then = None
        if kind == "mount":
            one.free(life)
        assert said_wrong(life) == []
        again = await looked(scene, ward)
        assert again.told("restart.unknown")
        await stopped_well(scene, ward, again)
        assert len(scene.relay.calls) == 1


@pytest.mark.prove
@pytest.mark.timeout(120)
@pytest.mark.parametrize("kind", ["limit", "mount"])
async def test_no_call_is_made_while_the_disk_is_full_and_all_are_made_afterwards(
    tmp_path: Path, kind: str
) -> None:
    async with (
        disk(kind, tmp_path) as (one, place),
        world(tmp_path, Passed(), 3, place / "state.db") as scene,
        nursery(tmp_path) as ward,
    ):
        life = await looked(scene, ward)
        one.full(life)
        scene.show("Failed", *scene.ids)
        await until(lambda: life.told("state.failed"))
        before = scene.server.requests
        await until(lambda: scene.server.requests > before + 30)
        assert scene.relay.calls == []
        assert len(life.told("state.failed")) == 1
        one.free(life)
        await until(lambda: life.told("state.recovered"), LONG_S)
        await stopped_well(scene, ward, life)
        assert len(scene.relay.calls) == 3


@pytest.mark.prove
async def test_a_read_only_folder_ends_the_daemon_in_plain_words_and_loses_nothing(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "state"
    folder.mkdir()
    async with (
        world(tmp_path, Passed(), 1, folder / "state.db") as scene,
        nursery(tmp_path) as ward,
    ):
        life = await looked(scene, ward)
        life.signal(signal.SIGTERM)
        assert await ward.bury(life, 10) == 0
        before = (folder / "state.db").read_bytes()
        scene.show("Failed", *scene.ids)
        folder.chmod(0o555)
        life = await ward.bear(scene.config, meek=True)
        code = await ward.bury(life, 10)
        folder.chmod(0o755)
        assert code == 1
        assert said_wrong(life) == []
        (failed,) = life.told("daemon.failed")
        assert "state.db" in str(failed["message"])
        assert (folder / "state.db").read_bytes() == before
        assert scene.relay.calls == []
