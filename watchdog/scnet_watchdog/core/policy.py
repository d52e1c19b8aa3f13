"""The knobs the core obeys, already valid.

`settings/` validates and converts; nothing here checks again. Defaults stand in
`settings/model.py` as well, where users read them; a test keeps the two equal.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from functools import cache

from .model import InstanceId, SourceKey, Status

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


class Mode(StrEnum):
    """active: restart; shadow: decide and tell, never call; watch: never even decide to."""

    ACTIVE = "active"
    SHADOW = "shadow"
    WATCH = "watch"


@dataclass(frozen=True, slots=True)
class Confirm:
    """That many restartable observations in a row, first and last asked at least `over` apart."""

    count: int = 2
    over: timedelta = 30 * SECOND


@dataclass(frozen=True, slots=True)
class Cooldown:
    """Wait after attempt n: min(max, initial × multiplier^(n−1)) × (1 + jitter × u)."""

    initial: timedelta = 60 * SECOND
    multiplier: float = 2.0
    max: timedelta = 15 * MINUTE
    jitter: float = 0.25


@dataclass(frozen=True, slots=True)
class BreakerPolicy:
    """When repeated start failures stop the restarts of one instance, and for how long."""

    codes: frozenset[str] = frozenset({"716868"})
    threshold: int = 3
    open_for: timedelta = 30 * MINUTE
    multiplier: float = 2.0
    max_open: timedelta = 6 * HOUR


@dataclass(frozen=True, slots=True)
class UnknownOutcome:
    """How long, and for how many good reads, a call without an answer is watched."""

    watch: timedelta = 120 * SECOND
    reads: int = 3


@dataclass(frozen=True, slots=True)
class WaitingAlarm:
    """How long an instance may wait for capacity before we warn, and before it counts as stuck."""

    warn: timedelta = 10 * MINUTE
    critical: timedelta = 60 * MINUTE


@dataclass(frozen=True, slots=True)
class Budget:
    """Calls one instance may spend in a sliding window; when spent, one per `then_every`."""

    restarts: int = 10
    per: timedelta = 24 * HOUR
    then_every: timedelta = HOUR


@dataclass(frozen=True, slots=True)
class Policy:
    """All knobs of one instance."""

    mode: Mode = Mode.ACTIVE
    restart_on: frozenset[Status] = frozenset({Status.STOPPED, Status.FAILED})
    confirm: Confirm = Confirm()
    cooldown: Cooldown = Cooldown()
    breaker: BreakerPolicy = BreakerPolicy()
    start_deadline: timedelta = 10 * MINUTE
    unknown_outcome: UnknownOutcome = UnknownOutcome()
    waiting_alarm: WaitingAlarm = WaitingAlarm()
    stable_after: timedelta = 10 * MINUTE
    budget: Budget = Budget()


@dataclass(frozen=True, slots=True)
class CenterBreakerPolicy:
    """When start failures or platform errors of a whole center stop its restarts."""

    instances: int = 3
    within: timedelta = 10 * MINUTE
    errors: int = 5
    open_for: timedelta = MINUTE
    multiplier: float = 2.0
    max_open: timedelta = 10 * MINUTE


@dataclass(frozen=True, slots=True)
class StormPolicy:
    """How much of a center must turn restartable, how fast, to count as a storm."""

    share: float = 0.5
    at_least: int = 5
    within: timedelta = 10 * MINUTE


@dataclass(frozen=True, slots=True)
class Limits:
    """All knobs of one center. `None` means auto: computed from the number of its instances."""

    max_in_flight: int | None = None
    restarts_per_hour: int | None = None
    center_breaker: CenterBreakerPolicy = CenterBreakerPolicy()
    storm: StormPolicy = StormPolicy()
    blocked_recheck: timedelta = 10 * MINUTE


@dataclass(frozen=True, slots=True)
class Pace:
    """How often one source is polled: usually, and while something is going on."""

    interval: timedelta = 30 * SECOND
    fast_interval: timedelta = 10 * SECOND


@dataclass(frozen=True, slots=True)
class Member:
    """One watched instance as the config names it.

    Args:
        name: None where the config gives none; the platform's label or the id stands in.
    """

    id: InstanceId
    center: str
    source: str
    policy: Policy = Policy()
    name: str | None = None
    group: str | None = None

    @property
    def key(self) -> SourceKey:
        """The source and center under which this instance's polls are counted."""
        return _key(self.source, self.center)


@cache
def _key(source: str, center: str) -> SourceKey:
    """Made once for each source of a center: every observation asks for it several times."""
    return SourceKey(source, center)


@dataclass(frozen=True, slots=True)
class Origins:
    """Which keys each level of the config says, by their paths: `cooldown.initial`.

    Args:
        levels: by the level's name: `policy`, `policy of group batch`, `limits`, `source scnet`.
        own: of instances that have a policy of their own, and of no others; equal sets are one.
    """

    levels: Mapping[str, frozenset[str]] = field(default_factory=dict)
    own: Mapping[InstanceId, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Roster:
    """The whole config as the core sees it: who is watched, under which limits and pace."""

    members: Mapping[InstanceId, Member] = field(default_factory=dict)
    centers: Mapping[str, Limits] = field(default_factory=dict)
    paces: Mapping[str, Pace] = field(default_factory=dict)
    origins: Origins = Origins()
