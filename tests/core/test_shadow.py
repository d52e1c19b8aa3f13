"""Shadow mode: decide and tell, never call. Semantics 7."""

from dataclasses import replace
from datetime import timedelta

from builders import HOUR, KEY, MINUTE, SECOND, World, ids, member, roster
from center_support import START_FAILURE, STEADY, answers, at, center
from scnet_watchdog.core.decision import Reason
from scnet_watchdog.core.event import EventKind
from scnet_watchdog.core.model import BlockCause, PollFailed, Status
from scnet_watchdog.core.policy import CenterBreakerPolicy, Cooldown, Limits, Mode, StormPolicy

SHADOW = replace(STEADY, mode=Mode.SHADOW)


def down(n: int = 1, limits: Limits | None = None) -> World:
    """All are down and in shadow mode."""
    return World(n, SHADOW, limits, start=Status.FAILED)


def requests(world: World, id_: str = "a0") -> list[float]:
    """When a call would have gone, in seconds."""
    told = world.told(EventKind.RESTART_REQUESTED, id_)
    assert all(one.fields["shadow"] is True for one in told)
    return at(world, EventKind.RESTART_REQUESTED)


def test_one_request_is_told_when_a_call_would_go_and_the_next_after_a_growing_cooldown() -> None:
    world = down()
    world.run(30 * MINUTE)
    # 30 s, then 60, 120, 240, 480 s later.
    assert requests(world) == [30.0, 90.0, 210.0, 450.0, 930.0]
    assert [e.fields["attempt"] for e in world.told(EventKind.RESTART_REQUESTED)] == [1, 2, 3, 4, 5]
    assert world.called() == []
    assert world.reason() is Reason.SHADOW


def test_running_clears_its_counter() -> None:
    world = down()
    world.run(5 * MINUTE)
    world.show(Status.RUNNING)
    world.run(MINUTE)
    assert world.state().facts.care.shadow is None
    world.show(Status.FAILED)
    world.run(2 * MINUTE)
    assert world.told(EventKind.RESTART_REQUESTED)[-1].fields["attempt"] in (1, 2)
    assert world.told(EventKind.RESTART_REQUESTED)[3].fields["attempt"] == 1


def test_it_touches_no_breaker_budget_rate_slot_or_attempt_row() -> None:
    world = down()
    before = center(world)
    world.run(12 * HOUR)
    assert world.rows == {}
    state = world.state().facts
    assert state.ledger.seq == 0
    assert state.ledger.calls == ()
    assert world.fleet.indexes["kunshan"].calls == []
    assert not world.fleet.indexes["kunshan"].busy
    assert center(world) == before


def test_it_does_not_wait_for_storm_slots_or_rate() -> None:
    world = down(20, Limits(1, 1))
    world.run(40 * SECOND)
    assert at(world, EventKind.RESTART_REQUESTED) == [30.0] * 20


def test_it_does_not_wait_for_the_centers_breaker() -> None:
    trips = Limits(center_breaker=CenterBreakerPolicy(instances=1), storm=StormPolicy(1.0, 99))
    members = [member("a0", STEADY), member("a1", SHADOW)]
    world = World(members, limits=trips)
    world.answer = answers(START_FAILURE)
    world.show(Status.FAILED, "a0")
    world.run(32 * SECOND)
    assert at(world, EventKind.BREAKER_OPENED, "center") == [31.0]
    world.show(Status.FAILED, "a1")
    world.run(60 * SECOND)
    assert len(world.told(EventKind.RESTART_REQUESTED, "a1")) == 1


def test_it_waits_for_a_block_and_for_a_throttle_as_a_call_would() -> None:
    world = down()
    world.run(20 * SECOND)
    world.turn(PollFailed(KEY, world.now, world.now, "no", BlockCause.ARREARS))
    world.run(5 * MINUTE)
    assert world.told(EventKind.RESTART_REQUESTED) == []
    other = down()
    other.run(20 * SECOND)
    wait = timedelta(minutes=2)
    other.turn(PollFailed(KEY, other.now, other.now, "429", throttled=True, retry_after=wait))
    other.run(60 * SECOND)
    assert other.told(EventKind.RESTART_REQUESTED) == []
    other.run(5 * MINUTE)
    assert len(other.told(EventKind.RESTART_REQUESTED)) >= 1


def test_its_counter_is_dropped_when_the_mode_changes() -> None:
    world = down()
    world.run(5 * MINUTE)
    world.reload(roster([member("a0", STEADY)]))
    assert world.state().facts.care.shadow is None
    world.run(MINUTE)
    assert len(world.called()) == 1
    world.reload(roster([member("a0", SHADOW)]))
    assert world.state().facts.care.shadow is None


def test_its_counter_survives_a_restart_of_the_daemon() -> None:
    world = down()
    world.run(5 * MINUTE)
    world.restart_daemon()
    world.run(60 * SECOND)
    assert requests(world) == [30.0, 90.0, 210.0]


def test_the_daemons_own_switch_makes_every_active_instance_a_shadow() -> None:
    world = World(2, STEADY, start=Status.FAILED)
    world.situation["shadow"] = True
    world.run(10 * MINUTE)
    assert world.called() == []
    assert len(world.told(EventKind.RESTART_REQUESTED)) == 2 * 4


def test_its_waits_are_spread_and_a_replay_gives_the_same() -> None:
    jittered = replace(SHADOW, cooldown=Cooldown())
    worlds = [World(3, jittered, start=Status.FAILED) for _ in range(2)]
    for world in worlds:
        world.run(HOUR)
    told = [[(e.at, e.instance) for e in w.told(EventKind.RESTART_REQUESTED)] for w in worlds]
    assert told[0] == told[1]
    second = {e.at for e in worlds[0].told(EventKind.RESTART_REQUESTED) if e.fields["attempt"] == 2}
    assert len(second) == 3


def test_a_state_that_cannot_be_written_does_not_stop_it() -> None:
    world = down()
    world.situation["writable"] = False
    world.run(MINUTE)
    assert requests(world) == [30.0]


def test_who_is_fine_tells_nothing() -> None:
    world = World(3, SHADOW)
    world.run(HOUR)
    assert world.told(EventKind.RESTART_REQUESTED) == []
    assert all(world.state(id_).at_rest for id_ in ids(3))
