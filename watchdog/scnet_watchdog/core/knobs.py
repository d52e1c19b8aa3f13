"""The settings behind each check: their values, and which level of the config said them last."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace

from .decision import Reason
from .fleet import Fleet
from .model import InstanceId
from .policy import Member, Pace

Levels = Mapping[str, frozenset[str]]
"""The keys that each level says, by its name; the nearest level first."""

BUILT_IN = "built-in"
"""The origin of a value that no level of the config says."""

_POLICY: Mapping[Reason, tuple[str, ...]] = {
    Reason.WATCH_ONLY: ("mode",),
    Reason.STUCK_WAITING: ("waiting_alarm.critical",),
    Reason.VERIFYING: ("start_deadline", "unknown_outcome"),
    Reason.STARTING: ("waiting_alarm.critical",),
    Reason.NOT_RESTARTABLE: ("restart_on",),
    Reason.CONFIRMING: ("confirm",),
    Reason.REJECTED: ("breaker.max_open",),
    Reason.BREAKER_OPEN: ("breaker",),
    Reason.COOLING_DOWN: ("cooldown", "unknown_outcome"),
    Reason.BUDGET_SPENT: ("budget",),
    Reason.SHADOW: ("mode",),
}
_LIMITS: Mapping[Reason, tuple[str, ...]] = {
    Reason.REJECTED: ("blocked_recheck",),
    Reason.CENTER_BLOCKED: ("blocked_recheck",),
    Reason.THROTTLED: ("center_breaker.open_for",),
    Reason.CENTER_BREAKER_OPEN: ("center_breaker",),
    Reason.STORM: ("storm",),
    Reason.CENTER_RATE: ("restarts_per_hour",),
    Reason.CENTER_BUSY: ("max_in_flight",),
}
_PACE: Mapping[Reason, tuple[str, ...]] = {Reason.SOURCE_BLIND: ("interval",)}
"""By check, the knobs it obeys; a block stands for all that is in it."""


@dataclass(frozen=True, slots=True)
class Knob:
    """One setting in force.

    Args:
        name: its path within a level: `cooldown.initial`.
        value: as the core has it; None = auto.
        origin: the nearest level that says it, or `built-in`.
    """

    name: str
    value: object
    origin: str


def knobs(fleet: Fleet, id_: InstanceId, reason: str, shadow: bool) -> tuple[Knob, ...]:
    """Return the settings that one check of an instance obeys.

    Args:
        reason: the check's name.
        shadow: the daemon's own switch, over any mode `active`.
    """
    roster, check = fleet.roster, Reason(reason)
    member, said = roster.members[id_], roster.origins.levels
    own = {"policy of the instance": roster.origins.own.get(id_, frozenset())}
    policy = replace(member.policy, mode=fleet.mode_of(id_, shadow))
    if policy.mode is not member.policy.mode:
        own = {"run --shadow": frozenset({"mode"})} | own
    limits = roster.centers[member.center]
    pace = roster.paces.get(member.source) or Pace()
    return (
        *_found(policy, _POLICY.get(check, ()), own | _said(said, _policies(member))),
        *_found(limits, _LIMITS.get(check, ()), _said(said, _limits(member))),
        *_found(pace, _PACE.get(check, ()), _said(said, (f"source {member.source}",))),
    )


def _said(said: Levels, names: tuple[str, ...]) -> dict[str, frozenset[str]]:
    """Some levels, the nearest first."""
    return {name: said.get(name, frozenset()) for name in names}


def _policies(member: Member) -> tuple[str, ...]:
    group = () if member.group is None else (f"policy of group {member.group}",)
    return (*group, "policy")


def _limits(member: Member) -> tuple[str, ...]:
    return (f"limits of center {member.center}", "limits")


def _found(value: object, paths: tuple[str, ...], levels: Levels) -> Iterator[Knob]:
    """The knobs at some paths; the nearest level that names one is its origin."""
    for path in paths:
        found = value
        for part in path.split("."):
            found = getattr(found, part)
        for name, one in _leaves(path, found):
            origin = next((level for level, said in levels.items() if name in said), BUILT_IN)
            yield Knob(name, one, origin)


def _leaves(path: str, value: object) -> Iterator[tuple[str, object]]:
    if not is_dataclass(value):
        yield path, value
        return
    for field in fields(value):
        yield f"{path}.{field.name}", getattr(value, field.name)
