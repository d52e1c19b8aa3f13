"""Logins, tokens and regions as the platform's pages and its clients describe them."""

import base64
import json
from typing import Any

import pytest

from scnet_watchdog.simulator.account import Account, Region, signature
from scnet_watchdog.simulator.platform import Platform, fleet
from simulator_support import EPOCH, SERVICE, Wire, first


def payload(token: str) -> Any:
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


async def token_of(wire: Wire, cluster_id: str = "11250") -> str:
    found = {one["clusterId"]: one["token"] for one in await wire.login()}
    return str(found[cluster_id])


def test_the_signed_text_is_compact_json_in_a_fixed_order() -> None:
    # HMAC-SHA256 with key "sk" of {"accessKey":"ak","timestamp":"1700000000","user":"al\"ice"}.
    import hmac
    from hashlib import sha256

    text = '{"accessKey":"ak","timestamp":"1700000000","user":"al\\"ice"}'
    wanted = hmac.new(b"sk", text.encode(), sha256).hexdigest()
    assert signature("sk", "ak", "1700000000", 'al"ice') == wanted


async def test_a_login_names_every_region_and_the_platform_itself(wire: Wire) -> None:
    await wire.tell("region", id="20091", name="another")
    found = await wire.login()
    assert [one["clusterId"] for one in found] == ["11250", "20091", "0"]
    assert found[-1]["clusterName"] == "ac"
    assert all(one["token"] for one in found)


async def test_a_token_says_when_it_ends_as_text_of_milliseconds(wire: Wire) -> None:
    await wire.tell("account", token_life=60)
    said = payload(await token_of(wire))
    assert said["expireTime"] == str(int((EPOCH + 60) * 1000))
    assert said["clusterId"] == "11250"
    assert "exp" not in said


@pytest.mark.parametrize("status", ["Owe", "Disable"])
async def test_arrears_can_be_said_inside_a_token(wire: Wire, status: str) -> None:
    await wire.tell("account", status=status)
    assert payload(await token_of(wire))["accountStatus"] == status


async def test_arrears_can_be_a_null_token_everywhere_or_in_one_region(wire: Wire) -> None:
    await wire.tell("region", id="20091", stopped=True)
    assert [one["token"] is None for one in await wire.login()] == [False, True, False]
    await wire.tell("account", status="null")
    assert [one["token"] is None for one in await wire.login()] == [True, True, False]


async def test_the_platform_token_opens_no_region_and_no_center(wire: Wire) -> None:
    token = await token_of(wire, "0")
    center = await wire.ask("GET", "/ac/openapi/v2/center", token=token)
    assert (center["code"], center["msg"]) == ("10001", "internal_error")
    task = await wire.ask("GET", f"{SERVICE}/task?limit=1&sort=desc", token=token)
    assert task["code"] == "10008"
    state = await wire.ask("GET", "/ac/openapi/v2/tokens/state", token=token)
    assert state["data"] == "token is valid"


async def test_another_regions_token_opens_its_own_center_only(wire: Wire) -> None:
    await wire.tell("region", id="20091", name="another", gateway=None)
    token = await token_of(wire, "20091")
    center = await wire.ask("GET", "/ac/openapi/v2/center", token=token)
    assert (center["data"]["name"], center["data"]["aiUrls"]) == ("another", [])
    restart = await wire.restart(first(wire), token=token)
    assert restart["code"] == "10008"


async def test_two_platforms_share_an_account_and_each_opens_to_its_own_token(wire: Wire) -> None:
    account = wire.platform.account
    account.regions["20057"] = Region("east")
    other = Wire(Platform(account=account, cluster_id="20057"))
    other.platform.add(fleet(2, 9))
    other.port = await other.server.start()
    here, there = await token_of(wire), await token_of(wire, "20057")
    assert len(await wire.listed(token=here)) == 5
    assert len(await other.listed(token=there)) == 2
    assert await other.listed(token=here) == "token is invalid"
    # Either of them names the gateway of both.
    center = await wire.ask("GET", "/ac/openapi/v2/center", token=there)
    assert center["data"]["aiUrls"][0]["url"] == f"http://127.0.0.1:{other.port}"
    await other.server.stop()


@pytest.mark.parametrize(
    ("header", "value", "code"),
    [
        ("user", "mallory", "10009"),
        ("accessKey", "another", "10009"),
        ("signature", "0" * 64, "10009"),
        ("signature", "ü", "10009"),
        ("timestamp", "1600000000", "10009"),
        ("timestamp", "soon", "10009"),
        ("timestamp", "", "10003"),
    ],
)
def test_a_login_that_is_not_right_is_refused(header: str, value: str, code: str) -> None:
    account = Account()
    stamp = value if header == "timestamp" else str(int(EPOCH))
    headers = {
        "user": "alice",
        "accesskey": "AKsimulated",
        "timestamp": stamp,
        "signature": signature("SKsimulated", "AKsimulated", stamp, "alice"),
    }
    headers[header.lower()] = value
    assert account.login(headers, EPOCH)["code"] == code


async def test_a_token_ends_can_be_renewed_for_a_day_and_then_no_more(wire: Wire) -> None:
    await wire.tell("account", token_life=60)
    token = await token_of(wire)
    assert len(await wire.listed(token=token)) == 5
    wire.wall = EPOCH + 60
    assert await wire.listed(token=token) == "token is invalid"
    wire.wall = EPOCH + 60 + 86_399
    renewed = await wire.ask("POST", "/ac/openapi/v2/tokens/next", token=token)
    assert len(await wire.listed(token=renewed["data"])) == 5
    wire.wall = EPOCH + 60 + 86_400
    late = await wire.ask("POST", "/ac/openapi/v2/tokens/next", token=token)
    assert late["code"] == "10008"


async def test_a_renewed_token_may_come_as_a_list_of_regions(wire: Wire) -> None:
    await wire.tell("manners", renews="list")
    renewed = await wire.ask("POST", "/ac/openapi/v2/tokens/next", token=await token_of(wire))
    assert [one["clusterId"] for one in renewed["data"]] == ["11250", "0"]


async def test_every_minted_token_can_be_made_to_end_at_once(wire: Wire) -> None:
    token = await token_of(wire)
    await wire.tell("expire")
    assert await wire.listed(token=token) == "token is invalid"
    # The one for trying by hand stays.
    assert len(await wire.listed()) == 5


async def test_a_refused_token_can_come_with_an_http_status_or_without_a_code(wire: Wire) -> None:
    await wire.tell("manners", denied_http=401)
    answer = await wire.raw("GET", f"{SERVICE}/task?limit=1&sort=desc", token="old")
    assert answer.startswith(b"HTTP/1.1 401")
    assert b'"code":"10008"' in answer
    await wire.tell("manners", denied_http=400, denied_plain=True)
    answer = await wire.raw("GET", f"{SERVICE}/task?limit=1&sort=desc", token="old")
    assert answer.startswith(b"HTTP/1.1 400")
    assert b'"code"' not in answer


@pytest.mark.parametrize(
    ("gateways", "urls"),
    [
        ("bare", ["{here}"]),
        ("ai", ["{here}/ai"]),
        ("slash", ["{here}/"]),
        ("none", []),
        ("several", ["http://127.0.0.1:1", "http://127.0.0.1:9", "{here}"]),
    ],
)
async def test_a_center_names_its_gateway_in_every_form(
    wire: Wire, gateways: str, urls: list[str]
) -> None:
    await wire.tell("manners", gateways=gateways)
    data = (await wire.ask("GET", "/ac/openapi/v2/center"))["data"]
    here = f"http://127.0.0.1:{wire.port}"
    assert [one["url"] for one in data["aiUrls"]] == [url.format(here=here) for url in urls]
    assert {one["enable"] for one in data["aiUrls"]} <= {"true", "false"}


def test_tokens_that_nobody_can_renew_any_more_are_forgotten() -> None:
    account = Account(token_life=10)
    for n in range(5):
        account.mint("11250", n * 100_000.0)
    # Each is renewable for 10 s and a day (86 400 s): the one before is gone when the next comes.
    assert len(account._tokens) == 1
