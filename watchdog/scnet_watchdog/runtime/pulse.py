"""Whether the daemon lives, and whether it is ready: never a question of the platform's health."""

from datetime import timedelta

from ..engine.engine import Engine
from ..ports import Clock

TURN_LASTS = timedelta(seconds=60)
"""A turn takes milliseconds; one that is not over after this is stuck (a disk that hangs)."""


def stuck(engine: Engine, clock: Clock) -> str | None:
    """Why the daemon is not healthy, or None: turns happen when they are due."""
    began = engine.turn_began_at
    if began is not None and clock.now() > began + TURN_LASTS:
        return f"a turn has not ended for {_seconds(clock.now() - began)} s"
    due = engine.next_due_at
    if engine.fleet is not None and due is not None and clock.now() > due + TURN_LASTS:
        return f"no turn happens: one is overdue for {_seconds(clock.now() - due)} s"
    return None


def unready(engine: Engine, clock: Clock) -> str | None:
    """Why the daemon is not ready, or None.

    Ready: the state is owned and can be written, and each source was asked once, however that
    ended; one that must not be asked at this moment (throttled, blocked) keeps nobody waiting.
    """
    if engine.fleet is None:
        return "the state is not owned"
    if not engine.writable:
        return "the state cannot be written"
    for key in sorted(engine.sources - engine.polls.answered):
        if engine.may_poll(key):
            return f"source {key.source} of center {key.center} was not asked yet"
    return stuck(engine, clock)


def _seconds(length: timedelta) -> int:
    return round(length.total_seconds())
