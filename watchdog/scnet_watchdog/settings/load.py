"""YAML, secret files and environment → settings; or every error at once, each with its place."""

import gc
import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

from pydantic import BaseModel, ValidationError

from .checks import cross_checks
from .merged import merged_checks
from .model import SECTIONS, Settings
from .overlay import SECRETS, lay_environment, lay_secrets, secret_folders
from .problem import Mark, Path, Problem, SettingsError
from .resolve import resolve
from .sources import source_problems, with_scnet
from .wording import problems_of, unknown_key
from .yaml_nodes import LARGEST, Tree, parse

__all__ = ["Loaded", "SettingsError", "find_config", "load"]

DEFAULT_PLACES = (".config/scnet-watchdog/watchdog.yaml", "/etc/scnet-watchdog/watchdog.yaml")
"""Where a config is looked for. Never the current folder: a stranger's file would get the token."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """Valid settings and what there is to say about them.

    Args:
        path: the file; None = environment alone.
        warnings: what whoever starts the daemon should know; errors they are not.
        ignored: environment variables that look like ours but are no settings.
    """

    settings: Settings
    path: FilePath | None
    warnings: tuple[Problem, ...] = ()
    ignored: tuple[str, ...] = ()


def find_config(
    explicit: FilePath | None, environ: Mapping[str, str], home: FilePath
) -> FilePath | None:
    """The config file: as asked, else $SCNET_WATCHDOG_CONFIG, else the usual places, else none."""
    if explicit is not None:
        return explicit
    if named := environ.get("SCNET_WATCHDOG_CONFIG"):
        return FilePath(named)
    for place in DEFAULT_PLACES:
        # Not Path.exists(): a home that we may not enter has no config for us, which is no error.
        if os.path.exists(home / place):
            return home / place
    return None


@contextmanager
def _uncollected() -> Iterator[None]:
    """Leave the garbage collector out: it would look at every node of a large file many times.

    20 000 instances load in a third of the time, and a reload holds the loop up so much less.
    What is made meanwhile is bounded by the largest file.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@_uncollected()
def load(
    path: FilePath | None,
    environ: Mapping[str, str],
    kinds: Mapping[str, type[BaseModel]],
    secrets: Iterable[FilePath] | None = None,
) -> Loaded:
    """Load and check everything.

    Args:
        kinds: type name of a status source → the model of its own options.
        secrets: folders of secret files; by default /run/secrets and $CREDENTIALS_DIRECTORY.

    Raises:
        SettingsError
    """
    tree = _read(path)
    if tree.value is None and tree.problems:
        # Not YAML at all: nothing else can be said about it.
        raise SettingsError(tuple(tree.problems))
    if isinstance(tree.value, dict):
        tree.value = {key: one for key, one in tree.value.items() if not key.startswith("x-")}
    elif tree.value is None:
        tree.value = {}
    else:
        tree.problems.append(Problem((), "must be a block of keys", tree.values.get(())))
        raise SettingsError(tuple(tree.problems))
    lay_secrets(tree, secret_folders(environ) if secrets is None else secrets)
    ignored = lay_environment(tree, environ)
    _whole_instances(tree)
    inline = _holds_secret(tree, path)
    base = path.absolute().parent if path is not None else FilePath.cwd()
    files = resolve(tree, environ, base)
    settings = _validated(tree, kinds)
    own: list[tuple[Path, FilePath]] = [((), path)] if path is not None and inline else []
    warnings = tuple(_warnings(tree, [*own, *files], environ))
    return Loaded(settings, path, warnings, ignored)


def _read(path: FilePath | None) -> Tree:
    if path is None:
        return Tree({})
    try:
        with path.open("rb") as opened:
            data = opened.read(LARGEST + 1)
    except OSError as error:
        problem = Problem((), f"cannot be read: {error.strerror}", Mark(str(path)))
        raise SettingsError((problem,)) from error
    if len(data) > LARGEST:
        raise SettingsError((Problem((), "is larger than 4 MiB", Mark(str(path))),))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise SettingsError((Problem((), "is not UTF-8", Mark(str(path), line, 1)),)) from error
    return parse(text, str(path))


def _whole_instances(tree: Tree) -> None:
    """An id alone stands for a block with that id."""
    lists = [tree.value.get("instances")]
    groups = tree.value.get("groups")
    for group in groups if isinstance(groups, list) else ():
        lists.append(group.get("instances") if isinstance(group, dict) else None)
    for entries in lists:
        if isinstance(entries, list):
            entries[:] = [one if isinstance(one, (dict, list)) else _alone(one) for one in entries]


def _alone(id_: Any) -> Any:
    return id_ if id_ is None or isinstance(id_, bool) else {"id": str(id_)}


def _validated(tree: Tree, kinds: Mapping[str, type[BaseModel]]) -> Settings:
    config: dict[str, Any] = {
        # A section whose keys are all commented out is one left out.
        key: one
        for key, one in tree.value.items()
        if one is not None or key not in SECTIONS
    }
    problems = [*tree.problems, *_private(tree, config)]
    config["sources"] = with_scnet(config.get("sources"))
    settings: Settings | None = None
    try:
        settings = Settings(**{str(key): one for key, one in config.items()})
    except ValidationError as error:
        problems += problems_of(error, tree)
    problems += cross_checks(tree)
    if settings is not None:
        problems += source_problems(tree, settings, kinds)
        problems += merged_checks(tree, settings)
    if problems or settings is None:
        raise SettingsError(tuple(sorted(dict.fromkeys(problems), key=_place)))
    return settings


def _private(tree: Tree, config: dict[str, Any]) -> list[Problem]:
    """Take out keys that the library would take for its own arguments; they are unknown."""
    names = [key for key in config if key.startswith("_")]
    for name in names:
        del config[name]
    return [Problem((name,), unknown_key((name,)), tree.mark_of((name,), True)) for name in names]


def _place(problem: Problem) -> tuple[str, int, int, str]:
    mark = problem.mark or Mark("")
    return (mark.origin, mark.line, mark.column, str(problem.path))


def _holds_secret(tree: Tree, path: FilePath | None) -> bool:
    """Whether the config file itself, not the environment, holds a token or key."""
    return any(
        where[0] == "centers" and where[-1] in SECRETS and mark.origin == str(path)
        for where, mark in tree.values.items()
        if where
    )


def _warnings(
    tree: Tree, files: Iterable[tuple[Path, FilePath]], environ: Mapping[str, str]
) -> Iterator[Problem]:
    """Secrets that others can read, and tokens whose copy is frozen at start."""
    credentials = environ.get("CREDENTIALS_DIRECTORY")
    for where, file in files:
        try:
            mode = file.stat().st_mode
        except OSError:
            # Told by whoever reads it; a token file may also appear later.
            continue
        # The config itself stands nowhere in it.
        mark = tree.mark_of(where) if where else None
        if mode & stat.S_IROTH:
            text = f"{file} holds a secret and can be read by others; chmod o-r"
            yield Problem(where, text, mark)
        if where[-1:] == ("token_file",) and credentials and file.is_relative_to(credentials):
            text = (
                f"{file} is a systemd credential, whose copy is frozen at start: "
                "a rotating token must be an ordinary file"
            )
            yield Problem(where, text, mark)
