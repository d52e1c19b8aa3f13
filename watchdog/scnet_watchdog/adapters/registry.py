"""Kinds of status sources, by entry point: built-in ones register exactly as strangers' do."""

from collections.abc import Iterator, Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, cast

from ..errors import WatchdogError

if TYPE_CHECKING:
    from pydantic import BaseModel

    from .plugin import SourceKind

GROUP = "scnet_watchdog.sources"


class UnknownKind(WatchdogError):
    """No such kind of source is installed, or it cannot be loaded."""


class Kinds(Mapping[str, "type[BaseModel]"]):
    """Kind → the model of its options; a kind is imported only when it is asked for."""

    def __init__(self) -> None:
        self._points: dict[str, EntryPoint] = {}
        self._rivals: dict[str, set[str]] = {}
        for point in entry_points(group=GROUP):
            self._points[point.name] = point
            self._rivals.setdefault(point.name, set()).add(point.value)

    def kind(self, name: str) -> "type[SourceKind]":
        """The class of a kind.

        Raises:
            UnknownKind
        """
        point = self._points.get(name)
        if point is None:
            raise UnknownKind(f'unknown source type "{name}"; known: {", ".join(sorted(self))}')
        rivals = sorted(self._rivals[name])
        if len(rivals) > 1:
            raise UnknownKind(f'source type "{name}" is ambiguous: {" and ".join(rivals)}')
        try:
            found = point.load()
        except (ImportError, AttributeError, SyntaxError) as error:
            raise UnknownKind(f'source type "{name}" cannot be loaded: {error}') from error
        if not (hasattr(found, "Options") and hasattr(found, "build")):
            raise UnknownKind(f'source type "{name}" has no Options or no build()')
        return cast("type[SourceKind]", found)

    def __getitem__(self, name: str) -> "type[BaseModel]":
        if name not in self._points:
            raise KeyError(name)
        return self.kind(name).Options

    def __contains__(self, name: object) -> bool:
        return name in self._points

    def __iter__(self) -> Iterator[str]:
        return iter(self._points)

    def __len__(self) -> int:
        return len(self._points)


def kinds() -> Kinds:
    """Every kind that is installed."""
    return Kinds()
