"""pydantic's errors in plain words, with the place and what would be right. Never a value."""

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError

from .model import Settings
from .problem import Path, Problem
from .yaml_nodes import Tree

_PLAIN = {
    "missing": "is required",
    "int_parsing": "must be a whole number",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_parsing": "must be a number",
    "float_type": "must be a number",
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "string_type": "must be text",
    "string_too_short": "must not be empty",
    "string_too_long": "is too long",
    "too_short": "must not be empty",
    "too_long": "is too long",
    "string_unicode": "must be text",
    "int_parsing_size": "is too large",
    "list_type": "must be a list",
    "dict_type": "must be a block of keys",
    "model_type": "must be a block of keys",
    "model_attributes_type": "must be a block of keys",
    "path_type": "must be a path",
    "finite_number": "must be a finite number",
}
_LIMITS = {
    "greater_than_equal": ("must be at least {}", "ge"),
    "less_than_equal": ("must be at most {}", "le"),
}


def problems_of(error: ValidationError, tree: Tree, prefix: Path = ()) -> Iterator[Problem]:
    """Every error of a validation, one per path."""
    told: set[Path] = set()
    for one in error.errors(include_url=False, include_input=False):
        path = (*prefix, *_real(tuple(one["loc"]), tree, prefix))
        if path in told:
            continue
        told.add(path)
        unknown = one["type"] == "extra_forbidden"
        text = unknown_key(path) if unknown else _words(one, path)
        yield Problem(path, text, tree.mark_of(path, of_key=unknown))


def _real(loc: Path, tree: Tree, prefix: Path) -> Path:
    """A location without the tags that pydantic adds for unions."""
    path: Path = ()
    for part in loc:
        known = (*prefix, *path, part) in tree.values or part in Settings.model_fields
        tag = isinstance(part, str) and (
            part in ("int", "float", "str") or "[" in part or part.startswith("constrained-")
        )
        if known or not tag:
            path = (*path, part)
    return path


def _words(one: Any, path: Path) -> str:
    kind = one["type"]
    if path and path[-1] in ("max_in_flight", "restarts_per_hour"):
        return 'must be a whole number from 1, or "auto"'
    if kind in _PLAIN:
        return _PLAIN[kind]
    context = one.get("ctx") or {}
    if kind in _LIMITS:
        text, key = _LIMITS[kind]
        return text.format(f"{context.get(key):g}")
    if kind == "literal_error":
        return f"must be one of {context.get('expected')}".replace(" or ", ", ").replace("'", "")
    return str(one["msg"])


def unknown_key(path: Path) -> str:
    """What to say of a key that no model knows."""
    known = sorted(known_keys(path[:-1]))
    close = get_close_matches(str(path[-1]), known, 1, 0.5)
    if close:
        return f'unknown key; did you mean "{close[0]}"?'
    return f"unknown key; known here: {', '.join(known)}" if known else "unknown key"


def known_keys(path: Path) -> set[str]:
    """The keys that may stand under a path."""
    model: type[BaseModel] | None = Settings
    inside = False
    for part in path:
        if inside:
            # An item of a list, or a name of our own in a mapping.
            inside = False
        elif model is not None:
            field = model.model_fields.get(str(part))
            annotation = field.annotation if field is not None else None
            model = inner_model(annotation)
            inside = get_origin(annotation) in (list, dict)
    return set(model.model_fields) if model is not None and not inside else set()


def inner_model(annotation: Any) -> type[BaseModel] | None:
    """The model inside `X | None`, `list[X]` or `dict[str, X]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for one in get_args(annotation):
        found = inner_model(one)
        if found is not None:
            return found
    return None
