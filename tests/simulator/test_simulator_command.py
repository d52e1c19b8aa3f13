"""The command: what it prints can be pasted, wrong usage is said, a signal ends it cleanly."""

import asyncio
import json
import signal
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from scnet_watchdog.cli.main import app
from scnet_watchdog.cli.simulator import welcome
from scnet_watchdog.simulator.account import Account
from scnet_watchdog.simulator.platform import Platform, fleet


def printed(instances: int) -> str:
    platform = Platform(account=Account(fixed="a-token"))
    platform.add(fleet(instances))
    return welcome(platform, "http://127.0.0.1:9717")


def test_what_is_printed_is_a_config() -> None:
    text = printed(3)
    config = yaml.safe_load(text)
    assert config["centers"] == {
        "simulated": {"base_url": "http://127.0.0.1:9717", "token": "a-token"}
    }
    assert config["instances"] == [one.id for one in fleet(3)]
    for word in ("AKsimulated", "SKsimulated", "curl", "716868", "actions/stop?ids="):
        assert word in text


def test_of_a_large_fleet_the_first_are_named_and_of_none_none() -> None:
    text = printed(30)
    assert len(yaml.safe_load(text)["instances"]) == 20
    assert "10 more" in text
    assert yaml.safe_load(printed(0))["instances"] == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--listen", "9717"], "is not an address"),
        (["--listen", "127.0.0.1:99999"], "is not an address"),
        (["--deploy", "5"], 'did you mean "5s"'),
        (["--shape", "data.rows"], "--shape"),
        (["--variant", "tea"], "--variant"),
        (["--fail-start", "9=1"], "no instance '9'"),
        (["--fail-start", "1=often"], "often"),
        (["--dies-after", "1=5"], 'did you mean "5s"'),
        (["--script", "nowhere.json"], "nowhere.json"),
    ],
)
def test_wrong_usage_is_2_and_says_why(arguments: list[str], said: str) -> None:
    done = CliRunner().invoke(app, ["simulator", *arguments])
    assert done.exit_code == 2
    assert said in done.output


async def test_it_serves_what_it_was_told_and_a_signal_ends_it_cleanly(tmp_path: Path) -> None:
    script = tmp_path / "script.json"
    script.write_text('[{"at": 0, "do": "capacity", "with": {"capacity": 9}}]')
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "scnet_watchdog", "simulator", "--listen", "127.0.0.1:0"),
        *("--instances", "3", "--fail-start", "1=-1", "--dies-after", "Instances_000001=1h"),
        *("--variant", "query", "--shape", "data.items", "--script", str(script)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        async with asyncio.timeout(30):
            address = (await process.stdout.readline()).decode().split("http://")[1].strip()
            assert b"capacity" in await process.stderr.readline()
        host, port = address.split(":")
        state = await asked(host, int(port), "/_sim/state")
        assert state["capacity"] == 9
        assert state["counts"] == {"Running": 3}
        page = await asked(
            host, int(port), "/ai/openapi/v2/instance-service/task?limit=9&sort=desc"
        )
        assert len(page["data"]["items"]) == 3
    finally:
        process.send_signal(signal.SIGTERM)
        _, errors = await asyncio.wait_for(process.communicate(), 20)
    assert process.returncode == 0
    assert b"Traceback" not in errors


async def test_an_address_that_is_taken_is_said(tmp_path: Path) -> None:
    taken = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
    port = taken.sockets[0].getsockname()[1]
    done = await asyncio.to_thread(
        CliRunner().invoke, app, ["simulator", "--listen", f"127.0.0.1:{port}"]
    )
    taken.close()
    await taken.wait_closed()
    assert done.exit_code == 1
    assert f"cannot listen on 127.0.0.1:{port}" in done.output


async def asked(host: str, port: int, path: str) -> Any:
    reader, writer = await asyncio.open_connection(host, port)
    head = f"GET {path} HTTP/1.1\r\nHost: x\r\ntoken: simulated-token\r\nConnection: close\r\n\r\n"
    writer.write(head.encode())
    answer = await reader.read()
    writer.close()
    return json.loads(answer.split(b"\r\n\r\n", 1)[1])
