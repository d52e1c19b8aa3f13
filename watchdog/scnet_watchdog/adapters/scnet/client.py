"""The wire: one center's API with its token, its gateways, and one renewal after 10008."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from ...core.model import BlockCause
from ...ports import SourceRefused, SourceThrottled, SourceUnavailable
from ..http import HttpClient, HttpError, NotSentError, Reply
from .codes import is_denied, is_throttled, read_cause, retry_after
from .envelope import Envelope, read_envelope
from .login import Token, Tokens

SERVICE = "/openapi/v2/instance-service"
LONGEST_SAID = 120


def normalised(url: str) -> str:
    """A gateway's base: with `/ai` exactly once, without a trailing slash."""
    bare = url.rstrip("/")
    return bare if bare.endswith("/ai") else bare + "/ai"


class ScnetClient:
    """One center. Reads renew a stale token once; restarts are handled by `restarter.py`.

    Args:
        base_url: the gateway, or None: asked from `center_url` with the region's token.
    """

    def __init__(
        self,
        name: str,
        tokens: Tokens,
        polls: HttpClient,
        calls: HttpClient,
        base_url: str | None,
        center_url: str,
    ) -> None:
        self.name = name
        self.tokens = tokens
        self.polls = polls
        self.calls = calls
        self._center_url = center_url
        self._gateways = [normalised(base_url)] if base_url else []

    async def close(self) -> None:
        """Close every connection."""
        await self.polls.close()
        await self.calls.close()

    async def base(self, token: Token) -> str:
        """The gateway in use.

        Raises:
            SourceUnavailable, SourceRefused, SourceThrottled
        """
        if not self._gateways:
            self._gateways = await self._discover(token)
        return self._gateways[0]

    def next_gateway(self) -> None:
        """The gateway in use cannot be reached: use the next one, and stay there."""
        self._gateways.append(self._gateways.pop(0))

    async def read(
        self, path: str, params: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> tuple[Reply, Envelope | None]:
        """GET below the instance service, with one fresh token after a refusal.

        Raises:
            SourceUnavailable, SourceThrottled, SourceRefused
        """
        token = await self.tokens.get()
        reply, envelope = await self._get(token, path, params, body)
        if is_denied(reply, envelope):
            fresh = await self.tokens.renew(token)
            if fresh is not None:
                reply, envelope = await self._get(fresh, path, params, body)
            self.refused_for_good(reply, envelope)
        elif envelope is not None and not envelope.ok:
            self.refused_for_good(reply, envelope)
        return reply, envelope

    def refused_for_good(self, reply: Reply, envelope: Envelope | None) -> None:
        """Raise where an answer speaks of the account rather than of the request."""
        if envelope is None and reply.status in (401, 403):
            raise SourceRefused(
                f"the token is refused (HTTP {reply.status})", BlockCause.TOKEN_EXPIRED
            )
        cause = read_cause(envelope) if envelope is not None else None
        if envelope is None or cause is None:
            return
        if envelope.code == "10008":
            # Every way to a fresher token was tried: it is the token, or its rights.
            cause = BlockCause.TOKEN_EXPIRED
        raise SourceRefused(said(envelope), cause, envelope.code)

    async def detail_answer(self, instance: str, token: Token) -> tuple[Reply, Envelope | None]:
        """One detail read with this very token, nothing renewed: evidence about a refusal.

        Raises:
            SourceUnavailable, SourceThrottled
        """
        return await self._get(token, detail_path(instance), None, None)

    async def _get(
        self,
        token: Token,
        path: str,
        params: Mapping[str, str] | None,
        body: bytes | None,
    ) -> tuple[Reply, Envelope | None]:
        url = await self.base(token) + path
        headers = {"token": token.value}
        if body is not None:
            headers["Content-Type"] = "application/json"
        try:
            reply = await self.polls.request("GET", url, headers, params, body)
        except NotSentError as error:
            self.next_gateway()
            raise SourceUnavailable(str(error)) from error
        except HttpError as error:
            raise SourceUnavailable(str(error)) from error
        if is_throttled(reply):
            raise SourceThrottled(f"HTTP {reply.status}: asked to slow down", retry_after(reply))
        return reply, read_envelope(reply)

    async def _discover(self, token: Token) -> list[str]:
        try:
            reply = await self.polls.request("GET", self._center_url, {"token": token.value})
        except HttpError as error:
            raise SourceUnavailable(f"asking for the gateway failed: {error}") from error
        envelope = read_envelope(reply)
        if envelope is None:
            raise SourceUnavailable(f"asking for the gateway failed: HTTP {reply.status}")
        if not envelope.ok:
            self.refused_for_good(reply, envelope)
            raise SourceUnavailable(f"asking for the gateway failed: {said(envelope)}")
        found = gateways(envelope.data)
        if not found:
            raise SourceUnavailable(
                f"center {self.name} names no AI gateway; set base_url, or choose another region"
            )
        return found


def detail_path(instance: str) -> str:
    """Where one instance's detail is; an id can be no path of its own."""
    return f"{SERVICE}/{quote(instance, safe='')}/detail"


def gateways(data: Any) -> list[str]:
    """The enabled AI gateways of a center's answer; `enable` is the text "true"."""
    urls = data.get("aiUrls") if isinstance(data, Mapping) else None
    return [
        normalised(str(one["url"]))
        for one in (urls if isinstance(urls, list) else ())
        if isinstance(one, Mapping)
        and str(one.get("enable")).lower() == "true"
        and str(one.get("url", "")).startswith(("http://", "https://"))
    ]


def said(envelope: Envelope) -> str:
    """An envelope's error in one line."""
    return f"code {envelope.code[:20]}: {envelope.message[:LONGEST_SAID]}".rstrip(": ")
