"""Environment variables and secret files, laid over the YAML tree.

A name is a path joined by `__`, without case; `_` also means `-`. Only names that begin with a
known section are settings: orchestrators inject others for services of our name.
"""

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path as FilePath
from typing import Any

from .model import SECTIONS
from .problem import Mark, Path, Problem
from .yaml_nodes import Tree, is_text, merge

PREFIX = "SCNET_WATCHDOG_"
NOT_SETTINGS = frozenset({"SCNET_WATCHDOG_CONFIG"})
SECRETS = frozenset({"token", "access_key", "secret_key"})
"""Keys whose text is taken as it is, even where it looks like JSON."""
LARGEST_SECRET = 64 * 1024
"""Bytes a secret file may have."""


def lay_environment(tree: Tree, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Lay the environment over the tree; return the names that are no settings."""
    ignored = []
    for name in sorted(environ):
        if not name.upper().startswith(PREFIX) or name.upper() in NOT_SETTINGS:
            continue
        parts = name[len(PREFIX) :].split("__")
        if parts[0].lower() not in SECTIONS:
            ignored.append(name)
            continue
        _lay(tree, parts, environ[name], name)
    return tuple(ignored)


def secret_folders(environ: Mapping[str, str]) -> tuple[FilePath, ...]:
    """Where secret files lie; a later folder wins."""
    credentials = environ.get("CREDENTIALS_DIRECTORY")
    return (FilePath("/run/secrets"), *([FilePath(credentials)] if credentials else ()))


def lay_secrets(tree: Tree, folders: Iterable[FilePath]) -> None:
    """Lay secret files over the tree: named like variables, with or without the prefix."""
    for folder in folders:
        try:
            names = sorted(os.listdir(folder))
        except OSError:
            # No such folder: nobody mounted secrets here.
            continue
        for name in names:
            bare = name[len(PREFIX) :] if name.upper().startswith(PREFIX) else name
            parts = bare.split("__")
            if len(parts) < 2 or parts[0].lower() not in SECTIONS:
                continue
            file = folder / name
            text = read_secret(tree, (), file)
            if text is not None:
                _lay(tree, parts, text, str(file))


def read_secret(tree: Tree, path: Path, file: FilePath) -> str | None:
    """The text of a secret file without its trailing newline; a problem where it has none."""
    mark = tree.mark_of(path) or Mark(str(file))
    try:
        with file.open(encoding="utf-8") as opened:
            text = opened.read(LARGEST_SECRET + 1)
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not text"
        tree.problems.append(Problem(path, f"cannot read {file}: {why}", mark))
        return None
    text = text.strip("\r\n")
    if not text or len(text) > LARGEST_SECRET:
        tree.problems.append(Problem(path, f"{file} is empty or too large", mark))
        return None
    return text


def _lay(tree: Tree, parts: list[str], text: str, origin: str) -> None:
    path = _path(tree.value, parts)
    try:
        value = _value(path, text)
    except ValueError as error:
        tree.problems.append(Problem(path, str(error), Mark(origin)))
        return
    above: Any = value
    for part in reversed(path):
        above = {part: above}
    tree.value = merge(tree.value if isinstance(tree.value, Mapping) else {}, above)
    for old in [one for one in tree.values if one[: len(path)] == path]:
        del tree.values[old]
        tree.keys.pop(old, None)
    tree.values[path] = tree.keys[path] = Mark(origin)


def _value(path: Path, text: str) -> Any:
    """What a variable's text means: JSON, ids joined by commas, or the text itself.

    Raises:
        ValueError: it is neither; the text says why.
    """
    if "\0" in text or "\\u0000" in text:
        raise ValueError("must not hold a NUL character")
    if not is_text("".join(map(str, path)) + text):
        raise ValueError("must be text")
    if path[-1] not in SECRETS and text.lstrip().startswith(("[", "{")):
        return _json(text)
    if path == ("instances",):
        return [one.strip() for one in text.split(",") if one.strip()]
    return text


def _json(text: str) -> Any:
    """What JSON says, numbers as written.

    Raises:
        ValueError: it is none; the text says why.
    """
    try:
        value = json.loads(text, parse_int=str, parse_float=str, parse_constant=str)
    except (ValueError, RecursionError):
        raise ValueError("is not valid JSON") from None
    if not is_text(json.dumps(value, ensure_ascii=False)):
        raise ValueError("must be text")
    return value


def _path(value: Any, parts: list[str]) -> Path:
    """The keys a variable's parts mean: an existing key where one is alike, else the part."""
    path: list[str] = []
    for part in parts:
        known = value if isinstance(value, Mapping) else {}
        alike = [key for key in known if alike_key(key) == alike_key(part)]
        key = alike[0] if alike else part.lower()
        path.append(key)
        value = known.get(key)
    return tuple(path)


def alike_key(key: str) -> str:
    """How a key reads without case, `-` and `_` being the same."""
    return key.lower().replace("-", "_")
