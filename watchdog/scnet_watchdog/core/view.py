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


@dataclass(frozen=True, slots=True)
class View:
    """Everything one instance's decision rests on."""

    member: Member
    mode: Mode
    state: InstanceState
    center: CenterState
    now: datetime
    hold: Hold | None
    blind_at: datetime | None
    draft: Draft

    @property
    def policy(self) -> Policy:
        """The knobs in force."""
        return self.member.policy

    @property
    def status(self) -> Status | None:
        """The last status seen."""
        return self.state.facts.status

    @property
    def episode(self) -> Episode | None:
        """The open episode."""
        return self.state.facts.care.episode

    @property
    def ordered(self) -> bool:
        """Whether an operator asked for a restart."""
        return self.state.facts.care.order is not None


def view_of(draft: Draft, id_: InstanceId) -> View:
    """Collect what an instance's decision rests on."""
    state = draft.state(id_)
    member = draft.member(id_)
    return View(
        member,
        draft.mode(id_),
        state,
        draft.center(member.center),
        draft.now,
        hold_of(draft, id_),
        draft.blind_at(state),
        draft,
    )
