"""Restarts that helped at the first go wake nobody: they are told together, once a day."""

from dataclasses import replace
from datetime import datetime, timedelta, tzinfo

from .message import Digest, Healed

HOUR_OF_DAY = 9
"""The local hour at which the digest is told: when people begin to work."""
DAY = timedelta(days=1)
KEPT = 1000
"""Instances that are named at most; further restarts are counted."""


class Helped:
    """Whose restart helped within the last day: a second one so soon is no single one."""

    def __init__(self) -> None:
        self._at: dict[str, datetime] = {}

    def again(self, id_: str, at: datetime) -> bool:
        """Note a restart that helped; return whether there was one within the day before."""
        before = self._at.pop(id_, None)
        self._at[id_] = at
        # The dict is in order of its moments: the oldest are forgotten from the front.
        while self._at[next(iter(self._at))] <= at - DAY:
            del self._at[next(iter(self._at))]
        return before is not None and before > at - DAY


class Diary:
    """Collects a day's restarts that helped.

    Args:
        zone: whose morning it is; None = this machine's.
    """

    def __init__(self, zone: tzinfo | None = None) -> None:
        self._zone = zone
        self._healed: dict[str, Healed] = {}
        self._more = 0
        self.due_at: datetime | None = None
        """When the digest is due; None = there is nothing to tell."""

    def note(self, id_: str, name: str, at: datetime, took_s: float | None) -> None:
        """Remember a restart that helped."""
        if self.due_at is None:
            self.due_at = next_morning(at, self._zone)
        known = self._healed.get(id_)
        if known is not None:
            self._healed[id_] = replace(known, count=known.count + 1, last_at=at, took_s=took_s)
        elif len(self._healed) < KEPT:
            self._healed[id_] = Healed(name, 1, at, took_s)
        else:
            self._more += 1

    def take(self, now: datetime) -> list[Digest]:
        """The digest, where it is due; the next one begins empty."""
        if self.due_at is None or now < self.due_at:
            return []
        healed, more = tuple(self._healed.values()), self._more
        self._healed, self._more, self.due_at = {}, 0, None
        return [Digest(healed, more)]


def next_morning(after: datetime, zone: tzinfo | None) -> datetime:
    """The next moment at which a local clock shows nine."""
    local = after.astimezone(zone)
    morning = local.replace(hour=HOUR_OF_DAY, minute=0, second=0, microsecond=0)
    if morning <= local:
        morning += DAY
    # The offset may change over night: nine by the clock is meant, not the same offset.
    return morning.replace(tzinfo=zone).astimezone(after.tzinfo)
