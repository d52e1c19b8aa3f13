"""What stands before every request: rate, token, Origin; and the headers of every answer.

Health and metrics are open. Everything else on TCP needs the token, or the session that a browser
got for it; without a token file it is not served there at all. The page's own files hold nothing
and are open where there is a token. The control socket is guarded by its file mode.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from math import ceil
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .answers import Mask, answer
from .auth import BearerToken
from .page import is_page
from .rate import Rate
from .session import Sessions

OPEN = frozenset({"/healthz", "/readyz", "/metrics"})
"""Paths that need no token."""

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

HEADERS: Mapping[str, str] = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
"""Sent with every answer, unless the answer brings its own."""

NO_TOKEN_FILE = (
    "without server.token_file only /healthz, /readyz and /metrics are served here; "
    "the control socket serves everything"
)

NOT_HERE = "the control socket is asked by an address or a bare name such as localhost only"

Refusal = tuple[int, str, dict[str, str]]
"""Status, sentence, and headers of a refusal."""


@dataclass(frozen=True, slots=True)
class Access:
    """Who may ask on one listener.

    Args:
        rate: how often one peer may ask.
        local: the control socket: whoever can open it may do everything.
        token: what others must bring; None = nothing but health and metrics is served.
        sessions: what a browser may bring in place of the token; None = nothing.
    """

    rate: Rate
    local: bool = False
    token: BearerToken | None = None
    sessions: Sessions | None = None


class Guard:
    """An ASGI application around ours."""

    def __init__(self, app: ASGIApp, access: Access, mask: Mask) -> None:
        self._app = app
        self._access = access
        self._mask = mask

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer why not."""
        if scope["type"] != "http":
            return

        async def send_on(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": _with_headers(message["headers"])}
            await send(message)

        refused = await self._refusal(scope)
        if refused is None:
            await self._app(scope, receive, send_on)
            return
        status, why, more = refused
        await answer({"error": why}, self._mask, status, **more)(scope, receive, send_on)

    async def _refusal(self, scope: Scope) -> Refusal | None:
        access, headers = self._access, Headers(scope=scope)
        in_session = await self._in_session(headers)
        known = access.local or in_session or await self._knows(headers)
        peer = scope["client"][0] if scope.get("client") else "local"
        # Apart, so that strangers behind the same proxy cannot use up what an operator may.
        wait = access.rate.wait(peer if known else f"stranger at {peer}")
        if wait > 0:
            return 429, "too many requests", {"retry-after": str(ceil(wait))}
        if scope["path"] in OPEN:
            return None
        refused = self._closed(scope["path"], headers, known)
        if refused is None and scope["method"] not in SAFE and _is_strange(headers, in_session):
            return 403, "asked by the page of another site", {}
        return refused

    def _closed(self, path: str, headers: Headers, known: bool) -> Refusal | None:
        """Why a path that is not open to everybody is closed to whoever asks, or None."""
        access = self._access
        if access.local:
            return None if _is_here(headers.get("host", "")) else (403, NOT_HERE, {})
        if access.token is None:
            return 404, NO_TOKEN_FILE, {}
        if known or is_page(path):
            return None
        ask = {"www-authenticate": 'Bearer realm="scnet-watchdog"'}
        return 401, "a bearer token is needed: the content of server.token_file", ask

    async def _knows(self, headers: Headers) -> bool:
        """Whether the right token was brought."""
        token = self._access.token
        return token is not None and await token.allows(headers.get("authorization", ""))

    async def _in_session(self, headers: Headers) -> bool:
        """Whether a browser brought a session of the token in force."""
        token, sessions = self._access.token, self._access.sessions
        cookie = headers.get("cookie")
        if token is None or sessions is None or cookie is None:
            return False
        current = await token.current()
        return current is not None and sessions.holds(current, cookie)


def _is_strange(headers: Headers, in_session: bool) -> bool:
    """Whether a browser says that another site's page asks.

    Args:
        in_session: let in by a cookie, which browsers add by themselves: then it must say so.
    """
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return True
    origin = headers.get("origin")
    if origin is None:
        return in_session
    return _place(origin) != headers.get("host", "").lower()


def _is_here(host: str) -> bool:
    """Whether a host name is an address, or a bare word such as localhost.

    A forwarded control socket asks for no token: a stranger's name that is made to point at this
    machine would let the page of that name in.
    """
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return "." not in name or bool(ip_address(name))
    except ValueError:
        return False


def _place(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc.lower() or None
    except ValueError:
        return None


def _with_headers(given: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    own = {name for name, _ in given}
    added = ((name.encode(), value.encode()) for name, value in HEADERS.items())
    return [*given, *(pair for pair in added if pair[0] not in own)]
