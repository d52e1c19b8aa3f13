"""What is remembered of one instance between turns.

State keeps *facts* (last call, number, openings, opened at); waits are computed from them and the
policy in force. `Sight` is what the running process saw and is never stored: after a start every
instance must be seen anew. `Facts` is stored. An instance *at rest* (running, nothing open) has no
`Care`, so that large healthy fleets stay small.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from .attempt import Attempt
from .command import Hold, Scope
from .decision import Reason
from .model import InstanceId, Status

ZERO = timedelta()


@dataclass(frozen=True, slots=True)
class Row:
    """Observations in a row. Moments are those at which the reads were asked."""

    count: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Sight:
    """What this process saw of an instance.

    Args:
        asked_at: when the last observation was asked for; None = not seen since the start.
        down: reads in a row that were down.
        restartable: reads in a row that were restartable.
        absent: the last sweep brought no observation of it.
    """

    asked_at: datetime | None = None
    seen_at: datetime | None = None
    down: Row | None = None
    restartable: Row | None = None
    absent: bool = False


UNSEEN = Sight()


class BreakerState(StrEnum):
    """The three states of a breaker, of an instance or of a center."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True, slots=True)
class Call:
    """A call that may have started something; `by_operator` ones are not in the budget."""

    at: datetime
    by_operator: bool = False


@dataclass(frozen=True, slots=True)
class Ledger:
    """What outlives an episode: the attempt counter and the calls of the sliding windows."""

    seq: int = 0
    episodes: int = 0
    calls: tuple[Call, ...] = ()


@dataclass(frozen=True, slots=True)
class Rejection:
    """The platform called our request invalid; tried again later, with doubling waits."""

    since: datetime
    tries: int = 1
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Episode:
    """From the first confirmed restartable observation until stable.

    Args:
        attempts: attempts that count for the wait (not_sent, withdrawn, throttled, account do not).
        not_sent: calls not sent since the last of those.
        waits_from: when the attempt was saved from which the cooldown runs; `waits_seq` its seq.
        last_call_at: the last attempt; a day after it the episode ends.
        failures: start failures in a row.
        openings: how often the breaker opened since the instance was last stable.
        cautious_from: since then that many good `reads` must be seen before the next call; with
            `watches` also `unknown_outcome.watch` must have passed.
    """

    began_at: datetime
    number: int
    attempts: int = 0
    not_sent: int = 0
    waits_from: datetime | None = None
    waits_seq: int = 0
    last_call_at: datetime | None = None
    failures: int = 0
    breaker: BreakerState = BreakerState.CLOSED
    opened_at: datetime | None = None
    openings: int = 0
    cautious_from: datetime | None = None
    watches: bool = False
    reads: int = 0
    rejection: Rejection | None = None


@dataclass(frozen=True, slots=True)
class Watch:
    """An attempt that is being made or watched.

    Args:
        slot: whether it still takes one of the center's places in flight.
        place: whether it holds a place of the center's ramp.
        canary: whether it is the one restart a storm or half-open center allows first.
        trial: whether it is the one restart a half-open breaker allows.
        left: a read begun after the reply showed that the instance left its down status.
        reads: good reads begun after the reply.
        ran_for: how much of `start_deadline` has run.
        read_at: the last read begun after the reply (at first: the reply), and what it showed.
        told: waiting alarms already told (0, 1 = warn, 2 = critical).
        overdue: judged did_not_help because `deploying` outlived the deadline: may be taken back.
        opened: whether that judgement alone opened the breaker.
    """

    attempt: Attempt
    slot: bool = True
    place: bool = False
    canary: bool = False
    trial: bool = False
    left: bool = False
    reads: int = 0
    ran_for: timedelta = ZERO
    read_at: datetime | None = None
    read_status: Status | None = None
    waiting_since: datetime | None = None
    told: int = 0
    overdue: bool = False
    opened: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    """How far one member has come under a hold that lasts until it runs."""

    scope: Scope
    of: datetime
    was_down: bool = False
    ended: bool = False


@dataclass(frozen=True, slots=True)
class Order:
    """An operator's restart that waits for a place; stored as begin, lapses after ten minutes."""

    begun_at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class ShadowCount:
    """What shadow mode would have done: calls so far, and when the last would have gone."""

    calls: int
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Care:
    """Everything that exists only while an instance needs attention."""

    running_since: datetime | None = None
    episode: Episode | None = None
    watch: Watch | None = None
    hold: Hold | None = None
    marks: tuple[Mark, ...] = ()
    order: Order | None = None
    shadow: ShadowCount | None = None
    turned: bool = False


REST = Care()
FRESH = Ledger()


@dataclass(frozen=True, slots=True)
class Facts:
    """What is stored of an instance.

    Args:
        since: when the first observation of `status` was asked for.
        label: the platform's own name.
        reason: the last decision that was told.
    """

    status: Status | None = None
    since: datetime | None = None
    label: str | None = None
    reason: Reason | None = None
    ledger: Ledger = FRESH
    care: Care = REST

    # Written out: `dataclasses.replace` takes three times as long, and these run per change.

    def with_care(self, care: Care) -> "Facts":
        """The same facts with something else open."""
        return Facts(self.status, self.since, self.label, self.reason, self.ledger, care)

    def with_reason(self, reason: Reason) -> "Facts":
        """The same facts with another decision told last."""
        return Facts(self.status, self.since, self.label, reason, self.ledger, self.care)


UNKNOWN_FACTS = Facts()


@dataclass(frozen=True, slots=True)
class InstanceState:
    """One instance: what is stored, and what this process saw."""

    id: InstanceId
    center: str
    facts: Facts = UNKNOWN_FACTS
    sight: Sight = UNSEEN

    def with_facts(self, facts: Facts) -> "InstanceState":
        """The same instance with other facts."""
        return InstanceState(self.id, self.center, facts, self.sight)

    def with_care(self, care: Care) -> "InstanceState":
        """The same instance with something else open."""
        return InstanceState(self.id, self.center, self.facts.with_care(care), self.sight)

    @property
    def at_rest(self) -> bool:
        """Running, and nothing open: an unchanged observation costs one look-up."""
        return (
            self.facts.status is Status.RUNNING
            and self.facts.care is REST
            and not self.sight.absent
            and self.sight.asked_at is not None
        )
