"""Recovery figures for people: a table, and CSV for their spreadsheets."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from rich.text import Text

from .tables import console, here, plain_table, span

Plain = Mapping[str, Any]
"""A report, or the figures of one instance or of all, as `report --json` prints them."""

COLUMNS = (
    "id",
    "name",
    "center",
    "availability",
    "running_s",
    "down_s",
    "outages",
    "open",
    "healed",
    "attempts",
    "recoveries",
    "relapses",
    "attempts_per_recovery",
    "detect_median_s",
    "detect_p95_s",
    "recover_median_s",
    "recover_p95_s",
    "recover_longest_s",
)
"""The columns of the CSV; JSON has the same names."""


def as_csv(found: Plain) -> Iterable[Sequence[object]]:
    """A head, then a line per instance; what has no value is empty."""
    yield COLUMNS
    for row in found["instances"]:
        yield [_harmless(row[name]) for name in COLUMNS]


def draw(found: Plain, now: datetime) -> None:
    """Print the table: who was down most comes first, who always ran is only counted."""
    out = console()
    table = plain_table(
        "name", "running", "down", "outages", "healed", "calls", "relapses", "detect", "recover"
    )
    fleet = found["fleet"]
    for row in found["instances"]:
        if row["down_s"] or row["outages"]:
            table.add_row(Text(row["name"]), *_cells(row))
    table.add_row("all", *_cells(fleet), style="bold")
    out.print(table)
    out.print(_sentence(fleet), markup=False)
    titles = {"causes": "outages by status", "failures": "outages that met a failed restart"}
    for key, title in titles.items():
        if fleet[key]:
            out.print(f"{title}: {_shares(fleet[key])}", markup=False)
    out.print(f"since {here(found['since'], now)}; medians", style="dim", markup=False)


def _shares(tallies: Mapping[str, Plain]) -> str:
    return ", ".join(
        f"{name} {tally['recovered']} of {tally['outages']} healed"
        for name, tally in tallies.items()
    )


def _sentence(fleet: Plain) -> str:
    calls = fleet["attempts_per_recovery"]
    spent = "" if calls is None else f"; calls per recovery that lasted: {calls:.1f}"
    return (
        f"outages: {fleet['outages']}, healed by a restart: {fleet['healed']}, still open: "
        f"{fleet['open']}{spent}; never seen down: {fleet['steady']} of "
        f"{fleet['instances']} instances"
    )


def _cells(one: Plain) -> list[str]:
    return [
        percent(one["availability"]),
        _length(one["down_s"]),
        str(one["outages"]),
        str(one["healed"]),
        str(one["attempts"]),
        str(one["relapses"]),
        _length(one["detect_median_s"]),
        _length(one["recover_median_s"]),
    ]


def percent(share: float | None) -> str:
    """A share as people read it; never rounded up to a hundred."""
    if share is None:
        return "–"
    return "100 %" if share >= 1 else f"{int(share * 10_000) / 100:.2f} %"


def _length(seconds: float | None) -> str:
    return "–" if seconds is None else span(timedelta(seconds=seconds))


def _harmless(value: object) -> object:
    """A name of the platform's is no formula to a spreadsheet."""
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return "'" + value
    return "" if value is None else value
