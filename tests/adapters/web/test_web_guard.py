"""Who is let in: token, rate, Origin; and what every answer carries."""

from pathlib import Path

import pytest

from scnet_watchdog.adapters.web.auth import BearerToken, TokenUnusable
from scnet_watchdog.adapters.web.guard import Access
from scnet_watchdog.adapters.web.rate import PEERS, Allowance, Rate
from web_support import PLENTY, Bench, Hand

FLEET = "/api/v1/instances"


def guarded(folder: Path, text: str = "the-token\n") -> tuple[Bench, Path]:
    """A listener behind a token."""
    path = folder / "token"
    path.write_text(text)
    bench = Bench()
    token = BearerToken(path, bench.secrets.add, bench.elapsed)
    bench.access = Access(Rate(PLENTY, bench.elapsed), token=token)
    return bench, path


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


async def test_only_the_token_opens_the_api(tmp_path: Path) -> None:
    bench, _ = guarded(tmp_path)
    async with bench.client() as client:
        assert (await client.get(FLEET, headers=bearer("the-token"))).status_code == 200
        for headers in ({}, bearer("the-toke"), bearer(""), {"authorization": "Basic the-token"}):
            refused = await client.get(FLEET, headers=headers)
            assert refused.status_code == 401
            assert refused.headers["www-authenticate"].startswith("Bearer")
        # Health is open to whoever watches the watchdog.
        assert (await client.get("/healthz")).status_code == 200
        # What is behind the token is not told apart from what does not exist.
        assert (await client.get("/api/v1/nowhere")).status_code == 401
    assert bench.desk.asked == ["fleet"]
    assert bench.secrets.redact("the-token") == "[secret]"


async def test_an_exchanged_token_is_void_soon_and_a_lost_one_opens_nothing(
    tmp_path: Path,
) -> None:
    bench, path = guarded(tmp_path)
    async with bench.client() as client:
        path.write_text("another-token")
        bench.elapsed.at = 3
        assert (await client.get(FLEET, headers=bearer("the-token"))).status_code == 401
        assert (await client.get(FLEET, headers=bearer("another-token"))).status_code == 200
        path.unlink()
        bench.elapsed.at = 6
        assert (await client.get(FLEET, headers=bearer("another-token"))).status_code == 401


@pytest.mark.parametrize("text", ["", " \n", "two tokens", "x" * 5000])
def test_a_file_without_one_token_is_refused_at_the_start(tmp_path: Path, text: str) -> None:
    with pytest.raises(TokenUnusable, match=r"server\.token_file"):
        guarded(tmp_path, text)
    with pytest.raises(TokenUnusable, match="cannot be read"):
        BearerToken(tmp_path / "none", print, Hand())


async def test_without_a_token_file_only_health_and_metrics_are_served() -> None:
    bench = Bench()
    bench.access = Access(Rate(PLENTY, bench.elapsed))
    async with bench.client() as client:
        assert (await client.get("/readyz")).status_code == 200
        for answer in (await client.get(FLEET), await client.post("/api/v1/reload")):
            assert answer.status_code == 404
            assert "server.token_file" in answer.json()["error"]
    assert not bench.desk.asked


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://[nonsense"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
async def test_the_page_of_another_site_cannot_ask_for_anything(headers: dict[str, str]) -> None:
    bench = Bench()
    async with bench.client() as client:
        refused = await client.post("/api/v1/fleet/hold", headers=headers)
        own = {"origin": "http://watchdog", "sec-fetch-site": "same-origin"}
        assert (await client.post("/api/v1/fleet/hold", headers=own)).status_code == 200
    assert refused.status_code == 403
    assert len(bench.desk.wishes) == 1


async def test_whoever_asks_too_often_is_told_when_again() -> None:
    bench = Bench()
    # 3 at once, then one every 2 s.
    bench.access = Access(Rate(Allowance(0.5, 3), bench.elapsed), local=True)
    async with bench.client() as client:
        answers = [(await client.get(FLEET)).status_code for _ in range(4)]
        refused = await client.get(FLEET)
        bench.elapsed.at = 2
        assert (await client.get(FLEET)).status_code == 200
    assert answers == [200, 200, 200, 429]
    assert refused.headers["retry-after"] == "2"


async def test_strangers_cannot_use_up_what_an_operator_may(tmp_path: Path) -> None:
    bench, _ = guarded(tmp_path)
    token = bench.access.token
    bench.access = Access(Rate(Allowance(0.5, 3), bench.elapsed), token=token)
    async with bench.client() as client:
        strange = [(await client.get(FLEET)).status_code for _ in range(4)]
        mine = await client.get(FLEET, headers=bearer("the-token"))
    assert strange == [401, 401, 401, 429]
    assert mine.status_code == 200


def test_peers_have_an_allowance_each_and_only_so_many_are_remembered() -> None:
    clock = Hand()
    rate = Rate(Allowance(1, 1), clock)
    assert [rate.wait("a"), rate.wait("a"), rate.wait("b")] == [0, 1, 0]
    for number in range(PEERS):
        rate.wait(f"other {number}")
    # Forgotten, so it begins anew; what is remembered stays bounded.
    assert rate.wait("a") == 0


async def test_every_answer_forbids_to_frame_sniff_and_keep_it() -> None:
    bench = Bench()
    async with bench.client() as client:
        answers = [await client.get(path) for path in ("/healthz", FLEET, "/nowhere")]
    for answer in answers:
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "server" not in answer.headers
