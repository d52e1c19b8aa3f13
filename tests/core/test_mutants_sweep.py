"""What one sweep and one failed poll leave behind: semantics 1."""

import pytest

from builders import CENTER, HOUR, KEY, MINUTE, SECOND, SOURCE, T0
from mutants_support import A0, center_of, events, page, polled, seen
from scnet_watchdog.core import observe
from scnet_watchdog.core.event import EventKind
from scnet_watchdog.core.fleet import SourceState
from scnet_watchdog.core.model import InstanceId, PollFailed, SourceKey, Status, Swept
from scnet_watchdog.core.state import (
    Sight,
)

STRANGE = SourceKey("flags", CENTER)


# Sweeps and failed polls.


def test_a_sweep_ends_a_failure_and_sets_the_moment_of_blindness() -> None:
    draft = polled(at=90 * SECOND)
    draft.fleet.sources[KEY] = SourceState(T0, failing_since=T0, blind=True)
    observe.take_sweep(draft, Swept(KEY, draft.now - 2 * SECOND, draft.now))
    source = draft.source(KEY)
    assert source == SourceState(T0, swept_at=draft.now - 2 * SECOND, sweep=2 * SECOND, looked=True)
    [event] = draft.events
    assert (event.kind, event.center) == (EventKind.SOURCE_RECOVERED, CENTER)
    assert event.fields == {"source": SOURCE, "failed_for_s": 90.0}
    # Three intervals of 30 s after it began.
    assert draft.wakes == {f"source:{SOURCE}@{CENTER}": draft.now + 88 * SECOND}
    assert draft.first_looks == {KEY}
    assert CENTER in draft.touched_centers
    draft.first_looks.clear()
    observe.take_sweep(draft, Swept(KEY, draft.now, draft.now))
    assert draft.first_looks == set()
    assert len(draft.events) == 1


def test_a_sweep_or_a_failure_of_a_dropped_source_changes_nothing() -> None:
    draft = polled()
    observe.take_sweep(draft, Swept(STRANGE, T0, T0))
    observe.take_failure(draft, PollFailed(STRANGE, T0, T0, "no"))
    assert (draft.sources, draft.events, draft.wakes) == ({}, [], {})


def test_who_is_absent_from_a_sweep_is_no_longer_at_rest() -> None:
    draft = polled(2, at=MINUTE)
    seen(draft, Status.RUNNING)
    before = seen(draft, Status.FAILED, "a1")
    gone = InstanceId("gone")
    observe.take_sweep(draft, Swept(KEY, draft.now, draft.now, frozenset({A0, before.id, gone})))
    assert draft.state(A0).sight == Sight(T0, T0, absent=True)
    assert not draft.state(A0).at_rest
    assert draft.state(before.id) == before


def test_a_failure_of_polls_is_told_when_it_begins() -> None:
    draft = polled(at=MINUTE)
    for _ in range(2):
        observe.take_failure(draft, PollFailed(KEY, T0, draft.now, "reset", code="500"))
    assert draft.source(KEY) == SourceState(T0, failing_since=T0)
    [event] = draft.events
    assert (event.kind, event.center) == (EventKind.SOURCE_FAILED, CENTER)
    assert event.fields == {"source": SOURCE, "error": "reset", "code": "500"}


def test_a_throttled_poll_throttles_the_center_for_as_long_as_told() -> None:
    draft = polled()
    failed = PollFailed(KEY, T0, T0, "slow", throttled=True, retry_after=2 * MINUTE)
    observe.take_failure(draft, failed)
    told = center_of(draft).throttle
    assert told is not None
    assert (told.length, told.by_call) == (2 * MINUTE, False)
    assert center_of(draft).block is None


@pytest.mark.parametrize(("after", "blind"), [(89, False), (90, True)])
def test_a_source_is_told_blind_once_after_three_intervals(after: int, blind: bool) -> None:
    draft = polled(3, at=HOUR)
    swept = draft.now - after * SECOND
    draft.fleet.sources[KEY] = SourceState(T0, swept_at=swept)
    for _ in range(2):
        observe.notice_blindness(draft, KEY)
    told = events(draft, EventKind.SOURCE_BLIND)
    fields = {"source": SOURCE, "instances": 3, "last_success": swept}
    assert [(e.center, e.fields) for e in told] == ([(CENTER, fields)] if blind else [])
    assert draft.source(KEY).blind is blind


def test_a_source_that_never_answered_is_blind_three_intervals_after_it_came() -> None:
    draft = polled(at=90 * SECOND)
    observe.notice_blindness(draft, KEY)
    [event] = draft.events
    assert event.fields == {"source": SOURCE, "instances": 1}


def test_the_first_hundred_unknown_texts_are_told_once_each() -> None:
    draft = polled()
    texts = tuple(f"odd {n}" for n in range(99))
    observe.take_page(draft, page(draft, {}, unrecognised=(*texts, *texts)))
    assert len(draft.events) == 99
    long = "x" * 300
    observe.take_page(draft, page(draft, {}, unrecognised=(texts[0], long, "one too many")))
    assert len(draft.events) == 100
    last = draft.events[-1]
    assert (last.kind, last.center) == (EventKind.STATUS_UNRECOGNISED, CENTER)
    assert last.fields == {"source": SOURCE, "text": "x" * 100}
