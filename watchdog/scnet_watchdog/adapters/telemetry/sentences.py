"""One plain sentence per event, and an event as it stands in the log."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta, tzinfo
from enum import Enum
from typing import Any

from ...core.event import Event, EventKind, Level

Fields = Mapping[str, Any]
E = EventKind
_MOMENTS = ("_at", "_until")
"""How the names of fields end that hold a moment."""


def sentence(event: Event, zone: tzinfo | None = None) -> str:
    """What happened, for people.

    Args:
        zone: moments are told in its time, with offset; None = this machine's. The date is told
            where it is another than the event's own.
    """
    who = event.name or event.instance or ""
    fields = {key: _here(key, value, event.at, zone) for key, value in event.fields.items()}
    return _SENTENCES[event.kind](who, event.center or "", fields).strip()


def as_logged(event: Event) -> dict[str, Any]:
    """The content of an event's JSON line, the same in log and history."""
    line: dict[str, Any] = {
        "timestamp": utc(event.at),
        "level": str(event.loudness),
        "event": str(event.kind),
    }
    if event.loudness is not Level.DEBUG:
        line["message"] = sentence(event)
    for key in ("instance", "name", "center"):
        value = getattr(event, key)
        if value is not None:
            line[key] = str(value)
    line.update({key: plain(value) for key, value in event.fields.items()})
    return line


def utc(moment: datetime) -> str:
    """ISO 8601, UTC, milliseconds, Z."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def plain(value: object) -> object:
    """A field's value as JSON knows it."""
    if isinstance(value, datetime):
        return utc(value)
    if isinstance(value, timedelta):
        return round(value.total_seconds(), 3)
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(one) for one in value]
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return str(value)


def at(fields: Fields, key: str) -> str:
    """A moment of a sentence's fields, or empty."""
    return str(fields.get(key) or "")


def _here(key: str, value: object, told_at: datetime, zone: tzinfo | None) -> object:
    """A field as a sentence tells it: moments, from the journal too, as local time."""
    moment = value
    if isinstance(value, str) and key.endswith(_MOMENTS):
        with suppress(ValueError):
            moment = datetime.fromisoformat(value)
    if not isinstance(moment, datetime):
        return value
    here = moment.astimezone(zone)
    day = "" if here.date() == told_at.astimezone(zone).date() else f"{here:%Y-%m-%d} "
    return f"{day}{here:%H:%M:%S%z}"


def span(seconds: Any) -> str:
    """A length in words: 42 s, 5 min 10 s, 3 h 5 min."""
    if not isinstance(seconds, (int, float)):
        return "some time"
    whole = max(0, round(seconds))
    days, rest = divmod(whole, 86400)
    hours, rest = divmod(rest, 3600)
    minutes, rest = divmod(rest, 60)
    parts = [(days, "d"), (hours, "h"), (minutes, "min"), (rest, "s")]
    return " ".join([f"{number} {unit}" for number, unit in parts if number][:2]) or "0 s"


def _until(f: Fields, key: str = "next_at") -> str:
    moment = at(f, key)
    return f"; next at {moment}" if moment else ""


def _why(f: Fields) -> str:
    code = f" with code {f['code']}" if f.get("code") else ""
    error = f": {f['error']}" if f.get("error") else ""
    return code + error


def _scope(who: str, center: str, f: Fields) -> str:
    return f"center {center}" if f.get("scope") == "center" else who


def _first_look(who: str, center: str, f: Fields) -> str:
    counts = f.get("counts") or {}
    shown = ", ".join(f"{number} {status}" for status, number in counts.items())
    restarts = f.get("restarts") or []
    later = at(f, "next_at")
    when = f" from {later}" if later else ""
    will = f"; {len(restarts)} will be restarted{when}" if restarts else "; nothing to restart"
    return f"First look at {center}: {shown or 'no instances'}{will}"


def _status(who: str, center: str, f: Fields) -> str:
    down = f" after {span(f['down_for_s'])} down" if f.get("down_for_s") is not None else ""
    return f"{who} is {f.get('status')} (was {f.get('previous')}){down}"


def _decision(who: str, center: str, f: Fields) -> str:
    return f"{who}: {f.get('reason')} (was {f.get('previous')}){_until(f)}"


def _requested(who: str, center: str, f: Fields) -> str:
    down = f", down for {span(f['down_for_s'])}" if f.get("down_for_s") is not None else ""
    what = "would be restarted now (shadow)" if f.get("shadow") else "is being restarted"
    return f"{who} {what}: {f.get('reason')}, attempt {f.get('attempt')}{down}"


def _stuck(who: str, center: str, f: Fields) -> str:
    return f"{who} has been waiting for capacity for {span(f.get('waiting_for_s'))}"


def _hold(who: str, center: str, f: Fields) -> str:
    return who or f"{f.get('scope')} {f.get('target') or ''}".strip()


def _command(who: str, center: str, f: Fields) -> str:
    refused = f"; refused: {f['refused']}" if f.get("refused") else ""
    lapsed = f"; lapsed: {f['lapsed']}" if f.get("lapsed") else ""
    target = who or center or f.get("target") or "the fleet"
    return f"{f.get('by')} asked to {f.get('command')} {target}{refused}{lapsed}"


def _reloaded(who: str, center: str, f: Fields) -> str:
    parts = [
        f"{len(f[key])} {word}"
        for key, word in (("added", "added"), ("removed", "removed"), ("changed", "changed"))
        if f.get(key)
    ]
    later = f.get("needs_restart") or []
    more = f"; needs a restart of the daemon: {', '.join(later)}" if later else ""
    return f"The config was reloaded: {', '.join(parts) or 'no instance changed'}{more}"


_SENTENCES: Mapping[EventKind, Callable[[str, str, Fields], str]] = {
    E.DAEMON_STARTED: lambda w, c, f: f"scnet-watchdog {f.get('version', '')} started",
    E.DAEMON_STOPPED: lambda w, c, f: "scnet-watchdog stopped",
    E.CONFIG_LOADED: lambda w, c, f: (
        f"The config was loaded: {f.get('instances', 0)} instances "
        f"in {', '.join(f.get('centers') or []) or 'no center'}"
    ),
    E.CONFIG_RELOADED: _reloaded,
    E.CONFIG_REJECTED: lambda w, c, f: (
        f"The config was rejected, nothing changed: {f.get('error')}"
    ),
    E.CONFIG_DEPRECATED: lambda w, c, f: f"The key {f.get('key')} is deprecated",
    E.FLEET_FIRST_LOOK: _first_look,
    E.SOURCE_FAILED: lambda w, c, f: (
        f"Source {f.get('source')} of {c} failed{_why(f)}; nothing is decided from it"
    ),
    E.SOURCE_RECOVERED: lambda w, c, f: (
        f"Source {f.get('source')} of {c} answers again after {span(f.get('failed_for_s'))}"
    ),
    E.SOURCE_BLIND: lambda w, c, f: (
        f"Source {f.get('source')} of {c} is blind: {f.get('instances')} instances cannot be seen"
    ),
    E.STATUS_UNRECOGNISED: lambda w, c, f: (
        f"The platform shows a status we do not know: {f.get('text')!r}; it is left alone"
    ),
    E.CLOCK_STEPPED: lambda w, c, f: f"The wall clock stepped by {f.get('step_s')} s",
    E.INSTANCE_STATUS_CHANGED: _status,
    E.INSTANCE_CONFIRMED: lambda w, c, f: (
        f"{w} is {f.get('status')}, confirmed by {f.get('reads')} reads"
    ),
    E.INSTANCE_STABLE: lambda w, c, f: f"{w} is stable: running for {span(f.get('running_for_s'))}",
    E.INSTANCE_MISSING: lambda w, c, f: f"{w} is missing: the platform does not know it",
    E.INSTANCE_RETURNED: lambda w, c, f: f"{w} is back: {f.get('status')}",
    E.DECISION_CHANGED: _decision,
    E.RESTART_REQUESTED: _requested,
    E.RESTART_ACCEPTED: lambda w, c, f: f"The restart of {w} was accepted; waiting to see it run",
    E.RESTART_REFUSED: lambda w, c, f: (
        f"The restart of {w} was refused ({f.get('class')}){_why(f)}"
    ),
    E.RESTART_UNKNOWN: lambda w, c, f: (
        f"The restart of {w} got no usable answer{_why(f)}; it may have acted and is watched"
    ),
    E.RESTART_NOT_SENT: lambda w, c, f: f"The restart of {w} could not be sent{_why(f)}",
    E.RESTART_WITHDRAWN: lambda w, c, f: f"The restart of {w} was withdrawn{_why(f)}",
    E.RESTART_RECOVERED: lambda w, c, f: f"{w} recovered {span(f.get('took_s'))} after the restart",
    E.RESTART_DID_NOT_HELP: lambda w, c, f: (
        f"The restart of {w} did not help: {f.get('status')} after {span(f.get('took_s'))}"
    ),
    E.RESTART_RELAPSED: lambda w, c, f: (
        f"{w} relapsed: {f.get('status')} {span(f.get('took_s'))} after the restart"
    ),
    E.RESTART_STUCK_WAITING: _stuck,
    E.BREAKER_OPENED: lambda w, c, f: (
        f"The breaker of {_scope(w, c, f)} opened until {at(f, 'open_until')}"
    ),
    E.BREAKER_HALF_OPENED: lambda w, c, f: (
        f"The breaker of {_scope(w, c, f)} is half open: one restart may try"
    ),
    E.BREAKER_CLOSED: lambda w, c, f: f"The breaker of {_scope(w, c, f)} closed",
    E.CENTER_BLOCKED: lambda w, c, f: (
        f"Center {c} is blocked ({f.get('cause')}){_why(f)}; {f.get('next_step')}"
    ),
    E.CENTER_UNBLOCKED: lambda w, c, f: (
        f"Center {c} is no longer blocked, after {span(f.get('blocked_for_s'))}"
    ),
    E.CENTER_THROTTLED: lambda w, c, f: (
        f"Center {c} asked us to slow down until {at(f, 'next_at')}"
    ),
    E.STORM_BEGAN: lambda w, c, f: (
        f"Storm in {c}: {f.get('instances')} of {f.get('eligible')} instances went down at once; "
        "one canary goes first"
    ),
    E.STORM_ENDED: lambda w, c, f: f"The storm in {c} ended after {span(f.get('lasted_s'))}",
    E.BUDGET_SPENT: lambda w, c, f: (
        f"The budget of {w} is spent: {f.get('spent')} restarts{_until(f)}"
    ),
    E.HOLD_PLACED: lambda w, c, f: f"{_hold(w, c, f)} is held by {f.get('author')}{_until(f)}",
    E.HOLD_ENDED: lambda w, c, f: f"The hold on {_hold(w, c, f)} ended: {f.get('cause')}",
    E.OPERATOR_COMMAND: _command,
    E.TOKEN_RENEWED: lambda w, c, f: f"The token of {c} was renewed",
    E.STATE_CREATED: lambda w, c, f: "A new state was created: nothing is remembered",
    E.STATE_FAILED: lambda w, c, f: (
        f"The state cannot be written{_why(f)}; no restart is made until it can"
    ),
    E.STATE_RECOVERED: lambda w, c, f: (
        f"The state can be written again after {span(f.get('failed_for_s'))}"
    ),
    E.NOTIFICATION_FAILED: lambda w, c, f: f"A notification failed{_why(f)}",
}
