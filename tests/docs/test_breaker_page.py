"""The page and the diagram of the breaker are its transition table."""

import re
from pathlib import Path

from scnet_watchdog.core.breaker import NEXT

PAGE = (Path(__file__).parents[2] / "docs" / "breaker.md").read_text(encoding="utf-8")
MOVES = {(str(before), str(move), str(after)) for (before, move), after in NEXT.items()}


def test_the_table_has_every_move_and_no_other() -> None:
    rows = re.findall(r"^\| `(\w+)` \| `(\w+)` \| `(\w+)` \|", PAGE, re.MULTILINE)
    assert set(rows) == MOVES
    assert len(rows) == len(MOVES)


def test_the_diagram_draws_every_move_and_no_other() -> None:
    arrows = re.findall(r"^ +(\w+) --> (\w+): (\w+)$", PAGE, re.MULTILINE)
    assert {(before, move, after) for before, after, move in arrows} == MOVES
