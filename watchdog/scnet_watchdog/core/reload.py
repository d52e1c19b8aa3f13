"""A new config: state is kept, deadlines are computed anew, newcomers are looked at first."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from . import centerbreaker, ramp
from .change import StoredInstance
from .decide import conclude_all
from .draft import Draft
from .fleet import Decided, Fleet, SourceState, new_sources
from .inputs import Situation
from .leave import found_again, left
from .model import InstanceId, SourceKey
from .operate import became_eligible
from .policy import Member, Mode, Roster


def reload(fleet: Fleet, roster: Roster, situation: Situation) -> Decided:
    """Return what a new config changes; applying it makes the roster the fleet's own."""
    leaving = Draft(fleet, situation)
    stays = {
        id_: member
        for id_, member in roster.members.items()
        if id_ in fleet.instances and fleet.instances[id_].center == member.center
    }
    for id_ in [id_ for id_ in fleet.instances if id_ not in stays]:
        _remove(leaving, id_)
    new = _with_roster(fleet, leaving, roster, situation.now)
    draft = Draft(new, situation)
    draft.events = leaving.events
    draft.attempts = leaving.attempts
    draft.centers = {n: c for n, c in leaving.centers.items() if n in roster.centers}
    draft.dormant = {i: one for i, one in leaving.dormant.items() if i not in roster.members}
    added = [id_ for id_ in roster.members if id_ not in stays]
    for id_ in added:
        # It must be seen first, and counts as turned when it is down then.
        draft.put(found_again(roster.members[id_], new.dormant))
    for id_, member in stays.items():
        _adapt(draft, id_, fleet.roster.members[id_], member)
    for name in roster.centers:
        for id_ in draft.index(name).unrest:
            draft.touched[id_] = None
        draft.touched_centers[name] = None
    conclude_all(draft)
    return _decided(draft, fleet, new, roster, added)


def _with_roster(fleet: Fleet, leaving: Draft, roster: Roster, now: datetime) -> Fleet:
    """A fleet under the new roster, without whoever leaves."""
    new = Fleet(roster, now)
    new.instances = {
        id_: state for id_, state in fleet.instances.items() if id_ not in leaving.dormant
    }
    new.centers |= fleet.centers
    new.holds = dict(fleet.holds)
    new.sources = new_sources(roster, fleet.sources, now)
    new.dormant = {**fleet.dormant, **leaving.dormant}
    for name, index in fleet.indexes.items():
        twin = index.copy()
        for id_ in leaving.dormant:
            twin.drop(id_)
        new.indexes[name] = twin
    return new


def _remove(draft: Draft, id_: InstanceId) -> None:
    """Give back what it took of its center; keep what outlives a removal."""
    ramp.give_back(draft, id_)
    centerbreaker.quiet(draft, id_)
    state = draft.state(id_)
    stored, unjudged = left(StoredInstance(id_, state.center, state.facts), draft.now)
    if unjudged is not None:
        draft.row(unjudged)
    draft.dormant[id_] = stored


def _adapt(draft: Draft, id_: InstanceId, old: Member, new: Member) -> None:
    """Apply one instance's changed knobs."""
    state = draft.state(id_)
    if old == new:
        return
    episode = state.facts.care.episode
    if episode is not None and episode.rejection is not None:
        state = draft.care(state, episode=replace(episode, rejection=None))
    if old.key != new.key:
        state = draft.put(replace(state, sight=type(state.sight)()))
    elif old.policy.restart_on != new.policy.restart_on:
        state = draft.put(replace(state, sight=replace(state.sight, down=None, restartable=None)))
    else:
        draft.put(state)
    was_armed = old.policy.mode is Mode.ACTIVE and state.facts.status in old.policy.restart_on
    if not was_armed:
        became_eligible(draft, id_)


def _decided(
    draft: Draft, before: Fleet, new: Fleet, roster: Roster, added: list[InstanceId]
) -> Decided:
    decided = draft.decided()
    back = {id_: stored for id_, stored in new.dormant.items() if id_ not in roster.members}
    sources = _first_looks({**new.sources, **draft.sources}, before.sources, roster, added)
    return replace(
        decided,
        indexes={**new.indexes, **decided.indexes},
        sources=sources,
        dormant=back,
        roster=roster,
    )


def _first_looks(
    sources: Mapping[SourceKey, SourceState],
    before: Mapping[SourceKey, SourceState],
    roster: Roster,
    added: list[InstanceId],
) -> dict[SourceKey, SourceState]:
    """A known source that got newcomers tells a first look of these alone."""
    told = dict(sources)
    for key in {roster.members[id_].key for id_ in added}:
        if key in before and before[key].looked:
            ids = frozenset(id_ for id_ in added if roster.members[id_].key == key)
            told[key] = replace(told[key], looked=False, newcomers=ids)
    return told
