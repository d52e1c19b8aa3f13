"""What property tests draw from, and how many examples they look at.

The ordinary suite looks at few and always at the same ones; `EXAMPLES=20` in the environment looks
at twenty times as many, other ones each time.
"""

import os
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import Enum
from functools import cache
from types import UnionType
from typing import Any, ClassVar, NewType, Union, get_args, get_origin, get_type_hints

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from builders import T0
from scnet_watchdog.core.policy import BreakerPolicy, Cooldown

TIMES = int(os.environ.get("EXAMPLES", "1"))
"""How many times as many examples as the ordinary suite looks at."""

GROWTH = st.floats(1, 1000)
WAITS = st.timedeltas(min_value=Cooldown().initial / 60, max_value=Cooldown().max * 4 * 24 * 30)


def examples(few: int) -> settings:
    """Look at so many examples in the ordinary suite."""
    return settings(
        max_examples=few * TIMES,
        derandomize=TIMES == 1,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.large_base_example],
    )


@st.composite
def cooldowns(draw: st.DrawFn) -> Cooldown:
    """Any valid cooldown: initial at most max."""
    initial, most = sorted((draw(WAITS), draw(WAITS)))
    return Cooldown(initial, draw(GROWTH), most, draw(st.floats(0, 1)))


@st.composite
def breaker_policies(draw: st.DrawFn) -> BreakerPolicy:
    """Any valid breaker policy: open_for at most max_open."""
    short, long = sorted((draw(WAITS), draw(WAITS)))
    return BreakerPolicy(
        threshold=draw(st.integers(1, 6)),
        open_for=short,
        multiplier=draw(GROWTH),
        max_open=long,
    )


YEAR = timedelta(days=365)
MOMENTS = st.timedeltas(-5 * YEAR, 5 * YEAR).map(lambda away: T0 + away)
LENGTHS = st.timedeltas(timedelta(), timedelta(days=400))
PLAIN: Mapping[object, st.SearchStrategy[object]] = {
    datetime: MOMENTS,
    timedelta: LENGTHS,
    int: st.integers(0, 2**40),
    float: st.floats(0, 1e6),
    bool: st.booleans(),
    str: st.text(max_size=8),
    type(None): st.none(),
    object: st.one_of(
        st.none(), st.booleans(), st.integers(), st.text(max_size=4), MOMENTS, LENGTHS
    ),
}


@cache
def any_of(kind: Any) -> st.SearchStrategy[Any]:
    """Any value of a core type, whether a fleet could ever come to it or not.

    It follows the annotations, so that a field that is new tomorrow is drawn tomorrow.
    """
    origin, parts = get_origin(kind), get_args(kind)
    if isinstance(kind, NewType):
        return any_of(kind.__supertype__)
    if kind in PLAIN:
        return PLAIN[kind]
    if origin in (Union, UnionType):
        return st.one_of([any_of(part) for part in parts])
    if origin is frozenset:
        return st.frozensets(any_of(parts[0]), max_size=2)
    if origin is Mapping:
        return st.dictionaries(any_of(parts[0]), any_of(parts[1]), max_size=3)
    if origin is tuple and parts[-1] is ...:
        return st.lists(any_of(parts[0]), max_size=2).map(tuple)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return st.sampled_from(kind)
    hints = {
        name: one for name, one in get_type_hints(kind).items() if get_origin(one) is not ClassVar
    }
    return st.builds(kind, **{name: any_of(one) for name, one in hints.items()})
