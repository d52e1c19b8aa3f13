"""One value of the core's inside at a time: what the tests of single functions are built from."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from builders import CENTER, KEY, MINUTE, SECOND, T0, World, member
from scnet_watchdog.core import judge
from scnet_watchdog.core.attempt import Attempt
from scnet_watchdog.core.center import CenterState, Ramp
from scnet_watchdog.core.decision import Reason
from scnet_watchdog.core.draft import Draft
from scnet_watchdog.core.event import Event, EventKind
from scnet_watchdog.core.fleet import SourceState
from scnet_watchdog.core.inputs import Situation
from scnet_watchdog.core.model import InstanceId, Page, Status
from scnet_watchdog.core.outcome import OutcomeKind, Verdict
from scnet_watchdog.core.policy import Limits, Policy
from scnet_watchdog.core.state import REST, Episode, Facts, InstanceState, Row, Sight, Watch
from scnet_watchdog.core.view import View, view_of

A0 = InstanceId("a0")
NOTHING = timedelta()
LONG = Row(2, T0, T0 + 30 * SECOND)
RAMP = Ramp(T0, 0, grew_at=T0)


def draft_of(
    n: int = 1,
    policy: Policy | None = None,
    limits: Limits | None = None,
    *,
    at: timedelta = NOTHING,
    shadow: bool = False,
) -> Draft:
    """The working copy of a turn `at` so long after the start; n instances of one center."""
    world = World([member(f"a{i}", policy) for i in range(n)], limits=limits)
    return Draft(world.fleet, Situation(T0 + at, free={CENTER: 6}, shadow=shadow))


def put(
    draft: Draft, id_: str = "a0", status: Status | None = Status.FAILED, **care: Any
) -> InstanceState:
    """An instance of that status, with what is open for it."""
    state = draft.state(InstanceId(id_))
    open_ = replace(REST, **care)
    return draft.put(replace(state, facts=replace(state.facts, status=status, care=open_)))


def view(draft: Draft, id_: str = "a0") -> View:
    """What the instance's decision rests on."""
    return view_of(draft, InstanceId(id_))


def put_center(draft: Draft, **changes: object) -> CenterState:
    """The center, with these of its parts changed."""
    return draft.put_center(replace(draft.center(CENTER), **changes))  # type: ignore[arg-type]


def center_of(draft: Draft) -> CenterState:
    """The center as the turn has it so far."""
    return draft.center(CENTER)


def episode(**changes: object) -> Episode:
    """An episode that began at the start."""
    return replace(Episode(T0, 1), **changes)  # type: ignore[arg-type]


def wanting(draft: Draft, *which: str, **care: Any) -> None:
    """These are confirmed failed and want a restart."""
    for id_ in which:
        open_: dict[str, Any] = {"episode": episode(), **care}
        state = put(draft, id_, **open_)
        row = Row(2, T0 - MINUTE, draft.now)
        sight = Sight(draft.now, draft.now, down=row, restartable=row)
        facts = replace(state.facts, since=state.facts.since or T0 - MINUTE)
        draft.put(replace(state, facts=facts, sight=sight))
        draft.line_up(InstanceId(id_))


def watch(id_: str = "a0", seq: int = 1, **changes: object) -> Watch:
    """An attempt that is under way."""
    attempt = Attempt(
        InstanceId(id_), seq, CENTER, 1, 1, Reason.FAILED, Status.FAILED, T0, T0, epoch=0
    )
    return replace(Watch(attempt), **changes)  # type: ignore[arg-type]


def attempted(outcome: OutcomeKind | None, **changes: Any) -> Watch:
    """A watch whose call ended so, 40 s after the start."""
    one = watch(**changes)
    settled_at = T0 + 40 * SECOND if outcome else None
    return replace(one, attempt=replace(one.attempt, outcome=outcome, settled_at=settled_at))


def polled(n: int = 1, policy: Policy | None = None, at: timedelta = NOTHING) -> Draft:
    """A turn in which the one source is known."""
    draft = draft_of(n, policy, at=at)
    draft.fleet.sources[KEY] = SourceState(T0)
    return draft


def page(draft: Draft, rows: Mapping[str, Status], **more: Any) -> Page:
    """A good read, asked and seen now."""
    key = more.pop("key", KEY)
    asked = more.pop("asked_at", draft.now)
    return Page(key, asked, draft.now, {InstanceId(k): v for k, v in rows.items()}, **more)


def seen(draft: Draft, status: Status | None, id_: str = "a0", **more: Any) -> InstanceState:
    """An instance that this process has seen at the start."""
    sight = more.pop("sight", Sight(T0, T0))
    state = draft.state(InstanceId(id_))
    facts = Facts(status, T0, care=replace(REST, **more.pop("care", {})), **more)
    return draft.put(replace(state, facts=facts, sight=sight))


def events(draft: Draft, kind: EventKind) -> list[Event]:
    """The events of one kind."""
    return [one for one in draft.events if one.kind is kind]


def settled(
    outcome: OutcomeKind = OutcomeKind.ACCEPTED,
    verdict: Verdict | None = None,
    status: Status = Status.FAILED,
    reason: Reason = Reason.FAILED,
    **changes: Any,
) -> Watch:
    """A watch whose call was answered at the start."""
    one = watch()
    attempt = replace(
        one.attempt,
        outcome=outcome,
        settled_at=T0,
        verdict=verdict,
        status=status,
        reason=reason,
    )
    one = replace(one, attempt=attempt, read_at=T0, read_status=status)
    return replace(one, **changes)


def judged_by(
    draft: Draft, one: Watch, status: Status, asked: datetime | None = None, **care: Any
) -> Draft:
    """Take one read of a0 into its watched attempt."""
    open_: dict[str, Any] = {"watch": one, "episode": episode(), **care}
    state = put(draft, "a0", status, **open_)
    row = LONG if status is Status.FAILED else None
    draft.put(replace(state, sight=replace(state.sight, down=row, restartable=row)))
    judge.by_read(draft, draft.state(A0), status, asked or draft.now)
    return draft


def care_of(draft: Draft) -> Any:
    """What is open for a0."""
    return draft.state(A0).facts.care


def kinds(draft: Draft) -> list[EventKind]:
    """The kinds of the events told."""
    return [one.kind for one in draft.events]


def fields_of(draft: Draft, kind: EventKind) -> list[dict[str, Any]]:
    """The fields of the events of one kind."""
    return [dict(one.fields) for one in events(draft, kind)]
