"""Core values as compact JSON: defaults are left out, moments are ISO 8601 UTC.

An instance that needs no care decodes to the very singletons `REST` and `FRESH`: identity is what
lets an unchanged instance at rest cost one look-up.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from pydantic import TypeAdapter

from ...core.attempt import Attempt
from ...core.center import CenterState
from ...core.command import Command, Hold, PlaceHold, Release, Reset, RestartNow
from ...core.event import Event
from ...core.state import FRESH, REST, Facts

_T = TypeVar("_T")
_FACTS = TypeAdapter(Facts)
_CENTER = TypeAdapter(CenterState)
_HOLD = TypeAdapter(Hold)
_EVENT = TypeAdapter(Event)
COMMANDS: dict[str, TypeAdapter[Command]] = {
    kind.__name__: TypeAdapter(kind) for kind in (PlaceHold, Release, RestartNow, Reset)
}


def facts_text(facts: Facts) -> str:
    """What is stored of an instance."""
    return _text(_FACTS, facts)


def read_facts(text: str) -> Facts:
    """What was stored of an instance.

    Raises:
        ValueError: the text is not what we wrote.
    """
    facts = _FACTS.validate_json(text)
    care = REST if facts.care == REST else facts.care
    ledger = FRESH if facts.ledger == FRESH else facts.ledger
    return replace(facts, care=care, ledger=ledger)


def center_text(center: CenterState) -> str:
    """What is stored of a center."""
    return _text(_CENTER, center)


def read_center(text: str) -> CenterState:
    """What was stored of a center."""
    return _CENTER.validate_json(text)


def hold_text(hold: Hold) -> str:
    """What is stored of a hold."""
    return _text(_HOLD, hold)


def read_hold(text: str) -> Hold:
    """What was stored of a hold."""
    return _HOLD.validate_json(text)


def event_text(event: Event) -> str:
    """What the journal keeps of an event: its fields as they stand in the log."""
    fields = {key: _told(value) for key, value in event.fields.items()}
    return _text(_EVENT, replace(event, fields=fields))


def read_event(text: str) -> Event:
    """What the journal kept of an event."""
    return _EVENT.validate_json(text)


def command_text(command: Command) -> tuple[str, str]:
    """A command's kind and its JSON."""
    kind = type(command).__name__
    return kind, _text(COMMANDS[kind], command)


def read_command(kind: str, text: str, row: int) -> Command:
    """A command that was left in the inbox, with its row."""
    return replace(COMMANDS[kind].validate_json(text), row=row)


ATTEMPT_COLUMNS = (
    "instance, seq, center, epoch, episode, number, reason, status, asked_at, saved_at, "
    "outcome, class, code, returned_id, settled_at, verdict, judged_at"
)


def attempt_row(attempt: Attempt) -> tuple[object, ...]:
    """An attempt as a row of the ledger."""
    return (
        attempt.instance,
        attempt.seq,
        attempt.center,
        attempt.epoch,
        attempt.episode,
        attempt.number,
        attempt.reason,
        attempt.status,
        moment_text(attempt.asked_at),
        moment_text(attempt.saved_at),
        attempt.outcome,
        attempt.refusal,
        attempt.code,
        attempt.returned_id,
        _maybe(attempt.settled_at),
        attempt.verdict,
        _maybe(attempt.judged_at),
    )


_ATTEMPT = TypeAdapter(Attempt)


def read_attempt(row: tuple[object, ...]) -> Attempt:
    """An attempt from its row."""
    names = [name.strip() for name in ATTEMPT_COLUMNS.split(",")]
    values = dict(zip(names, row, strict=True))
    values["refusal"] = values.pop("class")
    return _ATTEMPT.validate_python(values)


def _text(adapter: TypeAdapter[_T], value: _T) -> str:
    """A value as JSON without its defaults."""
    try:
        return adapter.dump_json(value, exclude_defaults=True).decode()
    except ValueError:
        # Half a surrogate pair in some text of others, or a field that JSON does not know: one
        # such value must not keep the whole turn from being saved, now and for ever.
        plain = adapter.dump_python(value, exclude_defaults=True)
        text = json.dumps(plain, default=str, ensure_ascii=False)
        return text.encode("utf-8", "replace").decode()


def _told(value: object) -> object:
    """A moment in milliseconds and a length in seconds, as the log tells them."""
    if isinstance(value, datetime):
        moment = value.astimezone(UTC).isoformat(timespec="milliseconds")
        return moment.replace("+00:00", "Z")
    if isinstance(value, timedelta):
        return round(value.total_seconds(), 3)
    if isinstance(value, Mapping):
        return {key: _told(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_told(one) for one in value]
    return value


def moment_text(moment: datetime) -> str:
    """A moment as sortable text, always with microseconds."""
    return moment.isoformat(timespec="microseconds")


def _maybe(moment: datetime | None) -> str | None:
    return None if moment is None else moment_text(moment)
