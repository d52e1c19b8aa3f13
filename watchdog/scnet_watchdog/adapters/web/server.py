"""Uvicorn inside the daemon: on a listening socket of ours, without a will of its own.

It takes no signals, configures no log, and ends when it is told to, streams included.
"""

import logging
import socket

import uvicorn
from starlette.types import ASGIApp

from .connection import Connection

GRACE_S = 3
"""How long requests under way may take to end once the server is to stop."""

CONNECTIONS = 100
"""Connections at once; the next ones get 503."""

HEAD_LIMIT = 16 * 1024
"""Bytes of a request's head."""


class HttpServer:
    """Serves one application on one listening socket."""

    def __init__(
        self, app: ASGIApp, listener: socket.socket, connection: type[Connection] = Connection
    ) -> None:
        # Its warnings are of strangers' nonsense: anybody who can connect could fill the log.
        logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
        self._listener = listener
        self._config = uvicorn.Config(
            app,
            http=connection,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            proxy_headers=False,
            limit_concurrency=CONNECTIONS,
            timeout_graceful_shutdown=GRACE_S,
            h11_max_incomplete_event_size=HEAD_LIMIT,
        )
        self._server = uvicorn.Server(self._config)

    async def start(self) -> None:
        """Serve from now on."""
        # Not `serve`: that takes over the signals and wakes the process ten times a second.
        self._config.load()
        self._server.lifespan = self._config.lifespan_class(self._config)
        await self._server.startup(sockets=[self._listener])

    async def stop(self) -> None:
        """Accept nothing more; requests under way have three seconds."""
        if self._server.started:
            await self._server.shutdown(sockets=[self._listener])
        self._listener.close()
