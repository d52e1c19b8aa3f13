"""Telling a damaged write-ahead log from one that merely lost its end.

SQLite reads a log up to the first frame whose checksum is wrong and silently drops the rest: right
after a power cut, when the rest had never been saved. But every commit of ours is on disk before
the next one begins. So where a whole transaction and more of the same log lies behind a bad frame,
that frame was good once, and dropping what follows would be silent amnesia.

The format is described at https://www.sqlite.org/fileformat2.html#the_write_ahead_log.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ...ports import Unreadable

HEADER, FRAME_HEADER = 32, 24
MAGIC = 0x377F0682
"""Its last bit says whether checksums are over big-endian words."""
PAGE_SIZES = frozenset(1 << power for power in range(9, 17))
USUAL_PAGE = 4096
"""Taken where the header that says it is damaged: SQLite's default, which we do not change."""
WORD = 0xFFFFFFFF

Sum = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Frame:
    """One frame; `ends` = it completes a transaction."""

    head: bytes
    page: bytes

    @property
    def salt(self) -> bytes:
        return self.head[8:16]

    @property
    def ends(self) -> bool:
        return self.head[4:8] != bytes(4)

    def follows(self, before: Sum, order: str) -> Sum | None:
        """The sum up to and with this frame, or None where it is not the one it carries."""
        found = checksum(self.page, checksum(self.head[:8], before, order), order)
        return found if found == struct.unpack(">II", self.head[16:24]) else None


def check_log(state: Path) -> None:
    """Refuse a log that was damaged after it had been saved.

    Raises:
        Unreadable
        OSError: it cannot be read.
    """
    log = state.with_name(state.name + "-wal")
    try:
        with log.open("rb") as file:
            damaged = _is_damaged(file)
    except FileNotFoundError:
        return
    if damaged:
        raise Unreadable(f"{log} is damaged: what was saved last cannot be read; restore the state")


def _is_damaged(file: BinaryIO) -> bool:
    head = file.read(HEADER)
    if len(head) < HEADER:
        return False
    magic, page = struct.unpack(">I4xI", head[:12])
    order = ">" if magic & 1 else "<"
    total: Sum | None = checksum(head[:24], (0, 0), order)
    if magic | 1 != MAGIC | 1 or page not in PAGE_SIZES or total != struct.unpack(">II", head[24:]):
        total, page = None, USUAL_PAGE
    salt = head[16:24] if total is not None else None
    whole_behind = False
    for frame in _frames(file, page):
        salt = salt or frame.salt
        if frame.salt != salt and total is not None:
            # The end of this log, unless this very frame is the bad one.
            total = None
            continue
        if frame.salt != salt:
            continue
        if whole_behind:
            return True
        total = frame.follows(total, order) if total is not None else None
        whole_behind = total is None and frame.ends
    return False


def _frames(file: BinaryIO, page: int) -> Iterator[_Frame]:
    while len(data := file.read(FRAME_HEADER + page)) == FRAME_HEADER + page:
        yield _Frame(data[:FRAME_HEADER], data[FRAME_HEADER:])


def checksum(data: bytes, start: Sum, order: str) -> Sum:
    """SQLite's running checksum over pairs of words.

    Args:
        order: `<` or `>`, how the words are read.
    """
    first, second = start
    words = iter(struct.unpack(f"{order}{len(data) // 4}I", data))
    for even, odd in zip(words, words, strict=True):
        first = (first + even + second) & WORD
        second = (second + odd + first) & WORD
    return first, second
