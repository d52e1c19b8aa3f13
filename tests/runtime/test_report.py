"""Reports of the running daemon: what is read for them, and that they are bounded."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest

from desk_support import DeskBench
from fakes import T0, FakeClock
from scnet_watchdog.adapters.web.schemas import SCHEMAS
from scnet_watchdog.core.attempt import Attempt
from scnet_watchdog.core.event import Event, EventKind
from scnet_watchdog.core.fleet import Fleet
from scnet_watchdog.core.model import InstanceId
from scnet_watchdog.desk import Among, NobodyMeant, Unavailable
from scnet_watchdog.ports import Excerpt, Sought
from scnet_watchdog.runtime.report import EVENTS, PART, WAITING_AT_MOST, Reports

HOUR = timedelta(hours=1)
EVERYBODY = Among()


def turned(hour: float, id_: str, previous: str, status: str) -> Event:
    """A change of status, so many hours before the bench begins."""
    fields = {"previous": previous, "status": status}
    at, kind = T0 - hour * HOUR, EventKind.INSTANCE_STATUS_CHANGED
    return Event(kind, at, InstanceId(id_), f"job-{id_}", "kunshan", fields)


def utc(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def recovered(hour: float, id_: str) -> Event:
    """A verdict, so many hours before the bench begins."""
    at, fields = T0 - hour * HOUR, {"seq": 1, "verdict": "recovered", "status": "running"}
    return Event(EventKind.RESTART_RECOVERED, at, InstanceId(id_), f"job-{id_}", "kunshan", fields)


PAST = [
    turned(6, "i00000", "running", "failed"),
    turned(5, "i00000", "failed", "running"),
    recovered(5, "i00000"),
    Event(EventKind.DAEMON_STOPPED, T0 - 4 * HOUR),
    Event(EventKind.DAEMON_STARTED, T0 - 3 * HOUR),
    turned(2, "gone", "running", "stopped"),
]
"""`i00000` was down for an hour; nobody watched for another one."""


class Told(DeskBench):
    """A desk that runs on a journal of the past."""

    @asynccontextmanager
    async def of(self, past: Iterable[Event]) -> AsyncIterator["Told"]:
        async with self.running():
            self.store.journal[:] = past
            yield self

    async def report(self, hours: float, among: Among = EVERYBODY) -> Any:
        """The figures of the last hours."""
        return await self.desk.report(T0 - hours * HOUR, among)


async def test_the_figures_are_those_of_the_journal() -> None:
    async with Told(2).of(PAST) as bench:
        found = await bench.report(8)
    worst, other, steady = found["instances"]
    # Who was down longest comes first; who is watched no longer was down until it was last told of.
    assert (worst["id"], other["id"], steady["id"]) == ("i00000", "gone", "i00001")
    # Eight hours: one down, one unwatched, six running.
    assert (worst["down_s"], worst["running_s"]) == (3600, 6 * 3600)
    assert worst["recover_longest_s"] == 3600
    assert (found["fleet"]["instances"], found["fleet"]["steady"]) == (3, 1)
    assert (found["complete"], found["since"]) == (True, "2026-03-01T04:00:00Z")
    assert worst.keys() == set(SCHEMAS["Report"]["properties"]["instances"]["items"]["required"])


async def test_one_instance_has_the_same_figures_alone() -> None:
    async with Told(2).of(PAST) as bench:
        everybody = await bench.report(8)
        alone = await bench.report(8, Among(instance="i00000"))
        worst = await bench.report(8, Among(worst=1))
        with pytest.raises(NobodyMeant):
            await bench.report(8, Among(instance="nobody"))
    (row,) = alone["instances"]
    assert row == everybody["instances"][0]
    assert alone["fleet"]["outages"] == 1
    assert worst["instances"] == [row]
    assert worst["fleet"] == everybody["fleet"]


async def test_a_group_has_its_members_alone_and_a_center_those_that_left_too() -> None:
    async with Told(2).of(PAST) as bench:
        center = await bench.report(8, Among(center="kunshan"))
        nobody = await bench.report(8, Among(center="wuzhen"))
        no_group = await bench.report(8, Among(group="inference"))
    assert center["fleet"]["instances"] == 3
    assert (nobody["instances"], nobody["fleet"]["availability"]) == ([], None)
    assert no_group["instances"] == []


class LongJournal:
    """Fulfils `ports.Journal`: as many events as are asked for, the newest at T0, one a second."""

    def __init__(self, of_instance: int, of_none: int) -> None:
        self.rows = {True: of_none, False: of_instance}
        self.largest = 0
        self.asked = 0

    async def excerpt(self, sought: Sought) -> Excerpt:
        self.largest = max(self.largest, sought.limit)
        self.asked += 1
        last = sought.before or self.rows[sought.of_none]
        first = max(0, last - sought.limit)
        back = self.rows[sought.of_none]
        kind = EventKind.INSTANCE_CONFIRMED
        who = None if sought.of_none else InstanceId("i00000")
        events = [
            Event(kind, T0 - timedelta(seconds=back - row), who, who, "kunshan")
            for row in range(first, last)
        ]
        return Excerpt(events, first or None)

    async def attempts(self, instance: InstanceId, limit: int) -> Sequence[Attempt]:
        return []


async def fleet_of_one() -> tuple[Fleet, FakeClock]:
    bench = DeskBench()
    await bench.start()
    await bench.poll()
    return bench.fleet(), bench.clock


async def test_a_longer_journal_is_read_in_parts_and_only_its_newest_part() -> None:
    fleet, clock = await fleet_of_one()
    journal = LongJournal(EVENTS + 7 * PART, 0)
    found = await Reports(journal, clock).report(fleet, T0 - 999 * HOUR, EVERYBODY, None)
    assert found["complete"] is False
    assert found["since"] == utc(T0 - timedelta(seconds=EVENTS))
    assert (journal.largest, journal.asked) == (PART, EVENTS // PART)


@pytest.mark.parametrize(("its", "own"), [(EVENTS + PART, 3), (3, EVENTS + PART)])
async def test_one_instance_is_told_of_from_where_on_everything_is_known(
    its: int, own: int
) -> None:
    fleet, clock = await fleet_of_one()
    reports = Reports(LongJournal(its, own), clock)
    one = InstanceId("i00000")
    found = await reports.report(fleet, T0 - 999 * HOUR, Among(instance=one), one)
    assert found["complete"] is False
    assert found["since"] == utc(T0 - timedelta(seconds=EVENTS))


async def test_reports_wait_for_each_other_and_too_many_are_refused() -> None:
    fleet, clock = await fleet_of_one()
    reports = Reports(LongJournal(3, 0), clock)
    asked = [reports.report(fleet, T0 - HOUR, EVERYBODY, None) for _ in range(WAITING_AT_MOST + 2)]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert sum(isinstance(one, Unavailable) for one in answers) == 2
    # And then there is room again.
    await reports.report(fleet, T0 - HOUR, EVERYBODY, None)
