"""From a request to an answer: the platform's endpoints, before any fault."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from .account import PLATFORM, envelope
from .details import detail
from .pages import Rows
from .platform import Platform

SERVICE = "/ai/openapi/v2/instance-service"
NOBODY = "http://127.0.0.1:9"
"""A gateway that is named and that nobody listens on."""

MESSAGES = {
    "0": "success",
    "10003": "param_incomplete",
    "10004": "param_invalid",
    "10007": "用户已被冻结",
    "716020": "查询数据库错误",
    "716868": "启动任务错误",
    "816822": "任务不存在！",
}


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it came in; header names are in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes = b""


@dataclass(slots=True)
class Answer:
    """What goes back, and whether the platform did what was asked."""

    body: bytes
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    type: str = "application/json;charset=UTF-8"
    acted: bool = False

    @property
    def code(self) -> str:
        """The envelope's code, else the HTTP status."""
        start = self.body.find(b'"code":"', 0, 200)
        if start < 0:
            return f"http_{self.status}"
        return self.body[start + 8 : start + 40].split(b'"', 1)[0].decode("latin-1")


@dataclass(frozen=True, slots=True)
class Route:
    """Which endpoint a request means, for which instance, and how it is answered.

    Args:
        opens: whether a token is needed, and which: none, any, or the region's own.
    """

    endpoint: str
    instance: str | None
    answer: Callable[[], Answer]
    opens: str = "region"


class Endpoints:
    """The endpoints of one platform.

    Args:
        gateway: where it is reached, as the center endpoint names it.
    """

    def __init__(self, platform: Platform, gateway: str = "") -> None:
        self.platform = platform
        self.gateway = gateway
        self._rows = Rows(platform)

    def route(self, request: Request, now: float, wall: float) -> Route | None:
        """The route of a request, or None where there is no such path."""
        url = urlsplit(request.target)
        query = parse_qs(url.query)
        if url.path.startswith(SERVICE):
            return self._service(request, url.path[len(SERVICE) :], query, now)
        account, token = self.platform.account, request.headers.get("token")
        match (request.method, url.path):
            case ("POST", "/api/user/v3/tokens"):
                login = account.login
                return Route("tokens", None, lambda: reply(login(request.headers, wall)), "none")
            case ("POST", "/ac/openapi/v2/tokens/next"):
                as_list = self.platform.manners.renews == "list"
                return Route(
                    "renew", None, lambda: reply(account.renew(token, wall, as_list)), "none"
                )
            case ("GET", "/ac/openapi/v2/tokens/state"):
                return Route("state", None, lambda: _ok("token is valid"), "any")
            case ("GET", "/ac/openapi/v2/center"):
                return Route("center", None, lambda: self._center(token, wall), "any")
        return None

    def refusal(self, route: Route, token: str | None, wall: float) -> Answer | None:
        """Why a token does not open an endpoint, or None where it does."""
        if route.opens == "none":
            return None
        account = self.platform.account
        region = account.region_of(token, wall)
        if region is None or (route.opens == "region" and region != self._here):
            return self._denied()
        if account.status == "frozen" and route.opens == "region":
            return _code("10007")
        return None

    @property
    def _here(self) -> str:
        return self.platform.cluster_id or self.platform.account.cluster_id

    def _denied(self) -> Answer:
        manners = self.platform.manners
        if manners.denied_plain:
            return unframed(manners.denied_http, "Bad Request")
        return reply(envelope("10008", "auth_fail", "token is invalid"), manners.denied_http)

    def _service(
        self, request: Request, path: str, query: Mapping[str, list[str]], now: float
    ) -> Route | None:
        match (request.method, path):
            case ("GET", "/task" | "/task/list"):
                asked = self._asked(path, request.body, query)
                return Route("list", None, lambda: self._list(asked, now))
            case ("POST", "/task/actions/restart"):
                id_ = query.get("instanceServiceId", [""])[0]
                return Route("restart", id_, lambda: self._restart(id_, now))
            case ("POST", "/task/actions/stop"):
                ids = query.get("ids", [])
                return Route("stop", ",".join(ids), lambda: self._stop(ids, now))
            case ("GET", _) if path.endswith("/detail"):
                id_ = unquote(path[1 : -len("/detail")])
                return Route("detail", id_, lambda: self._detail(id_, now))
        return None

    def _center(self, token: str | None, wall: float) -> Answer:
        account = self.platform.account
        cluster_id = account.region_of(token, wall)
        if cluster_id is None or cluster_id == PLATFORM:
            return reply(envelope("10001", "internal_error"))
        region = account.regions[cluster_id]
        gateway = self.gateway if cluster_id == self._here else region.gateway
        return _ok(
            {
                "id": "1",
                "name": region.name,
                "description": "",
                "clusterUserInfo": {"userName": "alice_c", "homePath": "/public/home/alice"},
                "ingressUrls": [],
                "efileUrls": [],
                "eshellUrls": [],
                "hpcUrls": [],
                "aiUrls": self._gateways(gateway),
            }
        )

    def _gateways(self, gateway: str | None) -> list[dict[str, str]]:
        how = self.platform.manners.gateways
        if gateway is None or how == "none":
            return []
        urls = [(gateway + {"ai": "/ai", "slash": "/"}.get(how, ""), "true")]
        if how == "several":
            urls = [("http://127.0.0.1:1", "false"), (NOBODY, "true"), *urls]
        return [{"enable": on, "version": "2.4.3", "url": url} for url, on in urls]

    def _asked(self, path: str, body: bytes, query: Mapping[str, list[str]]) -> dict[str, Any]:
        """The list's parameters, by the ways that this platform understands; else nothing."""
        manners = self.platform.manners
        if body and manners.refuses_body:
            return {}
        if path == "/task" and body and "body" in manners.variants:
            return _body(body)
        if ("query" if path == "/task" else "list") in manners.variants:
            return {key: values[0] for key, values in query.items()}
        return {}

    def _list(self, asked: Mapping[str, Any], now: float) -> Answer:
        wrong = self.platform.manners.wrong
        if asked:
            return Answer(self._rows.page(asked, now), acted=True)
        if len(wrong) == 3:
            return unframed(int(wrong), "Not Found" if wrong == "404" else "Bad Request")
        return _code(wrong)

    def _restart(self, id_: str, now: float) -> Answer:
        if not id_:
            return _code("10003")
        answered = self.platform.restart(id_, now)
        answer = _code(answered.code, answered.data)
        answer.acted = answered.acted
        return answer

    def _stop(self, ids: list[str], now: float) -> Answer:
        if not ids:
            return _code("10003")
        codes = [self.platform.stop(id_, now) for id_ in ids]
        return _code(next((code for code in codes if code != "0"), "0"))

    def _detail(self, id_: str, now: float) -> Answer:
        self.platform.advance(now)
        one = self.platform.instances.get(id_)
        if one is None:
            gone = self.platform.manners.gone
            return _ok(None) if gone == "null" else _code(gone)
        # The success message is spelled in capitals here and nowhere else.
        return reply(envelope("0", "SUCCESS", detail(one, now, self.platform.epoch)))


def reply(value: dict[str, Any], status: int = 200) -> Answer:
    """A JSON answer; code 0 counts as done."""
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    return Answer(body, status, acted=value.get("code") == "0")


def unframed(status: int, error: str) -> Answer:
    """What a web framework says by itself: a body without `code`."""
    return reply({"timestamp": 0, "status": status, "error": error, "path": "/"}, status)


def _code(code: str, data: Any = None) -> Answer:
    return reply(envelope(code, MESSAGES.get(code, "error"), data))


def _ok(data: Any) -> Answer:
    return reply(envelope("0", "success", data))


def _body(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
