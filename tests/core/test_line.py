"""The line of those who want a call, move by move."""

from builders import T0
from scnet_watchdog.core.line import Line
from scnet_watchdog.core.model import InstanceId


def test_the_first_are_those_in_front_without_whom_is_left_out() -> None:
    line = Line()
    for attempts, id_ in ((2, "a0"), (0, "a1"), (1, "a2"), (0, "a3")):
        line.put((attempts, T0, InstanceId(id_)))
    assert line.first(2) == ["a1", "a3"]
    assert line.first(2, without=[InstanceId("a1")]) == ["a3", "a2"]
    assert line.first(9) == ["a1", "a3", "a2", "a0"]
    assert line.first(0) == []


def test_a_copy_knows_what_was_told_and_goes_its_own_way() -> None:
    line = Line()
    line.put((0, T0, InstanceId("a0")))
    line.odd = frozenset({InstanceId("a0")})
    twin = line.copy()
    twin.discard(InstanceId("a0"))
    assert (twin.told, twin.odd) == (line.told, line.odd)
    assert (list(line), list(twin)) == (["a0"], [])


def test_who_is_put_again_stands_in_line_once_at_the_new_place() -> None:
    line = Line()
    for attempts, id_ in ((0, "a0"), (0, "a1"), (2, "a0")):
        line.put((attempts, T0, InstanceId(id_)))
    assert list(line) == ["a1", "a0"]
    line.discard(InstanceId("a0"))
    assert list(line) == ["a1"]
    assert InstanceId("a0") not in line
