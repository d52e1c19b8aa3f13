"""Reach the running daemon, know that there is none, or end with 69 and every place tried."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from .client import Client, Declined, Unreached
from .common import ExitCode, complain, leave
from .where import Where

_T = TypeVar("_T")

CODES = {400: ExitCode.USAGE, 404: ExitCode.USAGE}
"""The exit code of an answer that is an error; of any other it is 1."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a state.

    Args:
        held: whether anybody does; None = this user may not know.
        words: host, pid and since when, as far as that is written down.
    """

    held: bool | None
    words: str = ""


def reach(where: Where, tell: Callable[[str], None] = complain) -> Client | None:
    """The running daemon, or None where no daemon holds the state; ends with 69 where one does.

    Args:
        tell: is told where somebody else's socket is asked.
    """
    tried: list[tuple[Path, Unreached]] = []
    found = _first(where.sockets, tried)
    if found is not None:
        return found
    holder = holder_of(where.state)
    # A configured state that nobody holds has no daemon: one elsewhere is another config's.
    if not (where.explicit and holder.held is False):
        found = _first(where.others, tried)
        if found is not None:
            tell(f"asking the daemon at {found.path}")
            return found
    if holder.held is False and not any(error.denied for _, error in tried):
        return None
    _unreachable(where, holder, tried)


def at_hand(where: Where) -> Client | None:
    """A daemon that answers at one of the places, for what is only worth telling where it does."""
    return _first((*where.sockets, *where.others), [])


def needed(where: Where, what: str) -> Client:
    """The running daemon; without one the command ends with 69.

    Args:
        what: what only a running daemon can do, as the end of a sentence.
    """
    client = reach(where)
    if client is None:
        tried = "\n".join(f"  tried {path}" for path in (*where.sockets, *where.others))
        text = f"no daemon holds the state {where.state}: only a running one can {what}"
        leave(ExitCode.UNREACHABLE, f"{text}\n{tried}")
    return client


def answered(question: Callable[[], _T]) -> _T:
    """What the daemon says; ends the command plainly where it declines, or is gone."""
    try:
        return question()
    except Declined as error:
        leave(CODES.get(error.status, ExitCode.FAILED), str(error))
    except Unreached as error:
        leave(ExitCode.UNREACHABLE, f"the daemon cannot be reached: {error}")


def ask(client: Client, path: str, **query: object) -> Any:
    """`Client.get`, ending the command plainly where there is no answer."""
    return answered(lambda: client.get(path, **query))


def holder_of(state: Path) -> Holder:
    """Whether somebody holds a state, and who: the lock is tried for a moment."""
    from ..adapters.stores.lock import StateLock
    from ..ports import HeldByAnother, Unwritable

    lock = StateLock(state)
    # Not Path.exists(): a folder that we may not enter is no error, we only cannot know.
    if not os.path.exists(state.with_name(state.name + ".lock")):
        # Nobody ever ran here, and looking leaves no file behind.
        return Holder(_may_look(state.parent))
    try:
        lock.take(timedelta())
    except HeldByAnother as error:
        owner = error.owner
        if owner is None:
            return Holder(True)
        since = f"{owner.since.astimezone():%Y-%m-%d %H:%M:%S%z}"
        return Holder(True, f"host {owner.host}, pid {owner.pid}, since {since}")
    except Unwritable:
        return Holder(None)
    lock.free()
    return Holder(False)


def _may_look(folder: Path) -> bool | None:
    """False (nobody holds it) where the folder can be looked into, else None."""
    try:
        next(folder.iterdir(), None)
    except PermissionError:
        return None
    except OSError:
        # No such folder: nobody was ever there.
        return False
    return False


def _first(sockets: tuple[Path, ...], tried: list[tuple[Path, Unreached]]) -> Client | None:
    for path in sockets:
        client = Client(path)
        try:
            client.knock()
        except Unreached as error:
            tried.append((path, error))
        else:
            return client
    return None


def _unreachable(where: Where, holder: Holder, tried: list[tuple[Path, Unreached]]) -> NoReturn:
    lines = [f"the daemon cannot be reached ({_why(holder, tried)})"]
    if holder.held:
        lines.append(f"  it holds the state {where.state}" + _within(holder.words))
    lines += [f"  tried {path}: {error}" for path, error in tried]
    leave(ExitCode.UNREACHABLE, "\n".join(lines))


def _why(holder: Holder, tried: list[tuple[Path, Unreached]]) -> str:
    if any(error.denied for _, error in tried):
        return "permission denied"
    return "its socket does not answer" if holder.held else "this user may not see its state"


def _within(words: str) -> str:
    return f" ({words})" if words else ""
