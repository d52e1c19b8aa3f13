"""Where log lines go: standard output or a rotated file. A target that fails stops nobody."""

import io
import os
import stat
import sys
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from .patience import Stuck, send

PATIENCE_S = 0.25
"""How long a reader that falls behind is waited for, once; then lines are lost until it reads."""


def is_journal(stream: TextIO | None, environ_value: str | None) -> bool:
    """Whether a stream is the one systemd connected to its journal ($JOURNAL_STREAM)."""
    if stream is None or not environ_value:
        return False
    try:
        found = os.fstat(stream.fileno())
    except (OSError, ValueError):
        return False
    return environ_value == f"{found.st_dev}:{found.st_ino}"


class Target:
    """Writes whole lines; complains on standard error once per failure that lasts.

    Args:
        file: None = standard output.
        rotate: size in bytes at which the file is rotated.
        keep: rotated files that are kept (`name.1` is the newest).
    """

    def __init__(self, file: Path | None = None, rotate: int = 0, keep: int = 0) -> None:
        self._file = file
        self._rotate = rotate
        self._keep = keep
        self._descriptor: int | None = None
        self._opened: tuple[int, int] | None = None
        """The file that is open, by device and number."""
        self._torn = False
        self._troubles: set[str] = set()
        self.lost = 0
        """Lines that could not be written."""

    @property
    def speaks_unicode(self) -> bool:
        """Whether every character can be written as it is."""
        if self._file is not None:
            return True
        return "utf" in (getattr(sys.stdout, "encoding", None) or "utf-8").lower()

    def write(self, line: str) -> None:
        """Write one line."""
        try:
            if self._file is None:
                self._to_standard_output(line)
            else:
                self._to_file(self._file, line)
        except (OSError, ValueError) as error:
            self._torn = self._torn or (isinstance(error, Stuck) and error.torn)
            self.lost += 1
            self._complain("written", error)
            # Opened anew for the next line: the disk may have room, or the folder exist, by then.
            self.close()
            return
        self._troubles.discard("written")

    def close(self) -> None:
        """Close the file."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            with suppress(OSError):
                os.close(descriptor)

    def _to_standard_output(self, line: str) -> None:
        stream: TextIO | None = sys.stdout
        if stream is None:
            raise ValueError("it was closed before the start")
        try:
            descriptor = stream.fileno()
        except io.UnsupportedOperation:
            # Not the process's own: whoever put it there wants the text.
            stream.write(line + "\n")
            stream.flush()
            return
        self._send(descriptor, line, stream.encoding or "utf-8")

    def _to_file(self, file: Path, line: str) -> None:
        descriptor, found = self._descriptor, _at(file)
        if descriptor is None or found is None or self._opened != (found.st_dev, found.st_ino):
            # Moved by somebody else's log rotation, or deleted: nobody would read what goes there.
            self.close()
            descriptor, found = self._open(file)
        size = self._send(descriptor, line, "utf-8")
        if self._rotate and stat.S_ISREG(found.st_mode) and found.st_size + size >= self._rotate:
            self._turn_over(file)

    def _open(self, file: Path) -> tuple[int, os.stat_result]:
        # Non-blocking: a named pipe without a reader is an error, not a reason to wait.
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK
        self._descriptor = descriptor = os.open(file, flags, 0o640)
        found = os.fstat(descriptor)
        self._opened = (found.st_dev, found.st_ino)
        return descriptor, found

    def _send(self, descriptor: int, line: str, encoding: str) -> int:
        """Write a line; returns its bytes."""
        start = "\n" if self._torn else ""
        patience_s = 0.0 if self._troubles else PATIENCE_S
        data = f"{start}{line}\n".encode(encoding, "backslashreplace")
        send(descriptor, data, patience_s)
        self._torn = False
        return len(data)

    def _turn_over(self, file: Path) -> None:
        """Rotate; where that fails the file grows on: better than losing lines."""
        self.close()
        try:
            if not self._keep:
                file.unlink()
                return
            for number in range(self._keep - 1, 0, -1):
                older = file.with_name(f"{file.name}.{number}")
                if older.exists():
                    older.rename(file.with_name(f"{file.name}.{number + 1}"))
            file.rename(file.with_name(f"{file.name}.1"))
        except OSError as error:
            self._complain("rotated", error)
        else:
            self._troubles.discard("rotated")

    def _complain(self, what: str, error: Exception) -> None:
        """Say it on standard error, once as long as it lasts."""
        if what in self._troubles:
            return
        self._troubles.add(what)
        where = self._file or "standard output"
        try:
            # As patient as with the log itself: often both go to the same reader.
            _say(f"the log cannot be {what} ({where}): {error}\n")
        except (OSError, ValueError, AttributeError):
            # Nobody is left to tell; the daemon goes on, which is what counts.
            return


def _say(text: str) -> None:
    try:
        descriptor = sys.stderr.fileno()
    except io.UnsupportedOperation:
        sys.stderr.write(text)
        return
    send(descriptor, text.encode("utf-8", "backslashreplace"), 0)


def _at(file: Path) -> os.stat_result | None:
    """What lies where the log belongs."""
    try:
        return file.stat()
    except OSError:
        return None
