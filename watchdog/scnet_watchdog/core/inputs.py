"""What a turn takes in: observations, ended calls, commands; and what the engine knows besides."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from .attempt import AttemptKey
from .command import Command
from .model import Page, PollFailed, Swept
from .outcome import Outcome


@dataclass(frozen=True, slots=True)
class CallEnded:
    """A restart call ended; `at` is when its reply, or the lack of one, was known."""

    key: AttemptKey
    outcome: Outcome
    at: datetime


@dataclass(frozen=True, slots=True)
class LookAgain:
    """Something about a center's credentials changed: look at its block at once."""

    center: str


@dataclass(frozen=True, slots=True)
class ClockStepped:
    """The wall clock stepped by that many seconds.

    Args:
        expires: it moved ahead by more than our steady clock can explain (a suspend that the
            steady clock did not count): every opinion expires.
    """

    seconds: float
    expires: bool = False


Input = Page | Swept | PollFailed | CallEnded | Command | LookAgain | ClockStepped


@dataclass(frozen=True, slots=True)
class Situation:
    """What the engine knows at the moment of a turn.

    Args:
        free: free connections for restart calls, per center; a center left out has none.
        draining: the daemon is stopping; no new call.
        writable: the state can be written.
        shadow: run as if every active instance were in shadow mode.
    """

    now: datetime
    epoch: int = 0
    free: Mapping[str, int] = field(default_factory=dict)
    draining: bool = False
    writable: bool = True
    shadow: bool = False
