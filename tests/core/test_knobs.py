"""Where each number of a check comes from: the nearest level of the config that says it."""

from dataclasses import fields, is_dataclass, replace
from datetime import timedelta

import pytest

from builders import CENTER, T0, member, roster
from scnet_watchdog.core.assess import LADDER
from scnet_watchdog.core.fleet import Fleet
from scnet_watchdog.core.gates import GATES
from scnet_watchdog.core.knobs import Knob, knobs
from scnet_watchdog.core.model import InstanceId
from scnet_watchdog.core.policy import Limits, Mode, Origins, Pace, Policy, Roster

A0 = InstanceId("a0")
ALONE = roster([member("a0", group="batch")])
LEVELS = {
    "policy": frozenset({"confirm.count", "confirm.over"}),
    "policy of group batch": frozenset({"confirm.count"}),
    "limits": frozenset({"storm.share", "storm.within"}),
    f"limits of center {CENTER}": frozenset({"storm.share"}),
    "policy of group other": frozenset({"mode"}),
}


def told(check: str, found: Roster = ALONE, shadow: bool = False) -> dict[str, Knob]:
    """The settings behind one check of the one instance, by their paths."""
    return {one.name: one for one in knobs(Fleet(found, T0), A0, check, shadow)}


def test_the_nearest_level_that_says_a_number_is_its_origin() -> None:
    found = replace(ALONE, origins=Origins(LEVELS, {}))
    assert [one.origin for one in told("confirming", found).values()] == [
        "policy of group batch",
        "policy",
    ]
    own = replace(ALONE, origins=Origins(LEVELS, {A0: frozenset({"confirm.count"})}))
    assert told("confirming", own)["confirm.count"].origin == "policy of the instance"
    assert {name: one.origin for name, one in told("storm", found).items()} == {
        "storm.share": f"limits of center {CENTER}",
        "storm.at_least": "built-in",
        "storm.within": "limits",
    }


def test_a_number_that_no_level_says_is_built_in() -> None:
    found = replace(ALONE, origins=Origins(LEVELS, {InstanceId("a1"): frozenset({"mode"})}))
    assert told("shadow", found)["mode"] == Knob("mode", Mode.ACTIVE, "built-in")
    nobodys = replace(found, members={A0: replace(found.members[A0], group=None)})
    assert told("confirming", nobodys)["confirm.count"].origin == "policy"


@pytest.mark.parametrize(
    ("mode", "shadow", "expected"),
    [
        (Mode.ACTIVE, True, Knob("mode", Mode.SHADOW, "run --shadow")),
        (Mode.ACTIVE, False, Knob("mode", Mode.ACTIVE, "policy of the instance")),
        (Mode.WATCH, True, Knob("mode", Mode.WATCH, "policy of the instance")),
    ],
)
def test_the_daemons_own_shadow_stands_above_the_config(
    mode: Mode, shadow: bool, expected: Knob
) -> None:
    found = replace(
        roster([member("a0", Policy(mode=mode))]),
        origins=Origins({}, {A0: frozenset({"mode"})}),
    )
    assert told("watch_only", found, shadow)["mode"] == expected


@pytest.mark.parametrize(
    ("check", "names"),
    [
        ("watch_only", {"mode"}),
        ("stuck_waiting", {"waiting_alarm.critical"}),
        ("verifying", {"start_deadline", "unknown_outcome.watch", "unknown_outcome.reads"}),
        ("starting", {"waiting_alarm.critical"}),
        ("healthy", set()),
        ("held", set()),
        ("not_restartable", {"restart_on"}),
        ("confirming", {"confirm.count", "confirm.over"}),
        ("rejected", {"breaker.max_open", "blocked_recheck"}),
        ("center_blocked", {"blocked_recheck"}),
        ("throttled", {"center_breaker.open_for"}),
        ("budget_spent", {"budget.restarts", "budget.per", "budget.then_every"}),
        ("storm", {"storm.share", "storm.at_least", "storm.within"}),
        ("center_rate", {"restarts_per_hour"}),
        ("center_busy", {"max_in_flight"}),
        ("shadow", {"mode"}),
        ("source_blind", {"interval"}),
        ("quiet_start", set()),
    ],
)
def test_a_check_names_the_knobs_it_obeys(check: str, names: set[str]) -> None:
    assert told(check).keys() == names


def test_the_interval_is_the_sources_own_or_the_usual_one() -> None:
    own = roster([member("a0")], pace=Pace(interval=timedelta(seconds=7)))
    assert told("source_blind", own)["interval"].value == timedelta(seconds=7)
    unknown = replace(own, paces={})
    assert told("source_blind", unknown)["interval"].value == Pace().interval


def test_who_is_in_no_group_obeys_no_group_whatever_it_is_called() -> None:
    levels = {"policy of group None": frozenset({"mode"})}
    found = replace(roster([member("a0")]), origins=Origins(levels, {}))
    assert told("shadow", found)["mode"].origin == "built-in"


def test_every_knob_of_policy_and_limits_stands_behind_some_check() -> None:
    """Two that no check rests on are left out: they only warn, or end an episode."""
    checks = {str(reason) for reason, _ in (*LADDER, *GATES)} | {"shadow", "state_unwritable"}
    named = {name for check in checks for name in told(check)}
    expected = {name for value in (Policy(), Limits()) for name in leaves(value)}
    assert named - {"interval"} == expected - {"waiting_alarm.warn", "stable_after"}


def leaves(value: object) -> set[str]:
    """The paths of all knobs."""
    assert is_dataclass(value)
    found = set()
    for field in fields(value):
        one = getattr(value, field.name)
        inner = leaves(one) if is_dataclass(one) else ()
        found |= {f"{field.name}.{leaf}" for leaf in inner} or {field.name}
    return found
