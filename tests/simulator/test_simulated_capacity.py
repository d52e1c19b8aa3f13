"""Waiting, room and time: what happens happens at its own moment, however late somebody looks."""

import pytest

from scnet_watchdog.simulator.instance import (
    COMPLETED,
    DEPLOYING,
    FAILED,
    RESTARTING,
    RUNNING,
    SHUTTING,
    TERMINATED,
    WAITING,
    Instance,
)
from scnet_watchdog.simulator.manners import Manners
from scnet_watchdog.simulator.platform import Platform, fleet


def platform(
    *instances: Instance, manners: Manners | None = None, capacity: int | None = None
) -> Platform:
    made = Platform(manners=manners or Manners(), capacity=capacity)
    made.add(instances)
    return made


def test_room_that_comes_free_is_taken_at_that_moment_and_not_before() -> None:
    sim = platform(
        Instance("a", "one", dies_after=100, deploy_for=1),
        Instance("b", "two", TERMINATED, deploy_for=10),
        capacity=1,
    )
    assert sim.restart("b", 5).code == "0"
    # a dies at 100, b deploys for 10 s from then on; nobody looks until 500.
    sim.advance(500)
    b = sim.instances["b"]
    assert [b.at(t) for t in (99, 100, 109, 110)] == [WAITING, DEPLOYING, DEPLOYING, RUNNING]


def test_who_waited_first_deploys_first() -> None:
    sim = platform(*(Instance(id_, id_, FAILED, deploy_for=1) for id_ in "abc"), capacity=0)
    for moment, id_ in enumerate("cab"):
        sim.restart(id_, moment)
    sim.capacity = 2
    sim.advance(50)
    assert [sim.instances[id_].at(50) for id_ in "cab"] == [DEPLOYING, DEPLOYING, WAITING]


def test_a_drought_keeps_accepting_and_nothing_starts() -> None:
    sim = platform(*(Instance(id_, id_, FAILED) for id_ in "abc"), capacity=0)
    assert {sim.restart(id_, 1).code for id_ in "abc"} == {"0"}
    assert sim.counts(1e6) == {WAITING: 3}


def test_a_waiting_instance_can_be_stopped_and_then_takes_no_room() -> None:
    sim = platform(Instance("a", "one", FAILED), capacity=0)
    sim.restart("a", 1)
    assert sim.stop("a", 2) == "0"
    sim.capacity = 1
    assert sim.counts(100) == {TERMINATED: 1}
    # Restarted while the room is free again, it is started by this call and not by the old one.
    sim.restart("a", 200)
    assert sim.instances["a"].since == 200


def test_a_wait_begins_anew_with_every_restart() -> None:
    sim = platform(Instance("a", "one", FAILED, wait_for=10, deploy_for=5))
    sim.restart("a", 0)
    sim.stop("a", 5)
    sim.restart("a", 6)
    # The first wait would have been over at 10; the second is at 16.
    sim.advance(30)
    assert [sim.instances["a"].at(t) for t in (15, 16, 21)] == [WAITING, DEPLOYING, RUNNING]


def test_an_instance_may_wait_longer_than_the_platform_says() -> None:
    sim = platform(
        Instance("a", "one", FAILED, wait_for=60),
        Instance("b", "two", FAILED),
        manners=Manners(wait=5),
    )
    sim.restart("a", 0)
    sim.restart("b", 0)
    sim.advance(6)
    assert [sim.instances[id_].at(6) for id_ in "ab"] == [WAITING, DEPLOYING]


def test_a_start_can_be_accepted_and_fail_while_deploying() -> None:
    sim = platform(Instance("a", "one", FAILED, breaks=1, deploy_for=5))
    for start in (0, 100):
        assert sim.restart("a", start).acted
        sim.advance(start + 50)
    # The first one breaks when its 5 s are over, the second one runs.
    assert [sim.instances["a"].at(t) for t in (4, 5, 104, 105)] == [
        DEPLOYING,
        FAILED,
        DEPLOYING,
        RUNNING,
    ]


def test_undocumented_statuses_can_lie_on_the_way() -> None:
    sim = platform(Instance("a", "one", deploy_for=5), manners=Manners(booting=3, shutting=4))
    sim.stop("a", 10)
    sim.restart("a", 20)
    sim.advance(100)
    moments = (10, 13, 14, 20, 22, 23, 28)
    # Shutting from 10 to 14, Restarting from 20 to 23, then 5 s of deploying.
    assert [sim.instances["a"].at(t) for t in moments] == [
        SHUTTING,
        SHUTTING,
        TERMINATED,
        RESTARTING,
        RESTARTING,
        DEPLOYING,
        RUNNING,
    ]


def test_an_instance_that_moves_is_found_under_its_new_id_alone() -> None:
    sim = platform(Instance("a", "one", FAILED), manners=Manners(returns="moved"))
    answered = sim.restart("a", 1)
    assert list(sim.instances) == [answered.data]
    assert sim.find("one").at(100) == RUNNING
    assert sim.restart("a", 200).code == "716020"


@pytest.mark.parametrize("status", [RUNNING, WAITING, DEPLOYING, "Shutting"])
def test_what_is_not_down_is_not_started_whatever_is_answered(status: str) -> None:
    sim = platform(Instance("a", "one", status), manners=Manners(restart_running="0"), capacity=0)
    assert sim.restart("a", 0) == ("0", None, False)
    assert sim.instances["a"].runs == 1


@pytest.mark.parametrize("status", [TERMINATED, FAILED, COMPLETED, "stopped", "FAILED"])
def test_what_is_down_can_be_started_however_it_is_spelled(status: str) -> None:
    sim = platform(Instance("a", "one", status))
    assert sim.restart("a", 0).acted


@pytest.mark.parametrize("status", ["Owe", "Disable", "null", "frozen"])
def test_a_stopped_account_starts_nothing(status: str) -> None:
    sim = platform(Instance("a", "one", FAILED))
    sim.account.status = status
    assert sim.restart("a", 0) == ("10007", None, False)


def test_changed_habits_count_from_now_on() -> None:
    sim = platform(Instance("a", "one"))
    one = sim.instances["a"]
    one.dies_after = 60
    sim.replan(one, 1000)
    assert sim.counts(1059) == {RUNNING: 1}
    assert sim.counts(1060) == {FAILED: 1}


def test_a_lagging_list_shows_what_was_however_much_happened_since() -> None:
    sim = platform(Instance("a", "one", deploy_for=2))
    sim.stop("a", 10)
    sim.restart("a", 12)
    sim.advance(20)
    one = sim.instances["a"]
    # Running until 10, stopped until 12, deploying until 14; with a lag of 5 s each comes later.
    assert [one.shown(t, 5) for t in (14, 15, 17, 19)] == [
        RUNNING,
        TERMINATED,
        DEPLOYING,
        RUNNING,
    ]


def test_only_what_is_due_is_touched_in_a_fleet_of_a_hundred_thousand() -> None:
    sim = Platform()
    sim.add(fleet(100_000))
    ids = list(sim.instances)
    for n, id_ in enumerate(ids[:3]):
        sim.set_status(id_, FAILED, n)
        sim.restart(id_, n)
    # Nobody but these three has anything to come.
    assert len(sim._due) == 3
    assert sim.counts(1000) == {RUNNING: 100_000}
    assert len(sim._due) == 0


def test_twenty_thousand_that_fail_and_are_restarted_come_back_in_their_order() -> None:
    sim = Platform(capacity=100)
    sim.add(fleet(20_000, deploy_for=1))
    for id_, one in sim.instances.items():
        one.dies_after = None
        sim.set_status(id_, FAILED, 0)
    for id_ in sim.instances:
        sim.restart(id_, 1)
    # Room for 100; the others wait, and each that is stopped lets the next one in.
    assert sim.counts(10) == {RUNNING: 100, WAITING: 19_900}
    for id_ in list(sim.instances)[:50]:
        sim.stop(id_, 20)
    assert sim.counts(30) == {RUNNING: 100, WAITING: 19_850, TERMINATED: 50}
    assert sim.instances[list(sim.instances)[149]].at(30) == RUNNING
