"""The fake platform by itself, on moments we pass in: stories of instances."""

import pytest

from scnet_watchdog.simulator.faults import Fault, Faults
from scnet_watchdog.simulator.instance import (
    DEPLOYING,
    FAILED,
    RUNNING,
    TERMINATED,
    WAITING,
    Instance,
)
from scnet_watchdog.simulator.manners import Manners
from scnet_watchdog.simulator.platform import Platform, fleet
from scnet_watchdog.simulator.scenes import story


def platform(*instances: Instance, **options: object) -> Platform:
    made = Platform(**options)  # type: ignore[arg-type]
    made.add(instances or (Instance("a", "one"),))
    return made


def test_a_restart_of_a_stopped_instance_waits_deploys_and_runs() -> None:
    sim = platform(Instance("a", "one", deploy_for=5), manners=Manners(wait=3))
    assert sim.stop("a", 10) == "0"
    assert sim.restart("a", 20) == ("0", "a", True)
    one = sim.instances["a"]

    def at(moment: float) -> str:
        sim.advance(moment)
        return one.at(moment)

    # Restarted at 20, waits 3 s, deploys 5 s.
    assert [at(t) for t in (20, 22.9, 23, 27.9, 28)] == [
        WAITING,
        WAITING,
        DEPLOYING,
        DEPLOYING,
        RUNNING,
    ]
    assert one.runs == 2


def test_a_restart_of_a_running_instance_is_refused() -> None:
    sim = platform()
    assert sim.restart("a", 1)[0] == "716868"


def test_a_lack_of_capacity_is_no_error_it_waits() -> None:
    sim = platform(Instance("a", "one", deploy_for=1), Instance("b", "two", TERMINATED), capacity=1)
    assert sim.restart("b", 1)[0] == "0"
    sim.advance(100)
    assert sim.instances["b"].at(100) == WAITING
    sim.stop("a", 101)
    sim.advance(102)
    assert sim.instances["b"].at(200) == RUNNING


def test_an_instance_can_die_some_time_after_every_start() -> None:
    sim = platform(Instance("a", "one", TERMINATED, deploy_for=1, dies_after=300))
    for start in (0.0, 1000.0):
        sim.restart("a", start)
        assert sim.instances["a"].at(start + 300.9) == RUNNING
        assert sim.instances["a"].at(start + 301) == FAILED


def test_a_time_limit_ends_as_terminated() -> None:
    sim = platform(Instance("a", "one", TERMINATED, deploy_for=1, time_limit=60))
    sim.restart("a", 0)
    assert sim.instances["a"].at(61) == TERMINATED


def test_starts_can_be_refused_a_number_of_times() -> None:
    sim = platform(Instance("a", "one", FAILED, refuses=2))
    assert [sim.restart("a", t)[0] for t in (1, 2, 3)] == ["716868", "716868", "0"]


def test_a_list_that_lags_shows_what_was() -> None:
    one = Instance("a", "one")
    one.become(TERMINATED, 100)
    assert one.shown(110, lag=20) == RUNNING
    assert one.shown(121, lag=20) == TERMINATED
    assert one.at(110) == TERMINATED


def test_a_restart_may_answer_with_another_id() -> None:
    sim = platform(Instance("a", "one", FAILED), manners=Manners(returns="other"))
    answered = sim.restart("a", 1)
    assert answered.code == "0"
    assert answered.data not in (None, "a")


def test_the_same_seed_makes_the_same_fleet_and_the_same_story() -> None:
    assert [one.id for one in fleet(5, 7)] == [one.id for one in fleet(5, 7)]
    assert [one.id for one in fleet(5, 7)] != [one.id for one in fleet(5, 8)]
    assert list(story(3).platform.instances) == list(story(3).platform.instances)


def test_a_quiet_fleet_of_twenty_thousand_is_made_without_work_per_moment() -> None:
    sim = Platform()
    sim.add(fleet(20_000))
    assert sim.counts(1e6) == {RUNNING: 20_000}


def test_a_fault_meets_as_many_requests_as_it_says() -> None:
    faults = Faults(Platform().random)
    faults.active.append(Fault("restart", "a", times=2, code="10001"))
    assert faults.meet("list", None, 0) is None
    assert faults.meet("restart", "b", 0) is None
    met = [faults.meet("restart", "a", 0) is not None for _ in range(3)]
    assert met == [True, True, False]


def test_a_fault_ends_with_its_time() -> None:
    faults = Faults(Platform().random)
    faults.active.append(Fault(until=10, http=503))
    assert faults.meet("list", None, 9) is not None
    assert faults.meet("list", None, 11) is None


def test_a_share_of_requests_is_met_by_the_seed() -> None:
    def met(seed: int) -> list[bool]:
        faults = Faults(Platform(seed=seed).random)
        faults.active.append(Fault(chance=0.5, code="10001"))
        return [faults.meet("list", None, 0) is not None for _ in range(50)]

    assert met(1) == met(1)
    assert 10 < sum(met(1)) < 40


@pytest.mark.parametrize("wanted", [{"endpont": "list"}, {"endpoint": "lists"}, {"body": "poem"}])
def test_a_fault_that_means_nothing_is_refused(wanted: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"unknown|must be"):
        Fault.read(wanted)
