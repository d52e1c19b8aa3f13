"""The simulator's own face: what it takes, and that nonsense changes nothing."""

from typing import Any

import pytest

from scnet_watchdog.simulator.control import Control
from scnet_watchdog.simulator.manners import Manners
from scnet_watchdog.simulator.platform import Platform, fleet
from simulator_support import SERVICE, START, Wire, first


async def test_state_shows_statuses_counts_and_what_limits_them(wire: Wire) -> None:
    await wire.tell("capacity", capacity=7)
    await wire.tell("status", id="Instances_000000", status="Failed")
    state = await wire.ask("GET", "/_sim/state")
    assert state["counts"] == {"Failed": 1, "Running": 4}
    assert (state["now"], state["capacity"], state["account"]) == (START, 7, "Trial")
    assert state["instances"][first(wire)] == {
        "name": "Instances_000000",
        "status": "Failed",
        "runs": 1,
    }


async def test_a_status_can_be_set_for_one_for_several_and_for_all(wire: Wire) -> None:
    ids = list(wire.platform.instances)
    await wire.tell("status", ids=ids[:2], status="Failed")
    assert wire.platform.counts(START) == {"Failed": 2, "Running": 3}
    await wire.tell("status", all=True, status="Shutting")
    assert wire.platform.counts(START) == {"Shutting": 5}


async def test_totals_count_every_call_by_endpoint_and_answer(wire: Wire) -> None:
    await wire.listed()
    await wire.listed(token="old")
    await wire.restart(first(wire))
    assert (await wire.ask("GET", "/_sim/totals"))["totals"] == {
        "list": {"0": 1, "10008": 1},
        "restart": {"716868": 1},
    }
    calls = (await wire.ask("GET", "/_sim/calls"))["calls"]
    assert [call["endpoint"] for call in calls] == ["list", "list", "restart"]
    assert len((await wire.ask("GET", "/_sim/restarts"))["calls"]) == 1


async def test_faults_can_be_seen_and_dropped(wire: Wire) -> None:
    await wire.tell("fault", endpoint="restart", instance="Instances_000000", code="716868")
    (fault,) = (await wire.ask("GET", "/_sim/faults"))["faults"]
    assert (fault["instance"], fault["code"]) == (first(wire), "716868")
    await wire.tell("clear")
    assert (await wire.ask("GET", "/_sim/faults"))["faults"] == []


async def test_a_habit_can_be_given_to_a_running_instance(wire: Wire) -> None:
    await wire.tell("instance", id=first(wire), dies_after=300)
    # Counted from now, though it runs since moment 0.
    assert wire.platform.counts(START + 299) == {"Running": 5}
    assert wire.platform.counts(START + 300) == {"Failed": 1, "Running": 4}


async def test_capacity_counts_from_the_moment_it_is_given(wire: Wire) -> None:
    await wire.tell("capacity", capacity=0)
    await wire.tell("status", id=first(wire), status="Failed")
    assert (await wire.restart(first(wire)))["code"] == "0"
    wire.now = START + 500
    await wire.tell("capacity", capacity=None)
    assert wire.platform.instances[first(wire)].since == START + 500


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("status", {"id": "none", "status": "Failed"}),
        ("status", {"status": "Failed"}),
        ("status", {"all": True}),
        ("status", {"all": True, "status": "Failed", "whom": 1}),
        ("status", {"ids": "all", "status": "Failed"}),
        ("instance", {"all": True, "refuses": "often"}),
        ("instance", {"all": True, "since": 5}),
        ("instance", {"all": True, "dies_after": True}),
        ("add", {"id": "Instances_000000", "status": "Failed", "since": 3}),
        ("add", {}),
        ("remove", {"id": "none"}),
        ("fault", {"endpoint": "lists"}),
        ("fault", {"endpont": "list"}),
        ("fault", {"body": "poem"}),
        ("fault", {"reset": "sometimes"}),
        ("fault", {"times": 0}),
        ("fault", {"instance": "none"}),
        ("fault", {"for": "long"}),
        ("fault", {"in": -1}),
        ("account", {"status": "rich"}),
        ("account", {"token_life": "1h"}),
        ("region", {"name": "without an id"}),
        ("region", {"id": "20091", "gateway": 5}),
        ("capacity", {"capacity": "much"}),
        ("manners", {"lag": 5, "lagg": 1}),
        ("manners", {"lag": 5, "shape": "data.rows"}),
        ("manners", {"lag": 5, "variants": ["tea"]}),
        ("manners", {"lag": "20s"}),
    ],
)
async def test_what_is_not_understood_is_said_and_changes_nothing(
    wire: Wire, name: str, wanted: dict[str, Any]
) -> None:
    answer = await wire.ask("POST", f"/_sim/{name}", wanted)
    assert answer["error"]
    assert wire.platform.counts(START) == {"Running": 5}
    assert wire.platform.manners == Manners()
    assert not wire.platform.faults.active
    assert wire.platform.account.status == "Trial"


@pytest.mark.parametrize("body", [b"[]", b"{", b"[" * 100_000])
async def test_a_body_must_be_an_object(wire: Wire, body: bytes) -> None:
    assert (await wire.raw("POST", "/_sim/clear", body)).startswith(b"HTTP/1.1 400")


async def test_an_unknown_path_names_the_known_ones(wire: Wire) -> None:
    answer = await wire.ask("GET", "/_sim/nothing")
    assert "state" in answer["error"]
    assert "fault" in answer["error"]


async def test_an_instance_cannot_be_added_twice(wire: Wire) -> None:
    answer = await wire.ask("POST", "/_sim/add", {"id": first(wire)})
    assert "there already" in answer["error"]


def test_a_step_that_is_not_known_is_refused_by_name() -> None:
    control = Control(Platform(), lambda: 0.0)
    with pytest.raises(ValueError, match="no such thing: dance"):
        control.post("dance", {})


def test_a_large_fleet_is_counted_whole_and_shown_in_part() -> None:
    platform = Platform()
    platform.add(fleet(1500))
    state = Control(platform, lambda: 0.0)._state()
    assert state["counts"] == {"Running": 1500}
    assert len(state["instances"]) == 1000


async def test_the_control_face_is_not_in_the_ledger(wire: Wire) -> None:
    await wire.ask("GET", "/_sim/state")
    assert not wire.platform.calls
    assert (await wire.raw("GET", f"{SERVICE}/nowhere")).startswith(b"HTTP/1.1 404")
