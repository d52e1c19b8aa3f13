"""The web page: plain files beside this module, sent as they are.

They hold no data and no secret: whoever is not let in sees the form that asks for the token.
"""

from collections.abc import Mapping
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

FOLDER = Path(__file__).with_name("page")

KINDS: Mapping[str, str] = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}
"""Content types; a file of any other kind is not sent."""

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "img-src 'self' data:",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
"""The page's Content-Security-Policy: nothing from another host, no script or style in the text."""

INDEX = "index.html"


def is_page(path: str) -> bool:
    """Whether a path is one of the page's files, open to everybody who may see the form."""
    return path == "/" or path.startswith("/page/")


def page_routes() -> list[Route]:
    """`/` and `/page/…`; the files are read once, here."""
    files = {file.name: file.read_bytes() for file in sorted(FOLDER.iterdir()) if _is_ours(file)}

    async def send(request: Request) -> Response:
        name = request.path_params.get("name", INDEX)
        if name not in files:
            raise HTTPException(404)
        headers = {
            "content-type": KINDS[Path(name).suffix],
            "content-security-policy": POLICY,
        }
        return Response(files[name], headers=headers)

    return [Route("/", send, methods=["GET"]), Route("/page/{name}", send, methods=["GET"])]


def _is_ours(file: Path) -> bool:
    return file.is_file() and file.suffix in KINDS
