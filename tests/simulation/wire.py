"""The network between the daemon and the simulated platform, on virtual time, without sockets.

`SimHttp` stands in for `adapters/http.HttpClient`: everything above it is the real client. A
request that has left reaches the platform even if its sender dies meanwhile.
"""

import asyncio
from collections.abc import Callable, Mapping
from random import Random
from urllib.parse import urlencode, urlsplit

from scnet_watchdog.adapters.http import NoAnswerError, NotSentError, Reply
from scnet_watchdog.simulator import spoil
from scnet_watchdog.simulator.answers import Answer, Endpoints, Request, Route, unframed
from scnet_watchdog.simulator.faults import Fault
from scnet_watchdog.simulator.ledger import Call
from scnet_watchdog.simulator.platform import Platform

HOST = "http://sim"
DEADLINE_S = 35.0
"""Connect and read time-outs of a center's defaults."""


class Network:
    """The platform's side, which outlives every daemon."""

    def __init__(
        self, platform: Platform, now: Callable[[], float], epoch: float, dice: Random
    ) -> None:
        self.platform = platform
        self.endpoints = Endpoints(platform, HOST)
        self.dice = dice
        self.down = False
        """Nobody can connect."""
        self.calls_down = False
        """Restart calls cannot connect."""
        self.slowness = 0.0
        """Seconds a request takes at most on top of the usual."""
        self._now = now
        self._epoch = epoch
        self._under_way: set[asyncio.Task[None]] = set()

    def send(self, request: Request) -> asyncio.Future[Reply]:
        """A request leaves; what comes back is set in the future, if anything ever does."""
        answer: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        # Whoever asked may be dead by then: nobody reads the error, and that is no fault.
        answer.add_done_callback(lambda done: done.cancelled() or done.exception())
        task = asyncio.get_running_loop().create_task(self._serve(request, answer))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return answer

    async def _serve(self, request: Request, answer: asyncio.Future[Reply]) -> None:
        await asyncio.sleep(self._travel())
        found = await self._answered(request)
        await asyncio.sleep(self._travel())
        if answer.cancelled() or found is None:
            return
        if isinstance(found, NoAnswerError):
            answer.set_exception(found)
        else:
            headers = {name.lower(): value for name, value in found.headers.items()}
            answer.set_result(Reply(found.status, headers, found.body))

    def _travel(self) -> float:
        return 0.005 + self.dice.random() * (0.02 + self.slowness)

    async def _answered(self, request: Request) -> Answer | NoAnswerError | None:
        """What the platform says, that it broke off, or None: it never says anything."""
        route = self._route(request)
        if route is None:
            return unframed(404, "Not Found")
        fault = self.platform.faults.meet(route.endpoint, route.instance, self._now())
        if fault is not None:
            return await self._misbehaves(fault, request)
        answer = self._honest(route, request)
        self._note(route, answer.code, answer.acted)
        return answer

    async def _misbehaves(self, fault: Fault, request: Request) -> Answer | NoAnswerError | None:
        await asyncio.sleep(fault.latency)
        route = self._route(request)
        assert route is not None
        honest = self._honest(route, request) if fault.acts_first else spoil.refused(fault)
        answer = spoil.spoiled(honest, fault)
        self._note(route, spoil.said(answer, fault), honest.acted and fault.acts_first)
        await asyncio.sleep(fault.late)
        if fault.hang is not None:
            return None
        pace = spoil.pace(answer, fault)
        if fault.silent is not None or pace.missing or pace.surplus:
            return NoAnswerError("the connection broke off")
        return answer

    def _route(self, request: Request) -> Route | None:
        return self.endpoints.route(request, self._now(), self._epoch + self._now())

    def _honest(self, route: Route, request: Request) -> Answer:
        token = request.headers.get("token")
        refusal = self.endpoints.refusal(route, token, self._epoch + self._now())
        return route.answer() if refusal is None else refusal

    def _note(self, route: Route, code: str, acted: bool) -> None:
        self.platform.note(Call(self._now(), route.endpoint, route.instance, code, acted))


class SimHttp:
    """One pool of connections; as `HttpClient`, for those who use one.

    Args:
        step: awaited before a request leaves and after its answer came: the daemon may die there.
        leaves: told that a request leaves now, and `came` that it is over, and whether answered.
    """

    def __init__(
        self,
        network: Network,
        size: int,
        elapsed: Callable[[], float],
        step: Callable[[str], "asyncio.Future[None] | None"],
        leaves: Callable[[Request], None],
        came: Callable[[Request, bool], None],
    ) -> None:
        self.size = size
        self.elapsed = elapsed
        self._network = network
        self._step = step
        self._leaves = leaves
        self._came = came
        self._places = asyncio.Semaphore(size)
        self._in_use = 0

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
        """Send once, as the real one."""
        parts = urlsplit(url)
        target = parts.path + (f"?{urlencode(params)}" if params else "")
        low = {name.lower(): value for name, value in (headers or {}).items()}
        request = Request(method, target, low, body or b"")
        async with self._places:
            self._in_use += 1
            try:
                return await self._send(request)
            finally:
                self._in_use -= 1

    async def close(self) -> None:
        """Nothing is open."""

    async def _send(self, request: Request) -> Reply:
        kind = "call" if "/task/actions/restart" in request.target else "read"
        if self._network.down or (self._network.calls_down and kind == "call"):
            await asyncio.sleep(0.01)
            raise NotSentError("connection refused")
        await self._halt(f"{kind}: before it leaves")
        self._leaves(request)
        answer = self._network.send(request)
        await self._halt(f"{kind}: on the wire")
        done, _ = await asyncio.wait({answer}, timeout=DEADLINE_S)
        self._came(request, bool(done) and answer.exception() is None)
        await self._halt(f"{kind}: ended")
        if not done:
            answer.cancel()
            raise NoAnswerError("no whole answer within the deadline")
        return answer.result()

    async def _halt(self, where: str) -> None:
        ended = self._step(where)
        if ended is not None:
            await ended
