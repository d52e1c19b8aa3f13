"""Any YAML and any environment: settings that the core can obey, or every error with its place."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scnet_watchdog.adapters.registry import kinds
from scnet_watchdog.core.policy import Limits, Policy
from scnet_watchdog.settings.load import Loaded, SettingsError, load
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
