"""Who waits in line for a call, and when their center is looked at again."""

from dataclasses import replace

from builders import CENTER, HOUR, MINUTE, T0
from mutants_support import A0, draft_of, put, wanting
from scnet_watchdog.core.conclude import first_answer
from scnet_watchdog.core.decide import conclude_all
from scnet_watchdog.core.draft import Draft
from scnet_watchdog.core.fleet import Index
from scnet_watchdog.core.model import InstanceId, Status
from scnet_watchdog.core.policy import Limits
from scnet_watchdog.core.state import Call, Ledger

WAKE = f"center:{CENTER}"


def one_is_looked_at_and_one_is_called(*others: str) -> Draft:
    """One call an hour. a0, first in line, was seen too long ago; a1 gets the call."""
    draft = draft_of(4, limits=Limits(restarts_per_hour=1), at=HOUR)
    wanting(draft, "a0", "a1", *others)
    state = draft.state(A0)
    sight = replace(state.sight, asked_at=draft.now - MINUTE)
    draft.put(replace(state, facts=replace(state.facts, since=T0 - HOUR), sight=sight))
    draft.situation = replace(draft.situation, free={CENTER: 2})
    conclude_all(draft)
    assert [one.instance for one in draft.wanted] == ["a1"]
    return draft


def test_who_was_not_asked_is_looked_at_when_the_gate_opens() -> None:
    draft = one_is_looked_at_and_one_is_called("a2")
    assert draft.wakes[WAKE] == draft.now + HOUR


def test_a_gate_that_nobody_waits_for_wakes_nobody() -> None:
    draft = one_is_looked_at_and_one_is_called()
    # a0 waits for its look, and not for the hour.
    assert draft.wakes[WAKE] is None


def test_who_no_longer_wants_a_call_leaves_the_line() -> None:
    draft = draft_of()
    put(draft, status=Status.RUNNING)
    draft.line_up(A0)
    first_answer(draft, A0)
    assert A0 not in draft.index(CENTER).wanting


def test_who_is_no_longer_watched_leaves_the_line() -> None:
    index = Index()
    index.wanting.put((0, T0, InstanceId("gone")))
    index.drop(InstanceId("gone"))
    assert list(index.wanting) == []


def test_a_call_that_is_given_back_in_the_same_turn_leaves_the_hour() -> None:
    draft = draft_of()
    state = put(draft)
    called = replace(state.facts, ledger=Ledger(1, 1, (Call(T0),)))
    draft.put(replace(state, facts=called))
    draft.put(state)
    assert draft.index(CENTER).calls == []
