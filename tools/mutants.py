"""All mutants of a module: small faults (faults.py) that could be written by mistake, one by one.

Each replaces one stretch of text. Annotations, docstrings, texts and what stands inside an
f-string are left alone: type checker and eye are the judges there.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from faults import FAULTS, other_member


@dataclass(frozen=True, slots=True)
class Mutant:
    """One fault in one module.

    Args:
        function: qualified name of the outermost function it is in; empty at module level.
        lines: first and last line of the statement (or its head) that holds it.
        key: names it without line numbers, so that edits elsewhere leave the name alone.
        source: the whole module with the fault.
    """

    module: str
    function: str
    line: int
    lines: tuple[int, int]
    key: str
    source: str


@dataclass(frozen=True, slots=True)
class _Place:
    function: str
    prefix: str
    lines: tuple[int, int]


def mutants_of(module: str, source: str, enums: dict[str, list[str]]) -> list[Mutant]:
    """Every mutant of one module, in the order of its text."""
    found: list[Mutant] = []
    seen: dict[str, int] = {}
    text = _Text(source)
    for node, place in _walk(ast.parse(source), _Place("", "", (0, 0))):
        changes = [one for fault in FAULTS.values() for one in fault(node)]
        for changed, after in (*changes, *other_member(node, enums)):
            before = text.of(changed)
            line = text.lines[changed.lineno - 1].strip()  # type: ignore[attr-defined]
            plain = " ".join(before.split())
            key = f"{module}.{place.function or '(module)'} | {line} | {plain} → {after}"
            seen[key] = seen.get(key, 0) + 1
            if seen[key] > 1:
                key += f" #{seen[key]}"
            whole = text.with_(changed, after)
            number = changed.lineno  # type: ignore[attr-defined]
            found.append(Mutant(module, place.function, number, place.lines, key, whole))
    return found


def _walk(node: ast.AST, place: _Place) -> Iterator[tuple[ast.AST, _Place]]:
    """Every node that may be changed, with where it is."""
    if isinstance(node, ast.JoinedStr | ast.Assert | ast.Import | ast.ImportFrom):
        return
    if isinstance(node, ast.stmt):
        place = _Place(place.function, place.prefix, _head(node))
    yield node, place
    for name, child in _children(node):
        yield from _walk(child, _inside(node, place) if name == "body" else place)


def _children(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    for name, value in ast.iter_fields(node):
        if name not in ("annotation", "returns", "bases", "decorator_list"):
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    yield name, child


def _inside(node: ast.AST, place: _Place) -> _Place:
    """Where the body of a node is; defaults belong to where the function is defined."""
    if isinstance(node, ast.ClassDef):
        return _Place(place.function, f"{place.prefix}{node.name}.", place.lines)
    if isinstance(node, ast.FunctionDef) and not place.function:
        return _Place(place.prefix + node.name, place.prefix, place.lines)
    return place


def _head(node: ast.stmt) -> tuple[int, int]:
    """The lines of a statement, without those of its body."""
    body = getattr(node, "body", None) or getattr(node, "cases", None)
    last = node.end_lineno or node.lineno
    if body:
        first = body[0].pattern.lineno if isinstance(body[0], ast.match_case) else body[0].lineno
        last = max(node.lineno, first - 1)
    return node.lineno, last


class _Text:
    """A source by lines and columns; columns are bytes, as the parser counts them."""

    def __init__(self, source: str) -> None:
        self.lines = source.splitlines()
        self._bytes = source.encode()
        self._starts = [0]
        for line in source.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line.encode()))

    def _span(self, node: ast.AST) -> tuple[int, int]:
        first = self._starts[node.lineno - 1] + node.col_offset  # type: ignore[attr-defined]
        last = self._starts[node.end_lineno - 1] + node.end_col_offset  # type: ignore[attr-defined]
        return first, last

    def of(self, node: ast.AST) -> str:
        """The text of one node."""
        first, last = self._span(node)
        return self._bytes[first:last].decode()

    def with_(self, node: ast.AST, after: str) -> str:
        """The whole source with other text in the node's place."""
        first, last = self._span(node)
        wrapped = after if isinstance(node, ast.stmt) or _is_plain(after) else f"({after})"
        return (self._bytes[:first] + wrapped.encode() + self._bytes[last:]).decode()


def _is_plain(text: str) -> bool:
    """Whether a text can stand anywhere without parentheses (patterns take none)."""
    return text.replace(".", "").replace("_", "").isalnum()
