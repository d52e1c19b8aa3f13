"""A fast platform in a process of its own: canned pages, accepted restarts, moments of arrival.

    python -m benchmarks.server COUNT HEALS FAULTS

It prints its port and serves until its standard input is closed. HEALS = 1: a restarted instance
runs at once. FAULTS: the share of list answers that are broken. Moments are CLOCK_MONOTONIC, which
all processes of one machine share.
"""

import asyncio
import json
import sys
import time

from .canned import DONE, DROP, FAILED, GATEWAY, RUNNING, Faults, Pages, framed

DONE_ANSWER = framed(DONE)
LIST = f"GET {GATEWAY}?".encode()
RESTART = f"POST {GATEWAY}/actions/restart?instanceServiceId=".encode()
DETAIL = GATEWAY.removesuffix("/task").encode() + b"/"


class State:
    """What the platform knows, and when it was asked what."""

    def __init__(self, count: int, heals: bool, faults: float) -> None:
        self.pages = Pages(count)
        self.heals = heals
        self.faults = Faults(faults)
        self.shown_at: dict[int, float] = {}
        self.called_at: dict[int, float] = {}
        self.first_at: float | None = None
        self.lists = 0

    def answer(self, head: bytes, body: bytes) -> bytes:
        """Answer one request."""
        path = head.split(b" ", 2)[1]
        if path.startswith(b"/bench/"):
            return framed(json.dumps(self._bench(path, body)).encode())
        if self.first_at is None:
            self.first_at = time.monotonic()
        if head.startswith(LIST):
            fault = self.faults.next()
            return self._page(head) if fault is None else fault
        if head.startswith(RESTART):
            return self._restart(int(head[len(RESTART) : len(RESTART) + 32], 16))
        return self.pages.detail(int(path[len(DETAIL) : len(DETAIL) + 32], 16))

    def _page(self, head: bytes) -> bytes:
        at = head.index(b"start=") + 6
        start = int(head[at : at + 12].split(b"&", 1)[0].split(b" ", 1)[0])
        self.lists += 1
        answer = self.pages.page(start)
        fresh = self.pages.unseen.pop(start // 200, None)
        if fresh:
            # The first answer after the failure counts, not the one that shows it healed.
            self.shown_at = dict.fromkeys(fresh, time.monotonic()) | self.shown_at
        return answer

    def _restart(self, number: int) -> bytes:
        self.called_at.setdefault(number, time.monotonic())
        if self.heals:
            self.pages.set((number,), RUNNING)
        return DONE_ANSWER

    def _bench(self, path: bytes, body: bytes) -> object:
        if path == b"/bench/fail":
            self.pages.set(json.loads(body), FAILED)
            self.shown_at.clear()
            self.called_at.clear()
        if path == b"/bench/forget":
            self.first_at = None
        return {
            "first_at": self.first_at,
            "shown_at": self.shown_at,
            "called_at": self.called_at,
            "lists": self.lists,
        }


class Connection(asyncio.Protocol):
    """HTTP/1.1 as far as our clients speak it."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        assert self._transport is not None
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end]
            size = _length(head)
            if len(self._buffer) < end + 4 + size:
                return
            body = self._buffer[end + 4 : end + 4 + size]
            self._buffer = self._buffer[end + 4 + size :]
            answer = self._state.answer(head, body)
            if answer == DROP:
                self._transport.close()
                return
            self._transport.write(answer)


def _length(head: bytes) -> int:
    at = head.lower().find(b"content-length:")
    return 0 if at < 0 else int(head[at + 15 :].split(b"\r\n", 1)[0])


async def main() -> None:
    """Serve until standard input ends."""
    count, heals, faults = int(sys.argv[1]), sys.argv[2] == "1", float(sys.argv[3])
    state = State(count, heals, faults)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(state), "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
