"""The ledger row of one restart attempt: open (saved) → settled (has an outcome) → judged."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from .decision import Reason
from .model import InstanceId, Status
from .outcome import OutcomeKind, RefusalClass, Verdict


class AttemptKey(NamedTuple):
    """An attempt's identity: `seq` counts per instance and is never reset."""

    instance: InstanceId
    seq: int


@dataclass(frozen=True, slots=True)
class Attempt:
    """One row. Saved before the call, settled after it, judged by later reads.

    Args:
        number: the attempt's place in its episode, from 1.
        status: what the last observation showed when the attempt was saved.
        asked_at: when that observation was asked for.
        epoch: the tenure under which it was saved.
    """

    instance: InstanceId
    seq: int
    center: str
    episode: int
    number: int
    reason: Reason
    status: Status
    asked_at: datetime
    saved_at: datetime
    epoch: int = 0
    outcome: OutcomeKind | None = None
    refusal: RefusalClass | None = None
    code: str | None = None
    returned_id: str | None = None
    settled_at: datetime | None = None
    verdict: Verdict | None = None
    judged_at: datetime | None = None

    @property
    def key(self) -> AttemptKey:
        """The attempt's identity."""
        return AttemptKey(self.instance, self.seq)

    @property
    def awaits_verdict(self) -> bool:
        """Whether it is settled as accepted or unknown, and not judged yet."""
        return self.verdict is None and self.outcome in (
            OutcomeKind.ACCEPTED,
            OutcomeKind.UNKNOWN,
        )

    @property
    def closed(self) -> bool:
        """Whether nothing more is expected of it: the store's unique index counts the others."""
        return self.outcome is not None and not self.awaits_verdict
