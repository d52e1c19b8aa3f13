"""What no single field can know: ids and names that clash, centers and sources that do not exist.

These look at the plain tree, so that they are told together with every other error.
"""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from .overlay import alike_key
from .problem import Path, Problem
from .yaml_nodes import Tree


def cross_checks(tree: Tree) -> Iterator[Problem]:
    """Every clash and dangling name in the config."""
    config = tree.value if isinstance(tree.value, Mapping) else {}
    centers = _keys(config.get("centers"))
    entries = sorted(_instances(config), key=lambda entry: _where(tree, entry[0]))
    if not centers:
        yield Problem((), "no center: add centers.<name> with base_url or login", _top(tree))
    if not entries:
        yield Problem((), "no instance: add an id under instances", _top(tree))
    yield from _alike_centers(tree, centers)
    yield from _twice(tree, entries)
    yield from _names(tree, entries)
    for path, entry in entries:
        yield from _references(tree, path, entry, centers, _keys(config.get("sources")))
    yield from _groups(tree, config)


def _keys(value: Any) -> list[str]:
    return list(value) if isinstance(value, Mapping) else []


def _top(tree: Tree) -> Any:
    return tree.values.get(())


def _instances(config: Mapping[str, Any]) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    lists: list[tuple[Path, Any]] = [(("instances",), config.get("instances"))]
    groups = config.get("groups")
    for i, group in enumerate(groups if isinstance(groups, list) else ()):
        if isinstance(group, Mapping):
            lists.append((("groups", i, "instances"), group.get("instances")))
    for path, entries in lists:
        for i, entry in enumerate(entries if isinstance(entries, list) else ()):
            if isinstance(entry, Mapping) and entry.get("id") is not None:
                yield (*path, i), entry


def _where(tree: Tree, path: Path) -> tuple[int, int]:
    """Where an entry stands, so that of two alike the later one is told."""
    mark = tree.mark_of(path)
    return (mark.line, mark.column) if mark is not None else (0, 0)


def _line(tree: Tree, path: Path) -> str:
    mark = tree.mark_of(path)
    return f"line {mark.line}" if mark is not None and mark.line else str(mark)


def _alike_centers(tree: Tree, centers: list[str]) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for name in centers:
        other = seen.setdefault(alike_key(name), name)
        if other != name:
            path: Path = ("centers", name)
            first = _line(tree, ("centers", other))
            text = f'differs from "{other}" ({first}) only in case, "-" and "_"'
            yield Problem(path, text, tree.mark_of(path, of_key=True))


def _twice(tree: Tree, entries: list[tuple[Path, Mapping[str, Any]]]) -> Iterator[Problem]:
    seen: dict[str, Path] = {}
    for path, entry in entries:
        id_ = str(entry["id"])
        first = seen.setdefault(id_, path)
        if first != path:
            text = f'"{id_}" is listed twice; first on {_line(tree, first)}'
            yield Problem((*path, "id"), text, tree.mark_of((*path, "id")))


def _names(tree: Tree, entries: list[tuple[Path, Mapping[str, Any]]]) -> Iterator[Problem]:
    seen: dict[str, Path] = {}
    named = [(path, str(entry["name"])) for path, entry in entries if entry.get("name") is not None]
    if not named:
        return
    ids = sorted(str(entry["id"]) for _, entry in entries)
    for path, name in named:
        first = seen.setdefault(name, path)
        if first != path:
            text = f'"{name}" names two instances; first on {_line(tree, first)}'
            yield Problem((*path, "name"), text, tree.mark_of((*path, "name")))
        begun = _begins(ids, name)
        if begun is not None:
            text = f'"{name}" is the start of the id {begun}; names and ids must not be confused'
            yield Problem((*path, "name"), text, tree.mark_of((*path, "name")))


def _begins(ids: list[str], name: str) -> str | None:
    from bisect import bisect_left

    at = bisect_left(ids, name)
    return ids[at] if at < len(ids) and ids[at].startswith(name) else None


def _references(
    tree: Tree, path: Path, entry: Mapping[str, Any], centers: list[str], sources: list[str]
) -> Iterator[Problem]:
    center = entry.get("center")
    if center is None and len(centers) > 1:
        text = f"name its center: {', '.join(centers)}"
        yield Problem((*path, "center"), text, tree.mark_of(path))
    elif center is not None and centers and str(center) not in centers:
        yield _unknown(tree, (*path, "center"), "center", str(center), centers)
    source = entry.get("source")
    known = ["scnet", *sources]
    if source is not None and str(source) not in known:
        yield _unknown(tree, (*path, "source"), "source", str(source), known)


def _unknown(tree: Tree, path: Path, kind: str, name: str, known: list[str]) -> Problem:
    close = get_close_matches(name, known, 1)
    hint = f'did you mean "{close[0]}"?' if close else f"known: {', '.join(sorted(set(known)))}"
    return Problem(path, f'unknown {kind} "{name}"; {hint}', tree.mark_of(path))


def _groups(tree: Tree, config: Mapping[str, Any]) -> Iterator[Problem]:
    seen: dict[str, Path] = {}
    groups = config.get("groups")
    for i, group in enumerate(groups if isinstance(groups, list) else ()):
        name = group.get("name") if isinstance(group, Mapping) else None
        path: Path = ("groups", i)
        if name is not None and (first := seen.setdefault(str(name), path)) != path:
            text = f'"{name}" names two groups; first on {_line(tree, first)}'
            yield Problem((*path, "name"), text, tree.mark_of((*path, "name")))
