"""Plain web addresses: JSON is posted there, in the form that the receiver understands.

`http(s)://` and `json(s)://` get the same fields as apprise's JSON notifications; the addresses of
the DingTalk, Feishu, WeCom and Slack robots get what those robots want.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from ...core.event import Level
from ...errors import WatchdogError
from .delivery import Http, Undelivered
from .render import Text

SCHEMES: Mapping[str, str] = {"http": "http", "https": "https", "json": "http", "jsons": "https"}
"""What our own webhook takes, and what is really asked."""

_TYPES: Mapping[Level, str] = {
    Level.DEBUG: "info",
    Level.INFO: "info",
    Level.WARNING: "warning",
    Level.ERROR: "failure",
}
"""apprise's words for how loud a message is."""


@dataclass(frozen=True, slots=True)
class _Robot:
    """A chat robot.

    Args:
        body: what it wants, from the message as one text.
        code: the field of its answer that is 0 when it took the message; None = the status says so.
        most: bytes of text it takes.
    """

    body: Callable[[str], dict[str, Any]]
    code: str | None
    most: int


def _lark(text: str) -> dict[str, Any]:
    return {"msg_type": "text", "content": {"text": text}}


def _typed(text: str) -> dict[str, Any]:
    return {"msgtype": "text", "text": {"content": text}}


ROBOTS: Mapping[str, _Robot] = {
    "oapi.dingtalk.com": _Robot(_typed, "errcode", 16_000),
    "qyapi.weixin.qq.com": _Robot(_typed, "errcode", 2_000),
    "open.feishu.cn": _Robot(_lark, "code", 16_000),
    "open.larksuite.com": _Robot(_lark, "code", 16_000),
    "hooks.slack.com": _Robot(lambda text: {"text": text}, None, 16_000),
}
"""By host; forms and limits as the services' own pages on custom robots give them."""


def document(text: Text) -> dict[str, Any]:
    """What any other receiver gets."""
    return {
        "version": "1.0",
        "title": text.title,
        "message": text.body,
        "type": _TYPES[text.level],
        "level": str(text.level),
    }


def type_of(level: Level) -> str:
    """The word that apprise has for a level."""
    return _TYPES[level]


class Webhook:
    """Fulfils `delivery.Way` for plain web addresses."""

    def __init__(self, http: Http, robots: Mapping[str, _Robot] = ROBOTS) -> None:
        self._http = http
        self._robots = robots

    async def send(self, url: str, text: Text) -> None:
        """Post one message; no redirect is followed.

        Raises:
            Undelivered
        """
        scheme, rest = url.split(":", 1)
        robot = self._robots.get(_host(url))
        whole = document(text) if robot is None else robot.body(_cut(text, robot.most))
        try:
            reply = await self._http.request(
                "POST",
                f"{SCHEMES[scheme.lower()]}:{rest}",
                headers={"Content-Type": "application/json; charset=utf-8"},
                body=json.dumps(whole, ensure_ascii=False).encode(),
            )
        except WatchdogError as error:
            raise Undelivered(str(error)) from None
        if not 200 <= reply.status < 300:
            raise Undelivered(f"the receiver answered with status {reply.status}")
        if robot is not None and robot.code is not None:
            _taken(reply.body, robot.code)


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        raise Undelivered("the URL is not valid") from None


def _cut(text: Text, most: int) -> str:
    """Title and body as one text of so many bytes at most, never within a character."""
    whole = f"{text.title}\n{text.body}".encode()
    return whole[:most].decode(errors="ignore")


def _taken(body: bytes, key: str) -> None:
    """Robots say no with status 200 and a code of their own."""
    try:
        answer = json.loads(body)
    except ValueError:
        raise Undelivered("the robot's answer is not JSON") from None
    code = answer.get(key) if isinstance(answer, dict) else None
    if code != 0:
        raise Undelivered(f"the robot refused the message ({key} {str(code)[:20]})")
