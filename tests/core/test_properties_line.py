"""The line of those who want a call (core.line): in order, whoever comes, moves and leaves."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from builders import T0
from scnet_watchdog.core.line import Line, Place
from scnet_watchdog.core.model import InstanceId

PLACES = st.tuples(
    st.integers(0, 3),
    st.integers(0, 3).map(lambda n: T0 + timedelta(seconds=n)),
    st.sampled_from([InstanceId(f"a{n}") for n in range(6)]),
)
MOVES = st.lists(st.one_of(PLACES, PLACES.map(lambda place: place[2])), max_size=30)


@given(MOVES)
def test_a_line_is_what_sorting_everyone_anew_would_give(moves: list[Place | InstanceId]) -> None:
    line, plain = Line(), dict[InstanceId, Place]()
    for move in moves:
        before = list(line)
        copy = line.copy()
        if isinstance(move, tuple):
            line.put(move)
            plain[move[2]] = move
        else:
            line.discard(move)
            plain.pop(move, None)
        assert list(copy) == before
        assert list(line) == [place[2] for place in sorted(plain.values())]
        assert (len(line), set(line)) == (len(plain), set(plain))
        assert all(id_ in line for id_ in plain)
