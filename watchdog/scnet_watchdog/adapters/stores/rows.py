"""The tables of the state, written and read: plain SQL inside a transaction of the caller."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from ...core.attempt import Attempt, AttemptKey
from ...core.change import Change, Memory, StoredInstance
from ...core.model import InstanceId
from ...ports import Fenced, Sought
from . import codec

_COLUMNS = codec.ATTEMPT_COLUMNS
_OVERWRITE = ", ".join(f"{name.strip()} = excluded.{name.strip()}" for name in _COLUMNS.split(","))

_T = TypeVar("_T")
Row = tuple[object, ...]
ROWS_AT_ONCE = 50
"""Rows one statement writes at most: each number of rows is a text of its own, and only so many of
those stay prepared."""


def write(
    connection: sqlite3.Connection, epoch: int, change: Change, now: str
) -> frozenset[AttemptKey]:
    """Write a change; return which wanted attempts it could add.

    Raises:
        Fenced: the owner's row names another epoch.
    """
    owned = connection.execute("SELECT 1 FROM owner WHERE epoch = ?", (epoch,)).fetchone()
    if owned is None:
        raise Fenced("the state belongs to another owner")
    granted = _write_attempts(connection, change)
    _write_rows(
        connection,
        "INSERT OR REPLACE INTO instances",
        [
            (one.id, one.center, epoch, now, codec.facts_text(one.facts))
            for one in change.instances.values()
        ],
    )
    connection.executemany(
        "INSERT OR REPLACE INTO centers VALUES (?, ?, ?)",
        [(one.name, epoch, codec.center_text(one)) for one in change.centers.values()],
    )
    _write_holds(connection, epoch, change)
    _write_journal(connection, epoch, change)
    connection.executemany("DELETE FROM inbox WHERE id = ?", [(row,) for row in change.taken])
    return granted


def _write_attempts(connection: sqlite3.Connection, change: Change) -> frozenset[AttemptKey]:
    """Settled and judged rows first: they may make room for a new one of their instance."""
    closed_first = sorted(change.attempts, key=lambda attempt: not attempt.closed)
    _write_rows(
        connection,
        f"INSERT INTO attempts ({_COLUMNS})",
        [codec.attempt_row(attempt) for attempt in closed_first],
        f"ON CONFLICT (instance, seq) DO UPDATE SET {_OVERWRITE}",
    )
    return _add_attempts(connection, change.wanted)


def _add_attempts(
    connection: sqlite3.Connection, wanted: Sequence[Attempt]
) -> frozenset[AttemptKey]:
    """Add new rows; one whose instance has another that is not judged is not granted."""
    granted: set[AttemptKey] = set()
    for part in _parts(wanted):
        try:
            rows = [codec.attempt_row(attempt) for attempt in part]
            _insert(connection, f"INSERT INTO attempts ({_COLUMNS})", rows)
            granted.update(attempt.key for attempt in part)
        except sqlite3.IntegrityError:
            # The statement is undone, the transaction goes on: who of them may, one by one.
            granted.update(attempt.key for attempt in part if _added(connection, attempt))
    return frozenset(granted)


def _added(connection: sqlite3.Connection, attempt: Attempt) -> bool:
    into = f"INSERT OR IGNORE INTO attempts ({_COLUMNS})"
    return _insert(connection, into, [codec.attempt_row(attempt)]).rowcount == 1


def _write_holds(connection: sqlite3.Connection, epoch: int, change: Change) -> None:
    for scope, hold in change.holds.items():
        if hold is None:
            connection.execute(
                "DELETE FROM holds WHERE kind = ? AND name = ?", (scope.kind, scope.name)
            )
        else:
            connection.execute(
                "INSERT OR REPLACE INTO holds VALUES (?, ?, ?, ?)",
                (scope.kind, scope.name, epoch, codec.hold_text(hold)),
            )


def _write_journal(connection: sqlite3.Connection, epoch: int, change: Change) -> None:
    _write_rows(
        connection,
        "INSERT INTO journal (at, event, instance, center, epoch, data)",
        [
            (
                codec.moment_text(event.at),
                event.kind,
                event.instance,
                event.center,
                epoch,
                codec.event_text(event),
            )
            for event in change.events
        ],
    )


def _write_rows(
    connection: sqlite3.Connection, into: str, rows: Sequence[Row], otherwise: str = ""
) -> None:
    """Many rows by few statements.

    At the end of each the thread has to ask for the interpreter again, and the loop may be busy.
    """
    for part in _parts(rows):
        _insert(connection, into, part, otherwise)


def _parts(rows: Sequence[_T]) -> Iterator[Sequence[_T]]:
    return (rows[begin : begin + ROWS_AT_ONCE] for begin in range(0, len(rows), ROWS_AT_ONCE))


def _insert(
    connection: sqlite3.Connection, into: str, rows: Sequence[Row], otherwise: str = ""
) -> sqlite3.Cursor:
    """At most `ROWS_AT_ONCE` rows by one statement."""
    places = "(" + ", ".join("?" * len(rows[0])) + ")"
    return connection.execute(
        f"{into} VALUES {', '.join([places] * len(rows))} {otherwise}",
        [value for row in rows for value in row],
    )


def withdraw(connection: sqlite3.Connection, keys: Iterable[AttemptKey], now: str) -> None:
    """Settle rows of a commit that failed and may have reached the disk: nobody acted on them."""
    connection.executemany(
        "UPDATE attempts SET outcome = 'withdrawn', settled_at = ? "
        "WHERE instance = ? AND seq = ? AND outcome IS NULL",
        [(now, key.instance, key.seq) for key in keys],
    )


def untouched(connection: sqlite3.Connection) -> bool:
    """Whether no turn was ever saved here: commands may wait in the inbox already."""
    found = connection.execute(
        "SELECT EXISTS (SELECT 1 FROM journal) OR EXISTS (SELECT 1 FROM instances)"
    ).fetchone()
    return not found[0]


def read_memory(connection: sqlite3.Connection, fresh: bool) -> Memory:
    """Everything that is remembered.

    Raises:
        ValueError: something is not what we wrote.
    """
    instances = connection.execute("SELECT id, center, data FROM instances")
    centers = connection.execute("SELECT data FROM centers")
    holds = connection.execute("SELECT data FROM holds")
    return Memory(
        tuple(
            StoredInstance(InstanceId(id_), center, codec.read_facts(data))
            for id_, center, data in instances
        ),
        tuple(codec.read_center(data) for (data,) in centers),
        tuple(codec.read_hold(data) for (data,) in holds),
        _open_attempts(connection),
        fresh,
    )


def _open_attempts(connection: sqlite3.Connection) -> tuple[Attempt, ...]:
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM attempts WHERE outcome IS NULL"  # noqa: S608 - constants
    )
    return tuple(codec.read_attempt(row) for row in rows)


def newest_attempts(
    connection: sqlite3.Connection, instance: InstanceId, limit: int
) -> list[Attempt]:
    """The newest rows of an instance's ledger, oldest first."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM attempts WHERE instance = ? "  # noqa: S608 - constants
        "ORDER BY seq DESC LIMIT ?",
        (instance, limit),
    ).fetchall()
    return [codec.read_attempt(row) for row in reversed(rows)]


def newest_events(connection: sqlite3.Connection, sought: Sought) -> tuple[list[str], int | None]:
    """The newest events of those sought, oldest first, as they are stored; where older ones begin.

    Events of one turn have one moment: an excerpt may end between them, so its end is a row.
    """
    where = ["at >= ?"]
    values: list[object] = [codec.moment_text(sought.since)]
    if sought.until is not None:
        where.append("at < ?")
        values.append(codec.moment_text(sought.until))
    if sought.instance is not None:
        where.append("instance = ?")
        values.append(sought.instance)
    if sought.of_none:
        where.append("instance IS NULL")
    if sought.before is not None:
        # A row that is forgotten has nothing older left.
        where.append("(at, id) < (SELECT at, id FROM journal WHERE id = ?)")
        values.append(sought.before)
    rows = connection.execute(
        f"SELECT id, data FROM journal WHERE {' AND '.join(where)} "  # noqa: S608 - constants
        "ORDER BY at DESC, id DESC LIMIT ?",
        (*values, sought.limit + 1),
    ).fetchall()
    shown = rows[: sought.limit]
    before = shown[-1][0] if len(rows) > len(shown) else None
    return [data for _, data in reversed(shown)], before
