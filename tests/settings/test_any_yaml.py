"""Any YAML and any environment: settings that the core can obey, or every error with its place."""

import re
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from scnet_watchdog.adapters.registry import kinds
from scnet_watchdog.core.policy import Limits, Policy
from scnet_watchdog.settings.load import Loaded, SettingsError, load
from scnet_watchdog.settings.model import Settings
from scnet_watchdog.settings.to_policy import roster
from strategies import examples

KINDS = kinds()
BREAKS = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
"""Where a line ends in YAML."""
SECRET = "a-very-secret-value"


def tried(folder: Path, data: bytes, environ: Mapping[str, str] | None = None) -> Loaded | None:
    """Load these bytes; settings that hold together, or None after checking what was said."""
    file = folder / "w.yaml"
    file.write_bytes(data)
    try:
        loaded = load(file, environ or {}, KINDS, ())
    except SettingsError as error:
        check_error(error, str(file), data.decode("utf-8-sig", "replace"), environ or {})
        return None
    assert SECRET not in repr(loaded.settings)
    holds_together(loaded)
    return loaded


def check_error(error: SettingsError, file: str, text: str, environ: Mapping[str, str]) -> None:
    """At least one problem, each in one printable line of our words, at a place that exists."""
    assert error.problems
    assert SECRET not in str(error)
    lines = BREAKS.split(text)
    for problem in error.problems:
        assert problem.text
        assert str(problem).isprintable()
        assert not problem.text.startswith(("Input", "Value", "Field"))
        mark = problem.mark
        assert mark is not None
        if mark.origin == file:
            assert 1 <= mark.line <= len(lines)
            # One behind the last character: where something is missing.
            assert 1 <= mark.column <= len(lines[mark.line - 1]) + 1
        else:
            assert mark.origin in environ


def holds_together(loaded: Loaded) -> None:
    """What was accepted becomes knobs in the order the documentation promises."""
    found = roster(loaded.settings)
    assert found.members
    for member in found.members.values():
        assert member.center in found.centers
        assert member.source in found.paces
        in_order(member.policy)
    for limits in found.centers.values():
        center_in_order(limits)
    for pace in found.paces.values():
        assert pace.fast_interval <= pace.interval


def in_order(policy: Policy) -> None:
    assert policy.cooldown.initial <= policy.cooldown.max
    assert policy.cooldown.multiplier >= 1
    assert 0 <= policy.cooldown.jitter <= 1
    assert policy.breaker.open_for <= policy.breaker.max_open
    assert policy.breaker.multiplier >= 1
    assert policy.waiting_alarm.warn <= policy.waiting_alarm.critical
    assert min(policy.confirm.count, policy.breaker.threshold, policy.budget.restarts) >= 1


def center_in_order(limits: Limits) -> None:
    assert limits.center_breaker.open_for <= limits.center_breaker.max_open
    assert 0 <= limits.storm.share <= 1
    assert limits.max_in_flight is None or limits.max_in_flight >= 1
    assert limits.restarts_per_hour is None or limits.restarts_per_hour >= 1


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("any-yaml")


@examples(60)
@given(data=st.binary(max_size=200))
def test_any_bytes_are_settings_or_errors_with_their_place(folder: Path, data: bytes) -> None:
    tried(folder, data)


SPECIAL = st.text(st.sampled_from("{}[]:,-&*!|>?%@`'\"#<~\\ \n\t\r\x85\u2028a0"), max_size=60)


@examples(150)
@given(text=st.one_of(SPECIAL, st.text(max_size=60)))
def test_any_text_is_settings_or_errors_with_their_place(folder: Path, text: str) -> None:
    tried(folder, text.encode("utf-8", "surrogatepass"))


ODD: tuple[Any, ...] = (
    *(None, [], {}, True, -1, 0, 10**30, float("inf"), float("nan"), 1e-9),
    *("", " ", "5s", "999999999d", "9" * 5000, "1e9%", "~x/y", "\0", "\x1b[31m", "null", "on"),
    *("2026-03-01", date(2026, 3, 1), datetime(2026, 3, 1, 12), b"bytes", {"a", "b"}),  # noqa: DTZ001
    *({"a": {"b": None}}, {None: None}, {1: 2}, {(1, 2): 3}, [[["deep"]]], "http://[::1"),
)
KEYS = st.sampled_from(
    [
        *Settings.model_fields,
        "kunshan",
        "id",
        "policy",
        "cooldown",
        "token",
        "x-any",
        "<<",
        "__class__",
    ]
)
TREES = st.recursive(
    st.one_of(st.sampled_from(ODD), st.text(max_size=5)),
    lambda below: st.one_of(
        st.lists(below, max_size=4), st.dictionaries(KEYS, below, min_size=1, max_size=4)
    ),
    max_leaves=12,
)


def written(tree: Any, flow: bool | None = False) -> bytes:
    """A tree as YAML; what stands in it several times becomes anchor and aliases."""
    return yaml.dump(tree, sort_keys=False, allow_unicode=True, default_flow_style=flow).encode()


@examples(80)
@given(tree=st.dictionaries(KEYS, TREES, max_size=6), flow=st.sampled_from([True, False, None]))
def test_any_tree_of_nodes_is_settings_or_errors_with_their_place(
    folder: Path, tree: Any, flow: bool | None
) -> None:
    tried(folder, written(tree, flow))


FULL: dict[str, Any] = yaml.safe_load(
    f"""
centers:
  kunshan:
    base_url: https://ai.example/ai
    login: {{user: alice, access_key: {SECRET}, secret_key: {SECRET}, cluster_id: "11250"}}
    timeout: {{connect: 5s, read: 30s}}
    max_connections: 8
    verify_tls: true
    limits: {{storm: {{share: 50%}}}}
  wuxi: {{base_url: "https://other.example", token: {SECRET}}}
sources:
  scnet: {{type: scnet, interval: 30s, fast_interval: 10s, list: auto}}
  flags: {{type: file, path: flags.yaml, interval: 5s}}
policy:
  mode: active
  restart_on: [stopped, failed]
  confirm: {{count: 2, over: 30s}}
  cooldown: {{initial: 60s, multiplier: 2, max: 15m, jitter: 0.25}}
  breaker: {{codes: ["716868"], threshold: 3, open_for: 30m, multiplier: 2, max_open: 6h}}
  start_deadline: 10m
  unknown_outcome: {{watch: 120s, reads: 3}}
  waiting_alarm: {{warn: 10m, critical: 60m}}
  budget: {{restarts: 10, per: 24h, then_every: 1h}}
limits:
  max_in_flight: auto
  restarts_per_hour: 9
  center_breaker: {{instances: 3, within: 10m, errors: 5, open_for: 1m, max_open: 10m}}
  storm: {{share: "0.5", at_least: 5, within: 10m}}
groups:
  - {{name: inference, policy: {{cooldown: 30s}}, instances: [{{id: a1, center: wuxi}}]}}
instances:
  - {{id: 4c1f43ddb030483e89b55413bee6c004, name: llm-api, center: kunshan, source: flags}}
  - {{id: b2, center: wuxi, policy: {{cooldown: {{max: 20m}}, budget: {{restarts: 2}}}}}}
state: {{keep: 90d}}
log: {{level: info, format: json, rotate: 50MiB, keep_files: 5}}
notify: [{{url_file: url, level: warning, language: zh}}]
heartbeat: {{interval: 60s}}
reload_on_change: false
"""
)


def places(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every path of a tree but its root."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for key, one in pairs:
        yield (*above, key)
        if isinstance(one, (dict, list)):
            yield from places(one, (*above, key))


def remove(inside: Any, key: Any, odd: Any) -> None:
    del inside[key]


def put(inside: Any, key: Any, odd: Any) -> None:
    inside[key] = odd


def rename(inside: Any, key: Any, odd: Any) -> None:
    if isinstance(inside, dict):
        inside[f"{key}s"] = inside.pop(key)


def into_list(inside: Any, key: Any, odd: Any) -> None:
    inside[key] = [inside[key], odd]


def into_block(inside: Any, key: Any, odd: Any) -> None:
    inside[key] = {key: inside[key]}


def twice(inside: Any, key: Any, odd: Any) -> None:
    """The very same node again: an alias."""
    if isinstance(inside, list):
        inside.append(inside[key])
    else:
        inside["again"] = inside[key]


CHANGES = st.tuples(
    st.sampled_from(list(places(FULL))),
    st.sampled_from([put, put, remove, rename, into_list, into_block, twice]),
    st.sampled_from(ODD),
)


def changed(changes: list[tuple[tuple[Any, ...], Callable[[Any, Any, Any], None], Any]]) -> Any:
    """The full config with some of its nodes replaced, removed, renamed, wrapped or repeated."""
    tree = deepcopy(FULL)
    for path, change, odd in changes:
        inside: Any = tree
        try:
            for key in path[:-1]:
                inside = inside[key]
            change(inside, path[-1], deepcopy(odd))
        except (KeyError, IndexError, TypeError):
            # An earlier change took that place away.
            continue
    return tree


def test_the_full_config_itself_is_accepted(folder: Path) -> None:
    assert tried(folder, written(FULL)) is not None


@examples(120)
@given(changes=st.lists(CHANGES, min_size=1, max_size=3))
def test_a_full_config_with_changed_nodes_is_settings_or_errors_with_their_place(
    folder: Path, changes: list[Any]
) -> None:
    tried(folder, written(changed(changes)))
