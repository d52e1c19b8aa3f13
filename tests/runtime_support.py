"""What a daemon on a bench runs on."""

from dataclasses import replace

from engine_support import Bench
from fakes import wiring_of
from scnet_watchdog.runtime.lifecycle import Equipment
from scnet_watchdog.runtime.reload import Fitted
from scnet_watchdog.runtime.systemd import Notifier


def fitted(bench: Bench) -> Fitted:
    """The bench's own config."""
    return Fitted(wiring_of(bench.roster, bench.source, bench.restarter))


def equipment(bench: Bench, **changes: object) -> Equipment:
    """A daemon's equipment on fakes; some of it as the test wants it."""

    async def refit() -> Fitted:
        return fitted(bench)

    async def prune() -> None:
        """Nothing to delete."""

    async def listen() -> None:
        """Nobody comes in."""

    whole = Equipment(
        engine=bench.engine,
        clock=bench.clock,
        fitted=fitted(bench),
        refit=refit,
        broken=lambda what, error: bench.broken.append((what, error)),
        notifier=Notifier({}),
        prune=prune,
        monotonic_us=lambda: 0,
        listen=listen,
        started={"version": "test"},
    )
    return replace(whole, **changes)  # type: ignore[arg-type]
