"""What people are told, in English."""

from ...core.event import EventKind, Level
from .words import Facts, Language


def _breaker(f: Facts, center: str, instance: str) -> str:
    return center if f.text("scope") == "center" else instance


def _first_look(f: Facts) -> str:
    which = f.when("; to be restarted: ", "restarts") + f.when(", from ", "next_at")
    return (
        f"first look at {f.center}: {f.text('down')} of {f.text('instances')} instances are down"
        f"{which}"
    )


def _hold(f: Facts) -> str:
    return f.who or f"{f.text('scope')} {f.text('target')}".strip()


def _command(f: Facts) -> str:
    target = f.who or f.center or f.text("target") or "the fleet"
    return f"{f.text('by')} asked to {f.text('command')} {target}{f.when('; refused: ', 'refused')}"


E = EventKind
ENGLISH = Language(
    units=("d", "h", "min", "s"),
    sentences={
        E.BREAKER_OPENED: lambda f: _breaker(
            f,
            f"the breaker of center {f.center} opened: no instance of it is restarted"
            f"{f.when(' until ', 'open_until')}",
            f"the breaker of {f.who} opened after repeated start failures"
            f"{f.when('; next try ', 'open_until')}",
        ),
        E.BREAKER_CLOSED: lambda f: _breaker(
            f, f"the breaker of center {f.center} closed", f"the breaker of {f.who} closed"
        ),
        E.RESTART_STUCK_WAITING: lambda f: (
            f"{f.who} has been waiting for capacity for {f.span('waiting_for_s')}"
        ),
        E.CENTER_BLOCKED: lambda f: (
            f"center {f.center} is blocked: {f.text('cause')}{f.when(' (code ', 'code', ')')}; "
            f"nothing is restarted there. Next step: {f.text('next_step')}"
        ),
        E.CENTER_UNBLOCKED: lambda f: (
            f"center {f.center} is no longer blocked, after {f.span('blocked_for_s')}"
        ),
        E.SOURCE_BLIND: lambda f: (
            f"source {f.text('source')} of {f.center} is blind: {f.text('instances')} instances "
            "cannot be seen and are not restarted"
        ),
        E.SOURCE_RECOVERED: lambda f: (
            f"source {f.text('source')} of {f.center} answers again, after {f.span('failed_for_s')}"
        ),
        E.STORM_BEGAN: lambda f: (
            f"storm in {f.center}: {f.text('instances')} of {f.text('eligible')} instances went "
            "down at once; one goes first, the others wait for it"
        ),
        E.STORM_ENDED: lambda f: f"the storm in {f.center} is over, after {f.span('lasted_s')}",
        E.BUDGET_SPENT: lambda f: (
            f"{f.who} has used up its budget of {f.text('spent')} restarts"
            f"{f.when('; next try ', 'next_at')}"
        ),
        E.STATE_FAILED: lambda f: (
            f"the state cannot be written{f.when(' (', 'error', ')')}: nothing is restarted "
            "until it can"
        ),
        E.STATE_RECOVERED: lambda f: (
            f"the state can be written again, after {f.span('failed_for_s')}"
        ),
        E.STATE_CREATED: lambda f: "a new state was made: nothing is remembered of before",
        E.CONFIG_REJECTED: lambda f: (
            f"the new config is not valid, the old one stays in force: {f.text('error')}"
        ),
        E.CONFIG_RELOADED: lambda f: "a new config is in force",
        E.STATUS_UNRECOGNISED: lambda f: (
            f"the platform shows a status we do not know, “{f.text('text')}”: "
            "instances with it are left alone"
        ),
        E.FLEET_FIRST_LOOK: _first_look,
        E.INSTANCE_MISSING: lambda f: (
            f"{f.who} is missing: the platform does not know it, so it cannot be restarted"
        ),
        E.INSTANCE_RETURNED: lambda f: f"{f.who} is known to the platform again",
        E.INSTANCE_STABLE: lambda f: (
            f"{f.who} runs and is stable, for {f.span('running_for_s')} now"
        ),
        E.INSTANCE_STATUS_CHANGED: lambda f: f"{f.who} is {f.text('status')}",
        E.RESTART_REFUSED: lambda f: (
            f"the restart of {f.who} was refused{f.when(' with code ', 'code')}"
            f"{f.when(': ', 'error')}"
        ),
        E.RESTART_DID_NOT_HELP: lambda f: (
            f"the restart of {f.who} did not help: {f.text('status')} after {f.span('took_s')}"
        ),
        E.RESTART_RELAPSED: lambda f: (
            f"{f.who} went down again: {f.text('status')} {f.span('took_s')} after its restart"
        ),
        E.RESTART_RECOVERED: lambda f: (
            f"{f.who} was restarted and runs again, after {f.span('took_s')}"
        ),
        E.HOLD_PLACED: lambda f: (
            f"{_hold(f)} is held by {f.text('author')}{f.when(' until ', 'next_at')}"
        ),
        E.HOLD_ENDED: lambda f: f"the hold on {_hold(f)} ended: {f.text('cause')}",
        E.OPERATOR_COMMAND: _command,
        E.DAEMON_STARTED: lambda f: f"scnet-watchdog {f.text('version')} started",
        E.DAEMON_STOPPED: lambda f: "scnet-watchdog stopped: nothing is restarted any more",
    },
    decided={
        "rejected": lambda f: (
            f"{f.who} is down and the platform rejects its restart as invalid: look at the "
            f"instance on the platform{f.when('; next try ', 'next_at')}"
        ),
        "not_restartable": lambda f: (
            f"{f.who} is {f.text('status')} after having run and is left so: restart_on names "
            f"only {f.text('restart_on') or 'nothing'}"
        ),
    },
    titles={
        Level.DEBUG: "note",
        Level.INFO: "note",
        Level.WARNING: "warning",
        Level.ERROR: "needs you",
    },
    ended="over",
    titled=lambda word, first, others: (
        f"[scnet-watchdog] {word}: {first}" + (f" (and {others} more)" if others else "")
    ),
    still="still: ",
    since=lambda at: f" (since {at})",
    keep=lambda command: f"To keep it stopped: {command}",
    more=lambda number: f"… and {number} more",
    digest=lambda number: (
        f"[scnet-watchdog] last day: {number} instance{'' if number == 1 else 's'} "
        "restarted and running again"
    ),
    healed=lambda one, at, took: f"{one.name}: restarted, last at {at}, back after {took}",
    test=("[scnet-watchdog] test", "This is a test message: the channel works."),
)
