"""Places of a ramp: semantics 4."""

from datetime import timedelta

import pytest

from builders import CENTER, MINUTE, SECOND, T0, World, member
from mutants_support import A0, center_of, draft_of, put, put_center, watch
from scnet_watchdog.core import ramp
from scnet_watchdog.core.center import Ramp
from scnet_watchdog.core.draft import Draft
from scnet_watchdog.core.policy import Policy

EMPTY = Ramp(T0, 0, grew_at=T0)


def with_ramp(places: int = 0, passed: int = 0, at: timedelta = SECOND) -> Draft:
    """A center whose ramp began at the start."""
    draft = draft_of(3, at=at)
    put_center(draft, ramp=Ramp(T0, places, passed, grew_at=T0))
    return draft


def places(draft: Draft) -> tuple[int, int] | None:
    """Free places and passes."""
    found = center_of(draft).ramp
    return None if found is None else (found.places, found.passed)


# Ramp.


def test_a_pass_puts_two_places_in_and_only_once() -> None:
    draft = with_ramp()
    put(draft, watch=watch(place=True))
    assert ramp.passes(draft, draft.state(A0))
    assert places(draft) == (2, 1)
    assert not ramp.passes(draft, draft.state(A0))
    assert places(draft) == (2, 1)
    # From a pass on `start_deadline` runs anew.
    found = center_of(draft).ramp
    assert found is not None
    assert found.grew_at == draft.now


def test_a_restart_without_a_place_neither_passes_nor_gives_back() -> None:
    draft = with_ramp()
    for state in (put(draft, watch=watch()), put(draft, "a1")):
        assert not ramp.passes(draft, state)
        ramp.give_back(draft, state.id)
        assert places(draft) == (0, 0)


def test_a_place_is_given_back_once() -> None:
    draft = with_ramp()
    put(draft, watch=watch(place=True))
    ramp.give_back(draft, A0)
    ramp.give_back(draft, A0)
    assert places(draft) == (1, 0)
    found = draft.state(A0).facts.care.watch
    assert found == watch(place=False)


def test_a_place_of_a_ramp_that_has_ended_is_only_forgotten() -> None:
    for end in (ramp.give_back, lambda draft, id_: ramp.passes(draft, draft.state(id_))):
        draft = draft_of(3)
        put(draft, watch=watch(place=True))
        end(draft, A0)
        assert draft.state(A0).facts.care.watch == watch(place=False)
        assert center_of(draft).ramp is None


def test_a_save_takes_a_place_only_where_there_is_a_ramp() -> None:
    draft = with_ramp(2, at=MINUTE)
    assert ramp.take(draft, put(draft))
    assert center_of(draft).ramp == Ramp(T0, 1, 0, grew_at=T0 + MINUTE)
    put_center(draft, ramp=None)
    assert not ramp.take(draft, draft.state(A0))
    assert center_of(draft).ramp is None


def test_a_new_ramp_makes_the_old_ones_places_nobodys() -> None:
    draft = with_ramp()
    put(draft, watch=watch(place=True))
    bare = put(draft, "a1", watch=watch("a1"))
    ramp.begin(draft, CENTER)
    assert draft.state(A0).facts.care.watch == watch(place=False)
    assert draft.state(bare.id) is bare
    assert center_of(draft).ramp == Ramp(T0 + SECOND, 1, 0, grew_at=T0 + SECOND)


def test_the_call_that_went_before_the_ramp_holds_its_first_place() -> None:
    draft = with_ramp(1)
    put(draft, watch=watch())
    ramp.hold_first(draft, A0)
    assert draft.state(A0).facts.care.watch == watch(place=True)
    assert places(draft) == (0, 0)


@pytest.mark.parametrize(("after", "grows"), [(599, False), (600, True), (601, True)])
def test_one_place_more_after_every_start_deadline_without_a_pass(after: int, grows: bool) -> None:
    draft = with_ramp(at=after * SECOND)
    put(draft)
    assert ramp.grows_at(draft, CENTER) == T0 + 10 * MINUTE
    ramp.grow(draft, CENTER)
    assert places(draft) == ((1, 0) if grows else (0, 0))
    # Where one is free, none is added: they must not heap up.
    assert (ramp.grows_at(draft, CENTER) is None) is grows
    ramp.grow(draft, CENTER)
    assert places(draft) == ((1, 0) if grows else (0, 0))


def test_the_longest_start_deadline_of_those_in_trouble_counts() -> None:
    policy = Policy(start_deadline=25 * MINUTE)
    draft = draft_of(3, policy)
    put_center(draft, ramp=EMPTY)
    # Nobody has been seen yet, so nobody is at rest: all three count.
    assert ramp.longest_start(draft, CENTER) == 25 * MINUTE
    assert ramp.longest_start(draft, "elsewhere") == 10 * MINUTE
    mixed = [member("a0", policy), member("a1", Policy(start_deadline=MINUTE))]
    one = Draft(World(mixed).fleet, draft.situation)
    assert ramp.longest_start(one, CENTER) == 25 * MINUTE
    # Whoever runs has nothing to start.
    one.own_index(CENTER).unrest.discard(A0)
    assert ramp.longest_start(one, CENTER) == MINUTE
    one.own_index(CENTER).unrest.clear()
    assert ramp.longest_start(one, CENTER) == 10 * MINUTE
    draft.own_index(CENTER).unrest.clear()
    assert ramp.longest_start(draft, CENTER) == 10 * MINUTE
