"""The simulator's own face under `/_sim/`: set statuses, add faults, read the ledger. JSON only."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, fields
from typing import Any

from .answers import Answer, Request, json_answer
from .faults import Fault
from .platform import Manners, Platform


class Control:
    """Answers requests below `/_sim/`."""

    def __init__(self, platform: Platform, now: Callable[[], float]) -> None:
        self._platform = platform
        self._now = now

    def answer(self, request: Request) -> Answer:
        """One request; what is wrong with it is said with HTTP 400."""
        name = request.target.removeprefix("/_sim/").split("?")[0].replace("-", "_")
        handler = getattr(self, f"_{request.method.lower()}_{name}", None)
        if handler is None:
            known = ", ".join(
                sorted(
                    one.split("_", 2)[2] for one in dir(self) if one.startswith(("_get_", "_post_"))
                )
            )
            return json_answer({"error": f"no such path; known: {known}"}, 404)
        try:
            wanted = json.loads(request.body) if request.body else {}
            return json_answer({"ok": True, **(handler(wanted) or {})})
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            return json_answer({"error": f"{type(error).__name__}: {error}"}, 400)

    def _get_state(self, _: Mapping[str, Any]) -> dict[str, Any]:
        now = self._now()
        return {
            "now": now,
            "counts": self._platform.counts(now),
            "instances": {
                one.id: {"name": one.name, "status": one.at(now), "runs": one.runs}
                for one in list(self._platform.instances.values())[:1000]
            },
        }

    def _get_calls(self, _: Mapping[str, Any]) -> dict[str, Any]:
        return {"calls": [asdict(one) for one in self._platform.calls]}

    def _get_restarts(self, _: Mapping[str, Any]) -> dict[str, Any]:
        return {"calls": [asdict(one) for one in self._platform.restarts()]}

    def _post_status(self, wanted: Mapping[str, Any]) -> None:
        """{"id": …, "status": "Failed"}: any text, documented or not; "ids" for several."""
        for id_ in wanted.get("ids") or [wanted["id"]]:
            self._platform.set_status(self._id(id_), str(wanted["status"]), self._now())

    def _post_instance(self, wanted: Mapping[str, Any]) -> None:
        """{"id": …, "refuses": 3, "dies_after": 300, "deploy_for": 5, "time_limit": 60}."""
        one = self._platform.instances[self._id(wanted["id"])]
        for key in ("refuses", "dies_after", "deploy_for", "time_limit"):
            if key in wanted:
                setattr(one, key, wanted[key])

    def _post_remove(self, wanted: Mapping[str, Any]) -> None:
        del self._platform.instances[self._id(wanted["id"])]

    def _post_fault(self, wanted: Mapping[str, Any]) -> None:
        """A fault as in `faults.py`; `for` = seconds it lasts."""
        plain = dict(wanted)
        lasts = plain.pop("for", None)
        if plain.get("instance") is not None:
            plain["instance"] = self._id(plain["instance"])
        fault = Fault.read(plain)
        if lasts is not None:
            fault.until = self._now() + float(lasts)
        self._platform.faults.active.append(fault)

    def _post_clear(self, _: Mapping[str, Any]) -> None:
        self._platform.faults.active.clear()

    def _post_account(self, wanted: Mapping[str, Any]) -> None:
        """{"status": "Trial" | "Owe" | "Disable" | "null" | "frozen"}."""
        self._platform.account.status = str(wanted["status"])

    def _post_expire(self, _: Mapping[str, Any]) -> None:
        self._platform.account.expire_all()

    def _post_capacity(self, wanted: Mapping[str, Any]) -> None:
        """{"capacity": 3} or null."""
        self._platform.capacity = wanted["capacity"]
        self._platform.advance(self._now())

    def _post_manners(self, wanted: Mapping[str, Any]) -> None:
        """Any field of the platform's manners: lag, page_cap, shape, variants …"""
        known = {one.name for one in fields(Manners)}
        for key, value in wanted.items():
            if key not in known:
                raise ValueError(f"unknown: {key}; known: {', '.join(sorted(known))}")
            setattr(self._platform.manners, key, frozenset(value) if key == "variants" else value)

    def _id(self, wanted: Any) -> str:
        """An id, or the name of an instance."""
        if wanted in self._platform.instances:
            return str(wanted)
        for one in self._platform.instances.values():
            if one.name == wanted:
                return one.id
        raise KeyError(f"no instance {wanted!r}")
