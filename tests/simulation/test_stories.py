"""A short part of the long proof: fixed seeds, the same stories each time."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from simulation.invent import invent
from simulation.stage import tell
from simulation.story import Happening, Story

# Short ones; those of large fleets and many days are told by `make prove`.
SEEDS = (1, 5, 15, 20, 21)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_story_of_mishaps_breaks_no_invariant(seed: int) -> None:
    told = tell(invent(seed))
    assert told.violation is None, f"{told.story}\n" + "\n".join(told.lines[-60:])
    assert told.calls > 0


def test_a_story_ends_the_same_way_each_time_it_is_told() -> None:
    first, again = tell(invent(21)), tell(invent(21))
    assert first.lines == again.lines
    assert first.reached == again.reached


def test_a_story_is_the_same_in_another_process() -> None:
    """What is told of several instances at one moment has no order; everything else has."""
    code = (
        "from simulation.invent import invent; from simulation.stage import tell; "
        "print(*tell(invent(20)).lines, sep='\\n')"
    )
    tests = Path(__file__).parents[1]
    told = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(tests), "PYTHONHASHSEED": "7"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert sorted(told.stdout.splitlines()) == sorted(tell(invent(20)).lines)


def test_a_story_survives_being_printed_and_read() -> None:
    story = invent(6)
    assert Story.read(story.dumped()) == story


def test_a_lost_reply_is_one_call_until_its_watch_is_over() -> None:
    """The platform acts, its answer is lost, the daemon dies: nothing is called twice."""
    story = Story(
        seed=1,
        count=1,
        hours=0.2,
        happenings=(
            Happening(50, "fault", {"lasts": 600, "endpoint": "restart", "reset": "after"}),
            Happening(100, "become", {"ns": [0], "status": "Failed"}),
            Happening(151, "kill", {"halts": 1}),
        ),
    )
    told = tell(story)
    assert told.violation is None
    assert told.calls == 1
    assert told.reached["verdict recovered"] == 1
