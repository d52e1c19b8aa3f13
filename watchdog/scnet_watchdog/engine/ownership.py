"""The tenure in force: taken, renewed at a third of its validity, and known to be over in time."""

from dataclasses import replace
from datetime import datetime, timedelta

from ..core.policy import Roster
from ..ports import HeldByAnother, StateStore, Tenure, Unwritable
from .storeclock import StoreClock

RENEW_SHARE = 3
"""A finite tenure is renewed after this part of its validity, so that two renewals may fail."""


class Ownership:
    """The right to act. Validity is counted from before the store was asked: never too long."""

    def __init__(self, store: StateStore, clock: StoreClock, who: str) -> None:
        self._store = store
        self._clock = clock
        self._who = who
        self._asked_at = clock.own()
        self.tenure: Tenure | None = None

    @property
    def epoch(self) -> int:
        """The epoch of the tenure in force, or 0."""
        return 0 if self.tenure is None else self.tenure.epoch

    async def take(self, wait: timedelta) -> Tenure:
        """Acquire the right to act.

        Raises:
            HeldByAnother, Unreadable, Unwritable
        """
        asked_at = self._clock.own()
        tenure = await self._store.acquire(self._who, wait)
        self._keep(tenure, asked_at)
        return tenure

    async def renew(self) -> bool:
        """Renew when it is time; False = the tenure is over and all memory of it is void.

        Raises:
            Unreadable
        """
        held = self.tenure
        if held is None:
            return False
        if held.valid_for is None:
            return True
        asked_at = self._clock.own()
        if asked_at < self._asked_at + held.valid_for / RENEW_SHARE:
            return True
        try:
            again = await self._store.acquire(self._who, timedelta())
        except HeldByAnother:
            return False
        except Unwritable:
            # The tenure may still be ours; it is over only when its time is.
            return self.outlasts(timedelta())
        if (again.epoch, again.centers) != (held.epoch, held.centers):
            return False
        self._keep(again, asked_at)
        return True

    def outlasts(self, length: timedelta) -> bool:
        """Whether the tenure is valid for longer than `length` from now."""
        if self.tenure is None:
            return False
        if self.tenure.valid_for is None:
            return True
        return self._asked_at + self.tenure.valid_for > self._clock.own() + length

    def drop(self) -> None:
        """Forget the tenure: nothing may be sent or saved under it any more."""
        self.tenure = None

    def _keep(self, tenure: Tenure, asked_at: datetime) -> None:
        self.tenure = tenure
        self._asked_at = asked_at
        self._clock.ahead = tenure.ahead


def owned(roster: Roster, tenure: Tenure) -> Roster:
    """The part of the config that lies in the tenure's centers."""
    if tenure.centers is None:
        return roster
    return replace(
        roster,
        members={
            id_: member for id_, member in roster.members.items() if member.center in tenure.centers
        },
        centers={name: limits for name, limits in roster.centers.items() if name in tenure.centers},
    )
