"""What one event makes of an outage, and what it shows of an instance."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from builders import MINUTE, T0
from scnet_watchdog.core.event import Event, EventKind
from scnet_watchdog.core.model import InstanceId, Status
from scnet_watchdog.core.outage import Outage, follow, shown, shown_before

DOWN = Outage(T0, Status.FAILED)
OVER = Outage(T0, Status.FAILED, ended_at=T0 + MINUTE)


def event(kind: EventKind, at: datetime = T0 + MINUTE, **fields: Any) -> Event:
    return Event(kind, at, InstanceId("a0"), fields=fields)


def turned(status: str, previous: str | None = None) -> Event:
    return event(EventKind.INSTANCE_STATUS_CHANGED, status=status, previous=previous)


@pytest.mark.parametrize(
    ("told", "after", "before"),
    [
        (turned("failed", "running"), Status.FAILED, Status.RUNNING),
        # It has no `status`; what was there before stands in it.
        (
            event(EventKind.INSTANCE_MISSING, previous="stopped", status="x"),
            Status.MISSING,
            Status.STOPPED,
        ),
        (
            event(EventKind.INSTANCE_RETURNED, status="waiting", previous="x"),
            Status.WAITING,
            Status.MISSING,
        ),
        # Other events may carry the same fields; they show nothing.
        (event(EventKind.DECISION_CHANGED, status="failed", previous="running"), None, None),
        (turned("of a later version"), None, None),
    ],
)
def test_an_event_shows_the_status_after_it_and_the_one_before(
    told: Event, after: Status | None, before: Status | None
) -> None:
    assert (shown(told), shown_before(told)) == (after, before)


def test_an_outage_that_is_not_over_has_no_length() -> None:
    assert DOWN.lasted is None
    assert OVER.lasted == MINUTE


def test_what_is_not_down_begins_no_outage_and_leaves_the_last_one() -> None:
    assert follow(None, turned("running")) is None
    assert follow(None, turned("waiting")) is None
    assert follow(OVER, turned("running")) is OVER
    assert follow(OVER, turned("deploying")) is OVER


def test_down_again_after_the_end_is_a_new_outage() -> None:
    assert follow(OVER, turned("stopped")) == Outage(T0 + MINUTE, Status.STOPPED)


def test_another_down_status_belongs_to_the_open_outage() -> None:
    assert follow(DOWN, turned("stopped")) is DOWN
    assert follow(DOWN, turned("waiting")) is DOWN
    assert follow(DOWN, turned("running")) == OVER


@pytest.mark.parametrize(
    ("completed", "status", "anew"),
    [
        (Outage(T0, Status.COMPLETED), "failed", True),
        (Outage(T0, Status.COMPLETED, taken_up=True), "failed", False),
        (Outage(T0, Status.COMPLETED), "waiting", False),
        (Outage(T0, Status.STOPPED), "failed", False),
    ],
)
def test_finished_work_that_turns_out_to_have_failed_is_down_from_then_on(
    completed: Outage, status: str, anew: bool
) -> None:
    found = follow(completed, turned(status))
    assert found == (Outage(T0 + MINUTE, Status.FAILED) if anew else completed)


def test_who_is_confirmed_down_after_an_outage_ended_is_in_a_new_one() -> None:
    told = event(EventKind.INSTANCE_CONFIRMED, T0 + 3 * MINUTE, status="stopped", over_s=60.0)
    took = timedelta(seconds=60)
    began = T0 + 2 * MINUTE
    new = Outage(began, Status.STOPPED, taken_up=True, detected_after=took)
    assert follow(OVER, told) == new
    assert follow(None, told) == new
    known = follow(DOWN, told)
    assert known == Outage(T0, Status.FAILED, taken_up=True, detected_after=took)
