"""From a request to an answer: the platform's endpoints, before any fault."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from .account import envelope
from .pages import Rows
from .platform import Platform, detail

SERVICE = "/ai/openapi/v2/instance-service"


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it came in."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes = b""


@dataclass(slots=True)
class Answer:
    """What goes back."""

    body: bytes
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    type: str = "application/json;charset=UTF-8"

    @property
    def code(self) -> str:
        """The envelope's code, or empty."""
        start = self.body.find(b'"code":"')
        return self.body[start + 8 :].split(b'"', 1)[0].decode() if start >= 0 else ""


@dataclass(frozen=True, slots=True)
class Route:
    """Which endpoint a request means, for which instance, and how it is answered."""

    endpoint: str
    instance: str | None
    answer: Callable[[], Answer]
    needs_token: bool = True


class Endpoints:
    """The endpoints of one platform.

    Args:
        gateway: how the center endpoint names the AI gateway.
    """

    def __init__(self, platform: Platform, gateway: str = "") -> None:
        self.platform = platform
        self.gateway = gateway
        self._rows = Rows.of(platform)

    def route(self, request: Request, now: float, wall: float) -> Route | None:
        """The route of a request, or None where there is no such path."""
        url = urlsplit(request.target)
        query = {key: values for key, values in parse_qs(url.query).items()}
        key = (request.method, url.path)
        account = self.platform.account
        if key == ("POST", "/api/user/v3/tokens"):
            return Route(
                "tokens", None, lambda: json_answer(account.login(request.headers, wall)), False
            )
        if key == ("POST", "/ac/openapi/v2/tokens/next"):
            return Route("renew", None, lambda: _ok(account.renewed(wall)))
        if key == ("GET", "/ac/openapi/v2/tokens/state"):
            return Route("state", None, lambda: _ok("token is valid"))
        if key == ("GET", "/ac/openapi/v2/center"):
            return Route("center", None, self._center)
        if not url.path.startswith(SERVICE):
            return None
        return self._service(request, url.path[len(SERVICE) :], query, now)

    def _service(
        self, request: Request, path: str, query: dict[str, list[str]], now: float
    ) -> Route | None:
        key = (request.method, path)
        if key in (("GET", "/task"), ("GET", "/task/list")):
            return Route("list", None, lambda: self._list(path, request.body, query, now))
        if key == ("POST", "/task/actions/restart"):
            id_ = query.get("instanceServiceId", [""])[0]
            return Route("restart", id_, lambda: self._restart(id_, now))
        if key == ("POST", "/task/actions/stop"):
            return Route("stop", None, lambda: self._stop(query.get("ids", []), now))
        if request.method == "GET" and path.endswith("/detail"):
            id_ = unquote(path[1 : -len("/detail")])
            return Route("detail", id_, lambda: self._detail(id_, now))
        return None

    def _center(self) -> Answer:
        return _ok(
            {
                "id": "1",
                "name": self.platform.account.cluster_name,
                "clusterUserInfo": {"userName": "alice_c", "homePath": "/public/home/alice"},
                "hpcUrls": [],
                "aiUrls": [{"enable": "true", "version": "2.4.3", "url": self.gateway}],
            }
        )

    def _list(self, path: str, body: bytes, query: dict[str, list[str]], now: float) -> Answer:
        manners = self.platform.manners
        asked = _body(body) if "body" in manners.variants and path == "/task" else {}
        if not asked and ("query" if path == "/task" else "list") in manners.variants:
            asked = {key: values[0] for key, values in query.items()}
        if not asked:
            if manners.wrong in ("404", "405", "400"):
                return Answer(b'{"status":404,"error":"Not Found"}', int(manners.wrong))
            return json_answer(envelope(manners.wrong, "param_incomplete"))
        return Answer(self._rows.page(asked, now))

    def _restart(self, id_: str, now: float) -> Answer:
        if not id_:
            return json_answer(envelope("10003", "param_incomplete"))
        code, data = self.platform.restart(id_, now)
        message = {"0": "success", "716868": "启动任务错误", "716020": "查询数据库错误"}
        return json_answer(envelope(code, message.get(code, "error"), data))

    def _stop(self, ids: list[str], now: float) -> Answer:
        codes = [self.platform.stop(id_, now) for id_ in ids]
        bad = [code for code in codes if code != "0"]
        return json_answer(envelope(bad[0] if bad else "0", "error" if bad else "success"))

    def _detail(self, id_: str, now: float) -> Answer:
        self.platform.advance(now)
        one = self.platform.instances.get(id_)
        if one is None:
            gone = self.platform.manners.gone
            return _ok(None) if gone == "null" else json_answer(envelope(gone, "任务不存在！"))
        body = envelope("0", "SUCCESS", detail(one, one.at(now)))
        return json_answer(body)


def _body(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body) if body else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def json_answer(value: dict[str, Any], status: int = 200) -> Answer:
    return Answer(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(), status)


def _ok(data: Any) -> Answer:
    return json_answer(envelope("0", "success", data))
