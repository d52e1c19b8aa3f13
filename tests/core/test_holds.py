"""Holds and releases: semantics 7."""

from datetime import timedelta

import pytest

from builders import HOUR, MINUTE, SECOND, World, ids, member, roster
from center_support import STEADY, heals
from scnet_watchdog.core.command import PlaceHold, Release, Scope, ScopeKind
from scnet_watchdog.core.decision import Reason
from scnet_watchdog.core.draft import Draft
from scnet_watchdog.core.event import EventKind
from scnet_watchdog.core.holds import hold_of
from scnet_watchdog.core.inputs import Situation
from scnet_watchdog.core.model import InstanceId, Status
from scnet_watchdog.core.outcome import Verdict
from scnet_watchdog.core.recheck import still_allowed

ONE = Scope(ScopeKind.INSTANCE, "a0")
GROUP = Scope(ScopeKind.GROUP, "web")
CENTER = Scope(ScopeKind.CENTER, "kunshan")
FLEET = Scope(ScopeKind.FLEET)


def hold(world: World, scope: Scope = ONE, length: timedelta | None = 4 * HOUR) -> None:
    """Place a hold; without a length one until it runs."""
    world.turn(PlaceHold(scope, "ann", length, until_running=length is None, reason="upgrade"))


def held() -> World:
    """a0 and a1 run; a0 is held from 61 s on, until it runs."""
    world = World(2, STEADY)
    world.run(61 * SECOND)
    hold(world, length=None)
    return world


@pytest.mark.parametrize("scope", [ONE, GROUP, CENTER, FLEET])
def test_a_held_instance_is_left_alone_for_the_time_given_and_no_longer(scope: Scope) -> None:
    world = World([member("a0", STEADY, group="web")], start=Status.FAILED)
    hold(world, scope, 10 * MINUTE)
    world.run(10 * MINUTE - SECOND)
    assert world.called() == []
    assert world.reason() is Reason.HELD
    world.run(5 * SECOND)
    assert world.called() == [600.0]
    assert [e.fields["cause"] for e in world.told(EventKind.HOLD_ENDED)] == ["its time is over"]


def test_a_hold_that_is_over_lets_the_instance_rest() -> None:
    world = World(1, STEADY)
    world.run(SECOND)
    hold(world, ONE, 5 * MINUTE)
    world.run(15 * MINUTE)
    assert world.state().at_rest
    assert len(world.told(EventKind.HOLD_ENDED, "a0")) == 1


def test_a_hold_stops_an_attempt_that_is_not_sent_yet() -> None:
    world = World(1, STEADY, start=Status.FAILED)
    world.run(30 * SECOND)
    attempt = next(iter(world.rows.values()))
    situation = Situation(world.now, free={"kunshan": 6})
    assert still_allowed(world.fleet, attempt, situation, ()) is None
    # Waiting for a turn, or taken already: both stop it.
    assert still_allowed(world.fleet, attempt, situation, (PlaceHold(FLEET, "ann"),)) == "held"
    hold(world)
    assert still_allowed(world.fleet, attempt, Situation(world.now), ()) == "held"


def test_a_call_on_the_wire_ends_and_is_settled_and_judged_under_a_hold() -> None:
    world = World(1, STEADY, start=Status.FAILED)
    heals(world)
    world.run(30 * SECOND)
    hold(world)
    world.run(2 * MINUTE)
    row = next(iter(world.rows.values()))
    assert row.verdict is Verdict.RECOVERED


def test_a_second_hold_replaces_the_first_which_is_told_with_author_end_and_reason() -> None:
    world = World(1, STEADY, start=Status.FAILED)
    world.run(SECOND)
    hold(world, ONE, HOUR)
    end = world.now + HOUR
    world.run(SECOND)
    world.turn(PlaceHold(ONE, "bob", 10 * MINUTE))
    told = world.told(EventKind.HOLD_ENDED)[0]
    assert told.fields["cause"] == "replaced"
    assert (told.fields["author"], told.fields["ends_at"]) == ("ann", end)
    assert told.fields["hold_reason"] == "upgrade"
    world.run(10 * MINUTE + 5 * SECOND)
    assert len(world.called()) == 1


def test_a_hold_on_a_group_also_covers_later_members() -> None:
    world = World([member("a0", STEADY, group="web")])
    world.run(SECOND)
    hold(world, GROUP)
    both = [member("a0", STEADY, group="web"), member("a1", STEADY, group="web")]
    world.reload(roster(both))
    world.show(Status.FAILED)
    world.run(5 * MINUTE)
    assert world.called() == []
    assert world.reason("a1") is Reason.HELD


def test_releasing_a_group_leaves_single_holds_in_force_and_lists_them() -> None:
    world = World([member("a0", STEADY, group="web"), member("a1", STEADY, group="web")])
    world.show(Status.FAILED)
    world.run(SECOND)
    hold(world, ONE)
    hold(world, GROUP)
    world.run(MINUTE)
    world.turn(Release(GROUP, "ann"))
    told = world.told(EventKind.OPERATOR_COMMAND)[-1]
    assert told.fields["still_held"] == ["a0"]
    world.run(MINUTE)
    assert world.called("a0") == []
    assert len(world.called("a1")) == 1


def test_releasing_everything_ends_single_holds_too() -> None:
    world = World(2, STEADY, start=Status.FAILED)
    world.run(SECOND)
    hold(world, ONE)
    hold(world, FLEET)
    world.run(MINUTE)
    world.turn(Release(FLEET, "ann", every=True))
    world.run(MINUTE)
    assert len(world.called()) == 2


def test_the_nearest_hold_is_the_one_that_is_told() -> None:
    world = World(1, STEADY, start=Status.FAILED)
    world.run(SECOND)
    hold(world, FLEET, HOUR)
    hold(world, ONE, 2 * HOUR)
    found = hold_of(Draft(world.fleet, Situation(world.now)), InstanceId("a0"))
    assert found is not None
    assert found.scope == ONE
    world.run(HOUR + MINUTE)
    # The fleet's is over, its own is not.
    assert world.reason() is Reason.HELD


def test_a_hold_of_whom_nobody_watches_is_refused_and_journalled() -> None:
    world = World(1, STEADY)
    other = Scope(ScopeKind.INSTANCE, "zz")
    world.turn(PlaceHold(other, "ann", row=7))
    world.turn(Release(other, "ann", row=8))
    told = world.told(EventKind.OPERATOR_COMMAND)
    assert [e.fields["refused"] for e in told] == ["not watched", "not watched"]
    assert world.told(EventKind.HOLD_PLACED) == []


def test_a_release_without_a_hold_only_tells_the_command() -> None:
    world = World(1, STEADY)
    world.run(SECOND)
    world.turn(Release(ONE, "ann"))
    assert world.told(EventKind.HOLD_ENDED) == []
    assert len(world.told(EventKind.OPERATOR_COMMAND)) == 1


@pytest.mark.parametrize("scope", [ONE, GROUP, CENTER, FLEET])
def test_holds_survive_a_restart_of_the_daemon(scope: Scope) -> None:
    world = World([member("a0", STEADY, group="web")], start=Status.FAILED)
    world.run(SECOND)
    hold(world, scope, HOUR)
    world.restart_daemon(MINUTE)
    world.run(50 * MINUTE)
    assert world.called() == []
    world.run(9 * MINUTE)
    # Placed at 1 s: over at 3601 s, not an hour after the restart.
    assert world.called() == [3601.0]


# Until running.


def test_it_lasts_without_limit_until_a_person_has_started_it() -> None:
    world = held()
    world.show(Status.STOPPED, "a0")
    world.run(40 * HOUR)
    assert world.called() == []
    world.show(Status.RUNNING, "a0")
    world.run(MINUTE)
    told = world.told(EventKind.HOLD_ENDED, "a0")
    assert [e.fields["cause"] for e in told] == ["running again"]
    world.run(11 * MINUTE)
    assert world.state().at_rest
    world.show(Status.FAILED, "a0")
    world.run(2 * MINUTE)
    assert len(world.called()) == 1


@pytest.mark.parametrize(
    ("between", "ends"),
    [
        (Status.STOPPED, True),
        (Status.COMPLETED, True),
        (Status.WAITING, True),
        (Status.DEPLOYING, True),
        (Status.UNKNOWN, False),
        (Status.MISSING, False),
    ],
)
def test_only_a_read_that_shows_it_not_running_counts(between: Status, ends: bool) -> None:
    world = held()
    world.show(between, "a0")
    world.run(MINUTE)
    world.show(Status.RUNNING, "a0")
    world.run(MINUTE)
    assert bool(world.told(EventKind.HOLD_ENDED)) is ends


def test_blindness_does_not_count() -> None:
    world = held()
    world.polling = False
    world.run(HOUR)
    world.polling = True
    world.run(MINUTE)
    assert world.told(EventKind.HOLD_ENDED) == []


def test_reads_begun_before_the_hold_do_not_count() -> None:
    world = World(1, STEADY)
    world.run(31 * SECOND)
    world.show(Status.STOPPED)
    hold(world, length=None)
    # Asked at 31 s, the very moment of the hold, it shows stopped; then it runs.
    world.poll(asked_at=world.now)
    world.show(Status.RUNNING)
    world.run(5 * MINUTE)
    assert world.told(EventKind.HOLD_ENDED) == []


def test_a_running_brought_by_an_attempt_under_way_ends_nothing() -> None:
    world = World(1, STEADY, start=Status.FAILED)
    world.run(32 * SECOND)
    hold(world, length=None)
    world.run(30 * SECOND)
    world.show(Status.RUNNING)
    world.run(20 * MINUTE)
    assert world.told(EventKind.HOLD_ENDED) == []
    # Stopped and started by a person after that, it ends.
    world.show(Status.STOPPED)
    world.run(MINUTE)
    world.show(Status.RUNNING)
    world.run(MINUTE)
    assert len(world.told(EventKind.HOLD_ENDED)) == 1


def test_for_a_fleet_it_ends_for_each_member_by_itself() -> None:
    world = World(2, STEADY)
    world.run(SECOND)
    hold(world, FLEET, None)
    world.show(Status.STOPPED)
    world.run(MINUTE)
    world.show(Status.RUNNING, "a0")
    world.run(MINUTE)
    world.show(Status.STOPPED, "a0")
    world.run(3 * MINUTE)
    assert len(world.called("a0")) == 1
    assert world.called("a1") == []
    assert world.reason("a1") is Reason.HELD


def test_what_was_noted_under_a_hold_goes_with_it_so_that_instances_rest_again() -> None:
    world = World(2, STEADY)
    world.run(SECOND)
    hold(world, FLEET, None)
    world.show(Status.STOPPED, "a0")
    world.run(MINUTE)
    world.show(Status.RUNNING, "a0")
    world.run(MINUTE)
    world.turn(Release(FLEET, "ann"))
    world.run(15 * MINUTE)
    assert all(world.state(id_).at_rest for id_ in ids(2))


def test_a_new_hold_begins_its_notes_anew() -> None:
    world = held()
    world.show(Status.STOPPED, "a0")
    world.run(MINUTE)
    hold(world, length=None)
    world.show(Status.RUNNING, "a0")
    world.run(MINUTE)
    # Stopped was seen under the old hold only.
    assert world.told(EventKind.HOLD_ENDED)[-1].fields["cause"] == "replaced"
    assert world.state(InstanceId("a0")).facts.care.hold is not None
