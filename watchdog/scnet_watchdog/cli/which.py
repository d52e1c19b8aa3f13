"""Which instance a person means: an id, a unique start of one, or a name."""

from ..core.model import InstanceId
from ..core.policy import Roster
from .common import ExitCode, leave

SHORTEST = 4
"""Characters an abbreviated id needs at least, so that a slip names nobody."""


def resolve(text: str, roster: Roster) -> InstanceId:
    """The instance a text means; ends the command with 2 where it means none, or several."""
    if text in roster.members:
        return InstanceId(text)
    named = [one.id for one in roster.members.values() if one.name == text]
    if len(named) == 1:
        return named[0]
    starts = [id_ for id_ in roster.members if id_.startswith(text)]
    if len(starts) == 1 and len(text) >= SHORTEST:
        return starts[0]
    if len(starts) > 1:
        leave(ExitCode.USAGE, f"{text}: several instances begin so: {', '.join(starts[:5])}")
    leave(ExitCode.USAGE, f"{text}: no watched instance has this id or name")
