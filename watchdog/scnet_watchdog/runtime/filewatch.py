"""Which files changed since the last look: config and token files, by size, time and identity."""

import os
from collections.abc import Iterable
from pathlib import Path

Mark = tuple[int, int, int] | None
"""Time, size and inode of a file; None = it cannot be seen."""


class FileWatch:
    """Looks at a few files now and then. A swapped symbolic link counts as a change."""

    def __init__(self, paths: Iterable[Path] = ()) -> None:
        self._marks: dict[Path, Mark] = {}
        self.watch(paths)

    def __len__(self) -> int:
        return len(self._marks)

    def watch(self, paths: Iterable[Path]) -> None:
        """Watch these files from now on, and no others."""
        wanted = set(paths)
        self._marks = {
            path: self._marks[path] if path in self._marks else mark_of(path) for path in wanted
        }

    def changed(self) -> list[Path]:
        """Files that changed since the last look; one that vanished counts when it is back."""
        found = []
        for path, old in self._marks.items():
            new = mark_of(path)
            if new is not None and new != old:
                self._marks[path] = new
                found.append(path)
        return sorted(found)


def mark_of(path: Path) -> Mark:
    """By what a changed file is told from an unchanged one."""
    try:
        seen = os.stat(path)
    except OSError:
        return None
    return (seen.st_mtime_ns, seen.st_size, seen.st_ino)
