"""What a start finds again, and when each place in flight is given back: semantics 2 and 4."""

from dataclasses import replace
from datetime import timedelta

import pytest

from builders import CENTER, HOUR, MINUTE, SECOND, T0, World, member, roster
from mutants_support import A0, draft_of, episode, put, watch
from scnet_watchdog.core.change import Memory, StoredInstance
from scnet_watchdog.core.model import InstanceId, Status
from scnet_watchdog.core.policy import Policy
from scnet_watchdog.core.resume import past, resume, slots_end
from scnet_watchdog.core.state import REST, Call, Care, Facts, Ledger


def test_each_place_in_flight_ends_a_start_deadline_after_its_save() -> None:
    draft = draft_of(3, Policy(start_deadline=7 * MINUTE))
    late = watch("a1")
    put(draft, watch=watch())
    put(draft, "a1", watch=replace(late, attempt=replace(late.attempt, saved_at=T0 + HOUR)))
    put(draft, "a2", watch=watch("a2", slot=False))
    draft.fleet.apply(draft.decided())
    assert slots_end(draft.fleet) == {A0: T0 + 7 * MINUTE, "a1": T0 + HOUR + 7 * MINUTE}


@pytest.mark.parametrize(
    ("status", "waits"),
    [(Status.FAILED, True), (Status.COMPLETED, False), (Status.RUNNING, False), (None, False)],
)
def test_who_was_restartable_keeps_a_storm_up_until_it_is_seen(
    status: Status | None, waits: bool
) -> None:
    stored = StoredInstance(A0, CENTER, Facts(status, T0))
    fleet, _ = resume(Memory((stored,)), roster([member("a0")]), T0 + SECOND)
    assert (A0 in fleet.indexes[CENTER].waits) is waits


def test_what_was_stored_is_found_again_and_nothing_open_is_the_one_rest() -> None:
    facts = Facts(Status.RUNNING, T0, label="llm", care=Care())
    busy = Facts(Status.FAILED, T0, care=Care(episode=episode(failures=2)))
    stored = (StoredInstance(A0, CENTER, facts), StoredInstance(InstanceId("a1"), CENTER, busy))
    fleet, _ = resume(Memory(stored), roster([member("a0"), member("a1")]), T0 + SECOND)
    assert fleet.instances[A0].facts == facts
    # Rest is told by being the very same value.
    assert fleet.instances[A0].facts.care is REST
    assert fleet.instances[InstanceId("a1")].facts == busy


def test_who_is_not_watched_any_more_sleeps() -> None:
    stored = StoredInstance(InstanceId("gone"), CENTER, Facts(Status.FAILED, T0))
    fleet, _ = resume(Memory((stored,)), roster([member("a0")]), T0)
    assert fleet.dormant == {"gone": stored}
    assert fleet.instances[A0].facts == Facts()


def test_who_has_moved_to_another_center_must_be_seen_there_and_is_stored_there() -> None:
    facts = Facts(Status.FAILED, T0, ledger=Ledger(3, 2, (Call(T0),)))
    stored = StoredInstance(A0, "elsewhere", facts)
    fleet, change = resume(Memory((stored,)), roster([member("a0")]), T0)
    assert fleet.dormant == {}
    assert fleet.instances[A0].facts == replace(facts, status=None, since=None)
    assert change.instances == {A0: StoredInstance(A0, CENTER, fleet.instances[A0].facts)}
    assert fleet.indexes[CENTER].calls == [(T0, A0)]


@pytest.mark.parametrize(("after", "cut"), [(-1, False), (0, False), (1, True)])
def test_only_moments_in_the_future_are_cut_to_now(after: int, cut: bool) -> None:
    value = episode(began_at=T0 + after * SECOND, waits_from=T0 - SECOND)
    found = past(value, T0)
    assert found == (replace(value, began_at=T0) if cut else value)
    assert (found is value) is not cut
    assert past((value, timedelta(1), "text", None), T0) == (found, timedelta(1), "text", None)


def test_a_world_that_was_quiet_has_no_place_in_flight() -> None:
    assert slots_end(World(3).fleet) == {}
