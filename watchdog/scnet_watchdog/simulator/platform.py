"""A fake SCNet platform: a pure state machine. Moments are passed in, chance comes from one seed.

It follows what is publicly known of the real one, contradictions included, and knows nothing of
the daemon that talks to it. Only what is due is touched: `advance` costs as much as happened.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from heapq import heappop, heappush
from itertools import count
from random import Random
from typing import NamedTuple

from .account import Account
from .faults import Faults
from .instance import (
    DEPLOYING,
    RESTARTING,
    RUNNING,
    SHUTTING,
    TERMINATED,
    WAITING,
    Instance,
    is_down,
)
from .ledger import Call, Ledger
from .manners import Manners

TAKES_ROOM = frozenset({DEPLOYING, RUNNING})


class Answered(NamedTuple):
    """What a restart is answered, and whether anything was started."""

    code: str
    data: str | None = None
    acted: bool = False


@dataclass
class Platform:
    """One center with its instances, account and faults.

    Args:
        capacity: how many instances may deploy and run at the same time; None = no limit.
        cluster_id: its region, where that is not the first of the account.
        epoch: seconds since 1970 at moment 0, for the times that a detail shows.
        version: grows whenever an instance comes or goes.
    """

    seed: int = 1
    capacity: int | None = None
    manners: Manners = field(default_factory=Manners)
    account: Account = field(default_factory=Account)
    cluster_id: str | None = None
    epoch: float = 1_652_268_634.0
    instances: dict[str, Instance] = field(default_factory=dict)
    ledger: Ledger = field(default_factory=Ledger)
    version: int = 0

    def __post_init__(self) -> None:
        self.random = Random(self.seed)  # noqa: S311 - a simulation must repeat
        self.faults = Faults(self.random)
        self._due: list[tuple[float, int, str]] = []
        self._ticket = count()
        self._ready: deque[tuple[str, float]] = deque()
        self._used = 0

    @property
    def calls(self) -> deque[Call]:
        """Every call that reached the platform."""
        return self.ledger.calls

    def restarts(self, instance: str | None = None) -> list[Call]:
        """The restart calls that reached the platform."""
        return self.ledger.restarts(instance)

    def add(self, instances: Iterable[Instance]) -> None:
        """Put instances on the platform, the newest last."""
        for one in instances:
            self.remove(one.id)
            self.instances[one.id] = one
            self._used += one.status in TAKES_ROOM
            self._plan(one)
        self.version += 1

    def remove(self, id_: str) -> None:
        """Take an instance off the platform, where it is there."""
        one = self.instances.pop(id_, None)
        if one is not None:
            self._used -= one.status in TAKES_ROOM
            self.version += 1

    def find(self, text: str) -> Instance:
        """The instance with this id or name.

        Raises:
            ValueError: there is none.
        """
        one = self.instances.get(text)
        named = (other for other in self.instances.values() if other.name == text)
        found = one or next(named, None)
        if found is None:
            raise ValueError(f"no instance {text!r}")
        return found

    def restart(self, id_: str, now: float) -> Answered:
        """Start a stopped or failed instance again."""
        self.advance(now)
        one = self.instances.get(id_)
        if one is None:
            return Answered("716020")
        if self.account.stopped:
            return Answered(self.manners.arrears)
        if not is_down(one.status):
            return Answered(self.manners.restart_running)
        if one.refuses:
            one.refuses -= one.refuses > 0
            return Answered("716868")
        return Answered("0", self._start(one, now), True)

    def _start(self, one: Instance, now: float) -> str | None:
        one.runs += 1
        one.breaking = one.breaks != 0
        one.breaks -= one.breaks > 0
        answered: str | None = one.id
        if self.manners.returns == "none":
            answered = None
        elif self.manners.returns != "same":
            answered = f"{self.random.getrandbits(128):032x}"
        if self.manners.returns == "moved" and answered is not None:
            self.remove(one.id)
            one = replace(one, id=answered)
            self.add([one])
        self._begin(one, RESTARTING, self.manners.booting, WAITING, now)
        self.advance(now)
        return answered

    def stop(self, id_: str, now: float) -> str:
        """Stop an instance, as a person in the console would: the code of the answer."""
        self.advance(now)
        one = self.instances.get(id_)
        if one is None:
            return "716020"
        if not is_down(one.status) and one.status != SHUTTING:
            self._begin(one, SHUTTING, self.manners.shutting, TERMINATED, now)
            self.advance(now)
        return "0"

    def set_status(self, id_: str, status: str, now: float) -> None:
        """Force a status, also one that is documented nowhere."""
        self.advance(now)
        self._move(self.instances[id_], status, now)
        self.advance(now)

    def replan(self, one: Instance, now: float) -> None:
        """An instance's habits were changed: what it does by itself counts from now on."""
        one.counts_from = now
        self._plan(one)

    def advance(self, now: float) -> None:
        """Let happen what is due, in its order; room that comes free is taken at that moment."""
        while self._due and self._due[0][0] <= now:
            moment, _, id_ = heappop(self._due)
            one = self.instances.get(id_)
            if one is not None:
                self._turn(one, moment)
                self._admit(moment)
        self._admit(now)

    def counts(self, now: float) -> dict[str, int]:
        """Instances by status."""
        self.advance(now)
        found: dict[str, int] = {}
        for one in self.instances.values():
            status = one.at(now)
            found[status] = found.get(status, 0) + 1
        return found

    def note(self, call: Call) -> None:
        """Remember a call."""
        self.ledger.note(call)

    def _begin(self, one: Instance, passing: str, seconds: float, status: str, now: float) -> None:
        """Take a status, by way of a transitional one where that lasts."""
        if not seconds:
            self._move(one, status, now)
            return
        self._move(one, passing, now)
        one.planned = (now + seconds, status)
        self._plan(one)

    def _move(self, one: Instance, status: str, moment: float) -> None:
        self._used -= one.status in TAKES_ROOM
        one.become(status, moment)
        self._used += one.status in TAKES_ROOM
        self._plan(one)

    def _plan(self, one: Instance) -> None:
        """Remember when to look at an instance again."""
        coming = one.next_turn()
        if one.status == WAITING and coming is None:
            heappush(self._due, (self._ready_at(one), next(self._ticket), one.id))
        elif coming is not None:
            heappush(self._due, (coming[0], next(self._ticket), one.id))

    def _ready_at(self, one: Instance) -> float:
        waited = one.counted_from((one.since, one.status))
        return waited + (self.manners.wait if one.wait_for is None else one.wait_for)

    def _turn(self, one: Instance, moment: float) -> None:
        """What an instance does at a planned moment; plans that were dropped do nothing."""
        coming = one.next_turn()
        if coming is not None and coming[0] <= moment:
            self._move(one, coming[1], coming[0])
        elif one.status == WAITING and self._ready_at(one) <= moment:
            self._ready.append((one.id, one.since))

    def _admit(self, moment: float) -> None:
        """Let who waited long enough deploy, in the order they came, as far as there is room."""
        while self._ready and (self.capacity is None or self._used < self.capacity):
            id_, since = self._ready.popleft()
            one = self.instances.get(id_)
            if one is not None and (one.status, one.since) == (WAITING, since):
                self._move(one, DEPLOYING, moment)


def fleet(
    n: int, seed: int = 1, deploy_for: float = 5.0, names: Iterable[str] = ()
) -> list[Instance]:
    """n running instances with ids that a seed makes, and names that are given or counted."""
    random = Random(seed)  # noqa: S311 - a simulation must repeat
    given = iter(names)
    return [
        Instance(
            f"{random.getrandbits(128):032x}",
            next(given, f"Instances_{i:06d}"),
            deploy_for=deploy_for,
        )
        for i in range(n)
    ]
