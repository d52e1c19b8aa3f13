"""Recovery figures at their edges: windows, verdicts taken back, work that was finished."""

from collections.abc import Iterable
from dataclasses import replace

from builders import CENTER, HOUR, MINUTE, T0
from recovery_support import DAY, A, K, at, told, turned
from scnet_watchdog.core.event import Event
from scnet_watchdog.core.model import InstanceId, Status
from scnet_watchdog.core.presence import Presence, Span, Standing, Window, presence, spans, watched
from scnet_watchdog.core.recovery import Figures, Recovery, Tally, recovery, total


def whole(*events: Event, status: Status | None = Status.RUNNING) -> Recovery:
    return recovery(events, [Standing(A, "a", CENTER, status, T0 - HOUR)], DAY)


def figures(*events: Event, status: Status | None = Status.RUNNING) -> Figures:
    return whole(*events, status=status).instances[A][1]


def test_who_was_never_seen_and_never_told_of_lasted_in_no_status() -> None:
    assert spans([], Standing(A, "a", CENTER, None), DAY) == []


def test_before_a_first_event_without_a_previous_status_nothing_is_known() -> None:
    first = told(K.INSTANCE_STATUS_CHANGED, 60, status="running")
    lasted = Window(at(60), DAY.ends_at)
    assert spans([first], Standing(A, "a", CENTER, None), DAY) == [Span(Status.RUNNING, lasted)]


def test_what_is_neither_running_nor_down_is_not_down_in_an_outage_either() -> None:
    assert presence([Span(Status.MISSING, DAY)], [], [DAY]) == Presence(0 * HOUR, 0 * HOUR)


def test_a_reload_that_names_others_removes_nobody() -> None:
    others = told(K.CONFIG_RELOADED, 60, None, added=["b"], removed=["c"])
    assert watched([others], DAY, A) == DAY


def test_shares_are_quotients() -> None:
    assert Tally(4, 2).success == 0.5
    assert Figures(attempts=6, recoveries=4).attempts_per_recovery == 1.5


def test_a_verdict_that_is_taken_back_is_neither_recovery_nor_relapse() -> None:
    found = figures(told(K.RESTART_RECOVERED, 1, seq=1), told(K.RESTART_DID_NOT_HELP, 2, seq=1))
    assert (found.recoveries, found.relapses) == (0, 0)


def test_what_is_no_verdict_takes_none_back() -> None:
    found = figures(told(K.RESTART_RECOVERED, 1, seq=1), told(K.INSTANCE_STABLE, 2, seq=1))
    assert found.recoveries == 1


def test_both_ends_of_the_window_belong_to_it() -> None:
    assert figures(turned(0, "running", "failed")).outages == 1
    assert figures(turned(24 * 60, "running", "failed")).outages == 1


def test_events_of_nobody_make_no_instance() -> None:
    assert set(whole(told(K.DAEMON_STARTED, 5, None)).instances) == {A}


def test_one_that_is_no_longer_watched_has_the_name_it_was_told_by_last() -> None:
    last = replace(told(K.DECISION_CHANGED, 9, "b"), name="renamed")
    found = whole(told(K.DECISION_CHANGED, 5, "b"), last)
    assert found.instances[InstanceId("b")][0].name == "renamed"


def test_only_a_reload_removes() -> None:
    found = figures(told(K.CONFIG_REJECTED, 60, None, removed=["a"]))
    assert found.running == 24 * HOUR


def test_an_outage_that_nobody_was_sure_of_was_not_detected() -> None:
    found = figures(turned(60, "running", "failed"), turned(61, "failed", "running"))
    assert (found.outages, found.detected, found.open) == (1, (), 0)


def test_an_outage_whose_first_status_nobody_saw_is_of_an_unknown_cause() -> None:
    found = figures(told(K.RESTART_REQUESTED, 60, seq=1, down_for_s=30.0))
    assert set(found.causes) == {"unknown"}


def test_the_last_outage_is_open_until_it_is_seen_running() -> None:
    first = (turned(60, "running", "failed"), turned(61, "failed", "running"))
    last = (turned(90, "running", "stopped"), turned(95, "stopped", "waiting"))
    assert figures(*first, *last, status=Status.WAITING).open == 1


def test_finished_work_that_was_restarted_is_down_until_it_runs_and_no_longer() -> None:
    restarted = (
        turned(60, "running", "completed"),
        told(K.RESTART_REQUESTED, 120, seq=1, status="completed", down_for_s=3600.0),
    )
    found = figures(*restarted, status=Status.COMPLETED)
    assert (found.down, found.running) == (23 * HOUR, HOUR)
    ended = (turned(130, "completed", "running"), turned(600, "running", "completed"))
    found = figures(*restarted, *ended, status=Status.COMPLETED)
    assert (found.down, found.running) == (70 * MINUTE, 530 * MINUTE)


def test_work_that_finishes_in_an_outage_nobody_took_up_is_not_down() -> None:
    found = figures(
        turned(60, "running", "failed"), turned(100, "failed", "completed"), status=Status.COMPLETED
    )
    assert (found.down, found.running) == (40 * MINUTE, 60 * MINUTE)


def test_classes_are_told_in_the_order_of_their_names() -> None:
    classes = ("throttled", "account", "start_failure", "invalid", "platform")
    calls = [told(K.RESTART_REFUSED, 61 + n, seq=n, cls=one) for n, one in enumerate(classes)]
    found = figures(turned(60, "running", "failed"), *calls)
    assert list(found.failures) == sorted(classes)


def test_sums_are_told_in_the_order_of_their_names() -> None:
    every: Iterable[Figures] = [Figures(causes={one: Tally(1)}) for one in ("stopped", "failed")]
    assert list(total(every).causes) == ["failed", "stopped"]


def test_nobody_watched_from_the_first_stop_to_the_next_start() -> None:
    found = figures(
        told(K.DAEMON_STOPPED, 60, None),
        told(K.DAEMON_STOPPED, 65, None),
        told(K.CONFIG_LOADED, 70, None),
        told(K.DAEMON_STARTED, 80, None),
    )
    assert found.running == 24 * HOUR - 20 * MINUTE
