"""The real daemon asked over its real sockets, while it heals a simulated platform."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from app_support import FIRST, SECOND, TOKEN, daemon, set_status, simulated, until, write_config

pytestmark = pytest.mark.e2e

API = "/api/v1"


@asynccontextmanager
async def asking(path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the daemon's control socket."""
    transport = httpx.AsyncHTTPTransport(verify=False, uds=str(path))
    async with httpx.AsyncClient(transport=transport, base_url="http://watchdog") as client:
        yield client


async def test_an_operator_sees_holds_releases_and_hears_the_healing(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    async with simulated(FIRST, SECOND) as server:
        config = write_config(tmp_path, server, FIRST, SECOND)
        async with daemon(config) as one, asking(path) as client:
            await until(lambda: one.said("fleet.first_look"))
            held = await client.post(f"{API}/instances/4c1f/hold", json={"by": "alice"})
            assert held.json()["done"].startswith("job 0 is held until ")
            set_status(server, FIRST, "Terminated")
            await until(lambda: one.said("instance.status_changed"))
            why = (await client.get(f"{API}/instances/4c1f/explain")).json()
            assert why["reason"] == "held"
            refused = await client.post(f"{API}/instances/job 0/restart", json={})
            assert (refused.status_code, refused.json()["reason"]) == (409, "held")
            connected = asyncio.Event()
            hearing = asyncio.create_task(heard(client, "restart.recovered", connected))
            await asyncio.wait_for(connected.wait(), 20)
            await client.post(f"{API}/fleet/release", json={"every": True})
            told = await asyncio.wait_for(hearing, 20)
            assert [one["event"] for one in told if one["event"].startswith("restart.")] == [
                "restart.requested",
                "restart.accepted",
                "restart.recovered",
            ]
            fleet = (await client.get(f"{API}/instances")).json()
            assert [row["status"] for row in fleet["instances"]] == ["running", "running"]
            (attempt,) = (await client.get(f"{API}/instances/{FIRST}")).json()["attempts"]
            assert attempt["verdict"] == "recovered"
            journal = (await client.get(f"{API}/events?instance=job 0")).json()
            # As logged: the very same lines.
            assert [line for line in one.lines if line in journal] == journal
            assert TOKEN not in json.dumps([fleet, told, journal])
            assert (await client.get("/readyz")).json() == {"ok": True, "why": None}
            assert await one.stops() == 0
    assert not path.exists()


async def heard(
    client: httpx.AsyncClient, last: str, connected: asyncio.Event
) -> list[dict[str, Any]]:
    """The events of the stream, up to one."""
    found: list[dict[str, Any]] = []
    async with client.stream("GET", f"{API}/stream", timeout=20) as answer:
        async for line in answer.aiter_lines():
            connected.set()
            if line.startswith("data: "):
                found.append(json.loads(line.removeprefix("data: ")))
                if found[-1]["event"] == last:
                    return found
    return found


async def test_a_reload_says_what_it_means_and_a_broken_file_is_shown_until_it_is_mended(
    tmp_path: Path,
) -> None:
    async with simulated(FIRST, SECOND) as server:
        set_status(server, FIRST, "Completed")
        config = write_config(tmp_path, server, FIRST)
        good = config.read_text()
        async with daemon(config) as one, asking(tmp_path / "control.sock") as client:
            await until(lambda: one.said("fleet.first_look"))

            async def shown() -> Any:
                return (await client.get(f"{API}/instances")).json()["daemon"]["config"]

            config.write_text(good + "\npolcy: {}\n")
            assert await shown() == {
                "path": str(config),
                "changed_on_disk": True,
                "rejected": None,
            }
            refused = await client.post(f"{API}/reload", json={})
            assert refused.status_code == 422
            assert 'did you mean "policy"' in refused.json()["errors"][0]
            assert (await shown())["rejected"] == "\n".join(refused.json()["errors"])
            # `completed` is wanted restarted now, and a second instance is watched.
            more = good.replace("policy:", "policy:\n  restart_on: [stopped, failed, completed]")
            config.write_text(more.replace(f'"{FIRST}"', f'"{FIRST}", "{SECOND}"'))
            foretold = (await client.post(f"{API}/reload", json={"preview": True})).json()
            assert (await shown())["changed_on_disk"] is True
            assert not one.said("config.reloaded")
            done = (await client.post(f"{API}/reload", json={})).json()
            assert (foretold["added"], foretold["changed"]) == (done["added"], done["changed"])
            assert foretold["impact"].startswith("1 instance becomes eligible; restarts start ")
            assert done["added"] == [SECOND]
            assert done["impact"].startswith("1 instance becomes eligible; restarts start ")
            assert "1 instance newly watched" in done["impact"]
            assert await shown() == {
                "path": str(config),
                "changed_on_disk": False,
                "rejected": None,
            }
            assert await one.stops() == 0


async def test_an_address_asks_for_the_token(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token = tmp_path / "token"
    token.write_text("bearer-of-the-test\n")
    token.chmod(0o600)
    async with simulated(FIRST) as server:
        config = write_config(tmp_path, server, FIRST)
        listen = f"server: {{listen: '127.0.0.1:{port}', token_file: token}}\n"
        config.write_text(config.read_text() + listen)
        base = f"http://127.0.0.1:{port}"
        async with (
            daemon(config) as one,
            httpx.AsyncClient(base_url=base, verify=False) as client,
        ):
            await until(lambda: one.said("fleet.first_look"))
            assert (await client.get("/healthz")).status_code == 200
            assert (await client.get(f"{API}/instances")).status_code == 401
            headers = {"authorization": "Bearer bearer-of-the-test"}
            fleet = await client.get(f"{API}/instances", headers=headers)
            assert fleet.status_code == 200
            assert await one.stops() == 0
            assert "bearer-of-the-test" not in json.dumps(one.lines)
