"""The journal gives back what the log said, word for word."""

from datetime import UTC, datetime, timedelta

import pytest

from scnet_watchdog.adapters.stores import codec
from scnet_watchdog.adapters.telemetry.sentences import as_logged
from scnet_watchdog.core.event import Event, EventKind, Level
from scnet_watchdog.core.model import InstanceId, Status
from scnet_watchdog.core.outcome import RefusalClass

T0 = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)


@pytest.mark.parametrize(
    "fields",
    [
        {"open_until": T0, "openings": 2},
        {"took": timedelta(minutes=1, seconds=5), "took_s": 65.25},
        {"status": Status.FAILED, "class": RefusalClass.START_FAILURE, "code": "716868"},
        {"counts": {"failed": 3}, "restarts": ["a", "b"], "moments": {"next_at": T0}},
        {"added": ("a",), "shadow": True, "nothing": None, "name with ü": "中文"},
    ],
)
def test_history_shows_an_event_exactly_as_it_was_logged(fields: dict[str, object]) -> None:
    event = Event(EventKind.BREAKER_OPENED, T0, InstanceId("a"), "llm", "kunshan", fields)
    assert as_logged(codec.read_event(codec.event_text(event))) == as_logged(event)


def test_the_loudness_of_one_event_survives() -> None:
    event = Event(EventKind.FLEET_FIRST_LOOK, T0, center="k", level=Level.WARNING)
    assert codec.read_event(codec.event_text(event)).loudness is Level.WARNING
