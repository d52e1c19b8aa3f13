"""A file as a status source: {instance id: status} in YAML or JSON.

It has no opinion on ids it does not name. A half-written file is a failed poll, no observation.
"""

import asyncio
from collections.abc import Callable, Collection, Iterator, Mapping
from itertools import islice
from pathlib import Path
from stat import S_ISREG
from typing import Any, ClassVar

import yaml
from pydantic import BaseModel, ConfigDict

from ...core.model import InstanceId, Page, SourceKey, Status, Swept
from ...ports import Clock, SourceUnavailable
from ..plugin import SourceContext

LARGEST = 16 * 2**20
"""Bytes of a file that is read: 100 000 instances have 5 MiB."""

_ALSO = {"terminated": Status.STOPPED}
"""The platform's word for a stopped instance, beside our own."""
_WORDS = frozenset(Status)


class FileOptions(BaseModel):
    """Options of `type: file`."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    path: Path
    """The file, relative to the config; read again when it changes."""


class FileSource:
    """Fulfils `ports.StatusSource`."""

    Options: ClassVar[type[BaseModel]] = FileOptions

    def __init__(self, key: SourceKey, path: Path, clock: Clock) -> None:
        self._key = key
        self._path = path
        self._clock = clock
        self._stamp: tuple[int, ...] | None = None
        self._rows: dict[InstanceId, Status] = {}
        self._texts: tuple[str, ...] = ()

    @classmethod
    def build(cls, options: Mapping[str, Any], context: SourceContext) -> "FileSource":
        """Build the source for one center's instances."""
        path = FileOptions.model_validate(options).path.expanduser()
        return cls(context.key, context.base_dir / path, context.clock)

    async def poll(self, watched: Collection[InstanceId], report: Callable[[Page], None]) -> Swept:
        """Read what the file says now."""
        page = await self._page(watched)
        report(page)
        absent = frozenset(watched) - page.rows.keys()
        return Swept(self._key, page.asked_at, page.seen_at, absent)

    async def look(self, instances: Collection[InstanceId]) -> Page:
        """Read what the file says of a few instances now."""
        return await self._page(instances)

    async def _page(self, wanted: Collection[InstanceId]) -> Page:
        asked_at = self._clock.now()
        await asyncio.to_thread(self._read)
        rows = {id_: self._rows[id_] for id_ in wanted if id_ in self._rows}
        return Page(self._key, asked_at, self._clock.now(), rows, {}, self._texts)

    def _read(self) -> None:
        try:
            found = self._path.stat()
            if not S_ISREG(found.st_mode):
                # Reading a pipe would wait for whoever writes it.
                raise SourceUnavailable(f"{self._path} is not a regular file")
            stamp = (found.st_mtime_ns, found.st_size, found.st_ino)
            if stamp == self._stamp:
                return
            with self._path.open("rb") as opened:
                data = opened.read(LARGEST + 1)
        except OSError as error:
            raise SourceUnavailable(f"{self._path}: {error.strerror}") from error
        self._stamp = None
        self._rows, self._texts = _parsed(self._path, data)
        self._stamp = stamp


def _parsed(path: Path, data: bytes) -> tuple[dict[InstanceId, Status], tuple[str, ...]]:
    if len(data) > LARGEST:
        raise SourceUnavailable(f"{path} is larger than {LARGEST} bytes")
    try:
        named = dict(_pairs(data))
    except (yaml.YAMLError, ValueError) as error:
        raise SourceUnavailable(f"{path} cannot be read as {{instance id: status}}") from error
    rows: dict[InstanceId, Status] = {}
    texts: list[str] = []
    for id_, text in named.items():
        word = text.strip().lower()
        known = _ALSO.get(word) or (Status(word) if word in _WORDS else None)
        rows[InstanceId(id_)] = known or Status.UNKNOWN
        if known is None:
            texts.append(text.strip()[:100] or "(empty)")
    return rows, tuple(texts)


def _pairs(data: bytes) -> Iterator[tuple[str, str]]:
    """Keys and values of one flat mapping, every scalar as it is written; the last of a key counts.

    Read event by event: building nested values goes as deep as a file says (a deep one ends the
    whole process), and aliases as wide.
    """
    events = yaml.parse(data, Loader=_Loader)
    begin = next(islice(events, 2, None), None)
    if not isinstance(begin, yaml.MappingStartEvent):
        raise ValueError("no mapping")
    for event in events:
        if isinstance(event, yaml.MappingEndEvent):
            break
        yield _word(event), _word(next(events))
    if any(isinstance(event, yaml.NodeEvent) for event in events):
        raise ValueError("more than one document")


def _word(event: Any) -> str:
    if not isinstance(event, yaml.ScalarEvent):
        raise ValueError("an id or a status is not a word")
    return str(event.value)


_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
