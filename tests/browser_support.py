"""The page as it stands in a browser: opened, and read off."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from page_support import PageDesk

EVAL = "00000001-5e1f-4c7a"
"""`eval-01`: stopped, cooling down."""


@asynccontextmanager
async def opened(
    chromium: Any, url: str, hash_: str = "", strict: bool = True, **looks: Any
) -> AsyncIterator[Any]:
    """The page in a fresh profile; what it complains of fails the test, unless not `strict`."""
    size = {"width": 1440, "height": 900}
    context = await chromium.new_context(**{"viewport": size, "locale": "en-US", **looks})
    context.set_default_timeout(10_000)
    page = await context.new_page()
    trouble: list[str] = []
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on("console", lambda said: trouble.append(said.text) if said.type == "error" else None)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.goto(f"{url}/{hash_}")
    yield page
    await context.close()
    assert not (strict and trouble)
    assert all(one.startswith((url, "data:")) for one in asked)


def desk(count: int = 40) -> PageDesk:
    return PageDesk(count, datetime.now(UTC))


async def names(page: Any) -> list[str]:
    """Names of the rows in the document, from top to bottom."""
    rows = await page.query_selector_all(".rows .row")
    found = [
        (int(await row.get_attribute("aria-rowindex")), await row.inner_text()) for row in rows
    ]
    return [text.split("\n")[0] for _, text in sorted(found)]
