"""What a channel is told, and when; moments are passed in, nothing sleeps."""

from datetime import UTC, timedelta
from zoneinfo import ZoneInfo

import pytest

from notify_support import (
    HOUR,
    LLM,
    MINUTE,
    SECOND,
    T0,
    blocked,
    decision,
    happens,
    recovered,
    status,
    unblocked,
)
from scnet_watchdog.adapters.notify.groups import LINES_KEPT
from scnet_watchdog.adapters.notify.message import Digest, News, Phase
from scnet_watchdog.adapters.notify.policy import Policy
from scnet_watchdog.adapters.notify.troubles import Watched
from scnet_watchdog.core.event import Event, EventKind, Level
from scnet_watchdog.core.model import InstanceId
from scnet_watchdog.core.policy import Member, Roster


def told(policy: Policy, *events: Event) -> list[News]:
    """All news of these events, waits cut short."""
    for event in events:
        policy.take(event)
    now = max(event.at for event in events)
    return [one for one in policy.due(now, at_once=True) if isinstance(one, News)]


def phases(news: list[News]) -> list[tuple[EventKind, Phase]]:
    return [(line.event.kind, line.phase) for one in news for line in one.lines]


LOUD = [
    happens(EventKind.BREAKER_OPENED, scope="instance", open_until=T0 + HOUR),
    happens(EventKind.BREAKER_OPENED, instance=None, scope="center", open_until=T0 + HOUR),
    happens(EventKind.RESTART_STUCK_WAITING, waiting_for_s=600.0, alarm="warn"),
    blocked(),
    happens(EventKind.SOURCE_BLIND, instance=None, source="scnet", instances=3),
    happens(EventKind.STORM_BEGAN, instance=None, instances=5, eligible=8),
    happens(EventKind.BUDGET_SPENT, spent=10, of=10, next_at=T0 + HOUR),
    happens(EventKind.STATE_FAILED, instance=None, center=None, error="disk full"),
    happens(EventKind.CONFIG_REJECTED, instance=None, center=None, error="line 3"),
    happens(EventKind.INSTANCE_MISSING, previous="running"),
    decision(timedelta(), "rejected"),
    happens(EventKind.RESTART_REFUSED, class_="start_failure", code="716868"),
    happens(EventKind.RESTART_DID_NOT_HELP, status="failed", took_s=60.0),
    happens(EventKind.RESTART_RELAPSED, status="failed", took_s=60.0),
]


@pytest.mark.parametrize("event", LOUD, ids=lambda event: str(event.kind))
def test_a_loud_trouble_is_told_after_half_a_minute_and_every_four_hours(event: Event) -> None:
    policy = Policy()
    policy.take(event)
    assert policy.due_at == T0 + 30 * SECOND
    assert policy.due(T0 + 29 * SECOND) == []
    assert phases(policy.due(T0 + 30 * SECOND)) == [(event.kind, Phase.BEGAN)]  # type: ignore[arg-type]
    # Told (as begun) at T0, so again from T0 + 4 h; that line waits its half minute.
    assert policy.due_at == T0 + 4 * HOUR
    assert policy.due(T0 + 4 * HOUR) == []
    again = policy.due(T0 + 4 * HOUR + 30 * SECOND)
    assert phases(again) == [(event.kind, Phase.STILL)]  # type: ignore[arg-type]
    assert policy.due_at == T0 + 8 * HOUR


@pytest.mark.parametrize(
    ("begin", "end"),
    [
        (LOUD[0], happens(EventKind.BREAKER_CLOSED, MINUTE, scope="instance")),
        (LOUD[1], happens(EventKind.BREAKER_CLOSED, MINUTE, None, scope="center")),
        (LOUD[2], status(MINUTE, "running", "waiting")),
        (LOUD[2], status(MINUTE, "failed", "waiting")),
        (LOUD[3], unblocked(MINUTE)),
        (LOUD[4], happens(EventKind.SOURCE_RECOVERED, MINUTE, None, source="scnet")),
        (LOUD[5], happens(EventKind.STORM_ENDED, MINUTE, None, lasted_s=60.0)),
        (LOUD[6], happens(EventKind.INSTANCE_STABLE, MINUTE, running_for_s=600.0)),
        (LOUD[7], happens(EventKind.STATE_RECOVERED, MINUTE, None, None, failed_for_s=60.0)),
        (LOUD[8], happens(EventKind.CONFIG_RELOADED, MINUTE, None, None)),
        (LOUD[9], happens(EventKind.INSTANCE_RETURNED, MINUTE, status="running")),
        (LOUD[10], status(MINUTE, "running", "stopped")),
        (LOUD[12], happens(EventKind.INSTANCE_STABLE, MINUTE, running_for_s=600.0)),
    ],
    ids=lambda event: str(event.kind),
)
def test_the_end_of_a_trouble_is_told_once_and_then_it_is_quiet(begin: Event, end: Event) -> None:
    policy = Policy()
    assert phases(told(policy, begin)) == [(begin.kind, Phase.BEGAN)]
    assert phases(told(policy, end)) == [(end.kind, Phase.ENDED)]
    assert told(policy, end) == []
    assert policy.due_at is None


def test_an_end_without_a_beginning_is_not_told() -> None:
    assert told(Policy(), unblocked(MINUTE)) == []


def test_a_trouble_that_comes_again_while_it_lasts_is_not_told_again() -> None:
    policy = Policy()
    refused = [
        happens(EventKind.RESTART_REFUSED, n * MINUTE, attempt=n, class_="start_failure")
        for n in (1, 2, 3)
    ]
    assert len(phases(told(policy, *refused))) == 1
    # The repeat speaks of the newest attempt: begun at minute 1, so from 4 h 1 min.
    policy.due(T0 + 4 * HOUR + MINUTE)
    [news] = policy.due(T0 + 4 * HOUR + 2 * MINUTE)
    assert isinstance(news, News)
    assert news.lines[0].event.fields["attempt"] == 3
    assert news.lines[0].since == T0 + MINUTE


def test_a_trouble_that_becomes_worse_is_told_again_at_once() -> None:
    policy = Policy()
    waits = [
        happens(EventKind.RESTART_STUCK_WAITING, 10 * MINUTE, alarm="warn"),
        happens(EventKind.RESTART_STUCK_WAITING, 60 * MINUTE, level=Level.ERROR, alarm="critical"),
    ]
    [news] = told(policy, *waits)
    assert [line.level for line in news.lines] == [Level.ERROR, Level.WARNING]


def test_later_lines_of_a_center_wait_five_minutes_for_each_other() -> None:
    policy = Policy()
    policy.take(LOUD[0])
    policy.due(T0 + 30 * SECOND)
    policy.take(blocked(60 * SECOND))
    policy.take(happens(EventKind.INSTANCE_MISSING, 90 * SECOND, "other"))
    # 30 s + 5 min after the first message
    assert policy.due_at == T0 + 5 * MINUTE + 30 * SECOND
    [news] = policy.due(T0 + 5 * MINUTE + 30 * SECOND)
    assert isinstance(news, News)
    assert len(news.lines) == 2


def test_one_center_does_not_hold_back_the_first_word_of_another() -> None:
    policy = Policy()
    policy.take(blocked())
    policy.due(T0 + 30 * SECOND)
    policy.take(blocked(60 * SECOND, "wuzhen"))
    assert policy.due_at == T0 + 90 * SECOND


def test_after_a_long_silence_a_first_line_waits_half_a_minute_again() -> None:
    policy = Policy()
    policy.take(happens(EventKind.STATE_CREATED, instance=None, center=None))
    policy.due(T0 + 30 * SECOND)
    policy.take(happens(EventKind.STATUS_UNRECOGNISED, HOUR, None, None, text="Paused"))
    assert policy.due_at == T0 + HOUR + 30 * SECOND


def test_a_restart_that_helped_wakes_nobody_and_stands_in_the_digest_of_nine_o_clock() -> None:
    policy = Policy(zone=ZoneInfo("Asia/Shanghai"))
    policy.take(status(timedelta(), "stopped", "running"))
    policy.take(happens(EventKind.RESTART_REQUESTED, SECOND, reason="stopped", attempt=1))
    policy.take(recovered(MINUTE))
    policy.take(recovered(MINUTE, "other"))
    # 02:15 UTC is 10:15 in Shanghai: the next nine o'clock there is 01:00 UTC of the next day.
    due_at = T0.replace(day=2, hour=1, minute=0)
    assert policy.due_at == due_at
    assert policy.due(due_at - SECOND) == []
    [digest] = policy.due(due_at)
    assert isinstance(digest, Digest)
    assert [(one.name, one.count, one.took_s) for one in digest.healed] == [
        ("llm-api", 1, 42.0),
        ("other", 1, 42.0),
    ]
    assert policy.due_at is None


def test_the_digest_comes_at_nine_by_the_clock_when_clocks_change_over_night() -> None:
    policy = Policy(zone=ZoneInfo("Europe/Berlin"))
    # 28 March 2026, 12:00 UTC; Berlin goes from +01 to +02 in that night: 09:00 is 07:00 UTC.
    policy.take(recovered(T0.replace(day=28, hour=12, minute=0) - T0))
    assert policy.due_at == T0.replace(day=29, hour=7, minute=0).astimezone(UTC)


def test_a_second_restart_within_a_day_is_told() -> None:
    policy = Policy()
    assert told(policy, recovered()) == []
    again = recovered(5 * HOUR)
    assert phases(told(policy, again)) == [(EventKind.RESTART_RECOVERED, Phase.ONCE)]
    # more than a day after the last one: quiet again
    assert told(policy, recovered(30 * HOUR)) == []


def test_a_restart_a_person_asked_for_is_no_news() -> None:
    policy = Policy()
    assert told(policy, recovered(reason="operator")) == []
    assert policy.due_at is None


def test_a_recovery_after_a_told_failure_is_told_when_it_is_stable_and_in_no_digest() -> None:
    policy = Policy()
    failed = happens(EventKind.RESTART_DID_NOT_HELP, status="failed", took_s=60.0)
    stable = happens(EventKind.INSTANCE_STABLE, HOUR, running_for_s=600.0)
    assert phases(told(policy, failed, recovered(MINUTE), stable)) == [
        (failed.kind, Phase.BEGAN),
        (stable.kind, Phase.ENDED),
    ]
    assert policy.due_at is None


@pytest.mark.parametrize("what", ["throttled", "account", "invalid"])
def test_a_refusal_of_which_something_louder_speaks_is_not_told_itself(what: str) -> None:
    assert told(Policy(), happens(EventKind.RESTART_REFUSED, class_=what)) == []


def test_down_for_good_after_having_run_is_told_once_per_run() -> None:
    policy = Policy()
    ends_ = [
        status(MINUTE, "completed", "running"),
        decision(MINUTE, "not_restartable", status="completed", restart_on=["failed"]),
    ]
    [news] = told(policy, *ends_)
    assert news.lines[0].event.fields["restart_on"] == ["failed"]
    # The reason comes and goes with a blind source: still the same run.
    blind = decision(2 * MINUTE, "source_blind")
    assert told(policy, blind, decision(3 * MINUTE, "not_restartable")) == []
    assert policy.due_at is None
    # It runs anew and ends anew: told anew, and its start was not worth a word.
    assert told(policy, status(4 * MINUTE, "running", "completed")) == []
    assert len(told(policy, status(5 * MINUTE, "completed", "running"), ends_[1])) == 1


def test_down_for_good_without_having_run_is_not_told() -> None:
    assert told(Policy(), decision(MINUTE, "not_restartable", status="completed")) == []


@pytest.mark.parametrize(
    "aside",
    [
        decision(MINUTE, "held"),
        decision(MINUTE, "watch_only"),
        happens(EventKind.HOLD_PLACED, MINUTE, scope="instance"),
    ],
    ids=lambda event: str(event.kind),
)
def test_who_is_held_or_only_watched_is_not_told_again(aside: Event) -> None:
    policy = Policy()
    assert told(policy, LOUD[9])
    assert told(policy, aside) == []
    assert policy.due_at is None


def watched(*members: tuple[str, str, str]) -> Watched:
    """Instances by id, center and source."""
    named = [Member(InstanceId(id_), center, source) for id_, center, source in members]
    return Watched.of(Roster({one.id: one for one in named}))


@pytest.mark.parametrize("event", LOUD, ids=lambda event: str(event.kind))
def test_whoever_the_config_names_no_more_is_forgotten_and_no_end_of_it_is_told(
    event: Event,
) -> None:
    policy, kept = Policy(), Policy()
    assert told(policy, event)
    assert told(kept, event)
    kept.keep(watched((LLM, "kunshan", "scnet")))
    assert kept.due_at is not None
    # Another instance, in another center.
    policy.keep(watched(("another", "wuzhen", "scnet")))
    of_daemon = event.kind in (EventKind.STATE_FAILED, EventKind.CONFIG_REJECTED)
    assert (policy.due_at is not None) is of_daemon


def test_a_source_that_is_no_longer_asked_in_a_center_is_forgotten() -> None:
    policy = Policy()
    assert told(policy, happens(EventKind.SOURCE_BLIND, instance=None, source="flags"))
    policy.keep(watched((LLM, "kunshan", "scnet"), ("b", "wuzhen", "flags")))
    assert policy.due_at is None


def test_an_instance_that_left_and_came_back_has_not_run_yet() -> None:
    policy = Policy()
    assert told(policy, status(timedelta(), "running", "stopped")) == []
    policy.keep(watched(("another", "kunshan", "scnet")))
    assert told(policy, decision(MINUTE, "not_restartable", status="completed")) == []


def test_quieter_facts_than_the_channels_level_are_left_out() -> None:
    policy = Policy(Level.ERROR)
    assert told(policy, LOUD[6], recovered(), happens(EventKind.STATE_CREATED)) == []
    assert policy.due_at is None
    assert told(policy, blocked())


def test_a_channel_of_level_info_is_told_every_restart_at_once() -> None:
    policy = Policy(Level.INFO)
    assert phases(told(policy, recovered())) == [(EventKind.RESTART_RECOVERED, Phase.ONCE)]
    assert policy.due_at is None


def test_a_channel_of_one_center_is_told_of_no_other_and_not_of_the_daemon() -> None:
    policy = Policy(center="wuzhen")
    assert told(policy, blocked(), LOUD[7]) == []
    assert told(policy, blocked(MINUTE, "wuzhen"))


def test_a_flood_is_cut_short_counted_and_keeps_the_loudest() -> None:
    policy = Policy()
    missing = [happens(EventKind.INSTANCE_MISSING, instance=f"i{n}") for n in range(500)]
    [news] = told(policy, *missing, blocked())
    # 501 lines, 200 kept: 301 more; the error among them is kept, and is first.
    assert (len(news.lines), news.more) == (LINES_KEPT, 301)
    assert news.lines[0].event.kind is EventKind.CENTER_BLOCKED
    assert news.level is Level.ERROR


def test_troubles_of_before_the_start_are_repeated_but_not_told_as_new() -> None:
    policy = Policy()
    before = [blocked(), LOUD[9], happens(EventKind.INSTANCE_RETURNED, HOUR)]
    policy.remember(before, T0 + 9 * HOUR)
    # Told at 0, 4 and 8 h: next at 12 h; the instance is back.
    assert policy.due_at == T0 + 12 * HOUR
    assert phases(told(policy, unblocked(10 * HOUR))) == [(EventKind.CENTER_UNBLOCKED, Phase.ENDED)]
    assert policy.due_at is None


def test_a_trouble_of_before_the_start_that_goes_on_is_no_news() -> None:
    policy = Policy()
    policy.remember([LOUD[11]], T0 + HOUR)
    again = happens(EventKind.RESTART_REFUSED, 2 * HOUR, class_="start_failure", code="716868")
    assert told(policy, again) == []
    assert policy.due_at == T0 + 4 * HOUR


def test_one_that_became_worse_before_the_start_is_repeated_from_then_on() -> None:
    policy = Policy()
    alarm = EventKind.RESTART_STUCK_WAITING
    critical = happens(alarm, HOUR, level=Level.ERROR, waiting_for_s=3600.0, alarm="critical")
    policy.remember([LOUD[2], critical], T0 + 2 * HOUR)
    assert policy.due_at == T0 + 5 * HOUR
    [news] = policy.due(T0 + 5 * HOUR, at_once=True)
    assert isinstance(news, News)
    [line] = news.lines
    assert (line.phase, line.since, line.level) == (Phase.STILL, T0, Level.ERROR)


@pytest.mark.parametrize(
    "event",
    [LOUD[4], LOUD[7], LOUD[8]],
    ids=lambda event: str(event.kind),
)
def test_what_ends_with_the_daemon_itself_is_not_repeated_by_the_next_one(event: Event) -> None:
    policy = Policy()
    policy.remember([event], T0 + HOUR)
    assert policy.due_at is None


def test_who_was_laid_aside_before_the_start_is_not_told_again() -> None:
    policy = Policy()
    policy.remember([LOUD[9], decision(MINUTE, "held")], T0 + HOUR)
    assert policy.due_at is None


def test_the_days_restarts_that_helped_survive_a_restart_of_the_daemon() -> None:
    policy = Policy(zone=UTC)
    # 02:14 on this day and on the day before; the earlier digest was due at 09:00 on that day.
    policy.remember([recovered(-24 * HOUR, "older"), recovered()], T0 + HOUR)
    assert policy.due_at == T0 + 6 * HOUR + 46 * MINUTE
    [digest] = policy.due(T0 + 7 * HOUR)
    assert isinstance(digest, Digest)
    assert [one.name for one in digest.healed] == ["llm-api"]
    # The second within a day is told as it would have been.
    again = phases(told(policy, recovered(8 * HOUR)))
    assert again == [(EventKind.RESTART_RECOVERED, Phase.ONCE)]


def test_an_instance_that_ran_before_the_start_and_is_down_for_good_now_is_told() -> None:
    policy = Policy()
    policy.remember([status(timedelta(), "running", "waiting")], T0 + HOUR)
    assert told(policy, decision(2 * HOUR, "not_restartable", status="completed"))


def test_a_channel_of_one_center_remembers_that_center_only() -> None:
    policy = Policy(center="wuzhen")
    policy.remember([blocked()], T0 + HOUR)
    assert policy.due_at is None
