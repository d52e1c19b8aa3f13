"""The one module that imports httpx: deadlines, size caps, *not sent* told from *no answer*.

    HttpError
    ├── NotSentError    no byte of the request can have left
    └── NoAnswerError   bytes may have left, and no whole answer came back

A request is never cancelled: cancelling can lose a place of httpx's pool for ever. Instead the
body is streamed, and our own deadline and size cap are looked at after every chunk; where not even
a chunk comes in time, the connection is shut from our side and the read fails by itself.
"""

import asyncio
import re
import ssl
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from ..errors import WatchdogError
from .bounds import LARGEST_BODY, LATE, Leash, TooMuch, decoded

if TYPE_CHECKING:
    import httpx
else:
    # With click and rich installed httpx imports a command line of its own: a tenth of our start.
    # It does without where that import fails.
    sys.modules.setdefault("httpx._main", None)
    sys.modules.setdefault("httpx2._main", None)
    # httpcore asks for sniffio at every wait; where there is none, that is a search of the whole
    # path: a tenth of a request.
    if find_spec("sniffio") is None:
        sys.modules["sniffio"] = None
    try:
        import httpx2 as httpx
    except ImportError:
        import httpx

IDLE_FOR_POLLS_S = 60.0
"""How long a poll's connection is kept. Restart calls keep none: on an idle one that the other side
has just closed, nobody can tell whether a call arrived."""
LARGEST_PORT = 65_535
_QUOTE = re.compile(r"""\s*(?::|b?['"]|bytearray)""")
"""Where an error about an answer begins to quote it."""

_NOT_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.InvalidURL,
)


class HttpError(WatchdogError):
    """A request had no usable answer."""


class NotSentError(HttpError):
    """DNS, connection refused, TLS or connect time-out: the other side saw no request."""


class NoAnswerError(HttpError):
    """The request may have been seen; what came back is not a whole answer."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class HttpOptions:
    """How one center is reached.

    Args:
        connections: in all, 2 to 8; restart calls use at most all but two of them, at least one.
        proxy: None = the usual HTTPS_PROXY and NO_PROXY.
    """

    connect: timedelta = timedelta(seconds=5)
    read: timedelta = timedelta(seconds=30)
    connections: int = 8
    verify_tls: bool = True
    ca_file: Path | None = None
    proxy: str | None = None

    @property
    def deadline(self) -> timedelta:
        """The longest one request takes."""
        return self.connect + self.read

    @property
    def for_calls(self) -> int:
        """Connections that restart calls may use."""
        return max(1, self.connections - 2)

    @property
    def for_polls(self) -> int:
        """Connections that are left to polls, so that a poll never waits for a call."""
        return max(1, self.connections - self.for_calls)


class HttpClient:
    """A pool of connections to one center, for polls or for restart calls.

    Args:
        elapsed: a monotonic clock in seconds.
    """

    def __init__(
        self, options: HttpOptions, elapsed: Callable[[], float], for_calls: bool = False
    ) -> None:
        self._options = options
        self.elapsed = elapsed
        self._for_calls = for_calls
        self._client = self._new_client()
        self._places = asyncio.Semaphore(self.size)
        self._in_use = 0
        self._opened: WeakSet[Any] = WeakSet()
        self.replaced = 0
        """How often the pool was replaced because it had lost its places."""

    @property
    def size(self) -> int:
        """How many requests can be under way."""
        return self._options.for_calls if self._for_calls else self._options.for_polls

    @property
    def free(self) -> int:
        """How many requests can start at once."""
        return max(0, self.size - self._in_use)

    async def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Reply:
        """Send once and read the whole answer. No redirect is followed, nothing is sent again.

        Raises:
            NotSentError, NoAnswerError
        """
        address = _address(url)
        sendable = _sendable(headers or {})
        # Our own queue: whoever waits for a place of httpx's pool may be told that it timed out.
        async with self._places:
            self._in_use += 1
            try:
                return await self._send(method, address, sendable, params, body)
            finally:
                self._in_use -= 1

    async def close(self) -> None:
        """Close every connection."""
        await self._client.aclose()

    async def _send(
        self,
        method: str,
        address: httpx.URL,
        headers: list[tuple[bytes, bytes]],
        params: Mapping[str, str] | None,
        body: bytes | None,
    ) -> Reply:
        seconds = self._options.deadline.total_seconds()
        leash = Leash(self._opened)
        timer = asyncio.get_running_loop().call_later(seconds, leash.pull)
        ends = self.elapsed() + seconds
        try:
            async with self._client.stream(
                method,
                address,
                headers=headers,
                params=params,
                content=body,
                extensions={"trace": leash.follow},
            ) as response:
                return await self._whole(response, ends)
        except httpx.PoolTimeout as error:
            await self._heal()
            raise NotSentError(_said(error)) from error
        except _NOT_SENT as error:
            # An answer can bring the same errors: a Location that is no URL, for one.
            kind = NoAnswerError if leash.sent else NotSentError
            raise kind(_said(error)) from error
        except httpx.LocalProtocolError:
            # Its text quotes the header, and a header holds the token.
            raise NoAnswerError("the request or the connection is not valid HTTP") from None
        except httpx.RemoteProtocolError as error:
            raise NoAnswerError(LATE if leash.pulled else _unquoted(error)) from None
        except (httpx.HTTPError, httpx.StreamError, ValueError, ssl.SSLError) as error:
            raise NoAnswerError(LATE if leash.pulled else _said(error)) from error
        finally:
            timer.cancel()

    async def _whole(self, response: httpx.Response, ends: float) -> Reply:
        """Read until the end, the deadline or the cap; what is too long or late is left unread."""
        parts: list[bytes] = []
        size = 0
        async for part in response.aiter_raw():
            parts.append(part)
            size += len(part)
            if size > LARGEST_BODY:
                raise TooMuch(f"the answer is larger than {LARGEST_BODY} bytes")
            if self.elapsed() > ends:
                raise TooMuch(LATE)
        headers = {name.lower(): value for name, value in response.headers.items()}
        body = decoded(b"".join(parts), headers.get("content-encoding", ""))
        return Reply(response.status_code, headers, body)

    async def _heal(self) -> None:
        """A pool without a free place although nobody uses one has lost them: a new one."""
        if self._in_use > 1:
            return
        old, self._client = self._client, self._new_client()
        self.replaced += 1
        await old.aclose()

    def _new_client(self) -> httpx.AsyncClient:
        options = self._options
        return httpx.AsyncClient(
            verify=_tls(options.verify_tls, options.ca_file),
            timeout=httpx.Timeout(
                options.read.total_seconds(),
                connect=options.connect.total_seconds(),
                pool=options.connect.total_seconds(),
            ),
            limits=httpx.Limits(
                max_connections=self.size,
                max_keepalive_connections=0 if self._for_calls else self.size,
                keepalive_expiry=IDLE_FOR_POLLS_S,
            ),
            follow_redirects=False,
            trust_env=options.proxy is None,
            proxy=options.proxy,
            headers={"User-Agent": "scnet-watchdog", "Accept-Encoding": "gzip"},
            # No cookie is kept: they would grow with every answer, and a token is all we need.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        )


def _address(url: str) -> httpx.URL:
    """A URL that can be called; a port that no socket takes would be no error of httpx's."""
    try:
        address = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise NotSentError(_said(error)) from error
    if address.port is not None and not 0 <= address.port <= LARGEST_PORT:
        raise NotSentError(f"the port {str(address.port)[:10]} is none")
    return address


def _sendable(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    """Headers as bytes; a line break in one would be an error that quotes it."""
    for name, value in headers.items():
        if not value.isprintable():
            raise NotSentError(f"header {name} has characters that cannot be sent")
    return [(name.encode(), value.strip().encode()) for name, value in headers.items()]


def _said(error: Exception) -> str:
    """An error's text; httpx leaves some empty. Never a URL with parameters, never a header."""
    if isinstance(error, TooMuch):
        return str(error)
    return f"{type(error).__name__}: {error}".rstrip(": ")


def _unquoted(error: Exception) -> str:
    """What is wrong with an answer, without its bytes: a login's answer holds a token."""
    return f"{type(error).__name__}: {_QUOTE.split(str(error), 1)[0]}".rstrip(": ")


@lru_cache(maxsize=16)
def _tls(verify: bool, ca_file: Path | None) -> ssl.SSLContext:
    """One context for all clients with the same wishes: making one costs 18 ms."""
    if not verify:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    if ca_file is not None:
        return ssl.create_default_context(cafile=str(ca_file))
    trusted: ssl.SSLContext = httpx.create_ssl_context()
    return trusted
