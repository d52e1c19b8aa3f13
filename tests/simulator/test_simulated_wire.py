"""Connections: kept, closed, reset, hung and bounded, as they are seen from the other side."""

import asyncio
from typing import Any

import pytest

from scnet_watchdog.simulator.faults import Fault
from scnet_watchdog.simulator.instance import DEPLOYING, FAILED
from simulator_support import SERVICE, START, Wire, first, request

STATE = "/ac/openapi/v2/tokens/state"


async def sent(wire: Wire, *parts: bytes) -> bytes:
    """Everything that comes back until the other side closes.

    Raises:
        ConnectionResetError
    """
    reader, writer = await asyncio.open_connection("127.0.0.1", wire.port)
    for part in parts:
        writer.write(part)
    await writer.drain()
    try:
        return await reader.read()
    finally:
        writer.close()


async def test_a_connection_is_kept_until_the_client_wants_it_closed(wire: Wire) -> None:
    answer = await sent(
        wire,
        request("GET", STATE),
        request("GET", STATE),
        request("GET", STATE, Connection="close"),
    )
    assert answer.count(b"HTTP/1.1 200") == 3


async def test_an_idle_connection_can_be_closed(wire: Wire) -> None:
    wire.platform.manners.idle = 0.01
    assert (await sent(wire, request("GET", STATE))).count(b"HTTP/1.1 200") == 1


async def test_a_reset_is_a_reset_and_a_close_is_in_good_order(wire: Wire) -> None:
    wire.platform.faults.active.append(Fault("state", times=1, reset="before"))
    with pytest.raises(ConnectionResetError):
        await sent(wire, request("GET", STATE))
    wire.platform.faults.active.append(Fault("state", times=1, close="before"))
    assert await sent(wire, request("GET", STATE)) == b""


@pytest.mark.parametrize(
    ("whole", "status"),
    [
        (b"GET / HTTP/1.1\r\nlong: " + b"x" * 70_000 + b"\r\n\r\n", b"431"),
        (b"GET / HTTP/1.1\r\nContent-Length: 2000000\r\n\r\n", b"413"),
        (b"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", b"411"),
    ],
)
async def test_requests_are_bounded(wire: Wire, whole: bytes, status: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", wire.port)
    writer.write(whole)
    assert (await reader.readline()).startswith(b"HTTP/1.1 " + status)
    writer.close()


@pytest.mark.parametrize(
    "whole", [b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", b"nonsense\r\n\r\n"]
)
async def test_what_is_no_http_ends_the_connection(wire: Wire, whole: bytes) -> None:
    assert await sent(wire, whole) == b""


async def test_an_overlong_body_goes_on_after_its_announced_end(wire: Wire) -> None:
    wire.platform.faults.active.append(Fault("state", body="overlong", times=1))
    head, body = (await sent(wire, request("GET", STATE))).split(b"\r\n\r\n")
    announced = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    assert len(body) == announced + 10


async def test_a_truncated_body_ends_before_its_announced_end(wire: Wire) -> None:
    wire.platform.faults.active.append(Fault("state", body="truncated", times=1))
    head, body = (await sent(wire, request("GET", STATE))).split(b"\r\n\r\n")
    announced = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    assert len(body) == announced // 2


@pytest.mark.parametrize(
    ("wanted", "said", "acted"),
    [
        ({}, "0", True),
        ({"code": "10001"}, "10001", False),
        ({"code": "10001", "acts": True}, "10001", True),
        ({"http": 503}, "http_503", False),
        ({"http": 503, "acts": True}, "http_503", True),
        ({"body": "html"}, "html", True),
        ({"body": "empty"}, "empty", True),
        ({"body": "truncated"}, "truncated", True),
        ({"body": "no_code"}, "no_code", False),
        ({"reset": "before"}, "reset before", False),
        ({"reset": "after"}, "reset after", True),
        ({"close": "after"}, "close after", True),
    ],
)
async def test_the_ledger_has_the_answer_as_sent_and_whether_it_acted(
    wire: Wire, wanted: dict[str, Any], said: str, acted: bool
) -> None:
    await wire.tell("status", id=first(wire), status=FAILED)
    if wanted:
        await wire.tell("fault", endpoint="restart", **wanted)
    path = f"{SERVICE}/task/actions/restart?instanceServiceId={first(wire)}"
    await wire.raw("POST", path)
    (call,) = wire.platform.restarts(first(wire))
    assert (call.at, call.code, call.acted) == (START, said, acted)
    assert (wire.platform.instances[first(wire)].at(START) == DEPLOYING) is acted


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ({"instance": {"refuses": 1}}, "716868"),
        ({"status": {"status": "Running"}}, "716868"),
        ({"account": {"status": "Owe"}}, "10007"),
        ({"account": {"status": "frozen"}}, "10007"),
    ],
)
async def test_a_refused_restart_is_in_the_ledger_as_not_acted(
    wire: Wire, setting: dict[str, dict[str, Any]], said: str
) -> None:
    await wire.tell("status", id=first(wire), status=FAILED)
    for name, wanted in setting.items():
        more = {} if name == "account" else {"id": first(wire)}
        await wire.tell(name, **more, **wanted)
    assert (await wire.restart(first(wire)))["code"] == said
    assert [(one.code, one.acted) for one in wire.platform.restarts()] == [(said, False)]


async def test_a_restart_with_a_stale_token_is_in_the_ledger_too(wire: Wire) -> None:
    await wire.restart(first(wire), token="old")
    assert [(one.code, one.acted) for one in wire.platform.restarts()] == [("10008", False)]


async def test_a_late_answer_comes_after_the_act_and_latency_before_it(wire: Wire) -> None:
    await wire.tell("status", id=first(wire), status=FAILED)
    one = wire.platform.instances[first(wire)]
    await wire.tell("fault", endpoint="restart", late=30, times=1)
    waiting = asyncio.create_task(wire.restart(first(wire)))
    await until(lambda: one.at(START) == DEPLOYING)
    assert not waiting.done()
    await wire.tell("status", id=first(wire), status=FAILED)
    await wire.tell("fault", endpoint="restart", latency=30, times=1)
    other = asyncio.create_task(wire.restart(first(wire)))
    await until(lambda: not wire.platform.faults.active)
    assert one.at(START) == FAILED
    # Stopping ends both without an answer.
    await wire.server.stop()
    ended = await asyncio.gather(waiting, other, return_exceptions=True)
    assert all(isinstance(error, (ValueError, IndexError)) for error in ended)


async def test_a_hanging_request_ends_when_the_client_gives_up(wire: Wire) -> None:
    wire.platform.faults.active.append(Fault("state", hang="before"))
    _, writer = await asyncio.open_connection("127.0.0.1", wire.port)
    writer.write(request("GET", STATE))
    await until(lambda: wire.server._open and wire.platform.calls)
    writer.close()
    await until(lambda: not wire.server._open)
    assert wire.platform.calls[-1].code == "hang before"


async def test_an_outage_meets_every_endpoint_until_it_is_over(wire: Wire) -> None:
    await wire.tell("fault", http=503, **{"in": 10, "for": 20})
    seen = []
    for moment in (0, 10, 30, 31):
        wire.now = START + moment
        seen.append((await wire.raw("GET", STATE)).split(b" ")[1])
    assert seen == [b"200", b"503", b"503", b"200"]


async def test_a_stop_of_several_is_one_call_and_one_without_ids_is_refused(wire: Wire) -> None:
    two = list(wire.platform.instances)[:2]
    path = f"{SERVICE}/task/actions/stop"
    assert (await wire.ask("POST", f"{path}?ids={two[0]}&ids={two[1]}"))["code"] == "0"
    assert wire.platform.counts(START) == {"Terminated": 2, "Running": 3}
    assert wire.platform.calls[-1].instance == ",".join(two)
    assert (await wire.ask("POST", path))["code"] == "10003"
    assert (await wire.ask("POST", f"{path}?ids=none"))["code"] == "716020"


async def test_a_restart_without_an_id_or_of_nobody_has_its_code(wire: Wire) -> None:
    assert (await wire.restart(""))["code"] == "10003"
    assert (await wire.restart("none"))["code"] == "716020"


async def test_reads_push_no_restart_out_of_the_ledger(wire: Wire) -> None:
    await wire.tell("status", id=first(wire), status=FAILED)
    await wire.restart(first(wire))
    ledger = wire.platform.ledger
    for _ in range(100_001):
        ledger.calls.append(ledger.calls[0])
    assert len(wire.platform.restarts(first(wire))) == 1


async def test_the_server_can_be_stopped_before_it_was_started(wire: Wire) -> None:
    await Wire(wire.platform).server.stop()


async def until(true: Any) -> None:
    """Wait until something is true."""
    async with asyncio.timeout(5):
        while not true():
            await asyncio.sleep(0)
