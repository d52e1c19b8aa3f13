"""What a reload changes, in words for `config.reloaded`."""

from dataclasses import dataclass

from ..core.policy import Roster
from .model import Settings

RESTART_ONLY = ("state", "server", "log", "notify", "heartbeat", "reload_on_change")
"""Sections that only a restart of the daemon takes up."""


@dataclass(frozen=True, slots=True)
class Differences:
    """Ids that came, went or changed, and sections that need a restart of the daemon."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]
    needs_restart: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InForce:
    """A config as the daemon keeps it.

    Args:
        settings: all but its instances.
        roster: the instances as the core sees them.
    """

    settings: Settings
    roster: Roster


def in_force(settings: Settings, roster: Roster) -> InForce:
    """Keep what a reload compares: an instance as written takes as much memory as all its rest."""
    groups = [one.model_copy(update={"instances": []}) for one in settings.groups]
    return InForce(settings.model_copy(update={"instances": [], "groups": groups}), roster)


def differences(of: InForce, to: InForce) -> Differences:
    """Compare two configs as the daemon sees them."""
    old, new, before, after = of.settings, to.settings, of.roster, to.roster
    limits = {name for name in after.centers if before.centers.get(name) != after.centers[name]} | {
        name for name in new.centers if old.centers.get(name) != new.centers[name]
    }
    sources = {name for name in new.sources if old.sources.get(name) != new.sources[name]}
    changed = [
        id_
        for id_, member in after.members.items()
        if id_ in before.members
        and (before.members[id_] != member or member.center in limits or member.source in sources)
    ]
    return Differences(
        added=tuple(id_ for id_ in after.members if id_ not in before.members),
        removed=tuple(id_ for id_ in before.members if id_ not in after.members),
        changed=tuple(changed),
        needs_restart=tuple(
            name for name in RESTART_ONLY if getattr(old, name) != getattr(new, name)
        ),
    )


def news_of(old: InForce, new: InForce) -> dict[str, list[str]]:
    """The differences by the names of `config.reloaded`."""
    found = differences(old, new)
    return {
        "added": list(found.added),
        "removed": list(found.removed),
        "changed": list(found.changed),
        "needs_restart": list(found.needs_restart),
    }
