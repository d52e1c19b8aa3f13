"""Small promises of the values themselves: what is empty, what is open, what is the default."""

from dataclasses import replace

import pytest

from builders import CENTER, HOUR, T0
from mutants_support import A0, watch
from scnet_watchdog.core.center import CenterState, Judged, Ramp
from scnet_watchdog.core.change import Change, Memory, StoredInstance
from scnet_watchdog.core.command import Hold, PlaceHold, Release, Scope, ScopeKind
from scnet_watchdog.core.decision import RESTART_REASONS, Decision, Reason
from scnet_watchdog.core.event import Event, EventKind
from scnet_watchdog.core.outcome import OutcomeKind, Verdict
from scnet_watchdog.core.state import Facts, Rejection

FLEET = Scope(ScopeKind.FLEET)
ROW = watch().attempt
PARTS = (
    Change(instances={A0: StoredInstance(A0, CENTER, Facts())}),
    Change(centers={CENTER: CenterState(CENTER)}),
    Change(holds={FLEET: None}),
    Change(attempts=(ROW,)),
    Change(wanted=(ROW,)),
    Change(events=(Event(EventKind.STATE_CREATED, T0),)),
    Change(taken=(7,)),
)


def test_a_change_is_empty_only_without_any_part() -> None:
    assert Change().empty is True
    assert [part.empty for part in PARTS] == [False] * len(PARTS)


def test_a_hold_lasts_four_hours_where_nothing_else_is_asked() -> None:
    assert PlaceHold(FLEET, "eve").length == 4 * HOUR
    assert Hold(FLEET, T0).ends_at == T0 + 4 * HOUR
    assert not PlaceHold(FLEET, "eve").until_running
    assert not Release(FLEET, "eve").every
    assert not Hold(FLEET, T0).until_running
    assert not Memory().fresh


def test_a_ramp_begins_with_its_canarys_place_and_a_rejection_with_its_first_try() -> None:
    assert Ramp(T0) == Ramp(T0, places=1, passed=0)
    assert Rejection(T0) == Rejection(T0, tries=1)
    # Numbers of attempts begin at one: zero is none of them.
    assert Judged(T0, A0, failed=True).seq == 0


def test_only_the_reasons_of_a_restart_restart() -> None:
    for reason in Reason:
        assert Decision(reason).restarts is (reason in RESTART_REASONS)


@pytest.mark.parametrize("verdict", [None, Verdict.RECOVERED])
@pytest.mark.parametrize("outcome", [None, *OutcomeKind])
def test_only_accepted_and_unknown_await_a_verdict(
    outcome: OutcomeKind | None, verdict: Verdict | None
) -> None:
    attempt = replace(ROW, outcome=outcome, verdict=verdict)
    judged = outcome in (OutcomeKind.ACCEPTED, OutcomeKind.UNKNOWN)
    assert attempt.awaits_verdict is (judged and verdict is None)
