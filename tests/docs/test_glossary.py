"""One word per concept: the glossary has every word of the vocabulary, the code has no rival."""

import ast
import re
from pathlib import Path

import pytest

from scnet_watchdog.core.model import Status
from scnet_watchdog.core.outcome import OutcomeKind, Verdict
from scnet_watchdog.core.policy import Mode
from scnet_watchdog.core.state import BreakerState

ROOT = Path(__file__).parents[2]
CODE = ROOT / "watchdog" / "scnet_watchdog"


def rows() -> list[list[str]]:
    """The table's rows as word, meaning, rivals."""
    text = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[1:]]


RIVALS = {rival: word for word, _, rivals in rows() for rival in re.findall(r"\w+", rivals)}


def named(tree: ast.AST) -> set[str]:
    """The names that a file gives: functions, classes, arguments, annotated fields."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.arg):
            found.add(node.arg)
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found.add(node.target.id)
    return found


def words(name: str) -> set[str]:
    """`OpenedFor` and `opened_for` → opened, for."""
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+", name)}


@pytest.mark.parametrize("word", [*Status, *OutcomeKind, *Verdict, *BreakerState, Mode.SHADOW])
def test_every_word_of_the_vocabulary_is_in_the_glossary(word: str) -> None:
    text = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    assert re.search(rf"\b{word}\b", text)


def test_no_word_stands_twice() -> None:
    named_ = [one for word, *_ in rows() for one in word.split(", ")]
    assert len(named_) == len(set(named_))


@pytest.mark.parametrize("file", sorted(CODE.rglob("*.py")), ids=lambda file: file.stem)
def test_no_name_in_the_code_uses_a_rival_word(file: Path) -> None:
    for name in named(ast.parse(file.read_text(encoding="utf-8"))):
        for rival in words(name) & RIVALS.keys():
            pytest.fail(f"{name}: say {RIVALS[rival]!r} in place of {rival!r}")
