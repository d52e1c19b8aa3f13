"""Storms: when they begin, what they count, how long they last. Semantics 4."""

from dataclasses import replace

from builders import HOUR, KEY, MINUTE, SECOND, T0, World, ids, member, roster
from center_support import EAGER, INVALID, START_FAILURE, STEADY, answers, at, center, heals
from scnet_watchdog.core import ramp
from scnet_watchdog.core.command import PlaceHold, Release, Scope, ScopeKind
from scnet_watchdog.core.decision import Reason
from scnet_watchdog.core.draft import Draft
from scnet_watchdog.core.event import EventKind
from scnet_watchdog.core.inputs import Situation
from scnet_watchdog.core.model import InstanceId, Page, Status
from scnet_watchdog.core.policy import Limits, Mode, StormPolicy

WIDE = Limits(max_in_flight=50, restarts_per_hour=1000)
SHADOW = replace(STEADY, mode=Mode.SHADOW)
WATCH = replace(STEADY, mode=Mode.WATCH)


def fleet(n: int = 10) -> World:
    """All run; polls at 0, 30 and 60 s are over."""
    world = World(n, STEADY, WIDE)
    world.run(61 * SECOND)
    return world


def one_by_one(world: World, which: list[InstanceId]) -> None:
    """One fails every ninety seconds, and comes back when called: no two at once."""
    heals(world)
    for id_ in which:
        world.show(Status.FAILED, id_)
        world.run(90 * SECOND)


def test_half_of_a_center_turning_restartable_begins_a_storm_before_any_call() -> None:
    world = fleet(10)
    world.show(Status.FAILED, *ids(5))
    world.run(30 * SECOND)
    # Seen at 90 s, unconfirmed: five of ten are half, and five.
    assert at(world, EventKind.STORM_BEGAN) == [90.0]
    assert world.called() == []


def test_less_than_the_share_is_no_storm() -> None:
    world = fleet(11)
    world.show(Status.FAILED, *ids(5))
    world.run(60 * SECOND)
    assert at(world, EventKind.STORM_BEGAN) == []
    assert len(world.called()) == 5


def test_fewer_than_at_least_are_no_storm() -> None:
    world = fleet(4)
    world.show(Status.FAILED)
    world.run(60 * SECOND)
    assert at(world, EventKind.STORM_BEGAN) == []
    assert len(world.called()) == 4


def test_they_may_turn_one_after_another_within_the_window() -> None:
    world = fleet(10)
    one_by_one(world, ids(5))
    # Five within 7:30 minutes, though never two are down at once.
    assert len(at(world, EventKind.STORM_BEGAN)) == 1


def test_further_apart_than_the_window_they_are_no_storm() -> None:
    world = fleet(10)
    heals(world)
    for id_ in ids(5):
        world.show(Status.FAILED, id_)
        world.run(3 * MINUTE)
    # The first turned twelve minutes before the fifth.
    assert at(world, EventKind.STORM_BEGAN) == []


def test_an_instance_counts_once_until_it_is_stable() -> None:
    world = fleet(10)
    heals(world)
    for _ in range(3):
        for id_ in ids(4):
            world.show(Status.FAILED, id_)
        world.run(100 * SECOND)
    # Four flapping instances stay four.
    assert at(world, EventKind.STORM_BEGAN) == []


def test_once_stable_it_counts_again() -> None:
    world = World(8, replace(EAGER, stable_after=20 * SECOND), WIDE)
    heals(world)
    for _ in range(2):
        world.show(Status.FAILED, *ids(3))
        world.run(3 * MINUTE)
    again = [one.instance for one in center(world).turned if one.at > T0 + 2 * MINUTE]
    assert sorted(again) == sorted(ids(3))
    # Both times are within the window: who turned twice is one.
    assert at(world, EventKind.STORM_BEGAN) == []


def test_held_watched_and_rejected_instances_are_not_counted_on_either_side() -> None:
    members = [member(f"a{i}", STEADY if i < 12 else WATCH) for i in range(16)]
    world = World(members, limits=WIDE)
    world.run(61 * SECOND)
    for id_ in ids(12)[10:]:
        world.turn(PlaceHold(Scope(ScopeKind.INSTANCE, id_), "ann"))
    world.show(Status.FAILED, *ids(16)[8:])
    world.run(30 * SECOND)
    # Down: a8, a9, the held a10, a11, the watched a12 to a15. Only two count.
    assert at(world, EventKind.STORM_BEGAN) == []
    assert len(center(world).turned) == 2
    world.show(Status.FAILED, *ids(8)[5:])
    world.run(30 * SECOND)
    # a5 to a9 are five of the ten that are neither held nor watched.
    assert len(at(world, EventKind.STORM_BEGAN)) == 1


def test_a_rejected_instance_is_not_counted_among_the_eligible() -> None:
    world = World(11, STEADY, WIDE)
    world.show(Status.FAILED, "a10")
    world.answer = answers(INVALID)
    world.run(15 * MINUTE)
    world.show(Status.FAILED, *ids(5))
    world.run(30 * SECOND)
    # Five of ten, since a10 is rejected; with it five of eleven were less than half.
    assert world.told(EventKind.STORM_BEGAN)[0].fields["eligible"] == 10


def test_who_was_restartable_in_the_stored_state_has_not_turned() -> None:
    world = World(10, STEADY, WIDE, start=Status.FAILED)
    world.answer = answers(START_FAILURE)
    world.run(5 * MINUTE)
    world.run(20 * MINUTE)
    world.restart_daemon(11 * MINUTE)
    world.events.clear()
    world.run(5 * SECOND)
    # All ten turned at 0 s, and nobody since.
    assert all(world.fleet.instances[id_].facts.care.turned for id_ in ids(10))
    assert center(world).turned == ()
    assert at(world, EventKind.STORM_BEGAN) == []


def test_who_is_seen_for_the_first_time_down_has_turned() -> None:
    world = World(5, STEADY, WIDE, start=Status.FAILED)
    world.run(SECOND)
    assert at(world, EventKind.STORM_BEGAN) == [0.0]


def test_released_instances_have_turned() -> None:
    world = fleet(6)
    everyone = Scope(ScopeKind.FLEET)
    world.turn(PlaceHold(everyone, "ann"))
    world.show(Status.FAILED)
    world.run(5 * MINUTE)
    assert at(world, EventKind.STORM_BEGAN) == []
    world.turn(Release(everyone, "ann"))
    # In the same turn, before the first call: one canary.
    assert len(at(world, EventKind.STORM_BEGAN)) == 1
    assert len(world.called()) <= 1


def test_instances_that_a_hold_sets_free_by_time_have_turned() -> None:
    world = fleet(6)
    world.turn(PlaceHold(Scope(ScopeKind.CENTER, "kunshan"), "ann", 5 * MINUTE))
    world.show(Status.FAILED)
    world.run(6 * MINUTE)
    # Placed at 61 s: over at 361 s.
    assert at(world, EventKind.STORM_BEGAN) == [361.0]
    assert len(world.called()) == 1


def test_a_single_hold_that_is_over_counts_too() -> None:
    world = fleet(6)
    for id_ in ids(6):
        world.turn(PlaceHold(Scope(ScopeKind.INSTANCE, id_), "ann", 5 * MINUTE))
    world.show(Status.FAILED)
    world.run(6 * MINUTE)
    assert at(world, EventKind.STORM_BEGAN) == [361.0]
    assert len(world.called()) == 1


def test_instances_that_a_reload_arms_have_turned() -> None:
    world = World(6, SHADOW, WIDE, start=Status.FAILED)
    world.run(5 * MINUTE)
    world.reload(roster([member(id_, STEADY) for id_ in ids(6)], WIDE))
    assert len(at(world, EventKind.STORM_BEGAN)) == 1
    assert len(world.called()) <= 1


def test_a_start_without_shadow_after_one_with_it_begins_with_a_canary() -> None:
    world = World(10, STEADY, WIDE, start=Status.STOPPED)
    world.situation["shadow"] = True
    world.run(5 * MINUTE)
    world.situation["shadow"] = False
    world.restart_daemon()
    world.run(MINUTE)
    # All ten stood stopped in the stored state; they became eligible now.
    assert len(at(world, EventKind.STORM_BEGAN)) == 1
    assert len(world.called()) == 1


def test_shadow_instances_are_not_counted_to_a_storm() -> None:
    world = World(10, SHADOW, WIDE, start=Status.FAILED)
    world.run(5 * MINUTE)
    assert at(world, EventKind.STORM_BEGAN) == []


def test_it_lasts_until_nobody_confirms_or_waits_at_a_gate_and_forgets_what_was_counted() -> None:
    world = fleet(10)
    heals(world)
    world.show(Status.FAILED, *ids(6))
    world.run(5 * MINUTE)
    # Calls at 120, 130 (two) and 140 s (three): then nobody waits any more.
    assert world.called() == [120.0, 130.0, 130.0, 140.0, 140.0, 140.0]
    assert at(world, EventKind.STORM_ENDED) == [140.0]
    assert center(world).turned == ()
    assert center(world).ramp is None


def test_who_goes_blind_meanwhile_still_counts_as_waiting() -> None:
    world = fleet(10)
    world.show(Status.FAILED, *ids(6))
    world.run(40 * SECOND)
    world.polling = False
    world.run(HOUR)
    assert world.reason("a5") is Reason.SOURCE_BLIND
    assert center(world).storm is not None


def test_it_outlasts_a_drain_and_a_restart_of_the_daemon() -> None:
    world = fleet(10)
    world.show(Status.FAILED, *ids(6))
    world.run(40 * SECOND)
    world.situation["draining"] = True
    world.run(20 * SECOND)
    assert center(world).storm is not None
    world.situation["draining"] = False
    world.restart_daemon(MINUTE)
    assert center(world).storm is not None
    world.run(2 * MINUTE)
    assert len(at(world, EventKind.STORM_BEGAN)) == 1
    assert len(world.called()) <= 2


def test_it_outlasts_a_state_that_cannot_be_written() -> None:
    world = fleet(10)
    world.show(Status.FAILED, *ids(6))
    world.run(40 * SECOND)
    world.situation["writable"] = False
    world.run(10 * MINUTE)
    assert center(world).storm is not None
    assert len(world.called()) <= 1


def test_a_storm_cuts_a_ramp_that_had_grown_to_one_place() -> None:
    world = fleet(10)
    ramp.begin(draft := Draft(world.fleet, Situation(world.now)), "kunshan", places=9, passed=4)
    world.fleet.apply(draft.decided())
    world.show(Status.FAILED, *ids(6))
    world.run(MINUTE)
    # Nine free places would have let all six go.
    assert world.called() == [120.0]


def test_the_center_is_what_is_counted_not_the_fleet() -> None:
    members = [
        member(id_, STEADY, center="kunshan" if i < 6 else "wuzhen")
        for i, id_ in enumerate(ids(12))
    ]
    world = World(members, limits=WIDE)
    world.run(61 * SECOND)
    world.show(Status.FAILED, *ids(3), *ids(9)[6:])
    world.run(40 * SECOND)
    # Three of six in each: six of twelve in all, but no center has five.
    assert at(world, EventKind.STORM_BEGAN) == []


def test_the_knobs_are_the_centers() -> None:
    world = World(10, STEADY, replace(WIDE, storm=StormPolicy(0.2, 2, MINUTE)))
    world.run(61 * SECOND)
    world.show(Status.FAILED, *ids(2))
    world.run(30 * SECOND)
    assert world.told(EventKind.STORM_BEGAN)[0].fields["instances"] == 2


def test_a_row_asked_before_the_last_one_does_not_count() -> None:
    world = fleet(5)
    late = Page(KEY, world.now - 31 * SECOND, world.now, dict.fromkeys(ids(5), Status.FAILED))
    world.turn(late)
    assert at(world, EventKind.STORM_BEGAN) == []
