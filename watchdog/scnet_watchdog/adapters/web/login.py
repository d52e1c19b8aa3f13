"""Where a browser begins and ends its session."""

from collections.abc import Callable
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from .answers import Mask, answer
from .session import Sessions

PATH = "/api/v1/session"

HOW = "the token that begins a session is sent as Authorization: Bearer"


def session_routes(now: Callable[[], datetime], mask: Mask) -> list[Route]:
    """`POST` begins a session, `DELETE` ends it.

    The guard stands before both: on an address the token that is brought is the right one; on the
    control socket, where no token is asked for, a session opens nothing.
    """
    sessions = Sessions(now)

    async def begin(request: Request) -> Response:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            return answer({"error": HOW}, mask, 400)
        secure = request.headers.get("origin", "").startswith("https:")
        cookie = sessions.begin(token.strip().encode("utf-8", "replace"), secure)
        return _with(cookie, answer({"done": "a session began"}, mask))

    async def end(request: Request) -> Response:
        return _with(sessions.end(), answer({"done": "the session ended"}, mask))

    return [Route(PATH, begin, methods=["POST"]), Route(PATH, end, methods=["DELETE"])]


def _with(cookie: str, response: Response) -> Response:
    response.headers["set-cookie"] = cookie
    return response
