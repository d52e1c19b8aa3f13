"""What one channel is told, and when: events and moments in, messages out.

Pure: no clock, no network, no words. Loud troubles are told when they begin, every four hours while
they last, and when they end. A restart that helped at the first go is told in the daily digest.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from itertools import chain

from ...core.decision import Reason
from ...core.event import Event, EventKind, Level
from .digest import Diary, Helped
from .groups import Groups
from .message import RANK, Line, Message, Phase
from .troubles import (
    OF_INSTANCE,
    OF_ONE_LIFE,
    TOLD_ONCE,
    Key,
    Topic,
    Watched,
    begins,
    ends,
    laid_aside,
    seen_running,
)

REPEAT = timedelta(hours=4)
"""A trouble that lasts is told again so often; as Alertmanager's `repeat_interval`."""

_NOTED = frozenset(
    {
        EventKind.STATE_CREATED,
        EventKind.STATUS_UNRECOGNISED,
        EventKind.FLEET_FIRST_LOOK,
    }
)
"""Told once, each for itself, at the level the event has."""

_CALM = frozenset(
    {
        EventKind.DAEMON_STARTED,
        EventKind.DAEMON_STOPPED,
        EventKind.CONFIG_RELOADED,
        EventKind.RESTART_RECOVERED,
        EventKind.HOLD_PLACED,
        EventKind.HOLD_ENDED,
        EventKind.OPERATOR_COMMAND,
    }
)
"""What a channel of level info is told besides."""


@dataclass(slots=True)
class _Trouble:
    """One that lasts: the newest event of it, and when it was told."""

    event: Event
    level: Level
    since: datetime
    told_at: datetime


class Policy:
    """Decides for one channel.

    Args:
        level: quieter facts are left out.
        center: only facts of this center; None = all, those of the daemon itself included.
        zone: whose morning brings the digest; None = this machine's.
    """

    def __init__(
        self,
        level: Level = Level.WARNING,
        center: str | None = None,
        zone: tzinfo | None = None,
    ) -> None:
        self._level = level
        self._center = center
        self._troubles: dict[Key, _Trouble] = {}
        self._have_run: set[str] = set()
        self._helped = Helped()
        self._groups = Groups()
        self._diary = Diary(zone)

    def take(self, event: Event) -> None:
        """Hear one event."""
        if not self._concerns(event):
            return
        self._lay_aside(event)
        for key in ends(event):
            self._end(key, event)
        for line in (self._begun(event), self._healed(event)):
            if line is not None:
                self._add(line, event.at)
        if event.kind in _NOTED or (event.kind in _CALM and self._level is Level.INFO):
            self._add(Line(event, event.loudness), event.at)

    def remember(self, events: Iterable[Event], now: datetime) -> None:
        """Hear events of before the start, oldest first: what lasts still is repeated, and ends.

        Nothing of it is told now: the daemon that heard them has told it.
        """
        for event in filter(self._concerns, events):
            self._lay_aside(event)
            for key in ends(event):
                self._troubles.pop(key, None)
            self._diary.take(event.at)
            self._begun(event)
            self._healed(event)
        self._diary.take(now)
        for key in [key for key in self._troubles if key[0] in OF_ONE_LIFE]:
            del self._troubles[key]
        for trouble in self._troubles.values():
            # Told when it began, and every four hours since.
            trouble.told_at += max(0, (now - trouble.told_at) // REPEAT) * REPEAT

    def keep(self, watched: Watched) -> None:
        """Forget whoever the config does not name: no event will ever tell their end."""
        for key in [key for key in self._troubles if not watched.has(key)]:
            del self._troubles[key]
        self._have_run = {id_ for id_ in self._have_run if id_ in watched.instances}

    @property
    def due_at(self) -> datetime | None:
        """When something is to be told next, whatever comes in; None = never."""
        repeats = (one.told_at + REPEAT for key, one in self._troubles.items() if _repeats(key))
        moments = chain(repeats, (self._groups.due_at, self._diary.due_at))
        return min((moment for moment in moments if moment is not None), default=None)

    def due(self, now: datetime, at_once: bool = False) -> list[Message]:
        """Messages that are due by now; each is returned once.

        Args:
            at_once: news that still wait for others too, for a daemon that ends.
        """
        for key, trouble in self._troubles.items():
            if _repeats(key) and trouble.told_at + REPEAT <= now:
                trouble.told_at = now
                line = Line(trouble.event, trouble.level, Phase.STILL, trouble.since)
                self._groups.add(line, now)
        return [*self._groups.take(now, at_once), *self._diary.take(now)]

    # Troubles.

    def _concerns(self, event: Event) -> bool:
        return self._center is None or event.center == self._center

    def _begun(self, event: Event) -> Line | None:
        """Take up the trouble that an event begins or renews; return what is news of it."""
        if seen_running(event):
            self._have_run.add(str(event.instance))
        begun = begins(event, str(event.instance) in self._have_run)
        if begun is None or not self._is_loud(begun[1]):
            return None
        key, level = begun
        if key[0] is Topic.NOT_RESTARTABLE:
            self._have_run.discard(key[1])
        known = self._troubles.get(key)
        if known is not None and RANK[level] <= RANK[known.level]:
            known.event = event
            return None
        since = known.since if known is not None else event.at
        self._troubles[key] = _Trouble(event, level, since, event.at)
        return Line(event, level, Phase.BEGAN, since)

    def _end(self, key: Key, event: Event) -> None:
        trouble = self._troubles.pop(key, None)
        if trouble is None or key[0] in TOLD_ONCE:
            return
        line = Line(event, trouble.level, Phase.ENDED, trouble.since, trouble.event)
        self._add(line, event.at)

    def _lay_aside(self, event: Event) -> None:
        for id_ in laid_aside(event):
            for topic in OF_INSTANCE:
                self._troubles.pop((topic, id_), None)

    # Restarts that helped.

    def _healed(self, event: Event) -> Line | None:
        """The first of a day goes to the digest; one more within a day is told."""
        if event.kind is not EventKind.RESTART_RECOVERED:
            return None
        id_ = str(event.instance)
        if self._level is Level.INFO or event.fields.get("reason") == Reason.OPERATOR:
            # Told already, or asked for.
            return None
        if (Topic.RESTARTS, id_) in self._troubles:
            # Its end is told once it is stable.
            return None
        if self._helped.again(id_, event.at):
            return Line(event, Level.WARNING)
        if self._is_loud(Level.WARNING):
            took = event.fields.get("took_s")
            took_s = float(took) if isinstance(took, (int, float)) else None
            self._diary.note(id_, event.name or id_, event.at, took_s)
        return None

    def _add(self, line: Line, now: datetime) -> None:
        if self._is_loud(line.level):
            self._groups.add(line, now)

    def _is_loud(self, level: Level) -> bool:
        return RANK[level] >= RANK[self._level]


def _repeats(key: Key) -> bool:
    return key[0] not in TOLD_ONCE
