"""Recovery figures for people and for programs: a table, JSON, CSV."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from rich.text import Text

from ..core.presence import Standing
from ..core.recovery import Figures, Recovery, Tally, middle
from .tables import console, local, plain_table, span

HIGH = 0.95
"""The share beside the median: one outage in twenty takes longer."""

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
)
"""The columns of the CSV; JSON has the same names."""


def as_json(found: Recovery) -> dict[str, Any]:
    """The whole report as plain values."""
    return {
        "since": _utc(found.window.begins_at),
        "until": _utc(found.window.ends_at),
        "fleet": _plain(found.fleet),
        "instances": [_who(standing) | _plain(one) for standing, one in worst_first(found)],
    }


def as_csv(found: Recovery) -> Iterable[Sequence[object]]:
    """A head, then a line per instance; what has no value is empty."""
    yield COLUMNS
    for standing, one in worst_first(found):
        values = _who(standing) | _plain(one)
        yield [_harmless(values[name]) for name in COLUMNS]


def draw(found: Recovery) -> None:
    """Print the table: who was down most comes first, who always ran is only counted."""
    out = console()
    table = plain_table(
        "name", "running", "down", "outages", "healed", "calls", "relapses", "detect", "recover"
    )
    troubled = [(who, one) for who, one in worst_first(found) if one.down or one.outages]
    for who, one in troubled:
        table.add_row(Text(who.name), *_cells(one))
    table.add_row("all", *_cells(found.fleet), style="bold")
    out.print(table)
    now = found.window.ends_at
    out.print(_sentence(found, len(troubled)), markup=False)
    for title, tallies in (("outages by status", found.fleet.causes), _failures(found.fleet)):
        if tallies:
            out.print(f"{title}: {_shares(tallies)}", markup=False)
    out.print(f"since {local(found.window.begins_at, now)}; medians", style="dim", markup=False)


def worst_first(found: Recovery) -> list[tuple[Standing, Figures]]:
    """Who was down longest comes first, then by outages and name."""
    rows = found.instances.values()
    return sorted(rows, key=lambda row: (-row[1].down, -row[1].outages, row[0].name, row[0].id))


def _failures(one: Figures) -> tuple[str, Mapping[str, Tally]]:
    return "outages that met a failed restart", one.failures


def _shares(tallies: Mapping[str, Tally]) -> str:
    return ", ".join(
        f"{name} {tally.recovered} of {tally.outages} healed" for name, tally in tallies.items()
    )


def _sentence(found: Recovery, troubled: int) -> str:
    one = found.fleet
    calls = one.attempts_per_recovery
    spent = "" if calls is None else f"; calls per recovery that lasted: {calls:.1f}"
    steady = len(found.instances) - troubled
    return (
        f"outages: {one.outages}, healed by a restart: {one.healed}, still open: {one.open}{spent}"
        f"; never seen down: {steady} of {len(found.instances)} instances"
    )


def _cells(one: Figures) -> list[str]:
    return [
        percent(one.availability),
        span(one.down),
        str(one.outages),
        str(one.healed),
        str(one.attempts),
        str(one.relapses),
        _length(middle(one.detected)),
        _length(middle(one.recovered)),
    ]


def percent(share: float | None) -> str:
    """A share as people read it; never rounded up to a hundred."""
    if share is None:
        return "–"
    return "100 %" if share >= 1 else f"{int(share * 10_000) / 100:.2f} %"


def _length(length: timedelta | None) -> str:
    return "–" if length is None else span(length)


def _who(standing: Standing) -> dict[str, Any]:
    return {"id": standing.id, "name": standing.name, "center": standing.center}


def _plain(one: Figures) -> dict[str, Any]:
    return {
        "availability": None if one.availability is None else round(one.availability, 6),
        "running_s": round(one.running.total_seconds()),
        "down_s": round(one.down.total_seconds()),
        "outages": one.outages,
        "open": one.open,
        "healed": one.healed,
        "attempts": one.attempts,
        "recoveries": one.recoveries,
        "relapses": one.relapses,
        "attempts_per_recovery": None
        if one.attempts_per_recovery is None
        else round(one.attempts_per_recovery, 2),
        "detect_median_s": _seconds(middle(one.detected)),
        "detect_p95_s": _seconds(middle(one.detected, HIGH)),
        "recover_median_s": _seconds(middle(one.recovered)),
        "recover_p95_s": _seconds(middle(one.recovered, HIGH)),
        "causes": {name: _tally(tally) for name, tally in one.causes.items()},
        "failures": {name: _tally(tally) for name, tally in one.failures.items()},
    }


def _tally(tally: Tally) -> dict[str, Any]:
    return {"outages": tally.outages, "recovered": tally.recovered}


def _seconds(length: timedelta | None) -> float | None:
    return None if length is None else round(length.total_seconds(), 1)


def _utc(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def _harmless(value: object) -> object:
    """A name of the platform's is no formula to a spreadsheet."""
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return "'" + value
    return "" if value is None else value
