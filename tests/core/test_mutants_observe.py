"""What one read leaves behind: semantics 1."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from builders import CENTER, HOUR, MINUTE, SECOND, T0
from mutants_support import (
    A0,
    episode,
    events,
    page,
    polled,
    seen,
)
from scnet_watchdog.core import observe
from scnet_watchdog.core.decision import Reason
from scnet_watchdog.core.event import EventKind, Level
from scnet_watchdog.core.fleet import SourceState
from scnet_watchdog.core.model import SourceKey, Status
from scnet_watchdog.core.state import (
    REST,
    Call,
    Facts,
    Ledger,
    Row,
    ShadowCount,
    Sight,
)

STRANGE = SourceKey("flags", CENTER)


# First sight.


def test_a_running_instance_seen_for_the_first_time_is_healthy_at_once() -> None:
    draft = polled()
    observe.take_page(draft, page(draft, {"a0": Status.RUNNING}, labels={A0: "llm"}))
    facts = Facts(Status.RUNNING, T0, label="llm", reason=Reason.HEALTHY)
    assert draft.state(A0).facts == facts
    assert draft.state(A0).sight == Sight(T0, T0)
    assert draft.events == []


def test_who_comes_back_running_keeps_counter_and_calls() -> None:
    draft = polled()
    ledger = Ledger(7, 3, (Call(T0),))
    state = draft.state(A0)
    draft.put(replace(state, facts=Facts(ledger=ledger)))
    observe.take_page(draft, page(draft, {"a0": Status.RUNNING}))
    assert draft.state(A0).facts == Facts(Status.RUNNING, T0, reason=Reason.HEALTHY, ledger=ledger)


def test_after_a_start_a_healthy_instance_is_at_rest_with_its_old_since() -> None:
    draft = polled(at=HOUR)
    facts = Facts(Status.RUNNING, T0, label="llm", reason=Reason.HEALTHY)
    state = draft.state(A0)
    draft.put(replace(state, facts=facts))
    observe.take_page(draft, page(draft, {"a0": Status.RUNNING}))
    assert draft.state(A0).facts == facts
    assert draft.state(A0).sight == Sight(draft.now, draft.now)
    assert draft.state(A0).at_rest


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (Status.FAILED, Reason.CONFIRMING),
        (Status.FAILED, Reason.HEALTHY),
        (Status.RUNNING, Reason.HELD),
    ],
)
def test_who_was_told_otherwise_before_is_seen_the_long_way(status: Status, reason: Reason) -> None:
    draft = polled(at=HOUR)
    state = draft.state(A0)
    draft.put(replace(state, facts=Facts(status, T0, reason=reason)))
    observe.take_page(draft, page(draft, {"a0": Status.RUNNING}))
    # The reason stays until a decision gives another; a change of status is told.
    assert draft.state(A0).facts.reason is reason
    changed = events(draft, EventKind.INSTANCE_STATUS_CHANGED)
    assert [e.fields["previous"] for e in changed] == (
        [Status.FAILED] if status is Status.FAILED else []
    )


def test_a_page_of_an_unknown_source_or_of_anothers_instance_is_no_observation() -> None:
    draft = polled()
    odd = page(draft, {"a0": Status.FAILED}, key=STRANGE, unrecognised=("odd",))
    observe.take_page(draft, odd)
    assert draft.events == []
    draft.fleet.sources[STRANGE] = SourceState(T0)
    observe.take_page(draft, page(draft, {"a0": Status.FAILED, "b9": Status.FAILED}, key=STRANGE))
    assert draft.instances == {}


def test_a_new_label_is_kept_and_a_page_without_labels_takes_none_away() -> None:
    draft = polled(at=MINUTE)
    seen(draft, Status.FAILED, label="old")
    observe.take_page(draft, page(draft, {"a0": Status.FAILED}))
    assert draft.state(A0).facts.label == "old"
    draft.now += SECOND
    observe.take_page(draft, page(draft, {"a0": Status.FAILED}, labels={A0: "new"}))
    assert draft.state(A0).facts.label == "new"


# One observation.


@pytest.mark.parametrize(("asked", "taken"), [(-1, False), (0, False), (1, True)])
def test_only_a_read_asked_later_than_the_last_changes_anything(asked: int, taken: bool) -> None:
    draft = polled(at=MINUTE)
    before = seen(draft, Status.FAILED)
    at = T0 + asked * SECOND
    observe.take_page(draft, page(draft, {"a0": Status.STOPPED}, asked_at=at))
    assert (draft.state(A0).facts.status is Status.STOPPED) is taken
    assert (draft.state(A0) == before) is not taken


@pytest.mark.parametrize(("apart", "count"), [(90, 2), (91, 1)])
def test_a_row_goes_on_unless_the_last_read_is_older_than_three_intervals(
    apart: int, count: int
) -> None:
    draft = polled(at=apart * SECOND)
    row = Row(1, T0, T0)
    seen(draft, Status.FAILED, sight=Sight(T0, T0, down=row, restartable=row))
    observe.take_page(draft, page(draft, {"a0": Status.FAILED}))
    first = T0 if count == 2 else draft.now
    expected = Row(count, first, draft.now)
    sight = draft.state(A0).sight
    assert (sight.down, sight.restartable) == (expected, expected)


def test_a_down_status_that_is_not_restartable_counts_as_down_only() -> None:
    draft = polled(at=MINUTE)
    row = Row(4, T0, T0)
    seen(draft, Status.FAILED, sight=Sight(T0, T0, down=row, restartable=row))
    observe.take_page(draft, page(draft, {"a0": Status.COMPLETED}))
    sight = draft.state(A0).sight
    assert sight.down == Row(5, T0, draft.now)
    assert sight.restartable is None
    # Nor does it count to a storm.
    assert draft.turned == {}


def test_since_is_when_the_status_was_first_asked_for() -> None:
    draft = polled(at=MINUTE)
    seen(draft, Status.FAILED)
    observe.take_page(draft, page(draft, {"a0": Status.FAILED}))
    assert draft.state(A0).facts.since == T0
    draft.now += SECOND
    observe.take_page(draft, page(draft, {"a0": Status.STOPPED}))
    assert draft.state(A0).facts.since == draft.now


def test_running_begins_once_and_ends_with_any_other_status() -> None:
    draft = polled(at=MINUTE)
    shadow = ShadowCount(2, T0)
    seen(draft, Status.FAILED, care={"episode": episode(), "shadow": shadow})
    began = draft.now
    for _ in range(2):
        observe.take_page(draft, page(draft, {"a0": Status.RUNNING}))
        care = draft.state(A0).facts.care
        assert (care.running_since, care.shadow) == (began, None)
        draft.now += SECOND
    observe.take_page(draft, page(draft, {"a0": Status.UNKNOWN}))
    assert draft.state(A0).facts.care == replace(REST, episode=episode())


def test_an_old_read_of_someone_absent_and_running_changes_nothing() -> None:
    draft = polled(at=MINUTE)
    before = seen(draft, Status.RUNNING, sight=Sight(T0 + SECOND, T0 + SECOND, absent=True))
    observe.take_page(draft, page(draft, {"a0": Status.RUNNING}, asked_at=T0))
    assert draft.state(A0) == before


# What is told.


@pytest.mark.parametrize(
    ("before", "after", "kind", "level", "fields"),
    [
        (
            Status.RUNNING,
            Status.FAILED,
            EventKind.INSTANCE_STATUS_CHANGED,
            Level.WARNING,
            {"previous": Status.RUNNING, "status": Status.FAILED},
        ),
        (
            Status.FAILED,
            Status.RUNNING,
            EventKind.INSTANCE_STATUS_CHANGED,
            None,
            {"previous": Status.FAILED, "status": Status.RUNNING, "down_for_s": 60.0},
        ),
        (
            Status.RUNNING,
            Status.MISSING,
            EventKind.INSTANCE_MISSING,
            None,
            {"previous": Status.RUNNING},
        ),
        (
            Status.MISSING,
            Status.RUNNING,
            EventKind.INSTANCE_RETURNED,
            None,
            {"status": Status.RUNNING},
        ),
    ],
)
def test_a_change_of_status_is_told_with_what_was_before(
    before: Status,
    after: Status,
    kind: EventKind,
    level: Level | None,
    fields: dict[str, object],
) -> None:
    draft = polled(at=MINUTE)
    seen(draft, before)
    observe.take_page(draft, page(draft, {"a0": after}))
    [event] = draft.events
    assert (event.kind, event.level, event.fields) == (kind, level, fields)
    draft.events.clear()
    draft.now += SECOND
    observe.take_page(draft, page(draft, {"a0": after}))
    assert draft.events == []


def test_down_time_is_told_to_the_tenth_of_a_second() -> None:
    draft = polled(at=timedelta(seconds=60.26))
    seen(draft, Status.FAILED)
    observe.take_page(draft, page(draft, {"a0": Status.RUNNING}))
    assert draft.events[0].fields["down_for_s"] == 60.3


@pytest.mark.parametrize("asked", [T0 - SECOND, T0, T0 + SECOND])
def test_the_first_sight_of_someone_not_running_tells_no_change(asked: datetime) -> None:
    draft = polled(at=MINUTE)
    observe.take_page(draft, page(draft, {"a0": Status.FAILED}, asked_at=asked))
    assert draft.state(A0).facts.status is Status.FAILED
    assert draft.state(A0).facts.since == asked
    assert events(draft, EventKind.INSTANCE_STATUS_CHANGED) == []
