"""Tokens: minted, renewed in time, read again from a file; and no secret where it can be seen."""

import asyncio
import hmac
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from fakes import T0, FakeClock
from scnet_support import Center, a_center, expiring, fixed, jwt, ok, polls_client, refused
from scnet_watchdog.adapters.scnet.login import FileToken, KeyLogin, Keys, signed
from scnet_watchdog.adapters.scnet.token import Token
from scnet_watchdog.core.model import BlockCause
from scnet_watchdog.ports import SourceRefused, SourceThrottled, SourceUnavailable
from wire_support import hang, reset, whole

KEYS = Keys("alice", "an-access-key", "a-secret-key", "")
PLATFORM_TOKEN = {"clusterId": "0", "clusterName": "ac", "token": "platform"}


def regions(*tokens: str | None) -> bytes:
    """A login's answer: the platform's own token, and one per region 11250, 11251 …"""
    found = [
        {"clusterId": str(11250 + n), "clusterName": f"region {n}", "token": token}
        for n, token in enumerate(tokens)
    ]
    return ok([PLATFORM_TOKEN, *found])


@dataclass
class Login:
    """A login at a center that answers as told."""

    center: Center
    login: KeyLogin
    clock: FakeClock
    learned: list[str] = field(default_factory=list)
    renewed: list[bool] = field(default_factory=list)

    @property
    def asked(self) -> int:
        return len(self.center.asked("/tokens"))


@asynccontextmanager
async def a_login(*answers: object, cluster_id: str | None = None) -> AsyncIterator[Login]:
    async with a_center() as center:
        center.on("/tokens", *answers)  # type: ignore[arg-type]
        keys = replace(KEYS, token_url=center.server.url + "/tokens", cluster_id=cluster_id)
        http, clock = polls_client(), FakeClock()
        learned: list[str] = []
        renewed: list[bool] = []
        login = KeyLogin(keys, http, clock, learned.append, lambda: renewed.append(True))
        yield Login(center, login, clock, learned, renewed)
        await http.close()


def test_the_signature_is_hmac_sha256_over_json_in_a_fixed_order() -> None:
    now = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
    text = '{"accessKey":"an-access-key","timestamp":"1772366400","user":"al\\"ic\\\\e 张"}'
    headers = signed(replace(KEYS, user='al"ic\\e 张'), now)
    assert headers["timestamp"] == "1772366400"
    assert headers["signature"] == hmac.new(b"a-secret-key", text.encode(), sha256).hexdigest()


async def test_the_one_region_besides_the_platform_is_taken() -> None:
    async with a_login(regions("of-the-region")) as one:
        assert (await one.login.get()).value == "of-the-region"
        request = one.center.asked("/tokens")[0]
    assert request.method == "POST"
    assert request.headers["user"] == "alice"
    assert request.headers["accesskey"] == "an-access-key"
    assert one.learned == ["an-access-key", "a-secret-key", "platform", "of-the-region"]


async def test_the_region_that_is_meant_is_taken() -> None:
    async with a_login(regions("a", "b"), cluster_id="11251") as one:
        assert (await one.login.get()).value == "b"


@pytest.mark.parametrize("cluster_id", [None, "20057"])
async def test_without_a_choice_every_region_is_listed(cluster_id: str | None) -> None:
    async with a_login(regions("a", "b"), cluster_id=cluster_id) as one:
        with pytest.raises(SourceRefused, match="11250 region 0, 11251 region 1") as caught:
            await one.login.get()
    assert caught.value.cause is BlockCause.CREDENTIALS


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        (regions(None), BlockCause.ARREARS),
        (regions(""), BlockCause.ARREARS),
        (regions(jwt(accountStatus="Owe")), BlockCause.ARREARS),
        (regions(jwt(accountStatus="disable")), BlockCause.DISABLED),
        (regions(), BlockCause.CREDENTIALS),
        (ok(None), BlockCause.CREDENTIALS),
        (refused("10009", "用户不存在"), BlockCause.CREDENTIALS),
        (refused("10008", "AK/SK签名校验失败"), BlockCause.CREDENTIALS),
        (refused("10003"), BlockCause.CREDENTIALS),
        (refused("10007"), BlockCause.FROZEN),
        (whole(b"", "401 Unauthorized"), BlockCause.CREDENTIALS),
    ],
)
async def test_a_refused_login_asks_for_a_person(answer: bytes, cause: BlockCause) -> None:
    async with a_login(answer) as one:
        with pytest.raises(SourceRefused) as caught:
            await one.login.get()
    assert caught.value.cause is cause


@pytest.mark.parametrize(
    "answer",
    [reset, hang, whole(b"<html>", "502 Bad Gateway"), whole(b"hello"), refused("10001")],
    ids=["reset", "silence", "502", "html", "10001"],
)
async def test_a_login_that_fails_on_the_way_is_tried_again_later(answer: object) -> None:
    async with a_login(answer, regions("token")) as one:
        with pytest.raises(SourceUnavailable):
            await one.login.get()
        assert (await one.login.get()).value == "token"


async def test_a_throttled_login_says_how_long_to_wait() -> None:
    slow = whole(b"", "429 Too Many Requests", ("Retry-After: 30",))
    async with a_login(slow) as one:
        with pytest.raises(SourceThrottled) as caught:
            await one.login.get()
    assert caught.value.retry_after == timedelta(seconds=30)


async def test_a_token_is_renewed_five_minutes_before_it_expires() -> None:
    """It expires after an hour: kept at 54 min 59 s, renewed at 55 min."""
    first, second = expiring(T0 + timedelta(hours=1)), expiring(T0 + timedelta(hours=2))
    async with a_login(regions(first), regions(second)) as one:
        await one.login.get()
        one.clock.advance(54 * 60 + 59)
        assert (await one.login.get()).value == first
        one.clock.advance(1)
        assert (await one.login.get()).value == second
    assert one.renewed == [True]


async def test_the_first_token_is_no_renewal() -> None:
    async with a_login(regions("token")) as one:
        await one.login.get()
    assert one.renewed == []


async def test_a_renewal_in_advance_that_fails_keeps_the_token() -> None:
    first = expiring(T0 + timedelta(minutes=4))
    async with a_login(regions(first), reset) as one:
        await one.login.get()
        one.clock.advance(60)
        assert (await one.login.get()).value == first
    assert one.asked == 2


async def test_a_short_life_or_a_fast_clock_makes_one_login_a_minute() -> None:
    expired = expiring(T0 - timedelta(days=1))
    async with a_login(regions(expired)) as one:
        for _ in range(120):  # two minutes, a request a second: logins at 0 s, 60 s
            await one.login.get()
            one.clock.advance(1)
    assert one.asked == 2


async def test_everyone_waits_for_the_same_login() -> None:
    async with a_login(regions("token")) as one:
        tokens = await asyncio.gather(*(one.login.get() for _ in range(10)))
    assert {token.value for token in tokens} == {"token"}
    assert one.asked == 1


async def test_everyone_who_found_the_token_stale_gets_the_same_fresh_one() -> None:
    async with a_login(regions("old"), regions("new"), regions("newer")) as one:
        old = await one.login.get()
        fresh = await asyncio.gather(*(one.login.renew(old) for _ in range(10)))
    assert {token.value for token in fresh if token is not None} == {"new"}
    assert one.asked == 2


async def test_everyone_who_waited_for_a_login_that_failed_has_its_error() -> None:
    """One after the other, ten logins that hang would keep a restart waiting for minutes."""
    bad = whole(b"", "502 Bad Gateway")
    async with a_login(bad, regions("token")) as one:
        ends = await asyncio.gather(*(one.login.get() for _ in range(10)), return_exceptions=True)
        assert {type(end) for end in ends} == {SourceUnavailable}
        assert one.asked == 1
        assert (await one.login.get()).value == "token"


async def test_everyone_who_waited_for_a_renewal_that_failed_has_its_error() -> None:
    async with a_login(regions("old"), refused("10009"), regions("new")) as one:
        old = await one.login.get()
        ends = await asyncio.gather(
            *(one.login.renew(old) for _ in range(10)), return_exceptions=True
        )
    assert {type(end) for end in ends} == {SourceRefused}
    assert one.asked == 2


async def test_everyone_who_waited_for_the_same_token_again_has_no_fresh_one() -> None:
    async with a_login(regions("same")) as one:
        same = await one.login.get()
        ends = await asyncio.gather(*(one.login.renew(same) for _ in range(10)))
    assert ends == [None] * 10
    assert one.asked == 2


async def test_the_same_token_again_is_no_fresh_one() -> None:
    async with a_login(regions("same")) as one:
        assert await one.login.renew(await one.login.get()) is None


@pytest.mark.parametrize(
    "value",
    [
        "no.jwt",
        "a.b.c",
        "a.\u00e9.c",
        jwt(expireTime="soon"),
        jwt(expireTime="9" * 15),
        jwt(expireTime="\u00b2"),
        jwt(expireTime="-" + "9" * 30),
        jwt(expireTime=None),
        jwt(expireTime=True),
        jwt(other=1),
    ],
)
def test_a_token_that_does_not_say_when_it_expires_is_taken_as_it_is(value: str) -> None:
    assert Token(value).expires_at is None


def test_expiry_is_epoch_milliseconds_as_text_or_number() -> None:
    """1686123346568 ms = 2023-06-07 07:35:46.568 UTC."""
    expected = datetime(2023, 6, 7, 7, 35, 46, 568000, UTC)
    assert Token(jwt(expireTime="1686123346568")).expires_at == expected
    assert Token(jwt(expireTime=1686123346568)).expires_at == expected


def test_no_repr_shows_a_secret() -> None:
    shown = f"{Token('a-secret')!r} {KEYS!r}"
    assert "secret" not in shown
    assert "access-key" not in shown


async def test_a_fixed_token_is_never_renewed() -> None:
    tokens = fixed("token")
    assert await tokens.renew(await tokens.get()) is None


@pytest.mark.parametrize("value", ["two words", "two\nlines", "ключ"])
async def test_what_cannot_be_a_token_is_refused_without_quoting_it(value: str) -> None:
    with pytest.raises(SourceRefused) as caught:
        await fixed(value).get()
    assert value not in str(caught.value)


@dataclass
class Filed:
    path: Path
    tokens: FileToken
    renewed: list[bool]

    def write(self, value: str, touch: int = 0) -> None:
        self.path.write_text(value)
        os.utime(self.path, ns=(touch, touch))


@pytest.fixture
def filed(tmp_path: Path) -> Filed:
    renewed: list[bool] = []
    path = tmp_path / "token"
    tokens = FileToken(path, lambda _: None, lambda: renewed.append(True))
    return Filed(path, tokens, renewed)


async def test_a_token_file_is_read_again_when_it_changes(filed: Filed) -> None:
    filed.write("first\n", touch=1)
    assert (await filed.tokens.get()).value == "first"
    filed.write("other\n", touch=2)
    assert (await filed.tokens.get()).value == "other"
    assert filed.renewed == [True]


async def test_a_token_file_is_read_again_after_a_refusal(filed: Filed) -> None:
    """Same size, same time stamp: only reading shows that it is another one."""
    filed.write("first", touch=1)
    stale = await filed.tokens.get()
    filed.write("other", touch=1)
    assert (await filed.tokens.get()).value == "first"
    fresh = await filed.tokens.renew(stale)
    assert fresh is not None
    assert fresh.value == "other"


async def test_an_unchanged_token_file_has_no_fresher_token(filed: Filed) -> None:
    filed.write("first")
    assert await filed.tokens.renew(await filed.tokens.get()) is None


async def test_a_replaced_token_file_is_seen_by_its_inode(filed: Filed) -> None:
    filed.write("first", touch=1)
    await filed.tokens.get()
    new = filed.path.with_name("new")
    new.write_text("other")
    os.utime(new, ns=(1, 1))
    new.replace(filed.path)
    assert (await filed.tokens.get()).value == "other"


@pytest.mark.parametrize("content", [None, b"", b" \n", b"\xff\xfe", b"two\nlines"])
async def test_a_token_file_without_a_token_asks_for_a_person(
    filed: Filed, content: bytes | None
) -> None:
    if content is not None:
        filed.path.write_bytes(content)
    with pytest.raises(SourceRefused):
        await filed.tokens.get()
    filed.write("a-token", touch=9)
    assert (await filed.tokens.get()).value == "a-token"
