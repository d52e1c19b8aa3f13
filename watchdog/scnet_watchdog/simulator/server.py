"""The platform's HTTP face on asyncio streams: fast, bounded, and able to misbehave on the wire."""

import asyncio
from collections.abc import Callable

from . import spoil, wire
from .answers import Answer, Endpoints, Request, Route, unframed
from .control import Control
from .faults import Fault
from .ledger import Call
from .platform import Platform

Clock = Callable[[], float]
LARGEST_CHUNK = 64 * 1024


class Server:
    """Serves one platform on loopback.

    Args:
        now: seconds on the simulation's clock.
        wall: seconds since the epoch, for tokens and signatures.
    """

    def __init__(self, platform: Platform, now: Clock, wall: Clock) -> None:
        self.platform = platform
        self._now = now
        self._wall = wall
        self.endpoints = Endpoints(platform)
        self.control = Control(platform, now)
        self._server: asyncio.Server | None = None
        self._open: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        self.requests = 0
        """Requests that arrived whole."""

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> int:
        """Listen; return the port.

        Raises:
            OSError: the address cannot be had.
        """
        self._server = await asyncio.start_server(self._serve, host, port, limit=wire.LARGEST_HEAD)
        bound: int = self._server.sockets[0].getsockname()[1]
        named = f"[{host}]" if ":" in host else host
        self.endpoints.gateway = f"http://{named}:{bound}"
        account = self.platform.account
        region = account.regions.get(self.platform.cluster_id or account.cluster_id)
        if region is not None:
            region.gateway = self.endpoints.gateway
        return bound

    async def stop(self) -> None:
        """Stop listening, cut every connection and wait until they are gone."""
        if self._server is not None:
            self._server.close()
        for task, writer in self._open.items():
            writer.transport.abort()
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)
        if self._server is not None:
            await self._server.wait_closed()
        # A transport that was aborted lets go of its socket in the next round of the loop.
        await asyncio.sleep(0)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - streams start one task per connection
        self._open[task] = writer
        try:
            while await self._turn(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, TimeoutError, ValueError):
            # The other side went away, stayed silent or spoke nonsense: the connection is over.
            return
        except asyncio.CancelledError:
            # Only `stop` cancels; Python 3.11 logs a streams task that ends cancelled.
            return
        finally:
            del self._open[task]
            writer.transport.abort()

    async def _turn(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Read and answer one request; whether the connection goes on."""
        try:
            async with asyncio.timeout(self.platform.manners.idle):
                request = await wire.read_request(reader)
        except wire.TooMuchError as error:
            await wire.send(writer, unframed(error.status, "Refused"))
            await _closed(writer)
            return False
        self.requests += 1
        goes_on = await self._answer(request, reader, writer)
        if request.headers.get("connection", "").lower() == "close":
            goes_on = False
        if not goes_on:
            await _closed(writer)
        return goes_on

    async def _answer(
        self, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        now = self._now()
        if request.target.startswith("/_sim/"):
            await wire.send(writer, self.control.answer(request))
            return True
        route = self.endpoints.route(request, now, self._wall())
        if route is None:
            await wire.send(writer, unframed(404, "Not Found"))
            return True
        fault = self.platform.faults.meet(route.endpoint, route.instance, now)
        if fault is not None:
            return await self._misbehave(fault, request, reader, writer)
        answer = self._honest(route, request)
        self._note(route, answer.code, answer.acted)
        await wire.send(writer, answer)
        return True

    def _honest(self, route: Route, request: Request) -> Answer:
        refusal = self.endpoints.refusal(route, request.headers.get("token"), self._wall())
        return route.answer() if refusal is None else refusal

    def _note(self, route: Route, code: str, acted: bool) -> None:
        self.platform.note(Call(self._now(), route.endpoint, route.instance, code, acted))

    async def _misbehave(
        self,
        fault: Fault,
        request: Request,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> bool:
        """Answer one request as a fault wants it; whether the connection goes on."""
        await asyncio.sleep(fault.latency)
        # Found anew: the moment of acting is after the latency.
        route = self.endpoints.route(request, self._now(), self._wall())
        assert route is not None  # noqa: S101 - the same request had a route before
        honest = self._honest(route, request) if fault.acts_first else spoil.refused(fault)
        answer = spoil.spoiled(honest, fault)
        self._note(route, spoil.said(answer, fault), honest.acted and fault.acts_first)
        await asyncio.sleep(fault.late)
        if fault.silent is not None:
            await _fall_silent(fault, reader, writer)
            return False
        pace = spoil.pace(answer, fault)
        await wire.send(writer, answer, pace)
        return not (pace.missing or pace.surplus)


async def _fall_silent(
    fault: Fault, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    if fault.reset is not None:
        wire.reset(writer)
    elif fault.hang is not None:
        while await reader.read(LARGEST_CHUNK):
            # Whatever else comes is not answered either; it ends when the other side gives up.
            pass


async def _closed(writer: asyncio.StreamWriter) -> None:
    """Close in good order: what was written still arrives."""
    writer.close()
    await writer.wait_closed()
