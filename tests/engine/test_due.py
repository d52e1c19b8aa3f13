"""The heap of deadlines."""

from datetime import timedelta

from fakes import T0
from scnet_watchdog.engine.due import Due

S = timedelta(seconds=1)


def test_keys_come_when_their_moment_has_come_earliest_first() -> None:
    due = Due()
    due.update({"b": T0 + 2 * S, "a": T0 + S, "c": T0 + 3 * S})
    assert due.next_at == T0 + S
    assert due.take(T0 + 2 * S, 10) == ["a", "b"]
    assert due.take(T0 + 2 * S, 10) == []
    assert due.next_at == T0 + 3 * S


def test_the_latest_deadline_of_a_key_wins() -> None:
    due = Due()
    due.update({"a": T0 + S})
    due.update({"a": T0 + 5 * S})
    assert due.take(T0 + 4 * S, 10) == []
    due.update({"a": T0 + 2 * S})
    assert due.take(T0 + 4 * S, 10) == ["a"]
    assert due.next_at is None


def test_a_deadline_can_be_taken_back() -> None:
    due = Due()
    due.update({"a": T0})
    due.update({"a": None})
    assert due.next_at is None
    assert due.take(T0, 10) == []
    assert len(due) == 0


def test_at_most_so_many_are_taken_and_the_rest_stays() -> None:
    due = Due()
    due.update({str(n): T0 + n * S for n in range(5)})
    assert due.take(T0 + 9 * S, 3) == ["0", "1", "2"]
    assert due.take(T0 + 9 * S, 3) == ["3", "4"]


def test_the_heap_stays_small_when_one_deadline_moves_for_ever() -> None:
    due = Due()
    for n in range(10_000):
        due.update({"a": T0 + n * S})
    # Rebuilt whenever it holds more than 2 × keys + 64 entries.
    assert len(due._heap) <= 66
    assert due.take(T0 + 10_000 * S, 10) == ["a"]


def test_clear_forgets_everything() -> None:
    due = Due()
    due.update({"a": T0})
    due.clear()
    assert due.next_at is None
