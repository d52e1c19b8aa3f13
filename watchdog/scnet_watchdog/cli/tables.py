"""Tables that fit a terminal: moments as local time with offset, colours only on a terminal."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.table import Table
from rich.text import Text

STATUS_STYLE = {
    "running": "green",
    "waiting": "yellow",
    "deploying": "yellow",
    "stopped": "red",
    "failed": "red",
    "completed": "magenta",
    "missing": "red",
    "unknown": "dim",
}
"""How a status is coloured, in every table."""


def local(moment: datetime | None, now: datetime) -> str:
    """A moment as people read it: time of day with offset; the date where it is not today."""
    if moment is None:
        return "–"
    here = moment.astimezone()
    offset = f"{here:%z}"[:3]
    if here.date() == now.astimezone().date():
        return f"{here:%H:%M:%S}{offset}"
    return f"{here:%m-%d %H:%M}{offset}"


def here(moment: object, now: datetime) -> str:
    """A moment of a daemon's answer as people read it."""
    return local(datetime.fromisoformat(moment), now) if isinstance(moment, str) else "–"


_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)")


def moments_here(text: str, now: datetime) -> str:
    """A text with every moment in it as people read it."""
    return _MOMENT.sub(lambda found: here(found[0], now), text)


def span(length: timedelta) -> str:
    """A length as people say it: 42s, 5m 10s, 3h 5m, 2d 4h."""
    seconds = max(0, round(length.total_seconds()))
    days, rest = divmod(seconds, 86400)
    hours, rest = divmod(rest, 3600)
    minutes, seconds = divmod(rest, 60)
    parts = [(days, "d"), (hours, "h"), (minutes, "m"), (seconds, "s")]
    shown = [f"{number}{unit}" for number, unit in parts if number]
    return " ".join(shown[:2]) or "0s"


def status_text(status: str) -> Text:
    """A status in its colour."""
    return Text(status, style=STATUS_STYLE.get(status, ""))


def plain_table(*columns: str) -> Table:
    """A table without a frame whose cells shrink rather than wrap."""
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 1))
    for column in columns:
        table.add_column(column, overflow="ellipsis", no_wrap=True)
    return table


def console() -> Console:
    """The console of standard output: 80 columns where it is no terminal."""
    found = Console(highlight=False)
    return found if found.is_terminal else Console(highlight=False, width=max(80, found.width))


def long_table(head: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> Iterator[str]:
    """Lines of a table without colours: a hundred times as fast, for thousands of rows.

    Args:
        width: cells of a line; the first column is cut where the whole is wider.
    """
    widths = [max(map(cell_len, column)) for column in zip(head, *rows, strict=True)]
    rest = sum(widths[1:]) + 2 * len(widths[1:])
    widths[0] = max(1, min(widths[0], width - rest))
    for row in (head, *rows):
        yield "  ".join(map(_fitted, row, widths)).rstrip()


def _fitted(text: str, width: int) -> str:
    if text.isascii() and len(text) <= width:
        return text.ljust(width)
    return set_cell_size(text, width) if cell_len(text) <= width else _cut(text, width)


def _cut(text: str, width: int) -> str:
    return set_cell_size(text, width - 1) + "…"
