"""The upper rungs: may we look, what do we see, and is it fine as it is?"""

from .block import next_look
from .decision import Decision, Reason
from .model import DOWN, Status
from .policy import Mode
from .view import View


def watch_only(view: View) -> Decision | None:
    """The config asks only to watch it."""
    return Decision(Reason.WATCH_ONLY) if view.mode is Mode.WATCH else None


def draining(view: View) -> Decision | None:
    """The daemon is stopping."""
    return Decision(Reason.DRAINING) if view.draft.situation.draining else None


def reads_blocked(view: View) -> Decision | None:
    """Account or credentials refuse even reads."""
    block = view.center.block
    if block is None or not block.reads_fail:
        return None
    return blocked(view)


def quiet_start(view: View) -> Decision | None:
    """Its source has not answered for it since the start."""
    if view.state.sight.asked_at is not None:
        return None
    return Decision(Reason.QUIET_START)


def source_blind(view: View) -> Decision | None:
    """No good read of it for three intervals."""
    if view.blind_at is None or view.now < view.blind_at:
        return None
    return Decision(Reason.SOURCE_BLIND, None, {"last_seen_at": view.draft.asked_at(view.state)})


def missing(view: View) -> Decision | None:
    """The platform says that it does not exist."""
    return Decision(Reason.MISSING) if view.status is Status.MISSING else None


def status_unknown(view: View) -> Decision | None:
    """The platform's word for its status is not one we know."""
    return Decision(Reason.STATUS_UNKNOWN) if view.status is Status.UNKNOWN else None


def stuck_waiting(view: View) -> Decision | None:
    """It has waited for capacity for `waiting_alarm.critical`."""
    since = view.state.facts.since
    if view.status is not Status.WAITING or since is None:
        return None
    critical = since + view.policy.waiting_alarm.critical
    if view.now < critical:
        return None
    return Decision(Reason.STUCK_WAITING, None, {"waiting_since": since})


def verifying(view: View) -> Decision | None:
    """Our attempt is not judged yet, and it does not run yet."""
    watch = view.state.facts.care.watch
    if watch is None or watch.attempt.closed or view.status is Status.RUNNING:
        return None
    numbers = {"seq": watch.attempt.seq, "attempt": watch.attempt.number}
    return Decision(Reason.VERIFYING, None, numbers)


def starting(view: View) -> Decision | None:
    """It waits or deploys, not by an attempt of ours."""
    if view.status not in (Status.WAITING, Status.DEPLOYING):
        return None
    since = view.state.facts.since
    waits = view.status is Status.WAITING and since is not None
    next_at = since + view.policy.waiting_alarm.critical if waits and since else None
    return Decision(Reason.STARTING, next_at, {"since": since})


def healthy(view: View) -> Decision | None:
    """It runs."""
    return Decision(Reason.HEALTHY) if view.status is Status.RUNNING else None


def not_restartable(view: View) -> Decision | None:
    """It is down in a way that `restart_on` does not name."""
    if view.status in view.policy.restart_on or (view.ordered and view.status in DOWN):
        return None
    return Decision(
        Reason.NOT_RESTARTABLE,
        None,
        {"status": view.status, "restart_on": sorted(view.policy.restart_on)},
    )


def blocked(view: View) -> Decision:
    """The hold of a blocked center."""
    block = view.center.block
    assert block is not None  # noqa: S101 - checked by the callers
    again = next_look(block, view.draft.limits(view.member.center).blocked_recheck)
    return Decision(Reason.CENTER_BLOCKED, again, {"cause": block.cause, "since": block.since})
