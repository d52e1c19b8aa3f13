"""Who is held, by the operators' commands alone."""

from datetime import datetime

from scnet_watchdog.core.change import Memory
from scnet_watchdog.core.command import Command, Hold, PlaceHold, Release, Scope, ScopeKind
from scnet_watchdog.core.model import InstanceId, Status
from scnet_watchdog.core.policy import Member

from .eyes import Eyes


class HoldBook:
    """Holds as they were placed and released."""

    def __init__(self) -> None:
        self._holds: dict[Scope, Hold] = {}

    def found(self, memory: Memory) -> None:
        """A new daemon knows the holds that were saved."""
        singles = (one.facts.care.hold for one in memory.instances)
        found = (*memory.holds, *(hold for hold in singles if hold is not None))
        self._holds = {hold.scope: hold for hold in found}

    def commanded(self, command: Command, now: datetime) -> None:
        """An operator's command reached the daemon."""
        if isinstance(command, PlaceHold):
            self._holds[command.scope] = Hold(
                command.scope, now, command.length, command.until_running
            )
        elif isinstance(command, Release):
            self._holds.pop(command.scope, None)
            if command.every:
                self._holds.clear()

    def holds(self, id_: InstanceId, member: Member, now: datetime, eyes: Eyes) -> bool:
        """Whether an instance is surely held."""
        return any(
            hold is not None and _covers(hold, id_, now, eyes)
            for scope in scopes(id_, member)
            for hold in [self._holds.get(scope)]
        )

    def any_on(self, id_: InstanceId, member: Member) -> bool:
        """Whether there is a hold on it, over or not."""
        return any(scope in self._holds for scope in scopes(id_, member))


def scopes(id_: InstanceId, member: Member) -> list[Scope]:
    """Every scope an instance is in."""
    found = [
        Scope(ScopeKind.INSTANCE, id_),
        Scope(ScopeKind.CENTER, member.center),
        Scope(ScopeKind.FLEET),
    ]
    return [*found, Scope(ScopeKind.GROUP, member.group)] if member.group else found


def _covers(hold: Hold, id_: InstanceId, now: datetime, eyes: Eyes) -> bool:
    if hold.ends_at is not None and now >= hold.ends_at:
        return False
    # Whether it was a person who started it is for the core to find out; here it is enough that
    # it ran since.
    return not (hold.until_running and eyes.showed(id_, hold.begun_at, Status.RUNNING))
