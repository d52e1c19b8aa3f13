"""Turns on fakes: inputs, decide, save, emit, hand over."""

import asyncio
import time
from datetime import timedelta

from engine_support import Bench
from fakes import KEY, T0, FakeRestarter, FakeSource, roster_of, wiring_of
from scnet_watchdog.core.command import PlaceHold, Scope, ScopeKind
from scnet_watchdog.core.decision import Reason
from scnet_watchdog.core.event import Event, EventKind
from scnet_watchdog.core.model import SourceKey, Status
from scnet_watchdog.core.outcome import OutcomeKind, Verdict
from scnet_watchdog.core.policy import Limits, Member, Roster
from scnet_watchdog.engine.wiring import Wiring


async def test_a_stopped_instance_is_restarted_once_and_judged_recovered() -> None:
    bench = Bench()
    await bench.start()
    await bench.restart_one()
    assert bench.platform.calls == bench.ids
    bench.clock.advance(10)
    await bench.poll()
    (attempt,) = bench.store.attempts.values()
    assert (attempt.outcome, attempt.verdict) == (OutcomeKind.ACCEPTED, Verdict.RECOVERED)
    assert bench.platform.calls == bench.ids


async def test_the_attempt_is_saved_before_the_call_and_told_after_the_save() -> None:
    bench = Bench()
    await bench.start()
    bench.restarter.gate = asyncio.Event()
    await bench.restart_one()
    (attempt,) = bench.store.attempts.values()
    assert attempt.outcome is None
    assert EventKind.RESTART_REQUESTED in bench.sink.kinds()
    assert [event for event in bench.store.journal] == bench.sink.events


async def test_a_turn_never_waits_for_a_call() -> None:
    bench = Bench(count=2)
    await bench.start()
    bench.restarter.gate = asyncio.Event()
    await bench.restart_one()
    assert bench.engine.act.in_flight == 1
    # The call hangs, and the other instance is still looked after.
    bench.platform.statuses[bench.ids[1]] = Status.FAILED
    bench.clock.advance(10)
    await bench.poll()
    assert bench.reason(bench.ids[1]) is Reason.CONFIRMING
    bench.restarter.gate.set()
    await bench.settle()
    assert bench.engine.act.in_flight == 0


async def test_a_call_that_breaks_its_promise_is_an_unknown_outcome() -> None:
    bench = Bench()
    bench.restarter.outcome = RuntimeError("boom")
    await bench.start()
    await bench.restart_one()
    (attempt,) = bench.store.attempts.values()
    assert attempt.outcome is OutcomeKind.UNKNOWN


async def test_a_hold_that_waits_for_its_turn_stops_the_call() -> None:
    bench = Bench()
    await bench.start()
    bench.platform.statuses[bench.ids[0]] = Status.STOPPED
    await bench.poll()
    bench.clock.advance(30)
    await bench.engine.poll(KEY)
    # The turn grants the attempt; the hold arrives before the call has begun.
    await bench.engine.turn()
    bench.engine.feed(PlaceHold(Scope(ScopeKind.INSTANCE, bench.ids[0]), by="ann"))
    await bench.settle()
    assert bench.platform.calls == []
    (attempt,) = bench.store.attempts.values()
    assert attempt.outcome is OutcomeKind.WITHDRAWN


async def test_a_row_that_is_not_granted_is_withdrawn_and_its_request_not_told() -> None:
    bench = Bench()
    await bench.start()
    bench.store.refuse = {(bench.ids[0], 1)}  # type: ignore[arg-type]
    await bench.restart_one()
    assert EventKind.RESTART_WITHDRAWN in bench.sink.kinds()
    assert bench.platform.calls == []
    # A withdrawal starts no cooldown: the center pauses for 5 s, so that no loop runs hot.
    bench.clock.advance(5)
    await bench.engine.tend()
    await bench.settle()
    requests = bench.sink.of(EventKind.RESTART_REQUESTED)
    # The first was refused by the store; the next attempt has the next number and goes.
    assert [event.fields["seq"] for event in requests] == [2]
    assert len(bench.platform.calls) == 1


async def test_no_call_is_made_while_the_state_cannot_be_written() -> None:
    bench = Bench()
    await bench.start()
    bench.store.fail_writes = 4
    await bench.restart_one()
    assert bench.platform.calls == []
    assert bench.sink.kinds().count(EventKind.STATE_FAILED) == 1
    assert bench.reason(bench.ids[0]) is Reason.STATE_UNWRITABLE
    # Tried every 10 s; the fifth time it works, and the restart follows by itself.
    for _ in range(6):
        bench.clock.advance(10)
        await bench.engine.tend()
        await bench.poll()
    assert bench.sink.kinds().count(EventKind.STATE_RECOVERED) == 1
    assert len(bench.platform.calls) == 1


async def test_an_attempt_whose_commit_failed_is_withdrawn_and_never_sent() -> None:
    bench = Bench()
    await bench.start()
    bench.platform.statuses[bench.ids[0]] = Status.STOPPED
    await bench.poll()
    bench.clock.advance(30)
    bench.store.fail_writes = 1
    await bench.poll()
    assert bench.platform.calls == []
    assert EventKind.RESTART_REQUESTED not in bench.sink.kinds()
    assert EventKind.RESTART_WITHDRAWN in bench.sink.kinds()
    bench.clock.advance(10)
    await bench.engine.tend()
    await bench.settle()
    # The dropped row is settled in the ledger; the next attempt was sent after writing worked.
    outcomes = {key.seq: row.outcome for key, row in bench.store.attempts.items()}
    assert outcomes == {1: OutcomeKind.WITHDRAWN, 2: OutcomeKind.ACCEPTED}


async def test_events_of_the_runtime_are_journalled_with_the_next_turn() -> None:
    bench = Bench()
    await bench.start()
    told = Event(EventKind.DAEMON_STARTED, T0)
    bench.engine.tell(told)
    await bench.settle()
    assert told in bench.sink.events
    assert told in bench.store.journal


async def test_a_new_state_is_told() -> None:
    bench = Bench()
    await bench.start()
    assert EventKind.STATE_CREATED in bench.sink.kinds()
    again = Bench(store=bench.store.reopened())
    await again.start()
    assert EventKind.STATE_CREATED not in again.sink.kinds()


async def test_commands_of_the_inbox_are_obeyed_once() -> None:
    bench = Bench()
    await bench.start()
    hold = PlaceHold(Scope(ScopeKind.INSTANCE, bench.ids[0]), by="ann", row=1)
    bench.store.commands[1] = hold
    await bench.engine.take_inbox()
    await bench.engine.take_inbox()
    await bench.settle()
    await bench.engine.take_inbox()
    await bench.settle()
    assert bench.sink.kinds().count(EventKind.HOLD_PLACED) == 1
    assert bench.store.commands == {}


async def test_a_command_taken_while_nothing_can_be_written_is_obeyed_once() -> None:
    bench = Bench()
    await bench.start()
    bench.store.fail_writes = 1
    bench.store.commands[1] = PlaceHold(Scope(ScopeKind.INSTANCE, bench.ids[0]), by="ann", row=1)
    for _ in range(5):
        await bench.engine.take_inbox()
        await bench.settle()
        bench.clock.advance(4)
        await bench.engine.tend()
    assert bench.sink.kinds().count(EventKind.HOLD_PLACED) == 1
    assert bench.store.commands == {}


async def test_a_fault_in_deciding_costs_only_the_input_that_met_it() -> None:
    bench = Bench()
    await bench.start()
    bench.engine.feed("nonsense")  # type: ignore[arg-type]
    bench.engine.feed(None)  # type: ignore[arg-type]
    await bench.restart_one()
    assert bench.platform.calls == bench.ids


async def test_a_hanging_source_delays_nobody_else() -> None:
    bench = Bench()
    other = SourceKey("flags", "kunshan")
    names = bench.ids
    hanging = FakeSource(bench.platform, bench.clock, other)
    hanging.gate = asyncio.Event()
    members = {
        **roster_of(names).members,
        names[0]: Member(names[0], KEY.center, KEY.source),
    }
    stuck = Member(type(names[0])("stuck"), other.center, other.source)
    roster = Roster({**members, stuck.id: stuck}, {KEY.center: Limits()}, {})
    await bench.start()
    wiring = Wiring(roster, {KEY: bench.source, other: hanging}, {KEY.center: bench.restarter})
    await bench.engine.reconfigure(wiring)
    poll = asyncio.create_task(bench.engine.poll(other))
    await bench.restart_one()
    assert bench.platform.calls == names
    assert not poll.done()
    # Three intervals of 30 s without an answer: blind, by time alone.
    bench.clock.advance(61)
    await bench.engine.tend()
    await bench.settle()
    assert EventKind.SOURCE_BLIND in bench.sink.kinds()
    hanging.gate.set()
    await poll


async def test_20_000_instances_are_taken_in_turns_of_1_000() -> None:
    bench = Bench(count=20_000)
    await bench.start()
    before = bench.engine.turns
    began = time.perf_counter()
    await bench.engine.poll(KEY)
    await bench.engine.run_turns()
    # 20 pages of 1 000 rows and the sweep.
    assert bench.engine.turns - before in (20, 21)
    assert time.perf_counter() - began < 5
    fleet = bench.engine.fleet
    assert fleet is not None
    assert all(state.at_rest for state in fleet.instances.values())


async def test_a_reload_keeps_state_and_takes_up_newcomers() -> None:
    bench = Bench(count=2)
    await bench.start()
    await bench.poll()
    roster = roster_of([bench.ids[0], type(bench.ids[0])("newcomer")])
    restarter = FakeRestarter(bench.platform)
    await bench.engine.reconfigure(wiring_of(roster, bench.source, restarter))
    fleet = bench.engine.fleet
    assert fleet is not None
    assert fleet.instances.keys() == roster.members.keys()
    assert fleet.instances[bench.ids[0]].facts.status is Status.RUNNING


async def test_a_removed_instance_s_call_ends_with_the_old_client_and_is_settled() -> None:
    bench = Bench(count=2)
    await bench.start()
    bench.restarter.gate = asyncio.Event()
    await bench.restart_one()
    new = FakeRestarter(bench.platform)
    await bench.engine.reconfigure(wiring_of(roster_of(bench.ids[1:]), bench.source, new))
    bench.restarter.gate.set()
    await bench.settle()
    (attempt,) = bench.store.attempts.values()
    assert (attempt.outcome, attempt.verdict) == (OutcomeKind.ACCEPTED, Verdict.UNJUDGED)


async def test_the_next_poll_of_a_source_that_was_never_asked_is_now() -> None:
    bench = Bench()
    await bench.start()
    assert bench.engine.next_poll_at(KEY) == T0
    await bench.poll()
    # All is calm: one interval of 30 s after the last poll began.
    assert bench.engine.next_poll_at(KEY) == T0 + timedelta(seconds=30)
