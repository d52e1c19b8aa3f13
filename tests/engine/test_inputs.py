"""Inputs that wait for a turn."""

from fakes import KEY, T0, ids
from scnet_watchdog.core.inputs import LookAgain
from scnet_watchdog.core.model import Page, Status, Swept
from scnet_watchdog.engine.inputs import InputQueue, weight


def page(count: int) -> Page:
    names = ids(count)
    return Page(
        KEY,
        T0,
        T0,
        dict.fromkeys(names, Status.RUNNING),
        labels={names[-1]: "the last"},
        unrecognised=("Odd",),
    )


def test_a_page_of_20_000_rows_becomes_20_inputs_of_1_000() -> None:
    queue = InputQueue()
    queue.put(page(20_000))
    parts = list(queue)
    assert [len(part.rows) for part in parts if isinstance(part, Page)] == [1000] * 20
    # Nothing is lost, nothing doubled; texts are told once, a label stays with its row.
    first, last = parts[0], parts[-1]
    assert isinstance(first, Page)
    assert isinstance(last, Page)
    assert first.unrecognised == ("Odd",)
    assert last.unrecognised == ()
    assert list(last.labels.values()) == ["the last"]
    rows = [id_ for part in parts if isinstance(part, Page) for id_ in part.rows]
    assert rows == ids(20_000)


def test_a_turn_takes_inputs_worth_its_limit_in_order() -> None:
    queue = InputQueue()
    for one in (page(600), page(300), page(200), LookAgain("kunshan")):
        queue.put(one)
    # 600 + 300 = 900; the next 200 do not fit into the 100 that are left.
    assert [weight(one) for one in queue.take(1000)] == [600, 300]
    assert [weight(one) for one in queue.take(1000)] == [200, 1]
    assert queue.take(1000) == ()


def test_one_input_is_taken_even_when_it_is_larger_than_the_limit() -> None:
    queue = InputQueue()
    queue.put(Swept(KEY, T0, T0, frozenset(ids(1500))))
    assert len(queue.take(1000)) == 1
    assert len(queue) == 0
