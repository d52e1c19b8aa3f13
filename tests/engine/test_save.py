"""Saving, and what happens while the state cannot be written."""

from dataclasses import replace
from datetime import timedelta

from fakes import T0, FakeClock, FakeStore, ids
from scnet_watchdog.core.attempt import Attempt
from scnet_watchdog.core.change import Change, StoredInstance
from scnet_watchdog.core.decision import Reason
from scnet_watchdog.core.event import Event, EventKind
from scnet_watchdog.core.model import InstanceId, Status
from scnet_watchdog.core.state import Facts
from scnet_watchdog.engine.save import EVENTS_KEPT, Saver, told_events
from scnet_watchdog.engine.storeclock import StoreClock
from scnet_watchdog.ports import Tenure

A, B = ids(2)
TENURE = Tenure(0)


def attempt(id_: InstanceId, seq: int = 1) -> Attempt:
    return Attempt(id_, seq, "kunshan", 1, 1, Reason.STOPPED, Status.STOPPED, T0, T0)


def requested(id_: InstanceId, seq: int = 1, **fields: object) -> Event:
    return Event(EventKind.RESTART_REQUESTED, T0, id_, fields={"seq": seq, **fields})


def stored(id_: InstanceId) -> Change:
    return Change(instances={id_: StoredInstance(id_, "kunshan", Facts())})


def saver_on(store: FakeStore) -> tuple[Saver, FakeClock]:
    clock = FakeClock()
    return Saver(store, StoreClock(clock)), clock


async def test_an_empty_change_is_not_committed() -> None:
    store = FakeStore()
    saver, _ = saver_on(store)
    saved = await saver.save(TENURE, Change())
    assert saved.written
    assert store.commits == []


async def test_a_failed_commit_grants_nothing_and_is_told_once() -> None:
    store = FakeStore()
    store.fail_writes = 2
    saver, clock = saver_on(store)
    first = await saver.save(TENURE, Change(wanted=(attempt(A),)))
    assert first.granted == frozenset()
    assert [event.kind for event in first.events] == [EventKind.STATE_FAILED]
    assert not saver.writable
    clock.advance(10)
    second = await saver.save(TENURE, stored(A))
    assert second.events == ()
    assert not second.written


async def test_writing_is_tried_again_only_after_ten_seconds() -> None:
    store = FakeStore()
    store.fail_writes = 1
    saver, clock = saver_on(store)
    await saver.save(TENURE, stored(A))
    assert saver.retry_at == T0 + timedelta(seconds=10)
    clock.advance(9)
    await saver.save(TENURE, stored(B))
    assert store.commits == []
    clock.advance(1)
    saved = await saver.save(TENURE, Change())
    assert saved.written
    assert [event.kind for event in saved.events] == [EventKind.STATE_RECOVERED]
    assert store.instances.keys() == {A, B}


async def test_what_was_kept_goes_with_the_next_commit_but_never_a_dropped_attempt() -> None:
    store = FakeStore()
    store.fail_writes = 1
    saver, clock = saver_on(store)
    told = Event(EventKind.INSTANCE_CONFIRMED, T0, A)
    lost = Change(wanted=(attempt(A),), events=(told, requested(A)), taken=(7,))
    await saver.save(TENURE, lost)
    clock.advance(10)
    saved = await saver.save(TENURE, replace(stored(B), wanted=(attempt(B),)))
    assert saved.granted == {attempt(B).key}
    assert saved.taken == (7,)
    assert store.attempts.keys() == {attempt(B).key}
    assert [event.kind for event in store.journal] == [
        EventKind.INSTANCE_CONFIRMED,
        EventKind.STATE_FAILED,
        EventKind.STATE_RECOVERED,
    ]


async def test_events_kept_for_the_journal_are_bounded_and_their_loss_is_told() -> None:
    store = FakeStore()
    store.fail_writes = 1
    saver, clock = saver_on(store)
    events = tuple(Event(EventKind.INSTANCE_CONFIRMED, T0, A) for _ in range(EVENTS_KEPT))
    await saver.save(TENURE, Change(events=events))
    clock.advance(10)
    saved = await saver.save(TENURE, Change())
    # EVENTS_KEPT + state.failed = one too many.
    assert saved.events[0].fields == {"failed_for_s": 10.0, "events_lost": 1}


async def test_last_words_do_not_wait_for_the_pause() -> None:
    store = FakeStore()
    store.fail_writes = 1
    saver, _ = saver_on(store)
    await saver.save(TENURE, stored(A))
    saver.hurry()
    assert (await saver.save(TENURE, Change())).written


def test_a_request_is_told_only_when_its_attempt_was_granted() -> None:
    shadow = requested(B, 1, shadow=True)
    change = Change(wanted=(attempt(A), attempt(B)), events=(requested(A), requested(B), shadow))
    assert told_events(change, frozenset({attempt(A).key})) == (requested(A), shadow)
