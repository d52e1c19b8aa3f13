"""The list in all its variants and shapes, over loopback; nothing of it may be trusted."""

from typing import Any

import pytest

from scnet_watchdog.simulator.answers import Request
from scnet_watchdog.simulator.platform import Platform, fleet
from scnet_watchdog.simulator.server import Server
from simulator_support import SERVICE, START, Wire, first


def ids(rows: list[dict[str, Any]]) -> list[str]:
    return [row["id"] for row in rows]


async def test_the_newest_comes_first_and_start_counts_rows(wire: Wire) -> None:
    newest_first = list(reversed(wire.platform.instances))
    assert ids(await wire.listed()) == newest_first
    assert ids(await wire.listed("limit=2&sort=desc&start=2")) == newest_first[2:4]
    assert ids(await wire.listed("limit=9&sort=desc&start=5")) == []
    assert ids(await wire.listed("limit=9&sort=asc")) == newest_first[::-1]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("limit=20", "10003"),
        ("sort=desc", "10003"),
        ("limit=0&sort=desc", "10003"),
        ("limit=20&sort=desc&start=-1", "10003"),
        ("limit=many&sort=desc", "10004"),
    ],
)
async def test_what_is_missing_or_wrong_has_its_code(wire: Wire, query: str, code: str) -> None:
    assert (await wire.ask("GET", f"{SERVICE}/task?{query}"))["code"] == code


async def test_a_status_filters_what_the_list_would_show(wire: Wire) -> None:
    await wire.tell("status", id=first(wire), status="Failed")
    assert ids(await wire.listed("limit=9&sort=desc&status=Failed")) == [first(wire)]


@pytest.mark.parametrize("wrong", ["404", "405", "400", "10003", "10004"])
async def test_a_way_that_does_not_work_is_answered_in_every_way(wire: Wire, wrong: str) -> None:
    await wire.tell("manners", variants=["list"], wrong=wrong)
    answer = await wire.raw("GET", f"{SERVICE}/task?limit=2&sort=desc")
    if len(wrong) == 3:
        assert answer.startswith(f"HTTP/1.1 {wrong}".encode())
    else:
        assert f'"code":"{wrong}"'.encode() in answer


async def test_a_get_with_a_body_can_be_refused_though_its_query_would_do(wire: Wire) -> None:
    await wire.tell("manners", refuses_body=True, wrong="400")
    path = f"{SERVICE}/task?limit=2&sort=desc"
    assert (await wire.raw("GET", path, b"{}")).startswith(b"HTTP/1.1 400")
    assert (await wire.raw("GET", path)).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("body", [b"{", b"[1]", b"[" * 100_000])
async def test_a_body_that_is_no_object_asks_for_nothing(wire: Wire, body: bytes) -> None:
    assert (await wire.raw("GET", f"{SERVICE}/task", body)).startswith(b"HTTP/1.1 404")


async def test_the_id_key_can_change_while_rows_are_kept(wire: Wire) -> None:
    assert "id" in (await wire.listed())[0]
    await wire.tell("manners", id_key="instanceServiceId")
    assert "instanceServiceId" in (await wire.listed())[0]


async def test_rows_can_be_left_out_or_shown_twice_by_the_seed(wire: Wire) -> None:
    await wire.tell("manners", omits=1.0)
    assert await wire.listed() == []
    await wire.tell("manners", omits=0.0, repeats=1.0)
    assert len(await wire.listed()) == 10


async def test_an_instance_can_be_missing_from_the_list_and_have_a_detail(wire: Wire) -> None:
    await wire.tell("instance", id=first(wire), listed=False)
    assert first(wire) not in ids(await wire.listed())
    detail = await wire.ask("GET", f"{SERVICE}/{first(wire)}/detail")
    assert detail["data"]["status"] == "Running"


async def test_the_list_lags_while_the_detail_is_current(wire: Wire) -> None:
    await wire.tell("manners", lag=20)
    wire.now = START + 100
    await wire.tell("status", id=first(wire), status="Failed")
    wire.now = START + 119
    listed = {row["id"]: row["status"] for row in await wire.listed()}
    detail = await wire.ask("GET", f"{SERVICE}/{first(wire)}/detail")
    assert (listed[first(wire)], detail["data"]["status"]) == ("Running", "Failed")
    wire.now = START + 120
    listed = {row["id"]: row["status"] for row in await wire.listed()}
    assert listed[first(wire)] == "Failed"


async def test_an_added_instance_is_the_newest_row_and_a_removed_one_is_none(wire: Wire) -> None:
    await wire.listed()
    # One goes and one comes: as many as before, and not the same.
    await wire.tell("remove", id=first(wire))
    await wire.tell("add", id="brand-new", status="Failed")
    rows = await wire.listed()
    assert (rows[0]["id"], rows[0]["status"], len(rows)) == ("brand-new", "Failed", 5)


async def test_a_time_limit_shows_in_list_and_detail(wire: Wire) -> None:
    await wire.tell("instance", id=first(wire), time_limit=360 * 3600)
    wire.now = START + 12 * 60
    left = {row["id"]: row["remainingTime"] for row in await wire.listed()}
    # 360 h are 15 days; 12 minutes of them are over.
    assert left[first(wire)] == "14d 23h 48m"
    data = (await wire.ask("GET", f"{SERVICE}/{first(wire)}/detail"))["data"]
    assert (data["timeoutLimit"], data["remainingTime"]) == ("360:00:00", "14d 23h 48m")


async def test_a_detail_has_local_times_without_a_zone(wire: Wire) -> None:
    wire.platform.epoch = 1_652_268_634.0 - START
    await wire.restart(first(wire))
    await wire.tell("status", id=first(wire), status="Failed")
    data = (await wire.ask("GET", f"{SERVICE}/{first(wire)}/detail"))["data"]
    # 1 652 268 634 s after 1970 is 11:30:34 UTC, 19:30:34 at UTC+8.
    assert (data["startTime"], data["endTime"]) == (None, "2022-05-11 19:30:34")
    assert (data["duration"], data["remainingTime"]) == ("--", "--")


def test_twenty_thousand_rows_are_encoded_once_however_often_they_are_asked() -> None:
    platform = Platform()
    platform.add(fleet(20_000))
    server = Server(platform, lambda: 0.0, lambda: 0.0)
    found: set[int] = set()
    for _ in range(2):
        for start in range(0, 20_000, 200):
            page = server.endpoints._rows._shown(
                server.endpoints._rows._chosen({"sort": "desc"}, 0.0)[start : start + 200], 0.0
            )
            assert len(page) == 200
            found.update(map(id, page))
    # The second round hands out the very objects of the first.
    assert len(found) == 20_000


def test_a_sweep_of_twenty_thousand_is_a_hundred_requests_and_names_each_once() -> None:
    platform = Platform()
    platform.add(fleet(20_000))
    platform.account.fixed = "t"
    server = Server(platform, lambda: 0.0, lambda: 0.0)
    body = b""
    for start in range(0, 20_000, 200):
        target = f"{SERVICE}/task?limit=200&sort=desc&start={start}"
        request = Request("GET", target, {"token": "t"})
        route = server.endpoints.route(request, 0.0, 0.0)
        assert route is not None
        body += route.answer().body
    assert body.count(b'"id":"') == 20_000
    assert all(id_.encode() in body for id_ in list(platform.instances)[::997])
