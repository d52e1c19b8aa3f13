"""The answer of one instance alone, and how its numbers are told."""

from dataclasses import replace

from builders import CENTER, HOUR
from mutants_support import A0, draft_of, put, put_center, wanting
from scnet_watchdog.core.center import Ramp
from scnet_watchdog.core.command import ScopeKind, Wish
from scnet_watchdog.core.decision import Reason
from scnet_watchdog.core.explain import answer, explain
from scnet_watchdog.core.model import Status


def test_the_answer_is_the_first_check_that_holds() -> None:
    draft = draft_of(at=HOUR)
    wanting(draft, "a0")
    assert answer(draft, A0).reason is Reason.FAILED
    # A gate holds it where its own checks do not.
    put_center(draft, ramp=Ramp(draft.now, 0, 0, grew_at=draft.now))
    assert answer(draft, A0).reason is Reason.STORM
    # Its own checks come first.
    state = draft.state(A0)
    draft.put(replace(state, facts=replace(state.facts, status=Status.RUNNING)))
    assert answer(draft, A0).reason is Reason.HEALTHY


def test_a_center_that_is_not_known_to_have_a_connection_has_none() -> None:
    draft = draft_of(at=HOUR)
    wanting(draft, "a0")
    draft.situation = replace(draft.situation, free={})
    assert answer(draft, A0).reason is Reason.CENTER_BUSY
    draft.situation = replace(draft.situation, free={CENTER: 1})
    assert answer(draft, A0).reason is Reason.FAILED


def test_several_values_of_one_number_are_told_side_by_side() -> None:
    draft = draft_of(at=HOUR)
    wanting(draft, "a0")
    put(draft, status=Status.COMPLETED)
    draft.fleet.apply(draft.decided())
    checks = {one.name: one.detail for one in explain(draft.fleet, A0, draft.situation).checks}
    assert checks["not_restartable"] == "status completed, restart_on failed stopped"


def test_a_wish_asks_for_no_more_than_it_says() -> None:
    wish = Wish("hold", ScopeKind.INSTANCE, "a0", "eve")
    assert (wish.until_running, wish.every, wish.length, wish.reason) == (False, False, None, "")
