"""One look at everything without a state and without a restart: what `check --online` tells."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ..adapters.clock import SystemClock
from ..adapters.registry import Kinds
from ..core.change import Memory
from ..core.decide import decide
from ..core.decision import Reason
from ..core.explain import explain
from ..core.fleet import Fleet
from ..core.inputs import Input, Situation
from ..core.model import InstanceId, SourceKey, Status
from ..core.policy import Mode
from ..core.resume import resume
from ..ports import PortError
from ..settings.load import Loaded
from .centers import Centers, Surroundings

_LEFT_ALONE = {
    Reason.HEALTHY: "runs: left alone",
    Reason.STARTING: "is starting: left alone",
    Reason.WATCH_ONLY: "mode watch: left alone",
    Reason.MISSING: "the platform does not know this id",
    Reason.STATUS_UNKNOWN: "status unknown: left alone",
    Reason.QUIET_START: "no answer for it",
}


UNSEEN = "unseen"
"""In place of a status, where no source named the instance."""


@dataclass(frozen=True, slots=True)
class Preview:
    """One instance: what it is, and what a daemon would do."""

    id: InstanceId
    name: str
    status: str
    would: str


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen, and what stands in the way."""

    rows: tuple[Preview, ...]
    problems: tuple[str, ...]


async def look(loaded: Loaded, learn: Callable[[str], None]) -> Look:
    """Log in, poll every source once, and decide as a daemon without a past would.

    Raises:
        WatchdogError: the config cannot be built.
    """
    clock = SystemClock()
    base = loaded.path.absolute().parent if loaded.path is not None else Path.cwd()
    around = Surroundings(clock, clock.elapsed, learn, lambda event: None, base, Kinds())
    centers = Centers(around)
    wiring = centers.fit(loaded.settings).wiring
    fleet, _ = resume(Memory(fresh=True), wiring.roster, clock.now())
    problems: dict[SourceKey, str] = {}
    try:
        for key, source in sorted(wiring.sources.items()):
            watched = [m.id for m in wiring.roster.members.values() if m.key == key]
            inputs: list[Input] = []
            try:
                inputs.append(await source.poll(watched, inputs.append))
            except PortError as error:
                problems[key] = f"source {key.source} of center {key.center}: {error}"
            fleet.apply(decide(fleet, inputs, (), Situation(clock.now())))
    finally:
        for client in centers.clients:
            await client.close()
    rows = tuple(_preview(fleet, id_, clock.now()) for id_ in wiring.roster.members)
    # Where the source itself failed, that it did not name an instance says nothing of the instance.
    lost = [
        f"{row.name}: id {row.id} was not found"
        for row in rows
        if row.status in (Status.MISSING, UNSEEN)
        and wiring.roster.members[row.id].key not in problems
    ]
    return Look(rows, (*problems.values(), *lost))


def _preview(fleet: Fleet, id_: InstanceId, now: datetime) -> Preview:
    seen = fleet.instances[id_].facts.status
    status = str(seen or UNSEEN)
    reason = explain(fleet, id_, Situation(now)).decision.reason
    return Preview(id_, fleet.name_of(id_), status, _would(fleet, id_, reason, status))


def _would(fleet: Fleet, id_: InstanceId, reason: Reason, status: str) -> str:
    if reason in _LEFT_ALONE:
        return _LEFT_ALONE[reason]
    if reason is not Reason.CONFIRMING:
        return f"left alone ({reason})"
    confirm = fleet.roster.members[id_].policy.confirm
    after = f"confirmed by {confirm.count} reads over {confirm.over.total_seconds():g} s"
    shadow = fleet.mode_of(id_, shadow=False) is Mode.SHADOW
    verb = "would be told as a restart (shadow)" if shadow else "would be restarted"
    return f"{verb} once {after}"
