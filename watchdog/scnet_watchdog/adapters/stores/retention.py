"""What may be forgotten: old, closed, and needed by no window, open attempt or hold."""

import sqlite3
from collections.abc import Collection

from ...core.model import InstanceId

_JOURNAL = "DELETE FROM journal WHERE id IN (SELECT id FROM journal WHERE at < ? LIMIT ?)"
_ATTEMPTS = """
DELETE FROM attempts WHERE (instance, seq) IN (
    SELECT instance, seq FROM attempts WHERE saved_at < ? AND outcome IS NOT NULL
    AND NOT (outcome IN ('accepted', 'unknown') AND verdict IS NULL) LIMIT ?)
"""
_UNTOUCHED = """
SELECT id FROM instances WHERE touched_at < ?
AND json_extract(data, '$.care.hold') IS NULL
AND NOT EXISTS (SELECT 1 FROM attempts WHERE attempts.instance = instances.id)
"""
"""An instance with attempts keeps its row: the next attempt's `seq` is counted from it."""


def prune(
    connection: sqlite3.Connection,
    before: str,
    watched: Collection[InstanceId] | None,
    batch: int,
) -> int:
    """Delete at most `batch` rows of each kind; return how many went.

    Args:
        before: rows last written before this moment are old.
        watched: instances that stay although nothing of them has changed for long; None = all.
    """
    gone = connection.execute(_JOURNAL, (before, batch)).rowcount
    gone += connection.execute(_ATTEMPTS, (before, batch)).rowcount
    if watched is None:
        return gone
    untouched = (id_ for (id_,) in connection.execute(_UNTOUCHED, (before,)))
    unwatched = [id_ for id_ in untouched if id_ not in watched][:batch]
    connection.executemany("DELETE FROM instances WHERE id = ?", [(id_,) for id_ in unwatched])
    return gone + len(unwatched)
