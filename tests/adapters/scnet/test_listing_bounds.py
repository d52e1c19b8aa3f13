"""Where paging ends when the list does not, and whose failure is told."""

import json
from collections.abc import Mapping
from typing import cast

import pytest

from fakes import FakeClock
from scnet_support import TASK, TASK_LIST, a_center, client_for, ok, refused, row
from scnet_watchdog.adapters.http import Reply
from scnet_watchdog.adapters.scnet.client import ScnetClient
from scnet_watchdog.adapters.scnet.envelope import Envelope
from scnet_watchdog.adapters.scnet.listing import MOST_PAGES, Listing, NoVariant
from scnet_watchdog.ports import SourceThrottled, SourceUnavailable
from wire_support import whole


class EndlessList:
    """Answers every page with one row that nobody has seen."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    async def read(
        self, path: str, params: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> tuple[Reply, Envelope]:
        del path, params
        start = json.loads(body or b"{}")["start"]
        self.asked.append(start)
        return Reply(200, {}, b""), Envelope("0", "", [row(f"id-{start}")])


async def test_a_list_without_an_end_is_a_failed_poll() -> None:
    endless = EndlessList()
    with pytest.raises(SourceUnavailable, match="did not end within 2000 pages"):
        async for _ in Listing(cast("ScnetClient", endless), FakeClock()).pages(set()):
            pass
    # One row a page: the pages begin at 0, 1, 2 … 1999.
    assert endless.asked == list(range(MOST_PAGES))


async def test_a_list_that_fails_in_every_way_may_work_at_the_next_poll() -> None:
    """A gateway's 502 says nothing about the way to ask: the list is not given up."""
    async with a_center() as center:
        bad = whole(b"<html>", "502 Bad Gateway")
        center.on(TASK, bad)
        center.on(TASK_LIST, bad)
        async with client_for(center) as client:
            with pytest.raises(SourceUnavailable, match="HTTP 502 and no envelope") as caught:
                await anext(Listing(client, FakeClock()).pages(set()))
    assert not isinstance(caught.value, NoVariant)
    # Three ways under one path, one under the other.
    assert (len(center.asked(TASK)), len(center.asked(TASK_LIST))) == (3, 1)


async def test_one_real_failure_among_wrong_ways_is_the_one_told() -> None:
    async with a_center() as center:
        center.on(TASK, refused("10003"), refused("10001", "busy"), refused("10003"))
        async with client_for(center) as client:
            with pytest.raises(SourceUnavailable, match="code 10001: busy"):
                await anext(Listing(client, FakeClock()).pages(set()))


async def test_a_throttle_on_a_later_page_is_not_asked_again() -> None:
    """Page one has two rows; page two asks to slow down."""
    slow = whole(b"", "429 Too Many Requests", ("Retry-After: 9",))
    async with a_center() as center:
        center.on(TASK, ok([row("a"), row("b")]), slow)
        async with client_for(center) as client:
            pages = Listing(client, FakeClock()).pages(set())
            assert len((await anext(pages)).rows) == 2
            with pytest.raises(SourceThrottled):
                await anext(pages)
    assert len(center.asked(TASK)) == 2
