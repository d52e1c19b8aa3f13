"""What deciding costs: an unchanged healthy instance, and a changed one. No I/O at all."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from scnet_watchdog.core.change import Memory
from scnet_watchdog.core.decide import decide
from scnet_watchdog.core.fleet import Fleet
from scnet_watchdog.core.inputs import Situation
from scnet_watchdog.core.model import InstanceId, Page, Status
from scnet_watchdog.core.policy import Limits, Member, Pace, Policy, Roster
from scnet_watchdog.core.resume import resume

from .canned import PAGE, instance_id
from .figures import Figure
from .inside import KEY

START = datetime(2026, 1, 1, tzinfo=UTC)
REPEATS = 7


def fleet_of(count: int) -> Fleet:
    """So many instances that were seen running."""
    policy = Policy()
    ids = [InstanceId(instance_id(number)) for number in range(count)]
    members = {id_: Member(id_, KEY.center, KEY.source, policy) for id_ in ids}
    roster = Roster(members, {KEY.center: Limits()}, {KEY.source: Pace()})
    fleet, _ = resume(Memory(), roster, START)
    sweep(fleet, 0, {})
    return fleet


def sweep(fleet: Fleet, number: int, shown: Mapping[InstanceId, Status]) -> float:
    """One sweep in pages, each a turn of its own; returns its seconds."""
    at = START + timedelta(seconds=30 * number)
    ids = list(fleet.roster.members)
    pages = [
        Page(KEY, at, at, {id_: shown.get(id_, Status.RUNNING) for id_ in ids[i : i + PAGE]})
        for i in range(0, len(ids), PAGE)
    ]
    began = time.process_time()
    for page in pages:
        fleet.apply(decide(fleet, (page,), (), Situation(at, epoch=1, free={KEY.center: 6})))
    return time.process_time() - began


def measure(quick: bool) -> list[Figure]:
    """All rows, for a small fleet and a large one."""
    sizes = (1000,) if quick else (1000, 20_000)
    found = [figure for size in sizes for figure in (_calm(size), *_changed(size))]
    return [*found, _all_down(5000 if quick else 20_000)]


def _calm(count: int) -> Figure:
    fleet = fleet_of(count)
    ours = min(sweep(fleet, number, {}) for number in range(1, REPEATS + 1)) / count
    plain = min(_plain(count) for _ in range(REPEATS)) / count
    return Figure(
        f"decide on an unchanged one of {count}",
        f"{ours * 1e6:.2f} µs",
        f"{plain * 1e6:.2f} µs (look up, compare)",
        "",
        f"{ours / plain:.1f} × limit",
        "≤ 1 µs",
        ours <= 1e-6,
    )


def _changed(count: int) -> list[Figure]:
    """Each hundredth instance fails, two of a page: first read of it, not confirmed yet.

    What a turn costs in which anything changed is shared by so few; so beside it what one more of a
    page costs, with each tenth.
    """
    few, many = _failing(count, 100), _failing(count, 10)
    one, further = few / (count // 100), (many - few) / (count // 10 - count // 100)
    return [
        _beside_goal(f"decide on a changed one of {count}, 2 of a page", one),
        _beside_goal(f"decide on a changed one of {count}, each further of a page", further),
    ]


def _failing(count: int, nth: int) -> float:
    """Seconds more than a calm sweep when each nth instance fails."""
    times = []
    for _ in range(REPEATS):
        fleet = fleet_of(count)
        failed = dict.fromkeys(list(fleet.roster.members)[::nth], Status.FAILED)
        calm = min(sweep(fleet, number, {}) for number in (1, 2, 3))
        times.append(sweep(fleet, 4, failed) - calm)
    return min(times)


def _beside_goal(work: str, seconds: float) -> Figure:
    return Figure(work, f"{seconds * 1e6:.1f} µs", "", "", "", "≤ 25 µs", seconds <= 25e-6)


def _all_down(count: int) -> Figure:
    """A whole center fails and stays so: what one of many costs beside one of a few."""
    many, few = _down(count), min(_down(1000) for _ in range(3))
    ratio = many / few
    return Figure(
        f"decide on each of {count} that are all down",
        f"{many * 1e6:.1f} µs",
        f"{few * 1e6:.1f} µs (of 1000)",
        "",
        f"{ratio:.1f} × limit",
        "≤ 3 × limit",
        ratio <= 3,
    )


def _down(count: int) -> float:
    """Seconds per instance and sweep, the first ten of them: a storm begins, one canary goes."""
    fleet = fleet_of(count)
    down = dict.fromkeys(fleet.roster.members, Status.FAILED)
    return sum(sweep(fleet, number, down) for number in range(1, 11)) / (10 * count)


def _plain(count: int) -> float:
    """The least a Python loop can do per instance."""
    known = dict.fromkeys(map(instance_id, range(count)), "running")
    shown = dict(known)
    began = time.process_time()
    changed = [id_ for id_, status in shown.items() if known[id_] != status]
    ended = time.process_time()
    assert not changed
    return ended - began
