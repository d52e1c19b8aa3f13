"""The page's files and its session, asked without a browser."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from scnet_watchdog.adapters.web.auth import BearerToken
from scnet_watchdog.adapters.web.guard import Access
from scnet_watchdog.adapters.web.page import FOLDER
from scnet_watchdog.adapters.web.rate import Rate
from scnet_watchdog.adapters.web.session import LASTS, Sessions
from web_support import PLENTY, T0, Bench

FLEET = "/api/v1/instances"
SESSION = "/api/v1/session"
HERE = {"origin": "http://watchdog"}


class Day:
    """A wall clock that is set by hand."""

    def __init__(self) -> None:
        self.at: datetime = T0


def behind_a_token(folder: Path, day: Day) -> tuple[Bench, Path]:
    """A listener that asks for a token or a session."""
    path = folder / "token"
    path.write_text("the-token")
    bench = Bench()
    token = BearerToken(path, bench.secrets.add, bench.elapsed)
    sessions = Sessions(lambda: day.at)
    bench.access = Access(Rate(PLENTY, bench.elapsed), token=token, sessions=sessions)
    return bench, path


async def test_the_page_comes_with_a_policy_that_lets_nothing_else_in() -> None:
    bench = Bench()
    async with bench.client() as client:
        page = await client.get("/")
        assert page.status_code == 200
        assert page.headers["content-type"].startswith("text/html")
        policy = page.headers["content-security-policy"]
        for part in ("default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"):
            assert part in policy
        assert "unsafe" not in policy
        for file in FOLDER.iterdir():
            assert (await client.get(f"/page/{file.name}")).content == file.read_bytes()
        for name in ("nothing.js", "..%2fpage.py", "%2e%2e/page.py"):
            assert (await client.get(f"/page/{name}")).status_code == 404


def test_no_file_of_the_page_asks_another_host_or_parses_text_as_html() -> None:
    for file in FOLDER.iterdir():
        text = file.read_text()
        plain = text.replace("http://www.w3.org/2000/svg", "")
        for word in ("http://", "https://", "innerHTML", "eval(", "style=", "@import url"):
            assert word not in plain, f"{file.name}: {word}"


async def test_the_token_is_typed_once_and_then_a_cookie_stands_for_it(tmp_path: Path) -> None:
    bench, _ = behind_a_token(tmp_path, Day())
    async with bench.client() as client:
        assert (await client.get("/")).status_code == 200
        assert (await client.get(FLEET)).status_code == 401
        wrong = {"authorization": "Bearer the-toke", **HERE}
        refused = await client.post(SESSION, headers=wrong)
        assert refused.status_code == 401
        assert "set-cookie" not in refused.headers
        begun = await client.post(SESSION, headers={"authorization": "Bearer the-token", **HERE})
        cookie = begun.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=Strict" in cookie
        assert "Secure" not in cookie
        assert "the-token" not in cookie + begun.text
        # The client keeps cookies, as a browser does.
        assert (await client.get(FLEET)).status_code == 200
        assert (await client.post("/api/v1/fleet/hold", headers=HERE)).status_code == 200
        assert (await client.delete(SESSION, headers=HERE)).status_code == 200
        assert (await client.get(FLEET)).status_code == 401


async def test_a_cookie_alone_cannot_ask_for_anything_from_elsewhere(tmp_path: Path) -> None:
    bench, _ = behind_a_token(tmp_path, Day())
    async with bench.client() as client:
        await client.post(SESSION, headers={"authorization": "Bearer the-token", **HERE})
        for headers in ({}, {"origin": "http://evil.example"}, {"sec-fetch-site": "cross-site"}):
            refused = await client.post("/api/v1/fleet/hold", headers=headers)
            assert refused.status_code == 403
    assert not bench.desk.wishes


async def test_a_session_ends_with_its_week_and_with_its_token(tmp_path: Path) -> None:
    day = Day()
    bench, path = behind_a_token(tmp_path, day)
    async with bench.client() as client:
        await client.post(SESSION, headers={"authorization": "Bearer the-token", **HERE})
        # The API's own clock stands at T0: the session ends at T0 + 7 d.
        day.at = T0 + LASTS - timedelta(seconds=1)
        assert (await client.get(FLEET)).status_code == 200
        day.at = T0 + LASTS
        assert (await client.get(FLEET)).status_code == 401
        day.at = T0
        path.write_text("another-token")
        bench.elapsed.at = 3
        assert (await client.get(FLEET)).status_code == 401


async def test_a_session_that_came_by_https_is_never_sent_without_it(tmp_path: Path) -> None:
    bench, _ = behind_a_token(tmp_path, Day())
    async with bench.client() as client:
        headers = {"authorization": "Bearer the-token", "origin": "https://watchdog"}
        begun = await client.post(SESSION, headers=headers)
        assert begun.headers["set-cookie"].endswith("; Secure")
        # Not sent by http, as a browser would not either.
        assert (await client.post(SESSION, headers=HERE)).status_code == 401


async def test_a_session_is_begun_with_the_token_alone() -> None:
    bench = Bench()
    async with bench.client() as client:
        for headers in ({}, {"authorization": "Basic x"}, {"authorization": "Bearer "}):
            assert (await client.post(SESSION, headers=headers)).status_code == 400


@pytest.mark.parametrize(
    "value",
    ["", "x", "9999999999", "9999999999.", "9999999999.00ff", ".", "\u00fc.\u00fc", "1.1;="],
)
def test_a_cookie_that_we_did_not_sign_opens_nothing(value: str) -> None:
    sessions = Sessions(lambda: T0)
    assert not sessions.holds(b"the-token", f"scnet_watchdog_session={value}")
    assert not sessions.holds(b"the-token", "scnet_watchdog_session=" + "x" * 5000)
    good = sessions.begin(b"the-token", secure=False).partition(";")[0]
    assert sessions.holds(b"the-token", f"other=1; {good}")
    assert not sessions.holds(b"the-token", good.replace("=1", "=2"))


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:9716", 200),
        ("127.0.0.1:9716", 200),
        ("[::1]:9716", 200),
        ("evil.example:9716", 403),
        ("127.0.0.1.evil.example", 403),
        ("[nonsense", 403),
    ],
)
async def test_a_forwarded_control_socket_answers_no_name_of_a_stranger(
    host: str, status: int
) -> None:
    bench = Bench()
    async with bench.client() as client:
        assert (await client.get(FLEET, headers={"host": host})).status_code == status
