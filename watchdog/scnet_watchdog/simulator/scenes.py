"""The demo's story: a handful of named instances, and what happens to them when."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from .account import Account
from .faults import Fault
from .instance import FAILED, TERMINATED, Instance
from .platform import Platform

TOKEN = "simulated-token"
LASTS_S = 40.0
"""How long the story is, at its own speed."""


@dataclass(frozen=True, slots=True)
class Scene:
    """One thing that happens.

    Args:
        at: seconds after the start.
        says: what it is, for whoever watches.
        play: does it.
    """

    at: float
    says: str
    play: Callable[[Platform, float], None]


@dataclass(frozen=True, slots=True)
class Story:
    """A platform and what happens on it.

    Args:
        calls: how many restart calls each instance must see, by name.
    """

    platform: Platform
    scenes: tuple[Scene, ...]
    calls: dict[str, int]


def story(seed: int = 1) -> Story:
    """One fails, one is stopped, one will not start, one reply is lost, the platform goes away."""
    random = Random(seed)  # noqa: S311 - a story must repeat
    names = ("train-a", "web-b", "llm-api", "batch-c", "gpu-d", "calm-e")
    platform = Platform(seed=seed, account=Account(fixed=TOKEN))
    platform.add(
        Instance(f"{random.getrandbits(128):032x}", name, deploy_for=1.5) for name in names
    )
    ids = {one.name: one.id for one in platform.instances.values()}

    def fails(name: str, status: str = FAILED) -> Callable[[Platform, float], None]:
        return lambda on, now: on.set_status(ids[name], status, now)

    def refuses(on: Platform, now: float) -> None:
        on.instances[ids["llm-api"]].refuses = 3
        fails("llm-api")(on, now)

    def lost(on: Platform, now: float) -> None:
        fault = Fault("restart", ids["batch-c"], times=1, reset="after")
        on.faults.active.append(fault)
        fails("batch-c")(on, now)

    def outage(on: Platform, now: float) -> None:
        on.faults.active.append(Fault(http=502, body="html", until=now + 5.0))
        fails("gpu-d")(on, now)

    scenes = (
        Scene(3.0, "train-a fails", fails("train-a")),
        Scene(4.0, "llm-api fails, and its next three starts will be refused", refuses),
        Scene(9.0, "web-b is stopped by its time limit", fails("web-b", TERMINATED)),
        Scene(15.0, "batch-c fails, and the reply to its restart will be lost", lost),
        Scene(22.0, "the platform goes away for 5 s, and gpu-d fails meanwhile", outage),
    )
    calls = {"train-a": 1, "web-b": 1, "llm-api": 4, "batch-c": 1, "gpu-d": 1, "calm-e": 0}
    return Story(platform, scenes, calls)
