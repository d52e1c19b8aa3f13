"""The fake platform's HTTP face, over loopback: endpoints, contradictions, faults on the wire."""

import asyncio
import gzip
import json
from typing import Any

import pytest

from scnet_watchdog.simulator.faults import Fault
from scnet_watchdog.simulator.manners import VARIANTS, Manners, Variant
from simulator_support import SERVICE, Wire, first


async def test_list_detail_stop_and_restart_tell_one_story(wire: Wire) -> None:
    listed = await wire.ask("GET", f"{SERVICE}/task?limit=20&sort=desc")
    assert len(listed["data"]) == 5
    id_ = first(wire)
    stopped = await wire.ask("POST", f"{SERVICE}/task/actions/stop?ids={id_}")
    assert stopped["code"] == "0"
    detail = await wire.ask("GET", f"{SERVICE}/{id_}/detail")
    assert detail["data"]["status"] == "Terminated"
    again = await wire.ask("POST", f"{SERVICE}/task/actions/restart?instanceServiceId={id_}")
    assert again == {"code": "0", "msg": "success", "data": id_}
    assert [call.acted for call in wire.platform.restarts(id_)] == [True]


@pytest.mark.parametrize("token", [None, "wrong"])
async def test_without_a_valid_token_everything_answers_10008(
    wire: Wire, token: str | None
) -> None:
    answer = await wire.ask("GET", f"{SERVICE}/task?limit=20&sort=desc", token=token)
    assert answer == {"code": "10008", "msg": "auth_fail", "data": "token is invalid"}


@pytest.mark.parametrize(
    ("variant", "path", "body"),
    [
        ("query", f"{SERVICE}/task?limit=2&sort=desc", None),
        ("body", f"{SERVICE}/task", {"limit": 2, "sort": "desc"}),
        ("list", f"{SERVICE}/task/list?limit=2&sort=desc", None),
    ],
)
async def test_each_way_of_asking_for_the_list_can_be_the_only_one(
    wire: Wire, variant: Variant, path: str, body: Any
) -> None:
    wire.platform.manners.variants = frozenset({variant})
    assert len((await wire.ask("GET", path, body))["data"]) == 2
    wire.platform.manners.variants = VARIANTS - {variant}
    refused = await wire.raw("GET", path, json.dumps(body).encode() if body else b"")
    assert refused.startswith(b"HTTP/1.1 404")


@pytest.mark.parametrize("shape", ["data.data", "data.list", "data.records", "data.items"])
async def test_rows_can_lie_deeper_and_have_another_id_key(wire: Wire, shape: str) -> None:
    wire.platform.manners.shape = shape  # type: ignore[assignment]
    wire.platform.manners.id_key = "instanceServiceId"
    data = (await wire.ask("GET", f"{SERVICE}/task?limit=2&sort=desc"))["data"]
    rows = data[shape.split(".")[1]]
    assert [row["instanceServiceId"] for row in rows] == list(
        reversed(list(wire.platform.instances))
    )[:2]


async def test_pages_can_be_capped_and_start_ignored(wire: Wire) -> None:
    wire.platform.manners = Manners(page_cap=2, ignores_start=True)
    pages = [
        (await wire.ask("GET", f"{SERVICE}/task?limit=20&sort=desc&start={n}"))["data"]
        for n in (0, 2)
    ]
    assert len(pages[0]) == 2
    assert pages[0] == pages[1]


async def test_an_unknown_id_can_be_null_data_or_a_code(wire: Wire) -> None:
    assert (await wire.ask("GET", f"{SERVICE}/none/detail"))["data"] is None
    wire.platform.manners.gone = "816822"
    assert (await wire.ask("GET", f"{SERVICE}/none/detail"))["code"] == "816822"


async def test_accounts_can_be_frozen_and_tokens_end(wire: Wire) -> None:
    wire.platform.account.status = "frozen"
    assert (await wire.ask("GET", f"{SERVICE}/task?limit=1&sort=desc"))["code"] == "10007"


async def test_a_login_with_a_wrong_signature_is_refused(wire: Wire) -> None:
    headers = {"user": "alice", "accessKey": "AKsimulated", "timestamp": "1700000000"}
    answer = await wire.ask(
        "POST", "/api/user/v3/tokens", token=None, signature="0" * 64, **headers
    )
    assert answer["code"] == "10009"
    missing = await wire.ask("POST", "/api/user/v3/tokens", token=None)
    assert missing["code"] == "10003"


async def test_the_center_names_its_gateway_with_enable_as_text(wire: Wire) -> None:
    data = (await wire.ask("GET", "/ac/openapi/v2/center"))["data"]
    assert data["aiUrls"][0]["enable"] == "true"
    assert data["aiUrls"][0]["url"].endswith(str(wire.port))


@pytest.mark.parametrize(
    ("fault", "sent", "acted"),
    [
        (Fault(reset="before"), b"", False),
        (Fault(reset="after"), b"", True),
        (Fault(http=503, headers={"Retry-After": "7"}), b"Retry-After: 7", False),
        (Fault(http=302, headers={"Location": "http://elsewhere/"}), b"Location: http", False),
        (Fault(code="10001"), b'"code":"10001"', False),
        (Fault(code="10001", acts=True), b'"code":"10001"', True),
        (Fault(body="html"), b"<html>", True),
        (Fault(body="garbage"), b"\xff\xfe", True),
        (Fault(body="no_code"), b'"status":400', False),
        (Fault(latency=0.01), b'"code":"0"', True),
    ],
)
async def test_each_fault_is_seen_on_the_wire(
    wire: Wire, fault: Fault, sent: bytes, acted: bool
) -> None:
    id_ = first(wire)
    wire.platform.stop(id_, wire.now)
    wire.platform.faults.active.append(fault)
    fault.endpoint = "restart"
    answer = await wire.raw("POST", f"{SERVICE}/task/actions/restart?instanceServiceId={id_}")
    assert sent in answer
    if not sent:
        assert answer == b""
    assert (wire.platform.instances[id_].runs == 2) is acted


async def test_a_truncated_body_is_shorter_than_it_says_and_a_drip_is_slow(wire: Wire) -> None:
    wire.platform.faults.active.append(Fault(body="truncated", times=1))
    answer = await wire.raw("GET", f"{SERVICE}/task?limit=5&sort=desc")
    head, body = answer.split(b"\r\n\r\n", 1)
    said = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    assert len(body) < said
    wire.platform.faults.active.append(Fault("state", drip=0.0001, times=1))
    assert (await wire.ask("GET", "/ac/openapi/v2/tokens/state"))["code"] == "0"


async def test_a_gzip_bomb_is_small_on_the_wire(wire: Wire) -> None:
    wire.platform.faults.active.append(Fault("state", body="gzip_bomb", times=1))
    answer = await wire.raw("GET", "/ac/openapi/v2/tokens/state")
    body = answer.split(b"\r\n\r\n", 1)[1]
    assert len(body) < 2**20
    assert len(gzip.decompress(body)) == 64 * 2**20


async def test_a_hanging_request_never_answers(wire: Wire) -> None:
    wire.platform.faults.active.append(Fault("state", hang="before"))
    hanging = asyncio.create_task(wire.raw("GET", "/ac/openapi/v2/tokens/state"))
    answer = await wire.ask("GET", f"{SERVICE}/task?limit=5&sort=desc")
    assert answer["code"] == "0"
    assert not hanging.done()
    await wire.server.stop()
    assert await hanging == b""


async def test_it_is_told_what_to_do_below_sim(wire: Wire) -> None:
    id_ = first(wire)
    assert (await wire.ask("POST", "/_sim/status", {"id": id_, "status": "Shutting"}))["ok"]
    state = await wire.ask("GET", "/_sim/state")
    assert state["instances"][id_]["status"] == "Shutting"
    await wire.ask("POST", "/_sim/instance", {"id": id_, "refuses": 1})
    await wire.ask("POST", "/_sim/capacity", {"capacity": 2})
    await wire.ask("POST", "/_sim/manners", {"lag": 20, "variants": ["query"]})
    await wire.ask("POST", "/_sim/account", {"status": "Owe"})
    await wire.ask("POST", "/_sim/expire", {})
    await wire.ask("POST", "/_sim/fault", {"endpoint": "list", "code": "10001", "for": 5})
    assert wire.platform.manners.lag == 20
    assert wire.platform.faults.active[0].until == wire.now + 5
    await wire.ask("POST", "/_sim/clear", {})
    assert not wire.platform.faults.active
    await wire.ask("POST", "/_sim/remove", {"id": id_})
    assert id_ not in wire.platform.instances
    assert "error" in await wire.ask("POST", "/_sim/status", {"id": "none", "status": "x"})
    assert "error" in await wire.ask("POST", "/_sim/manners", {"lagg": 1})
    assert "error" in await wire.ask("GET", "/_sim/nothing")
    assert (await wire.ask("GET", "/_sim/restarts"))["calls"] == []
    assert (await wire.ask("GET", "/_sim/calls"))["ok"]


async def test_nonsense_closes_the_connection(wire: Wire) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", wire.port)
    writer.write(b"nonsense\r\n\r\n")
    assert await reader.read() == b""
    writer.close()
    assert (await wire.raw("GET", "/nowhere")).startswith(b"HTTP/1.1 404")
