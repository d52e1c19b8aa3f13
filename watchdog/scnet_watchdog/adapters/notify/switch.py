"""The URL of the dead man's switch: asked, and nothing more."""

from pathlib import Path

from ...errors import WatchdogError
from .channel import DEADLINE, Surroundings, read_url, secrets_of
from .delivery import Undelivered
from .threads import OneThread


class SwitchUrl:
    """A URL in a file, read anew each time and as secret as a channel's."""

    def __init__(self, url_file: Path, around: Surroundings) -> None:
        self._file = url_file
        self._around = around
        self._reading: OneThread[str] = OneThread("url of heartbeat", DEADLINE)

    async def ask(self) -> None:
        """Ask once with GET.

        Raises:
            Undelivered: the reason, without any secret.
        """
        url = await self._reading.run(lambda: read_url(self._file))
        for secret in secrets_of(url):
            self._around.hide(secret)
        try:
            reply = await self._around.http.request("GET", url)
        except WatchdogError as error:
            raise Undelivered(self._around.mask(str(error))) from None
        if not 200 <= reply.status < 300:
            raise Undelivered(f"the receiver answered with status {reply.status}")
