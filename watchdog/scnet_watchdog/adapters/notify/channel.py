"""One channel: a file that holds its URL, and the way that kind of URL is reached.

The URL is a secret. It is read anew for every message, so that it can be replaced at any time, and
it stands in no log, error or repr.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from .apprised import Apprised
from .delivery import Http, Undelivered, Way
from .message import Message
from .render import Text, render
from .threads import OneThread
from .webhook import SCHEMES, Webhook

DEADLINE = timedelta(seconds=20)
"""How long reading the URL, or one attempt through apprise, is waited for."""
LONGEST_URL = 4096
_TELLING = re.compile(r"(?=.*\d).{8,}|.{16,}")
"""Parts of a URL that look like a secret rather than like a word."""
_SECRET_NAME = re.compile(r"key|token|pass|secret|sign|auth", re.IGNORECASE)
"""Names of parameters whose values are secrets, whatever they look like."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What channels are built on.

    Args:
        http: for plain web addresses; it keeps its own deadline.
        hide: told every value that must not be told.
        mask: takes such values out of a text.
        zone: moments are told in its time; None = this machine's.
    """

    http: Http
    hide: Callable[[str], None]
    mask: Callable[[str], str]
    zone: tzinfo | None = None


@dataclass(slots=True)
class Channel:
    """Where messages go.

    Args:
        label: how it is called in log and command: its place in the config.
        language: en or zh.
        apprised: the way of all URLs that are no plain web address.
    """

    label: str
    language: str
    url_file: Path
    around: Surroundings
    apprised: Way | None = None
    _reading: OneThread[str] = field(init=False, repr=False)
    _apprised: Way = field(init=False, repr=False)
    _webhook: Way = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._reading = OneThread(f"url of {self.label}", DEADLINE)
        self._apprised = self.apprised or Apprised(OneThread(f"apprise of {self.label}", DEADLINE))
        self._webhook = Webhook(self.around.http)

    async def tell(self, message: Message, now: datetime) -> None:
        """Put a message into words and deliver it.

        Raises:
            Undelivered
        """
        await self.send(render(message, now, self.language, self.around.zone))

    async def send(self, text: Text) -> None:
        """Deliver a text.

        Raises:
            Undelivered: the reason, without any secret.
        """
        url = await self._reading.run(lambda: read_url(self.url_file))
        for secret in secrets_of(url):
            self.around.hide(secret)
        plain = Text(self.around.mask(text.title), self.around.mask(text.body), text.level)
        scheme = url.split(":", 1)[0].lower()
        way = self._webhook if scheme in SCHEMES else self._apprised
        try:
            await way.send(url, plain)
        except Undelivered as error:
            raise Undelivered(self.around.mask(str(error))) from None


def read_url(path: Path) -> str:
    """The URL in a file: its one line.

    Raises:
        Undelivered
    """
    try:
        with path.open(encoding="utf-8") as file:
            text = file.read(LONGEST_URL + 1).strip()
    except OSError as error:
        raise Undelivered(f"{path} cannot be read: {error.strerror}") from None
    except ValueError:
        raise Undelivered(f"{path} is not text") from None
    if not text:
        raise Undelivered(f"{path} is empty")
    if len(text) > LONGEST_URL or len(text.split()) > 1 or "://" not in text:
        raise Undelivered(f"{path} does not hold one URL")
    return text


def secrets_of(url: str) -> tuple[str, ...]:
    """A URL, and the parts of it that would give it away in an error of somebody else's."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return (url,)
    paths = [unquote(part) for part in parts.path.split("/") if _TELLING.fullmatch(part)]
    # What stands before @ is name and password; some of apprise's URLs have a token as host.
    login, _, host = parts.netloc.rpartition("@")
    names = [unquote(part) for part in login.split(":") if part]
    hosts = [host] if "." not in host and _TELLING.fullmatch(host) else []
    queries = [
        value
        for name, value in parse_qsl(parts.query)
        if _SECRET_NAME.search(name) or _TELLING.fullmatch(value)
    ]
    return (url, *paths, *names[-1:], *hosts, *queries)
