"""Levels of policy: built-in ← policy ← group ← instance, key by key."""

import subprocess
import sys
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scnet_watchdog.adapters.registry import kinds
from scnet_watchdog.core.fleet import Fleet
from scnet_watchdog.core.knobs import knobs
from scnet_watchdog.core.model import InstanceId, Status
from scnet_watchdog.core.policy import Limits, Mode, Policy
from scnet_watchdog.settings.compare import differences, in_force
from scnet_watchdog.settings.load import load
from scnet_watchdog.settings.model import Settings
from scnet_watchdog.settings.schema import full_example, schema
from scnet_watchdog.settings.to_policy import roster
from scnet_watchdog.settings.units import (
    format_duration,
    parse_duration,
    parse_share,
    parse_size,
)

ROOT = Path(__file__).parents[2]
TEXT = """\
centers:
  k: {base_url: "https://x", token: abcdefgh, limits: {max_in_flight: 3}}
  l: {base_url: "https://y", token: abcdefgh}
sources: {scnet: {interval: 20s}}
policy: {cooldown: {initial: 10s, max: 5m}, restart_on: [failed]}
limits: {restarts_per_hour: 7, max_in_flight: 2}
groups:
  - name: inference
    policy: {cooldown: {max: 2m}, confirm: {count: 3}}
    instances:
      - {id: a1, center: k, policy: {cooldown: {jitter: 0}}}
      - {id: a2, center: k}
instances:
  - {id: b1, center: l, policy: {cooldown: 30s, restart_on: [stopped, completed]}}
"""


def settings_of(tmp_path: Path, text: str = TEXT) -> Settings:
    file = tmp_path / "w.yaml"
    file.write_text(text)
    return load(file, {}, kinds(), ()).settings


def test_levels_merge_key_by_key_and_lists_replace_the_whole(tmp_path: Path) -> None:
    members = roster(settings_of(tmp_path)).members
    a1, a2, b1 = (members[InstanceId(id_)].policy for id_ in ("a1", "a2", "b1"))
    assert a1.cooldown.initial == timedelta(seconds=10)
    assert a1.cooldown.max == timedelta(minutes=2)
    assert (a1.cooldown.jitter, a2.cooldown.jitter) == (0, 0.25)
    assert a1.confirm.count == 3
    assert a1.restart_on == {Status.FAILED}
    assert b1.restart_on == {Status.STOPPED, Status.COMPLETED}


def test_a_plain_duration_in_place_of_a_block_is_a_constant_cooldown(tmp_path: Path) -> None:
    cooldown = roster(settings_of(tmp_path)).members[InstanceId("b1")].policy.cooldown
    assert (cooldown.initial, cooldown.max) == (timedelta(seconds=30), timedelta(seconds=30))
    assert (cooldown.multiplier, cooldown.jitter) == (1, 0)


def test_a_centers_own_limits_lie_over_the_common_ones(tmp_path: Path) -> None:
    centers = roster(settings_of(tmp_path)).centers
    assert (centers["k"].max_in_flight, centers["k"].restarts_per_hour) == (3, 7)
    assert (centers["l"].max_in_flight, centers["l"].restarts_per_hour) == (2, 7)


def test_where_each_number_comes_from_can_be_told(tmp_path: Path) -> None:
    found = Fleet(roster(settings_of(tmp_path)), datetime(2026, 3, 1, tzinfo=UTC))

    def told(id_: str, *checks: str) -> dict[str, tuple[object, str]]:
        rows = [one for name in checks for one in knobs(found, InstanceId(id_), name, False)]
        return {one.name: (one.value, one.origin) for one in rows}

    a1 = told("a1", "cooling_down", "not_restartable", "center_busy", "center_rate")
    assert a1["cooldown.initial"] == (timedelta(seconds=10), "policy")
    assert a1["cooldown.max"] == (timedelta(minutes=2), "policy of group inference")
    assert a1["cooldown.jitter"] == (0, "policy of the instance")
    assert a1["cooldown.multiplier"] == (2, "built-in")
    assert a1["restart_on"] == ({Status.FAILED}, "policy")
    assert a1["max_in_flight"] == (3, "limits of center k")
    assert a1["restarts_per_hour"] == (7, "limits")
    assert told("a2", "cooling_down")["cooldown.jitter"] == (0.25, "built-in")
    b1 = told("b1", "cooling_down", "center_busy", "source_blind")
    # A plain duration says the whole block.
    assert {b1[f"cooldown.{name}"][1] for name in ("initial", "multiplier", "max", "jitter")} == {
        "policy of the instance"
    }
    assert b1["max_in_flight"] == (2, "limits")
    assert b1["interval"] == (timedelta(seconds=20), "source scnet")


def test_where_numbers_come_from_is_kept_only_for_instances_that_say_something(
    tmp_path: Path,
) -> None:
    more = "".join(f"  - {{id: c{n}, center: l, policy: {{cooldown: 9s}}}}\n" for n in range(50))
    own = roster(settings_of(tmp_path, TEXT + more)).origins.own
    assert InstanceId("a2") not in own
    assert len({id(own[InstanceId(f"c{n}")]) for n in range(50)}) == 1


def test_equal_policies_are_one_object(tmp_path: Path) -> None:
    text = TEXT + "".join(f"  - {{id: c{n}, center: l}}\n" for n in range(50))
    members = roster(settings_of(tmp_path, text)).members
    assert len({id(members[InstanceId(f"c{n}")].policy) for n in range(50)}) == 1


def test_a_reload_tells_who_came_went_and_changed_and_what_needs_a_restart(
    tmp_path: Path,
) -> None:
    old = settings_of(tmp_path)
    new = settings_of(
        tmp_path,
        TEXT.replace("{id: a2, center: k}", "{id: a3, center: k}").replace(
            "cooldown: 30s", "cooldown: 40s"
        )
        + "log: {level: debug}\n",
    )
    found = differences(in_force(old, roster(old)), in_force(new, roster(new)))
    assert found.added == ("a3",)
    assert found.removed == ("a2",)
    assert found.changed == ("b1",)
    assert found.needs_restart == ("log",)


def test_what_the_daemon_keeps_of_a_config_has_its_members_but_not_the_text_of_each(
    tmp_path: Path,
) -> None:
    settings = settings_of(tmp_path)
    kept = in_force(settings, roster(settings))
    assert kept.settings.instances == []
    assert [group.instances for group in kept.settings.groups] == [[] for _ in settings.groups]
    assert kept.settings.centers == settings.centers
    assert kept.roster == roster(settings)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30s", 30), ("0.5s", 0.5), ("5m", 300), ("2h", 7200), ("1d", 86400), ("1h30m", 5400)],
)
def test_durations_are_read_and_written(text: str, seconds: float) -> None:
    assert parse_duration(text) == timedelta(seconds=seconds)
    assert parse_duration(format_duration(timedelta(seconds=seconds))).total_seconds() == seconds


@pytest.mark.parametrize("text", ["5", "5M", "-5s", "", "s", "1h 30m", "5 s", "1e3s", "99999999d"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_duration(text)


def test_sizes_and_shares_are_read() -> None:
    assert parse_size("50MiB") == 50 * 2**20
    assert parse_size("1GB") == 10**9
    assert (parse_share("50%"), parse_share("0.5")) == (0.5, 0.5)
    for bad in ("50", "MiB", "-1B"):
        with pytest.raises(ValueError):
            parse_size(bad)
    for bad in ("150%", "-1", "half"):
        with pytest.raises(ValueError):
            parse_share(bad)


def test_the_full_example_loads_and_says_the_built_in_values(tmp_path: Path) -> None:
    found = settings_of(tmp_path, full_example())
    (member,) = roster(found).members.values()
    assert member.policy == Policy()
    assert roster(found).centers["kunshan"] == Limits()
    assert member.policy.mode is Mode.ACTIVE


def test_the_full_example_names_every_knob() -> None:
    text = full_example()

    def leaves(value: object) -> list[str]:
        assert is_dataclass(value)
        found: list[str] = []
        for field in fields(value):
            one = getattr(value, field.name)
            found += leaves(one) if is_dataclass(one) else [field.name]
        return found

    for name in [*leaves(Policy()), *leaves(Limits()), *Settings.model_fields]:
        assert f"{name}:" in text, name


def test_the_committed_examples_are_fresh_and_load(tmp_path: Path) -> None:
    check = [sys.executable, "-P", str(ROOT / "tools" / "generate.py"), "--check"]
    done = subprocess.run(check, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (tmp_path / "ak").write_text("access-key")
    (tmp_path / "sk").write_text("secret-key")
    settings_of(tmp_path, (ROOT / "config" / "watchdog.yaml").read_text())


def test_the_schema_knows_ids_alone_durations_and_no_unknown_keys() -> None:
    found = schema(kinds())
    assert found["additionalProperties"] is False
    assert found["patternProperties"] == {"^x-": {}}
    items = found["properties"]["instances"]["items"]["anyOf"]
    assert {"type": ["string", "integer"]} in items
    wait = found["$defs"]["PolicyPatch"]["properties"]["start_deadline"]
    assert any("pattern" in one for one in wait["anyOf"])
    assert "path" in found["$defs"]["Source"]["properties"]
