"""The knobs of instances and centers as the config writes them: only what differs.

Every field is optional; what is left out comes from the level below (built-in ← `policy` ← group
← instance). The built-in values are the defaults of `core/policy.py`.
"""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from .base import Section, Text
from .units import Duration, Share, Wait, duration_of

Whole = Annotated[int, Field(ge=1)]
Factor = Annotated[float, Field(ge=1, le=1000)]


class ConfirmPatch(Section):
    """How sure we are before we act."""

    count: Whole | None = None
    """Restartable observations in a row. Default 2: one read may be a slip of the platform."""
    over: Duration | None = None
    """First and last of them at least this far apart. Default 30s; 0 = no minimum."""


class CooldownPatch(Section):
    """Wait between attempts on one instance: initial × multiplier^(n−1), at most max."""

    initial: Duration | None = None
    """After the first attempt. Default 60s: a start takes minutes."""
    multiplier: Factor | None = None
    """Growth from attempt to attempt. Default 2."""
    max: Duration | None = None
    """Longest wait. Default 15m, as cloud schedulers use."""
    jitter: Annotated[float, Field(ge=0, le=1)] | None = None
    """Spread: up to this share longer, so that many instances do not call at once. Default 0.25."""


def _codes(value: Any) -> Any:
    for code in value if isinstance(value, list) else ():
        if str(code) in ("0", "10008"):
            raise PydanticCustomError(
                "codes", "{code} can not be a start failure", {"code": str(code)}
            )
    return value


class BreakerPatch(Section):
    """When repeated start failures stop the restarts of one instance, and for how long."""

    codes: Annotated[list[Text], BeforeValidator(_codes)] | None = None
    """Platform codes that mean that the start failed. Default ["716868"]; 0 and 10008 cannot be."""
    threshold: Whole | None = None
    """Start failures in a row that open it. Default 3, as most supervisors."""
    open_for: Wait | None = None
    """How long it stays open the first time. Default 30m."""
    multiplier: Factor | None = None
    """Growth from opening to opening. Default 2."""
    max_open: Wait | None = None
    """Longest opening. Default 6h: never a latch."""


class UnknownOutcomePatch(Section):
    """How a call without an answer is judged."""

    watch: Wait | None = None
    """How long it is watched at least. Default 120s."""
    reads: Whole | None = None
    """For how many good reads it is watched at least. Default 3."""


class WaitingAlarmPatch(Section):
    """When waiting for capacity is told."""

    warn: Wait | None = None
    """A warning after this time. Default 10m."""
    critical: Wait | None = None
    """Counts as stuck after this time. Default 60m."""


class BudgetPatch(Section):
    """Calls one instance may spend; they cost money."""

    restarts: Whole | None = None
    """Calls in the sliding window. Default 10."""
    per: Wait | None = None
    """The window. Default 24h."""
    then_every: Wait | None = None
    """When spent, one call per this time. Default 1h."""


def _block(value: Any) -> Any:
    """A plain duration in place of the block means a constant cooldown."""
    if isinstance(value, (str, int)) and not isinstance(value, bool):
        length = duration_of(value)
        return {"initial": length, "max": length, "multiplier": 1, "jitter": 0}
    return value


class PolicyPatch(Section):
    """The knobs of one instance, a group, or all."""

    mode: Literal["active", "shadow", "watch"] | None = None
    """active: restart; shadow: decide and tell, never call; watch: only look. Default active."""
    restart_on: list[Literal["stopped", "failed", "completed"]] | None = None
    """Down statuses that are restarted. Default [stopped, failed]: completed is usually success."""
    confirm: ConfirmPatch | None = None
    """How sure we are before we act."""
    cooldown: Annotated[CooldownPatch, BeforeValidator(_block)] | None = None
    """Wait between attempts; a plain duration means a constant one."""
    breaker: BreakerPatch | None = None
    """Stops the restarts after repeated start failures."""
    start_deadline: Wait | None = None
    """From accepted to running; stands still while waiting for capacity. Default 10m."""
    unknown_outcome: UnknownOutcomePatch | None = None
    """How a call without an answer is judged."""
    waiting_alarm: WaitingAlarmPatch | None = None
    """When waiting for capacity is told."""
    stable_after: Wait | None = None
    """Running for this long ends the episode. Default 10m."""
    budget: BudgetPatch | None = None
    """Calls one instance may spend."""


class CenterBreakerPatch(Section):
    """When start failures or platform errors of a whole center stop its restarts."""

    instances: Whole | None = None
    """Distinct instances with start failures that trip it. Default 3."""
    within: Wait | None = None
    """The time in which these are counted. Default 10m."""
    errors: Whole | None = None
    """Platform errors in a row that trip it. Default 5."""
    open_for: Wait | None = None
    """How long it stays open the first time. Default 1m."""
    multiplier: Factor | None = None
    """Growth from opening to opening. Default 2."""
    max_open: Wait | None = None
    """Longest opening. Default 10m."""


class StormPatch(Section):
    """How much of a center must turn restartable at once to count as a storm."""

    share: Share | None = None
    """Share of the watched instances. Default 50%."""
    at_least: Whole | None = None
    """And at least so many. Default 5."""
    within: Wait | None = None
    """In this time. Default 10m."""


Auto = Annotated[int, Field(ge=1)] | Literal["auto"]


class LimitsPatch(Section):
    """Limits of one center."""

    max_in_flight: Auto | None = None
    """Restarts under way at the same time. Default auto = max(2, 5 % of the center's instances)."""
    restarts_per_hour: Auto | None = None
    """Calls in a sliding hour. Default auto = max(10, the center's instances)."""
    center_breaker: CenterBreakerPatch | None = None
    """Stops the restarts of the whole center."""
    storm: StormPatch | None = None
    """Lets one canary go first when much of the center fails at once."""
    blocked_recheck: Wait | None = None
    """How often a blocked center is looked at again. Default 10m."""
