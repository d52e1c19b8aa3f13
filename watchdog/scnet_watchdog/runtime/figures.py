"""Recovery figures as plain values, named as in `docs/report.md`: for the command and the API."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from ..core.model import InstanceId
from ..core.presence import Standing
from ..core.recovery import Figures, Recovery, Tally, middle, total

HIGH = 0.95
"""The share beside the median: one outage in twenty takes longer."""


def narrowed(
    found: Recovery, members: Collection[InstanceId] | None, center: str | None
) -> Recovery:
    """The figures of some of the instances.

    Args:
        members: those alone; None = whoever it is.
        center: of this one alone; None = wherever it is.
    """
    chosen = {
        id_: (standing, one)
        for id_, (standing, one) in found.instances.items()
        if (members is None or id_ in members) and center in (None, standing.center)
    }
    return Recovery(found.window, total(one for _, one in chosen.values()), chosen)


def as_plain(found: Recovery, complete: bool, most: int | None = None) -> dict[str, Any]:
    """The whole report; who was down longest comes first.

    Args:
        complete: whether it reaches back as far as was asked.
        most: so many instances are listed; None = all.
    """
    rows = sorted(
        found.instances.values(),
        key=lambda row: (-row[1].down, -row[1].outages, row[0].name, row[0].id),
    )
    return {
        "since": _utc(found.window.begins_at),
        "until": _utc(found.window.ends_at),
        "complete": complete,
        "fleet": {"instances": len(rows), "steady": _steady(found), **_plain(found.fleet)},
        "instances": [_who(standing) | _plain(one) for standing, one in rows[:most]],
    }


def _steady(found: Recovery) -> int:
    """How many were never seen down."""
    return sum(not (one.down or one.outages) for _, one in found.instances.values())


def _who(standing: Standing) -> dict[str, Any]:
    return {"id": standing.id, "name": standing.name, "center": standing.center}


def _plain(one: Figures) -> dict[str, Any]:
    per_recovery = one.attempts_per_recovery
    return {
        "availability": None if one.availability is None else _share(one.availability),
        "running_s": round(one.running.total_seconds()),
        "down_s": round(one.down.total_seconds()),
        "outages": one.outages,
        "open": one.open,
        "healed": one.healed,
        "attempts": one.attempts,
        "recoveries": one.recoveries,
        "relapses": one.relapses,
        "attempts_per_recovery": None if per_recovery is None else round(per_recovery, 2),
        "detect_median_s": _seconds(middle(one.detected)),
        "detect_p95_s": _seconds(middle(one.detected, HIGH)),
        "recover_median_s": _seconds(middle(one.recovered)),
        "recover_p95_s": _seconds(middle(one.recovered, HIGH)),
        "recover_longest_s": _seconds(max(one.recovered, default=None)),
        "causes": {name: _tally(tally) for name, tally in one.causes.items()},
        "failures": {name: _tally(tally) for name, tally in one.failures.items()},
    }


def _share(share: float) -> float:
    """Rounded, but never up to all."""
    return share if share >= 1 else min(round(share, 6), 0.999999)


def _tally(tally: Tally) -> dict[str, Any]:
    return {"outages": tally.outages, "recovered": tally.recovered}


def _seconds(length: timedelta | None) -> float | None:
    return None if length is None else round(length.total_seconds(), 1)


def _utc(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
