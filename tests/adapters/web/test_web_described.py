"""The API does what its own description says, asked over a real socket by whoever reads it.

Requests are made up from the description: such as it allows, and such as it forbids. The desk
behind is the real one, on an engine on fakes.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from desk_support import DeskBench
from scnet_watchdog.adapters.telemetry.sentences import as_logged
from scnet_watchdog.adapters.web.api import Face, application
from scnet_watchdog.adapters.web.auth import BearerToken
from scnet_watchdog.adapters.web.guard import OPEN, Access, Guard
from scnet_watchdog.adapters.web.openapi import document
from scnet_watchdog.adapters.web.rate import Rate
from scnet_watchdog.adapters.web.server import HttpServer
from scnet_watchdog.adapters.web.stream import Streams
from web_support import PLENTY, T0, Bench

reader = pytest.importorskip(
    "schemathesis", reason="THE DESCRIPTION IS NOT TESTED: schemathesis is not installed"
)

TOKEN = {"Authorization": "Bearer the-token"}
STREAM = "/api/v1/stream"
NAMES = ("i00000", "i0000", "kunshan", None)
"""One instance, several, a center, and whatever the reader makes up."""

ASKED = settings(
    max_examples=15,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@asynccontextmanager
async def served(folder: Path) -> AsyncIterator[str]:
    """The address of a whole API that asks for a token, as `server.listen` opens it."""
    path = folder / "token"
    path.write_text("the-token")
    web = Bench()
    async with DeskBench(3).running() as bench:
        mask, hand = web.secrets.redact, web.elapsed
        streams = Streams(bench.feed.listen, as_logged, mask)
        face = Face(bench.desk, streams, mask, as_logged, lambda: T0, "1.2.3")
        token = await asyncio.to_thread(BearerToken, path, web.secrets.add, hand)
        access = Access(Rate(PLENTY, hand), token=token)
        listener = socket.create_server(("127.0.0.1", 0))
        listener.setblocking(False)
        server = HttpServer(Guard(application(face, "somebody"), access, mask), listener)
        await server.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            streams.close()
            await server.stop()


def operations(url: str) -> Iterator[Any]:
    """Everything the description offers, but itself."""
    schema = reader.openapi.from_url(f"{url}/api/v1/openapi.json", headers=TOKEN)
    found = [one.ok() for one in schema.get_all_operations()]
    described = sum(len(verbs) for verbs in document("1")["paths"].values())
    assert len(found) == described - 1
    yield from found


def ask_as_described(url: str, allowed: bool) -> None:
    """Ask everything, many times, and hold each answer to the description."""
    modes = reader.GenerationMode
    for operation in operations(url):
        # The stream does not end by itself; what has no parameters cannot be asked wrongly.
        if operation.path == STREAM or (operation.path in OPEN and not allowed):
            continue
        cases = operation.as_strategy(modes.POSITIVE if allowed else modes.NEGATIVE)

        @ASKED
        @given(case=cases, name=st.sampled_from(NAMES))
        def ask(case: Any, name: str | None) -> None:
            if allowed and name is not None and "name" in case.path_parameters:
                case.path_parameters["name"] = name
            case.call_and_validate(headers=TOKEN)

        ask()


def ask_without_a_token(url: str) -> None:
    """Ask everything once, with no token and with a wrong one."""
    for operation in operations(url):
        for headers in ({}, {"Authorization": "Bearer not-the-token"}):
            named = {"name": "i00000"} if "{name}" in operation.path else {}
            case = operation.Case(path_parameters=named)
            answer = case.call(headers=headers)
            assert (answer.status_code == 401) is (operation.path not in OPEN)
            case.validate_response(answer)


@pytest.mark.parametrize("allowed", [True, False])
async def test_what_is_asked_as_described_is_answered_as_described(
    tmp_path: Path, allowed: bool
) -> None:
    async with served(tmp_path) as url:
        await asyncio.to_thread(ask_as_described, url, allowed)


async def test_without_the_token_nothing_is_answered_but_what_the_description_opens(
    tmp_path: Path,
) -> None:
    async with served(tmp_path) as url:
        await asyncio.to_thread(ask_without_a_token, url)
