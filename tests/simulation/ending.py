"""The end of a story: every fault is over, and whoever should run must run again, in time."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from scnet_watchdog.core.command import Release, Scope, ScopeKind
from scnet_watchdog.core.model import DOWN, InstanceId, Status
from scnet_watchdog.core.policy import Mode
from scnet_watchdog.simulator.instance import Instance, is_down
from scnet_watchdog.simulator.manners import Manners

from .deeds import ALL_SCOPES, BY
from .presets import bound

if TYPE_CHECKING:
    from .stage import Stage

LOOK_EVERY_S = 30.0
USUAL = frozenset({"running", "waiting", "deploying", "restarting", "shutting"})
_STATUS = {"terminated": Status.STOPPED, "stopped": Status.STOPPED, "failed": Status.FAILED}


class Ending:
    """Liveness: invariant (ix)."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self.share = 0.0
        """How much of the bound was needed."""

    async def come_back(self) -> None:
        """End all faults, then wait until everyone runs, or for the bound to pass."""
        stage = self._stage
        await self._all_well()
        began, longest = stage.loop.time(), bound(stage.roster).total_seconds()
        rejected = self._rejected()
        while waiting := self._waiting(rejected):
            took = stage.loop.time() - began
            if took > longest:
                stage.witness.fail("ix", self._complaint(waiting, longest))
                return
            await stage.until(stage.loop.time() + LOOK_EVERY_S)
        self.share = (stage.loop.time() - began) / longest

    async def _all_well(self) -> None:
        stage, platform = self._stage, self._stage.platform
        now = stage.loop.time()
        stage.witness.say("--- all faults end")
        platform.faults.active.clear()
        platform.manners = Manners()
        platform.capacity = None
        platform.account.status = "Trial"
        platform.account.token_life = 6 * 3600.0
        stage.network.down, stage.network.slowness = False, 0.0
        stage.network.calls_down = False
        stage.full.clear()
        stage.next_dies_at = None
        for one in list(platform.instances.values()):
            self._cure(one, now)
        if stage.life is not None:
            stage.life.death.spare()
        if stage.life is not None and stage.shadow:
            await stage.stop()
        if stage.life is None:
            stage.shadow = False
            await stage.start()
        if stage.clock.stepped:
            stage.step_clock(-stage.clock.stepped.total_seconds(), False)
        await self._release()

    def _cure(self, one: Instance, now: float) -> None:
        one.refuses = one.breaks = 0
        one.breaking = False
        one.dies_after = one.time_limit = None
        one.listed = True
        one.wait_for = 0.0
        status = one.status.lower()
        if status not in USUAL and not is_down(status):
            self._stage.platform.set_status(one.id, "Failed", now)
        self._stage.platform.replan(one, now)

    async def _release(self) -> None:
        for kind, name in ALL_SCOPES:
            scope = Scope(ScopeKind(kind), name)
            await self._stage.command(Release(scope, BY, every=True))

    def _rejected(self) -> set[InstanceId]:
        fleet = self._stage.witness.fleet()
        if fleet is None:
            return set()
        episodes = {id_: state.facts.care.episode for id_, state in fleet.instances.items()}
        return {id_ for id_, one in episodes.items() if one is not None and one.rejection}

    def _waiting(self, rejected: set[InstanceId]) -> dict[InstanceId, str]:
        """Who should run and does not, with what the platform shows."""
        platform, now = self._stage.platform, self._stage.loop.time()
        platform.advance(now)
        found: dict[InstanceId, str] = {}
        for id_, member in self._stage.roster.members.items():
            one = platform.instances.get(id_)
            if one is None or member.policy.mode is not Mode.ACTIVE or id_ in rejected:
                continue
            status = one.at(now).lower()
            known = _STATUS.get(status, Status.COMPLETED if status == "completed" else None)
            if status == "running" or (known in DOWN and known not in member.policy.restart_on):
                continue
            found[id_] = status
        return found

    def _complaint(self, waiting: dict[InstanceId, str], longest: float) -> str:
        fleet = self._stage.witness.fleet()
        said = []
        for id_, status in list(waiting.items())[:5]:
            state = fleet.instances.get(id_) if fleet is not None else None
            said.append(f"{id_} is {status}, held as {state.facts.reason if state else None}")
        return f"{timedelta(seconds=longest)} after the last fault: {'; '.join(said)}"
