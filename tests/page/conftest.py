"""One browser for all tests of the page; where there is none they are skipped, and say so."""

import shutil
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)

QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
"""It asks nobody but the daemon, and leaves nothing behind."""


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def chromium() -> AsyncIterator[Any]:
    """A headless browser with a profile of its own."""
    api = pytest.importorskip(
        "playwright.async_api", reason="THE PAGE IS NOT TESTED: playwright is not installed"
    )
    if CHROMIUM is None:
        pytest.skip("THE PAGE IS NOT TESTED: no chromium found (apt-get install chromium)")
    async with api.async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield browser
        await browser.close()
