"""Events as the daemon tells them, for tests of what people are told."""

from datetime import UTC, datetime, timedelta

from scnet_watchdog.core.event import Event, EventKind, Level
from scnet_watchdog.core.model import InstanceId

T0 = datetime(2026, 3, 1, 2, 14, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
LLM = "4c1f43ddb030483e89b55413bee6c004"


def happens(
    kind: EventKind,
    after: timedelta = timedelta(),
    instance: str | None = LLM,
    center: str | None = "kunshan",
    level: Level | None = None,
    **fields: object,
) -> Event:
    """One event of an instance called after its id, `llm-api` where none is given."""
    name = "llm-api" if instance == LLM else instance
    id_ = InstanceId(instance) if instance is not None else None
    # `class` is a word of Python's own.
    known = {key.rstrip("_"): value for key, value in fields.items()}
    return Event(kind, T0 + after, id_, name, center, known, level)


def blocked(after: timedelta = timedelta(), center: str = "kunshan") -> Event:
    """A center's account is in arrears."""
    return happens(
        EventKind.CENTER_BLOCKED,
        after,
        None,
        center,
        cause="arrears",
        code="10007",
        next_step="recharge the account; restarts resume by themselves",
    )


def unblocked(after: timedelta, center: str = "kunshan") -> Event:
    """And no longer."""
    return happens(
        EventKind.CENTER_UNBLOCKED, after, None, center, cause="arrears", blocked_for_s=60.0
    )


def recovered(
    after: timedelta = timedelta(), instance: str = LLM, reason: str = "stopped"
) -> Event:
    """A restart that helped."""
    return happens(
        EventKind.RESTART_RECOVERED,
        after,
        instance,
        attempt=1,
        reason=reason,
        verdict="recovered",
        previous="deploying",
        status="running",
        took_s=42.0,
    )


def status(after: timedelta, now: str, before: str, instance: str = LLM) -> Event:
    """A read shows another status."""
    return happens(EventKind.INSTANCE_STATUS_CHANGED, after, instance, previous=before, status=now)


def decision(after: timedelta, reason: str, instance: str = LLM, **fields: object) -> Event:
    """The reason of an instance changed."""
    return happens(
        EventKind.DECISION_CHANGED, after, instance, "kunshan", None, reason=reason, **fields
    )
