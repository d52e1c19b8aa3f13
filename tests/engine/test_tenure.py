"""The right to act: renewed in time, lost, and won back."""

import asyncio
from datetime import timedelta

import pytest

from engine_support import Bench
from fakes import KEY, T0, FakeStore
from scnet_watchdog.core.decision import Reason
from scnet_watchdog.core.event import Event, EventKind
from scnet_watchdog.core.model import Status
from scnet_watchdog.core.outcome import OutcomeKind
from scnet_watchdog.core.policy import Limits, Roster
from scnet_watchdog.engine.ownership import owned
from scnet_watchdog.ports import HeldByAnother, Tenure, Unreadable


async def test_a_finite_tenure_is_renewed_at_a_third_of_its_validity() -> None:
    store = FakeStore()
    store.valid_for = timedelta(seconds=60)
    bench = Bench(store=store)
    await bench.start()
    bench.clock.advance(19)
    await bench.engine.tend()
    assert store.acquired == 1
    bench.clock.advance(1)
    await bench.engine.tend()
    assert store.acquired == 2


async def test_nothing_is_sent_when_the_tenure_ends_before_the_call_could() -> None:
    store = FakeStore()
    # Calls may take 35 s; the tenure is valid for less.
    store.valid_for = timedelta(seconds=34)
    bench = Bench(store=store)
    await bench.start()
    await bench.restart_one()
    assert bench.platform.calls == []
    # Not even an attempt is saved: no call could start now.
    assert store.attempts == {}


async def test_an_attempt_is_withdrawn_when_its_tenure_shrank_meanwhile() -> None:
    store = FakeStore()
    store.valid_for = timedelta(seconds=60)
    bench = Bench(store=store)
    await bench.start()
    bench.platform.statuses[bench.ids[0]] = Status.STOPPED
    await bench.poll()
    bench.clock.advance(20)
    await bench.engine.tend()
    bench.clock.advance(10)
    await bench.engine.poll(KEY)
    # Valid until second 80; granted at second 30, but the program stood still until second 50.
    while not bench.engine.act.in_flight:
        await bench.engine.turn()
    bench.clock.advance(20)
    await bench.settle()
    assert bench.platform.calls == []
    assert {row.outcome for row in store.attempts.values()} == {OutcomeKind.WITHDRAWN}


async def test_a_fenced_commit_drops_memory_and_sends_nothing() -> None:
    bench = Bench()
    await bench.start()
    bench.platform.statuses[bench.ids[0]] = Status.STOPPED
    await bench.poll()
    bench.clock.advance(30)
    bench.store.take_away()
    bench.store.held_by_another = True
    await bench.poll()
    assert not bench.owned()
    assert bench.platform.calls == []
    await bench.engine.tend()
    assert not bench.owned()


async def test_without_the_right_to_act_nothing_is_asked_and_events_are_told_at_once() -> None:
    bench = Bench()
    await bench.start()
    bench.store.take_away()
    bench.store.held_by_another = True
    event = Event(EventKind.CONFIG_REJECTED, T0)
    bench.engine.tell(event)
    # The turn that should save it finds the tenure over.
    await bench.settle()
    assert not bench.owned()
    assert bench.engine.sources == frozenset()
    assert not await bench.engine.poll(KEY)
    bench.engine.tell(Event(EventKind.CONFIG_RELOADED, T0))
    assert bench.sink.kinds()[-1] is EventKind.CONFIG_RELOADED
    assert bench.source.polls == 0


async def test_a_tenure_won_back_begins_with_quiet_start() -> None:
    bench = Bench()
    await bench.start()
    bench.platform.statuses[bench.ids[0]] = Status.STOPPED
    await bench.poll()
    bench.clock.advance(30)
    bench.store.take_away()
    await bench.poll()
    assert not bench.owned()
    await bench.engine.tend()
    await bench.settle()
    fleet = bench.engine.fleet
    assert fleet is not None
    assert fleet.instances[bench.ids[0]].sight.asked_at is None
    # Confirmed anew: two reads, 30 s apart.
    await bench.restart_one()
    assert len(bench.platform.calls) == 1


async def test_an_attempt_granted_under_a_lost_tenure_is_not_sent() -> None:
    bench = Bench()
    await bench.start()
    bench.platform.statuses[bench.ids[0]] = Status.STOPPED
    await bench.poll()
    bench.clock.advance(30)
    await bench.engine.poll(next(iter(bench.engine.sources)))
    await bench.engine.turn()
    # Granted, and handed over; then the tenure is lost before the call has begun.
    bench.store.take_away()
    await bench.engine.take_inbox()
    await bench.settle()
    assert not bench.owned()
    assert bench.platform.calls in ([], bench.ids)


async def test_the_outcome_of_a_call_that_outlived_its_tenure_repeats_nothing() -> None:
    bench = Bench()
    bench.platform.after_call = None
    await bench.start()
    bench.restarter.gate = asyncio.Event()
    await bench.restart_one()
    bench.store.take_away()
    bench.engine.tell(bench.sink.events[0])
    await bench.settle()
    await bench.engine.tend()
    bench.restarter.gate.set()
    await bench.settle()
    # Open at the take-over: unknown, whatever the old call answers; it is watched for 120 s.
    (attempt,) = bench.store.attempts.values()
    assert attempt.outcome is OutcomeKind.UNKNOWN
    await bench.polls(3, 30)
    assert len(bench.platform.calls) == 1
    assert bench.reason(bench.ids[0]) is Reason.VERIFYING


async def test_another_owner_at_the_start_ends_the_start() -> None:
    store = FakeStore()
    store.held_by_another = True
    with pytest.raises(HeldByAnother):
        await Bench(store=store).start()


async def test_a_state_found_unreadable_later_is_not_hidden() -> None:
    bench = Bench()
    await bench.start()
    bench.store.take_away()
    bench.engine.tell(bench.sink.events[0])
    await bench.settle()
    bench.store.error = Unreadable("not a database")
    with pytest.raises(Unreadable):
        await bench.engine.tend()


async def test_the_store_s_clock_is_the_engine_s() -> None:
    store = FakeStore()
    store.ahead = timedelta(minutes=5)
    bench = Bench(store=store)
    await bench.start()
    (created,) = bench.sink.of(EventKind.STATE_CREATED)
    assert created.at == T0 + timedelta(minutes=5)


def test_only_the_tenure_s_centers_are_looked_after() -> None:
    roster = Roster({}, {"kunshan": Limits(), "wuzhen": Limits()}, {})
    part = owned(roster, Tenure(1, frozenset({"wuzhen"})))
    assert part.centers.keys() == {"wuzhen"}
    assert owned(roster, Tenure(1)) is roster
