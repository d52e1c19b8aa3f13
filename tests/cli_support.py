"""A small daemon for the commands' tests: the agreed API on a Unix socket, answers set by hand."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingUnixStreamServer
from typing import Any
from urllib.parse import urlsplit

from typer.testing import CliRunner, Result

from scnet_watchdog.adapters.stores.lock import StateLock
from scnet_watchdog.cli.main import app
from scnet_watchdog.ports import Owner

LLM = "4c1f43ddb030483e89b55413bee6c004"
OTHER = "5d2054eec141594f9ac66524cff7d115"
CONFIG = """\
centers: {{kunshan: {{base_url: "https://gateway.example", token: abcdefgh}}}}
groups: [{{name: inference, instances: [{{id: {llm}, name: llm-api}}]}}]
instances: [{other}]
state: {{url: "sqlite:///state.db"}}
"""
SINCE = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)


@dataclass
class FakeDaemon:
    """What is asked of it, and what it answers.

    Args:
        answers: (method, path without query) → status and body.
    """

    socket: Path
    answers: dict[tuple[str, str], tuple[int, Any]] = field(default_factory=dict)
    asked: list[tuple[str, str, Any]] = field(default_factory=list)
    older: list[Any] = field(default_factory=list)
    """What `/events` answers when it is asked to go on, the newest first."""

    def says(self, path: str, body: Any, status: int = 200, method: str = "GET") -> None:
        """Answer this path so from now on."""
        self.answers[(method, f"/api/v1{path}" if path != "/healthz" else path)] = (status, body)

    @property
    def posted(self) -> list[tuple[str, Any]]:
        """Paths and bodies of everything it was asked to do."""
        return [(path, body) for method, path, body in self.asked if method == "POST"]


class _Server(ThreadingUnixStreamServer):
    daemon_threads = True

    def __init__(self, fake: FakeDaemon) -> None:
        self.fake = fake
        super().__init__(str(fake.socket), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def address_string(self) -> str:
        return "socket"

    def log_message(self, format: str, *args: object) -> None:
        del format, args

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        fake = self.server.fake
        fake.asked.append(("GET", self.path, None))
        if "before=" in self.path:
            fake.says("/events", fake.older.pop(0))
        self._answer("GET", path, more=path.endswith("/events") and bool(fake.older))

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.fake.asked.append(("POST", self.path, body))
        self._answer("POST", self.path)

    def _answer(self, method: str, path: str, more: bool = False) -> None:
        unknown = (404, {"error": f"{path}: unknown"})
        status, body = self.server.fake.answers.get((method, path), unknown)
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        if more:
            self.send_header("Link", '<?since=2026&before=7>; rel="next"')
        self.end_headers()
        self.wfile.write(data)


@contextmanager
def fake_daemon(socket: Path) -> Iterator[FakeDaemon]:
    """A daemon that listens until the block ends."""
    fake = FakeDaemon(socket)
    server = _Server(fake)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        socket.unlink()


def config_in(folder: Path, more: str = "") -> Path:
    """A config whose state and socket lie in this folder."""
    path = folder / "watchdog.yaml"
    path.write_text(CONFIG.format(llm=LLM, other=OTHER) + more)
    path.chmod(0o600)
    return path


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Somebody holds the state of `config_in`."""
    lock = StateLock(folder / "state.db")
    lock.take(timedelta())
    lock.say(Owner("gpu-1", 4711, SINCE))
    yield
    lock.free()


def typed(*arguments: str) -> Result:
    """A command as a user types it."""
    return CliRunner().invoke(app, list(arguments))


def row(id_: str = LLM, name: str = "llm-api", **changes: object) -> dict[str, object]:
    """One instance as the daemon shows it."""
    return {
        "id": id_,
        "name": name,
        "center": "kunshan",
        "group": "inference",
        "status": "stopped",
        "since": "2026-03-01T02:14:00Z",
        "decision": "hold",
        "reason": "cooling_down",
        "next_at": "2026-03-01T02:18:00Z",
        "attempts_24h": 2,
        "breaker": "closed",
        "hold": None,
        **changes,
    }


def fleet(*rows: Mapping[str, object], **daemon: object) -> dict[str, object]:
    """What `GET /api/v1/instances` answers."""
    return {
        "instances": list(rows),
        "centers": [
            {
                "name": "kunshan",
                "block": None,
                "throttled_until": None,
                "breaker": "closed",
                "storm": False,
                "in_flight": 0,
                "sources": [
                    {"source": "scnet", "last_success": "2026-03-01T02:14:00Z", "blind": False}
                ],
            }
        ],
        "daemon": {
            "version": "0.1.0",
            "pid": 4711,
            "since": "2026-03-01T02:00:00Z",
            "shadow": False,
            "draining": False,
            "writable": True,
            "config": {"path": "watchdog.yaml", "changed_on_disk": False, "rejected": None},
            **daemon,
        },
    }
