"""An instance runs while it touches a file of its own: a status source outside scnet-watchdog.

An instance that never touched its file is not known here, so nothing is said of it.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

from scnet_watchdog.adapters.plugin import SourceContext
from scnet_watchdog.core.model import InstanceId, Page, SourceKey, Status, Swept
from scnet_watchdog.ports import Clock, SourceUnavailable


class HeartbeatOptions(BaseModel):
    """What the config may say under this source."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    folder: Path
    """Where each instance touches a file named like its id; relative to the config."""
    silent_after: timedelta = timedelta(minutes=2)
    """How old a file may be: two minutes are four heartbeats of the usual 30 s."""


class HeartbeatSource:
    """Fulfils `scnet_watchdog.ports.StatusSource`."""

    Options: ClassVar[type[BaseModel]] = HeartbeatOptions

    def __init__(self, key: SourceKey, clock: Clock, folder: Path, silent_after: timedelta) -> None:
        self._key = key
        self._clock = clock
        self._folder = folder
        self._silent_after = silent_after

    @classmethod
    def build(cls, options: Mapping[str, Any], context: SourceContext) -> "HeartbeatSource":
        """Build the source from the options of the config."""
        known = HeartbeatOptions.model_validate(options)
        folder = context.base_dir / known.folder.expanduser()
        return cls(context.key, context.clock, folder, known.silent_after)

    async def poll(self, watched: Collection[InstanceId], report: Callable[[Page], None]) -> Swept:
        """Look at every watched instance once."""
        page = await self.look(watched)
        report(page)
        absent = frozenset(watched) - page.rows.keys()
        return Swept(self._key, page.asked_at, page.seen_at, absent)

    async def look(self, instances: Collection[InstanceId]) -> Page:
        """Look at a few instances now."""
        asked_at = self._clock.now()
        rows = await asyncio.to_thread(self._rows, instances)
        return Page(self._key, asked_at, self._clock.now(), rows)

    def _rows(self, instances: Collection[InstanceId]) -> dict[InstanceId, Status]:
        if not self._folder.is_dir():
            raise SourceUnavailable(f"{self._folder} is not a folder")
        oldest = self._clock.wall() - self._silent_after
        rows: dict[InstanceId, Status] = {}
        for id_ in instances:
            try:
                touched = (self._folder / Path(id_).name).stat().st_mtime
            except OSError:
                continue
            beats = datetime.fromtimestamp(touched, UTC) >= oldest
            rows[id_] = Status.RUNNING if beats else Status.STOPPED
        return rows
