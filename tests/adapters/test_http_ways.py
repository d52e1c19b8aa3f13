"""Ways to a center: TLS that is checked, a proxy, and a pool that lost its places."""

import asyncio
import shutil
import ssl
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from scnet_watchdog.adapters.http import HttpClient, HttpOptions, NotSentError
from wire_support import raw, whole, wire

SECOND = timedelta(seconds=1)
NEW_CERTIFICATE = (
    "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost"
    " -addext subjectAltName=DNS:localhost -keyout key.pem -out cert.pem"
)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for localhost that nobody but its holder trusts."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(NEW_CERTIFICATE.split(), cwd=folder, check=True, capture_output=True)
    return folder / "cert.pem"


@asynccontextmanager
async def secured(certificate: Path) -> AsyncIterator[str]:
    """A server behind TLS; its URL."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, certificate.with_name("key.pem"))

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(whole(b"secured", headers=("Connection: close",)))
        writer.close()

    server = await asyncio.start_server(serve, "localhost", 0, ssl=context)
    yield f"https://localhost:{server.sockets[0].getsockname()[1]}/"
    server.close()


async def body_of(url: str, options: HttpOptions) -> bytes:
    client = HttpClient(options, time.monotonic)
    try:
        return (await client.request("GET", url, {"token": "t"})).body
    finally:
        await client.close()


async def test_an_untrusted_certificate_gets_no_byte_of_the_request(certificate: Path) -> None:
    async with secured(certificate) as url:
        with pytest.raises(NotSentError, match="CERTIFICATE_VERIFY_FAILED"):
            await body_of(url, HttpOptions(SECOND, SECOND))


async def test_a_ca_file_says_whom_to_trust(certificate: Path) -> None:
    async with secured(certificate) as url:
        assert await body_of(url, HttpOptions(SECOND, SECOND, ca_file=certificate)) == b"secured"


async def test_a_trusted_certificate_of_another_host_is_refused(certificate: Path) -> None:
    async with secured(certificate) as url:
        other = url.replace("localhost", "127.0.0.1")
        with pytest.raises(NotSentError):
            await body_of(other, HttpOptions(SECOND, SECOND, ca_file=certificate))


async def test_checking_can_be_switched_off(certificate: Path) -> None:
    async with secured(certificate) as url:
        assert await body_of(url, HttpOptions(SECOND, SECOND, verify_tls=False)) == b"secured"


def test_a_ca_file_that_is_not_there_is_an_error_at_once(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        HttpClient(HttpOptions(ca_file=tmp_path / "none.pem"), time.monotonic)


async def test_a_configured_proxy_is_used() -> None:
    async with wire(raw(whole(b"by proxy"))) as proxy:
        options = HttpOptions(SECOND, SECOND, proxy=proxy.url)
        assert await body_of("http://center.invalid/x", options) == b"by proxy"
    assert proxy.asked[0].target == "http://center.invalid/x"


async def test_the_usual_proxy_variables_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async with wire(raw(whole(b"by proxy"))) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        options = HttpOptions(SECOND, SECOND)
        assert await body_of("http://center.invalid/x", options) == b"by proxy"
        async with wire(raw(whole(b"direct"))) as server:
            assert await body_of(server.url, options) == b"direct"


async def test_a_proxy_that_opens_no_tunnel_sent_nothing() -> None:
    """What is behind TLS goes through a tunnel: the proxy never sees the token."""
    async with wire(raw(whole(b"no", "403 Forbidden"))) as proxy:
        options = HttpOptions(SECOND, SECOND, proxy=proxy.url)
        with pytest.raises(NotSentError):
            await body_of("https://center.invalid/x", options)
    assert [one.method for one in proxy.asked] == ["CONNECT"]
    assert "token" not in proxy.asked[0].headers
