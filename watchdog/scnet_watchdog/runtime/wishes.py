"""A person's wishes: fed to the engine as commands, answered when their turn is saved.

The event `operator.command` carries no number of ours. Commands are taken in the order in which
they were fed, so of several that look alike the first event answers the first of them.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from ..core.command import Command, PlaceHold, Release, Reset, RestartNow, Scope, Wish
from ..core.event import Event, EventKind
from ..core.fleet import Fleet
from ..core.model import InstanceId
from ..desk import Declined, Unavailable
from ..engine.engine import Engine
from .feed import Feed
from .meant import called, scope_meant

TAKEN_UP_WITHIN = timedelta(seconds=10)
"""How long a turn is waited for: it is saved in milliseconds, unless the disk hangs."""

WAITING_AT_MOST = 200
"""Wishes under way at once."""

LOOK = "`scnet-watchdog history` shows whether it was taken up"
NOT_OURS = "the daemon does not own the state at this moment; try again"

Mark = tuple[str, str, str, str | None]
"""What the event tells of a command: verb, by, kind of scope, target."""


@dataclass(slots=True)
class Waiting:
    """A command that was fed and whose event has not come yet."""

    mark: Mark
    told: "asyncio.Future[Event]" = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


class Wishes:
    """Feeds commands and waits for the events that journal them."""

    def __init__(self, engine: Engine, feed: Feed, within: timedelta = TAKEN_UP_WITHIN) -> None:
        self._engine = engine
        self._within = within
        self._waiting: list[Waiting] = []
        feed.listen(self._hear)

    async def ask(self, fleet: Fleet, wish: Wish) -> tuple[Scope, Mapping[str, object]]:
        """Take up one wish; return its scope and the fields of its event.

        Raises:
            NobodyMeant, Declined, Unavailable
        """
        scope = scope_meant(fleet, wish.kind, wish.name)
        if len(self._waiting) >= WAITING_AT_MOST:
            raise Unavailable("too many commands wait for their turn; try again")
        one = Waiting((wish.verb, wish.by, str(scope.kind), scope.name or None))
        self._waiting.append(one)
        self._engine.feed(command_of(wish, scope))
        try:
            async with asyncio.timeout(self._within.total_seconds()):
                event = await one.told
        except TimeoutError:
            said = f"the command was handed over, but no turn was saved in time; {LOOK}"
            raise Unavailable(said) from None
        finally:
            self._waiting.remove(one)
        refused = event.fields.get("refused")
        if refused is not None:
            said = f"{wish.verb} of {called(fleet, scope)} is refused: {refused}"
            raise Declined(said, str(refused))
        return scope, event.fields

    def _hear(self, event: Event) -> None:
        if event.kind is EventKind.DAEMON_STOPPED:
            self._give_up()
        if event.kind is not EventKind.OPERATOR_COMMAND or "lapsed" in event.fields:
            return
        of = event.fields
        target = of.get("target")
        mark = (str(of.get("command")), str(of.get("by")), str(of.get("scope")), target)
        for one in self._waiting:
            if one.mark == mark and not one.told.done():
                one.told.set_result(event)
                return

    def _give_up(self) -> None:
        """No turn comes any more; whose command was in the very last one cannot be known here."""
        for one in self._waiting:
            if not one.told.done():
                one.told.set_exception(Unavailable(f"the daemon is stopping; {LOOK}"))


def command_of(wish: Wish, scope: Scope) -> Command:
    """The core's command for a wish."""
    match wish.verb:
        case "hold":
            length = None if wish.until_running else wish.length
            return PlaceHold(scope, wish.by, length, wish.until_running, wish.reason)
        case "release":
            return Release(scope, wish.by, wish.every)
        case "restart":
            return RestartNow(InstanceId(scope.name), wish.by)
        case "reset":
            return Reset(scope, wish.by)
    raise ValueError(f"{wish.verb} is no command")
