"""Writing without waiting for a reader: one that has stopped must not stop the daemon.

A paused terminal, a pager, a log driver that hangs: a plain write would block the whole loop.
"""

import os
import select

CHUNK = select.PIPE_BUF
"""Bytes at a time: a pipe that has room at all takes so many without blocking."""


class Stuck(OSError):
    """The reader takes nothing; `torn`: a part of the data went out before."""

    def __init__(self, torn: bool) -> None:
        super().__init__("its reader takes nothing")
        self.torn = torn


def send(descriptor: int, data: bytes, patience_s: float) -> None:
    """Write all of it, waiting at most `patience_s` for the reader.

    Raises:
        Stuck, OSError
    """
    ready = select.poll()
    ready.register(descriptor, select.POLLOUT)
    sent = 0
    while sent < len(data):
        if not ready.poll(patience_s * 1000):
            raise Stuck(torn=sent > 0)
        sent += os.write(descriptor, data[sent : sent + CHUNK])
