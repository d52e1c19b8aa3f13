"""What reads make of instances and sources: statuses, rows, stability, first sight."""

from dataclasses import replace
from datetime import datetime

from . import judge, storm
from .block import read_worked, reads_refused
from .decision import Reason
from .draft import Draft
from .episode import end_episode, open_episode
from .event import EventKind, Level
from .holds import mark_progress
from .model import DOWN, InstanceId, Page, PollFailed, SourceKey, Status, Swept
from .policy import Member
from .state import REST, Care, Facts, InstanceState, Row, Sight
from .throttle import throttled
from .verify import confirmed

_TURNED = Care(turned=True)
"""What is open for one who was at rest and turned restartable: the same for all of them."""

TEXTS = 100
"""How many unrecognised status texts are told per source; a bound against nonsense."""


def take_page(draft: Draft, page: Page) -> None:
    """Take the rows of one good read. An unchanged instance at rest costs one look-up."""
    members = draft.fleet.roster.members
    if page.key not in draft.fleet.sources:
        return
    _note_texts(draft, page)
    unrest = draft.index(page.key.center).unrest
    fresh = Sight(page.asked_at, page.seen_at)
    calm = Facts(Status.RUNNING, page.asked_at, reason=Reason.HEALTHY)
    running = Status.RUNNING
    for id_, status in page.rows.items():
        if status is running and id_ not in unrest:
            continue
        member = members.get(id_)
        if member is None or member.key != page.key:
            continue
        state = draft.state(id_)
        label = page.labels.get(id_, state.facts.label)
        if status is running and _first_calm(state):
            facts = state.facts
            if facts.status is None:
                # Counter and calls of one who was removed and comes back are never reset.
                facts = replace(calm, label=label, ledger=facts.ledger)
            draft.put(InstanceState(id_, state.center, facts, fresh))
            unrest = draft.index(page.key.center).unrest
            continue
        if label != state.facts.label:
            state = state.with_facts(replace(state.facts, label=label))
        observe(draft, member, state, status, fresh)
        unrest = draft.index(page.key.center).unrest
    read_worked(draft, page.key, page.asked_at)


def _first_calm(state: InstanceState) -> bool:
    """Seen for the first time by this process, running, and nothing open or told otherwise."""
    facts = state.facts
    return (
        state.sight.asked_at is None
        and facts.care is REST
        and (
            facts.status is None
            or (facts.status is Status.RUNNING and facts.reason is Reason.HEALTHY)
        )
    )


def observe(
    draft: Draft, member: Member, state: InstanceState, status: Status, fresh: Sight
) -> None:
    """Take one observation of one instance; late and repeated ones change nothing."""
    asked = fresh.asked_at
    before = draft.asked_at(state)
    if asked is None or (before is not None and asked <= before):
        return
    policy = member.policy
    expired = before is None or asked - before > draft.blind_after(member.key)
    old = state
    restartable = status in policy.restart_on
    sight = _sight(old.sight, status, asked, fresh.seen_at, restartable, expired)
    turned = restartable and storm.turns(draft, old)
    facts = _seen(old.facts, status, asked, turned)
    state = draft.put(InstanceState(old.id, old.center, facts, sight))
    _tell_status(draft, state, old.facts)
    if turned:
        storm.count(draft, state)
    state = mark_progress(draft, state)
    state = judge.by_read(draft, state, status, asked)
    _confirm(draft, state, old.sight.restartable)
    _stable(draft, draft.state(state.id), asked)


def _sight(
    old: Sight,
    status: Status,
    asked_at: datetime,
    seen_at: datetime | None,
    restartable: bool,
    expired: bool,
) -> Sight:
    is_down = status in DOWN
    down = _row(None if expired else old.down, is_down, asked_at)
    if restartable is is_down and old.restartable == old.down:
        # As a rule both rows are one.
        return Sight(asked_at, seen_at, down, down)
    row = _row(None if expired else old.restartable, restartable, asked_at)
    return Sight(asked_at, seen_at, down, row)


def _row(row: Row | None, goes_on: bool, asked_at: datetime) -> Row | None:
    if not goes_on:
        return None
    if row is None:
        return Row(1, asked_at, asked_at)
    return Row(row.count + 1, row.first_at, asked_at)


def _seen(facts: Facts, status: Status, asked_at: datetime, turned: bool) -> Facts:
    care = facts.care
    if turned:
        care = _TURNED if care is REST else replace(care, turned=True)
    if status is not Status.RUNNING:
        care = replace(care, running_since=None) if care.running_since else care
    elif care is not REST:
        care = replace(care, running_since=care.running_since or asked_at, shadow=None)
    since = facts.since if facts.status is status and facts.since else asked_at
    return Facts(status, since, facts.label, facts.reason, facts.ledger, care)


def _tell_status(draft: Draft, state: InstanceState, before: Facts) -> None:
    status, previous = state.facts.status, before.status
    if status is previous or status is None:
        return
    if status is Status.MISSING:
        draft.tell(EventKind.INSTANCE_MISSING, state.id, previous=previous)
    elif previous is Status.MISSING:
        draft.tell(EventKind.INSTANCE_RETURNED, state.id, status=status)
    elif previous is not None:
        down = draft.now - before.since if before.since and previous in DOWN else None
        draft.tell(
            EventKind.INSTANCE_STATUS_CHANGED,
            state.id,
            level=Level.WARNING if status in DOWN else None,
            previous=previous,
            status=status,
            down_for_s=round(down.total_seconds(), 1) if down is not None else None,
        )


def _confirm(draft: Draft, state: InstanceState, before: Row | None) -> None:
    """Begin the episode when a row of restartable reads is complete."""
    policy = draft.member(state.id).policy
    row = state.sight.restartable
    if row is None or not confirmed(row, policy):
        return
    if before is not None and before.first_at == row.first_at and confirmed(before, policy):
        return
    if state.facts.care.watch is not None and state.facts.care.watch.attempt.awaits_verdict:
        return
    state = open_episode(draft, state, row.first_at)
    draft.tell(
        EventKind.INSTANCE_CONFIRMED,
        state.id,
        status=state.facts.status,
        reads=row.count,
        over_s=round((row.last_at - row.first_at).total_seconds(), 1),
    )


def _stable(draft: Draft, state: InstanceState, asked_at: datetime) -> None:
    """End the episode after `stable_after` of running, or at a completion that is a success."""
    care = state.facts.care
    policy = draft.member(state.id).policy
    if state.facts.status is Status.COMPLETED and Status.COMPLETED not in policy.restart_on:
        if care.watch is None or care.watch.attempt.closed:
            end_episode(draft, state)
        return
    if care.running_since is None or asked_at - care.running_since < policy.stable_after:
        return
    if care.watch is not None and care.watch.attempt.awaits_verdict:
        # A read that began before the answer came: the next one judges, then it is stable.
        return
    if care.episode is not None:
        ran = (asked_at - care.running_since).total_seconds()
        draft.tell(EventKind.INSTANCE_STABLE, state.id, running_for_s=round(ran, 1))
    end_episode(draft, state)


def take_sweep(draft: Draft, sweep: Swept) -> None:
    """Note that a poll ended well, and who was not in it."""
    if sweep.key not in draft.fleet.sources:
        # A reload dropped the source while its poll was under way.
        return
    source = draft.source(sweep.key)
    # One that was only slow is told to see again too: what began is told to end.
    began = source.failing_since or (source.swept_at or source.since if source.blind else None)
    if began is not None:
        down = (draft.now - began).total_seconds()
        draft.tell(
            EventKind.SOURCE_RECOVERED,
            center=sweep.key.center,
            source=sweep.key.source,
            failed_for_s=round(down, 1),
        )
    for id_ in sweep.absent:
        _absent(draft, id_)
    draft.put_source(
        sweep.key,
        replace(
            source,
            swept_at=sweep.began_at,
            sweep=sweep.ended_at - sweep.began_at,
            failing_since=None,
            blind=False,
            looked=True,
        ),
    )
    draft.wakes[source_wake(sweep.key)] = sweep.began_at + draft.blind_after(sweep.key)
    draft.touched_centers[sweep.key.center] = None
    if not source.looked:
        draft.first_looks.add(sweep.key)


def source_wake(key: SourceKey) -> str:
    """The name under which a source's deadline is kept."""
    return f"source:{key.source}@{key.center}"


def _absent(draft: Draft, id_: InstanceId) -> None:
    """No observation in this sweep: an instance at rest is no longer vouched for by sweeps."""
    if id_ not in draft.fleet.roster.members:
        return
    state = draft.state(id_)
    if state.at_rest:
        sight = replace(state.sight, asked_at=draft.asked_at(state), absent=True)
        draft.put(replace(state, sight=sight))


def take_failure(draft: Draft, failed: PollFailed) -> None:
    """Note that a poll failed: told once when it begins; no counter of an instance changes."""
    if failed.key not in draft.fleet.sources:
        return
    source = draft.source(failed.key)
    if failed.throttled:
        throttled(draft, failed.key.center, failed.retry_after)
    elif failed.cause is not None:
        reads_refused(draft, failed)
    if source.failing_since is not None:
        return
    draft.put_source(failed.key, replace(source, failing_since=failed.began_at))
    draft.tell(
        EventKind.SOURCE_FAILED,
        center=failed.key.center,
        source=failed.key.source,
        error=failed.error,
        code=failed.code,
    )


def notice_blindness(draft: Draft, key: SourceKey) -> None:
    """Tell once when a source has had no good read for three intervals."""
    source = draft.source(key)
    seen_at = source.swept_at or source.since
    if source.blind or draft.now < seen_at + draft.blind_after(key):
        return
    draft.put_source(key, replace(source, blind=True))
    watched = sum(draft.member(id_).key == key for id_ in draft.fleet.members_of[key.center])
    draft.tell(
        EventKind.SOURCE_BLIND,
        center=key.center,
        source=key.source,
        instances=watched,
        last_success=source.swept_at,
    )


def _note_texts(draft: Draft, page: Page) -> None:
    source = draft.source(page.key)
    new = [text for text in dict.fromkeys(page.unrecognised) if text not in source.texts]
    new = new[: TEXTS - len(source.texts)]
    if not new:
        return
    draft.put_source(page.key, replace(source, texts=source.texts | frozenset(new)))
    for text in new:
        draft.tell(
            EventKind.STATUS_UNRECOGNISED,
            center=page.key.center,
            source=page.key.source,
            text=text[:100],
        )
