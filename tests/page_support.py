"""A fleet made up for the page, served on loopback: what a browser is shown in tests."""

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from desk_support import excerpt
from scnet_watchdog.adapters.clock import SystemClock
from scnet_watchdog.adapters.telemetry.secrets import Secrets
from scnet_watchdog.adapters.telemetry.sentences import as_logged
from scnet_watchdog.adapters.web.api import Face, application
from scnet_watchdog.adapters.web.auth import BearerToken
from scnet_watchdog.adapters.web.guard import Access, Guard
from scnet_watchdog.adapters.web.rate import Rate
from scnet_watchdog.adapters.web.server import HttpServer
from scnet_watchdog.adapters.web.session import Sessions
from scnet_watchdog.adapters.web.stream import Streams
from scnet_watchdog.core.command import Wish
from scnet_watchdog.core.decision import Reason
from scnet_watchdog.core.event import Event, EventKind
from scnet_watchdog.core.model import InstanceId, Status
from scnet_watchdog.core.presence import Standing, Window
from scnet_watchdog.core.recovery import recovery
from scnet_watchdog.desk import Among, Answer, Declined, NobodyMeant
from scnet_watchdog.ports import Excerpt, Sought
from scnet_watchdog.runtime.feed import Feed
from scnet_watchdog.runtime.figures import as_plain, narrowed
from web_support import PLENTY

STORIES: Sequence[tuple[str, str, str]] = (
    ("failed", "restart", "failed"),
    ("stopped", "hold", "cooling_down"),
    ("stopped", "hold", "confirming"),
    ("failed", "hold", "breaker_open"),
    ("completed", "hold", "held"),
    ("deploying", "hold", "verifying"),
    ("waiting", "hold", "starting"),
    ("missing", "hold", "missing"),
    ("stopped", "hold", "budget_spent"),
)
"""Status, decision and reason of the first rows; all others run."""

NAMES = ("train-llama", "eval", "notebook", "sft-qwen", "render", "embed")
CENTERS = ("kunshan", "zhengzhou", "xian")


class PageDesk:
    """Fulfils `ports.Desk` with a fleet of any size; `refuses` is the reason of a refusal."""

    def __init__(self, count: int, now: datetime, centers: Sequence[str] = CENTERS) -> None:
        self.now = now
        self.rows = {row["id"]: row for row in (_row(n, now, centers) for n in range(count))}
        self.centers = [_center(n, name, now) for n, name in enumerate(centers)]
        self.journal: list[Event] = []
        self.wishes: list[Wish] = []
        self.refuses: str | None = None
        for number, row in enumerate(self.rows.values()):
            self.journal += _past(number, row, now)
        self.journal.sort(key=lambda one: one.at)

    def trouble(self, ready: bool = False) -> str | None:
        return None

    async def fleet(self) -> Answer:
        config = {"path": "watchdog.yaml", "changed_on_disk": False, "rejected": None}
        daemon = {"version": "1.2.3", "pid": 7, "since": self.now, "shadow": False}
        daemon |= {"draining": False, "writable": True, "config": config}
        return {"instances": list(self.rows.values()), "centers": self.centers, "daemon": daemon}

    async def instance(self, name: str) -> Answer:
        row = self._meant(name)
        return row | {"attempts": _attempts(row, self.now)}

    async def explain(self, name: str) -> Answer:
        row = self._meant(name)
        reason, seen = row["reason"], False
        checks = []
        for one in Reason:
            if one in ("operator", "canary", "trial", "stopped", "failed", "completed"):
                continue
            seen = one == reason
            detail = f"until {(self.now + timedelta(minutes=4)).isoformat()}" if seen else ""
            said_by = {"name": "cooldown.initial", "value": "2m", "from": "policy of group batch"}
            others = [
                {"name": "cooldown.multiplier", "value": 2, "from": "built-in"},
                {"name": "cooldown.max", "value": "1h", "from": "built-in"},
                {"name": "restart_on", "value": ["failed", "stopped"], "from": "policy"},
            ]
            settings = [said_by, *others] if seen else []
            checks.append(
                {"name": str(one), "passed": not seen, "detail": detail, "settings": settings}
            )
        said = f"{row['name']} is {row['status']}; {reason.replace('_', ' ')}"
        return {key: row[key] for key in ("id", "name", "decision", "reason", "next_at")} | {
            "sentence": said,
            "checks": checks,
        }

    async def events(self, sought: Sought) -> Excerpt:
        return excerpt(self.journal, sought)

    async def report(self, since: datetime, among: Among) -> Answer:
        standings = [
            Standing(
                InstanceId(id_), row["name"], row["center"], Status(row["status"]), row["since"]
            )
            for id_, row in self.rows.items()
        ]
        found = recovery(self.journal, standings, Window(since, datetime.now(UTC)))
        members = None if among.instance is None else {InstanceId(among.instance)}
        return as_plain(narrowed(found, members, among.center), True, among.worst)

    async def ask(self, wish: Wish) -> str:
        self.wishes.append(wish)
        if self.refuses is not None:
            raise Declined(f"{wish.name} is {self.refuses}", self.refuses)
        if wish.verb == "hold" and wish.name in self.rows:
            hold: dict[str, Any] = {"scope": "instance", "target": wish.name, "ends_at": None}
            hold |= {"until_running": wish.until_running, "author": wish.by, "reason": wish.reason}
            self.rows[wish.name] |= {"reason": "held", "decision": "hold", "hold": hold}
        return f"{wish.name or 'the fleet'}: {wish.verb} is done"

    async def reload(self, preview: bool = False) -> Answer:
        nothing: list[str] = []
        parts = ("added", "removed", "changed", "needs_restart")
        return {part: nothing for part in parts} | {"impact": "nothing changes"}

    def _meant(self, name: str) -> dict[str, Any]:
        if name not in self.rows:
            raise NobodyMeant(f"{name}: no such instance is watched")
        return self.rows[name]


def change(row: dict[str, Any], status: str, at: datetime) -> Event:
    """A change of status, made in the row too."""
    previous = row["status"]
    row |= {"status": status, "since": at}
    return _event(EventKind.INSTANCE_STATUS_CHANGED, at, row, previous=previous, status=status)


@asynccontextmanager
async def served(
    desk: PageDesk, token: Path | None = None, port: int = 0
) -> AsyncIterator[tuple[str, Feed]]:
    """The page's address, and the feed whose events it streams.

    Args:
        token: a file with the token that is asked for; None = as on a forwarded control socket.
        port: where a browser that was here before looks again; 0 = any.
    """
    feed, secrets = Feed(), Secrets()
    mask = secrets.redact
    clock = SystemClock()
    face = Face(desk, Streams(feed.listen, as_logged, mask), mask, as_logged, clock.now, "1.2.3")
    access = Access(Rate(PLENTY, clock.elapsed), local=token is None)
    if token is not None:
        bearer = await asyncio.to_thread(BearerToken, token, secrets.add, clock.elapsed)
        access = Access(Rate(PLENTY, clock.elapsed), token=bearer, sessions=Sessions(clock.now))
    listener = socket.create_server(("127.0.0.1", port))
    listener.setblocking(False)
    server = HttpServer(Guard(application(face, "page"), access, mask), listener)
    await server.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", feed
    finally:
        face.streams.close()
        await server.stop()


def _row(number: int, now: datetime, centers: Sequence[str]) -> dict[str, Any]:
    story = STORIES[number] if number < len(STORIES) else ("running", "hold", "healthy")
    status, decision, reason = story
    back = timedelta(minutes=7 + 13 * number) if status != "running" else timedelta(hours=number)
    waits = reason in ("cooling_down", "confirming", "breaker_open", "budget_spent", "verifying")
    return {
        "id": f"{number:08x}-5e1f-4c7a",
        "name": f"{NAMES[number % len(NAMES)]}-{number:02d}",
        "center": centers[number % len(centers)],
        "group": ("nlp", "vision", None)[number % 3],
        "status": status,
        "since": now - back,
        "decision": decision,
        "reason": reason,
        "next_at": now + timedelta(seconds=95 + 240 * number) if waits else None,
        "attempts_24h": (number * 3) % 4 if number < len(STORIES) else 0,
        "breaker": "open" if reason == "breaker_open" else "closed",
        "hold": None,
    }


def _center(number: int, name: str, now: datetime) -> dict[str, Any]:
    block = {"cause": "arrears", "since": now - timedelta(minutes=30), "code": "10007"}
    storm = {"since": now - timedelta(minutes=2), "instances": 3}
    return {
        "name": name,
        "block": block if number == 2 else None,
        "throttled_until": now + timedelta(minutes=3) if number == 1 else None,
        "breaker": "closed",
        "storm": storm if number == 1 else None,
        "in_flight": 1 if number == 0 else 0,
        "sources": [
            {"source": "scnet", "last_success": now - timedelta(seconds=12), "blind": False}
        ],
    }


def _event(kind: EventKind, at: datetime, row: dict[str, Any], **fields: Any) -> Event:
    return Event(kind, at, InstanceId(row["id"]), row["name"], row["center"], fields)


def _past(number: int, row: dict[str, Any], now: datetime) -> list[Event]:
    """A day of one instance: the last change, and for some an outage before it."""
    changed, kinds = EventKind.INSTANCE_STATUS_CHANGED, EventKind
    since = row["since"]
    found: list[Event] = []
    if number % 4 == 1 or number < len(STORIES):
        down = now - timedelta(hours=5 + number % 17)
        up = down + timedelta(minutes=20 + 9 * (number % 7))
        if up < since:
            found.append(_event(changed, down, row, previous="running", status="failed"))
            call = down + timedelta(minutes=3)
            sure = {"status": "failed", "reads": 2, "over_s": 35.0 + number}
            found.append(_event(kinds.INSTANCE_CONFIRMED, down + timedelta(minutes=1), row, **sure))
            found.append(_event(kinds.RESTART_REQUESTED, call, row, seq=1, attempt=1))
            if number % 3 == 0:
                fields = {"seq": 0, "attempt": 1, "class": "start_failure", "code": "716868"}
                found.append(_event(kinds.RESTART_REFUSED, call, row, outcome="refused", **fields))
            found.append(_event(kinds.RESTART_ACCEPTED, call, row, seq=1, outcome="accepted"))
            found.append(_event(changed, up, row, previous="failed", status="running"))
            fields = {"seq": 1, "attempt": 1, "status": "running", "took_s": 300}
            found.append(_event(kinds.RESTART_RECOVERED, up, row, **fields))
    if now - since < timedelta(hours=24):
        previous = "running" if row["status"] != "running" else "deploying"
        if previous == "deploying":
            began = since - timedelta(minutes=4)
            down = began - timedelta(minutes=3)
            found.append(_event(changed, down, row, previous="running", status="stopped"))
            found.append(_event(changed, began, row, previous="stopped", status=previous))
        found.append(_event(changed, since, row, previous=previous, status=row["status"]))
    return found


def _attempts(row: dict[str, Any], now: datetime) -> list[dict[str, Any]]:
    """Rows of a ledger, as many as were asked in a day."""
    told = (("refused", None), ("accepted", "did_not_help"), ("accepted", "recovered"))
    found = []
    for number in range(row["attempts_24h"]):
        outcome, verdict = told[number % 3]
        at = now - timedelta(hours=4 - number)
        found.append(
            {
                "seq": number + 1,
                "attempt": number + 1,
                "episode": 1,
                "reason": "failed",
                "status": "failed",
                "requested_at": at,
                "outcome": outcome,
                "class": "start_failure" if outcome == "refused" else None,
                "code": "716868" if outcome == "refused" else "0",
                "settled_at": at + timedelta(seconds=1),
                "verdict": verdict,
                "judged_at": at + timedelta(minutes=6) if verdict else None,
            }
        )
    return found
