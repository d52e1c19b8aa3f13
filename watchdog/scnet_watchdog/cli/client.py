"""The command line's side of the control socket: HTTP with JSON over a Unix socket.

The standard library's client is all it takes, and a command starts faster without more. Nothing
here decides anything: what the daemon says is handed on, its errors as one sentence each.
"""

import json
import re
import socket
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection, HTTPException, HTTPResponse
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from ..errors import WatchdogError

CONNECT_LIMIT_S = 3.0
"""How long a socket may take to accept us: it is on this machine."""
ANSWER_LIMIT_S = 15.0
"""Seconds without a byte after which nobody answers. A daemon says by itself, after 10 s, that no
turn was saved."""
LARGEST_ANSWER = 256 * 1024 * 1024
"""Bytes read of one answer at most: 100 000 instances are about 40 MB."""
API = "/api/v1"
NEXT = re.compile(r'<(\?[^>]*)>; rel="next"')
"""A `Link` header that says how the same path is asked for what comes next."""


class Unreached(WatchdogError):
    """Nobody answers at this socket; the text is why, in a few words.

    Args:
        denied: the socket is there, but this user may not use it.
    """

    def __init__(self, why: str, denied: bool = False) -> None:
        super().__init__(why)
        self.denied = denied


class Declined(WatchdogError):
    """The daemon answered with an error.

    Args:
        status: the HTTP status of the answer.
        body: the whole answer.
    """

    def __init__(self, status: int, body: Mapping[str, Any]) -> None:
        super().__init__(str(body.get("error") or f"the daemon answered HTTP {status}"))
        self.status = status
        self.body = body


class _Connection(HTTPConnection):
    """An HTTP connection to a path rather than to a host."""

    def __init__(self, path: Path, limit: float) -> None:
        super().__init__("localhost", timeout=limit)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(CONNECT_LIMIT_S)
        self.sock.connect(str(self._path))
        self.sock.settimeout(self.timeout)


class Client:
    """Asks one daemon; each question is a connection of its own."""

    def __init__(self, path: Path, limit: float = ANSWER_LIMIT_S) -> None:
        self.path = path
        self._limit = limit

    def knock(self) -> None:
        """Connect and leave.

        Raises:
            Unreached
        """
        with self._connected(self._limit):
            return

    def get(self, path: str, **query: object) -> Any:
        """Ask for something.

        Args:
            query: what is None is left out.

        Raises:
            Unreached, Declined
        """
        return self._answer("GET", path + _query(query), None)[0]

    def parts(self, path: str, **query: object) -> Iterator[Any]:
        """Ask for something, and for all that its answers say comes next.

        Args:
            query: what is None is left out.

        Raises:
            Unreached, Declined
        """
        next_: str | None = _query(query)
        while next_ is not None:
            found, link = self._answer("GET", path + next_, None)
            yield found
            match = NEXT.fullmatch(link or "")
            next_ = match[1] if match is not None else None

    def post(self, path: str, body: Mapping[str, object]) -> Any:
        """Ask to do something.

        Raises:
            Unreached, Declined
        """
        return self._answer("POST", path, body)[0]

    def _answer(
        self, method: str, path: str, body: Mapping[str, object] | None
    ) -> tuple[Any, str | None]:
        """The answer's body, and its `Link` header."""
        with self._connected(self._limit) as connection:
            answer = _asked(connection, method, path, body)
            data = answer.read(LARGEST_ANSWER)
        if answer.status >= 400:
            raise _declined(answer.status, data)
        return _parsed(data), answer.headers.get("link")

    @contextmanager
    def _connected(self, limit: float) -> Iterator[_Connection]:
        with closing(_Connection(self.path, limit)) as connection:
            try:
                connection.connect()
                yield connection
            except FileNotFoundError as error:
                raise Unreached("no such socket") from error
            except PermissionError as error:
                raise Unreached("permission denied", denied=True) from error
            except ConnectionRefusedError as error:
                raise Unreached("nobody listens there") from error
            except TimeoutError as error:
                raise Unreached(f"no answer within {limit:g} s") from error
            except (OSError, HTTPException) as error:
                raise Unreached(str(error) or type(error).__name__) from error


def _query(asked: Mapping[str, object]) -> str:
    known = {key: value for key, value in asked.items() if value is not None}
    return f"?{urlencode(known)}" if known else ""


def instance_path(instance: str, what: str = "") -> str:
    """The path of one instance, which may be named by anything a person types."""
    return f"{API}/instances/{quote(instance, safe='')}" + (f"/{what}" if what else "")


def _asked(
    connection: HTTPConnection, method: str, path: str, body: Mapping[str, object] | None
) -> HTTPResponse:
    headers = {"Accept": "application/json"}
    data = None
    if body is not None:
        data = json.dumps(body).encode()
        headers["Content-Type"] = "application/json"
    connection.request(method, path, data, headers)
    return connection.getresponse()


def _parsed(data: bytes) -> Any:
    try:
        return json.loads(data)
    except ValueError as error:
        raise Unreached("what answers there is not a scnet-watchdog daemon") from error


def _declined(status: int, data: bytes) -> Declined:
    body: object = {}
    with suppress(ValueError):
        # A proxy or a fault may answer in any form; the status says enough then.
        body = json.loads(data)
    return Declined(status, body if isinstance(body, dict) else {})
