"""What a reload would mean to the running daemon: told by `check`, before it happens."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..core.decision import Reason
from ..core.model import DOWN
from ..core.policy import Member, Mode, Roster

Row = Mapping[str, Any]

HELD_BY_CONFIG = frozenset({Reason.WATCH_ONLY, Reason.NOT_RESTARTABLE, Reason.SHADOW})
"""Reasons that the config alone gives: with another config they may be gone."""


def foreseen(rows: Sequence[Row], roster: Roster, shadow: bool) -> str:
    """One sentence on what a reload of a config leads to.

    Args:
        rows: the instances as the running daemon shows them.
        roster: the config that would be loaded.
        shadow: the whole daemon runs in shadow mode: it never calls.
    """
    return "; ".join(_parts(rows, roster, shadow)) or "a reload makes nobody eligible for a restart"


def _parts(rows: Sequence[Row], roster: Roster, shadow: bool) -> Iterator[str]:
    known = {row["id"] for row in rows}
    members = {str(id_): member for id_, member in roster.members.items()}
    if added := len(members.keys() - known):
        yield f"{_many(added)} would be newly watched: looked at first, then decided"
    if removed := len(known - members.keys()):
        yield f"{_many(removed)} would no longer be watched"
    if shadow:
        return
    changes = [_change(row, members[row["id"]]) for row in rows if row["id"] in members]
    if come := changes.count(1):
        yield f"{_many(come)} would become eligible for a restart"
    if gone := changes.count(-1):
        yield f"{_many(gone)} would no longer be restarted"


def _change(row: Row, member: Member) -> int:
    """1 = becomes eligible, -1 = is no longer, 0 = neither; who is up or held is neither."""
    if row["status"] not in DOWN or row["hold"] is not None:
        return 0
    wanted = row["status"] in member.policy.restart_on and member.policy.mode is Mode.ACTIVE
    return int(wanted) - int(row["reason"] not in HELD_BY_CONFIG)


def _many(number: int) -> str:
    return f"{number} instance{'' if number == 1 else 's'}"
