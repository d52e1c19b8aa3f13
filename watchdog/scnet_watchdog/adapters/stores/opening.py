"""Opening a state file: ours and whole, or a clear error; never silently afresh."""

import sqlite3
from importlib import resources
from pathlib import Path

from ...ports import StoreError, Unreadable, Unwritable

APPLICATION_ID = 0x53434E57
"""Marks a file as ours ("SCNW")."""


def migrations() -> dict[int, str]:
    """The numbered steps of the schema."""
    folder = resources.files(__package__) / "migrations"
    found = {}
    for file in folder.iterdir():
        if file.name.endswith(".sql"):
            found[int(file.name.split("_")[0])] = file.read_text(encoding="utf-8")
    return dict(sorted(found.items()))


def open_state(path: Path, explicit: bool) -> tuple[sqlite3.Connection, bool]:
    """Open the state, making or migrating it where needed; return whether it is new.

    Args:
        explicit: the place was configured; its folder must then exist: an unmounted volume must
            not be silent amnesia.

    Raises:
        Unreadable, Unwritable
    """
    new = not path.exists()
    _plausible(path, new, explicit)
    connection: sqlite3.Connection | None = None
    try:
        if new:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.touch(mode=0o600)
        connection = connect(path)
        _prepare(connection, path, new)
    except (OSError, sqlite3.Error, StoreError) as error:
        if connection is not None:
            connection.close()
        if new:
            # Half a new state must not be taken for an empty one at the next start.
            path.unlink(missing_ok=True)
        if isinstance(error, StoreError):
            raise
        raise storage_error(path, error) from error
    return connection, new


def _plausible(path: Path, new: bool, explicit: bool) -> None:
    if new and explicit and not path.parent.is_dir():
        raise Unreadable(f"{path}: its folder does not exist (is the volume mounted?)")
    if not new and path.stat().st_size == 0:
        raise Unreadable(f"{path} is empty: it was a state once; restore it, or remove it")


def connect(path: Path) -> sqlite3.Connection:
    """A connection that owns the file alone; every commit is on disk when it returns."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    # Before WAL: then no shared memory is needed, and network homes work.
    connection.execute("PRAGMA locking_mode=EXCLUSIVE")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    return connection


def storage_error(path: Path, error: Exception) -> StoreError:
    """What an error of the file system or of SQLite means to us."""
    damaged = isinstance(error, sqlite3.DatabaseError) and not isinstance(
        error, sqlite3.OperationalError | sqlite3.IntegrityError
    )
    text = str(error).lower()
    if damaged or "malformed" in text or "not a database" in text:
        return Unreadable(f"{path} cannot be read: {error}")
    return Unwritable(f"{path}: {error}")


def _prepare(connection: sqlite3.Connection, path: Path, new: bool) -> None:
    steps = migrations()
    newest = max(steps)
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if not new:
        _check(connection, path, version, newest)
    if version < newest:
        if version:
            _keep_copy(connection, path, version)
        for number, sql in steps.items():
            if number > version:
                _migrate(connection, number, sql)
        # The schema stands in the file itself, not only in a log beside it that may get lost.
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _check(connection: sqlite3.Connection, path: Path, version: int, newest: int) -> None:
    ours = connection.execute("PRAGMA application_id").fetchone()[0]
    if ours != APPLICATION_ID or version < 1:
        raise Unreadable(f"{path} exists but is not a state of ours")
    if version > newest:
        copy = path.with_name(f"{path.name}.v{newest}")
        kept = f"; the state before that change is kept as {copy}" if copy.exists() else ""
        raise Unreadable(
            f"{path} has schema version {version}, this program knows {newest}: "
            f"install the newer program again{kept}"
        )
    found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise Unreadable(f"{path} is damaged: {found}")


def _keep_copy(connection: sqlite3.Connection, path: Path, version: int) -> None:
    """Keep the file as it is before it is changed."""
    copy = path.with_name(f"{path.name}.v{version}")
    if copy.exists():
        return
    draft = copy.with_name(copy.name + ".part")
    draft.unlink(missing_ok=True)
    connection.execute("VACUUM INTO ?", (str(draft),))
    draft.chmod(0o600)
    draft.rename(copy)


def _migrate(connection: sqlite3.Connection, number: int, sql: str) -> None:
    """One step, whole or not at all."""
    connection.executescript(
        f"BEGIN IMMEDIATE;\n{sql}\nPRAGMA application_id={APPLICATION_ID};\n"
        f"PRAGMA user_version={number};\nCOMMIT;"
    )
