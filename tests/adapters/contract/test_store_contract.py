"""What every store must do, in memory or on disk."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from fakes import FakeStore
from scnet_watchdog.adapters.stores.sqlite import SqliteStore
from scnet_watchdog.core.center import CenterState, Storm
from scnet_watchdog.core.change import Change
from scnet_watchdog.core.command import Hold, PlaceHold, Scope, ScopeKind
from scnet_watchdog.core.event import Event, EventKind
from scnet_watchdog.core.outcome import OutcomeKind, Verdict
from scnet_watchdog.core.state import FRESH, REST
from scnet_watchdog.ports import Fenced, StateStore, Tenure
from store_support import NO_WAIT, T0, attempt, instances, settled, sqlite_store, stored


@pytest.fixture(params=["sqlite", "memory"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[StateStore]:
    if request.param == "memory":
        yield FakeStore()
        return
    sqlite = sqlite_store(tmp_path)
    yield sqlite
    await sqlite.close()


async def test_a_new_state_is_fresh_and_empty(store: StateStore) -> None:
    tenure = await store.acquire("me", NO_WAIT)
    memory = await store.load(tenure)
    assert memory.fresh
    assert not memory.instances


async def test_what_was_committed_is_loaded_again(store: StateStore) -> None:
    tenure = await store.acquire("me", NO_WAIT)
    center = CenterState("kunshan", storm=Storm(T0, 7))
    hold = Hold(Scope(ScopeKind.GROUP, "g"), T0, timedelta(hours=1), author="eve")
    change = Change(
        instances={stored("a").id: stored("a")},
        centers={"kunshan": center},
        holds={hold.scope: hold},
        events=(Event(EventKind.DAEMON_STARTED, T0),),
    )
    await store.commit(tenure, change)
    memory = await store.load(tenure)
    assert memory.instances == (stored("a"),)
    assert memory.centers == (center,)
    assert memory.holds == (hold,)
    assert not memory.fresh


async def test_an_instance_without_care_comes_back_as_the_very_singletons(
    store: StateStore,
) -> None:
    tenure = await store.acquire("me", NO_WAIT)
    await store.commit(tenure, instances("a"))
    (one,) = (await store.load(tenure)).instances
    assert one.facts.care is REST
    assert one.facts.ledger is FRESH


async def test_a_wanted_attempt_is_granted_and_stays_open_until_it_is_settled(
    store: StateStore,
) -> None:
    tenure = await store.acquire("me", NO_WAIT)
    row = attempt()
    assert await store.commit(tenure, Change(wanted=(row,))) == {row.key}
    assert [one.key for one in (await store.load(tenure)).open] == [row.key]
    await store.commit(tenure, Change(attempts=(settled(row, OutcomeKind.REFUSED),)))
    assert not (await store.load(tenure)).open


async def test_a_second_attempt_is_not_granted_while_one_is_not_judged(store: StateStore) -> None:
    tenure = await store.acquire("me", NO_WAIT)
    first, second = attempt("a", 1), attempt("a", 2)
    before, after = attempt("b", 1), attempt("c", 1)
    await store.commit(tenure, Change(wanted=(first,)))
    # The clash of one row does not spoil the rest of the transaction.
    granted = await store.commit(tenure, Change(wanted=(before, second, after)))
    assert granted == {before.key, after.key}
    assert {one.key for one in (await store.load(tenure)).open} == {first.key, *granted}
    accepted = settled(first, OutcomeKind.ACCEPTED)
    await store.commit(tenure, Change(attempts=(accepted,)))
    assert await store.commit(tenure, Change(wanted=(second,))) == frozenset()


async def test_a_judged_attempt_makes_room_in_the_same_commit(store: StateStore) -> None:
    from dataclasses import replace

    tenure = await store.acquire("me", NO_WAIT)
    first, second = attempt("a", 1), attempt("a", 2)
    await store.commit(tenure, Change(wanted=(first,)))
    judged = replace(
        settled(first, OutcomeKind.ACCEPTED), verdict=Verdict.DID_NOT_HELP, judged_at=T0
    )
    assert await store.commit(tenure, Change(attempts=(judged,), wanted=(second,))) == {second.key}


async def test_an_attempt_settled_without_having_been_saved_is_added(store: StateStore) -> None:
    tenure = await store.acquire("me", NO_WAIT)
    await store.commit(tenure, Change(attempts=(settled(attempt(), OutcomeKind.WITHDRAWN),)))
    assert not (await store.load(tenure)).open


async def test_an_ended_hold_is_gone(store: StateStore) -> None:
    tenure = await store.acquire("me", NO_WAIT)
    hold = Hold(Scope(ScopeKind.FLEET), T0)
    await store.commit(tenure, Change(holds={hold.scope: hold}))
    await store.commit(tenure, Change(holds={hold.scope: None}))
    assert not (await store.load(tenure)).holds


async def test_a_command_stays_in_the_inbox_until_its_turn_is_saved(store: StateStore) -> None:
    tenure = await store.acquire("me", NO_WAIT)
    command = PlaceHold(Scope(ScopeKind.INSTANCE, "a"), "eve", timedelta(hours=1))
    if isinstance(store, SqliteStore):
        await store.post(command)
    else:
        assert isinstance(store, FakeStore)
        store.commands[1] = command
    (found,) = await store.inbox(tenure)
    assert isinstance(found, PlaceHold)
    assert (found.by, found.length) == ("eve", timedelta(hours=1))
    assert found.row is not None
    await store.commit(tenure, Change(taken=(found.row,)))
    assert not await store.inbox(tenure)


async def test_a_tenure_of_another_epoch_is_fenced_and_saves_nothing(store: StateStore) -> None:
    tenure = await store.acquire("me", NO_WAIT)
    stale = Tenure(tenure.epoch - 1)
    with pytest.raises(Fenced):
        await store.commit(stale, instances("a"))
    assert not (await store.load(tenure)).instances


async def test_acquiring_again_renews_the_same_tenure(store: StateStore) -> None:
    first = await store.acquire("me", NO_WAIT)
    again = await store.acquire("me", NO_WAIT)
    assert again.epoch == first.epoch


async def test_a_verdict_makes_room_whatever_the_order_of_the_rows(store: StateStore) -> None:
    """Rows kept while nothing could be written come together; none may push another out."""
    from dataclasses import replace

    tenure = await store.acquire("me", NO_WAIT)
    first, second = attempt("a", 1), attempt("a", 2)
    await store.commit(tenure, Change(wanted=(first,)))
    judged = replace(settled(first, OutcomeKind.ACCEPTED), verdict=Verdict.UNJUDGED, judged_at=T0)
    await store.commit(tenure, Change(attempts=(settled(second, OutcomeKind.ACCEPTED), judged)))
    assert not (await store.load(tenure)).open
    # The second one awaits its verdict: there is no room for a third.
    assert await store.commit(tenure, Change(wanted=(attempt("a", 3),))) == frozenset()


@pytest.mark.parametrize("text", ["half a pair: \ud83d", "nul: \0", "line\u2028end", "中文"])
async def test_no_text_of_others_keeps_a_turn_from_being_saved(
    store: StateStore, text: str
) -> None:
    from dataclasses import replace

    tenure = await store.acquire("me", NO_WAIT)
    one = replace(stored("a"), facts=replace(stored("a").facts, label=text))
    told = Event(EventKind.SOURCE_FAILED, T0, fields={"error": text, "odd": object()})
    row = attempt("a")
    change = Change(instances={one.id: one}, events=(told,), wanted=(row,))
    assert await store.commit(tenure, change) == {row.key}
    (back,) = (await store.load(tenure)).instances
    assert back.facts.label in (text, text.replace("\ud83d", "?"))
