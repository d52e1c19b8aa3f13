"""The page of events names every field that the program tells with an event."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from scnet_watchdog.core.event import EventKind

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "events.md").read_text(encoding="utf-8")
PARAMETERS = {"center", "level"}
"""Of `tell` itself: no fields."""


def told() -> Iterator[tuple[str, str]]:
    """Every event kind and field that stand together in the code."""
    for path in (ROOT / "watchdog" / "scnet_watchdog").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and node.args and (kind := kind_of(node.args[0])):
                yield from ((kind, field) for field in fields_of(node))


def kind_of(node: ast.expr) -> str | None:
    if not isinstance(node, ast.Attribute) or not isinstance(node.value, ast.Name):
        return None
    return str(EventKind[node.attr]) if node.value.id == "EventKind" else None


def fields_of(call: ast.Call) -> Iterator[str]:
    for keyword in call.keywords:
        if keyword.arg == "fields" and isinstance(keyword.value, ast.Dict):
            keys = keyword.value.keys
            yield from (str(key.value) for key in keys if isinstance(key, ast.Constant))
        elif keyword.arg and keyword.arg not in {*PARAMETERS, "fields"}:
            yield keyword.arg


@pytest.mark.parametrize(("kind", "field"), sorted(set(told())))
def test_every_field_of_an_event_is_in_its_row(kind: str, field: str) -> None:
    row = next(line for line in PAGE.splitlines() if line.startswith(f"| `{kind}` |"))
    assert f"`{field}`" in row


def test_the_code_is_really_read() -> None:
    assert (str(EventKind.STORM_BEGAN), "eligible") in set(told())
    assert (str(EventKind.STATE_FAILED), "error") in set(told())
