"""Where log lines go: standard output or a rotated file. A target that fails stops nobody."""

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TextIO


def is_journal(stream: TextIO, environ_value: str | None) -> bool:
    """Whether a stream is the one systemd connected to its journal ($JOURNAL_STREAM)."""
    if not environ_value:
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
        self._stream: TextIO | None = None
        self._failed = False
        self.lost = 0
        """Lines that could not be written."""

    def write(self, line: str) -> None:
        """Write one line."""
        try:
            stream = self._open()
            stream.write(line + "\n")
            stream.flush()
            self._failed = False
            if self._file is not None and self._rotate and stream.tell() >= self._rotate:
                self._turn_over(self._file)
        except (OSError, ValueError) as error:
            self._complain(error)
            # Opened anew for the next line: the disk may have room, or the folder exist, by then.
            with suppress(OSError, ValueError):
                self.close()

    def close(self) -> None:
        """Close the file."""
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.close()

    def _open(self) -> TextIO:
        if self._file is None:
            return sys.stdout
        if self._stream is None:
            self._stream = self._file.open("a", encoding="utf-8", errors="backslashreplace")
            self._stream.seek(0, os.SEEK_END)
        return self._stream

    def _turn_over(self, file: Path) -> None:
        self.close()
        if not self._keep:
            file.unlink()
            return
        for number in range(self._keep - 1, 0, -1):
            older = file.with_name(f"{file.name}.{number}")
            if older.exists():
                older.rename(file.with_name(f"{file.name}.{number + 1}"))
        file.rename(file.with_name(f"{file.name}.1"))

    def _complain(self, error: Exception) -> None:
        self.lost += 1
        if self._failed:
            return
        self._failed = True
        where = self._file or "standard output"
        try:
            sys.stderr.write(f"the log cannot be written to {where}: {error}\n")
        except (OSError, ValueError):
            # Nobody is left to tell; the daemon goes on, which is what counts.
            return
