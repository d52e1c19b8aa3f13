"""What the platform lists for an account, asked once: what `init` writes a config from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ..adapters.clock import SystemClock
from ..adapters.registry import Kinds
from ..adapters.scnet.client import ScnetClient
from ..adapters.scnet.envelope import label_of, status_of
from ..adapters.scnet.listing import Listing
from ..core.model import InstanceId, Status
from ..ports import Clock, PortError
from ..settings.load import Loaded
from .centers import Centers, Surroundings


@dataclass(frozen=True, slots=True)
class Found:
    """One instance of the platform's list."""

    id: InstanceId
    name: str | None
    status: Status


@dataclass(frozen=True, slots=True)
class Inventory:
    """By center, what exists; and what could not be asked."""

    centers: Mapping[str, tuple[Found, ...]]
    problems: tuple[str, ...] = ()


async def inventory(loaded: Loaded, learn: Callable[[str], None]) -> Inventory:
    """Log in to every center of a config and list its instances.

    Args:
        learn: takes secrets that must never be told.

    Raises:
        WatchdogError: the config cannot be built.
    """
    clock = SystemClock()
    base = loaded.path.absolute().parent if loaded.path is not None else Path.cwd()
    around = Surroundings(clock, clock.elapsed, learn, lambda event: None, base, Kinds())
    centers = Centers(around)
    centers.fit(loaded.settings)
    found: dict[str, tuple[Found, ...]] = {}
    problems = []
    try:
        for client in centers.clients:
            try:
                found[client.name] = await _listed(client, clock)
            except PortError as error:
                problems.append(f"center {client.name}: {error}")
    finally:
        for client in centers.clients:
            await client.close()
    return Inventory(found, tuple(problems))


async def _listed(client: ScnetClient, clock: Clock) -> tuple[Found, ...]:
    rows: dict[InstanceId, Found] = {}
    async for page in Listing(client, clock).pages(set()):
        for id_, row in page.rows:
            status, _ = status_of(row)
            rows.setdefault(id_, Found(id_, label_of(row), status))
    return tuple(sorted(rows.values(), key=lambda one: (one.name or "", one.id)))
