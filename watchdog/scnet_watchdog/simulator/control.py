"""The simulator's own face under `/_sim/`: set statuses, add faults, read the ledger. JSON only.

It has no token: it is for the person or the test that runs the simulator, on loopback.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from .account import STATES, Region
from .answers import Answer, Request, reply
from .faults import Fault
from .instance import Instance
from .manners import checked_values
from .platform import Platform, fleet

PREFIX = "/_sim/"
MOST_SHOWN = 1000
"""Instances that `state` shows; a larger fleet is counted only."""
HABITS = frozenset(
    {"refuses", "breaks", "dies_after", "deploy_for", "wait_for", "time_limit", "listed"}
)

Wanted = Mapping[str, Any]


class Control:
    """Answers requests below `/_sim/`."""

    def __init__(self, platform: Platform, now: Callable[[], float]) -> None:
        self._platform = platform
        self._now = now
        self._gets: dict[str, Callable[[], dict[str, Any]]] = {
            "state": self._state,
            "calls": lambda: {"calls": [asdict(one) for one in platform.calls]},
            "restarts": lambda: {"calls": [asdict(one) for one in platform.restarts()]},
            "totals": self._totals,
            "faults": lambda: {"faults": [asdict(one) for one in platform.faults.active]},
        }
        self._posts: dict[str, Callable[[Wanted], None]] = {
            "status": self._status,
            "instance": self._instance,
            "add": self._add,
            "remove": self._remove,
            "fault": self._fault,
            "clear": lambda wanted: self._platform.faults.active.clear(),
            "account": self._account,
            "region": self._region,
            "expire": lambda wanted: self._platform.account.expire_all(),
            "capacity": self._capacity,
            "manners": lambda wanted: self._platform.manners.take(wanted),
        }

    def answer(self, request: Request) -> Answer:
        """One request; what is wrong with it is said with HTTP 400."""
        name = request.target.removeprefix(PREFIX).split("?")[0]
        try:
            if request.method == "GET" and name in self._gets:
                return reply({"ok": True, **self._gets[name]()})
            if request.method == "POST" and name in self._posts:
                self.post(name, json.loads(request.body) if request.body else {})
                return reply({"ok": True})
        except (ValueError, RecursionError) as error:
            return reply({"error": str(error)}, 400)
        known = f"GET {' '.join(self._gets)}; POST {' '.join(self._posts)}"
        return reply({"error": f"no such path; known: {known}"}, 404)

    def post(self, name: str, wanted: Any) -> None:
        """Do one thing, as `POST /_sim/<name>` with this body.

        Raises:
            ValueError: it is not known, or not understood; nothing was changed.
        """
        if name not in self._posts:
            raise ValueError(f"no such thing: {name}; known: {' '.join(self._posts)}")
        if not isinstance(wanted, dict):
            raise ValueError("the body must be an object")
        self._posts[name](wanted)

    def _state(self) -> dict[str, Any]:
        now = self._now()
        counts = self._platform.counts(now)
        shown = list(self._platform.instances.values())[:MOST_SHOWN]
        return {
            "now": now,
            "counts": counts,
            "capacity": self._platform.capacity,
            "account": self._platform.account.status,
            "instances": {
                one.id: {"name": one.name, "status": one.at(now), "runs": one.runs} for one in shown
            },
        }

    def _totals(self) -> dict[str, Any]:
        found: dict[str, dict[str, int]] = {}
        for (endpoint, code), number in self._platform.ledger.totals.items():
            found.setdefault(endpoint, {})[code] = number
        return {"totals": found}

    def _status(self, wanted: Wanted) -> None:
        """{"id": … or "ids": […] or "all": true, "status": any text, documented or not}."""
        _only(wanted, "id", "ids", "all", "status")
        status = _text(wanted, "status")
        now = self._now()
        for one in self._chosen(wanted):
            self._platform.set_status(one.id, status, now)

    def _instance(self, wanted: Wanted) -> None:
        """{"id": …, "refuses": 3, "dies_after": 300 …}: habits; times count from now on."""
        _only(wanted, "id", "ids", "all", *HABITS)
        habits = checked_values(Instance, {key: wanted[key] for key in HABITS & wanted.keys()})
        now = self._now()
        self._platform.advance(now)
        for one in self._chosen(wanted):
            for key, value in habits.items():
                setattr(one, key, value)
            if habits.keys() & {"dies_after", "time_limit", "deploy_for", "wait_for"}:
                self._platform.replan(one, now)

    def _add(self, wanted: Wanted) -> None:
        """{"id": …, "name": …, "status": "Failed"}: one more instance."""
        _only(wanted, "id", "name", "status")
        id_ = _text(wanted, "id")
        if id_ in self._platform.instances:
            raise ValueError(f"{id_} is there already")
        one = fleet(1)[0]
        one.id, one.name, one.since = id_, str(wanted.get("name") or id_), self._now()
        one.status = str(wanted.get("status") or one.status)
        self._platform.add([one])

    def _remove(self, wanted: Wanted) -> None:
        _only(wanted, "id", "ids", "all")
        for one in self._chosen(wanted):
            self._platform.remove(one.id)

    def _fault(self, wanted: Wanted) -> None:
        """A fault as in `faults.py`; `in` = seconds until it begins, `for` = seconds it lasts."""
        plain = dict(wanted)
        now = self._now()
        begins = now + _seconds(plain.pop("in", 0), "in")
        lasts = plain.pop("for", None)
        if plain.get("instance") is not None:
            plain["instance"] = self._platform.find(str(plain["instance"])).id
        fault = Fault.read(plain)
        if begins > now:
            fault.after = begins
        if lasts is not None:
            fault.until = begins + _seconds(lasts, "for")
        self._platform.faults.active.append(fault)

    def _account(self, wanted: Wanted) -> None:
        """{"status": "Trial" | "Owe" | "Disable" | "null" | "frozen", "token_life": 60}."""
        _only(wanted, "status", "token_life")
        account = self._platform.account
        status = wanted.get("status", account.status)
        if status not in STATES:
            raise ValueError(f"status must be one of {', '.join(STATES)}")
        account.token_life = _seconds(wanted.get("token_life", account.token_life), "token_life")
        account.status = status

    def _region(self, wanted: Wanted) -> None:
        """{"id": "20091", "name": …, "gateway": null, "stopped": false}: one more, or another."""
        _only(wanted, "id", "name", "gateway", "stopped")
        id_ = _text(wanted, "id")
        plain = {key: value for key, value in wanted.items() if key != "id"}
        region = self._platform.account.regions.setdefault(id_, Region(id_))
        for key, value in checked_values(Region, plain).items():
            setattr(region, key, value)

    def _capacity(self, wanted: Wanted) -> None:
        """{"capacity": 3} or null."""
        _only(wanted, "capacity")
        capacity = checked_values(Platform, {"capacity": wanted.get("capacity")})["capacity"]
        now = self._now()
        self._platform.advance(now)
        self._platform.capacity = capacity
        self._platform.advance(now)

    def _chosen(self, wanted: Wanted) -> list[Instance]:
        """Whom `id`, `ids` or `all` mean; a name stands for an id."""
        if wanted.get("all") is True:
            return list(self._platform.instances.values())
        ids = wanted.get("ids", [wanted["id"]] if "id" in wanted else None)
        if not isinstance(ids, list):
            raise ValueError("id, ids or all is needed")
        return [self._platform.find(str(id_)) for id_ in ids]


def _only(wanted: Wanted, *known: str) -> None:
    unknown = sorted(wanted.keys() - set(known))
    if unknown:
        raise ValueError(f"unknown: {', '.join(unknown)}; known: {', '.join(sorted(known))}")


def _text(wanted: Wanted, name: str) -> str:
    value = wanted.get(name)
    if not isinstance(value, str) or not value:
        raise ValueError(f"{name} must be a text")
    return value


def _seconds(value: Any, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
        raise ValueError(f"{name} must be a number of seconds")
    return float(value)
