"""What the benchmark's server answers: encoded once, so that answering costs next to nothing."""

import json
import random
from collections.abc import Iterable
from typing import Any

PAGE = 200
GATEWAY = "/ai/openapi/v2/instance-service/task"
RUNNING, FAILED = "Running", "Failed"
DONE = b'{"code":"0","msg":"success","data":null}'
BROKEN = b"<html>Bad Gateway</html>"
DROP = b""
"""No answer at all: the connection is closed."""


def instance_id(number: int) -> str:
    """The id of the n-th instance."""
    return f"{number:032x}"


def row(number: int, status: str) -> dict[str, Any]:
    """A row of the list, with the columns that clients of the platform use."""
    return {
        "instanceServiceId": instance_id(number),
        "instanceServiceName": f"job {number}",
        "status": status,
        "taskType": "ssh",
        "cpuNumber": 3,
        "gpuNumber": 1,
        "ramSize": 15360,
        "createTime": "2026-01-01 08:00:00",
        "remainingTime": "11d 4h 7m",
    }


def framed(body: bytes, status: str = "200 OK") -> bytes:
    """A whole HTTP answer."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    return head.encode() + b"\r\n\r\n" + body


class Pages:
    """The pages of the list and every status behind them."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.status = [RUNNING] * count
        self._rows = [_encoded(number, RUNNING) for number in range(count)]
        self._pages: dict[int, bytes] = {}
        self.unseen: dict[int, set[int]] = {}
        """By page, the numbers whose change no answer has shown yet."""

    def set(self, numbers: Iterable[int], status: str) -> None:
        """Change statuses."""
        for number in numbers:
            self.status[number] = status
            self._rows[number] = _encoded(number, status)
            self._pages.pop(number // PAGE, None)
            self.unseen.setdefault(number // PAGE, set()).add(number)

    def page(self, start: int) -> bytes:
        """The answer to one list request; starts are multiples of the page's size."""
        found = self._pages.get(start // PAGE)
        if found is None:
            rows = b",".join(self._rows[start : start + PAGE])
            found = framed(b'{"code":"0","msg":"success","data":[' + rows + b"]}")
            self._pages[start // PAGE] = found
        return found

    def detail(self, number: int) -> bytes:
        """The answer to one detail request."""
        return framed(b'{"code":"0","msg":"success","data":' + self._rows[number] + b"}")


class Faults:
    """Some answers of a flaky platform, the same ones for the same seed."""

    def __init__(self, share: float) -> None:
        self._share = share
        self._random = random.Random(7)

    def next(self) -> bytes | None:
        """What is answered in place of the right answer; None = the right one."""
        if self._random.random() >= self._share:
            return None
        return self._random.choice([framed(BROKEN, "502 Bad Gateway"), framed(b"{"), DROP])


def _encoded(number: int, status: str) -> bytes:
    return json.dumps(row(number, status), separators=(",", ":")).encode()
