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


@dataclass(slots=True)
class _Walk:
    """How far a log is good, frame by frame.

    Args:
        salt: marks the frames of this log; those of an older one may lie behind them. None = the
            header that says it is damaged.
        total: the running sum; None = behind a bad frame.
        whole_behind: a transaction of this log ends behind a bad frame.
    """

    order: str
    page: int
    salt: bytes | None
    total: Sum | None
    whole_behind: bool = False

    def damaged_at(self, frame: _Frame) -> bool:
        """Take one more frame; whether it was written when those before it had been saved."""
        self.salt = self.salt or frame.salt
        if frame.salt != self.salt:
            # The end of this log, unless this very frame is the bad one.
            self.total = None
            return False
        if self.whole_behind:
            return True
        self.total = self.total and frame.follows(self.total, self.order)
        self.whole_behind = self.total is None and frame.ends
        return False


def _is_damaged(file: BinaryIO) -> bool:
    head = file.read(HEADER)
    if len(head) < HEADER:
        return False
    walk = _begin(head)
    return any(walk.damaged_at(frame) for frame in _frames(file, walk.page))


def _begin(head: bytes) -> _Walk:
    magic, page = struct.unpack(">I4xI", head[:12])
    order = ">" if magic & 1 else "<"
    total = checksum(head[:24], (0, 0), order)
    known = magic | 1 == MAGIC | 1 and page in PAGE_SIZES
    if known and total == struct.unpack(">II", head[24:]):
        return _Walk(order, page, head[16:24], total)
    return _Walk(order, USUAL_PAGE, None, None)


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
