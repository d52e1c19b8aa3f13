"""Compares what left the daemon with what its state says: the calls of each attempt are counted."""

import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path

from crash.relay import WireCall

MAY_HAVE_CALLED = frozenset({"accepted", "refused", "unknown"})


@dataclass(frozen=True, slots=True)
class Row:
    """One attempt as the state remembers it."""

    instance: str
    seq: int
    saved_at: float
    outcome: str | None
    verdict: str | None
    judged_at: float | None


def attempts(state: Path) -> list[Row]:
    """All attempts of a state that nobody holds, by instance and number."""
    with closing(sqlite3.connect(state)) as connection:
        rows = connection.execute(
            "SELECT instance, seq, saved_at, outcome, verdict, judged_at FROM attempts "
            "ORDER BY instance, seq"
        ).fetchall()
    return [Row(r[0], r[1], _seconds(r[2]), r[3], r[4], _seconds(r[5])) for r in rows]


def _seconds(text: str | None) -> float:
    return datetime.fromisoformat(text).timestamp() if text else 0.0


def faults(
    calls: Sequence[WireCall],
    rows: Sequence[Row],
    watch: float,
    started: Sequence[tuple[str, float]] = (),
) -> list[str]:
    """Every way in which the calls and the rows break the contract; none is expected.

    Args:
        watch: how many seconds a call without an answer is watched before another may follow.
        started: which instances the platform did start, and when: where one then fails again, that
            is seen and judged before the watch is over.
    """
    found = [
        *_calls_of_attempts(calls),
        *_called_rows(calls, rows),
        *_watches(rows, watch, started),
    ]
    return found


def _calls_of_attempts(calls: Sequence[WireCall]) -> Iterator[str]:
    """No call without its row on the disk; no two calls of one row."""
    for call in calls:
        if len(call.saved) != 1:
            yield f"a call of {call.instance} came with unjudged rows {call.saved} on the disk"
    counted = Counter((call.instance, seq) for call in calls for seq in call.saved)
    for (instance, seq), times in counted.items():
        if times > 1:
            yield f"{times} calls of attempt {seq} of {instance}"


def _called_rows(calls: Sequence[WireCall], rows: Sequence[Row]) -> Iterator[str]:
    """What was called is remembered as called, what was answered was called."""
    called = {(call.instance, seq) for call in calls for seq in call.saved}
    known = {(row.instance, row.seq): row for row in rows}
    for key in sorted(called - known.keys()):
        yield f"attempt {key} was called and is forgotten"
    for key, row in known.items():
        if row.outcome is None:
            yield f"attempt {key} is open after a clean stop"
        elif key in called and row.outcome not in MAY_HAVE_CALLED:
            yield f"attempt {key} was called and is remembered as {row.outcome}"
        elif key not in called and row.outcome in ("accepted", "refused"):
            yield f"attempt {key} is remembered as {row.outcome} and was never called"


def _watches(
    rows: Sequence[Row], watch: float, started: Sequence[tuple[str, float]]
) -> Iterator[str]:
    """After a call that may have acted none follows before it is judged, or not in its watch."""
    for before, after in pairwise(rows):
        if before.instance != after.instance:
            continue
        if before.outcome in ("accepted", "unknown") and before.verdict is None:
            yield f"attempt {after.seq} of {after.instance} follows one that was not judged"
        passed = after.saved_at - before.saved_at
        lost = before.outcome == "unknown" and before.verdict in ("did_not_help", "unjudged")
        acted = any(
            who == before.instance and before.saved_at <= at <= after.saved_at
            for who, at in started
        )
        if lost and not acted and passed < watch:
            yield f"attempt {after.seq} of {after.instance} {passed:.2f} s after an unknown outcome"
