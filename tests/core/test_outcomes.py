"""Semantics 2 and 3: what each end of a call counts to, and the wait after attempt n."""

from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import blake2b

import pytest

from builders import CENTER, HOUR, KEY, MINUTE, SECOND, T0, World
from center_support import (
    ARREARS,
    INVALID,
    NOT_SENT,
    PLATFORM,
    START_FAILURE,
    THROTTLED,
    UNANSWERED,
    answers,
    center,
    episode,
    in_turn,
)
from scnet_watchdog.core.attempt import Attempt
from scnet_watchdog.core.backoff import wait_after
from scnet_watchdog.core.decision import Reason
from scnet_watchdog.core.event import EventKind, Level
from scnet_watchdog.core.model import InstanceId, Page, Status
from scnet_watchdog.core.outcome import (
    Accepted,
    Outcome,
    OutcomeKind,
    RefusalClass,
    Refused,
    Unanswered,
    Withdrawn,
)
from scnet_watchdog.core.policy import BreakerPolicy, Cooldown, Policy

A0 = InstanceId("a0")
WITHDRAWN = Withdrawn("held")
LATER = Policy(
    cooldown=Cooldown(60 * SECOND, 2, 15 * MINUTE, 0), breaker=BreakerPolicy(threshold=1000)
)


@dataclass(frozen=True)
class Counts:
    """What one end of a call counts to.

    Args:
        budget: the call stays in the budget and in the hour.
        number: it counts to the attempt number.
        cools: the cooldown runs from it.
        failures: start failures of the instance.
        errors: platform errors in a row of the center.
        reads: the next call waits for good reads.
        awaits: a verdict is awaited.
        rejected: the instance is rejected.
        center: what the center suffers from.
    """

    budget: bool = False
    number: bool = False
    cools: bool = False
    failures: int = 0
    errors: int = 0
    reads: bool = False
    awaits: bool = False
    rejected: bool = False
    center: str | None = None


TABLE: list[tuple[Outcome, Counts]] = [
    (Accepted(), Counts(budget=True, number=True, cools=True, awaits=True)),
    (START_FAILURE, Counts(budget=True, number=True, cools=True, failures=1)),
    (PLATFORM, Counts(number=True, cools=True, errors=1, reads=True)),
    (THROTTLED, Counts(center="throttle")),
    (ARREARS, Counts(center="block")),
    (INVALID, Counts(rejected=True)),
    (UNANSWERED, Counts(budget=True, number=True, cools=True, errors=1, awaits=True)),
    (NOT_SENT, Counts(cools=True, errors=1)),
    (WITHDRAWN, Counts()),
]


@pytest.mark.parametrize(("outcome", "counts"), TABLE, ids=lambda one: type(one).__name__)
def test_each_end_of_a_call_counts_to_what_the_table_says(outcome: Outcome, counts: Counts) -> None:
    world = World(1, LATER, start=Status.FAILED)
    world.answer = answers(outcome)
    world.run(30 * SECOND)
    world.free = 0
    world.run(SECOND)
    assert world.called() == [30.0]
    got, state, place = episode(world), world.state(), center(world)
    found = Counts(
        budget=len(state.facts.ledger.calls) == 1,
        number=got.attempts == 1,
        cools=got.waits_from == T0 + 30 * SECOND,
        failures=got.failures,
        errors=len(place.breaker.errors),
        reads=got.cautious_from is not None,
        awaits=state.facts.care.watch is not None,
        rejected=got.rejection is not None,
        center="throttle" if place.throttle else "block" if place.block else None,
    )
    assert found == counts
    # The hour agrees with the budget.
    assert world.fleet.indexes[CENTER].in_last_hour(world.now) == int(counts.budget)


@pytest.mark.parametrize(
    ("outcome", "kind", "refusal", "code"),
    [
        (Accepted(), OutcomeKind.ACCEPTED, None, "0"),
        (START_FAILURE, OutcomeKind.REFUSED, RefusalClass.START_FAILURE, "716868"),
        (Unanswered("time-out"), OutcomeKind.UNKNOWN, None, None),
        (Unanswered("interrupted", "10012"), OutcomeKind.UNKNOWN, None, "10012"),
        (NOT_SENT, OutcomeKind.NOT_SENT, None, None),
        (WITHDRAWN, OutcomeKind.WITHDRAWN, None, None),
    ],
)
def test_the_row_keeps_how_the_call_ended_and_is_closed_unless_a_verdict_is_awaited(
    outcome: Outcome, kind: OutcomeKind, refusal: RefusalClass | None, code: str | None
) -> None:
    world = World(1, LATER, start=Status.FAILED)
    world.answer = answers(outcome)
    world.run(31 * SECOND)
    row = next(iter(world.rows.values()))
    assert (row.outcome, row.refusal, row.code) == (kind, refusal, code)
    assert row.settled_at == T0 + 31 * SECOND
    assert row.closed is (kind not in (OutcomeKind.ACCEPTED, OutcomeKind.UNKNOWN))


def test_the_row_says_what_was_seen_and_why_before_the_call_is_made() -> None:
    world = World(1, LATER, start=Status.STOPPED)
    seen: list[Attempt] = []
    world.on_call = seen.append
    world.run(31 * SECOND)
    (row,) = seen
    assert (row.instance, row.seq, row.center) == (A0, 1, CENTER)
    assert (row.episode, row.number) == (1, 1)
    assert (row.reason, row.status) == (Reason.STOPPED, Status.STOPPED)
    # Confirmed by the read asked at 30 s, saved in the same turn.
    assert row.asked_at == row.saved_at == T0 + 30 * SECOND
    assert row.outcome is None
    assert not row.closed


def test_the_counter_of_attempts_is_never_reset_while_the_number_is() -> None:
    world = World(1, LATER, start=Status.FAILED)
    world.on_call = lambda attempt: world.show(Status.RUNNING)
    world.run(15 * MINUTE)
    world.show(Status.FAILED)
    world.run(2 * MINUTE)
    assert [(row.seq, row.episode, row.number) for _, row in sorted(world.rows.items())] == [
        (1, 1, 1),
        (2, 2, 1),
    ]


def test_a_platform_error_asks_for_three_reads_and_not_for_two_minutes() -> None:
    """Called at 30 s, answered at 31; cooled down at 32; reads at 40, 50 and 60."""
    world = World(1, replace(LATER, cooldown=Cooldown(2 * SECOND, 1, 2 * SECOND, 0)))
    world.show(Status.FAILED)
    world.answer = answers(PLATFORM)
    world.run(59 * SECOND)
    assert world.reason() is Reason.COOLING_DOWN
    world.run(SECOND)
    assert world.called() == [30.0, 60.0]


def test_a_read_begun_before_the_refusal_is_none_of_the_three() -> None:
    world = World(1, replace(LATER, cooldown=Cooldown(2 * SECOND, 1, 2 * SECOND, 0)))
    world.show(Status.FAILED)
    world.answer = answers(PLATFORM)
    world.reply_after = 5 * SECOND
    world.run(31 * SECOND)
    world.now += SECOND
    world.poll()
    world.run(4 * SECOND)
    assert episode(world).reads == 0


def test_a_call_that_was_not_sent_asks_for_no_reads() -> None:
    world = World(1, replace(LATER, cooldown=Cooldown(2 * SECOND, 1, 2 * SECOND, 0)))
    world.show(Status.FAILED)
    world.answer = answers(NOT_SENT)
    world.run(40 * SECOND)
    # Two seconds after each saved attempt, with or without a read between.
    assert world.called() == [30.0, 32.0, 34.0, 36.0, 38.0, 40.0]


def test_a_verdict_in_favour_ends_a_rejection_for_good() -> None:
    """Accepted after the recheck: the next refusal is a first one again."""
    world = World(1, LATER, start=Status.FAILED)
    world.answer = in_turn(INVALID, Accepted())
    world.run(11 * MINUTE)
    assert len(world.calls) == 2
    assert episode(world).rejection is None


def test_a_refusal_is_told_at_warning_with_class_code_and_duration() -> None:
    world = World(1, LATER, start=Status.FAILED)
    world.answer = answers(Refused(RefusalClass.PLATFORM, "10001", "internal error"))
    world.reply_after = SECOND * 1.5
    world.run(MINUTE)
    (told,) = world.told(EventKind.RESTART_REFUSED)
    assert told.loudness is Level.WARNING
    assert told.fields == {
        "seq": 1,
        "attempt": 1,
        "reason": Reason.FAILED,
        "outcome": OutcomeKind.REFUSED,
        "class": RefusalClass.PLATFORM,
        "code": "10001",
        "error": "internal error",
        "duration_ms": 1500,
    }


def test_a_code_that_the_config_calls_a_start_failure_keeps_the_platforms_words() -> None:
    policy = replace(LATER, breaker=BreakerPolicy(frozenset({"10012"})))
    world = World(1, policy, start=Status.FAILED)
    world.answer = answers(Unanswered("interrupted", "10012"))
    world.run(31 * SECOND)
    (told,) = world.told(EventKind.RESTART_REFUSED)
    assert told.fields["class"] is RefusalClass.START_FAILURE
    assert (told.fields["code"], told.fields["error"]) == ("10012", "interrupted")


# Backoff.


def test_the_wait_is_the_formula_to_the_microsecond() -> None:
    cooldown = Cooldown(60 * SECOND, 2, 15 * MINUTE, 0.25)
    for n, base in ((1, 60), (2, 120), (5, 900)):
        digest = blake2b(f"a0\0{n + 10}".encode(), digest_size=8).digest()
        u = int.from_bytes(digest, "big") / 2**64
        # E.g. n = 2: min(900, 60 * 2**1) * (1 + 0.25 * u).
        expected = timedelta(seconds=base * (1 + 0.25 * u))
        assert abs(wait_after(n, cooldown, "a0", n + 10) - expected) < timedelta(microseconds=2)


def test_the_spread_differs_from_instance_to_instance_and_from_attempt_to_attempt() -> None:
    cooldown = Cooldown(60 * SECOND, 1, 60 * SECOND, 1.0)
    waits = {wait_after(1, cooldown, id_, seq) for id_ in ("a0", "a1") for seq in (1, 2, 3)}
    assert len(waits) == 6


def test_unsent_calls_grow_the_wait_on_top_of_the_number_until_the_next_that_counts() -> None:
    """n is 1, then 1 + 1, 1 + 2, and again 2: the unsent ones since the last that counts."""
    world = World(1, LATER, start=Status.FAILED)
    world.answer = in_turn(START_FAILURE, NOT_SENT, NOT_SENT, START_FAILURE)
    world.run(15 * MINUTE)
    # 30, +60 = 90, +120 = 210, +240 = 450, and the fourth is the second that counts: +120 = 570,
    # the third: +240 = 810.
    assert world.called() == [30.0, 90.0, 210.0, 450.0, 570.0, 810.0]
    numbers = [row.number for _, row in sorted(world.rows.items())]
    assert numbers == [1, 2, 2, 2, 3, 4]


def test_the_wait_runs_from_the_saved_attempt_however_late_its_answer_is() -> None:
    world = World(1, LATER, start=Status.FAILED)
    world.answer = answers(START_FAILURE)
    world.reply_after = 25 * SECOND
    world.run(2 * MINUTE)
    assert world.called() == [30.0, 90.0]


def test_a_withdrawn_attempt_neither_waits_nor_counts() -> None:
    world = World(1, LATER, start=Status.FAILED)
    world.answer = in_turn(WITHDRAWN, Accepted())
    world.run(MINUTE)
    # Answered at 31 s and wanted again at once.
    assert world.called() == [30.0, 31.0]
    assert [row.number for _, row in sorted(world.rows.items())] == [1, 1]


def test_a_clock_that_jumped_back_over_a_restart_brings_no_call_forward() -> None:
    """Called an hour from now, as the clock says after it was set back: cut to now."""
    world = World(1, LATER, start=Status.FAILED)
    world.answer = answers(START_FAILURE)
    world.run(35 * SECOND)
    world.restart_daemon(-HOUR)
    began = world.now
    world.run(59 * SECOND)
    assert len(world.calls) == 1
    assert world.reason() is Reason.COOLING_DOWN
    world.run(2 * SECOND)
    # A full wait from the start of the daemon: 60 s.
    assert world.calls[1][0] == began + 60 * SECOND


def test_a_newer_read_in_the_same_turn_wins_over_the_call() -> None:
    """What the turn decides from is the last read, not the one that confirmed."""
    world = World(1, LATER, start=Status.FAILED)
    world.poll()
    world.now = T0 + 40 * SECOND
    pages = [
        Page(KEY, T0 + 30 * SECOND, world.now, {A0: Status.FAILED}),
        Page(KEY, T0 + 35 * SECOND, world.now, {A0: Status.WAITING}),
    ]
    world.turn(*pages)
    assert not world.calls
    assert world.reason() is Reason.STARTING
