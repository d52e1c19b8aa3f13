"""From the config's words to the core's knobs: levels merged, defaults filled in."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel

from ..core.model import InstanceId, Status
from ..core.policy import Limits, Member, Mode, Origins, Pace, Policy, Roster
from .model import Group, Instance, Settings
from .problem import Path

_T = TypeVar("_T")
_CONVERT: Mapping[str, Callable[[Any], Any]] = {
    "mode": Mode,
    "restart_on": lambda value: frozenset(map(Status, value)),
    "codes": frozenset,
    "max_in_flight": lambda value: None if value == "auto" else value,
    "restarts_per_hour": lambda value: None if value == "auto" else value,
}


class Entry(NamedTuple):
    """One instance as written, with its place and group."""

    path: Path
    instance: Instance
    group: Group | None
    group_path: Path


class Level(NamedTuple):
    """One level of the merge: how it is called, where it stands, and what it says."""

    name: str
    path: Path
    patch: BaseModel


def entries(settings: Settings) -> Iterator[Entry]:
    """Every instance of the config, grouped ones first."""
    for i, group in enumerate(settings.groups):
        for j, one in enumerate(group.instances):
            yield Entry(("groups", i, "instances", j), one, group, ("groups", i))
    for i, one in enumerate(settings.instances):
        yield Entry(("instances", i), one, None, ())


def levels(settings: Settings, entry: Entry) -> list[Level]:
    """The levels of one instance's policy, from the widest to the nearest."""
    found = [Level("policy", ("policy",), settings.policy)]
    if entry.group is not None:
        path = (*entry.group_path, "policy")
        found.append(Level(f"group {entry.group.name}", path, entry.group.policy))
    found.append(Level("instance", (*entry.path, "policy"), entry.instance.policy))
    return [level for level in found if level.patch.model_fields_set]


def patched(value: _T, patch: BaseModel) -> _T:
    """A core value with what a patch says laid over it, key by key."""
    changes: dict[str, Any] = {}
    for name in patch.model_fields_set:
        new = getattr(patch, name)
        if new is None:
            continue
        old = getattr(value, name)
        if isinstance(new, BaseModel):
            changes[name] = patched(old, new)
        else:
            changes[name] = _CONVERT.get(name, lambda same: same)(new)
    return replace(value, **changes) if changes else value  # type: ignore[type-var]


def roster(settings: Settings) -> Roster:
    """The whole config as the core sees it; equal policies are one object."""
    known: dict[tuple[int, ...], Policy] = {}
    interned: dict[Policy, Policy] = {}
    only = next(iter(settings.centers), "")
    members = {}
    for entry in entries(settings):
        above = levels(settings, entry)
        key = tuple(id(level.patch) for level in above)
        policy = known.get(key)
        if policy is None:
            policy = Policy()
            for level in above:
                policy = patched(policy, level.patch)
            policy = known[key] = interned.setdefault(policy, policy)
        one = entry.instance
        id_ = InstanceId(one.id)
        members[id_] = Member(
            id_,
            one.center or only,
            one.source,
            policy,
            one.name,
            entry.group.name if entry.group is not None else None,
        )
    return Roster(members, limits(settings), paces(settings), origins(settings))


def limits(settings: Settings) -> dict[str, Limits]:
    """Each center's limits: its own over the common ones."""
    common = patched(Limits(), settings.limits)
    return {name: patched(common, center.limits) for name, center in settings.centers.items()}


def paces(settings: Settings) -> dict[str, Pace]:
    """Each source's pace; fast is never slower than usual."""
    return {
        name: Pace(source.interval, min(source.fast_interval, source.interval))
        for name, source in settings.sources.items()
    }


def origins(settings: Settings) -> Origins:
    """Which level says which key; the words are those of `core.knobs`."""
    said: dict[str, BaseModel] = {"policy": settings.policy, "limits": settings.limits}
    said |= {f"policy of group {one.name}": one.policy for one in settings.groups}
    said |= {f"limits of center {name}": one.limits for name, one in settings.centers.items()}
    said |= {f"source {name}": one for name, one in settings.sources.items()}
    interned: dict[frozenset[str], frozenset[str]] = {}
    own = {}
    for entry in entries(settings):
        if entry.instance.policy.model_fields_set:
            keys = frozenset(_said(entry.instance.policy))
            own[InstanceId(entry.instance.id)] = interned.setdefault(keys, keys)
    return Origins({name: frozenset(_said(patch)) for name, patch in said.items()}, own)


def _said(patch: BaseModel, prefix: str = "") -> Iterator[str]:
    for name in patch.model_fields_set:
        one = getattr(patch, name)
        if isinstance(one, BaseModel):
            yield from _said(one, f"{prefix}{name}.")
        elif one is not None:
            yield prefix + name
