"""All ways in, opened and closed together: the control socket, and the configured address."""

import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ...errors import WatchdogError
from .api import Face, application
from .auth import BearerToken
from .connection import Connection
from .guard import Access, Guard
from .listeners import CannotListen, ControlSocket, control_socket, tcp_listener
from .rate import Allowance, Rate
from .server import HttpServer
from .session import Sessions

ON_SOCKET = Allowance(per_second=200, burst=2000)
"""Whoever has the socket is the operator: a command for a thousand instances is a thousand."""
ON_TCP = Allowance(per_second=20, burst=100)


@dataclass(frozen=True, slots=True)
class Ways:
    """Where is listened.

    Args:
        must: whether the daemon must not run without its control socket: it was configured.
        listen: host and port, or None.
        token: what the address asks for; None = it serves health and metrics only.
        connection: what each connection is.
    """

    control: Path
    must: bool = False
    listen: tuple[str, int] | None = None
    token: BearerToken | None = None
    connection: type[Connection] = Connection


class Doors:
    """The listeners and their servers."""

    def __init__(self, face: Face, ways: Ways, elapsed: Callable[[], float]) -> None:
        self._face = face
        self._ways = ways
        self._elapsed = elapsed
        self._servers: list[HttpServer] = []
        self._control: ControlSocket | None = None

    async def open(self) -> WatchdogError | None:
        """Listen and serve; return why there is no control socket, where one is not a must.

        Raises:
            CannotListen
        """
        missing: WatchdogError | None = None
        ways = self._ways
        try:
            self._control = control_socket(ways.control)
        except CannotListen as error:
            if ways.must:
                raise
            missing = error
        else:
            access = Access(Rate(ON_SOCKET, self._elapsed), local=True)
            await self._serve(self._control.listener, access, "control socket")
        if ways.listen is not None:
            rate, sessions = Rate(ON_TCP, self._elapsed), Sessions(self._face.now)
            access = Access(rate, token=ways.token, sessions=sessions)
            await self._serve(tcp_listener(*ways.listen), access, "HTTP API")
        return missing

    async def close(self) -> None:
        """Hear nobody any more."""
        self._face.streams.close()
        if self._control is not None:
            # First the file: whoever looks now finds no daemon rather than a silent one.
            self._control.remove()
        for server in self._servers:
            await server.stop()
        self._servers.clear()

    async def _serve(self, listener: socket.socket, access: Access, by: str) -> None:
        app = Guard(application(self._face, by), access, self._face.mask)
        server = HttpServer(app, listener, self._ways.connection)
        self._servers.append(server)
        await server.start()
