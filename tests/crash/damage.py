"""Random damage to a state's files, and what a start makes of it."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from scnet_watchdog.core.change import Change
from scnet_watchdog.core.event import Event, EventKind
from scnet_watchdog.core.outcome import OutcomeKind
from scnet_watchdog.ports import StoreError
from store_support import NO_WAIT, T0, attempt, settled, sqlite_store

Files = dict[str, bytes]
"""The files of a state by their endings: '' is the state itself, '-wal' its log."""
Attempts = frozenset[tuple[object, ...]]


def read_files(state: Path) -> Files:
    """The files of a state that nobody writes."""
    ends = ("", "-wal")
    paths = {end: state.with_name(state.name + end) for end in ends}
    return {end: path.read_bytes() for end, path in paths.items() if path.exists()}


def write_files(state: Path, files: Files) -> None:
    """Put files there, and nothing else."""
    for old in state.parent.glob(state.name + "*"):
        old.unlink()
    for end, data in files.items():
        state.with_name(state.name + end).write_bytes(data)


def damage(random: Random, files: Files) -> tuple[str, Files]:
    """Spoil one file: bits turned, a stretch of zeros or nonsense, or the end cut off."""
    end = random.choice(sorted(end for end, data in files.items() if data))
    data = bytearray(files[end])
    kind = random.choice(("bit", "bits", "zeros", "nonsense", "sector", "cut"))
    at = random.randrange(len(data))
    if kind == "bit":
        data[at] ^= 1 << random.randrange(8)
    elif kind == "bits":
        for _ in range(50):
            data[random.randrange(len(data))] ^= 1 << random.randrange(8)
    elif kind == "cut":
        del data[at:]
    else:
        at = at // 512 * 512 if kind == "sector" else at
        length = min(random.choice((16, 512, 4096)), len(data) - at)
        data[at : at + length] = bytes(length) if kind != "nonsense" else random.randbytes(length)
    return f"{kind} at {at} of {end or 'state'}", {**files, end: bytes(data)}


def stored_attempts(state: Path) -> Attempts:
    """Every attempt of a state, all of its columns."""
    with closing(sqlite3.connect(state)) as connection:
        connection.text_factory = bytes
        return frozenset(connection.execute("SELECT * FROM attempts").fetchall())


@dataclass(frozen=True, slots=True)
class Story:
    """A state that was saved step by step.

    Args:
        files: as they lie there after a death, with a log that holds the later half.
        clean: as a clean stop leaves them.
        steps: the attempts as they were after each commit, the last one last.
    """

    files: Files
    clean: Files
    steps: tuple[Attempts, ...]


async def saved_story(folder: Path, attempts: int = 24) -> Story:
    """Save attempts of three instances, one after another; the last ones stay open."""
    state, steps = folder / "state.db", []
    for half in (range(attempts // 2), range(attempts // 2, attempts)):
        store = sqlite_store(folder)
        tenure = await store.acquire("me", NO_WAIT)
        for number in half:
            row = attempt("abc"[number % 3] * 32, 1 + number // 3)
            told = (Event(EventKind.DAEMON_STARTED, T0),)
            await store.commit(tenure, Change(wanted=(row,), events=told))
            steps.append(_copied_attempts(state))
            if number < attempts - 3:
                end = settled(row, OutcomeKind.REFUSED)
                await store.commit(tenure, Change(attempts=(end,)))
                steps.append(_copied_attempts(state))
        files = read_files(state)
        await store.close()
    return Story(files, read_files(state), tuple(steps))


def _copied_attempts(state: Path) -> Attempts:
    """The attempts of a state that a store holds open, from a copy of its files."""
    with TemporaryDirectory() as folder:
        copy = Path(folder) / state.name
        write_files(copy, read_files(state))
        return stored_attempts(copy)


def keys(rows: Attempts) -> frozenset[tuple[object, ...]]:
    """Whose attempts, and which: instance and number."""
    return frozenset(row[:2] for row in rows)


@dataclass(frozen=True, slots=True)
class Started:
    """What a start made of a state.

    Args:
        refusal: the name of the error that ended it, or None where it went on.
    """

    refusal: str | None
    message: str = ""
    attempts: Attempts = frozenset()


async def start(state: Path) -> Started:
    """Start on a state as the daemon does: take it, read it, give it up again."""
    store = sqlite_store(state.parent)
    try:
        await store.load(await store.acquire("me", NO_WAIT))
    except StoreError as error:
        return Started(type(error).__name__, str(error))
    finally:
        await store.close()
    return Started(None, "", stored_attempts(state))
