"""The docs keep up: settings, events, reasons, words and commands are in them; links lead on."""

import re
from pathlib import Path

import pytest
from typer.main import get_command

from scnet_watchdog.cli.main import app
from scnet_watchdog.core.decision import RESTART_REASONS, Reason
from scnet_watchdog.core.event import LEVELS, EventKind
from scnet_watchdog.core.model import BlockCause, Status
from scnet_watchdog.core.outcome import OutcomeKind, RefusalClass, Verdict
from scnet_watchdog.simulator.faults import BODIES, ENDPOINTS

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", list(EventKind))
def test_every_event_is_documented_with_its_level(kind: EventKind) -> None:
    row = next(line for line in page("events.md").splitlines() if line.startswith(f"| `{kind}` |"))
    level = row.split("|")[2].strip()
    assert level.startswith(LEVELS[kind])


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_is_documented(reason: Reason) -> None:
    text = page("semantics.md")
    assert f"`{reason}`" in text
    if reason not in RESTART_REASONS and reason is not Reason.CENTER_BLOCKED:
        assert f"| `{reason}` |" in text


@pytest.mark.parametrize("word", [*OutcomeKind, *RefusalClass, *Verdict])
def test_every_outcome_class_and_verdict_is_documented(word: str) -> None:
    assert f"`{word}`" in page("semantics.md")


def test_every_status_and_every_cause_of_a_block_is_documented() -> None:
    for status in Status:
        assert status in page("glossary.md")
    for cause in BlockCause:
        assert f"`{cause}`" in page("operations.md")


def test_every_command_and_its_options_are_documented() -> None:
    text = page("contract.md") + page("simulator.md")
    group = get_command(app)
    for name, command in group.commands.items():  # type: ignore[attr-defined]
        assert f"`{name}" in text, name
        for parameter in command.params:
            for option in parameter.opts:
                if option.startswith("--") and option not in ("--help", "--config"):
                    assert option in text, f"{name} {option}"


def test_every_fault_of_the_simulator_is_documented() -> None:
    text = page("simulator.md")
    for word in (*ENDPOINTS, *BODIES):
        assert word in text


@pytest.mark.parametrize(
    "path", [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *DOCS.rglob("*.md")]
)
def test_links_between_pages_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", path.read_text(encoding="utf-8")):
        assert (path.parent / target).exists(), f"{path.name}: {target}"


def test_the_pages_name_no_machine_and_no_registry() -> None:
    for path in [*ROOT.glob("*.md"), *DOCS.rglob("*.md"), ROOT / "constraints.txt"]:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"/(work|root)/|pypi\.org|index-url|find-links", text), path
