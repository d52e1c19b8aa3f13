"""The core's doorways as the engine uses them: all that is ever decided passes through here.

Whoever wants to record or replay a life puts others in their place.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from ..core.attempt import Attempt
from ..core.change import Change, Memory
from ..core.decide import decide
from ..core.fleet import Decided, Fleet
from ..core.inputs import Input, Situation
from ..core.policy import Roster
from ..core.recheck import still_allowed
from ..core.reload import reload
from ..core.resume import resume


@dataclass(frozen=True, slots=True)
class Doorways:
    """Pure functions: the same arguments give the same answer."""

    resume: Callable[[Memory, Roster, datetime], tuple[Fleet, Change]] = resume
    reload: Callable[[Fleet, Roster, Situation], Decided] = reload
    decide: Callable[[Fleet, Sequence[Input], Collection[str], Situation], Decided] = decide
    still_allowed: Callable[[Fleet, Attempt, Situation, Sequence[Input]], str | None] = (
        still_allowed
    )


CORE = Doorways()
