"""Numbers that must fit each other once all levels are merged; both lines are named."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from ..core.policy import Limits, Policy
from .model import Settings
from .problem import Path, Problem
from .to_policy import Entry, Level, entries, levels, patched
from .units import format_duration
from .yaml_nodes import Tree

_PAIRS = (
    (("cooldown",), "initial", "max"),
    (("breaker",), "open_for", "max_open"),
    (("waiting_alarm",), "warn", "critical"),
)
"""Block, and the two of its keys of which the first must not exceed the second."""


def merged_checks(tree: Tree, settings: Settings) -> Iterator[Problem]:
    """Every pair that does not fit, once per place where it was written."""
    told: set[tuple[Path, str]] = set()
    seen: set[tuple[Path, ...]] = set()
    for entry in (*entries(settings), None):
        above = _levels(settings, entry)
        places = tuple(level.path for level in above)
        if places in seen:
            # Thousands of instances without knobs of their own are looked at once.
            continue
        seen.add(places)
        policy = Policy()
        for level in above:
            policy = patched(policy, level.patch)
        for problem in _misfits(tree, policy, above, _PAIRS):
            if (problem.path, problem.text) not in told:
                told.add((problem.path, problem.text))
                yield problem
    yield from _centers(tree, settings)


def _levels(settings: Settings, entry: Entry | None) -> list[Level]:
    if entry is not None:
        return levels(settings, entry)
    return [Level("policy", ("policy",), settings.policy)]


def _centers(tree: Tree, settings: Settings) -> Iterator[Problem]:
    pairs = ((("center_breaker",), "open_for", "max_open"),)
    told: set[Path] = set()
    common = Level("limits", ("limits",), settings.limits)
    for name, center in settings.centers.items():
        own = Level("center", ("centers", name, "limits"), center.limits)
        limits = patched(patched(Limits(), settings.limits), center.limits)
        for problem in _misfits(tree, limits, [common, own], pairs):
            if problem.path not in told:
                told.add(problem.path)
                yield problem


def _misfits(
    tree: Tree, whole: Any, above: list[Level], pairs: tuple[tuple[Path, str, str], ...]
) -> Iterator[Problem]:
    for (block,), small, large in pairs:
        part = getattr(whole, str(block))
        low, high = getattr(part, small), getattr(part, large)
        if low <= high:
            continue
        low_at = _written(above, str(block), small)
        high_at = _written(above, str(block), large)
        path = low_at or high_at
        assert path is not None  # noqa: S101 - the built-in values fit
        text = f"{small} {_said(tree, low, low_at)} is above {large} {_said(tree, high, high_at)}"
        yield Problem(path, text, tree.mark_of(path))


def _written(above: list[Level], block: str, key: str) -> Path | None:
    """Where the value in force was written; None = it is built in."""
    for level in reversed(above):
        part = getattr(level.patch, block)
        if part is not None and key in part.model_fields_set and getattr(part, key) is not None:
            return (*level.path, block, key)
    return None


def _said(tree: Tree, length: timedelta, path: Path | None) -> str:
    mark = tree.mark_of(path) if path is not None else None
    if mark is None:
        return f"{format_duration(length)} (built-in)"
    return f"{format_duration(length)} ({f'line {mark.line}' if mark.line else mark})"
