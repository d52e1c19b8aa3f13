"""What a read must not do: overtake a later one, end what is not judged. Semantics 1 and 3."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from builders import CENTER, KEY, MINUTE, SECOND, T0
from mutants_support import A0, attempted, episode, events, page, polled, put_center, seen
from scnet_watchdog.core import observe, storm
from scnet_watchdog.core.center import Seen
from scnet_watchdog.core.decision import Reason
from scnet_watchdog.core.event import EventKind
from scnet_watchdog.core.fleet import SourceState
from scnet_watchdog.core.model import InstanceId, Status, Swept
from scnet_watchdog.core.outcome import OutcomeKind
from scnet_watchdog.core.policy import Confirm, Policy
from scnet_watchdog.core.state import REST, Facts, Row, Sight

AWAY = Sight(T0 + SECOND, T0 + SECOND, absent=True)


def test_an_old_read_of_a_healthy_one_that_was_absent_changes_nothing() -> None:
    draft = polled(at=MINUTE)
    before = seen(draft, Status.RUNNING, sight=AWAY, reason=Reason.HEALTHY)
    observe.take_page(draft, page(draft, {"a0": Status.RUNNING}, asked_at=T0))
    assert draft.state(A0) == before


def test_a_healthy_one_that_was_absent_is_at_rest_when_it_is_seen_again() -> None:
    draft = polled(at=MINUTE)
    seen(draft, Status.RUNNING, sight=AWAY, reason=Reason.HEALTHY)
    observe.take_page(draft, page(draft, {"a0": Status.RUNNING}))
    assert draft.state(A0).facts.care is REST
    assert draft.state(A0).at_rest


def test_who_was_not_running_when_last_told_healthy_changes_its_status() -> None:
    draft = polled(at=MINUTE)
    state = draft.state(A0)
    draft.put(replace(state, facts=Facts(Status.WAITING, T0, reason=Reason.HEALTHY)))
    observe.take_page(draft, page(draft, {"a0": Status.RUNNING}))
    assert draft.state(A0).facts.status is Status.RUNNING
    assert len(events(draft, EventKind.INSTANCE_STATUS_CHANGED)) == 1


def test_an_absence_is_counted_from_the_last_sweep_that_vouched() -> None:
    draft = polled(at=MINUTE)
    draft.fleet.sources[KEY] = SourceState(T0, swept_at=T0 + 30 * SECOND)
    seen(draft, Status.RUNNING)
    observe.take_sweep(draft, Swept(KEY, draft.now, draft.now, frozenset({A0})))
    sight = draft.state(A0).sight
    assert (sight.asked_at, sight.absent) == (T0 + 30 * SECOND, True)


def test_rows_that_differ_both_begin_anew_after_three_intervals() -> None:
    draft = polled(at=91 * SECOND)
    sight = Sight(T0, T0, down=Row(4, T0, T0), restartable=Row(2, T0, T0))
    seen(draft, Status.FAILED, sight=sight)
    observe.take_page(draft, page(draft, {"a0": Status.FAILED}))
    new = Row(1, draft.now, draft.now)
    assert draft.state(A0).sight == Sight(draft.now, draft.now, new, new)


@pytest.mark.parametrize(
    ("swept", "failing", "blind", "told"),
    [
        (10, None, True, 90.0),
        (None, None, True, 100.0),
        (10, 40, True, 60.0),
        (10, 40, False, 60.0),
        (10, None, False, None),
    ],
)
def test_a_source_that_sees_again_tells_since_when_it_did_not(
    swept: int | None, failing: int | None, blind: bool, told: float | None
) -> None:
    def moment(seconds: int | None) -> datetime | None:
        return None if seconds is None else T0 + seconds * SECOND

    draft = polled(at=100 * SECOND)
    draft.fleet.sources[KEY] = SourceState(
        T0, swept_at=moment(swept), failing_since=moment(failing), blind=blind
    )
    observe.take_sweep(draft, Swept(KEY, draft.now, draft.now))
    spans = [one.fields["failed_for_s"] for one in events(draft, EventKind.SOURCE_RECOVERED)]
    assert spans == ([] if told is None else [told])


# Confirmed, stable, and told so.


def test_a_row_that_begins_anew_is_confirmed_anew() -> None:
    # More than three intervals later; one read is enough here.
    draft = polled(policy=Policy(confirm=Confirm(1, timedelta())), at=10 * MINUTE)
    row = Row(3, T0, T0)
    care = {"episode": episode()}
    seen(draft, Status.FAILED, sight=Sight(T0, T0, down=row, restartable=row), care=care)
    observe.take_page(draft, page(draft, {"a0": Status.FAILED}))
    [told] = events(draft, EventKind.INSTANCE_CONFIRMED)
    assert (told.fields["reads"], told.fields["over_s"]) == (1, 0.0)


def test_spans_are_told_to_the_tenth_of_a_second() -> None:
    draft = polled(at=timedelta(seconds=30.26))
    row = Row(1, T0, T0)
    seen(draft, Status.FAILED, sight=Sight(T0, T0, down=row, restartable=row))
    observe.take_page(draft, page(draft, {"a0": Status.FAILED}))
    [confirmed] = events(draft, EventKind.INSTANCE_CONFIRMED)
    assert confirmed.fields["over_s"] == 30.3
    stable = polled(at=timedelta(seconds=600.26))
    care = {"episode": episode(), "running_since": T0}
    seen(stable, Status.RUNNING, care=care)
    observe.take_page(stable, page(stable, {"a0": Status.RUNNING}))
    [told] = events(stable, EventKind.INSTANCE_STABLE)
    assert told.fields["running_for_s"] == 600.3
    back = polled(at=timedelta(seconds=60.26))
    back.fleet.sources[KEY] = SourceState(T0, failing_since=T0)
    observe.take_sweep(back, Swept(KEY, back.now, back.now))
    [recovered] = events(back, EventKind.SOURCE_RECOVERED)
    assert recovered.fields["failed_for_s"] == 60.3


@pytest.mark.parametrize("status", [Status.RUNNING, Status.COMPLETED])
@pytest.mark.parametrize("outcome", [OutcomeKind.ACCEPTED, OutcomeKind.REFUSED])
def test_a_read_asked_before_the_answer_ends_no_episode_that_is_not_judged(
    status: Status, outcome: OutcomeKind
) -> None:
    draft = polled(at=21 * MINUTE)
    one = attempted(outcome)
    one = replace(one, attempt=replace(one.attempt, settled_at=T0 + 20 * MINUTE))
    care = {"episode": episode(), "watch": one, "running_since": T0}
    seen(draft, Status.RUNNING, sight=Sight(T0 + 14 * MINUTE, T0 + 14 * MINUTE), care=care)
    observe.take_page(draft, page(draft, {"a0": status}, asked_at=T0 + 15 * MINUTE))
    ended = draft.state(A0).facts.care.episode is None
    assert ended is (outcome is OutcomeKind.REFUSED)


# A storm of those who are up again.


def test_exactly_the_share_is_a_storm_though_everyone_is_at_rest() -> None:
    # The defaults: half of ten, and at least five.
    draft = polled(10, at=MINUTE)
    for n in range(10):
        seen(draft, Status.RUNNING, f"a{n}")
    turned = tuple(Seen(T0, InstanceId(f"a{n}")) for n in range(5))
    put_center(draft, turned=turned)
    storm.notice(draft, CENTER)
    [told] = events(draft, EventKind.STORM_BEGAN)
    assert told.fields == {"instances": 5, "eligible": 10}
