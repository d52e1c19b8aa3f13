"""YAML as written: plain scalars stay text, every key and value knows its line and column.

No YAML 1.1 surprises: `012345`, `22:00`, `on` and `NO` are text until a field wants something
else. Only a plain `null`, `~` or nothing means none.
"""

import re
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from typing import Any, cast

import yaml

from .problem import Mark, Path, Problem

LARGEST = 4 * 2**20
"""Bytes a config file may have: 20 000 instances need 1 MiB."""
DEEPEST = 32
"""How deep a config may nest; deeper is a mistake or an attack."""
MOST_NODES = 1_000_000
"""Nodes after aliases are expanded; an alias bomb has more."""

_BRACKETS = re.compile(r"[\[\]{}]")
_BREAKS = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(slots=True)
class Tree:
    """Plain values, and where each of them stands.

    Args:
        keys: path → the mark of its key (of a list item: of the item).
        values: path → the mark of its value.
    """

    value: Any = None
    keys: dict[Path, Mark] = field(default_factory=dict)
    values: dict[Path, Mark] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def mark_of(self, path: Path, of_key: bool = False) -> Mark | None:
        """The mark of a path, or of the nearest part above it that has one."""
        while path:
            first, second = (self.keys, self.values) if of_key else (self.values, self.keys)
            found = first.get(path) or second.get(path)
            if found is not None:
                return found
            path, of_key = path[:-1], True
        return self.values.get(())


def parse(text: str, name: str) -> Tree:
    """Read one YAML document; every error becomes a problem with its place."""
    tree = Tree()
    try:
        _refuse_depth(text)
        root = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = _within(text, name, error.problem_mark or error.context_mark)
        tree.problems.append(Problem((), f"not valid YAML: {error.problem or error.context}", mark))
        return tree
    except (yaml.YAMLError, RecursionError, ValueError, OverflowError) as error:
        why = f"not valid YAML: {str(error).splitlines()[0]}"
        tree.problems.append(Problem((), why, _unprintable(text, name)))
        return tree
    tree.values[()] = Mark(name, 1, 1)
    if root is not None:
        try:
            _Walk(tree, name).node(root, (), 0)
        except _Unbounded as error:
            return Tree(problems=[Problem((), str(error), error.mark)])
    return tree


def _within(text: str, name: str, at: yaml.Mark | None) -> Mark:
    """The mark of an error; of one at the end of a text without line end, that very end.

    The parser calls that a line of its own, which no editor can show.
    """
    lines = _BREAKS.split(text)
    if at is None or at.line >= len(lines):
        return Mark(name, len(lines), len(lines[-1]) + 1)
    return Mark(name, at.line + 1, at.column + 1)


def _unprintable(text: str, name: str) -> Mark:
    """Where the first character stands that YAML does not allow: such an error has no mark."""
    found = yaml.reader.Reader.NON_PRINTABLE.search(text)
    before = _BREAKS.split(text[: found.start()] if found is not None else "")
    return Mark(name, len(before), len(before[-1]) + 1)


class _Unbounded(Exception):
    """What aliases and merge keys make of the file is too much; reading ends at once."""

    def __init__(self, text: str, mark: Mark) -> None:
        super().__init__(text)
        self.mark = mark


def _refuse_depth(text: str) -> None:
    """Refuse what nests too deeply before it is composed: that would end the process.

    Raises:
        yaml.YAMLError
    """
    if _deepest_possible(text) <= DEEPEST:
        return
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEEPEST:
            raise yaml.MarkedYAMLError(
                None, None, "it nests too deeply", cast("Any", event.start_mark)
            )


def _deepest_possible(text: str) -> int:
    """A quick bound: every level costs a bracket, or a character before the line's first word."""
    open_now = most = 0
    for found in _BRACKETS.finditer(text):
        open_now += 1 if found[0] in "[{" else -1
        most = max(most, open_now)
    indents = (len(line) - len(line.lstrip(" -?")) for line in text.splitlines())
    return most + max(indents, default=0)


class _Walk:
    """Turns nodes into plain values, noting marks."""

    def __init__(self, tree: Tree, name: str) -> None:
        self._tree = tree
        self._name = name
        self._nodes = 0

    def node(self, root: yaml.Node, path: Path, depth: int) -> None:
        """Take the root."""
        self._tree.value = self._value(root, path, depth)

    def _mark(self, node: yaml.Node) -> Mark:
        return Mark(self._name, node.start_mark.line + 1, node.start_mark.column + 1)

    def _value(self, node: yaml.Node, path: Path, depth: int) -> Any:
        self._count(node, depth)
        self._tree.values[path] = self._mark(node)
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, path)
        if isinstance(node, yaml.SequenceNode):
            for i, one in enumerate(node.value):
                self._tree.keys[(*path, i)] = self._mark(one)
            return [self._value(one, (*path, i), depth + 1) for i, one in enumerate(node.value)]
        assert isinstance(node, yaml.MappingNode)  # noqa: S101 - YAML has no fourth kind
        return self._mapping(node, path, depth)

    def _count(self, node: yaml.Node, depth: int) -> None:
        """Bound the work, whatever aliases repeat."""
        self._nodes += 1
        if depth > DEEPEST:
            raise _Unbounded("nests too deeply", self._mark(node))
        if self._nodes > MOST_NODES:
            raise _Unbounded("is too large once its aliases are expanded", self._mark(node))

    def _scalar(self, node: yaml.ScalarNode, path: Path) -> str | None:
        text = str(node.value)
        if not node.style and text in _NULLS:
            return None
        if "\0" in text:
            self._problem(path, "must not hold a NUL character", node)
        if not is_text(text):
            self._problem(path, "must be text", node)
        return text.replace("\0", "").encode("utf-8", "replace").decode()

    def _mapping(
        self, node: yaml.MappingNode, path: Path, depth: int, taken: Set[str] = frozenset()
    ) -> dict[str, Any]:
        """The pairs of a mapping but those `taken`: a mapping's own keys win over merged ones."""
        merges: list[yaml.Node] = []
        own: dict[str, Any] = {}
        for key, value in node.value:
            self._count(key, depth)
            if not isinstance(key, yaml.ScalarNode) or not is_text(key.value):
                self._problem(path, "a key must be plain text", key)
            elif key.value == "<<" and not key.style:
                merges.append(value)
            elif key.value in taken:
                continue
            elif key.value in own:
                first = self._tree.keys[(*path, key.value)]
                self._problem((*path, key.value), f"stands twice; first on line {first.line}", key)
            else:
                self._tree.keys[(*path, key.value)] = self._mark(key)
                own[key.value] = self._value(value, (*path, key.value), depth + 1)
        for merged in merges:
            self._merge(merged, path, depth, taken, own)
        return own

    def _merge(
        self, node: yaml.Node, path: Path, depth: int, taken: Set[str], own: dict[str, Any]
    ) -> None:
        """Add the pairs of a merge key, whose marks are those of the anchor."""
        for part in node.value if isinstance(node, yaml.SequenceNode) else [node]:
            self._count(part, depth)
            if isinstance(part, yaml.MappingNode):
                own.update(self._mapping(part, path, depth + 1, taken | own.keys()))
            else:
                self._problem(path, "<< must name a mapping", node)

    def _problem(self, path: Path, text: str, node: yaml.Node) -> None:
        self._tree.problems.append(Problem(path, text, self._mark(node)))


def is_text(text: str) -> bool:
    """Whether it is no half of a surrogate pair or rest of other bytes: nothing can keep those."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def merge(below: Any, above: Any) -> Any:
    """Lay one tree of plain values over another: mappings key by key, all else replaced."""
    if not isinstance(below, Mapping) or not isinstance(above, Mapping):
        return above
    return {**below, **{key: merge(below.get(key), value) for key, value in above.items()}}
