"""The page speaks of everything the daemon can say, in both languages."""

import re
from collections.abc import Iterable
from enum import StrEnum

import pytest

from scnet_watchdog.adapters.web.page import FOLDER
from scnet_watchdog.core.command import ScopeKind
from scnet_watchdog.core.decision import RESTART_REASONS, Reason
from scnet_watchdog.core.event import EventKind
from scnet_watchdog.core.model import BlockCause, Status
from scnet_watchdog.core.outcome import OutcomeKind, RefusalClass, Verdict
from scnet_watchdog.core.state import BreakerState

KEY = re.compile(r'(?:^|[{,]\s*)\s*"?([a-z][\w.]*)"?: "((?:[^"\\]|\\.)*)"', re.MULTILINE)


def words(language: str) -> dict[str, str]:
    text = (FOLDER / f"words.{language}.js").read_text(encoding="utf-8")
    return dict(KEY.findall(text))


EN, ZH = words("en"), words("zh")

VALUES: dict[str, Iterable[StrEnum]] = {
    "status": Status,
    "reason": Reason,
    "check": set(Reason) - RESTART_REASONS,
    "outcome": OutcomeKind,
    "verdict": Verdict,
    "class": RefusalClass,
    "breaker": BreakerState,
    "cause": BlockCause,
    "scope": ScopeKind,
}


def test_both_languages_have_every_word() -> None:
    # Events have words of the page in Chinese alone: in English the daemon's sentence is shown.
    assert {key for key in ZH if not key.startswith("event.")} == set(EN)
    assert len(EN) > 150


@pytest.mark.parametrize("kind", VALUES)
def test_every_value_of_the_daemon_has_a_word_in_both(kind: str) -> None:
    keys = {f"{kind}.{value}" for value in VALUES[kind]}
    assert keys <= EN.keys()
    assert keys <= ZH.keys()


def test_what_is_put_into_a_sentence_is_the_same_in_both() -> None:
    def parts(text: str) -> set[str]:
        return set(re.findall(r"\{(\w+)\}", text))

    differ = {key for key in EN if parts(EN[key]) != parts(ZH[key])}
    # The daemon's own sentence is English; in Chinese one is made of the same values.
    assert differ == {"panel.sentence"}


def test_every_event_that_is_named_exists() -> None:
    named = {key.removeprefix("event.") for key in ZH if key.startswith("event.")}
    assert named <= {str(kind) for kind in EventKind}


def test_every_word_that_the_page_asks_for_is_there() -> None:
    asked = set()
    for file in FOLDER.glob("*.js"):
        asked |= set(re.findall(r'word\("([a-z][\w.]*[a-z])"', file.read_text(encoding="utf-8")))
    asked |= set(re.findall(r'data-word="([\w.]+)"', (FOLDER / "index.html").read_text()))
    assert asked - EN.keys() == set()
