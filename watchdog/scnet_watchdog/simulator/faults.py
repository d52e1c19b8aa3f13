"""Scripted misbehaviour: which requests it meets, how often, and what it does to them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, Literal

from .manners import checked_values

ENDPOINTS = ("tokens", "renew", "state", "center", "list", "detail", "restart", "stop")
BODIES = (
    "html",
    "garbage",
    "empty",
    "truncated",
    "overlong",
    "no_code",
    "huge",
    "gzip_bomb",
    "not_list",
)


@dataclass(slots=True)
class Fault:
    """One fault. What it does not mention goes on as usual.

    Args:
        endpoint: which requests it meets; `*` = all.
        instance: only requests for this instance.
        times: how many requests it meets; None = no end.
        after: the moment before which it meets none.
        until: the moment after which it meets none.
        chance: the share of requests it meets, by the platform's seed.
        code: answer this code in place of acting.
        acts: whether the platform acts all the same (a reply that lies or is lost).
        http: answer with this HTTP status in place of acting.
        headers: further headers, such as Retry-After or Location.
        body: answer with a body that is no envelope, or one cut off (`truncated`: shorter than
            its Content-Length says; `overlong`: longer). The platform acts before it, except for
            `no_code`, which stands for a framework that turned the request down.
        latency: seconds before the platform looks at the request.
        late: seconds between acting and the answer.
        reset: reset the connection before or after acting.
        close: close the connection in good order, without an answer, before or after acting.
        hang: never answer, before or after acting.
        drip: seconds between two bytes of the answer.
    """

    endpoint: str = "*"
    instance: str | None = None
    times: int | None = None
    after: float | None = None
    until: float | None = None
    chance: float = 1.0
    code: str | None = None
    msg: str = "simulated"
    acts: bool = False
    http: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: str | None = None
    latency: float = 0.0
    late: float = 0.0
    reset: Literal["before", "after"] | None = None
    close: Literal["before", "after"] | None = None
    hang: Literal["before", "after"] | None = None
    drip: float = 0.0

    @classmethod
    def read(cls, wanted: Mapping[str, Any]) -> "Fault":
        """A fault from JSON.

        Raises:
            ValueError: a key or value that is none of a fault's.
        """
        fault = cls(**checked_values(cls, wanted))
        if fault.endpoint != "*" and fault.endpoint not in ENDPOINTS:
            raise ValueError(f"endpoint must be * or one of {', '.join(ENDPOINTS)}")
        if fault.body is not None and fault.body not in BODIES:
            raise ValueError(f"body must be one of {', '.join(BODIES)}")
        if fault.times is not None and fault.times < 1:
            raise ValueError("times must be at least 1")
        return fault

    @property
    def silent(self) -> str | None:
        """How the request stays without an answer, or None where there is one."""
        for name in ("reset", "close", "hang"):
            when = getattr(self, name)
            if when is not None:
                return f"{name} {when}"
        return None

    @property
    def acts_first(self) -> bool:
        """Whether the platform acts before the fault shows."""
        if self.acts:
            return True
        if self.silent is not None:
            return self.silent.endswith(" after")
        return self.code is None and self.http is None and self.body != "no_code"

    def meets(self, endpoint: str, instance: str | None, now: float) -> bool:
        """Whether a request is of the kind that it meets; chance aside."""
        if self.after is not None and now < self.after:
            return False
        return self.endpoint in ("*", endpoint) and self.instance in (None, instance)


class Faults:
    """The faults in force; the first that meets a request wins."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self.active: list[Fault] = []

    def meet(self, endpoint: str, instance: str | None, now: float) -> Fault | None:
        """The fault that meets this request, counted down."""
        if not self.active:
            return None
        self.active = [one for one in self.active if one.until is None or now <= one.until]
        for fault in self.active:
            if not fault.meets(endpoint, instance, now):
                continue
            if fault.chance < 1 and self._random.random() >= fault.chance:
                continue
            self._count(fault)
            return fault
        return None

    def _count(self, fault: Fault) -> None:
        if fault.times is None:
            return
        fault.times -= 1
        if fault.times <= 0:
            self.active = [one for one in self.active if one is not fault]
