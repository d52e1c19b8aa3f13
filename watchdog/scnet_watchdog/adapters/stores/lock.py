"""One daemon at a time: a lock on a file of its own, and a small file that says who holds it."""

import fcntl
import json
import os
import socket
import time
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from ...ports import HeldByAnother, Owner, Unwritable

RETRY_S = 0.05
"""How often a held lock is tried again while waiting."""


class StateLock:
    """The lock beside a state file. Freed by the kernel when the process dies."""

    def __init__(self, state: Path) -> None:
        self._lock = state.with_name(state.name + ".lock")
        self.owner_file = state.with_name(state.name + ".owner")
        self._descriptor: int | None = None

    @property
    def held(self) -> bool:
        """Whether this process holds it."""
        return self._descriptor is not None

    def take(self, wait: timedelta) -> None:
        """Take the lock, waiting at most `wait`.

        Raises:
            HeldByAnother, Unwritable
        """
        if self.held:
            return
        descriptor = self._opened()
        tries = max(0, int(wait.total_seconds() / RETRY_S))
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if tries <= 0:
                    os.close(descriptor)
                    raise self._refusal() from None
                tries -= 1
                time.sleep(RETRY_S)
            except OSError as error:
                os.close(descriptor)
                raise Unwritable(f"cannot lock {self._lock}: {error.strerror}") from error
        self._descriptor = descriptor
        # Whoever wrote it is dead: the kernel gave us its lock.
        self._forget_owner()

    def _opened(self) -> int:
        """The lock's file, made where there is none.

        Raises:
            Unwritable
        """
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        try:
            try:
                descriptor = os.open(self._lock, flags | os.O_EXCL, 0o600)
            except FileExistsError:
                return os.open(self._lock, flags, 0o600)
            if os.geteuid() == 0:
                # Made by root, it goes to whom the folder belongs to: a daemon with a user of its
                # own could never open it. Only what is new: another file may be a link to anything.
                folder = self._lock.parent.stat()
                os.fchown(descriptor, folder.st_uid, folder.st_gid)
        except OSError as error:
            raise Unwritable(f"cannot open {self._lock}: {error.strerror}") from error
        return descriptor

    def say(self, owner: Owner) -> None:
        """Write down who holds it, for whoever finds it held."""
        text = json.dumps({"host": owner.host, "pid": owner.pid, "since": owner.since.isoformat()})
        try:
            self.owner_file.write_text(text, encoding="utf-8")
        except OSError:
            # The lock is what counts; without this file others learn less, not anything wrong.
            return

    def free(self) -> None:
        """Give the lock up; the file that says who is removed first."""
        if self._descriptor is None:
            return
        self._forget_owner()
        os.close(self._descriptor)
        self._descriptor = None

    def owner(self) -> Owner | None:
        """Who holds it, as far as that is written down."""
        try:
            found = json.loads(self.owner_file.read_text(encoding="utf-8"))
            since = datetime.fromisoformat(found["since"])
            return Owner(str(found["host"]), int(found["pid"]), since)
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _forget_owner(self) -> None:
        with suppress(OSError):
            # The lock is what counts, as in `say`.
            self.owner_file.unlink(missing_ok=True)

    def _refusal(self) -> HeldByAnother:
        owner = self.owner()
        who = ""
        if owner is not None:
            who = f" (host {owner.host}, pid {owner.pid}, since {owner.since.isoformat()})"
        return HeldByAnother(f"another daemon holds the state {self._lock.stem}{who}", owner)


def me(since: datetime) -> Owner:
    """This process as an owner."""
    return Owner(socket.gethostname(), os.getpid(), since)


def boot_id() -> str:
    """The kernel's id of this boot, or empty where there is none."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""
