"""The page in a real browser, served by the real server in front of a made-up fleet.

One runs with every test; the others with `pytest -m prove`.
"""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from browser_support import EVAL, desk, names, opened
from page_support import change, served
from scnet_watchdog.core.event import Event, EventKind
from scnet_watchdog.core.model import InstanceId

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_the_fleet_is_listed_down_first_and_follows_events(chromium: Any) -> None:
    fleet = desk()
    async with served(fleet) as (url, feed), opened(chromium, url) as page:
        await page.wait_for_selector(".live.live")
        await page.wait_for_selector(".rows .row")
        # Failed, then stopped, by name.
        assert (await names(page))[:3] == ["sft-qwen-03", "train-llama-00", "eval-01"]
        cell = "#row-00000014-5e1f-4c7a .status"
        assert await page.inner_text(cell) == "running"
        row = fleet.rows["00000014-5e1f-4c7a"]
        feed.emit(change(row, "failed", datetime.now(UTC)))
        await page.wait_for_selector("#row-00000014-5e1f-4c7a .badge.failed")
        # notebook-20 failed: before the other two by name.
        assert (await names(page))[0] == "notebook-20"


@pytest.mark.prove
async def test_a_filter_narrows_and_the_address_keeps_it(chromium: Any) -> None:
    async with served(desk()) as (url, _), opened(chromium, url) as page:
        await page.click(".sum.stopped")
        assert sorted(await names(page)) == ["eval-01", "notebook-02", "notebook-08"]
        await page.keyboard.press("/")
        await page.keyboard.type("notebook")
        await page.select_option("select[aria-label='Any reason']", "budget_spent")
        assert await names(page) == ["notebook-08"]
        kept = page.url.partition("#")[2]
        assert kept == "q=notebook&status=stopped&reason=budget_spent"
        async with opened(chromium, url, f"#{kept}") as again:
            await again.wait_for_selector(".rows .row")
            assert await names(again) == ["notebook-08"]
        await page.fill("#q", "nobody has this name")
        await page.click("text=Clear the filter")
        assert len(await names(page)) > 10


@pytest.mark.prove
async def test_a_check_names_its_settings_and_where_each_comes_from(chromium: Any) -> None:
    async with served(desk()) as (url, _), opened(chromium, url, f"#i={EVAL}") as page:
        await page.wait_for_selector(".ladder .settings")
        lines = await page.locator(".ladder .settings").all_inner_texts()
    # As `explain` says it: a block a line, those of one origin together.
    assert lines == [
        "cooldown: initial 2m (policy of group batch), multiplier 2, max 1h (built-in)",
        "restart_on failed stopped (policy)",
    ]


@pytest.mark.prove
async def test_nothing_is_asked_before_a_dialog_said_what_will_happen(chromium: Any) -> None:
    fleet = desk()
    async with served(fleet) as (url, _), opened(chromium, url, f"#i={EVAL}") as page:
        await page.click(".panel button.restart")
        said = await page.inner_text("#will")
        assert "It is stopped. One restart call is made" in said
        # The focus is on the safe answer.
        await page.keyboard.press("Enter")
        await page.wait_for_selector("dialog:not([open])", state="attached")
        assert not fleet.wishes
        await page.click(".panel button.hold")
        await page.select_option("dialog select", "running")
        await page.fill("dialog label:has-text('Reason') input", "new disks")
        await page.fill("dialog label:has-text('Your name') input", "lin")
        await page.click("dialog button.go")
        await page.wait_for_selector("#toast:has-text('hold is done')")
        await page.wait_for_selector(".panel dd:has-text('held by lin')")
    [wish] = fleet.wishes
    assert (wish.verb, wish.name, wish.by, wish.reason) == ("hold", EVAL, "lin", "new disks")
    assert wish.until_running


@pytest.mark.prove
async def test_a_refusal_is_told_where_it_was_asked(chromium: Any) -> None:
    fleet = desk()
    fleet.refuses = "center_blocked"
    # Not strict: the browser itself notes every answer that is no success.
    page_of: dict[str, Any] = {"hash_": f"#i={EVAL}", "strict": False}
    async with served(fleet) as (url, _), opened(chromium, url, **page_of) as page:
        await page.click(".panel button.reset")
        await page.click("dialog button.go")
        text = await page.inner_text("dialog .error:not([hidden])")
        assert text.startswith("Refused: ")
        assert await page.is_visible("dialog")


@pytest.mark.prove
async def test_five_thousand_rows_cost_as_few_elements_as_thirty(chromium: Any) -> None:
    async with served(desk(5000)) as (url, _), opened(chromium, url) as page:
        await page.wait_for_selector(".rows .row")
        assert await page.inner_text(".sum.all") == "5,000 all"
        assert len(await names(page)) < 60
        await page.focus("#fleet")
        await page.keyboard.press("End")
        await page.wait_for_selector(".row.marked[aria-rowindex='5001']")
        assert len(await names(page)) < 60
        await page.keyboard.press("Enter")
        await page.wait_for_selector(".panel h2")
        await page.keyboard.press("Escape")
        assert not await page.is_visible(".panel")


@pytest.mark.prove
async def test_a_name_of_a_stranger_is_text_and_nothing_else(chromium: Any) -> None:
    fleet = desk(3)
    evil = "<img src=x onerror=alert(1)>"
    fleet.rows[EVAL]["name"] = evil
    async with served(fleet) as (url, _), opened(chromium, url, f"#i={EVAL}") as page:
        await page.wait_for_selector(".panel h2")
        assert await page.inner_text(".panel h2") == evil
        assert await page.query_selector("main img") is None


@pytest.mark.prove
async def test_a_phone_shows_cards_and_nothing_is_wider_than_it(chromium: Any) -> None:
    looks: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"}
    async with served(desk()) as (url, _), opened(chromium, url, **looks) as page:
        await page.wait_for_selector(".rows .row")
        wide = "document.documentElement.scrollWidth"
        assert await page.evaluate(wide) == 390
        ground = await page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert ground == "rgb(16, 20, 27)"
        await page.click("#tool-theme")
        ground = await page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert ground == "rgb(246, 247, 249)"
        await page.click(f"#row-{EVAL}")
        await page.wait_for_selector(".panel h2")
        assert await page.evaluate(wide) == 390


@pytest.mark.prove
async def test_the_language_is_the_browsers_and_then_the_readers(chromium: Any) -> None:
    looks: dict[str, Any] = {"hash_": f"#i={EVAL}", "locale": "zh-CN"}
    async with served(desk()) as (url, _), opened(chromium, url, **looks) as page:
        await page.wait_for_selector(f"#row-{EVAL}:has-text('已停止')")
        await page.wait_for_selector(".sentence:has-text('冷却中')")
        assert await page.get_attribute("html", "lang") == "zh-CN"
        await page.click("#tool-language")
        await page.wait_for_selector(f"#row-{EVAL}:has-text('stopped')")
        await page.reload()
        await page.wait_for_selector(f"#row-{EVAL}:has-text('stopped')")


@pytest.mark.prove
async def test_a_lost_connection_is_seen_and_comes_back(chromium: Any) -> None:
    fleet = desk()
    async with served(fleet) as (url, _):
        looking = opened(chromium, url, strict=False)
        page = await looking.__aenter__()
        await page.wait_for_selector(".live.live")
    await page.wait_for_selector(".live.again")
    fleet.rows[EVAL]["status"] = "running"
    async with served(fleet, port=int(url.rpartition(":")[2])):
        await page.wait_for_selector(".live.live")
        # What happened meanwhile was read.
        await page.wait_for_selector(f"#row-{EVAL} .badge.running", state="attached")
        await looking.__aexit__(None, None, None)


@pytest.mark.prove
async def test_the_token_is_asked_for_once(chromium: Any, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("the-token")
    async with served(desk(), token) as (url, _), opened(chromium, url, strict=False) as page:
        await page.fill("#token", "not-the-token")
        await page.keyboard.press("Enter")
        await page.wait_for_selector("dialog .error:has-text('That is not the token.')")
        assert not await page.query_selector(".rows .row")
        await page.fill("#token", "the-token")
        await page.keyboard.press("Enter")
        await page.wait_for_selector(".rows .row")
        await page.reload()
        await page.wait_for_selector(".rows .row")
        await page.click("#tools summary")
        assert await page.is_visible("text=Log out")
        kept = await page.evaluate("JSON.stringify([document.cookie, {...localStorage}])")
        assert "token" not in json.loads(kept)[0]
        assert "the-token" not in kept
        await page.click("text=Log out")
        await page.wait_for_selector("#token")


@pytest.mark.prove
async def test_a_strip_tells_nothing_of_the_time_before_the_state_was_made(chromium: Any) -> None:
    fleet = desk(3)
    now = datetime.now(UTC)
    hour = timedelta(hours=6)
    row = fleet.rows[EVAL]
    row["status"] = "running"
    change(row, "stopped", now - hour)
    fleet.journal = [
        Event(EventKind.STATE_CREATED, now - 2 * hour),
        Event(
            EventKind.INSTANCE_STATUS_CHANGED,
            now - hour,
            InstanceId(EVAL),
            row["name"],
            row["center"],
            {"previous": "running", "status": "stopped"},
        ),
    ]
    async with served(fleet) as (url, _), opened(chromium, url) as page:
        await page.wait_for_selector(f"#row-{EVAL} .part.blank")
        parts = await page.eval_on_selector_all(
            f"#row-{EVAL} .part", "all => all.map(one => [one.className, one.style.width])"
        )
    # Of 24 h: 12 h not known, 6 h running, 6 h stopped.
    shares = [(name.split()[-1], round(float(width[:-1]))) for name, width in parts]
    assert shares == [("blank", 50), ("running", 25), ("stopped", 25)]
