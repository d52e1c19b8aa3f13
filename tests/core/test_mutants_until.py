"""Holds that last until the instance runs again: semantics 7."""

from dataclasses import replace
from typing import Any

import pytest

from builders import CENTER, MINUTE, T0
from mutants_support import (
    A0,
    events,
    page,
    polled,
    put,
    seen,
    watch,
)
from scnet_watchdog.core import holds
from scnet_watchdog.core.command import (
    Hold,
    Scope,
    ScopeKind,
)
from scnet_watchdog.core.draft import Draft
from scnet_watchdog.core.event import EventKind
from scnet_watchdog.core.model import InstanceId, Status
from scnet_watchdog.core.observe import take_page
from scnet_watchdog.core.outcome import Verdict
from scnet_watchdog.core.state import Mark, Sight

A1 = InstanceId("a1")
OWN = Scope(ScopeKind.INSTANCE, A0)
WHOLE = Scope(ScopeKind.CENTER, CENTER)
FLEET = Scope(ScopeKind.FLEET, "")
LASTING = Hold(OWN, T0, None, until_running=True, author="eve")


def told(draft: Draft, kind: EventKind) -> list[dict[str, Any]]:
    """The fields of the events of one kind."""
    return [dict(one.fields) for one in events(draft, kind)]


# Until running.


def through(hold: Hold, *statuses: Status) -> Draft:
    """Reads a minute apart, the first a minute after the hold; the hold is a0's own."""
    draft = polled(2, at=MINUTE)
    put(draft, "a0", None, hold=hold)
    for status in statuses:
        take_page(draft, page(draft, {"a0": status}))
        draft.now += MINUTE
    return draft


@pytest.mark.parametrize(
    ("statuses", "ended"),
    [
        ([Status.RUNNING], False),
        ([Status.FAILED], False),
        ([Status.FAILED, Status.RUNNING], True),
        ([Status.WAITING, Status.RUNNING], True),
        ([Status.DEPLOYING, Status.RUNNING], True),
        ([Status.COMPLETED, Status.RUNNING], True),
        # What was not seen down may always have run.
        ([Status.UNKNOWN, Status.RUNNING], False),
        ([Status.MISSING, Status.RUNNING], False),
        ([Status.FAILED, Status.UNKNOWN, Status.RUNNING], True),
    ],
)
def test_a_hold_until_running_ends_when_it_runs_after_it_was_seen_down(
    statuses: list[Status], ended: bool
) -> None:
    draft = through(LASTING, *statuses)
    care = draft.state(A0).facts.care
    assert (care.hold is None) is ended
    if ended:
        assert care.marks == ()
        [fields] = told(draft, EventKind.HOLD_ENDED)
        assert fields["cause"] == "running again"
    else:
        assert told(draft, EventKind.HOLD_ENDED) == []


@pytest.mark.parametrize(("begun", "ended"), [(0, True), (1, False), (2, False)])
def test_only_reads_asked_after_the_hold_count(begun: int, ended: bool) -> None:
    # The two reads are asked at one and at two minutes.
    hold = replace(LASTING, begun_at=T0 + begun * MINUTE)
    draft = through(hold, Status.FAILED, Status.RUNNING)
    assert (draft.state(A0).facts.care.hold is None) is ended


def test_a_shared_hold_until_running_ends_for_one_member_by_itself() -> None:
    draft = polled(2, at=MINUTE)
    whole = Hold(WHOLE, T0, None, until_running=True)
    draft.fleet.holds[WHOLE] = whole
    for status in (Status.FAILED, Status.RUNNING, Status.FAILED):
        take_page(draft, page(draft, {"a0": status}))
        draft.now += MINUTE
    assert draft.state(A0).facts.care.marks == (Mark(WHOLE, T0, True, True),)
    assert holds.hold_of(draft, A0) is None
    assert holds.hold_of(draft, A1) == whole
    [ended] = events(draft, EventKind.HOLD_ENDED)
    assert (ended.instance, ended.fields["scope"]) == (A0, ScopeKind.CENTER)


@pytest.mark.parametrize(
    ("verdict", "ends"), [(None, False), (Verdict.RECOVERED, True), (Verdict.DID_NOT_HELP, False)]
)
def test_a_running_that_our_own_attempt_brought_ends_no_hold(
    verdict: Verdict | None, ends: bool
) -> None:
    draft = polled(at=MINUTE)
    one = watch()
    attempt = replace(one.attempt, verdict=verdict)
    state = seen(
        draft,
        Status.RUNNING,
        care={
            "hold": LASTING,
            "marks": (Mark(OWN, T0, was_down=True),),
            "watch": replace(one, attempt=attempt),
        },
        sight=Sight(draft.now, draft.now),
    )
    care = holds.mark_progress(draft, state).facts.care
    assert (care.hold is None) is ends
    if not ends:
        # It must be seen down anew before a running counts.
        assert care.marks == (Mark(OWN, T0, was_down=False),)


def test_marks_of_holds_that_are_over_are_forgotten() -> None:
    draft = polled(at=MINUTE)
    stale = Mark(WHOLE, T0, was_down=True)
    mine = Mark(OWN, T0, was_down=True)
    state = seen(
        draft,
        Status.FAILED,
        care={"hold": LASTING, "marks": (stale, mine)},
        sight=Sight(draft.now, draft.now),
    )
    assert holds.mark_progress(draft, state).facts.care.marks == (mine,)
