"""What every status source must do, the fake included. A new source adds one line to `SOURCES`."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from fakes import KEY, FakePlatform, FakeSource, ids
from scnet_support import SERVICE, TickingClock, a_center, client_for, detail_of, ok, row
from scnet_watchdog.adapters.plugin import SourceContext
from scnet_watchdog.adapters.scnet.source import ScnetSource
from scnet_watchdog.adapters.sources.file import FileSource
from scnet_watchdog.core.model import InstanceId, Page, Status
from scnet_watchdog.ports import PortError, SourceUnavailable, StatusSource
from wire_support import reset

SHOWN = {
    InstanceId("i-run"): Status.RUNNING,
    InstanceId("i-stop"): Status.STOPPED,
    InstanceId("i-fail"): Status.FAILED,
}
UNNAMED = InstanceId("i-unnamed")
WORDS = {Status.RUNNING: "Running", Status.STOPPED: "Terminated", Status.FAILED: "Failed"}


@dataclass
class Case:
    """A source that shows `SHOWN`, and how to break it."""

    source: StatusSource
    clock: TickingClock
    break_it: Callable[[], object]


@asynccontextmanager
async def fake(_: Path) -> AsyncIterator[Case]:
    clock = TickingClock()
    source = FakeSource(FakePlatform(dict(SHOWN)), clock)
    yield Case(source, clock, lambda: setattr(source, "error", SourceUnavailable("broken")))


@asynccontextmanager
async def file(folder: Path) -> AsyncIterator[Case]:
    clock, path = TickingClock(), folder / "flags.yaml"
    path.write_text("\n".join(f"{id_}: {status}" for id_, status in SHOWN.items()))
    context = SourceContext(KEY, clock, folder, None, lambda _: None)
    source = FileSource.build({"path": path.name}, context)
    yield Case(source, clock, lambda: path.write_text("[half"))


def scnet(mode: str) -> Callable[[Path], AbstractAsyncContextManager[Case]]:
    @asynccontextmanager
    async def case(folder: Path) -> AsyncIterator[Case]:
        clock = TickingClock()
        rows = [row(id_, WORDS[status]) for id_, status in SHOWN.items()]
        async with a_center() as center, client_for(center) as client:
            center.on(f"{SERVICE}/task", ok(rows))
            for one in rows:
                center.on(detail_of(str(one["id"])), ok(one))
            context = SourceContext(KEY, clock, folder, client, lambda _: None)
            source = ScnetSource.build({"list": mode}, context)

            def break_it() -> None:
                center.rules.insert(0, lambda _: reset)

            yield Case(source, clock, break_it)

    return case


SOURCES: dict[str, Callable[[Path], AbstractAsyncContextManager[Case]]] = {
    "fake": fake,
    "file": file,
    "scnet by list": scnet("auto"),
    "scnet by detail": scnet("never"),
}


@pytest.fixture(params=SOURCES)
async def case(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Case]:
    async with SOURCES[request.param](tmp_path) as one:
        yield one


def rows_of(pages: list[Page]) -> dict[InstanceId, Status]:
    return {id_: status for page in pages for id_, status in page.rows.items()}


async def test_a_poll_reports_what_it_saw_and_names_whom_it_did_not_see(case: Case) -> None:
    pages: list[Page] = []
    swept = await case.source.poll([*SHOWN, UNNAMED], pages.append)
    seen = rows_of(pages)
    assert {id_: seen[id_] for id_ in SHOWN} == SHOWN
    assert swept.absent == {UNNAMED} - seen.keys()


async def test_rows_and_absent_ids_share_nobody_and_leave_out_nobody(case: Case) -> None:
    pages: list[Page] = []
    watched = frozenset([*SHOWN, UNNAMED])
    swept = await case.source.poll(watched, pages.append)
    assert swept.absent <= watched
    assert watched - swept.absent <= rows_of(pages).keys()
    assert not swept.absent & rows_of(pages).keys()


async def test_moments_are_in_order_and_lie_within_the_poll(case: Case) -> None:
    """began ≤ asked ≤ seen ≤ ended: a row is never older than it says."""
    before, pages = case.clock.now(), list[Page]()
    swept = await case.source.poll(list(SHOWN), pages.append)
    for page in pages:
        assert before < swept.began_at <= page.asked_at <= page.seen_at <= swept.ended_at


async def test_everything_carries_the_sources_key(case: Case) -> None:
    pages: list[Page] = []
    swept = await case.source.poll(list(SHOWN), pages.append)
    assert {page.key for page in pages} | {swept.key} == {KEY}


async def test_a_look_shows_only_whom_it_was_asked_for(case: Case) -> None:
    before = case.clock.now()
    page = await case.source.look([InstanceId("i-fail")])
    assert page.rows == {"i-fail": Status.FAILED}
    assert before < page.asked_at <= page.seen_at


async def test_a_look_at_nobody_is_an_empty_page(case: Case) -> None:
    assert (await case.source.look([])).rows == {}


async def test_a_poll_repeated_shows_the_same(case: Case) -> None:
    first: list[Page] = []
    second: list[Page] = []
    await case.source.poll(list(SHOWN), first.append)
    await case.source.poll(list(SHOWN), second.append)
    assert rows_of(first) == rows_of(second)
    assert second[0].asked_at > first[-1].seen_at


@pytest.mark.parametrize("act", ["poll", "look"])
async def test_a_broken_source_raises_an_error_of_the_port_and_shows_nothing(
    case: Case, act: str
) -> None:
    case.break_it()
    pages: list[Page] = []
    asked = (
        case.source.poll(list(SHOWN), pages.append)
        if act == "poll"
        else case.source.look(list(SHOWN))
    )
    with pytest.raises(PortError):
        await asked
    assert not pages


async def test_many_instances_are_seen_or_absent(case: Case) -> None:
    pages: list[Page] = []
    watched = [*SHOWN, *ids(5)]
    swept = await case.source.poll(watched, pages.append)
    assert swept.absent | rows_of(pages).keys() >= set(watched)
