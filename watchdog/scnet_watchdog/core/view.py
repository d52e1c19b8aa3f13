"""Everything one instance's decision rests on, collected once."""

from dataclasses import dataclass
from datetime import datetime

from .center import CenterState
from .command import Hold
from .draft import Draft
from .holds import hold_of
from .model import InstanceId, Status
from .policy import Member, Mode, Policy
from .state import Episode, InstanceState


# No value but, like the draft, a turn's own working copy: several are made for every decision.
@dataclass(slots=True)
class View:
    """Everything one instance's decision rests on.

    Args:
        policy: the knobs in force.
        status: the last status seen.
        episode: the open episode.
        ordered: whether an operator asked for a restart.
    """

    member: Member
    policy: Policy
    mode: Mode
    state: InstanceState
    status: Status | None
    episode: Episode | None
    ordered: bool
    center: CenterState
    now: datetime
    hold: Hold | None
    blind_at: datetime | None
    draft: Draft


def view_of(draft: Draft, id_: InstanceId) -> View:
    """Collect what an instance's decision rests on."""
    state, member = draft.state(id_), draft.member(id_)
    facts = state.facts
    return View(
        member,
        member.policy,
        draft.mode(id_),
        state,
        facts.status,
        facts.care.episode,
        facts.care.order is not None,
        draft.center(member.center),
        draft.now,
        hold_of(draft, id_),
        draft.blind_at(state),
        draft,
    )
