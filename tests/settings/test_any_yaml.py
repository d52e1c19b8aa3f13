"""Any YAML: settings that the core can obey, or every error with its place."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from scnet_watchdog.settings.model import Settings
from settings_support import FULL, tried
from strategies import examples


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("any-yaml")


@examples(60)
@given(data=st.binary(max_size=200))
def test_any_bytes_are_settings_or_errors_with_their_place(folder: Path, data: bytes) -> None:
    tried(folder, data)


SPECIAL = st.text(st.sampled_from("{}[]:,-&*!|>?%@`'\"#<~\\ \n\t\r\x85\u2028a0"), max_size=60)


@examples(150)
@given(text=st.one_of(SPECIAL, st.text(max_size=60)))
def test_any_text_is_settings_or_errors_with_their_place(folder: Path, text: str) -> None:
    tried(folder, text.encode("utf-8", "surrogatepass"))


ODD: tuple[Any, ...] = (
    *(None, [], {}, True, -1, 0, 10**30, float("inf"), float("nan"), 1e-9),
    *("", " ", "5s", "999999999d", "9" * 5000, "1e9%", "~x/y", "\0", "\x1b[31m", "null", "on"),
    *("2026-03-01", date(2026, 3, 1), datetime(2026, 3, 1, 12), b"bytes", {"a", "b"}),  # noqa: DTZ001
    *({"a": {"b": None}}, {None: None}, {1: 2}, {(1, 2): 3}, [[["deep"]]], "http://[::1"),
)
KEYS = st.sampled_from(
    [
        *Settings.model_fields,
        "kunshan",
        "id",
        "policy",
        "cooldown",
        "token",
        "x-any",
        "<<",
        "__class__",
    ]
)
TREES = st.recursive(
    st.one_of(st.sampled_from(ODD), st.text(max_size=5)),
    lambda below: st.one_of(
        st.lists(below, max_size=4), st.dictionaries(KEYS, below, min_size=1, max_size=4)
    ),
    max_leaves=12,
)


def written(tree: Any, flow: bool | None = False) -> bytes:
    """A tree as YAML; what stands in it several times becomes anchor and aliases."""
    return yaml.dump(tree, sort_keys=False, allow_unicode=True, default_flow_style=flow).encode()


@examples(60)
@given(tree=st.dictionaries(KEYS, TREES, max_size=6), flow=st.sampled_from([True, False, None]))
def test_any_tree_of_nodes_is_settings_or_errors_with_their_place(
    folder: Path, tree: Any, flow: bool | None
) -> None:
    tried(folder, written(tree, flow))


def places(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every path of a tree but its root."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for key, one in pairs:
        yield (*above, key)
        if isinstance(one, (dict, list)):
            yield from places(one, (*above, key))


def remove(inside: Any, key: Any, odd: Any) -> None:
    del inside[key]


def put(inside: Any, key: Any, odd: Any) -> None:
    inside[key] = odd


def rename(inside: Any, key: Any, odd: Any) -> None:
    if isinstance(inside, dict):
        inside[f"{key}s"] = inside.pop(key)


def into_list(inside: Any, key: Any, odd: Any) -> None:
    inside[key] = [inside[key], odd]


def into_block(inside: Any, key: Any, odd: Any) -> None:
    inside[key] = {key: inside[key]}


def twice(inside: Any, key: Any, odd: Any) -> None:
    """The very same node again: an alias."""
    if isinstance(inside, list):
        inside.append(inside[key])
    else:
        inside["again"] = inside[key]


CHANGES = st.tuples(
    st.sampled_from(list(places(FULL))),
    st.sampled_from([put, put, remove, rename, into_list, into_block, twice]),
    st.sampled_from(ODD),
)


def changed(changes: list[tuple[tuple[Any, ...], Callable[[Any, Any, Any], None], Any]]) -> Any:
    """The full config with some of its nodes replaced, removed, renamed, wrapped or repeated."""
    tree = deepcopy(FULL)
    for path, change, odd in changes:
        inside: Any = tree
        try:
            for key in path[:-1]:
                inside = inside[key]
            change(inside, path[-1], deepcopy(odd))
        except (KeyError, IndexError, TypeError):
            # An earlier change took that place away.
            continue
    return tree


def test_the_full_config_itself_is_accepted(folder: Path) -> None:
    assert tried(folder, written(FULL)) is not None


@examples(80)
@given(changes=st.lists(CHANGES, min_size=1, max_size=3))
def test_a_full_config_with_changed_nodes_is_settings_or_errors_with_their_place(
    folder: Path, changes: list[Any]
) -> None:
    tried(folder, written(changed(changes)))


WITHOUT_LIBYAML = """
import sys, tempfile, pathlib, yaml
del yaml.CSafeLoader
from settings_support import tried
for text in sys.argv[1:]:
    assert tried(pathlib.Path(tempfile.mkdtemp()), text.encode()) is None
"""
ODD_ESCAPES = (
    'a: "\\UFFFFFFFF"',
    'policy: {stable_after: "\\ud800"}',
    'log: {rotate: "\\ud83d"}',
    '{"\\ud83d": 1}',
    "- &a [*a]",
    "[",
)


def test_odd_texts_are_refused_where_yaml_has_no_c_library_too() -> None:
    # The library's own loader lets through, or breaks at, what the one in C refuses.
    here = Path(__file__).parent.parent
    command = [sys.executable, "-c", WITHOUT_LIBYAML, *ODD_ESCAPES]
    ran = subprocess.run(command, cwd=here, check=False, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
