"""One life of the daemon, from valid settings to an exit code."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Mapping

from ..adapters.clock import SystemClock
from ..adapters.registry import UnknownKind
from ..adapters.telemetry.log import Log, LogOptions
from ..adapters.telemetry.secrets import Secrets
from ..core.event import Level
from ..errors import WatchdogError
from ..ports import Fenced, HeldByAnother, Unreadable
from ..runtime.once import once
from ..runtime.signals import Signals, hangup_means
from ..settings.load import Loaded, SettingsError
from ..settings.model import Settings
from .compose import Composition, Manner
from .places import Unbuildable

SWITCH_S = 0.0005
"""How long the interpreter stays with one thread. A commit asks for it some twenty times; at the
usual 5 ms a call would wait for a tenth of a second while the loop is busy with pages."""


def run(loaded: Loaded, environ: Mapping[str, str], manner: Manner | None = None) -> int:
    """Run the daemon in this process until it ends; return the exit code."""
    sys.setswitchinterval(SWITCH_S)
    life = live(loaded, environ, manner or Manner())
    # Nobody holds the config as written while the daemon runs; see `settings.compare.in_force`.
    del loaded
    return asyncio.run(life)


async def live(
    loaded: Loaded,
    environ: Mapping[str, str],
    manner: Manner,
    stop: asyncio.Event | None = None,
) -> int:
    """Run the daemon on this loop until it ends; return the exit code.

    Args:
        stop: ends it when set, as SIGTERM does.
    """
    secrets, clock = Secrets(), SystemClock()
    log = Log(log_options(loaded.settings), secrets, clock.wall)
    if not manner.quiet:
        log.take_libraries()
    for warning in loaded.warnings:
        log.line(Level.WARNING, "config.warning", str(warning))
    for name in loaded.ignored:
        log.line(Level.DEBUG, "config.ignored", f"{name} is no setting", variable=name)
    try:
        whole = Composition(loaded, environ, manner, clock, log, secrets)
        del loaded
        error = await _live(whole, manner, stop)
    except WatchdogError as failure:
        error = failure
    if isinstance(error, WatchdogError):
        log.line(Level.ERROR, "daemon.failed", str(error))
    log.close()
    return exit_code(error)


def exit_code(error: BaseException | None) -> int:
    """The exit code that tells scripts what ended the daemon."""
    if error is None:
        return 0
    if isinstance(error, (HeldByAnother, Fenced)):
        return 75
    if isinstance(error, Unreadable):
        return 74
    if isinstance(error, (SettingsError, Unbuildable, UnknownKind)):
        return 78
    return 1


def log_options(settings: Settings) -> LogOptions:
    """The log as configured."""
    log = settings.log
    return LogOptions(Level(log.level), log.format, log.file, log.rotate, log.keep_files)


class NotSeen(WatchdogError):
    """`--once` ended without having seen everything: a poll failed."""


async def _live(
    whole: Composition, manner: Manner, stop: asyncio.Event | None
) -> BaseException | None:
    daemon = whole.daemon
    signals = Signals(daemon.stop, daemon.reload, _leave)
    loop = asyncio.get_running_loop()
    if manner.signals:
        signals.install(loop, hangup_means(_stdin_is_terminal(), _hangup_is_ignored()))
    stopper = asyncio.ensure_future(_follow(stop, daemon.stop)) if stop is not None else None
    try:
        await daemon.start()
        if not manner.once:
            return await daemon.run()
        await daemon.open()
        paces = whole.paces
        well = await once(whole.engine, whole.clock, paces, daemon.stopping, asyncio.sleep)
        await daemon.finish()
        return None if well else NotSeen("a poll failed")
    finally:
        if stopper is not None:
            stopper.cancel()
        await whole.close()
        if manner.signals:
            signals.remove(loop)


async def _follow(stop: asyncio.Event, then: Callable[[], None]) -> None:
    await stop.wait()
    then()


def _leave() -> None:
    """End at once: what is in flight stays open in the state and is judged after the next start."""
    sys.stdout.flush()
    os._exit(1)


def _stdin_is_terminal() -> bool:
    return sys.stdin is not None and not sys.stdin.closed and sys.stdin.isatty()


def _hangup_is_ignored() -> bool:
    return signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
