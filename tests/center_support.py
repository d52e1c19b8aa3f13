"""Outcomes and policies that the tests of breakers, storms and limits share."""

from collections.abc import Callable
from datetime import timedelta

from builders import T0, World
from scnet_watchdog.core.attempt import Attempt
from scnet_watchdog.core.center import CenterState
from scnet_watchdog.core.event import EventKind
from scnet_watchdog.core.model import BlockCause, Status
from scnet_watchdog.core.outcome import NotSent, Outcome, RefusalClass, Refused, Unanswered
from scnet_watchdog.core.policy import Budget, Cooldown, Policy
from scnet_watchdog.core.state import Episode

STEADY = Policy(cooldown=Cooldown(jitter=0.0))
"""The defaults without spread, so that waits are round numbers."""

EAGER = Policy(
    cooldown=Cooldown(timedelta(seconds=10), 1.0, timedelta(seconds=10), 0.0),
    budget=Budget(restarts=1000),
)
"""Waits ten seconds between attempts, always."""

START_FAILURE = Refused(RefusalClass.START_FAILURE, "716868")
PLATFORM = Refused(RefusalClass.PLATFORM, "10001")
THROTTLED = Refused(RefusalClass.THROTTLED, "http_429")
ARREARS = Refused(RefusalClass.ACCOUNT, "10007", cause=BlockCause.ARREARS)
INVALID = Refused(RefusalClass.INVALID, "10004")
DENIED = Refused(RefusalClass.INVALID, "10008")
UNANSWERED = Unanswered("read time-out")
NOT_SENT = NotSent("connection refused")


def s(moment: timedelta) -> float:
    """Seconds."""
    return moment.total_seconds()


def answers(outcome: Outcome) -> Callable[[Attempt], Outcome]:
    """Answer every call so."""
    return lambda attempt: outcome


def in_turn(*outcomes: Outcome) -> Callable[[Attempt], Outcome]:
    """Answer the calls one by one, the last answer for ever."""
    left = list(outcomes)
    return lambda attempt: left.pop(0) if len(left) > 1 else left[0]


def heals(world: World) -> None:
    """From now on whoever is called runs at once."""
    world.on_call = lambda attempt: world.show(Status.RUNNING, attempt.instance)


def at(world: World, kind: EventKind, scope: str | None = None) -> list[float]:
    """When events of a kind were told, in seconds after the start."""
    return [
        s(event.at - T0)
        for event in world.told(kind)
        if scope is None or event.fields.get("scope") == scope
    ]


def episode(world: World, id_: str = "a0") -> Episode:
    """The open episode of an instance."""
    found = world.state(id_).facts.care.episode
    assert found is not None
    return found


def center(world: World, name: str = "kunshan") -> CenterState:
    """The center's state."""
    return world.fleet.centers[name]
