"""Reads that contradict themselves: another one's data, two statuses, an error page, a flood."""

from collections.abc import Mapping

import pytest

from fakes import KEY, FakeClock
from scnet_support import ID, TASK, a_center, client_for, detail_of, row
from scnet_watchdog.adapters.http import HttpOptions
from scnet_watchdog.adapters.scnet.listing import MOST_ROWS, Listing
from scnet_watchdog.adapters.scnet.source import ScnetOptions, ScnetSource
from scnet_watchdog.core.model import DOWN, InstanceId, Page, Status
from scnet_watchdog.ports import SourceUnavailable
from wire_support import said, whole

Seen = dict[InstanceId, Status]
OTHER = InstanceId("another-instance")


async def seen_by_look(data: Mapping[str, object], status: str = "200 OK") -> Seen:
    async with a_center() as center, client_for(center) as client:
        center.on(detail_of(ID), whole(said(data), status))
        source = ScnetSource(KEY, client, FakeClock(), ScnetOptions())
        return dict((await source.look([ID])).rows)


async def seen_by_poll(*rows: Mapping[str, object], status: str = "200 OK") -> Seen:
    pages: list[Page] = []
    async with a_center() as center, client_for(center) as client:
        center.on(TASK, whole(said(list(rows)), status))
        source = ScnetSource(KEY, client, FakeClock(), ScnetOptions(list="always"))
        await source.poll([ID], pages.append)
    return {id_: shown for page in pages for id_, shown in page.rows.items()}


async def test_a_detail_of_another_instance_says_nothing_of_the_one_that_was_asked() -> None:
    assert await seen_by_look(row(OTHER, "Failed")) == {}


async def test_a_detail_may_carry_an_inner_id_beside_the_one_that_was_asked() -> None:
    assert await seen_by_look(row(OTHER, "Failed", instanceServiceId=ID)) == {ID: Status.FAILED}
    assert await seen_by_look(row(ID, "Failed", instanceServiceId=OTHER)) == {ID: Status.FAILED}


async def test_a_detail_without_any_id_speaks_of_the_one_that_was_asked() -> None:
    assert await seen_by_look({"status": "Failed"}) == {ID: Status.FAILED}


async def test_two_statuses_of_one_id_in_a_page_are_none() -> None:
    """Rows of one page that disagree: which is the older run nobody can tell."""
    shown = await seen_by_poll(row(ID, "Running"), row(ID, "Failed"))
    assert shown == {ID: Status.UNKNOWN}
    assert await seen_by_poll(row(ID, "Failed"), row(ID, "Failed")) == {ID: Status.FAILED}


@pytest.mark.parametrize("status", ["302 Found", "404 Not Found", "500 Oops", "503 Away"])
async def test_an_error_status_makes_no_observation_of_what_it_carries(status: str) -> None:
    """As for restarts: code 0 with an HTTP error is a contradiction, such as a stale page."""
    with pytest.raises(SourceUnavailable):
        await seen_by_look(row(ID, "Failed"), status)
    with pytest.raises(SourceUnavailable):
        await seen_by_poll(row(ID, "Failed"), status=status)


@pytest.mark.prove
async def test_a_list_of_more_rows_than_any_account_has_fails_the_poll() -> None:
    """However few pages they come in: each id is kept while the poll lasts."""
    body = b'{"code":0,"data":[%s]}' % b",".join(b'{"id":%d}' % n for n in range(MOST_ROWS + 1))
    async with a_center() as center, client_for(center, options=HttpOptions()) as client:
        center.on(TASK, whole(body))
        pages = Listing(client, FakeClock()).pages(set())
        with pytest.raises(SourceUnavailable, match="more than 400000 rows"):
            await anext(pages)


async def test_an_id_too_long_for_any_platform_is_no_row() -> None:
    """Ids are kept while a poll lasts: what is kept of each must be bounded."""
    shown = await seen_by_poll(row(ID, "Running"), row("x" * 100_000, "Failed"))
    assert shown == {ID: Status.RUNNING}
    assert not set(shown.values()) & DOWN
