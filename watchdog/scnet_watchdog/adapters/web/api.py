"""The paths: what each one asks of the desk. Answers are described in `docs/api.md`."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from ...core.command import ScopeKind
from ...desk import Desk
from .answers import ANSWERED, JSON, Mask, answer, failure, long_text_of, text_of
from .asked import PLURAL, among_of, body_of, preview_of, since_of, sought_of, wish_of
from .login import session_routes
from .openapi import document
from .page import page_routes
from .stream import Streams, Told

API = "/api/v1"
STREAM = "text/event-stream"

REPORT_SINCE = timedelta(days=30)
"""How far back recovery figures reach by default, as the command line documents it."""

Metrics = Callable[[], Awaitable[tuple[bytes, str]]]
"""The metrics of this moment, and their content type."""

Handler = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Face:
    """What the paths are made of.

    Args:
        mask: a text without any secret.
        told: an event as it stands in the log.
        metrics: None = there are none.
    """

    desk: Desk
    streams: Streams
    mask: Mask
    told: Told
    now: Callable[[], datetime]
    version: str
    metrics: Metrics | None = None


class Paths:
    """One handler per path.

    Args:
        by: who asks, where a request does not say.
    """

    def __init__(self, face: Face, by: str) -> None:
        self._face = face
        self._desk = face.desk
        self._mask = face.mask
        self._by = by

    def routes(self) -> list[Route]:
        """All of them."""
        one = API + "/instances/{name:path}"
        reading = {
            "/healthz": self.healthz,
            "/readyz": self.readyz,
            "/metrics": self.metrics,
            f"{API}/openapi.json": self.openapi,
            f"{API}/instances": self.instances,
            f"{one}/explain": self.explain,
            one: self.instance,
            f"{API}/events": self.events,
            f"{API}/report": self.report,
            f"{API}/stream": self.stream,
        }
        found = [Route(path, self._safely(to), methods=["GET"]) for path, to in reading.items()]
        for plural, kind in PLURAL.items():
            where = f"{API}/{plural}" + ("" if kind is ScopeKind.FLEET else "/{name:path}")
            verbs = ["hold", "release", "reset"]
            for verb in [*verbs, "restart"] if kind is ScopeKind.INSTANCE else verbs:
                to = self._safely(self._wishes(verb, kind))
                found.append(Route(f"{where}/{verb}", to, methods=["POST"]))
        found.append(Route(f"{API}/reload", self._safely(self.reload), methods=["POST"]))
        return found

    async def healthz(self, request: Request) -> Response:
        """Whether turns happen."""
        return self._well(self._desk.trouble())

    async def readyz(self, request: Request) -> Response:
        """Whether the state is owned and writable and each source was asked once."""
        return self._well(self._desk.trouble(ready=True))

    async def metrics(self, request: Request) -> Response:
        """Prometheus."""
        if self._face.metrics is None:
            return answer({"error": "there are no metrics"}, self._mask, 404)
        body, kind = await self._face.metrics()
        return Response(body, headers={"content-type": kind})

    async def openapi(self, request: Request) -> Response:
        """This API's own description."""
        return answer(document(self._face.version), self._mask)

    async def instances(self, request: Request) -> Response:
        """The whole fleet."""
        content = await self._desk.fleet()
        # Of a large fleet the text alone takes a tenth of a second: the loop goes on meanwhile.
        text = await asyncio.to_thread(text_of, content, self._mask)
        return Response(text.encode("utf-8", "replace"), media_type=JSON)

    async def instance(self, request: Request) -> Response:
        """One instance with its last attempts."""
        return answer(await self._desk.instance(request.path_params["name"]), self._mask)

    async def explain(self, request: Request) -> Response:
        """The ladder of one instance."""
        return answer(await self._desk.explain(request.path_params["name"]), self._mask)

    async def events(self, request: Request) -> Response:
        """What was journalled."""
        sought = sought_of(request, self._face.now())
        found = await self._desk.events(sought)
        told = self._face.told
        text = await asyncio.to_thread(
            lambda: text_of([told(event) for event in found.events], self._mask)
        )
        headers = {}
        if found.before is not None:
            # The moment stays the one that was asked from: "a day ago" is another one tomorrow.
            older = {"since": sought.since.isoformat(), "before": str(found.before)}
            query = urlencode({**request.query_params, **older})
            headers["link"] = f'<?{query}>; rel="next"'
        return Response(text.encode("utf-8", "replace"), headers=headers, media_type=JSON)

    async def report(self, request: Request) -> Response:
        """Recovery figures."""
        among, since = among_of(request), since_of(request, self._face.now(), REPORT_SINCE)
        found = await self._desk.report(since, among)
        text = await asyncio.to_thread(long_text_of, found, self._mask)
        return Response(text.encode("utf-8", "replace"), media_type=JSON)

    async def stream(self, request: Request) -> Response:
        """Events as they happen."""
        if request.method == "HEAD":
            return Response(media_type=STREAM)
        streams = self._face.streams
        hang_up = getattr(request.state, "hang_up", _nothing)
        streams.admit()
        return StreamingResponse(streams.lines(hang_up), media_type=STREAM)

    async def reload(self, request: Request) -> Response:
        """Take up the config on disk, or say what that would change."""
        preview = preview_of(await body_of(request))
        return answer(await self._desk.reload(preview), self._mask)

    def _wishes(self, verb: str, kind: ScopeKind) -> Handler:
        async def handler(request: Request) -> Response:
            name = request.path_params.get("name", "")
            wish = wish_of(verb, kind, name, await body_of(request), self._by)
            return answer({"done": await self._desk.ask(wish)}, self._mask)

        return handler

    def _well(self, why: str | None) -> Response:
        return answer({"ok": why is None, "why": why}, self._mask, 200 if why is None else 503)

    def _safely(self, handler: Handler) -> Handler:
        async def safely(request: Request) -> Response:
            try:
                return await handler(request)
            except ANSWERED as error:
                return failure(error, self._mask)

        return safely


def application(face: Face, by: str) -> Starlette:
    """The API as an ASGI application."""

    async def unknown(request: Request, error: Exception) -> Response:
        if not isinstance(error, HTTPException):
            return answer({"error": "a fault of the daemon; its log says more"}, face.mask, 500)
        said = {404: "there is no such path", 405: f"{request.method} is not asked here"}
        headers = dict(error.headers or {})
        text = said.get(error.status_code, error.detail)
        return answer({"error": text}, face.mask, error.status_code, **headers)

    page = [*page_routes(), *session_routes(face.now, face.mask)]
    return Starlette(
        routes=[*page, *Paths(face, by).routes()],
        exception_handlers={HTTPException: unknown, 500: unknown},
    )


def _nothing() -> None:
    """A connection that is not ours to end."""
