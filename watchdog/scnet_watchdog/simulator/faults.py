"""Scripted misbehaviour: which requests it meets, how often, and what it does to them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from random import Random
from typing import Any, Literal

ENDPOINTS = ("tokens", "renew", "state", "center", "list", "detail", "restart", "stop")
BODIES = ("html", "garbage", "empty", "truncated", "no_code", "huge", "gzip_bomb", "not_list")


@dataclass(slots=True)
class Fault:
    """One fault.

    Args:
        endpoint: which requests it meets; `*` = all.
        instance: only requests for this instance.
        times: how many requests it meets; None = no end.
        until: the moment after which it meets none.
        chance: the share of requests it meets, by the platform's seed.
        code: answer this code in place of acting.
        acts: whether the platform acts all the same (a reply that lies or is lost).
        http: answer with this HTTP status.
        headers: further headers, such as Retry-After or Location.
        body: answer with a body that is no envelope.
        latency: seconds before the answer.
        reset: cut the connection before or after acting.
        hang: never answer, before or after acting.
        drip: seconds between two bytes of the answer.
    """

    endpoint: str = "*"
    instance: str | None = None
    times: int | None = None
    until: float | None = None
    chance: float = 1.0
    code: str | None = None
    msg: str = "simulated"
    acts: bool = False
    http: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: str | None = None
    latency: float = 0.0
    reset: Literal["before", "after"] | None = None
    hang: Literal["before", "after"] | None = None
    drip: float = 0.0

    @classmethod
    def read(cls, wanted: Mapping[str, Any]) -> "Fault":
        """A fault from JSON.

        Raises:
            ValueError: a key or value that is none of a fault's.
        """
        known = {one.name for one in fields(cls)}
        unknown = sorted(set(wanted) - known)
        if unknown:
            raise ValueError(
                f"unknown keys: {', '.join(unknown)}; known: {', '.join(sorted(known))}"
            )
        fault = cls(**wanted)
        if fault.endpoint != "*" and fault.endpoint not in ENDPOINTS:
            raise ValueError(f"endpoint must be * or one of {', '.join(ENDPOINTS)}")
        if fault.body is not None and fault.body not in BODIES:
            raise ValueError(f"body must be one of {', '.join(BODIES)}")
        return fault

    @property
    def acts_first(self) -> bool:
        """Whether the platform acts before the fault shows."""
        return (
            self.acts
            or self.reset == "after"
            or self.hang == "after"
            or (
                self.code is None
                and self.http is None
                and self.reset is None
                and self.hang is None
                and self.body not in ("no_code",)
            )
        )


class Faults:
    """The faults in force, the first that meets a request wins."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self.active: list[Fault] = []

    def meet(self, endpoint: str, instance: str | None, now: float) -> Fault | None:
        """The fault that meets this request, counted down."""
        for fault in list(self.active):
            if fault.until is not None and now > fault.until:
                self.active.remove(fault)
                continue
            if fault.endpoint not in ("*", endpoint):
                continue
            if fault.instance is not None and fault.instance != instance:
                continue
            if fault.chance < 1 and self._random.random() >= fault.chance:
                continue
            if fault.times is not None:
                fault.times -= 1
                if fault.times <= 0:
                    self.active.remove(fault)
            return fault
        return None
