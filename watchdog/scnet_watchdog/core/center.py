"""What is remembered of one center between turns: block, throttle, breaker, storm and ramp."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from .model import BlockCause, InstanceId
from .state import BreakerState


@dataclass(frozen=True, slots=True)
class Block:
    """Account or credentials refuse us.

    Args:
        by_restart: the cause was a restart, so one canary restart must succeed.
        reads_fail: reads are refused too; nothing can be seen.
        looked_at: when it was last looked at; the next look is `blocked_recheck` later.
        may_try: a read succeeded and the canary restart may go.
        source: the status source whose reads are refused.
    """

    cause: BlockCause
    since: datetime
    looked_at: datetime
    by_restart: bool = False
    reads_fail: bool = False
    may_try: bool = False
    source: str | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Throttle:
    """The platform asked us to slow down; stored as begin + length.

    Args:
        in_row: throttled answers in a row.
        probing: the wait is over and this instance's call has gone ahead of the others.
        by_call: a restart call met it; else polls alone did.
    """

    begun_at: datetime
    length: timedelta
    in_row: int = 1
    probing: InstanceId | None = None
    by_call: bool = False


@dataclass(frozen=True, slots=True)
class Judged:
    """One judged attempt, for the breaker's share of start failures."""

    at: datetime
    instance: InstanceId
    failed: bool
    seq: int = 0


@dataclass(frozen=True, slots=True)
class Seen:
    """An instance and a moment: something happened to it then."""

    at: datetime
    instance: InstanceId


@dataclass(frozen=True, slots=True)
class CenterBreaker:
    """The breaker of a whole center.

    Args:
        by_errors: it was tripped by platform errors rather than by start failures.
        judged: attempts judged within the window.
        errors: instances of the platform errors in a row (bounded by the trip).
    """

    state: BreakerState = BreakerState.CLOSED
    opened_at: datetime | None = None
    closed_at: datetime | None = None
    openings: int = 0
    by_errors: bool = False
    judged: tuple[Judged, ...] = ()
    errors: tuple[InstanceId, ...] = ()


@dataclass(frozen=True, slots=True)
class Ramp:
    """The canary and how many may follow: a purse of free places.

    A save takes a place out; a pass puts two in (1, 2, 4 …); any other end puts its own back.

    Args:
        places: free places.
        passed: restarts that passed; while it is zero, whoever goes is a canary.
        grew_at: when a place was last added without a pass (at first: when the ramp began).
    """

    since: datetime
    places: int = 1
    passed: int = 0
    grew_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Storm:
    """A large share of a center turned restartable at once."""

    since: datetime
    instances: int


@dataclass(frozen=True, slots=True)
class CenterState:
    """One center. Everything here is stored.

    Args:
        turned: who turned restartable within the storm's window, oldest first; while a storm lasts
            nobody is counted.
        denials: restarts refused with 10008/10009 and no accepted one since.
        invalids: restarts refused as invalid, within ten minutes.
    """

    name: str
    block: Block | None = None
    throttle: Throttle | None = None
    breaker: CenterBreaker = CenterBreaker()
    storm: Storm | None = None
    ramp: Ramp | None = None
    turned: tuple[Seen, ...] = ()
    denials: tuple[Seen, ...] = ()
    invalids: tuple[Seen, ...] = ()

    def with_turned(self, turned: tuple[Seen, ...]) -> "CenterState":
        """The same center after somebody turned; written out as in `Facts`."""
        return CenterState(
            self.name,
            self.block,
            self.throttle,
            self.breaker,
            self.storm,
            self.ramp,
            turned,
            self.denials,
            self.invalids,
        )
