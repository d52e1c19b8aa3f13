"""How long a throttled center waits, and who goes first: semantics 3."""

from dataclasses import replace

import pytest

from builders import CENTER, HOUR, KEY, MINUTE, SECOND, T0
from mutants_support import A0, center_of, draft_of, put, put_center, watch
from scnet_watchdog.core import throttle
from scnet_watchdog.core.center import Throttle
from scnet_watchdog.core.event import EventKind
from scnet_watchdog.core.fleet import SourceState
from scnet_watchdog.core.model import InstanceId, SourceKey
from scnet_watchdog.core.outcome import OutcomeKind
from scnet_watchdog.core.policy import Pace

# Throttle.


@pytest.mark.parametrize(
    ("in_row", "told", "length"),
    [
        (0, None, 60),  # `center_breaker.open_for`
        (0, 5, 10),  # at least `fast_interval`
        (1, 5, 20),  # doubled with each in a row
        (3, 5, 80),
        (3, 100, 100),
        (0, 3600, 600),  # at most `center_breaker.max_open`
        (12, 5, 600),
    ],
)
def test_a_throttle_lasts_as_told_within_its_bounds(
    in_row: int, told: int | None, length: int
) -> None:
    draft = draft_of(3, at=MINUTE)
    draft.fleet.sources[KEY] = SourceState(T0)
    # The fastest source of the center counts; one of another center is no matter here.
    draft.fleet.sources[SourceKey("slow", CENTER)] = SourceState(T0)
    draft.fleet.sources[SourceKey("fast", "other")] = SourceState(T0)
    paces = {"slow": Pace(MINUTE, 25 * SECOND), "fast": Pace(SECOND, SECOND)}
    draft.fleet.roster = replace(draft.fleet.roster, paces={**draft.fleet.roster.paces, **paces})
    if in_row:
        put_center(draft, throttle=Throttle(T0, SECOND, in_row))
    throttle.throttled(draft, CENTER, None if told is None else told * SECOND)
    expected = Throttle(draft.now, length * SECOND, in_row + 1)
    assert center_of(draft).throttle == expected
    [event] = draft.events
    assert (event.kind, event.center, event.instance) == (
        EventKind.CENTER_THROTTLED,
        CENTER,
        None,
    )
    fields = {"in_row": in_row + 1, "next_at": draft.now + length * SECOND}
    assert event.fields == fields | ({"told_s": float(told)} if told is not None else {})


def test_a_throttle_that_a_call_has_met_stays_a_calls() -> None:
    draft = draft_of(3)
    throttle.throttled(draft, CENTER, None, A0)
    assert draft.events[0].instance == A0
    for _ in range(2):
        found = center_of(draft).throttle
        assert found is not None
        assert found.by_call
        throttle.throttled(draft, CENTER, None)
    # A good read does not end it: a call must show that calls go again.
    draft.now = T0 + HOUR
    throttle.read_worked(draft, KEY, draft.now)
    assert center_of(draft).throttle is not None


@pytest.mark.parametrize(("began", "ends"), [(59, False), (60, True), (61, True)])
def test_a_sweep_begun_after_the_wait_ends_what_polls_have_met(began: int, ends: bool) -> None:
    draft = draft_of(3, at=2 * MINUTE)
    put_center(draft, throttle=Throttle(T0, MINUTE))
    throttle.read_worked(draft, KEY, T0 + began * SECOND)
    assert (center_of(draft).throttle is None) is ends
    put_center(draft, throttle=None)
    throttle.read_worked(draft, KEY, draft.now)
    assert center_of(draft).throttle is None


@pytest.mark.parametrize(("after", "ends"), [(59, False), (60, True), (61, True)])
def test_a_call_answered_after_the_wait_lets_the_others_follow(after: int, ends: bool) -> None:
    draft = draft_of(3, at=after * SECOND)
    throttle.not_throttled(draft, CENTER)
    assert draft.centers == {}
    put_center(draft, throttle=Throttle(T0, MINUTE, by_call=True))
    throttle.not_throttled(draft, CENTER)
    assert (center_of(draft).throttle is None) is ends


def test_another_may_go_first_when_the_first_came_to_nothing() -> None:
    draft = draft_of(3)
    told = Throttle(T0, MINUTE, by_call=True)
    put_center(draft, throttle=told)
    throttle.goes_first(draft, CENTER, A0)
    assert center_of(draft).throttle == replace(told, probing=A0)
    throttle.came_to_nothing(draft, CENTER, InstanceId("a1"))
    assert center_of(draft).throttle == replace(told, probing=A0)
    throttle.came_to_nothing(draft, CENTER, A0)
    assert center_of(draft).throttle == told
    put_center(draft, throttle=None)
    throttle.came_to_nothing(draft, CENTER, A0)
    throttle.goes_first(draft, CENTER, A0)
    assert center_of(draft).throttle is None


def test_whoever_went_ahead_is_waited_for_until_the_call_is_answered() -> None:
    draft = draft_of(3)
    told = Throttle(T0, MINUTE, probing=A0, by_call=True)
    assert throttle.gone_ahead(draft, told) is None
    put(draft, watch=watch())
    assert throttle.gone_ahead(draft, told) == A0
    answered = replace(watch().attempt, outcome=OutcomeKind.ACCEPTED)
    put(draft, watch=watch(attempt=answered))
    assert throttle.gone_ahead(draft, told) is None
    assert throttle.gone_ahead(draft, replace(told, probing=InstanceId("gone"))) is None
    assert throttle.gone_ahead(draft, replace(told, probing=None)) is None
