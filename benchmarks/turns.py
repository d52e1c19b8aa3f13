"""What deciding costs, by fleet size: a calm sweep, and one in which 1 % newly failed.

Figures of one run on one machine; the last column is the ratio to the plain way of looking at
every instance (a dictionary look-up and a comparison in Python), measured in the same run.
"""

import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

from scnet_watchdog.core.change import Memory
from scnet_watchdog.core.decide import decide
from scnet_watchdog.core.fleet import Fleet
from scnet_watchdog.core.inputs import Situation
from scnet_watchdog.core.model import InstanceId, Page, SourceKey, Status
from scnet_watchdog.core.policy import Limits, Member, Pace, Policy, Roster
from scnet_watchdog.core.resume import resume

KEY = SourceKey("scnet", "kunshan")
START = datetime(2026, 1, 1, tzinfo=UTC)
PAGE = 200
REPEATS = 5


def fleet_of(n: int) -> Fleet:
    """n instances that were seen running."""
    policy = Policy()
    ids = [InstanceId(f"{i:032x}") for i in range(n)]
    members = {id_: Member(id_, KEY.center, KEY.source, policy) for id_ in ids}
    roster = Roster(members, {KEY.center: Limits()}, {KEY.source: Pace()})
    fleet, _ = resume(Memory(), roster, START)
    sweep(fleet, START, {})
    return fleet


def sweep(fleet: Fleet, at: datetime, shown: dict[InstanceId, Status]) -> float:
    """One sweep in pages, each a turn of its own; returns its seconds."""
    ids = list(fleet.roster.members)
    pages = [
        Page(KEY, at, at, {id_: shown.get(id_, Status.RUNNING) for id_ in ids[i : i + PAGE]})
        for i in range(0, len(ids), PAGE)
    ]
    began = time.perf_counter()
    for page in pages:
        fleet.apply(decide(fleet, (page,), (), Situation(at)))
    return time.perf_counter() - began


def best(measure: Callable[[int], float]) -> float:
    """The fastest of several runs: what the machine can do undisturbed."""
    return min(measure(n) for n in range(1, REPEATS + 1))


def _again(fleet: Fleet, shown: dict[InstanceId, Status], run: int) -> float:
    return sweep(fleet, START + timedelta(seconds=30 * run), shown)


def _anew(n: int, shown: dict[InstanceId, Status], run: int) -> float:
    return _again(fleet_of(n), shown, run)


def _plain(n: int, _: int) -> float:
    """The least a Python loop can do per instance."""
    known = {f"{i:032x}": "running" for i in range(n)}
    shown = dict(known)
    began = time.perf_counter()
    changed = [id_ for id_, status in shown.items() if known[id_] != status]
    del changed
    return time.perf_counter() - began


def main() -> None:
    """Print one table."""
    sys.stdout.write("instances  calm sweep   per instance  1 % failed   calm : plain loop\n")
    for n in (10, 1000, 20_000):
        calm, ids = fleet_of(n), [InstanceId(f"{i:032x}") for i in range(n)]
        failed = dict.fromkeys(ids[:: min(n, 100)], Status.FAILED)
        quiet = best(partial(_again, calm, {}))
        some = best(partial(_anew, n, failed))
        least = best(partial(_plain, n))
        sys.stdout.write(
            f"{n:>9}  {quiet * 1e3:>7.2f} ms  {quiet / n * 1e6:>9.2f} µs  "
            f"{some * 1e3:>7.2f} ms  {quiet / least:>10.1f}\n"
        )


if __name__ == "__main__":
    main()
