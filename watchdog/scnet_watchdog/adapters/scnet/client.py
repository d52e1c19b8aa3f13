"""The wire: one center's API with its token, its gateways, and one renewal after 10008."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from ...core.model import BlockCause
from ...ports import SourceRefused, SourceThrottled, SourceUnavailable
from ..http import HttpClient, HttpError, NotSentError, Reply
from .codes import is_denied, is_throttled, read_cause, retry_after
from .envelope import Envelope, believed
from .login import Tokens
from .token import Token

SERVICE = "/openapi/v2/instance-service"
LONGEST_SAID = 120
DETAIL = "/detail"
"""How the path of one instance's detail ends; every other read is of the list."""


def normalised(url: str) -> str:
    """A gateway's base: with `/ai` exactly once, without a trailing slash."""
    bare = url.rstrip("/")
    return bare if bare.endswith("/ai") else bare + "/ai"


class ScnetClient:
    """One center. Reads renew a stale token once; restarts are handled by `restarter.py`.

    Args:
        base_url: the gateway, or None: asked from `center_url` with the region's token.
        took: told of every read, `list` or `detail`, how long it took, however it ended.
    """

    def __init__(
        self,
        name: str,
        tokens: Tokens,
        polls: HttpClient,
        calls: HttpClient,
        base_url: str | None,
        center_url: str,
        took: Callable[[str, timedelta], None] = lambda kind, length: None,
    ) -> None:
        self.name = name
        self._took = took
        self.tokens = tokens
        self.polls = polls
        self.calls = calls
        self._center_url = center_url
        self._fixed = normalised(base_url) if base_url else None
        self._gateways: list[str] = []
        self._one = asyncio.Lock()

    async def close(self) -> None:
        """Close every connection."""
        await self.polls.close()
        await self.calls.close()

    async def base(self, token: Token) -> str:
        """The gateway in use.

        Raises:
            SourceUnavailable, SourceRefused, SourceThrottled
        """
        if self._fixed is not None:
            return self._fixed
        async with self._one:
            if not self._gateways:
                self._gateways = await self._discover(token)
            return self._gateways[0]

    def unreachable(self, base: str) -> None:
        """A gateway cannot be reached: use the next one and stay there; after the last ask anew."""
        # Requests that failed together must not skip a gateway that nobody tried.
        if self._gateways and self._gateways[0] == base:
            self._gateways = self._gateways[1:]

    async def read(
        self, path: str, params: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> tuple[Reply, Envelope | None]:
        """GET below the instance service, with one fresh token after a refusal.

        Raises:
            SourceUnavailable, SourceThrottled, SourceRefused
        """
        token = await self.tokens.get()
        reply, envelope = await self._get(token, path, params, body)
        fresh = None
        if is_denied(reply, envelope):
            fresh = await self.tokens.renew(token)
            if fresh is not None:
                reply, envelope = await self._get(fresh, path, params, body)
        cause = refusal(reply, envelope, fresh is not None)
        if cause is not None:
            raise refused(reply, envelope, cause)
        return reply, envelope

    async def detail_answer(
        self, base: str, instance: str, token: Token
    ) -> tuple[Reply, Envelope | None]:
        """One detail read by this very gateway and token, nothing renewed: evidence of a refusal.

        Raises:
            SourceUnavailable, SourceThrottled
        """
        return await self._get_from(base, token, detail_path(instance), None, None)

    async def _get(
        self,
        token: Token,
        path: str,
        params: Mapping[str, str] | None,
        body: bytes | None,
    ) -> tuple[Reply, Envelope | None]:
        return await self._get_from(await self.base(token), token, path, params, body)

    async def _get_from(
        self,
        base: str,
        token: Token,
        path: str,
        params: Mapping[str, str] | None,
        body: bytes | None,
    ) -> tuple[Reply, Envelope | None]:
        headers = {"token": token.value}
        if body is not None:
            headers["Content-Type"] = "application/json"
        began = self.polls.elapsed()
        try:
            found = await self.polls.request("GET", base + path, headers, params, body)
        except NotSentError as error:
            self.unreachable(base)
            raise SourceUnavailable(str(error)) from error
        except HttpError as error:
            raise SourceUnavailable(str(error)) from error
        finally:
            kind = "detail" if path.endswith(DETAIL) else "list"
            self._took(kind, timedelta(seconds=self.polls.elapsed() - began))
        reply = token.hidden(found)
        if is_throttled(reply):
            raise SourceThrottled(f"HTTP {reply.status}: asked to slow down", retry_after(reply))
        return reply, believed(reply)

    async def _discover(self, token: Token) -> list[str]:
        reply, envelope = await self._ask_center(token)
        fresh = await self.tokens.renew(token) if is_denied(reply, envelope) else None
        if fresh is not None:
            reply, envelope = await self._ask_center(fresh)
        cause = refusal(reply, envelope, fresh is not None)
        if cause is not None:
            raise refused(reply, envelope, cause)
        if envelope is None or not envelope.ok:
            raise SourceUnavailable(f"asking for the gateway failed: {_complaint(reply, envelope)}")
        found = gateways(envelope.data, encrypted=self._center_url.startswith("https:"))
        if not found:
            raise SourceUnavailable(
                f"center {self.name} names no AI gateway; set base_url, or choose another region"
            )
        return found

    async def _ask_center(self, token: Token) -> tuple[Reply, Envelope | None]:
        try:
            found = await self.polls.request("GET", self._center_url, {"token": token.value})
        except HttpError as error:
            raise SourceUnavailable(f"asking for the gateway failed: {error}") from error
        reply = token.hidden(found)
        if is_throttled(reply):
            raise SourceThrottled(f"HTTP {reply.status}: asked to slow down", retry_after(reply))
        return reply, believed(reply)


def refusal(reply: Reply, envelope: Envelope | None, renewed: bool) -> BlockCause | None:
    """Why an answer refuses the account rather than the request, or None.

    Args:
        renewed: whether it was asked with a token fetched just before: then it is not its age.
    """
    if not is_denied(reply, envelope):
        return read_cause(envelope) if envelope is not None else None
    return BlockCause.PERMISSION if renewed else BlockCause.TOKEN_EXPIRED


def refused(reply: Reply, envelope: Envelope | None, cause: BlockCause) -> SourceRefused:
    """The error for such an answer."""
    code = envelope.code if envelope is not None else None
    return SourceRefused(_complaint(reply, envelope), cause, code)


def detail_path(instance: str) -> str:
    """Where one instance's detail is; an id can be no path of its own."""
    return f"{SERVICE}/{quote(instance, safe='')}{DETAIL}"


def gateways(data: Any, encrypted: bool = False) -> list[str]:
    """The enabled AI gateways of a center's answer; `enable` is the text "true".

    Args:
        encrypted: the center was asked over TLS: the token goes nowhere without it.
    """
    urls = data.get("aiUrls") if isinstance(data, Mapping) else None
    return [
        normalised(url)
        for one in (urls if isinstance(urls, list) else ())
        if isinstance(one, Mapping)
        and isinstance(enabled := one.get("enable"), (str, bool))
        and str(enabled).lower() == "true"
        and isinstance(url := one.get("url"), str)
        and url.startswith(("https://",) if encrypted else ("http://", "https://"))
    ]


def said(envelope: Envelope) -> str:
    """An envelope's error in one line."""
    return f"code {envelope.code[:20]}: {envelope.message[:LONGEST_SAID]}".rstrip(": ")


def _complaint(reply: Reply, envelope: Envelope | None) -> str:
    return f"HTTP {reply.status} without an envelope" if envelope is None else said(envelope)
