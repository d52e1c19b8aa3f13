"""Messages on the wire, to a receiver on loopback; a channel's URL stays a secret."""

import asyncio
import json
import logging
import sys
import threading
import types
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from fakes import FakeClock
from notify_support import T0, blocked
from scnet_watchdog.adapters.http import HttpClient
from scnet_watchdog.adapters.notify.apprised import INSTALL
from scnet_watchdog.adapters.notify.build import channels, notifications
from scnet_watchdog.adapters.notify.channel import Channel, Surroundings, secrets_of
from scnet_watchdog.adapters.notify.delivery import Undelivered
from scnet_watchdog.adapters.notify.message import Line, News
from scnet_watchdog.adapters.notify.render import Text, trial
from scnet_watchdog.adapters.notify.sink import Report
from scnet_watchdog.adapters.notify.threads import OneThread
from scnet_watchdog.adapters.notify.webhook import ROBOTS, Webhook
from scnet_watchdog.adapters.telemetry.secrets import Secrets
from scnet_watchdog.core.event import Event, Level
from scnet_watchdog.core.policy import Roster
from scnet_watchdog.settings.model import Notify
from wire_support import Wire, client_of, closed_port, hang, raw, whole, wire

TEXT = Text("title", "body", Level.ERROR)
TOKEN = "s3cret-t0ken-of-the-robot"


@pytest.fixture
async def http() -> AsyncIterator[HttpClient]:
    """A client that waits 0.3 s for an answer, closed at the end."""
    client = client_of(read=0.3)
    yield client
    await client.close()


def channel_of(
    tmp_path: Path, http: HttpClient, url: str, language: str = "en"
) -> tuple[Channel, Secrets]:
    """A channel whose URL stands in a file."""
    secrets = Secrets()
    file = tmp_path / "url"
    file.write_text(url + "\n")
    around = Surroundings(http, secrets.add, secrets.redact)
    [channel] = channels([Notify(url_file=file, language=language)], around)  # type: ignore[arg-type]
    return channel, secrets


def received(server: Wire) -> Any:
    [asked] = server.asked
    assert asked.method == "POST"
    assert asked.headers["content-type"] == "application/json; charset=utf-8"
    return json.loads(asked.body)


async def test_a_plain_address_gets_the_message_as_json(http: HttpClient, tmp_path: Path) -> None:
    async with wire(raw(whole(b"", "204 No Content"))) as server:
        channel, _ = channel_of(tmp_path, http, f"{server.url}/hook/{TOKEN}", "zh")
        news = News((Line(blocked(), Level.ERROR),), "kunshan")
        await channel.tell(news, T0)
        got = received(server)
    assert server.asked[0].target == f"/hook/{TOKEN}"
    assert got["title"].startswith("[scnet-watchdog] 需要处理:中心 kunshan 被阻断")
    assert "请充值" in got["message"]
    assert (got["type"], got["level"], got["version"]) == ("failure", "error", "1.0")


async def test_json_addresses_are_plain_addresses(http: HttpClient, tmp_path: Path) -> None:
    async with wire(raw(whole(b"ok"))) as server:
        channel, _ = channel_of(tmp_path, http, f"json://127.0.0.1:{server.port}/hook?a=1")
        await channel.send(TEXT)
        assert received(server)["message"] == "body"
    assert server.asked[0].target == "/hook?a=1"


@pytest.mark.parametrize(
    ("robot", "yes", "no"),
    [
        ("oapi.dingtalk.com", b'{"errcode": 0}', b'{"errcode": 310000, "errmsg": "keywords"}'),
        ("qyapi.weixin.qq.com", b'{"errcode": 0}', b'{"errcode": 93000}'),
        ("open.feishu.cn", b'{"code": 0}', b'{"code": 19001}'),
        ("hooks.slack.com", b"ok", None),
    ],
)
async def test_a_robot_gets_its_own_form_and_its_no_is_heard(
    http: HttpClient, robot: str, yes: bytes, no: bytes | None
) -> None:
    # The robot's own host cannot be reached here: its form is used for the loopback address.
    robots = {"127.0.0.1": ROBOTS[robot]}
    async with wire(raw(whole(yes))) as server:
        await Webhook(http, robots).send(f"{server.url}/robot?key={TOKEN}", TEXT)
        got = received(server)
    assert "title\nbody" in json.dumps(got, ensure_ascii=False).replace("\\n", "\n")
    if no is None:
        return
    async with wire(raw(whole(no))) as server:
        with pytest.raises(Undelivered, match="the robot refused"):
            await Webhook(http, robots).send(server.url, TEXT)
    async with wire(raw(whole(b"<html>"))) as server:
        with pytest.raises(Undelivered, match="not JSON"):
            await Webhook(http, robots).send(server.url, TEXT)


async def test_a_robots_text_is_cut_within_its_limit_and_never_within_a_character(
    http: HttpClient,
) -> None:
    robots = {"127.0.0.1": ROBOTS["qyapi.weixin.qq.com"]}
    long = Text("t", "熔" * 3000, Level.INFO)
    async with wire(raw(whole(b'{"errcode": 0}'))) as server:
        await Webhook(http, robots).send(server.url, long)
        content = received(server)["text"]["content"]
    # "t\n" is 2 bytes, each character 3: 2 + 666 * 3 = 2000
    assert content == "t\n" + "熔" * 666


@pytest.mark.parametrize("status", ["500 Oops", "404 Not Found", "302 Found"])
async def test_any_status_but_2xx_is_a_failure(
    http: HttpClient, tmp_path: Path, status: str
) -> None:
    async with wire(raw(whole(TOKEN.encode(), status, (f"Location: /{TOKEN}",)))) as server:
        channel, _ = channel_of(tmp_path, http, f"{server.url}/{TOKEN}")
        with pytest.raises(Undelivered) as caught:
            await channel.send(TEXT)
    assert str(caught.value) == f"the receiver answered with status {status[:3]}"
    assert len(server.asked) == 1


async def test_a_receiver_that_hangs_or_is_not_there_is_a_failure_without_the_url(
    http: HttpClient,
    tmp_path: Path,
) -> None:
    async with wire(hang) as server:
        urls = [f"{server.url}/{TOKEN}", f"http://127.0.0.1:{closed_port()}/{TOKEN}"]
        for url in urls:
            channel, _ = channel_of(tmp_path, http, url)
            with pytest.raises(Undelivered) as caught:
                await channel.send(TEXT)
            assert TOKEN not in str(caught.value) + repr(caught.value) + repr(channel)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read: No such file or directory"),
        ("", "is empty"),
        ("https://a.example\nhttps://b.example", "does not hold one URL"),
        (TOKEN, "does not hold one URL"),
        ("https://a.example/" + "x" * 5000, "does not hold one URL"),
    ],
)
async def test_a_file_without_a_usable_url_is_named_and_not_quoted(
    http: HttpClient, tmp_path: Path, content: str | None, said: str
) -> None:
    channel, _ = channel_of(tmp_path, http, content or "")
    if content is None:
        channel.url_file.unlink()
    with pytest.raises(Undelivered, match=said) as caught:
        await channel.send(TEXT)
    assert str(channel.url_file) in str(caught.value)
    assert TOKEN not in str(caught.value)


async def test_a_file_that_is_no_text_is_a_failure(http: HttpClient, tmp_path: Path) -> None:
    channel, _ = channel_of(tmp_path, http, "")
    channel.url_file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(Undelivered, match="is not text"):
        await channel.send(TEXT)


async def test_a_new_url_is_used_from_the_next_message_on(http: HttpClient, tmp_path: Path) -> None:
    async with wire(raw(whole(b""))) as server:
        channel, _ = channel_of(tmp_path, http, f"{server.url}/old")
        await channel.send(TEXT)
        channel.url_file.write_text(f"{server.url}/new")
        await channel.send(TEXT)
    assert [asked.path for asked in server.asked] == ["/old", "/new"]


async def test_secrets_of_others_do_not_leave_in_a_message(
    http: HttpClient, tmp_path: Path
) -> None:
    async with wire(raw(whole(b""))) as server:
        channel, secrets = channel_of(tmp_path, http, server.url)
        secrets.add("platform-token-1")
        await channel.send(Text("t", "error: platform-token-1 expired", Level.INFO))
        assert received(server)["message"] == "error: [secret] expired"


@pytest.mark.parametrize(
    ("url", "hidden"),
    [
        (f"https://oapi.dingtalk.com/robot/send?access_token={TOKEN}", {TOKEN}),
        ("https://hooks.slack.com/services/T12345678/B98765432/abc", {"T12345678", "B98765432"}),
        ("https://open.feishu.cn/open-apis/bot/v2/hook/ab12cd34-ef", {"ab12cd34-ef"}),
        ("mailto://user:letters@smtp.example.com", {"letters"}),
        ("dingtalk://a1b2c3d4e5f6a7b8", {"a1b2c3d4e5f6a7b8"}),
        ("https://a.example/x?pass=letters&format=markdown", {"letters"}),
        ("http://[nonsense", set()),
    ],
)
def test_what_is_secret_in_a_url_is_hidden_and_its_plain_words_are_not(
    url: str, hidden: set[str]
) -> None:
    assert set(secrets_of(url)) == {url, *hidden}


# Through apprise.


@pytest.fixture
def library() -> Iterator[types.ModuleType]:
    """A library of that name which takes every URL but `nosuch://`, fails for `bad://`."""
    module = types.ModuleType("apprise")
    sent: list[tuple[str, dict[str, str]]] = []

    class Apprise:
        url = ""

        def add(self, url: str) -> bool:
            self.url = url
            return not url.startswith("nosuch")

        def notify(self, **what: str) -> bool:
            if self.url.startswith("worse"):
                raise ZeroDivisionError(self.url)
            sent.append((self.url, what))
            return not self.url.startswith("bad")

    module.Apprise = Apprise  # type: ignore[attr-defined]
    module.sent = sent  # type: ignore[attr-defined]
    before = sys.modules.get("apprise")
    sys.modules["apprise"] = module
    yield module
    del sys.modules["apprise"]
    if before is not None:
        sys.modules["apprise"] = before


async def test_other_urls_go_through_apprise(
    http: HttpClient, tmp_path: Path, library: types.ModuleType
) -> None:
    channel, _ = channel_of(tmp_path, http, "mailto://ann:pw@example.com")
    await channel.send(TEXT)
    assert library.sent == [
        (
            "mailto://ann:pw@example.com",
            {"title": "title", "body": "body", "notify_type": "failure", "body_format": "text"},
        )
    ]
    assert logging.getLogger("apprise").level > logging.CRITICAL


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize(
    ("scheme", "said"),
    [
        ("nosuch", "apprise does not know this kind of URL, or it is incomplete"),
        ("bad", "apprise could not deliver it"),
        ("worse", "failed with ZeroDivisionError"),
    ],
)
async def test_what_apprise_does_not_do_is_a_failure_without_the_url(
    http: HttpClient, tmp_path: Path, scheme: str, said: str
) -> None:
    channel, _ = channel_of(tmp_path, http, f"{scheme}://{TOKEN}")
    with pytest.raises(Undelivered) as caught:
        await channel.send(TEXT)
    assert str(caught.value) == said


async def test_without_apprise_the_command_that_installs_it_is_told(
    http: HttpClient, tmp_path: Path
) -> None:
    before = sys.modules.get("apprise")
    sys.modules["apprise"] = None  # type: ignore[assignment]  # Python's way to say: not there
    try:
        channel, _ = channel_of(tmp_path, http, "mailto://ann:pw@example.com")
        with pytest.raises(Undelivered) as caught:
            await channel.send(TEXT)
    finally:
        del sys.modules["apprise"]
        if before is not None:
            sys.modules["apprise"] = before
    assert str(caught.value) == INSTALL


async def test_the_next_call_can_start_as_soon_as_the_one_before_is_known_to_have_ended() -> None:
    thread = OneThread[int]("test", timedelta(seconds=10))
    assert [await thread.run(lambda: 1) for _ in range(300)] == [1] * 300


async def test_a_call_that_hangs_is_left_behind_and_no_second_one_is_started() -> None:
    thread = OneThread[None]("test", timedelta(seconds=0.02))
    go_on = threading.Event()
    with pytest.raises(Undelivered, match="not done after"):
        await thread.run(lambda: _until(go_on))
    with pytest.raises(Undelivered, match="has not ended yet"):
        await thread.run(lambda: None)
    go_on.set()
    while any(one.name == "test" for one in threading.enumerate()):
        await asyncio.sleep(0)
    await thread.run(lambda: None)


def _until(event: threading.Event) -> None:
    event.wait()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_test_message_is_no_alarm(language: str) -> None:
    assert trial(language).level is Level.INFO


async def test_channels_are_called_after_their_place_in_the_config(
    http: HttpClient, tmp_path: Path
) -> None:
    around = Surroundings(http, lambda _: None, lambda text: text)
    wanted = [Notify(url_file=tmp_path / "a"), Notify(url_file=tmp_path / "b", language="zh")]
    built = channels(wanted, around)
    assert [(one.label, one.language) for one in built] == [
        ("notify[0]", "en"),
        ("notify[1]", "zh"),
    ]


async def test_an_event_reaches_a_real_receiver_when_the_daemon_ends_at_once(
    http: HttpClient, tmp_path: Path
) -> None:
    file = tmp_path / "url"
    told: list[Event] = []
    async with wire(raw(whole(b"ok"))) as server:
        file.write_text(f"{server.url}/{TOKEN}")
        around = Surroundings(http, lambda _: None, lambda text: text)
        report = Report(told.append, lambda _: None, lambda _, __: None)
        sink = notifications([Notify(url_file=file)], around, FakeClock(T0), report, Roster)
        sink.start()
        sink.emit(blocked())
        await sink.close()
        assert "Next step: recharge the account" in received(server)["message"]
    assert told == []


async def test_an_address_that_is_no_url_is_a_failure(http: HttpClient, tmp_path: Path) -> None:
    channel, _ = channel_of(tmp_path, http, "http://[nonsense")
    with pytest.raises(Undelivered, match="the URL is not valid"):
        await channel.send(TEXT)
