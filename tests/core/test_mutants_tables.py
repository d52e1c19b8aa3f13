"""Tables and defaults, row by row: the breaker's moves, who keeps a storm up, names of ends."""

from dataclasses import replace

import pytest

from builders import SECOND, T0
from mutants_support import A0, draft_of, episode, put, watch
from scnet_watchdog.core import settle, storm
from scnet_watchdog.core.breaker import Move, moved
from scnet_watchdog.core.event import EventKind
from scnet_watchdog.core.gates import Wish
from scnet_watchdog.core.inputs import CallEnded
from scnet_watchdog.core.outcome import Accepted, NotSent, Outcome, Unanswered, Withdrawn
from scnet_watchdog.core.state import BreakerState, Episode, Rejection, Watch


@pytest.mark.parametrize(
    ("move", "from_closed", "from_open", "from_half_open"),
    [
        ("tripped", "open", "open", "half_open"),
        ("waited", "closed", "half_open", "half_open"),
        ("passed", "closed", "closed", "closed"),
        ("failed", "closed", "open", "open"),
        ("cleared", "closed", "closed", "closed"),
    ],
)
def test_where_each_move_of_a_breaker_leads(
    move: str, from_closed: str, from_open: str, from_half_open: str
) -> None:
    ends = (from_closed, from_open, from_half_open)
    starts = (BreakerState.CLOSED, BreakerState.OPEN, BreakerState.HALF_OPEN)
    assert tuple(moved(state, Move(move)) for state in starts) == ends


def test_the_reasons_that_keep_a_storm_up() -> None:
    names = (
        "quiet_start source_blind confirming center_blocked throttled center_breaker_open storm "
        "center_rate center_busy draining state_unwritable"
    )
    assert {str(reason) for reason in storm.WAITS} == set(names.split())


@pytest.mark.parametrize(
    ("outcome", "kind"),
    [
        (Accepted(), EventKind.RESTART_ACCEPTED),
        (Unanswered("reset"), EventKind.RESTART_UNKNOWN),
        (NotSent("no such host"), EventKind.RESTART_NOT_SENT),
        (Withdrawn("held"), EventKind.RESTART_WITHDRAWN),
    ],
)
def test_each_end_of_a_call_is_told_by_its_name(outcome: Outcome, kind: EventKind) -> None:
    draft = draft_of(at=SECOND)
    put(draft, watch=watch(), episode=episode())
    settle.take_ended(draft, CallEnded(watch().attempt.key, outcome, draft.now))
    assert [one.kind for one in draft.events if one.instance == A0] == [kind]


def test_nothing_is_wished_begun_or_counted_unless_it_is_said() -> None:
    assert Wish() == Wish(by_operator=False, free=0)
    assert Rejection(T0) == Rejection(T0, tries=1)
    assert Episode(T0, 1) == replace(Episode(T0, 1), attempts=0, not_sent=0, waits_seq=0, reads=0)
    begun = Watch(watch().attempt)
    assert begun == replace(begun, slot=True, place=False, canary=False, reads=0, told=0)
