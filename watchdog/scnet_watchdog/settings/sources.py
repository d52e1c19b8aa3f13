"""Status sources in the config: their type must exist, and its own options must be right."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError

from .model import Settings
from .problem import Problem
from .wording import problems_of
from .yaml_nodes import Tree

SCNET: Mapping[str, Any] = {"type": "scnet"}
"""The source that exists without being written."""


def with_scnet(sources: Any) -> Any:
    """The sources as written, and `scnet` with what was left out of it."""
    if sources is not None and not isinstance(sources, dict):
        return sources
    found = {"scnet": None, **(sources or {})}
    written = found["scnet"]
    if written is None or isinstance(written, dict):
        found["scnet"] = {**SCNET, **(written or {})}
    return found


def source_problems(
    tree: Tree, settings: Settings, kinds: Mapping[str, type[BaseModel]]
) -> Iterator[Problem]:
    """Every source whose type is unknown or whose options are not right."""
    for name, source in settings.sources.items():
        path = ("sources", name)
        if source.type not in kinds:
            known = sorted(kinds)
            close = get_close_matches(source.type, known, 1)
            hint = f'did you mean "{close[0]}"?' if close else f"known: {', '.join(known)}"
            text = f'unknown type "{source.type}"; {hint}'
            yield Problem((*path, "type"), text, tree.mark_of((*path, "type")))
            continue
        try:
            kinds[source.type].model_validate(source.options)
        except ValidationError as error:
            known_here = sorted([*kinds[source.type].model_fields, "interval", "fast_interval"])
            for problem in problems_of(error, tree, path):
                if not problem.text.startswith("unknown key"):
                    yield problem
                    continue
                close = get_close_matches(str(problem.path[-1]), known_here, 1, 0.5)
                hint = (
                    f'did you mean "{close[0]}"?'
                    if close
                    else f"known here: {', '.join(known_here)}"
                )
                yield Problem(problem.path, f"unknown key; {hint}", problem.mark)
