"""The desk: what a person sees is what is, and what they ask is answered when it is saved."""

import asyncio
from datetime import timedelta

import pytest

from desk_support import DeskBench, wish
from fakes import T0
from scnet_watchdog.adapters.web.schemas import SCHEMAS
from scnet_watchdog.core.command import ScopeKind
from scnet_watchdog.core.event import Event, EventKind
from scnet_watchdog.core.model import InstanceId, Status
from scnet_watchdog.core.outcome import RefusalClass, Refused
from scnet_watchdog.core.policy import Mode, Policy
from scnet_watchdog.desk import Declined, NobodyMeant, Unavailable
from scnet_watchdog.ports import Sought
from scnet_watchdog.runtime.wishes import Wishes

MIN = timedelta(minutes=1)


async def test_a_hold_is_done_when_its_turn_is_saved_and_says_until_when() -> None:
    async with DeskBench().running() as bench:
        said = await bench.desk.ask(wish("hold", "i00000", reason="repair"))
        # 12:00 + 4 h
        assert said == "i00000 is held until 16:00:00+0000"
        stored = bench.store.instances[bench.ids[0]].facts.care.hold
        assert stored is not None
        assert (stored.author, stored.reason) == ("alice", "repair")
        row = await bench.desk.instance("i00000")
        assert row["hold"]["ends_at"] == T0 + timedelta(hours=4)
        assert await bench.desk.ask(wish("release", "i00000")) == "i00000 is released"
        assert (await bench.desk.instance("i00000"))["hold"] is None


async def test_a_wish_of_a_wider_scope_says_who_stays_held() -> None:
    async with DeskBench(2).running() as bench:
        center = wish("hold", "kunshan", ScopeKind.CENTER, until_running=True)
        assert "until it was seen not running" in await bench.desk.ask(center)
        await bench.desk.ask(wish("hold", "i00001"))
        alone = await bench.desk.ask(wish("release", "i00001"))
        assert alone == "i00001 is released, but the hold of center kunshan covers it still"
        await bench.desk.ask(wish("hold", "i00001"))
        rest = await bench.desk.ask(wish("release", "kunshan", ScopeKind.CENTER))
        assert rest == "center kunshan is released; held by themselves still: i00001"
        assert await bench.desk.ask(wish("reset")) == "the fleet is reset"


async def test_a_restart_is_taken_up_or_refused_with_its_reason() -> None:
    async with DeskBench().running() as bench:
        with pytest.raises(Declined) as refused:
            await bench.desk.ask(wish("restart", "i00000"))
        assert refused.value.reason == "status is running"
        bench.platform.statuses[bench.ids[0]] = Status.FAILED
        bench.clock.advance(30)
        await bench.poll()
        assert await bench.desk.ask(wish("restart", "i00000")) == "i00000 is being restarted"
        await bench.settle()
        assert bench.platform.calls == bench.ids


async def test_wishes_that_look_alike_are_answered_each() -> None:
    async with DeskBench().running() as bench:
        both = [bench.desk.ask(wish("hold", "i00000")) for _ in range(5)]
        assert len(set(await asyncio.gather(*both))) == 1
        told = bench.sink.of(EventKind.OPERATOR_COMMAND)
        assert len(told) == 5


async def test_an_order_that_lapses_meanwhile_is_no_answer() -> None:
    bench = DeskBench()
    await bench.start()
    await bench.poll()
    asked = asyncio.ensure_future(bench.desk.ask(wish("restart", "i00000")))
    await asyncio.sleep(0)
    fields = {"command": "restart", "by": "alice", "scope": "instance", "target": "i00000"}
    older = {**fields, "lapsed": "no place within ten minutes"}
    bench.feed.emit(Event(EventKind.OPERATOR_COMMAND, T0, bench.ids[0], fields=older))
    await bench.settle()
    with pytest.raises(Declined, match="status is running"):
        await asked


async def test_a_wish_whose_turn_is_never_saved_is_not_said_to_be_done() -> None:
    bench = DeskBench()
    await bench.start()
    wishes = Wishes(bench.engine, bench.feed, within=timedelta(milliseconds=10))
    # Nobody runs turns here.
    with pytest.raises(Unavailable, match="no turn was saved in time"):
        await wishes.ask(bench.fleet(), wish("reset", "i00000"))
    # The turn comes at last: nobody waits any more, and nothing breaks.
    await bench.settle()
    assert bench.sink.of(EventKind.OPERATOR_COMMAND)


async def test_a_wish_that_the_last_turn_did_not_answer_is_answered_at_the_stop() -> None:
    bench = DeskBench()
    await bench.start()
    asked = asyncio.ensure_future(bench.desk.ask(wish("reset", "i00000")))
    await asyncio.sleep(0)
    bench.feed.emit(Event(EventKind.DAEMON_STOPPED, T0))
    with pytest.raises(Unavailable, match="is stopping"):
        await asked


async def test_while_the_state_cannot_be_written_a_wish_is_taken_up_and_says_so() -> None:
    async with DeskBench().running() as bench:
        bench.store.fail_writes = 1000
        said = await bench.desk.ask(wish("hold", "i00000"))
        assert said.endswith("the state cannot be written now, it is saved later")
        assert bench.desk.trouble(ready=True) == "the state cannot be written"
        assert bench.desk.trouble() is None


async def test_nothing_is_seen_or_asked_while_the_state_is_not_ours() -> None:
    bench = DeskBench()
    for question in (
        bench.desk.fleet(),
        bench.desk.explain("i00000"),
        bench.desk.ask(wish("reset")),
        bench.desk.reload(),
    ):
        with pytest.raises(Unavailable, match="does not own the state"):
            await question
    assert bench.desk.trouble() is None
    assert bench.desk.trouble(ready=True) == "the state is not owned"


@pytest.mark.parametrize("name", ["i00001", "i0000", "nobody", "i00"])
async def test_a_name_that_means_nobody_or_several_asks_for_nothing(name: str) -> None:
    async with DeskBench(2).running() as bench:
        if name == "i00001":
            assert (await bench.desk.instance(name))["id"] == name
            return
        with pytest.raises(NobodyMeant) as error:
            await bench.desk.ask(wish("hold", name))
        # Both begin with i0000: they are listed.
        assert ("i00000, i00001" in str(error.value)) is (name == "i0000")
        for kind in (ScopeKind.GROUP, ScopeKind.CENTER):
            with pytest.raises(NobodyMeant):
                await bench.desk.ask(wish("reset", name, kind))


async def test_the_fleet_shows_every_instance_its_decision_and_the_centers() -> None:
    async with DeskBench(3).running() as bench:
        bench.platform.statuses[bench.ids[1]] = Status.STOPPED
        bench.clock.advance(30)
        await bench.poll()
        seen = await bench.desk.fleet()
        for row in seen["instances"]:
            why = await bench.desk.explain(row["id"])
            assert (why["reason"], why["next_at"]) == (row["reason"], row["next_at"])
            assert row.keys() == set(SCHEMAS["Instance"]["required"])
    healthy, stopped, _ = seen["instances"]
    assert (healthy["decision"], healthy["reason"]) == ("hold", "healthy")
    assert (stopped["status"], stopped["reason"]) == ("stopped", "confirming")
    # Seen stopped once at 12:00:30; confirmed by a second read 30 s later.
    assert stopped["next_at"] == T0 + MIN
    (center,) = seen["centers"]
    assert (center["name"], center["block"], center["breaker"]) == ("kunshan", None, "closed")
    assert center["sources"][0]["last_success"] == T0 + MIN / 2
    assert seen["daemon"].keys() == set(SCHEMAS["Daemon"]["required"])
    manner = {key: seen["daemon"][key] for key in ("shadow", "draining", "writable")}
    assert manner == {"shadow": False, "draining": False, "writable": True}


async def test_explain_begins_with_a_sentence_that_says_what_was_tried_and_what_comes() -> None:
    async with DeskBench().running() as bench:
        bench.restarter.outcome = Refused(RefusalClass.START_FAILURE, "716868", "no")
        bench.platform.after_call = None
        # Seen stopped at 12:00:10 and 12:00:40: refused then, and cools down for 60 s to 75 s.
        bench.clock.advance(10)
        await bench.restart_one()
        found = await bench.desk.explain("i00000")
        row = await bench.desk.instance("i00000")
    assert found["reason"] == "cooling_down"
    assert found["sentence"].startswith(
        "i00000 is stopped since 12:00:10+0000; attempt 1 was refused (716868) at "
        "12:00:40+0000; it cools down; next attempt 12:01:"
    )
    assert found["sentence"].endswith("after cooldown")
    checks = {check["name"]: check["passed"] for check in found["checks"]}
    assert checks["cooling_down"] is False
    assert checks["confirming"] is True
    settings = {check["name"]: check["settings"] for check in found["checks"]}
    # As the config would say them; of this one nothing was said.
    assert {one["name"]: one["value"] for one in settings["cooling_down"]} == {
        "cooldown.initial": "1m",
        "cooldown.multiplier": 2,
        "cooldown.max": "15m",
        "cooldown.jitter": 0.25,
        "unknown_outcome.watch": "2m",
        "unknown_outcome.reads": 3,
    }
    assert {one["from"] for rows in settings.values() for one in rows} == {"built-in"}
    assert settings["not_restartable"][0]["value"] == ["failed", "stopped"]
    assert settings["center_busy"][0]["value"] == "auto"
    (attempt,) = row["attempts"]
    assert (attempt["outcome"], attempt["class"]) == ("refused", "start_failure")


@pytest.mark.parametrize(
    ("status", "policy", "says"),
    [
        (Status.RUNNING, Policy(), "; nothing is to be done"),
        (Status.COMPLETED, Policy(), "restart_on does not name this status"),
        (Status.STOPPED, Policy(mode=Mode.WATCH), "it is only watched"),
        (Status.MISSING, Policy(), "the platform does not know it"),
        (Status.DEPLOYING, Policy(), "it starts by itself"),
    ],
)
async def test_the_sentence_says_why_nothing_happens(
    status: Status, policy: Policy, says: str
) -> None:
    bench = DeskBench(policy=policy)
    bench.platform.statuses[bench.ids[0]] = status
    async with bench.running():
        found = await bench.desk.explain("i00000")
    assert says in found["sentence"]


async def test_the_sentence_says_who_holds_it_and_why() -> None:
    async with DeskBench().running() as bench:
        bench.platform.statuses[bench.ids[0]] = Status.STOPPED
        bench.clock.advance(30)
        await bench.poll()
        await bench.desk.ask(wish("hold", "i00000", until_running=True, reason="repair"))
        found = await bench.desk.explain("i00000")
    assert found["sentence"].endswith(
        "it is held by alice (repair) until it was seen not running and then running again"
    )


async def test_it_is_ready_when_each_source_was_asked_however_that_ended() -> None:
    bench = DeskBench()
    await bench.start()
    assert bench.desk.trouble(ready=True) == "source scnet of center kunshan was not asked yet"
    bench.source.error = TimeoutError()
    await bench.poll()
    assert bench.desk.trouble(ready=True) is None


async def test_a_turn_that_hangs_and_turns_that_do_not_come_are_not_healthy() -> None:
    bench = DeskBench()
    await bench.start()
    await bench.poll()
    assert bench.desk.trouble() is None
    # The source is blind after 90 s: a turn is due then, and nobody runs it.
    bench.clock.advance(90 + 61)
    assert bench.desk.trouble() == "no turn happens: one is overdue for 61 s"
    await bench.settle()
    assert bench.desk.trouble() is None
    bench.engine.turn_began_at = bench.clock.now()
    bench.clock.advance(61)
    assert bench.desk.trouble() == "a turn has not ended for 61 s"


async def test_events_are_the_newest_of_one_instance_or_all() -> None:
    async with DeskBench(2).running() as bench:
        await bench.desk.ask(wish("hold", "i00000"))
        await bench.desk.ask(wish("hold", "i00001"))
        of_one = await bench.desk.events(Sought(T0, 10, instance="i00001"))
        last = await bench.desk.events(Sought(T0, 1))
    assert {event.instance for event in of_one.events} == {InstanceId("i00001")}
    assert [event.kind for event in last.events] == [EventKind.HOLD_PLACED]
