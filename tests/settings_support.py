"""What any config must come to: settings that hold together, or located errors of our words."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from scnet_watchdog.adapters.registry import kinds
from scnet_watchdog.core.policy import Limits, Policy
from scnet_watchdog.settings.load import Loaded, SettingsError, load
from scnet_watchdog.settings.to_policy import roster

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
"""Every kind of key, and secrets in all places where one may stand."""
