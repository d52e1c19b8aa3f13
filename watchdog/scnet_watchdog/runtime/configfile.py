"""The config file since it was loaded: did it change on disk, and was that rejected?"""

import hashlib
from pathlib import Path

Mark = tuple[int, int, int]
"""Cheap to look at: when the file was written, its size, which file it is."""


class ConfigFile:
    """Blocking: to be asked in a thread.

    Args:
        path: None = the environment alone is the config.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.rejected: str | None = None
        """Why the file on disk was not taken up, while that is so."""
        self._known: tuple[Mark, str] | None = None
        self._loaded = self.content()

    def content(self) -> str | None:
        """A digest of what is on disk now; None where it cannot be read."""
        if self.path is None:
            return None
        try:
            found = self.path.stat()
            mark = (found.st_mtime_ns, found.st_size, found.st_ino)
            if self._known is None or self._known[0] != mark:
                digest = hashlib.sha256(self.path.read_bytes()).hexdigest()
                self._known = (mark, digest)
        except OSError:
            return None
        return self._known[1]

    def loaded(self, content: str | None) -> None:
        """That content is in force now."""
        self._loaded = content
        self.rejected = None

    def facts(self) -> dict[str, object]:
        """Where it is, whether it changed since it was loaded, why it was rejected."""
        return {
            "path": None if self.path is None else str(self.path),
            "changed_on_disk": self.content() != self._loaded,
            "rejected": self.rejected,
        }
