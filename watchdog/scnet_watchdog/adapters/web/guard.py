"""What stands before every request: rate, token, Origin; and the headers of every answer.

Health and metrics are open. Everything else on TCP needs the token; without a token file it is not
served there at all. The control socket is guarded by its file mode.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .answers import Mask, answer
from .auth import BearerToken
from .rate import Rate

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


@dataclass(frozen=True, slots=True)
class Access:
    """Who may ask on one listener.

    Args:
        rate: how often one peer may ask.
        local: the control socket: whoever can open it may do everything.
        token: what others must bring; None = nothing but health and metrics is served.
    """

    rate: Rate
    local: bool = False
    token: BearerToken | None = None


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

    async def _refusal(self, scope: Scope) -> tuple[int, str, dict[str, str]] | None:
        access = self._access
        headers = Headers(scope=scope)
        known = access.local or await self._knows(headers)
        peer = scope["client"][0] if scope.get("client") else "local"
        # Apart, so that strangers behind the same proxy cannot use up what an operator may.
        wait = access.rate.wait(peer if known else f"stranger at {peer}")
        if wait > 0:
            return 429, "too many requests", {"retry-after": str(ceil(wait))}
        if scope["path"] in OPEN:
            return None
        if not known and access.token is None:
            return 404, NO_TOKEN_FILE, {}
        if not known:
            ask = {"www-authenticate": 'Bearer realm="scnet-watchdog"'}
            return 401, "a bearer token is needed: the content of server.token_file", ask
        if scope["method"] not in SAFE and _is_strange(headers):
            return 403, "asked by the page of another site", {}
        return None

    async def _knows(self, headers: Headers) -> bool:
        """Whether the right token was brought."""
        token = self._access.token
        return token is not None and await token.allows(headers.get("authorization", ""))


def _is_strange(headers: Headers) -> bool:
    """Whether a browser says that another site's page asks."""
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return True
    origin = headers.get("origin")
    return origin is not None and _place(origin) != headers.get("host", "").lower()


def _place(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc.lower() or None
    except ValueError:
        return None


def _with_headers(given: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    own = {name for name, _ in given}
    added = ((name.encode(), value.encode()) for name, value in HEADERS.items())
    return [*given, *(pair for pair in added if pair[0] not in own)]
