"""Polling a center: the list in every shape and variant, details where it does not do."""

import json
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal

import pytest

from fakes import KEY, FakeClock, ids
from scnet_support import (
    ID,
    SERVICE,
    TASK,
    TASK_LIST,
    Center,
    TickingClock,
    TwoTokens,
    a_center,
    client_for,
    detail_of,
    fixed,
    ok,
    query_of,
    refused,
    row,
)
from scnet_watchdog.adapters.scnet.client import ScnetClient
from scnet_watchdog.adapters.scnet.listing import NoVariant
from scnet_watchdog.adapters.scnet.source import ScnetOptions, ScnetSource
from scnet_watchdog.core.model import BlockCause, InstanceId, Page, Status, Swept
from scnet_watchdog.ports import SourceRefused, SourceThrottled, SourceUnavailable
from wire_support import Asked, Play, raw, reset, said, whole

Mode = Literal["auto", "always", "never"]
NOT_FOUND = whole(b"<html>Not Found</html>", "404 Not Found")


def listing(
    rows: Iterable[dict[str, object]],
    cap: int = 200,
    wrap: Callable[[list[dict[str, object]]], object] = list,
    ignores_start: bool = False,
) -> Callable[[Asked], bytes]:
    """A list that answers pages of at most `cap` rows."""
    every = list(rows)

    def answer(asked: Asked) -> bytes:
        params = query_of(asked) or json.loads(asked.body)
        start = 0 if ignores_start else int(params["start"])
        return ok(wrap(every[start : start + min(cap, int(params["limit"]))]))

    return answer


@dataclass
class Sight:
    """A source at a center, and what its polls reported."""

    center: Center
    client: ScnetClient
    source: ScnetSource
    clock: FakeClock
    pages: list[Page] = field(default_factory=list)

    async def poll(self, *watched: InstanceId) -> Swept:
        self.pages.clear()
        return await self.source.poll(watched, self.pages.append)

    @property
    def seen(self) -> dict[InstanceId, Status]:
        return {id_: status for page in self.pages for id_, status in page.rows.items()}

    def lists(self, answer: Callable[[Asked], bytes], path: str = TASK) -> None:
        self.center.rules.insert(0, lambda asked: answer(asked) if asked.path == path else None)

    def details(self, statuses: dict[InstanceId, str]) -> None:
        for id_, status in statuses.items():
            self.center.on(detail_of(id_), ok(row(id_, status)))

    def asked_details(self) -> list[str]:
        return [
            one.path.split("/")[-2]
            for one in self.center.server.asked
            if one.path.endswith("/detail")
        ]


@asynccontextmanager
async def _sight(
    mode: Mode = "auto", clock: FakeClock | None = None, tokens: TwoTokens | None = None
) -> AsyncIterator[Sight]:
    async with a_center() as center, client_for(center, tokens) as client:
        clock = clock or FakeClock()
        source = ScnetSource(KEY, client, clock, ScnetOptions(list=mode))
        yield Sight(center, client, source, clock)


def sight(
    mode: Mode = "auto", clock: FakeClock | None = None, tokens: TwoTokens | None = None
) -> AbstractAsyncContextManager[Sight]:
    return _sight(mode, clock, tokens)


async def test_a_list_shows_statuses_and_names() -> None:
    async with sight() as one:
        one.lists(listing([row("a"), row("b", "Terminated"), row("c", "Shutting")]))
        swept = await one.poll(InstanceId("a"), InstanceId("b"))
    assert one.seen == {"a": Status.RUNNING, "b": Status.STOPPED, "c": Status.UNKNOWN}
    assert one.pages[0].labels[InstanceId("a")] == "name of a"
    assert one.pages[0].unrecognised == ("Shutting",)
    assert swept.absent == frozenset()


@pytest.mark.parametrize("key", ["data", "list", "records", "items"])
async def test_rows_may_lie_in_a_block(key: str) -> None:
    async with sight() as one:
        one.lists(listing([row("a")], wrap=lambda rows: {"total": 1, key: rows}))
        await one.poll(InstanceId("a"))
    assert one.seen == {"a": Status.RUNNING}


async def test_pages_go_on_by_the_rows_received_whatever_the_cap() -> None:
    """450 instances and a cap of 10 rows: 45 pages, and an empty one to see the end."""
    everyone = ids(450)
    async with sight() as one:
        one.lists(listing((row(id_) for id_ in everyone), cap=10))
        swept = await one.poll(*everyone)
    assert len(one.seen) == 450
    assert len(one.center.asked(TASK)) == 46
    assert swept.absent == frozenset()


async def test_the_next_page_is_asked_for_when_turns_have_caught_up_with_the_last() -> None:
    turns: list[tuple[int, int]] = []
    async with sight() as one:

        async def caught_up() -> None:
            turns.append((len(one.pages), len(one.center.asked(TASK))))

        source = ScnetSource(KEY, one.client, one.clock, ScnetOptions(), caught_up)
        one.lists(listing((row(id_) for id_ in ids(30)), cap=10))
        await source.poll(ids(30), one.pages.append)
    assert turns == [(1, 1), (2, 2), (3, 3)]


async def test_full_pages_have_200_rows() -> None:
    """450 = 200 + 200 + 50, and an empty page."""
    async with sight() as one:
        one.lists(listing(row(id_) for id_ in ids(450)))
        await one.poll(*ids(450))
    starts = [query_of(asked)["start"] for asked in one.center.asked(TASK)]
    assert starts == ["0", "200", "400", "450"]
    assert [len(page.rows) for page in one.pages] == [200, 200, 50]


async def test_a_list_that_ignores_start_ends_at_the_first_page_without_news() -> None:
    async with sight() as one:
        one.lists(listing((row(id_) for id_ in ids(5)), ignores_start=True))
        await one.poll(*ids(5))
    assert len(one.center.asked(TASK)) == 2
    assert [len(page.rows) for page in one.pages] == [5]


async def test_each_page_has_the_moment_of_its_own_request() -> None:
    async with sight(clock=TickingClock()) as one:
        one.lists(listing((row(id_) for id_ in ids(4)), cap=2))
        swept = await one.poll(*ids(4))
    first, second = one.pages
    assert swept.began_at < first.asked_at < first.seen_at < second.asked_at < second.seen_at
    assert second.seen_at < swept.ended_at


VARIANTS = {
    "query and body": lambda asked: bool(query_of(asked)) and bool(asked.body),
    "query alone": lambda asked: bool(query_of(asked)) and not asked.body,
    "body alone": lambda asked: not query_of(asked) and bool(asked.body),
}


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize(
    "wrong",
    [
        NOT_FOUND,
        whole(b"", "405 Method Not Allowed"),
        refused("10003"),
        refused("10004"),
        ok(None),
        ok("text"),
        whole(b"<html>"),
        whole(b"", "400 Bad Request"),
        whole(b"", "500 Internal Server Error"),
    ],
    ids=["404", "405", "10003", "10004", "null", "text", "html", "400", "500"],
)
async def test_the_variant_that_works_is_found_and_remembered(variant: str, wrong: bytes) -> None:
    right = listing([row(ID)])
    async with sight() as one:
        one.lists(lambda asked: right(asked) if VARIANTS[variant](asked) else wrong)
        await one.poll(ID)
        assert one.seen == {ID: Status.RUNNING}
        before = len(one.center.server.asked)
        await one.poll(ID)
    # The second poll asks one page and the empty one after it, in the right way at once.
    assert len(one.center.server.asked) == before + 2


async def test_the_list_may_have_a_path_of_its_own() -> None:
    async with sight() as one:
        one.lists(listing([row(ID)]), TASK_LIST)
        await one.poll(ID)
    assert one.seen == {ID: Status.RUNNING}


async def test_a_page_is_asked_for_again_twice() -> None:
    async with sight() as one:
        one.center.on(TASK, ok([row(ID)]), reset, refused("10001"), ok([]))
        await one.poll(ID)
    assert one.seen == {ID: Status.RUNNING}
    assert len(one.center.asked(TASK)) == 4


async def test_a_page_that_fails_three_times_fails_the_poll_but_its_pages_were_seen() -> None:
    async with sight() as one:
        one.center.on(TASK, ok([row(ID)]), reset)
        with pytest.raises(SourceUnavailable):
            await one.poll(ID, InstanceId("b"))
    assert one.seen == {ID: Status.RUNNING}
    assert len(one.center.asked(TASK)) == 4
    assert one.asked_details() == []


@pytest.mark.parametrize("data", [None, {}, "text", 7, {"list": None}, [1, 2]])
async def test_data_that_is_no_list_of_rows_is_a_failed_poll(data: object) -> None:
    async with sight() as one:
        one.center.on(TASK, ok([row(ID)]), ok([]), whole(said(data)))
        await one.poll(ID)
        with pytest.raises(SourceUnavailable):
            await one.poll(ID)


async def test_with_no_list_at_all_details_are_asked_and_the_list_again_after_an_hour() -> None:
    async with sight() as one:
        one.details({ID: "Failed"})
        await one.poll(ID)
        assert one.seen == {ID: Status.FAILED}
        tries = len(one.center.asked(TASK)) + len(one.center.asked(TASK_LIST))
        assert tries == 4
        one.clock.advance(3599)
        await one.poll(ID)
        assert len(one.center.asked(TASK)) == 3
        one.lists(listing([row(ID)]))
        one.clock.advance(1)
        await one.poll(ID)
    assert one.seen == {ID: Status.RUNNING}
    assert one.asked_details() == [ID, ID]


async def test_list_always_asks_no_details_instead() -> None:
    async with sight("always") as one:
        one.details({ID: "Running"})
        with pytest.raises(NoVariant):
            await one.poll(ID)
    assert one.asked_details() == []


async def test_list_never_asks_each_by_detail() -> None:
    everyone = ids(30)
    async with sight("never") as one:
        one.details(dict.fromkeys(everyone, "Running"))
        swept = await one.poll(*everyone)
    assert len(one.seen) == 30
    assert swept.absent == frozenset()
    assert not one.center.asked(TASK)


async def test_an_absent_id_is_asked_by_detail_before_it_is_missing() -> None:
    here, gone, odd = ids(3)
    async with sight() as one:
        one.lists(listing([]))
        one.details({here: "Running"})
        one.center.on(detail_of(gone), ok(None))
        one.center.on(detail_of(odd), refused("10001"))
        swept = await one.poll(here, gone, odd)
    assert one.seen == {here: Status.RUNNING, gone: Status.MISSING}
    assert swept.absent == {odd}


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (ok(None), Status.MISSING),
        (refused("816822", "任务不存在！"), Status.MISSING),
        (ok({}), None),
        (ok([]), None),
        (refused("10001"), None),
        (NOT_FOUND, None),
        (whole(said(None, 404, "Not Found"), "404 Not Found"), None),
        (reset, None),
        (ok({"status": None}), Status.UNKNOWN),
    ],
)
async def test_only_a_plain_word_makes_an_instance_missing(
    answer: bytes | Play, status: Status | None
) -> None:
    async with sight() as one:
        one.lists(listing([row("other")]))
        one.center.on(detail_of(ID), answer)
        swept = await one.poll(ID)
    assert one.seen.get(ID) == status
    assert swept.absent == ({ID} if status is None else set())


async def test_a_missing_id_is_renewed_by_lists_and_asked_again_after_ten_minutes() -> None:
    async with sight() as one:
        one.lists(listing([]))
        one.center.on(detail_of(ID), ok(None))
        for _ in range(20):  # 20 polls of 30 s: details at 0 s, and none before 600 s
            await one.poll(ID)
            assert one.seen == {ID: Status.MISSING}
            one.clock.advance(30)
        assert one.asked_details() == [ID]
        one.details({ID: "Running"})
        await one.poll(ID)
    assert one.seen == {ID: Status.RUNNING}


async def test_a_missing_id_that_is_listed_again_is_not_missing() -> None:
    async with sight() as one:
        one.lists(listing([]))
        one.center.on(detail_of(ID), ok(None))
        await one.poll(ID)
        one.lists(listing([row(ID)]))
        await one.poll(ID)
    assert one.seen == {ID: Status.RUNNING}


async def test_twenty_absent_ids_are_asked_in_a_poll_and_everyone_has_a_turn() -> None:
    """50 absent: 20, 20 and 10 in three polls of a list that is always asked."""
    everyone = ids(50)
    async with sight("always") as one:
        one.lists(listing([]))
        one.details(dict.fromkeys(everyone, "Running"))
        seen: set[InstanceId] = set()
        for _ in range(3):
            swept = await one.poll(*everyone)
            assert len(one.seen) == 20
            assert swept.absent == set(everyone) - one.seen.keys()
            seen |= one.seen.keys()
            one.clock.advance(30)
    assert seen == set(everyone)


async def test_a_list_that_leaves_out_more_than_twenty_does_not_work_here() -> None:
    """21 absent, found by detail in two polls; then details alone, for an hour."""
    everyone = ids(21)
    async with sight() as one:
        one.lists(listing([]))
        one.details(dict.fromkeys(everyone, "Running"))
        await one.poll(*everyone)
        one.clock.advance(30)
        await one.poll(*everyone)
        lists = len(one.center.asked(TASK))
        one.clock.advance(3599)
        await one.poll(*everyone)
        assert len(one.center.asked(TASK)) == lists
        assert len(one.seen) == 21
        one.clock.advance(1)
        await one.poll(*everyone)
    assert len(one.center.asked(TASK)) == lists + 1


async def test_twenty_that_are_left_out_do_not_condemn_the_list() -> None:
    everyone = ids(20)
    async with sight() as one:
        one.lists(listing([]))
        one.details(dict.fromkeys(everyone, "Running"))
        for _ in range(3):
            await one.poll(*everyone)
            one.clock.advance(30)
    assert len(one.center.asked(TASK)) == 3


async def test_a_refused_read_stops_the_poll() -> None:
    async with sight("never") as one:
        for id_ in ids(50):
            one.center.on(detail_of(id_), refused("10007"))
        with pytest.raises(SourceRefused) as caught:
            await one.poll(*ids(50))
    assert caught.value.cause is BlockCause.FROZEN
    assert len(one.asked_details()) <= 2


async def test_a_throttled_read_stops_the_poll() -> None:
    slow = whole(b"", "429 Too Many Requests", ("Retry-After: 5",))
    async with sight("never") as one:
        for id_ in ids(50):
            one.center.on(detail_of(id_), slow)
        with pytest.raises(SourceThrottled):
            await one.poll(*ids(50))
    assert len(one.asked_details()) <= 2


async def test_a_throttled_list_is_not_asked_again_and_no_details_instead() -> None:
    async with sight() as one:
        one.center.on(TASK, whole(b"", "429 Too Many Requests"))
        with pytest.raises(SourceThrottled):
            await one.poll(ID)
    assert len(one.center.server.asked) == 1


async def test_a_refused_list_gets_one_fresh_token() -> None:
    async with sight(tokens=TwoTokens(fixed())) as one:
        one.center.on(TASK, refused("10008"), ok([row(ID)]), ok([]))
        await one.poll(ID)
    assert one.seen == {ID: Status.RUNNING}


async def test_a_dead_center_is_not_asked_for_everyone() -> None:
    """After ten details in a row without an answer the other 190 are left for the next poll."""
    async with sight("never") as one:
        for id_ in ids(200):
            one.center.on(detail_of(id_), reset)
        with pytest.raises(SourceUnavailable):
            await one.poll(*ids(200))
    assert len(one.asked_details()) <= 11


async def test_a_few_failed_details_leave_the_others_seen() -> None:
    everyone = ids(10)
    async with sight("never") as one:
        one.details(dict.fromkeys(everyone, "Running"))
        one.center.on(detail_of(everyone[3]), reset)
        swept = await one.poll(*everyone)
    assert swept.absent == {everyone[3]}
    assert len(one.seen) == 9


async def test_a_look_asks_details_now() -> None:
    async with sight(clock=TickingClock()) as one:
        one.details({ID: "Failed"})
        asked = one.clock.steady
        page = await one.source.look([ID])
    assert page.rows == {ID: Status.FAILED}
    assert asked < page.asked_at < page.seen_at
    assert not one.center.asked(TASK)


async def test_a_look_at_nobody_shows_nobody() -> None:
    async with sight() as one:
        assert (await one.source.look([])).rows == {}
    assert not one.center.server.asked


async def test_an_odd_id_stays_one_part_of_the_path() -> None:
    odd = InstanceId("a/b?c")
    async with sight("never") as one:
        one.center.on(f"{SERVICE}/a%2Fb%3Fc/detail", ok(row(odd)))
        await one.poll(odd)
    assert one.seen == {odd: Status.RUNNING}


async def test_nonsense_on_the_wire_is_no_observation() -> None:
    async with sight("never") as one:
        one.center.on(detail_of(ID), raw(b"\x00\x01\x02", close=True))
        with pytest.raises(SourceUnavailable):
            await one.poll(ID)
    assert one.seen == {}
