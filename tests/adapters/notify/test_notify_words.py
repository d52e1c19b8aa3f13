"""What people read: English and Chinese, titles, moments, and the command that ends a notice."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from notify_support import HOUR, LLM, MINUTE, T0, blocked, decision, happens, recovered, unblocked
from scnet_watchdog.adapters.notify.chinese import CHINESE
from scnet_watchdog.adapters.notify.english import ENGLISH
from scnet_watchdog.adapters.notify.message import Digest, Healed, Line, News, Phase
from scnet_watchdog.adapters.notify.policy import _CALM, _NOTED
from scnet_watchdog.adapters.notify.render import LINES_TOLD, LONGEST_TITLE, Text, render
from scnet_watchdog.adapters.notify.troubles import _BEGINS, _ENDS
from scnet_watchdog.core.block import NEXT_STEP
from scnet_watchdog.core.event import Event, EventKind, Level

SHANGHAI = ZoneInfo("Asia/Shanghai")
KEEP = "scnet-watchdog hold llm-api --until-running"


def told(event: Event, language: str = "en", phase: Phase = Phase.BEGAN) -> Text:
    """One line as a message, told a minute later in Shanghai."""
    line = Line(event, event.loudness, phase, event.at)
    return render(News((line,), event.center), event.at + MINUTE, language, SHANGHAI)


def test_a_blocked_center_is_told_with_its_cause_and_the_next_step() -> None:
    text = told(blocked())
    # 02:14 UTC is 10:14 in Shanghai.
    assert text.body == (
        "10:14:00+0800 center kunshan is blocked: arrears (code 10007); nothing is restarted "
        "there. Next step: recharge the account; restarts resume by themselves"
    )
    assert text.title.startswith("[scnet-watchdog] needs you: center kunshan is blocked: arrears")
    assert text.level is Level.ERROR


def test_in_chinese_too() -> None:
    text = told(blocked(), "zh")
    assert text.title.startswith("[scnet-watchdog] 需要处理:中心 kunshan 被阻断:账户欠费")
    assert "请充值" in text.body


@pytest.mark.parametrize("cause", NEXT_STEP)
def test_every_cause_has_its_chinese_next_step(cause: str) -> None:
    event = happens(EventKind.CENTER_BLOCKED, instance=None, cause=cause, next_step="in English")
    assert "in English" not in told(event, "zh").body


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(
    "event",
    [
        recovered(),
        happens(EventKind.RESTART_DID_NOT_HELP, status="failed", took_s=60.0),
        happens(EventKind.RESTART_RELAPSED, status="failed", took_s=60.0),
        happens(EventKind.RESTART_REFUSED, code="716868", error="no capacity"),
    ],
    ids=lambda event: str(event.kind),
)
def test_a_restarts_notice_ends_with_the_command_that_keeps_it_stopped(
    event: Event, language: str
) -> None:
    assert told(event, language).body.endswith(KEEP)


def test_a_name_that_a_shell_would_read_otherwise_is_quoted() -> None:
    event = happens(EventKind.RESTART_RELAPSED, instance="my llm; rm -rf ~", status="failed")
    assert told(event).body.endswith("hold 'my llm; rm -rf ~' --until-running")


def test_not_restartable_names_restart_on() -> None:
    event = decision(
        timedelta(), "not_restartable", status="completed", restart_on=["failed", "stopped"]
    )
    assert "restart_on names only failed, stopped" in told(event).body
    assert "restart_on 只包含 failed, stopped" in told(event, "zh").body


def test_a_trouble_that_lasts_says_since_when_with_the_date_of_another_day() -> None:
    line = Line(blocked(), Level.ERROR, Phase.STILL, T0)
    body = render(News((line,)), T0 + 20 * HOUR, "en", SHANGHAI).body
    assert body.startswith("2026-03-01 10:14:00+0800 still: center kunshan is blocked")
    assert body.endswith("(since 2026-03-01 10:14:00+0800)")


def test_when_all_of_it_is_over_the_title_says_so_and_is_no_alarm() -> None:
    end = Line(unblocked(MINUTE), Level.ERROR, Phase.ENDED, T0, blocked())
    text = render(News((end,), "kunshan"), T0 + MINUTE, "en", SHANGHAI)
    assert text.title == ("[scnet-watchdog] over: center kunshan is no longer blocked, after 1 min")
    assert text.level is Level.INFO
    assert text.body.endswith("(since 10:14:00+0800)")


def test_a_long_message_is_cut_and_says_how_much_is_left_out() -> None:
    lines = tuple(
        Line(happens(EventKind.INSTANCE_MISSING, instance=f"i{n}"), Level.WARNING)
        for n in range(50)
    )
    text = render(News(lines, "kunshan", more=300), T0, "en", SHANGHAI)
    # 20 lines told, 30 + 300 left out
    assert len(text.body.splitlines()) == LINES_TOLD + 1
    assert text.body.endswith("… and 330 more")
    assert text.title.endswith("(and 349 more)")


def test_text_of_others_stays_on_its_line_and_is_cut() -> None:
    event = happens(
        EventKind.CONFIG_REJECTED, instance=None, error="a\n\x1b[31mb\u202e" + "x" * 999
    )
    text = told(event)
    assert len(text.body.splitlines()) == 1
    assert not set("\x1b\u202e") & set(text.body)
    assert len(text.title) <= LONGEST_TITLE


def test_the_digest_names_each_instance_and_its_command() -> None:
    digest = Digest((Healed("llm-api", 1, T0, 42.0),), more=0)
    text = render(digest, T0 + HOUR, "en", SHANGHAI)
    assert text.title == "[scnet-watchdog] last day: 1 instance restarted and running again"
    assert text.body == (
        f"llm-api: restarted, last at 10:14:00+0800, back after 42 s\nTo keep it stopped: {KEEP}"
    )
    assert "过去一天:1 个实例" in render(digest, T0, "zh", SHANGHAI).title


@pytest.mark.parametrize("language", [ENGLISH, CHINESE], ids=["en", "zh"])
def test_every_event_that_can_be_told_has_a_sentence(language: object) -> None:
    assert isinstance(language, type(ENGLISH))
    tellable = {*_BEGINS, *_ENDS, *_NOTED, *_CALM, EventKind.INSTANCE_STATUS_CHANGED}
    assert tellable <= language.sentences.keys()
    for kind in tellable:
        # Even an event without any field makes a sentence.
        bare = Line(happens(kind, instance=LLM), Level.WARNING)
        assert language.sentence(bare, SHANGHAI)


@pytest.mark.parametrize(
    "event",
    [
        happens(EventKind.HOLD_PLACED, instance=None, scope="group", target="web", author="ann"),
        happens(EventKind.HOLD_ENDED, instance=None, scope="fleet", cause="released"),
        happens(EventKind.OPERATOR_COMMAND, by="ann", command="restart", refused="healthy"),
        happens(
            EventKind.FLEET_FIRST_LOOK,
            instance=None,
            instances=3,
            down=1,
            restarts=[LLM],
            next_at=T0 + MINUTE,
        ),
        happens(EventKind.BREAKER_OPENED, scope="center", open_until=T0 + MINUTE),
    ],
    ids=lambda event: str(event.kind),
)
def test_the_fields_of_an_event_are_told_in_both_languages(event: Event) -> None:
    for language in ("en", "zh"):
        body = told(event, language).body
        expected = [str(event.fields.get(key, "")) for key in ("target", "author", "refused")]
        assert all(one in body for one in expected)
        if "open_until" in event.fields or "next_at" in event.fields:
            assert "10:15:00+0800" in body
