"""What a status source is given when it is built; for built-in ones and strangers' alike."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol

from pydantic import BaseModel

from ..core.event import Event
from ..core.model import SourceKey
from ..ports import Clock, StatusSource


async def at_once() -> None:
    """Wait for nobody."""


@dataclass(frozen=True, slots=True)
class SourceContext:
    """The surroundings of one source.

    Args:
        key: the source's name in the config, and the center it is asked for.
        base_dir: what relative paths are relative to (the config's folder).
        center: the center's client, for sources that ask the platform itself.
        tell: takes events, to be saved and told with the next turn.
        caught_up: ends when turns have taken what was reported, or after a moment. Awaited between
            two pages, so that a restart does not wait for pages that are read meanwhile.
    """

    key: SourceKey
    clock: Clock
    base_dir: Path
    center: Any
    tell: Callable[[Event], None]
    caught_up: Callable[[], Awaitable[None]] = at_once


class SourceKind(Protocol):
    """A class of status sources: its options, and how one is built."""

    Options: ClassVar[type[BaseModel]]

    @classmethod
    def build(cls, options: Mapping[str, Any], context: SourceContext) -> StatusSource:
        """Build a source; `options` are those that `Options` accepted."""
