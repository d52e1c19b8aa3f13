"""Tell stories until enough hours are simulated; stop at the first that breaks an invariant.

python -m simulation.prove --hours 1000000      all of it, on every core
python -m simulation.prove --seed 4711          one story, with what happened in it
python -m simulation.prove --story story.json   one that was printed
"""

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from multiprocessing import get_context
from pathlib import Path

from .invent import invent
from .reached import missing, table
from .shrink import shrink
from .stage import Told, tell
from .story import Story

AHEAD = 20
"""Stories per process that are handed out at a time."""


def main() -> int:
    """Run as asked; 0 where everything held and everything was reached."""
    asked = _arguments()
    if os.environ.get("PYTHONHASHSEED") != "0":
        # The order of sets is chance too; a seed must tell the same story everywhere.
        os.environ["PYTHONHASHSEED"] = "0"
        os.execv(sys.executable, [sys.executable, "-m", "simulation.prove", *sys.argv[1:]])
    if asked.story is not None:
        return _one(Story.read(asked.story.read_text(encoding="utf-8")))
    if asked.seed is not None:
        return _one(invent(asked.seed))
    return _many(asked)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="simulation.prove", description=__doc__)
    parser.add_argument("--hours", type=float, default=1_000_000, help="instance-hours at least")
    parser.add_argument("--first", type=int, default=0, help="the first story's seed")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seed", type=int, help="tell this one story")
    parser.add_argument("--story", type=Path, help="tell the story in this file")
    return parser.parse_args()


def _one(story: Story) -> int:
    told = tell(story)
    print("\n".join(told.lines))
    print(told.violation or "every invariant holds")
    return 1 if told.violation else 0


def _many(asked: argparse.Namespace) -> int:
    began, hours, stories, calls, slowest = time.monotonic(), 0.0, 0, 0, 0.0
    reached: Counter[str] = Counter()
    for told in _told(asked.first, asked.jobs, asked.hours):
        hours, stories, calls = hours + told.instance_hours, stories + 1, calls + told.calls
        slowest = max(slowest, told.back_after)
        reached += told.reached
        if told.violation is not None:
            return _broken(told)
        one, took = told.story, time.monotonic() - began
        print(
            f"{stories:5,}: {hours:12,.0f} h {took:6,.0f} s  story {one.seed}: {one.count} "
            f"instances, {one.hours:.0f} h, {told.calls} calls",
            flush=True,
        )
    took = time.monotonic() - began
    print(table(reached))
    print(
        f"{stories:,} stories, {hours:,.0f} instance-hours, {calls:,} restart calls in "
        f"{took:,.0f} s ({hours / 24 / took * 60:,.0f} instance-days a minute)"
    )
    print(f"after the last fault everyone ran again within {slowest:.0%} of the bound")
    print("every invariant held after every step")
    if never := missing(reached):
        print("but never reached: " + ", ".join(never))
        return 1
    return 0


def _told(first: int, jobs: int, hours: float) -> Iterator[Told]:
    """Stories one seed after the other, until together they are long enough."""
    total, seed = 0.0, first
    with get_context("fork").Pool(jobs, maxtasksperchild=20) as pool:
        while total < hours:
            seeds = range(seed, seed + jobs * AHEAD)
            seed = seeds.stop
            for told in pool.imap_unordered(_tell_seed, seeds):
                total += told.instance_hours
                yield told


def _tell_seed(seed: int) -> Told:
    return tell(invent(seed))


def _broken(told: Told) -> int:
    """Print the seed that failed, and the shortest story that fails in the same way."""
    assert told.violation is not None
    invariant = told.violation.invariant
    print(f"story {told.story.seed} breaks an invariant:\n{told.violation}\nmaking it shorter …")

    def breaks(story: Story) -> bool:
        found = tell(story).violation
        return found is not None and found.invariant == invariant

    short = shrink(told.story, breaks)
    print(f"\n{short}\n")
    print("\n".join(tell(short).lines[-60:]))
    print(f"\nagain with --story, from this line:\n{short.dumped()}")
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
