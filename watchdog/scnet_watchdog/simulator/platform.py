"""A fake SCNet platform: a pure state machine. Moments are passed in, chance comes from one seed.

It follows what is publicly known of the real one, contradictions included, and knows nothing of
the daemon that talks to it.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random
from typing import Any, Literal

from .account import Account
from .faults import Faults
from .instance import DEPLOYING, DOWN, RUNNING, TERMINATED, WAITING, Instance

LEDGER = 100_000
"""Calls that are remembered."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call that reached the platform, and whether it acted."""

    at: float
    endpoint: str
    instance: str | None
    code: str
    acted: bool


@dataclass(slots=True)
class Manners:
    """How this center behaves where the real one is not known.

    Args:
        variants: ways to ask for the list that work: body, query, list.
        wrong: how the others answer: an HTTP status, or a code.
        shape: where the rows are: data, data.data, data.list, data.records, data.items.
        id_key: under which key a row has its id.
        page_cap: rows a page holds at most, whatever `limit` asks.
        ignores_start: every page is the first one.
        lag: seconds that the list lags behind; details are current.
        wait: seconds that a restart waits before it deploys.
        returns: what a restart answers as data: the same id, another one, or none.
        restart_running: code of a restart of an instance that is not down.
        gone: how an unknown id is answered: null data, or a code.
        denied_http: HTTP status of an answer with code 10008.
    """

    variants: frozenset[str] = frozenset({"body", "query", "list"})
    wrong: str = "404"
    shape: Literal["data", "data.data", "data.list", "data.records", "data.items"] = "data"
    id_key: Literal["id", "instanceServiceId"] = "id"
    page_cap: int | None = None
    ignores_start: bool = False
    lag: float = 0.0
    wait: float = 0.0
    returns: Literal["same", "other", "none"] = "same"
    restart_running: str = "716868"
    gone: Literal["null", "816822", "716020"] = "null"
    denied_http: int = 200


@dataclass
class Platform:
    """One center with its instances, account and faults.

    Args:
        capacity: how many instances may deploy and run at the same time; None = no limit.
    """

    seed: int = 1
    capacity: int | None = None
    manners: Manners = field(default_factory=Manners)
    account: Account = field(default_factory=Account)
    instances: dict[str, Instance] = field(default_factory=dict)
    calls: deque[Call] = field(default_factory=lambda: deque(maxlen=LEDGER))

    def __post_init__(self) -> None:
        self.random = Random(self.seed)  # noqa: S311 - a simulation must repeat
        self.faults = Faults(self.random)
        self._queue: deque[str] = deque()

    def add(self, instances: Iterable[Instance]) -> None:
        """Put instances on the platform, the newest last."""
        for one in instances:
            self.instances[one.id] = one

    def note(self, now: float, endpoint: str, instance: str | None, code: str, acted: bool) -> None:
        """Remember a call."""
        self.calls.append(Call(now, endpoint, instance, code, acted))

    def restarts(self, instance: str | None = None) -> list[Call]:
        """The restart calls that reached us."""
        return [
            one
            for one in self.calls
            if one.endpoint == "restart" and (instance is None or one.instance == instance)
        ]

    def restart(self, id_: str, now: float) -> tuple[str, str | None]:
        """Start a stopped or failed instance again: code and data of the answer."""
        self.advance(now)
        one = self.instances.get(id_)
        if one is None:
            return "716020", None
        if one.at(now) not in DOWN:
            return self.manners.restart_running, None
        if one.refuses:
            one.refuses -= one.refuses > 0
            return "716868", None
        one.runs += 1
        one.become(WAITING, now)
        self._queue.append(id_)
        if not self.manners.wait:
            self.advance(now)
        else:
            one.planned.append((now + self.manners.wait, WAITING))
        if self.manners.returns == "none":
            return "0", None
        return (
            "0",
            id_ if self.manners.returns == "same" else f"{self.random.getrandbits(128):032x}",
        )

    def stop(self, id_: str, now: float) -> str:
        """Stop an instance, as a person in the console would: the code of the answer."""
        one = self.instances.get(id_)
        if one is None:
            return "716020"
        if one.at(now) not in DOWN:
            one.become(TERMINATED, now)
        return "0"

    def advance(self, now: float) -> None:
        """Let waiting instances deploy as far as there is room, in the order they came."""
        if not self._queue:
            return
        free = None if self.capacity is None else self.capacity - self._used(now)
        still: deque[str] = deque()
        while self._queue:
            id_ = self._queue.popleft()
            one = self.instances[id_]
            if one.status != WAITING:
                continue
            ready = one.since + self.manners.wait
            if now < ready or (free is not None and free <= 0):
                still.append(id_)
                continue
            if free is not None:
                free -= 1
            one.become(DEPLOYING, max(ready, one.since))
            one.at(now)
        self._queue = still

    def _used(self, now: float) -> int:
        return sum(one.at(now) in (DEPLOYING, RUNNING) for one in self.instances.values())

    def set_status(self, id_: str, status: str, now: float) -> None:
        """Force a status, also one that is documented nowhere."""
        self.instances[id_].at(now)
        self.instances[id_].become(status, now)
        if status == WAITING:
            self._queue.append(id_)

    def counts(self, now: float) -> dict[str, int]:
        """Instances by status."""
        self.advance(now)
        found: dict[str, int] = {}
        for one in self.instances.values():
            status = one.at(now)
            found[status] = found.get(status, 0) + 1
        return found


def fleet(n: int, seed: int = 1, deploy_for: float = 5.0) -> list[Instance]:
    """n running instances with ids and names that a seed makes."""
    random = Random(seed)  # noqa: S311 - a simulation must repeat
    return [
        Instance(f"{random.getrandbits(128):032x}", f"Instances_{i:06d}", deploy_for=deploy_for)
        for i in range(n)
    ]


def detail(one: Instance, status: str) -> dict[str, Any]:
    """The documented detail of an instance."""
    return {
        "id": one.id,
        "instanceServiceName": one.name,
        "currentIndex": one.runs,
        "gpuNumber": 1,
        "cpuNumber": 3,
        "ramSize": 15360,
        "acceleratorType": "gpu",
        "taskType": "ssh",
        "status": status,
        "description": "",
        "createTime": "2022-05-11 19:30:34",
        "startTime": None,
        "endTime": None,
        "duration": "--",
        "remainingTime": "--",
        "timeoutLimit": "unlimited",
        "mountInfoList": [],
        "containerPortInfoList": [],
    }
