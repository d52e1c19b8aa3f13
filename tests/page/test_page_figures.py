"""Recovery figures and whole groups on the page, in a real browser."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from browser_support import EVAL, desk, names, opened
from page_support import PageDesk, served
from scnet_watchdog.core.command import ScopeKind
from scnet_watchdog.core.event import Event, EventKind
from scnet_watchdog.core.model import InstanceId
from scnet_watchdog.core.outcome import RefusalClass
from scnet_watchdog.desk import Among, Answer, Unavailable

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.prove]


def one_outage(fleet: PageDesk) -> None:
    """All that happened: `eval-01` was down for 36 minutes, refused once, then healed."""
    row, now, kinds = fleet.rows[EVAL], datetime.now(UTC), EventKind
    row |= {"status": "running", "since": now - timedelta(hours=1)}

    def told(kind: EventKind, minutes: float, **fields: Any) -> Event:
        at = row["since"] - timedelta(minutes=minutes)
        return Event(kind, at, InstanceId(EVAL), row["name"], row["center"], fields)

    refused = {"seq": 1, "outcome": "refused", "class": str(RefusalClass.START_FAILURE)}
    fleet.journal = [
        told(kinds.INSTANCE_STATUS_CHANGED, 36, previous="running", status="failed"),
        told(kinds.INSTANCE_CONFIRMED, 35, status="failed", reads=2, over_s=60.0),
        told(kinds.RESTART_REFUSED, 34, **refused),
        told(kinds.RESTART_ACCEPTED, 10, seq=2, outcome="accepted"),
        told(kinds.INSTANCE_STATUS_CHANGED, 0, previous="failed", status="running"),
        told(kinds.RESTART_RECOVERED, 0, seq=2, verdict="recovered", status="running"),
    ]
    for other in fleet.rows.values():
        other |= {"status": "running", "since": now - timedelta(days=60)}
    row["since"] = now - timedelta(hours=1)


async def tiles(page: Any, where: str) -> dict[str, str]:
    """What each big number says."""
    await page.wait_for_selector(f"{where} .tile")
    parts = [await one.inner_text() for one in await page.query_selector_all(f"{where} .tile")]
    return {title: " / ".join(more) for title, *more in (part.split("\n") for part in parts)}


async def test_the_report_says_what_outages_cost_and_the_address_keeps_it(chromium: Any) -> None:
    fleet = desk(4)
    one_outage(fleet)
    async with served(fleet) as (url, _), opened(chromium, url) as page:
        await page.click("#tool-report")
        found = await tiles(page, "#report")
        # Of 4 x 30 d: 36 min = 0.0208 %.
        assert found["Available"] == "99.97 % / down 36 min"
        assert found["Outages"] == "1 / 0 not over"
        assert found["Ended by a restart"] == "1 / 2.0 calls for each that lasted"
        assert found["Time to recover"] == "36 min / longest 36 min"
        assert found["Time to detect"] == "1 min / 95 % within 1 min"
        text = await page.inner_text("#report")
        assert "it could not start" in text
        assert "Never seen down: 3 of 4 instances." in text
        await page.select_option("#report select", "1d")
        # Of 4 x 1 d: 36 min = 0.625 %.
        await page.wait_for_selector("#report .tile:has-text('99.37 %')")
        assert page.url.endswith("#report=1d")
        async with opened(chromium, url, "#report=1d") as again:
            await again.wait_for_selector("#report .tile:has-text('99.37 %')")
            await again.keyboard.press("Escape")
            await again.wait_for_function("!location.hash.includes('report')")
            assert not await again.is_visible("#report")
        await page.click("#report td button")
        await page.wait_for_selector(".panel h2:has-text('eval-01')")
        assert not await page.is_visible("#report")


async def test_an_instance_is_shown_with_its_own_figures(chromium: Any) -> None:
    fleet = desk(4)
    one_outage(fleet)
    looks: dict[str, Any] = {"hash_": f"#i={EVAL}", "locale": "zh-CN"}
    async with served(fleet) as (url, _), opened(chromium, url, **looks) as page:
        found = await tiles(page, ".panel")
        # Of 30 d: 36 min = 0.083 %.
        assert found["可用率"] == "99.91 % / 停机 36 分"
        # Its elements stay when the rest is drawn anew.
        await page.click("#tool-language")
        await page.wait_for_selector(".panel .tile:has-text('Available')")


async def test_figures_that_cannot_be_had_are_no_empty_panel(chromium: Any) -> None:
    class Busy(PageDesk):
        async def report(self, since: datetime, among: Among) -> Answer:
            raise Unavailable("too many reports are being computed; try again")

    fleet = Busy(4, datetime.now(UTC))
    page_of: dict[str, Any] = {"hash_": f"#i={EVAL}", "strict": False}
    async with served(fleet) as (url, _), opened(chromium, url, **page_of) as page:
        await page.wait_for_selector(".panel section:has-text('too many reports')")
        assert await page.is_visible(".panel .sentence")
        await page.click("#tool-report")
        await page.wait_for_selector("#report .error:has-text('too many reports')")


async def test_the_report_fits_a_phone_and_is_in_its_menu(chromium: Any) -> None:
    looks: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"}
    async with served(desk()) as (url, _), opened(chromium, url, **looks) as page:
        await page.wait_for_selector(".rows .row")
        assert not await page.is_visible("#tool-report")
        await page.click("#tools summary")
        await page.click("#tools .list >> text=Report")
        await page.wait_for_selector("#report .tile")
        for place in ("document.documentElement", "document.querySelector('#report')"):
            assert await page.evaluate(f"{place}.scrollWidth") == 390
        await page.click("#report .close")
        assert not await page.is_visible("#report")


async def test_a_group_is_shown_alone_and_held_as_a_whole(chromium: Any) -> None:
    fleet = desk(12)
    async with served(fleet) as (url, _), opened(chromium, url) as page:
        await page.wait_for_selector(".rows .row")
        assert not await page.is_visible(".groups summary")
        await page.select_option(".groups select", "vision")
        # Every third of twelve.
        assert len(await names(page)) == 4
        assert page.url.endswith("#group=vision")
        await page.focus(".groups summary")
        await page.keyboard.press("Enter")
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        assert "leaves all 4 instances alone" in await page.inner_text("#will")
        assert await page.inner_text("#asked") == "Hold group vision"
        await page.click("dialog button.go")
        await page.wait_for_selector("#toast:has-text('hold is done')")
        await page.select_option(".groups select", "")
        assert len(await names(page)) == 12
        assert not await page.is_visible(".groups summary")
    [wish] = fleet.wishes
    assert (wish.verb, wish.kind, wish.name) == ("hold", ScopeKind.GROUP, "vision")
