"""What a reload means, said before the first restart it leads to."""

from dataclasses import replace
from datetime import timedelta

from desk_support import DeskBench, wish
from fakes import FakeRestarter, FakeSource, roster_of, wiring_of
from scnet_watchdog.core.decision import Reason
from scnet_watchdog.core.model import InstanceId, Status
from scnet_watchdog.core.policy import Confirm, Mode, Policy
from scnet_watchdog.runtime.impact import eligible, foreseen, impact

WIDER = Policy(restart_on=frozenset({Status.STOPPED, Status.FAILED, Status.COMPLETED}))


async def reloaded(bench: DeskBench, policy: Policy, *more: InstanceId) -> str:
    """The sentence for the same instances, and more, under another policy."""
    before = eligible(bench.fleet(), bench.engine.situation)
    roster = roster_of([*bench.ids, *more], policy)
    source, restarter = FakeSource(bench.platform, bench.clock), FakeRestarter(bench.platform)
    await bench.engine.reconfigure(wiring_of(roster, source, restarter))
    return impact(bench.fleet(), before, more, bench.engine.situation)


async def test_whoever_becomes_eligible_is_counted_with_the_first_moment() -> None:
    bench = DeskBench(3)
    bench.platform.statuses[bench.ids[0]] = Status.COMPLETED
    bench.platform.statuses[bench.ids[1]] = Status.COMPLETED
    async with bench.running():
        # Confirmed by reads at least 30 s apart, none of which was seen yet.
        assert await reloaded(bench, WIDER, InstanceId("new")) == (
            "2 instances become eligible; restarts start in 30 s; "
            "1 instance newly watched: looked at first, then decided"
        )


async def test_whoever_is_held_only_watched_or_healthy_is_not_counted() -> None:
    bench = DeskBench(2)
    bench.platform.statuses[bench.ids[0]] = Status.COMPLETED
    async with bench.running():
        await bench.desk.ask(wish("hold", bench.ids[0]))
        nobody = "nobody becomes eligible for a restart"
        assert await reloaded(bench, WIDER) == nobody
        await bench.desk.ask(wish("release", bench.ids[0]))
        said = await reloaded(bench, replace(WIDER, mode=Mode.WATCH))
        assert said == "1 instance no longer eligible"


async def test_a_preview_says_the_same_and_changes_nothing() -> None:
    bench = DeskBench(3)
    bench.platform.statuses[bench.ids[0]] = Status.COMPLETED
    async with bench.running():
        fleet, situation = bench.fleet(), bench.engine.situation
        before = eligible(fleet, situation)
        roster = roster_of([*bench.ids[:2], InstanceId("new")], WIDER)
        then = foreseen(fleet, roster, situation)
        said = impact(then, before, ["new"], situation)
        assert said.startswith("1 instance becomes eligible; restarts start in 30 s; 1 instance")
        assert (fleet.roster, eligible(fleet, situation)) == (bench.roster, before)
        assert bench.ids[2] in fleet.instances
        assert fleet.instances.keys() == set(bench.ids)
        assert not fleet.dormant
        # Turns go on from the fleet as it was.
        await bench.polls(2, 30)
        assert bench.reason(bench.ids[0]) is Reason.NOT_RESTARTABLE


async def test_what_a_center_s_block_holds_back_has_no_moment() -> None:
    bench = DeskBench(1)
    bench.platform.statuses[bench.ids[0]] = Status.COMPLETED
    async with bench.running():
        at_once = replace(WIDER, confirm=Confirm(1, timedelta()))
        assert (await reloaded(bench, at_once)).startswith("1 instance becomes eligible; ")
