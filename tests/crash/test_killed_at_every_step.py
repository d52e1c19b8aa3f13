"""SIGKILL at every step of a turn: no attempt is called twice, and none before it is saved.

The real daemon on a real state file calls the simulator over a real socket; a relay between them
counts what left. The long version runs hundreds of deaths, the short one a few.
"""

import asyncio
import os
from collections import Counter
from pathlib import Path

import pytest

from crash.story import LATE, STEPS, Told, tell
from crash_support import Plan, nursery

pytestmark = pytest.mark.e2e

DEATHS = 3
"""Deaths of one story."""
STORIES = int(os.environ.get("CRASH_STORIES", "120"))
AT_ONCE = 4
"""Stories at the same time: they mostly wait."""


async def told(folder: Path, seeds: list[int]) -> list[Told]:
    """Stories one after another; story n dies at the steps 3n, 3n + 1, 3n + 2 of the list."""
    done = []
    async with nursery(folder) as ward:
        for seed in seeds:
            place = folder / str(seed)
            place.mkdir()
            first = seed * DEATHS
            # Some at the second passing: then the life before it is a longer one.
            nth = 1 + (seed % 4 == 3)
            deaths = [Plan(STEPS[(first + n) % len(STEPS)], nth) for n in range(DEATHS)]
            done.append(await tell(seed, place, ward, deaths))
    return done


def wrong(stories: list[Told]) -> dict[int, list[str]]:
    """What broke the contract, by seed."""
    return {one.seed: one.faults for one in stories if one.faults}


async def test_a_daemon_killed_around_its_call_makes_none_twice(tmp_path: Path) -> None:
    """On the wire; answered and not settled: the two most delicate moments."""
    async with nursery(tmp_path) as ward:
        steps = ("wire asked", "commit settle before")
        deaths = [Plan(step) for step in steps]
        story = await tell(7, tmp_path, ward, deaths, patience=20)
    assert story.faults == [], "seed 7"
    # Each was reached, and each left an attempt behind.
    assert sum(story.killed.values()) - story.killed[LATE] == len(deaths)
    assert story.attempts >= len(deaths)


@pytest.mark.prove
@pytest.mark.timeout(900)
async def test_a_daemon_killed_at_any_step_makes_no_call_twice(tmp_path: Path) -> None:
    lanes = [list(range(lane, STORIES, AT_ONCE)) for lane in range(AT_ONCE)]
    folders = [tmp_path / f"lane{n}" for n in range(AT_ONCE)]
    for folder in folders:
        folder.mkdir()
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(told(*lane)) for lane in zip(folders, lanes, strict=True)]
    stories = [one for task in tasks for one in task.result()]
    killed = sum((one.killed for one in stories), Counter[str]())
    calls, rows = sum(one.calls for one in stories), sum(one.attempts for one in stories)
    figures = f"{killed.total()} deaths, {calls} calls of {rows} attempts: {dict(killed)}"
    (tmp_path / "figures.txt").write_text(f"{figures}\n{wrong(stories)}\n")
    assert not wrong(stories)
    assert set(killed) - {LATE} == set(STEPS), figures
    # At most one call an attempt; some die before their call.
    assert calls < rows
