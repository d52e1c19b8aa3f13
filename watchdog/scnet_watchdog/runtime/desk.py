"""Where a person sees the running daemon and asks something of it.

A wish is an input of a turn like any other; it counts as taken up when the event that journals it
is emitted, and that is after its turn was saved.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from typing import Any

from ..core.command import Wish
from ..core.draft import Draft
from ..core.explain import explain
from ..core.fleet import Fleet
from ..core.holds import hold_of
from ..core.knobs import knobs
from ..core.model import InstanceId
from ..desk import Among, Answer, Unavailable
from ..engine.engine import Engine
from ..ports import Clock, Excerpt, Journal, Sought
from .because import because
from .done import done
from .feed import Feed
from .meant import instance_meant
from .pulse import stuck, unready
from .report import Reports
from .rows import attempt_row, center_row, instance_row, knob_row
from .wishes import NOT_OURS, Wishes

BREATH = 100
"""Rows after which the loop is given to others: a large fleet must not hold a turn up."""

ATTEMPTS = 20
"""Rows of the ledger that one instance is shown with."""


@dataclass(frozen=True, slots=True)
class Means:
    """What a desk works with.

    Args:
        about: the daemon itself: version, pid, since, config.
        reload: takes up the config on disk, or previews that; raises `Rejected`.
        zone: in whose time sentences tell moments; None = this machine's.
    """

    engine: Engine
    clock: Clock
    journal: Journal
    feed: Feed
    about: Callable[[], Awaitable[dict[str, Any]]]
    reload: Callable[[bool], Awaitable[Answer]]
    zone: tzinfo | None = None


class LiveDesk:
    """Fulfils `ports.Desk` on a running engine."""

    def __init__(self, means: Means) -> None:
        self._with = means
        self._engine = means.engine
        self._wishes = Wishes(means.engine, means.feed)
        self._reports = Reports(means.journal, means.clock)

    def trouble(self, ready: bool = False) -> str | None:
        """Why it is not healthy (or not ready), or None."""
        return (unready if ready else stuck)(self._engine, self._with.clock)

    async def fleet(self) -> Answer:
        """Every instance, every center and the daemon itself."""
        about = await self._with.about()
        fleet, situation = self._fleet(), self._engine.situation
        rows: list[Answer] = []
        ids = tuple(fleet.roster.members)
        for begin in range(0, len(ids), BREATH):
            draft = Draft(fleet, situation)
            # A reload meanwhile may have taken somebody out.
            some = [id_ for id_ in ids[begin : begin + BREATH] if id_ in fleet.instances]
            rows += [instance_row(draft, id_) for id_ in some]
            await asyncio.sleep(0)
        centers = [center_row(fleet, name) for name in fleet.roster.centers]
        daemon = about | {
            "shadow": situation.shadow,
            "draining": situation.draining,
            "writable": situation.writable,
        }
        return {"instances": rows, "centers": centers, "daemon": daemon}

    async def instance(self, name: str) -> Answer:
        """One instance with the last rows of its ledger."""
        id_ = instance_meant(self._fleet(), name)
        attempts = await self._with.journal.attempts(id_, ATTEMPTS)
        fleet = self._still(id_)
        row = instance_row(Draft(fleet, self._engine.situation), id_)
        return row | {"attempts": [attempt_row(one) for one in attempts]}

    async def explain(self, name: str) -> Answer:
        """Why an instance is, or is not, restarted at this moment."""
        id_ = instance_meant(self._fleet(), name)
        last = await self._with.journal.attempts(id_, 1)
        fleet, situation = self._still(id_), self._engine.situation
        found = explain(fleet, id_, situation)
        decision = found.decision
        hold = hold_of(Draft(fleet, situation), id_)
        newest = last[-1] if last else None
        return {
            "id": id_,
            "name": fleet.name_of(id_),
            "sentence": because(fleet, id_, decision, newest, hold, situation.now, self._with.zone),
            "decision": "restart" if decision.restarts else "hold",
            "reason": str(decision.reason),
            "next_at": decision.next_at,
            "checks": [
                {
                    "name": str(one.name),
                    "passed": one.passed,
                    "detail": one.detail,
                    "settings": [
                        knob_row(knob) for knob in knobs(fleet, id_, one.name, situation.shadow)
                    ],
                }
                for one in found.checks
            ],
        }

    async def events(self, sought: Sought) -> Excerpt:
        """The newest journalled events of those that are sought."""
        if sought.instance is not None:
            id_ = instance_meant(self._fleet(), sought.instance)
            sought = replace(sought, instance=id_)
        return await self._with.journal.excerpt(sought)

    async def report(self, since: datetime, among: Among) -> Answer:
        """Recovery figures since a moment, as far as the newest events reach."""
        fleet = self._fleet()
        id_ = instance_meant(fleet, among.instance) if among.instance is not None else None
        return await self._reports.report(fleet, since, among, id_)

    async def ask(self, wish: Wish) -> str:
        """Take up a wish; say what is done once its turn is saved."""
        scope, fields = await self._wishes.ask(self._fleet(), wish)
        return done(self._fleet(), wish, scope, fields, self._engine.situation, self._with.zone)

    async def reload(self, preview: bool = False) -> Answer:
        """Take up the config on disk, or only say what that would change."""
        self._fleet()
        return await self._with.reload(preview)

    def _fleet(self) -> Fleet:
        if self._engine.fleet is None:
            raise Unavailable(NOT_OURS)
        return self._engine.fleet

    def _still(self, id_: InstanceId) -> Fleet:
        """The fleet after a wait: a reload may have taken the instance out."""
        fleet = self._fleet()
        instance_meant(fleet, id_)
        return fleet
