"""A twin of the fleet, fed with the very same inputs: it must decide the very same.

Its memory is its own, so that anything a decision took from elsewhere, a clock, chance or an
object that both share, shows as a difference. And every decision told must be explainable.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from scnet_watchdog.core import decide as deciding
from scnet_watchdog.core import reload as reloading
from scnet_watchdog.core import resume as resuming
from scnet_watchdog.core.change import Change, Memory
from scnet_watchdog.core.decision import RESTART_REASONS, Reason
from scnet_watchdog.core.event import Event, EventKind
from scnet_watchdog.core.explain import explain
from scnet_watchdog.core.fleet import Decided, Fleet
from scnet_watchdog.core.inputs import Input, Situation
from scnet_watchdog.core.model import PollFailed
from scnet_watchdog.core.policy import Roster
from scnet_watchdog.core.state import Facts
from scnet_watchdog.engine.doorways import Doorways

from .witness import Witness

_GATED = {
    Reason.CONFIRMING,
    Reason.CENTER_BLOCKED,
    Reason.THROTTLED,
    Reason.CENTER_BREAKER_OPEN,
    Reason.STORM,
    Reason.CENTER_RATE,
    Reason.CENTER_BUSY,
    Reason.SHADOW,
}
"""What somebody else's call can change: the gates, and the second look before them."""


class Replay:
    """Stands in the doorways of one daemon's core."""

    def __init__(self, witness: Witness) -> None:
        self._witness = witness
        self._twin: Fleet | None = None
        self._situation: Situation | None = None
        self._granted: set[str | None] = set()

    def doorways(self) -> Doorways:
        """What the engine is given."""
        return Doorways(self._resume, self._reload, self._decide)

    def explained(self, event: Event, fleet: Fleet | None) -> None:
        """A decision that was told: its ladder must name the same reason."""
        if event.kind is not EventKind.DECISION_CHANGED or event.instance is None:
            return
        if fleet is None or self._situation is None or event.instance not in fleet.instances:
            return
        found = explain(fleet, event.instance, self._situation).decision.reason
        told = event.fields.get("reason")
        not_asked = told is Reason.CENTER_BUSY and found in {*RESTART_REASONS, Reason.CONFIRMING}
        if not_asked or (told in _GATED and event.center in self._granted):
            # Not asked because the line was long enough without it, or answered before another
            # one of its center was granted its call in the same turn.
            return
        if found is not told and told not in RESTART_REASONS:
            self._witness.fail("x", f"{event.instance} was told {told}, explained as {found}")

    def _resume(self, memory: Memory, roster: Roster, now: datetime) -> tuple[Fleet, Change]:
        fleet, change = resuming.resume(memory, roster, now)
        self._twin, again = resuming.resume(memory, roster, now)
        if change != again:
            self._witness.fail("x", "the same memory was taken up in two ways")
        return fleet, change

    def _reload(self, fleet: Fleet, roster: Roster, situation: Situation) -> Decided:
        decided = reloading.reload(fleet, roster, situation)
        assert self._twin is not None
        self._follow(decided, reloading.reload(self._twin, roster, situation))
        self._situation = situation
        return decided

    def _decide(
        self, fleet: Fleet, inputs: Sequence[Input], due: Collection[str], situation: Situation
    ) -> Decided:
        failures = [one for one in inputs if isinstance(one, PollFailed)]
        if failures:
            self._changes_no_counter(fleet, failures, situation)
        decided = deciding.decide(fleet, inputs, due, situation)
        assert self._twin is not None
        self._follow(decided, deciding.decide(self._twin, inputs, due, situation))
        self._granted = {attempt.center for attempt in decided.change.wanted}
        # Who is granted a call takes a connection with it.
        taken = Counter(attempt.center for attempt in decided.change.wanted)
        free = {name: places - taken[name] for name, places in situation.free.items()}
        self._situation = replace(situation, free=free)
        return decided

    def _follow(self, decided: Decided, again: Decided) -> None:
        assert self._twin is not None
        for name in ("change", "wakes", "looks", "instances", "sources"):
            if getattr(decided, name) != getattr(again, name):
                self._witness.fail("x", f"a replay differs in {name}")
        self._twin.apply(again)
        self._witness.turned(self._twin)

    def _changes_no_counter(
        self, fleet: Fleet, failures: Sequence[PollFailed], situation: Situation
    ) -> None:
        """What failures alone change, beside what the passing of time alone would have."""
        decided = deciding.decide(fleet, failures, (), situation)
        names = [str(id_) for id_ in decided.instances]
        by_time = deciding.decide(fleet, (), names, situation)
        for id_, state in decided.instances.items():
            timed = by_time.instances.get(id_) or fleet.instances[id_]
            if _counters(state.facts) != _counters(timed.facts) or (
                (state.sight.down, state.sight.restartable)
                != (timed.sight.down, timed.sight.restartable)
            ):
                self._witness.fail("viii", f"a failed read changed a counter of {id_}")


def _counters(facts: Facts) -> tuple[Any, ...]:
    episode, watch = facts.care.episode, facts.care.watch
    return (
        facts.ledger,
        episode
        and (episode.attempts, episode.not_sent, episode.failures, episode.openings, episode.reads),
        watch and (watch.reads, watch.ran_for, watch.left),
    )
