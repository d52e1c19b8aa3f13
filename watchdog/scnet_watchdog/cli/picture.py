"""The fleet as `status` shows it: from the running daemon, else as the state remembers it."""

import asyncio
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from .client import API, Client
from .common import ExitCode, state_errors
from .reach import ask

if TYPE_CHECKING:
    from .where import Where

NO_DAEMON = "no daemon holds the state: this is what it remembers, not what is now"
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Choice:
    """Which instances are shown; None = whatever it is."""

    down: bool = False
    reason: str | None = None
    group: str | None = None
    center: str | None = None

    def takes(self, row: Row) -> bool:
        """Whether an instance is among them."""
        from ..core.model import DOWN

        if self.down and row["status"] not in DOWN:
            return False
        wanted = {"reason": self.reason, "group": self.group, "center": self.center}
        return all(value is None or row.get(key) == value for key, value in wanted.items())


def live(client: Client) -> dict[str, Any]:
    """What the running daemon shows."""
    answer: dict[str, Any] = ask(client, f"{API}/instances")
    return answer | {"daemon": {"running": True, **answer["daemon"]}}


def remembered(where: "Where", now: datetime) -> dict[str, Any]:
    """The same from a state that nobody holds."""
    from ..adapters.stores.history import SqliteHistory
    from ..core.throttle import throttle_ends
    from ..settings.to_policy import roster
    from . import offline

    members = roster(where.config().settings)
    with state_errors(locked=ExitCode.UNREACHABLE):
        memory = asyncio.run(SqliteHistory(where.state).snapshot())
    fleet, rows = offline.remembered(memory, members, now)
    centers = [
        {
            "name": name,
            "block": {"cause": state.block.cause, "since": state.block.since}
            if state.block
            else None,
            "throttled_until": throttle_ends(state.throttle) if state.throttle else None,
            "breaker": state.breaker.state,
            "storm": {"since": state.storm.since} if state.storm else None,
        }
        for name, state in fleet.centers.items()
        if name in members.centers
    ]
    instances = [asdict(row) for row in rows]
    daemon = {"running": False, "note": NO_DAEMON}
    plain: dict[str, Any] = _plain({"instances": instances, "centers": centers, "daemon": daemon})
    return plain


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return str(value) if isinstance(value, str) else value
