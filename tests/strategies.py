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

from builders import CENTER, HOUR, KEY, MINUTE, SECOND, SOURCE, T0, World, ids
from center_support import (
    ARREARS,
    DENIED,
    INVALID,
    NOT_SENT,
    PLATFORM,
    START_FAILURE,
    THROTTLED,
    UNANSWERED,
)
from scnet_watchdog.core.command import (
    Command,
    PlaceHold,
    Release,
    Reset,
    RestartNow,
    Scope,
    ScopeKind,
)
from scnet_watchdog.core.inputs import ClockStepped, LookAgain, Situation
from scnet_watchdog.core.model import BlockCause, PollFailed, Status
from scnet_watchdog.core.outcome import Accepted, Outcome, Withdrawn
from scnet_watchdog.core.policy import BreakerPolicy, Cooldown, Limits, Member, Mode, Policy

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


IDS = ids(5)
SCOPES = st.sampled_from(
    [Scope(ScopeKind.FLEET), Scope(ScopeKind.CENTER, CENTER), Scope(ScopeKind.GROUP, "g")]
    + [Scope(ScopeKind.INSTANCE, id_) for id_ in IDS]
)
COMMANDS: st.SearchStrategy[Command] = st.one_of(
    st.builds(PlaceHold, SCOPES, st.just("ann"), st.sampled_from([MINUTE, HOUR]), st.booleans()),
    st.builds(Release, SCOPES, st.just("ann"), st.booleans()),
    st.builds(RestartNow, st.sampled_from(IDS), st.just("ann")),
    st.builds(Reset, SCOPES, st.just("ann")),
)
"""What operators ask of the little worlds below."""
ANSWERS: st.SearchStrategy[Outcome] = st.sampled_from(
    [
        Accepted(),
        Accepted(),
        START_FAILURE,
        UNANSWERED,
        PLATFORM,
        NOT_SENT,
        THROTTLED,
        ARREARS,
        INVALID,
        DENIED,
    ]
)
OUTCOMES: st.SearchStrategy[Outcome] = st.one_of(ANSWERS, st.just(Withdrawn("held")))
STATUSES = st.sampled_from([Status.FAILED, Status.STOPPED, Status.RUNNING, *Status])
FAILURES = st.sampled_from(
    [
        PollFailed(KEY, T0, T0, "timed out"),
        PollFailed(KEY, T0, T0, "slow down", throttled=True, retry_after=MINUTE),
        PollFailed(KEY, T0, T0, "arrears", cause=BlockCause.ARREARS, code="10007"),
    ]
)


def _step(draw: st.DrawFn, world: World) -> None:
    """One thing happens in a world."""
    what = draw(
        st.sampled_from(["show", "show", "all", "ask", "fail", "die", "look", "step", "heal"])
    )
    if what == "show":
        world.show(draw(STATUSES), *draw(st.sets(st.sampled_from(IDS), min_size=1)))
    elif what == "heal":
        world.on_call = lambda attempt: world.show(Status.RUNNING, attempt.instance)
    elif what == "all":
        world.show(draw(STATUSES))
    elif what == "ask":
        world.turn(draw(COMMANDS))
    elif what == "fail":
        world.turn(draw(FAILURES))
    elif what == "die":
        world.restart_daemon(draw(st.sampled_from([SECOND, HOUR])))
    else:
        stepped = ClockStepped(-5.0, expires=draw(st.booleans()))
        world.turn(LookAgain(CENTER) if what == "look" else stepped)


MODES = st.sampled_from([*[Mode.ACTIVE] * 7, Mode.SHADOW, Mode.WATCH])
GAPS = st.sampled_from([5, 45, 100, 400, 1300])
STARTS = st.sampled_from([Status.FAILED, Status.FAILED, Status.RUNNING, Status.WAITING])


@st.composite
def worlds(draw: st.DrawFn, steps: int = 4) -> World:
    """A small fleet that has lived through anything, in whatever state that left it.

    Blind luck seldom comes to an open breaker: most fail, are called and are answered variously.
    """
    modes = draw(st.lists(MODES, min_size=len(IDS), max_size=len(IDS)))
    groups = ("g", "g", None, None, None)
    members = [
        Member(id_, CENTER, SOURCE, Policy(mode=mode), group=group)
        for id_, mode, group in zip(IDS, modes, groups, strict=True)
    ]
    world = World(members, limits=Limits(3, 8), start=draw(STARTS))
    answers = draw(st.lists(ANSWERS, min_size=1, max_size=4))
    world.answer = lambda attempt: answers[attempt.seq % len(answers)]
    world.run(timedelta(seconds=draw(GAPS)))
    for _ in range(draw(st.integers(1, steps))):
        _step(draw, world)
        world.run(timedelta(seconds=draw(GAPS)))
    return world


def situation_of(world: World, **changes: Any) -> Situation:
    """What is known at a world's moment."""
    return Situation(world.now, free={CENTER: world.free - world.in_flight}, **changes)
