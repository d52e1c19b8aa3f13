"""Every other kind of URL goes through apprise, which is loaded with the first such message.

It costs 30 MB and half a second, and it blocks: it is imported and called in a thread.
"""

import logging
from importlib import import_module

from .delivery import Undelivered
from .render import Text
from .threads import OneThread
from .webhook import type_of

INSTALL = 'this kind of URL needs apprise: pip install "scnet-watchdog[notify]"'


class Apprised:
    """Fulfils `delivery.Way` for the URLs of apprise."""

    def __init__(self, thread: OneThread[None]) -> None:
        self._thread = thread

    async def send(self, url: str, text: Text) -> None:
        """Deliver one message.

        Raises:
            Undelivered
        """
        await self._thread.run(lambda: _notify(url, text))


def _notify(url: str, text: Text) -> None:
    try:
        apprise = import_module("apprise")
    except ImportError:
        raise Undelivered(INSTALL) from None
    # Its records quote URLs and answers; what went wrong is told by us.
    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
    one = apprise.Apprise()
    if not one.add(url):
        raise Undelivered("apprise does not know this kind of URL, or it is incomplete")
    if not one.notify(
        title=text.title, body=text.body, notify_type=type_of(text.level), body_format="text"
    ):
        raise Undelivered("apprise could not deliver it")
