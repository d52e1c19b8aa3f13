"""The first look, `explain`'s numbers, one change after another, wakes. Semantics 1, 2 and 6."""

from dataclasses import replace

import pytest

from builders import CENTER, HOUR, KEY, MINUTE, SECOND, T0
from mutants_support import A0, center_of, draft_of, episode, polled, put_center, seen, view, watch
from scnet_watchdog.core import judge
from scnet_watchdog.core.center import CenterBreaker, CenterState, Ramp
from scnet_watchdog.core.change import Change, StoredInstance
from scnet_watchdog.core.command import Hold, Scope, ScopeKind
from scnet_watchdog.core.decision import Decision, Reason
from scnet_watchdog.core.draft import Draft
from scnet_watchdog.core.episode import end_episode
from scnet_watchdog.core.event import LEVELS, Event, EventKind, Level
from scnet_watchdog.core.explain import explain
from scnet_watchdog.core.firstlook import first_look
from scnet_watchdog.core.inputs import Situation
from scnet_watchdog.core.model import InstanceId, SourceKey, Status
from scnet_watchdog.core.numbers import passed
from scnet_watchdog.core.outcome import OutcomeKind
from scnet_watchdog.core.pace import next_poll_at
from scnet_watchdog.core.policy import (
    BreakerPolicy,
    Budget,
    CenterBreakerPolicy,
    Confirm,
    Cooldown,
    Limits,
    Mode,
    Pace,
    Policy,
    StormPolicy,
    UnknownOutcome,
    WaitingAlarm,
)
from scnet_watchdog.core.state import BreakerState, Facts, Row, Sight

A1 = InstanceId("a1")
FLEET = Scope(ScopeKind.FLEET)


# The first look.


def test_a_first_look_is_about_its_source_and_tells_the_first_restart() -> None:
    draft = polled(3, at=SECOND)
    other = SourceKey("flags", CENTER)
    draft.fleet.sources[other] = draft.fleet.sources[KEY]
    for id_ in ("a0", "a1", "a2"):
        seen(draft, Status.FAILED, id_)
    draft.own_index(CENTER).due |= {A0: T0 + HOUR, A1: T0 + MINUTE}
    first_look(draft, other)
    first_look(draft, KEY)
    nobody, look = draft.events
    assert nobody.fields == {
        "source": "flags",
        "instances": 0,
        "counts": {},
        "down": 0,
        "restarts": [],
    }
    assert (nobody.center, nobody.level) == (CENTER, Level.INFO)
    assert (look.center, look.level) == (CENTER, Level.WARNING)
    assert look.fields["restarts"] == [A0, A1]
    assert look.fields["next_at"] == T0 + MINUTE


# Explain.


def explained(draft: Draft, free: dict[str, int]) -> Decision:
    """The answer for a0 with so many free connections."""
    draft.fleet.apply(draft.decided())
    return explain(draft.fleet, A0, Situation(draft.now, free=free)).decision


def ready(after: int) -> Draft:
    """a0 is confirmed by a read at 60 s; the moment is so many seconds later."""
    draft = polled(at=MINUTE + after * SECOND)
    row = Row(3, T0, T0 + MINUTE)
    sight = Sight(T0 + MINUTE, T0 + MINUTE, row, row)
    seen(draft, Status.FAILED, sight=sight, care={"episode": episode()})
    return draft


def test_a_center_without_a_free_connection_is_busy() -> None:
    assert explained(ready(1), {CENTER: 1}).reason is Reason.FAILED
    left_out = explained(ready(1), {})
    assert left_out.reason is Reason.CENTER_BUSY
    assert left_out == explained(ready(1), {CENTER: 0})


@pytest.mark.parametrize(("after", "again"), [(30, False), (31, True)])
def test_who_was_seen_too_long_ago_is_looked_at_again_first(after: int, again: bool) -> None:
    # One interval is 30 s.
    looking = Decision(Reason.CONFIRMING, None, {"looking": "again"})
    assert explained(ready(after), {CENTER: 6}) == (looking if again else Decision(Reason.FAILED))


def test_the_reads_of_one_who_is_not_restartable_are_none() -> None:
    draft = polled(at=SECOND)
    seen(draft, Status.RUNNING)
    assert passed(Reason.CONFIRMING, view(draft)) == {"reads": 0, "of": 2}
    assert passed(Reason.CONFIRMING, view(ready(1))) == {"reads": 3, "of": 2}


# One change after another.


def test_of_two_changes_the_later_wins_and_nothing_told_is_lost() -> None:
    def change(n: int) -> Change:
        row = watch().attempt
        return Change(
            {A0: StoredInstance(A0, CENTER, Facts(label=str(n)))},
            {CENTER: CenterState(CENTER, ramp=Ramp(T0, n))},
            {FLEET: Hold(FLEET, T0 + n * SECOND)},
            (replace(row, number=n), replace(row, seq=n + 10)),
            (replace(row, seq=n + 20),),
            (Event(EventKind.STATE_CREATED, T0 + n * SECOND),),
            (n,),
        )

    one, two = change(1), change(2)
    rows = (two.attempts[0], one.attempts[1], two.attempts[1])
    assert one.then(two) == Change(
        two.instances,
        two.centers,
        two.holds,
        rows,
        two.wanted,
        one.events + two.events,
        (1, 2),
    )


# How loud, and the defaults.


def test_how_loud_each_event_is() -> None:
    loud = {
        Level.ERROR: "config.rejected center.blocked state.failed breaker.opened source.blind",
        Level.WARNING: "config.deprecated source.failed status.unrecognised clock.stepped "
        "instance.missing restart.refused restart.unknown restart.not_sent restart.did_not_help "
        "restart.relapsed restart.stuck_waiting center.throttled storm.began budget.spent "
        "state.created notification.failed",
    }
    expected = {kind: level for level, names in loud.items() for kind in names.split()}
    assert {str(kind): level for kind, level in LEVELS.items()} == {
        str(kind): expected.get(str(kind), Level.INFO) for kind in EventKind
    }
    assert Event(EventKind.STATE_FAILED, T0).loudness is Level.ERROR
    assert Event(EventKind.STATE_FAILED, T0, level=Level.DEBUG).loudness is Level.DEBUG


def test_the_knobs_nobody_sets_are_those_of_the_reference() -> None:
    assert Policy() == Policy(
        Mode.ACTIVE,
        frozenset({Status.STOPPED, Status.FAILED}),
        Confirm(2, 30 * SECOND),
        Cooldown(60 * SECOND, 2.0, 900 * SECOND, 0.25),
        BreakerPolicy(frozenset({"716868"}), 3, 1800 * SECOND, 2.0, 6 * HOUR),
        600 * SECOND,
        UnknownOutcome(120 * SECOND, 3),
        WaitingAlarm(600 * SECOND, 3600 * SECOND),
        600 * SECOND,
        Budget(10, 24 * HOUR, 3600 * SECOND),
    )
    assert Limits() == Limits(
        None,
        None,
        CenterBreakerPolicy(3, 600 * SECOND, 5, 60 * SECOND, 2.0, 600 * SECOND),
        StormPolicy(0.5, 5, 600 * SECOND),
        600 * SECOND,
    )
    assert Pace() == Pace(30 * SECOND, 10 * SECOND)
    # A limit that is left out is worked out from the instances of the center.
    assert (Limits().max_in_flight, Limits().restarts_per_hour) == (None, None)


def test_a_source_is_polled_at_its_own_pace() -> None:
    draft = draft_of()
    draft.fleet.roster.paces[KEY.source] = Pace(50 * SECOND, 5 * SECOND)  # type: ignore[index]
    assert next_poll_at(draft.fleet, KEY, draft.situation, T0) == T0 + 50 * SECOND


# Ends.


@pytest.mark.parametrize("status", [Status.RUNNING, Status.FAILED])
@pytest.mark.parametrize("turned", [True, False])
def test_an_episodes_end_lets_only_a_running_one_turn_again(status: Status, turned: bool) -> None:
    draft = polled()
    state = seen(draft, status, care={"episode": episode(), "turned": turned})
    kept = end_episode(draft, state).facts.care.turned
    assert kept is (turned and status is Status.FAILED)


def test_a_start_failure_without_an_episode_begins_one() -> None:
    draft = polled(at=MINUTE)
    state = seen(draft, Status.FAILED, care={"watch": watch()})
    found = judge.start_failure(draft, state, watch()).facts.care.episode
    assert found == replace(episode(failures=1), number=1)


def test_a_canary_without_a_place_that_waits_for_long_opens_no_breaker() -> None:
    draft = polled(at=61 * MINUTE)
    put_center(draft, breaker=CenterBreaker(BreakerState.HALF_OPEN, T0, openings=1))
    one = watch(canary=True, slot=False, left=True, waiting_since=T0, read_at=T0)
    attempt = replace(one.attempt, outcome=OutcomeKind.ACCEPTED, settled_at=T0)
    one = replace(one, attempt=attempt, read_status=Status.WAITING, told=1)
    state = seen(draft, Status.WAITING, care={"watch": one, "episode": episode()})
    judge.by_read(draft, state, Status.WAITING, draft.now)
    assert [event.fields["verdict"] for event in draft.events] == ["stuck_waiting"]
    assert center_of(draft).breaker.state is BreakerState.HALF_OPEN
