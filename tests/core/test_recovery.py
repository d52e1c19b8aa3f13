"""Recovery figures: small journals with every figure worked out by hand."""

from collections.abc import Iterable
from datetime import datetime

import pytest

from builders import CENTER, HOUR, MINUTE, SECOND, T0, World
from recovery_support import DAY, A, K, at, told, turned
from scnet_watchdog.core.event import Event, EventKind
from scnet_watchdog.core.model import InstanceId, Status
from scnet_watchdog.core.outcome import RefusalClass, Refused
from scnet_watchdog.core.presence import Standing, Window
from scnet_watchdog.core.recovery import (
    Figures,
    Recovery,
    Tally,
    middle,
    outages,
    recovery,
    total,
)


def now(status: Status | None, since: datetime | None = None, id_: str = "a") -> Standing:
    return Standing(InstanceId(id_), f"job-{id_}", CENTER, status, since)


def figures(
    events: Iterable[Event], status: Status | None = Status.RUNNING, window: Window = DAY
) -> Figures:
    """The figures of the one instance `a`."""
    return recovery(events, [now(status, T0 - HOUR)], window).instances[A][1]


HEALED = [
    turned(60, "running", "failed"),
    told(K.INSTANCE_CONFIRMED, 60.5, status="failed", reads=2, over_s=30.0),
    told(K.RESTART_REQUESTED, 60.5, seq=1, status="failed", down_for_s=30.0),
    told(K.RESTART_REFUSED, 60.6, seq=1, outcome="refused", cls="start_failure"),
    told(K.RESTART_REQUESTED, 62, seq=2, status="failed", down_for_s=120.0),
    told(K.RESTART_ACCEPTED, 62.1, seq=2, outcome="accepted"),
    turned(63, "failed", "deploying"),
    turned(72, "deploying", "running"),
    told(K.RESTART_RECOVERED, 72, seq=2, verdict="recovered"),
]


def test_an_outage_that_was_healed_is_told_by_all_its_figures() -> None:
    found = figures(HEALED)
    # Down from minute 60 to 72 of 1440: 12 minutes; running the other 1428.
    assert (found.down, found.running) == (12 * MINUTE, 1428 * MINUTE)
    assert found.availability == pytest.approx(1428 / 1440)
    assert (found.outages, found.open, found.healed) == (1, 0, 1)
    assert (found.attempts, found.recoveries, found.relapses) == (2, 1, 0)
    assert found.attempts_per_recovery == 2.0
    assert found.detected == (30 * SECOND,)
    assert found.recovered == (12 * MINUTE,)
    assert found.causes == {"failed": Tally(1, 1)}
    assert found.failures == {"start_failure": Tally(1, 1)}


def test_a_quiet_instance_was_what_it_is_now() -> None:
    assert figures([]).availability == 1.0
    # Stopped since before the window: down all the day, an outage that began before it.
    found = figures([], Status.STOPPED)
    assert (found.down, found.outages, found.open) == (24 * HOUR, 0, 1)
    # First seen an hour before the end: only that hour is known.
    late = recovery([], [now(Status.RUNNING, at(23 * 60))], DAY).fleet
    assert late.running == HOUR
    assert recovery([], [now(Status.RUNNING)], DAY).fleet.running == 24 * HOUR


def test_what_was_never_seen_has_no_figures() -> None:
    found = figures([], None)
    assert (found.availability, found.attempts_per_recovery) == (None, None)
    assert Tally().success is None


def test_missing_and_unknown_are_neither_running_nor_down() -> None:
    found = figures(
        [
            turned(60, "running", "unknown"),
            told(K.INSTANCE_MISSING, 120, previous="unknown"),
            told(K.INSTANCE_RETURNED, 180, status="running"),
        ]
    )
    # 60 minutes unknown and 60 missing of 1440 count as neither.
    assert (found.running, found.down, found.outages) == (1320 * MINUTE, 0 * MINUTE, 0)
    back = figures([told(K.INSTANCE_RETURNED, 60, status="running")])
    # Missing before it returned: 1380 minutes are known.
    assert back.running == 1380 * MINUTE


def test_a_first_event_without_a_previous_status_says_nothing_of_the_time_before() -> None:
    first = told(K.INSTANCE_STATUS_CHANGED, 60, status="running")
    assert figures([first]).running == 1380 * MINUTE


def test_a_status_of_a_later_version_is_left_out() -> None:
    odd = told(K.INSTANCE_STATUS_CHANGED, 60, previous="running", status="hibernating")
    assert figures([odd]).running == 24 * HOUR
    assert outages([told(K.INSTANCE_CONFIRMED, 1, status=["failed"], over_s="?")])[0].cause is None


def test_finished_work_is_no_outage() -> None:
    found = figures([turned(60, "running", "completed")], Status.COMPLETED)
    assert (found.running, found.down, found.outages, found.open) == (HOUR, 0 * HOUR, 0, 0)


def test_a_completion_that_is_restarted_is_an_outage() -> None:
    found = figures(
        [
            turned(60, "running", "completed"),
            told(K.RESTART_REQUESTED, 61, seq=1, status="completed", down_for_s=60.0),
            turned(70, "completed", "running"),
            told(K.RESTART_RECOVERED, 70, seq=1),
        ]
    )
    assert (found.down, found.healed) == (10 * MINUTE, 1)
    assert found.causes == {"completed": Tally(1, 1)}


def test_finished_work_that_then_failed_is_an_outage_from_there_on() -> None:
    rows = [turned(60, "running", "completed"), turned(90, "completed", "failed")]
    (found,) = outages(rows)
    assert (found.began_at, found.cause) == (at(90), Status.FAILED)
    # Stopped after it had failed: the same outage goes on.
    (same,) = outages([*rows, turned(95, "failed", "stopped")])
    assert same == found
    # Taken up as a completion: it goes on as that, whatever it turns into.
    taken = [rows[0], told(K.INSTANCE_CONFIRMED, 61, status="completed", over_s=30.0), rows[1]]
    (kept,) = outages(taken)
    assert (kept.began_at, kept.cause) == (at(60), Status.COMPLETED)


def test_what_recovered_without_us_counts_no_healing() -> None:
    found = figures([turned(60, "running", "stopped"), turned(65, "stopped", "running")])
    assert (found.outages, found.healed, found.recovered) == (1, 0, ())
    assert found.causes == {"stopped": Tally(1, 0)}


def test_waiting_alone_is_down_time_but_no_outage() -> None:
    found = figures([turned(60, "running", "waiting"), turned(65, "waiting", "running")])
    assert (found.down, found.outages) == (5 * MINUTE, 0)


def test_down_at_the_first_look_begins_where_the_reads_say() -> None:
    confirmed = told(K.INSTANCE_CONFIRMED, 10, status="failed", over_s=60.0)
    (found,) = outages([confirmed])
    assert (found.began_at, found.cause, found.detected_after) == (at(9), Status.FAILED, MINUTE)
    requested = told(K.RESTART_REQUESTED, 10, seq=1, status="stopped", down_for_s=300.0)
    (found,) = outages([requested])
    assert (found.began_at, found.taken_up) == (at(5), True)
    # Confirmed a second time (a cooldown long): detected once.
    (found,) = outages([confirmed, told(K.INSTANCE_CONFIRMED, 20, status="failed", over_s=90.0)])
    assert found.detected_after == MINUTE


def test_shadow_and_calls_that_never_left_are_no_attempts() -> None:
    shadow = told(K.RESTART_REQUESTED, 10, seq=1, shadow=True, down_for_s=300.0)
    assert outages([shadow]) == []
    (found,) = outages(
        [
            turned(60, "running", "failed"),
            told(K.RESTART_NOT_SENT, 61, seq=1, outcome="not_sent"),
            told(K.RESTART_WITHDRAWN, 62, seq=2, outcome="withdrawn"),
        ]
    )
    assert (found.calls, found.failures) == (0, frozenset())


def test_an_answer_that_never_came_and_a_restart_that_did_not_help_are_failures() -> None:
    (found,) = outages(
        [
            turned(60, "running", "failed"),
            told(K.RESTART_UNKNOWN, 61, seq=1, outcome="unknown"),
            told(K.RESTART_DID_NOT_HELP, 65, seq=1),
        ]
    )
    assert (found.calls, found.failures) == (1, frozenset({"unknown", "did_not_help"}))


@pytest.mark.parametrize(
    "kind", [K.RESTART_ACCEPTED, K.RESTART_RECOVERED, K.RESTART_DID_NOT_HELP, K.INSTANCE_STABLE]
)
def test_the_end_of_what_began_before_the_journal_begins_no_outage(kind: EventKind) -> None:
    assert outages([told(kind, 10, seq=1)]) == []


def test_a_verdict_ends_an_outage_whose_running_read_was_not_told() -> None:
    rows = [turned(60, "running", "failed"), told(K.RESTART_RECOVERED, 64, seq=1)]
    assert outages(rows)[0].lasted == 4 * MINUTE


def test_a_relapse_takes_the_recovery_back_and_is_an_outage_of_its_own() -> None:
    relapse = [
        turned(75, "running", "failed"),
        told(K.RESTART_RELAPSED, 75, seq=2, verdict="relapsed", previous="recovered"),
    ]
    found = figures([*HEALED, *relapse], Status.FAILED)
    assert (found.outages, found.open, found.recoveries, found.relapses) == (2, 1, 0, 1)
    # Both calls left us, and none helped for good.
    assert (found.attempts, found.attempts_per_recovery) == (2, None)
    assert found.causes == {"failed": Tally(2, 1)}


def test_time_in_which_nobody_watched_does_not_count() -> None:
    daemon = [
        told(K.STATE_CREATED, 60, None),
        told(K.DAEMON_STARTED, 60, None),
        told(K.DAEMON_STOPPED, 300, None),
        told(K.DAEMON_STARTED, 360, None),
        told(K.STATE_CREATED, 400, None),
        told(K.DAEMON_STOPPED, 1380, None),
    ]
    # From minute 60 to 300 and from 360 to 1380: 240 + 1020 minutes.
    assert figures(daemon).running == 1260 * MINUTE


def test_an_instance_counts_from_its_addition_to_its_removal() -> None:
    reloads = [
        told(K.CONFIG_RELOADED, 60, None, added=["a"], removed=[]),
        told(K.CONFIG_RELOADED, 120, None, added=["b"], removed=["c"]),
        told(K.CONFIG_RELOADED, 180, None, added=(), removed=("a",)),
    ]
    assert figures(reloads).running == 120 * MINUTE
    again = told(K.CONFIG_RELOADED, 1380, None, added=["a"])
    assert figures([*reloads, again]).running == HOUR


def test_one_that_is_no_longer_watched_is_counted_as_long_as_it_was_told_of() -> None:
    found = recovery([turned(60, "running", "failed"), turned(65, "failed", "running")], [], DAY)
    standing, one = found.instances[A]
    assert (standing.name, standing.center, standing.status) == ("job-a", CENTER, None)
    assert (one.running, one.down) == (HOUR, 5 * MINUTE)
    removed = told(K.CONFIG_RELOADED, 120, None, removed=["a"])
    rows = [turned(60, "running", "failed"), turned(65, "failed", "running"), removed]
    # Running until 60 and from 65 to its removal at 120.
    assert recovery(rows, [], DAY).instances[A][1].running == 115 * MINUTE
    nameless = Event(K.INSTANCE_STABLE, at(1), A)
    assert recovery([nameless], [], DAY).instances[A][0] == Standing(A, "a", "")


def test_events_outside_the_window_are_left_out() -> None:
    assert figures(HEALED, window=Window(at(120), at(180))).running == HOUR
    assert figures(HEALED, window=Window(at(0), at(30))).outages == 0


def test_the_fleet_is_the_sum_of_its_instances() -> None:
    other = [turned(60, "running", "stopped", "b"), turned(70, "stopped", "running", "b")]
    found: Recovery = recovery([*HEALED, *other], [now(Status.RUNNING), now(None, id_="b")], DAY)
    assert found.fleet == total(one for _, one in found.instances.values())
    assert (found.fleet.outages, found.fleet.down) == (2, 22 * MINUTE)
    assert found.fleet.causes == {"failed": Tally(1, 1), "stopped": Tally(1, 0)}
    assert found.fleet.causes["failed"].success == 1.0
    assert total([]) == Figures()


def test_the_middle_and_the_95th_are_lengths_that_really_occurred() -> None:
    lengths = [n * SECOND for n in (5, 1, 4, 2)]
    # Sorted 1 2 4 5; half of four is the second, 95 % of four rounds up to the fourth.
    assert (middle(lengths), middle(lengths, 0.95)) == (2 * SECOND, 5 * SECOND)
    assert middle([]) is None
    assert middle([SECOND], 0.01) == SECOND


def test_the_figures_of_a_story_that_really_happened() -> None:
    """The core itself tells the events: refused twice, then healed."""
    world = World()
    answers = [Refused(RefusalClass.PLATFORM, "10001"), Refused(RefusalClass.PLATFORM, "10001")]
    accept = world.answer
    world.answer = lambda attempt: answers.pop() if answers else accept(attempt)
    world.on_call = lambda attempt: None if answers else world.show(Status.RUNNING)
    world.run(10 * MINUTE)
    world.show(Status.FAILED)
    world.run(HOUR)
    state = world.state().facts
    standing = Standing(InstanceId("a0"), "a0", CENTER, state.status, state.since)
    found = recovery(world.events, [standing], Window(T0, world.now)).fleet
    assert (found.outages, found.open, found.healed, found.attempts) == (1, 0, 1, 3)
    assert (found.recoveries, found.failures) == (1, {"platform": Tally(1, 1)})
    assert found.detected[0] >= 30 * SECOND
    assert found.recovered == (found.down,)
