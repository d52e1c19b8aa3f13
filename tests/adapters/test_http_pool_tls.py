"""Pools that lost their places, answers of an odd kind, and whose certificate is trusted."""

import asyncio
import shutil
import ssl
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from scnet_watchdog.adapters.bounds import LARGEST_BODY
from scnet_watchdog.adapters.http import HttpClient, HttpOptions, NoAnswerError, NotSentError
from wire_support import client_of, hang, raw, whole, wire

SECONDS = timedelta(seconds=1)


async def test_a_pool_that_lost_its_places_is_replaced() -> None:
    """Places taken behind our back are as good as lost: one request is told, the next one goes."""
    client = client_of(connect=1.0, read=5)
    async with wire(hang) as server, AsyncExitStack() as lost:
        tasks = [
            asyncio.create_task(lost.enter_async_context(client._client.stream("GET", server.url)))
            for _ in range(client.size)
        ]
        while len(server.asked) < client.size:
            await asyncio.sleep(0.01)
        server.play = raw(whole(b"ok"))
        with pytest.raises(NotSentError, match="PoolTimeout"):
            await client.request("GET", server.url)
        assert client.replaced == 1
        assert (await client.request("GET", server.url)).body == b"ok"
        await asyncio.gather(*tasks, return_exceptions=True)
    await client.close()


async def test_the_cap_counts_bytes_and_is_told() -> None:
    """16 MiB are read, one byte more is not."""
    client = client_of(read=10)
    async with wire(raw(whole(bytes(LARGEST_BODY)))) as server:
        assert len((await client.request("GET", server.url)).body) == LARGEST_BODY
        server.play = raw(whole(bytes(LARGEST_BODY + 1)))
        with pytest.raises(NoAnswerError, match="larger than 16777216 bytes"):
            await client.request("GET", server.url)
    await client.close()


async def test_a_deadline_passed_between_two_parts_ends_the_reading() -> None:
    """The clock goes on by 9 s at each look; the deadline is 1 s + 2 s."""
    looks = iter(range(0, 900, 9))
    options = HttpOptions(SECONDS, 2 * SECONDS)
    client = HttpClient(options, lambda: float(next(looks)))
    async with wire(raw(whole(b"late"))) as server:
        with pytest.raises(NoAnswerError, match="not complete in time"):
            await client.request("GET", server.url)
    await client.close()


@pytest.mark.parametrize("name", ["a b", "a:b", ""])
async def test_a_header_that_is_none_quotes_no_token(name: str) -> None:
    client = client_of()
    async with wire(raw(whole(b"ok"))) as server:
        with pytest.raises((NoAnswerError, NotSentError)) as caught:
            await client.request("GET", server.url, {name: "a-secret-token"})
        assert not server.asked
    assert "a-secret-token" not in repr(caught.value)
    await client.close()


@dataclass(frozen=True)
class Pem:
    cert: Path
    key: Path


@pytest.fixture(scope="session")
def pem(tmp_path_factory: pytest.TempPathFactory) -> Pem:
    """A certificate for 127.0.0.1 that nobody has signed."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("makes its certificate with openssl")
    folder = tmp_path_factory.mktemp("tls")
    made = Pem(folder / "cert.pem", folder / "key.pem")
    told = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost"
    command = [openssl, *told.split(), "-addext", "subjectAltName=IP:127.0.0.1"]
    command += ["-keyout", str(made.key), "-out", str(made.cert)]
    subprocess.run(command, check=True, capture_output=True)
    return made


@asynccontextmanager
async def secure(pem: Pem) -> AsyncIterator[str]:
    """An HTTPS server that says ok."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(whole(b"ok", headers=("Connection: close",)))
        await writer.drain()
        writer.close()

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem.cert, pem.key)
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    yield f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    server.close()


@pytest.mark.parametrize("named", [False, True], ids=["any certificate", "the named one"])
async def test_a_certificate_is_trusted_where_the_config_says_so(pem: Pem, named: bool) -> None:
    options = HttpOptions(
        5 * SECONDS, 5 * SECONDS, verify_tls=named, ca_file=pem.cert if named else None
    )
    client = HttpClient(options, time.monotonic)
    async with secure(pem) as url:
        assert (await client.request("GET", url)).body == b"ok"
    await client.close()


async def test_a_strangers_certificate_is_not_trusted_and_nothing_was_sent(pem: Pem) -> None:
    client = client_of()
    async with secure(pem) as url:
        with pytest.raises(NotSentError, match="CERTIFICATE_VERIFY_FAILED"):
            await client.request("POST", url, {"token": "a-secret-token"}, body=b"")
    await client.close()
