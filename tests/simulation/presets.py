"""Policies, limits and paces that stories choose from: the defaults, hasty ones and tight ones."""

from dataclasses import replace
from datetime import timedelta

from scnet_watchdog.core.model import InstanceId, SourceKey, Status
from scnet_watchdog.core.policy import (
    BreakerPolicy,
    Budget,
    CenterBreakerPolicy,
    Confirm,
    Cooldown,
    Limits,
    Member,
    Mode,
    Pace,
    Policy,
    Roster,
    StormPolicy,
    UnknownOutcome,
    WaitingAlarm,
)

CENTER = "kunshan"
KEY = SourceKey("scnet", CENTER)
S, M, H = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)

_HASTY = Policy(
    confirm=Confirm(1, timedelta()),
    cooldown=Cooldown(20 * S, 2.0, 2 * M, 0.1),
    breaker=BreakerPolicy(threshold=2, open_for=4 * M, max_open=20 * M),
    start_deadline=2 * M,
    unknown_outcome=UnknownOutcome(60 * S, 2),
    waiting_alarm=WaitingAlarm(2 * M, 8 * M),
    stable_after=3 * M,
    budget=Budget(6, 2 * H, 15 * M),
)
POLICIES = {
    "default": Policy(),
    "hasty": _HASTY,
    "completed": replace(
        _HASTY, restart_on=frozenset({Status.STOPPED, Status.FAILED, Status.COMPLETED})
    ),
    "failed_only": replace(_HASTY, restart_on=frozenset({Status.FAILED})),
    "patient": Policy(
        confirm=Confirm(3, 90 * S),
        cooldown=Cooldown(5 * M, 3.0, H, 0.5),
        unknown_outcome=UnknownOutcome(10 * M, 5),
        stable_after=30 * M,
    ),
    "thrifty": replace(_HASTY, budget=Budget(2, 3 * H, 40 * M)),
    "fragile": replace(_HASTY, breaker=BreakerPolicy(threshold=1, open_for=2 * M, max_open=8 * M)),
    "shadow": replace(_HASTY, mode=Mode.SHADOW),
    "watch": replace(_HASTY, mode=Mode.WATCH),
}
LIMITS = {
    "default": Limits(),
    "open": Limits(
        max_in_flight=200,
        restarts_per_hour=10_000,
        storm=StormPolicy(share=1.0, at_least=1_000_000),
    ),
    "narrow": Limits(max_in_flight=1, restarts_per_hour=4, blocked_recheck=3 * M),
    "nervous": Limits(
        max_in_flight=3,
        restarts_per_hour=40,
        center_breaker=CenterBreakerPolicy(
            instances=2, within=5 * M, errors=3, open_for=30 * S, max_open=4 * M
        ),
        storm=StormPolicy(share=0.3, at_least=3, within=5 * M),
        blocked_recheck=2 * M,
    ),
}
PACES = {
    "default": Pace(),
    "quick": Pace(10 * S, 5 * S),
    "slow": Pace(60 * S, 20 * S),
}


def roster_of(names: list[InstanceId], policies: tuple[str, ...], limits: str, pace: str) -> Roster:
    """The config: policies in turn, every third instance in a group."""
    members = {
        id_: Member(
            id_,
            KEY.center,
            KEY.source,
            POLICIES[policies[n % len(policies)]],
            group="third" if n % 3 == 0 else None,
        )
        for n, id_ in enumerate(names)
    }
    return Roster(members, {CENTER: LIMITS[limits]}, {KEY.source: PACES[pace]})


def bound(roster: Roster) -> timedelta:
    """How long after the last fault everyone must be running again, by policy and limits.

    The sum of every wait there is, each at its longest, one after the other.
    """
    limits, pace = roster.centers[CENTER], roster.paces[KEY.source]
    policies = [member.policy for member in roster.members.values()]
    n = max(1, len(policies))
    slots = limits.max_in_flight or max(2, -(-n // 20))
    rate = limits.restarts_per_hour or max(10, n)
    longest = max((p.cooldown.max * (1 + p.cooldown.jitter) for p in policies), default=H)
    doublings = (n - 1).bit_length()
    return (
        max((p.breaker.max_open for p in policies), default=H)
        + max(H, H * n / rate)
        + limits.center_breaker.max_open
        + limits.blocked_recheck
        + doublings * max((p.start_deadline + p.waiting_alarm.warn for p in policies), default=H)
        + n / slots * 2 * pace.fast_interval
        + max((p.budget.then_every for p in policies), default=H)
        + longest
    )
