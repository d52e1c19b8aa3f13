"""What systemd is told, over `$NOTIFY_SOCKET`: READY, RELOADING, STOPPING, STATUS, WATCHDOG.

Without that socket (no systemd, or another type of unit) nothing is sent. A message that cannot be
delivered never stops the daemon: systemd's own time-outs judge a silent service.
"""

import os
import socket
from collections.abc import Mapping
from datetime import timedelta


class Notifier:
    """One datagram per message."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        address = environ.get("NOTIFY_SOCKET", "")
        # A leading @ stands for the NUL of Linux's abstract sockets.
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._status = ""
        self.watchdog_period = _period(environ) if self._address else None
        """How often systemd is told that we live: half of `WatchdogSec`, as
        sd_watchdog_enabled(3) recommends; None = it does not want to know."""

    def ready(self) -> bool:
        """The state is ours and the config is in force; also ends a reload."""
        return self._send("READY=1")

    def reloading(self, monotonic_us: int) -> bool:
        """A reload begins.

        Args:
            monotonic_us: CLOCK_MONOTONIC in microseconds; systemd wants it in the same datagram.
        """
        return self._send(f"RELOADING=1\nMONOTONIC_USEC={monotonic_us}")

    def stopping(self) -> bool:
        """The daemon drains and will exit."""
        return self._send("STOPPING=1")

    def alive(self) -> bool:
        """Turns happen; silence for `WatchdogSec` makes systemd kill and restart us."""
        return self._send("WATCHDOG=1")

    def status(self, text: str) -> bool:
        """One line for `systemctl status`; sent only when it changed."""
        if text == self._status:
            return False
        self._status = text
        return self._send(f"STATUS={text}")

    def _send(self, message: str) -> bool:
        if not self._address:
            return False
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
            channel.setblocking(False)
            try:
                channel.sendto(message.encode(), self._address)
            except OSError:
                return False
        return True


def _period(environ: Mapping[str, str]) -> timedelta | None:
    """Half of `$WATCHDOG_USEC`, where it is meant for this very process."""
    meant = environ.get("WATCHDOG_PID") or str(os.getpid())
    microseconds = environ.get("WATCHDOG_USEC", "")
    # Longer numbers than a century are no time: systemd writes none.
    if meant != str(os.getpid()) or not microseconds.isdecimal() or len(microseconds) > 16:
        return None
    return timedelta(microseconds=int(microseconds) // 2) or None
