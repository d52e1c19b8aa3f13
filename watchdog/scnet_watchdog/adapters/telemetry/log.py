"""structlog: our events and the libraries' own logs through one pipeline, secrets masked."""

import io
import json
import logging
import os
import sys
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ...core.event import Event, Level
from .secrets import Secrets
from .sentences import as_logged, utc
from .target import Target, is_journal

if TYPE_CHECKING:
    import structlog
else:
    # With rich installed structlog takes its tracebacks along: a twentieth of the start, and they
    # would show local variables, which may hold a token. It does without where that import fails.
    _rich = sys.modules.get("rich")
    sys.modules["rich"] = None
    import structlog

    del sys.modules["rich"]
    if _rich is not None:
        sys.modules["rich"] = _rich

_ORDER = {Level.DEBUG: 10, Level.INFO: 20, Level.WARNING: 30, Level.ERROR: 40}
_PRIORITY = {"debug": 7, "info": 6, "warning": 4, "error": 3}
"""Levels as syslog numbers, for the prefix that journald reads."""
_SHOWN = {"\n": "\n    ", "\t": "    "}
"""Control characters that are shown by what they do; all others by their escape."""
QUIET_LIBRARIES = ("httpx", "httpcore", "httpx2", "httpcore2", "apscheduler", "asyncio")
"""Their INFO lines are one per request or run."""


@dataclass(frozen=True, slots=True)
class LogOptions:
    """How the log is written."""

    level: Level = Level.INFO
    format: Literal["auto", "console", "json"] = "auto"
    file: Path | None = None
    rotate: int = 50 * 2**20
    keep_files: int = 5


class Log:
    """Fulfils `ports.EventSink`: the pipeline for everything that is told as lines.

    Args:
        now: the wall clock, for lines that are not events.
    """

    def __init__(self, options: LogOptions, secrets: Secrets, now: Callable[[], datetime]) -> None:
        self._threshold = _ORDER[options.level]
        self._secrets = secrets
        self._now = now
        self._target = Target(options.file, options.rotate, options.keep_files)
        terminal = options.file is None and _is_terminal()
        console = options.format == "console" or (options.format == "auto" and terminal)
        journal = options.file is None and is_journal(sys.stdout, os.environ.get("JOURNAL_STREAM"))
        self._prefix = journal
        whole = _json if self._target.speaks_unicode else _ascii_json
        self._render = _console(colors=terminal) if console else whole
        self._console = console

    def emit(self, event: Event) -> None:
        """Tell an event as a line."""
        if _ORDER[event.loudness] >= self._threshold:
            self._write(as_logged(event))

    def line(self, level: Level, event: str, message: str, **fields: Any) -> None:
        """Tell something that is no event of the contract."""
        if _ORDER[level] < self._threshold:
            return
        head = {"timestamp": utc(self._now()), "level": str(level), "event": event}
        self._write({**head, "message": message, **fields})

    def take_libraries(self) -> None:
        """Let the libraries' own logs go through this pipeline."""
        root = logging.getLogger()
        root.handlers[:] = [_Bridge(self)]
        root.setLevel(logging.DEBUG if self._threshold <= _ORDER[Level.DEBUG] else logging.INFO)
        for name in QUIET_LIBRARIES:
            logging.getLogger(name).setLevel(logging.WARNING)
        logging.captureWarnings(True)
        structlog.configure(
            wrapper_class=structlog.make_filtering_bound_logger(self._threshold),
            processors=[self._from_structlog],
            logger_factory=structlog.PrintLoggerFactory(io.StringIO()),
            cache_logger_on_first_use=True,
        )

    def close(self) -> None:
        """Close the file."""
        self._target.close()

    def _from_structlog(self, _: Any, name: str, line: MutableMapping[str, Any]) -> str:
        """The end of structlog's chain: its lines join ours; what it prints goes nowhere."""
        event = str(line.pop("event", ""))
        level = Level.ERROR if name in ("exception", "critical", "error") else Level(name)
        self.line(level, event, event, **line)
        raise structlog.DropEvent

    def _write(self, line: dict[str, Any]) -> None:
        text = self._secrets.redact(self._render(line))
        if self._prefix:
            mark = f"<{_PRIORITY[line['level']]}>"
            # Only this ends a line for journald; JSON may hold other kinds of line ends.
            text = "\n".join(mark + part for part in text.split("\n"))
        self._target.write(text)


class _Bridge(logging.Handler):
    """Takes the libraries' records."""

    def __init__(self, log: Log) -> None:
        super().__init__()
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        """One record as one line."""
        level = Level.ERROR if record.levelno >= logging.ERROR else None
        level = level or (Level.WARNING if record.levelno >= logging.WARNING else None)
        level = level or (Level.INFO if record.levelno >= logging.INFO else Level.DEBUG)
        fields: dict[str, Any] = {"logger": record.name}
        if record.exc_info and record.exc_info[1] is not None:
            fields["exception"] = logging.Formatter().formatException(record.exc_info)
        self._log.line(level, "library.log", _said(record), **fields)


def _said(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError, LookupError, AttributeError):
        # A library's faulty line is no reason for its call to fail.
        return f"{record.msg} {record.args}"


def _is_terminal() -> bool:
    try:
        return sys.stdout.isatty()
    except (AttributeError, ValueError):
        return False


_json = json.JSONEncoder(ensure_ascii=False, default=str).encode
_ascii_json = json.JSONEncoder(default=str).encode
"""For a standard output of another encoding: every other character as its escape."""


def _harmless(text: str) -> str:
    """Text of others without control characters; what stands on further lines is indented."""
    if text.isprintable():
        return text
    shown = (char if char.isprintable() else _SHOWN.get(char, repr(char)[1:-1]) for char in text)
    return "".join(shown)


def _console(colors: bool) -> Callable[[dict[str, Any]], str]:
    """Readable lines: time of day, level, sentence, then the fields that say more."""
    renderer = structlog.dev.ConsoleRenderer(colors=colors, pad_event_to=0, sort_keys=False)
    known = ("message", "timestamp", "level", "event", "instance", "name", "center")

    def render(line: dict[str, Any]) -> str:
        moment = datetime.fromisoformat(line["timestamp"]).astimezone()
        shown = {
            "timestamp": f"{moment:%H:%M:%S}",
            "level": line["level"],
            "event": _harmless(line.get("message") or line["event"]),
            "kind": line["event"],
        }
        shown |= {
            key: _harmless(value) if isinstance(value, str) else value
            for key, value in line.items()
            if key not in known
        }
        return str(renderer(None, "", shown))

    return render
