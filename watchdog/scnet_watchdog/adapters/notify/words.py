"""What every language needs: lengths, moments and the command that keeps an instance stopped."""

import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo

from ...core.event import Event, EventKind, Level
from .message import Healed, Line

LONGEST_TEXT = 300
"""Characters of a text of others (an error, a reason) that are told."""
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]+")


@dataclass(frozen=True, slots=True)
class Facts:
    """An event as a sentence needs it: every field as short, harmless text, or empty.

    Args:
        zone: moments are told in its time, with offset; None = this machine's.
        units: names of day, hour, minute and second.
    """

    event: Event
    zone: tzinfo | None
    units: tuple[str, str, str, str]

    @property
    def who(self) -> str:
        """The instance's name, else its id."""
        return clean(self.event.name or self.event.instance or "")

    @property
    def center(self) -> str:
        """The center's name."""
        return clean(self.event.center or "")

    def text(self, key: str) -> str:
        """A field, lists joined."""
        value = self.event.fields.get(key)
        if isinstance(value, datetime):
            return moment(value, self.event.at, self.zone)
        if isinstance(value, (list, tuple, set, frozenset)):
            return clean(", ".join(map(str, value)))
        return "" if value is None else clean(str(value))

    def span(self, key: str) -> str:
        """A field that holds seconds, in words."""
        return span(self.event.fields.get(key), self.units)

    def when(self, before: str, key: str, after: str = "") -> str:
        """A field within other words; nothing at all where there is no such field."""
        text = self.text(key)
        return f"{before}{text}{after}" if text else ""


Sentence = Callable[[Facts], str]


@dataclass(frozen=True, slots=True)
class Language:
    """All words of one language.

    Args:
        sentences: one per event that is told.
        decided: for `decision.changed`, by its reason.
        titles: by level, of one line.
        ended: the title where everything in a message is over.
        titled: a message's title, from the word for its level and its first line.
        still: what is put before a line that is told again.
        since: what follows it, from the moment it began.
        keep: introduces the command that keeps an instance stopped.
        more: how many lines were left out.
        digest: the digest's title, from the number of instances.
        healed: one line of the digest.
        test: title and body of a test message.
    """

    units: tuple[str, str, str, str]
    sentences: Mapping[EventKind, Sentence]
    decided: Mapping[str, Sentence]
    titles: Mapping[Level, str]
    ended: str
    titled: Callable[[str, str, int], str]
    still: str
    since: Callable[[str], str]
    keep: Callable[[str], str]
    more: Callable[[int], str]
    digest: Callable[[int], str]
    healed: Callable[[Healed, str, str], str]
    test: tuple[str, str]

    def sentence(self, line: Line, zone: tzinfo | None) -> str:
        """What happened, without what surrounds it."""
        facts = Facts(line.event, zone, self.units)
        if line.event.kind is EventKind.DECISION_CHANGED:
            return self.decided[str(line.event.fields.get("reason"))](facts)
        return self.sentences[line.event.kind](facts)


def keep_stopped(name: str) -> str:
    """The command after which an instance stays stopped until a person starts it."""
    return f"scnet-watchdog hold {shlex.quote(clean(name))} --until-running"


def span(seconds: object, units: tuple[str, str, str, str]) -> str:
    """A length in at most two units: 3 h 5 min."""
    if not isinstance(seconds, (int, float)):
        return "?"
    minutes, second = divmod(max(0, round(seconds)), 60)
    hours, minute = divmod(minutes, 60)
    day, hour = divmod(hours, 24)
    parts = [
        f"{number} {unit}"
        for number, unit in zip((day, hour, minute, second), units, strict=True)
        if number
    ]
    return " ".join(parts[:2]) or f"0 {units[-1]}"


def moment(value: datetime, told_at: datetime, zone: tzinfo | None) -> str:
    """Local time with offset; the date where it is another than that of `told_at`."""
    here = value.astimezone(zone)
    day = "" if here.date() == told_at.astimezone(zone).date() else f"{here:%Y-%m-%d} "
    return f"{day}{here:%H:%M:%S%z}"


def clean(text: str) -> str:
    """Text of others on one line: no control or direction characters, and not without end."""
    plain = _UNPRINTABLE.sub(" ", text).strip()
    return plain if len(plain) <= LONGEST_TEXT else plain[: LONGEST_TEXT - 1] + "…"
