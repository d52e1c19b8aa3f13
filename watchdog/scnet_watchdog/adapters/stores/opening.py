"""Opening a state file: ours and whole, or a clear error; never silently afresh."""

import errno
import os
import sqlite3
from collections.abc import Mapping
from contextlib import closing, suppress
from importlib import resources
from pathlib import Path

from ...ports import StoreError, Unreadable, Unwritable
from .wal import check_log

APPLICATION_ID = 0x53434E57
"""Marks a file as ours ("SCNW")."""
FINAL = frozenset({errno.EACCES, errno.EPERM, errno.EISDIR, errno.ENOTDIR, errno.ELOOP})
"""Errors that stay until a person acts; others (too many files, a server away) may pass."""


def migrations() -> dict[int, str]:
    """The numbered steps of the schema."""
    folder = resources.files(__package__) / "migrations"
    found = {}
    for file in folder.iterdir():
        if file.name.endswith(".sql"):
            found[int(file.name.split("_")[0])] = file.read_text(encoding="utf-8")
    return dict(sorted(found.items()))


def ready_folder(path: Path, explicit: bool) -> None:
    """See to the folder of a state.

    Args:
        explicit: the place was configured; its folder must then exist: an unmounted volume must
            not be silent amnesia.

    Raises:
        Unreadable, Unwritable
    """
    try:
        if explicit and not path.parent.is_dir():
            raise Unreadable(f"{path}: its folder does not exist (is the volume mounted?)")
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise Unwritable(f"{path.parent}: {error.strerror}") from error


def open_state(path: Path, steps: Mapping[int, str] | None = None) -> sqlite3.Connection:
    """Open a state that exists, migrating it where needed.

    Args:
        steps: the schema's steps; None = those of this program.

    Raises:
        Unreadable, Unwritable
    """
    known = migrations() if steps is None else steps
    readable(path)
    connection: sqlite3.Connection | None = None
    try:
        check_log(path)
        connection = connect(path)
        check_ours(connection, path, max(known))
        _bring_up_to_date(connection, path, known)
    except (OSError, ValueError, sqlite3.Error, StoreError) as error:
        if connection is not None:
            connection.close()
        if isinstance(error, StoreError):
            raise
        raise storage_error(path, error) from error
    return connection


def create_state(path: Path) -> None:
    """Make a new state beside its place and put it there whole.

    A start that is interrupted leaves no half of one, which the next start would have to refuse.

    Raises:
        Unreadable: a log is there without its state, so there was one.
        Unwritable
    """
    log = path.with_name(path.name + "-wal")
    draft = path.with_name(path.name + ".new")
    try:
        if log.exists() and log.stat().st_size:
            # SQLite would throw this log away, and with it what the last run saved.
            raise Unreadable(f"{path} is missing but {log} is there: put the state back")
        for left in (draft, draft.with_name(draft.name + "-wal")):
            left.unlink(missing_ok=True)
        draft.touch(mode=0o600)
        with closing(connect(draft)) as connection:
            for number, sql in migrations().items():
                _migrate(connection, number, sql)
            connection.execute("PRAGMA journal_mode=DELETE")
        put_in_place(draft, path)
    except (OSError, sqlite3.Error) as error:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        raise Unwritable(f"{path} cannot be made: {error}") from error


def exists(path: Path) -> bool:
    """Whether there is a state.

    Raises:
        Unwritable: that cannot be told now.
    """
    try:
        return path.exists()
    except OSError as error:
        raise storage_error(path, error) from error


def readable(path: Path) -> None:
    """Refuse what cannot be a state before SQLite touches it.

    Raises:
        Unreadable
        Unwritable: the system cannot read it now; later it may.
    """
    try:
        with path.open("rb") as file:
            empty = not file.read(1)
    except OSError as error:
        if error.errno not in FINAL:
            raise storage_error(path, error) from error
        raise Unreadable(f"{path} cannot be read: {error.strerror}") from error
    if empty:
        raise Unreadable(f"{path} is empty: it was a state once; restore it, or remove it")


def connect(path: Path) -> sqlite3.Connection:
    """A connection that owns the file alone; every commit is on disk when it returns."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        # Before WAL: then no shared memory is needed, and network homes work.
        connection.execute("PRAGMA locking_mode=EXCLUSIVE")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        # macOS: a plain fsync leaves the data in the drive's cache. Without meaning elsewhere.
        connection.execute("PRAGMA fullfsync=ON")
        connection.execute("PRAGMA checkpoint_fullfsync=ON")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def storage_error(path: Path, error: Exception) -> StoreError:
    """What an error of the file system or of SQLite means to us."""
    if isinstance(error, UnicodeDecodeError):
        # SQLite quotes a damaged schema in its message, and that is no text any more.
        return Unreadable(f"{path} cannot be read: its schema is damaged")
    damaged = isinstance(error, sqlite3.DatabaseError) and not isinstance(
        error, sqlite3.OperationalError | sqlite3.IntegrityError
    )
    text = str(error).lower()
    if damaged or "malformed" in text or "not a database" in text:
        return Unreadable(f"{path} cannot be read: {error}")
    return Unwritable(f"{path}: {error}")


def check_ours(connection: sqlite3.Connection, path: Path, newest: int) -> None:
    """Refuse a file that is not ours, is newer than this program, or is damaged.

    Raises:
        Unreadable
    """
    ours = connection.execute("PRAGMA application_id").fetchone()[0]
    version = connection.execute("PRAGMA user_version").fetchone()[0]
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
    if found == "ok":
        # Rows against their indexes: an attempt that changed its instance or number is found so.
        found = connection.execute("PRAGMA integrity_check(attempts)").fetchone()[0]
    if found != "ok":
        raise Unreadable(f"{path} is damaged: {found}")


def _bring_up_to_date(connection: sqlite3.Connection, path: Path, steps: Mapping[int, str]) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    missing = {number: sql for number, sql in steps.items() if number > version}
    if not missing:
        return
    _keep_copy(connection, path, version)
    for number, sql in missing.items():
        _migrate(connection, number, sql)
    # The schema stands in the file itself, not only in a log beside it that may get lost.
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _keep_copy(connection: sqlite3.Connection, path: Path, version: int) -> None:
    """Keep the state as it is before it is changed, in place of an older copy of that version."""
    copy = path.with_name(f"{path.name}.v{version}")
    draft = copy.with_name(copy.name + ".part")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    connection.execute("VACUUM INTO ?", (str(draft),))
    put_in_place(draft, copy)


def _migrate(connection: sqlite3.Connection, number: int, sql: str) -> None:
    """One step, whole or not at all."""
    connection.executescript(
        f"BEGIN IMMEDIATE;\n{sql}\nPRAGMA application_id={APPLICATION_ID};\n"
        f"PRAGMA user_version={number};\nCOMMIT;"
    )


def put_in_place(draft: Path, place: Path) -> None:
    """Rename a finished file to its place; both are on disk when this returns."""
    _to_disk(draft)
    draft.replace(place)
    _to_disk(place.parent)


def _to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
