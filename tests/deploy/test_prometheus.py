"""The alerts and the dashboard: they fire when they should, and speak only of metrics there are."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
ALERTS = ROOT / "deploy" / "prometheus" / "alerts.yaml"
TESTS = ROOT / "deploy" / "prometheus" / "alerts.test.yaml"
DASHBOARD = ROOT / "deploy" / "grafana" / "dashboard.json"
PAGE = (ROOT / "docs" / "metrics.md").read_text()
METRIC = re.compile(r"scnet_watchdog_([a-z_]+)")
ROW = re.compile(r"^\| `([a-z_]+)` \| ((?:`[a-z_]+` ?)*)\|", re.MULTILINE)


def documented() -> dict[str, set[str]]:
    """Every metric of the page with its labels."""
    return {name: set(re.findall("`([a-z_]+)`", labels)) for name, labels in ROW.findall(PAGE)}


def rules() -> list[dict[str, Any]]:
    """Every alert."""
    groups = yaml.safe_load(ALERTS.read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def base(name: str) -> str:
    """A histogram's own name, of any of its series."""
    plain = re.sub("_(bucket|count|sum)$", "", name)
    return plain if plain in documented() else name


def expressions() -> Iterator[str]:
    """Every expression of alerts and dashboard."""
    yield from (rule["expr"] for rule in rules())
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        yield from (target["expr"] for target in panel["targets"])


def promtool(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run promtool, or skip where there is none."""
    tool = os.environ.get("PROMTOOL") or shutil.which("promtool")
    if tool is None:
        pytest.skip("no promtool here: the alerts are NOT tested (PROMTOOL names one elsewhere)")
    return subprocess.run([tool, *arguments], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("how", [("check", str(ALERTS)), ("test", str(TESTS))], ids=lambda h: h[0])
def test_alerts_are_valid_and_fire_when_they_should(how: tuple[str, str]) -> None:
    done = promtool(how[0], "rules", how[1])
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_the_dashboard_asks_is_promql(tmp_path: Path) -> None:
    """Each of its questions is a rule's, with what Grafana puts in for its variables."""
    values = {"$__rate_interval": "1m", "$center": ".*"}
    asked = re.compile("|".join(map(re.escape, values)))
    panels = json.loads(DASHBOARD.read_text())["panels"]
    texts = [target["expr"] for panel in panels for target in panel["targets"]]
    records = [
        {"record": f"q{n}", "expr": asked.sub(lambda found: values[found[0]], text)}
        for n, text in enumerate(texts)
    ]
    assert "$" not in json.dumps(records)
    path = tmp_path / "dashboard.yaml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": records}]}))
    done = promtool("check", "rules", str(path))
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"SUCCESS: {len(texts)} rules found" in done.stdout


def test_every_alert_is_tested_and_described() -> None:
    told = TESTS.read_text()
    for rule in rules():
        name, severity = rule["alert"], rule["labels"]["severity"]
        assert name in told, name
        assert f"| `{name}` | {severity} |" in PAGE
        assert set(rule["annotations"]) == {"summary", "next_step"}


def test_alerts_and_dashboard_ask_only_for_metrics_that_are_there() -> None:
    for expression in expressions():
        for name in METRIC.findall(expression):
            assert base(name) in documented(), expression


def test_alerts_and_dashboard_ask_only_for_labels_that_are_there() -> None:
    selector = re.compile(r"scnet_watchdog_([a-z_]+)\{([^}]*)\}")
    for expression in expressions():
        for name, inner in selector.findall(expression):
            labels = set(re.findall(r"([a-z_]+)\s*[=!]", inner))
            assert labels <= documented()[base(name)], expression


def test_reasons_and_statuses_that_are_asked_for_exist() -> None:
    from scnet_watchdog.core.decision import Reason
    from scnet_watchdog.core.model import Status

    known = {"reason": set(map(str, Reason)), "status": set(map(str, Status))}
    for expression in expressions():
        for label, values in re.findall(r'(reason|status)=~?"([^"]*)"', expression):
            assert set(values.split("|")) <= known[label], expression


def test_the_dashboard_has_what_grafana_needs_to_load_it() -> None:
    board = json.loads(DASHBOARD.read_text())
    panels = board["panels"]
    assert board["uid"] == "scnet-watchdog"
    assert board["schemaVersion"] >= 36
    assert len({panel["id"] for panel in panels}) == len(panels)
    variables = {one["name"] for one in board["templating"]["list"]}
    assert set(re.findall(r"\$\{?(center|datasource)", json.dumps(board))) == variables
    for panel in panels:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        assert panel["datasource"]["uid"] == "${datasource}"


def test_no_two_panels_lie_on_each_other() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        place = panel["gridPos"]
        xs = range(place["x"], place["x"] + place["w"])
        cells = {(x, y) for x in xs for y in range(place["y"], place["y"] + place["h"])}
        assert not taken & cells, panel["title"]
        taken |= cells


def test_every_metric_is_on_the_dashboard() -> None:
    shown = {base(name) for text in expressions() for name in METRIC.findall(text)}
    assert shown == set(documented())
