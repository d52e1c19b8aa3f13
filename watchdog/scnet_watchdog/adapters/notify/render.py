"""A message in words: a title that says it all in one line, and a body of few lines."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo

from ...core.event import EventKind, Level
from .chinese import CHINESE
from .english import ENGLISH
from .message import Digest, Line, Message, News, Phase
from .words import Language, keep_stopped, moment, span

LANGUAGES: Mapping[str, Language] = {"en": ENGLISH, "zh": CHINESE}

LINES_TOLD = 20
"""Lines of a body at most: chat robots cut messages at some thousand characters."""
LONGEST_TITLE = 150

RESTARTS = frozenset(
    {
        EventKind.RESTART_REFUSED,
        EventKind.RESTART_DID_NOT_HELP,
        EventKind.RESTART_RELAPSED,
        EventKind.RESTART_RECOVERED,
    }
)
"""Notices of a restart: they end with the command that keeps the instance stopped."""


@dataclass(frozen=True, slots=True)
class Text:
    """A message as it goes out."""

    title: str
    body: str
    level: Level


def render(message: Message, now: datetime, language: str, zone: tzinfo | None = None) -> Text:
    """Put a message into words.

    Args:
        now: when it is told; moments of another day are told with their date.
        language: en or zh.
        zone: moments are told in its time; None = this machine's.
    """
    words = LANGUAGES[language]
    if isinstance(message, Digest):
        return _digest(message, now, words, zone)
    return _news(message, now, words, zone)


def trial(language: str) -> Text:
    """What `notify --test` sends."""
    title, body = LANGUAGES[language].test
    return Text(title, body, Level.INFO)


def _news(news: News, now: datetime, words: Language, zone: tzinfo | None) -> Text:
    told = news.lines[:LINES_TOLD]
    left_out = news.more + len(news.lines) - len(told)
    body = [part for line in told for part in _lines(line, now, words, zone)]
    if left_out:
        body.append(words.more(left_out))
    over = all(line.phase is Phase.ENDED for line in news.lines)
    word = words.ended if over else words.titles[news.level]
    title = words.titled(word, words.sentence(told[0], zone), len(news.lines) + news.more - 1)
    return Text(_short(title), "\n".join(body), Level.INFO if over else news.level)


def _lines(line: Line, now: datetime, words: Language, zone: tzinfo | None) -> list[str]:
    at = moment(line.event.at, now, zone)
    before = words.still if line.phase is Phase.STILL else ""
    after = ""
    if line.phase in (Phase.STILL, Phase.ENDED) and line.since is not None:
        after = words.since(moment(line.since, now, zone))
    said = [f"{at} {before}{words.sentence(line, zone)}{after}"]
    if line.event.kind in RESTARTS and line.event.instance is not None:
        said.append(words.keep(keep_stopped(line.event.name or line.event.instance)))
    return said


def _digest(digest: Digest, now: datetime, words: Language, zone: tzinfo | None) -> Text:
    body = []
    for one in digest.healed[:LINES_TOLD]:
        at = moment(one.last_at, now, zone)
        body.append(words.healed(one, at, span(one.took_s, words.units)))
        body.append(words.keep(keep_stopped(one.name)))
    left_out = digest.more + max(0, len(digest.healed) - LINES_TOLD)
    if left_out:
        body.append(words.more(left_out))
    return Text(words.digest(len(digest.healed) + digest.more), "\n".join(body), digest.level)


def _short(title: str) -> str:
    return title if len(title) <= LONGEST_TITLE else title[: LONGEST_TITLE - 1] + "…"
