"""Rows of the ledger as the core changes them, for whoever counts what no event tells."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from ..core.attempt import Attempt
from ..core.change import Change, Memory
from ..core.fleet import Decided, Fleet
from ..core.inputs import Input, Situation
from ..core.policy import Roster
from ..engine.doorways import CORE, Doorways


def overheard(hear: Callable[[Iterable[Attempt]], None]) -> Doorways:
    """The core's own doorways; `hear` is told every row that was settled or judged."""

    def resume(memory: Memory, roster: Roster, now: datetime) -> tuple[Fleet, Change]:
        fleet, change = CORE.resume(memory, roster, now)
        hear(change.attempts)
        return fleet, change

    def reload(fleet: Fleet, roster: Roster, situation: Situation) -> Decided:
        decided = CORE.reload(fleet, roster, situation)
        hear(decided.change.attempts)
        return decided

    def decide(
        fleet: Fleet, inputs: Sequence[Input], due: Collection[str], situation: Situation
    ) -> Decided:
        decided = CORE.decide(fleet, inputs, due, situation)
        hear(decided.change.attempts)
        return decided

    return replace(CORE, resume=resume, reload=reload, decide=decide)
