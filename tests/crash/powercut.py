"""What would be left on the disk if the power failed at any moment of a life.

The life is recorded with strace: every write, sync and rename of the state's files, and every send.
Only what a finished fsync or fdatasync covers is certain to be left; of anything later each sector
may have reached the disk or not, and a file whose folder was not synced may be missing.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from crash.damage import Files

STRACE = (
    *("strace", "-f", "-qq", "-y", "-xx", "-s", "1000000", "--seccomp-bpf", "-e", "signal=none"),
    *("-e", "trace=openat,pwrite64,ftruncate,fsync,fdatasync,rename,unlink,sendto"),
)
SECTOR = 512
SYNCS = frozenset({"fsync", "fdatasync"})
CALL = re.compile(r"^(\d+) +(\w+)\((.*)$")
RESUMED = re.compile(r"^(\d+) +<\.\.\. (\w+) resumed>")
PLACE = re.compile(r"^\d+<([^>]*)>")
TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')


@dataclass(frozen=True, slots=True)
class Step:
    """One thing a process did.

    Args:
        data: what was written or sent; a path for rename and unlink.
        number: the offset, or the new length.
    """

    name: str
    path: str
    data: bytes = b""
    number: int = 0


def steps(lines: Iterable[str]) -> Iterator[Step]:
    """The steps of a recording, syncs at the moment they were finished."""
    begun: dict[tuple[str, str], Step] = {}
    for line in lines:
        if (back := RESUMED.match(line)) is not None:
            step = begun.pop((back[1], back[2]), None)
            if step is not None:
                yield step
        elif (call := CALL.match(line)) is not None and " = -1 " not in line:
            step = _step(call[2], call[3])
            late = step.name in SYNCS and "<unfinished" in line
            if late:
                begun[call[1], call[2]] = step
            else:
                yield step


def _step(name: str, arguments: str) -> Step:
    place = PLACE.match(arguments)
    path = _plain(place[1]) if place is not None else ""
    texts = [bytes.fromhex(text.replace("\\x", "")) for text in TEXT.findall(arguments)]
    if name == "pwrite64":
        offset = re.search(r", (\d+)(?:\)| <unf)", arguments)
        assert offset is not None, arguments[-80:]
        return Step(name, path, texts[0], int(offset[1]))
    if name == "ftruncate":
        length = re.search(r", (\d+)", arguments)
        assert length is not None, arguments
        return Step(name, path, b"", int(length[1]))
    if name == "openat":
        return Step("create" if "O_CREAT" in arguments else "open", texts[0].decode())
    if name in ("rename", "unlink"):
        return Step(name, texts[0].decode(), texts[-1])
    return Step(name, path, texts[0] if texts else b"")


def _plain(text: str) -> str:
    return re.sub(r"\\x([0-9a-f]{2})", lambda found: chr(int(found[1], 16)), text)


@dataclass(slots=True)
class _File:
    """One file: what is certain, and what was written since."""

    certain: bytearray = field(default_factory=bytearray)
    since: list[Step] = field(default_factory=list)
    entered: bool = False

    def sync(self) -> None:
        for step in self.since:
            _apply(self.certain, step, lambda: True)
        self.since.clear()

    def left(self, random: Random) -> bytes | None:
        """What is found after the power came back; None = no such file."""
        if not self.entered and random.random() < 0.5:
            return None
        data = bytearray(self.certain)
        share = random.choice((0.0, 0.5, 0.9, 1.0))
        for step in self.since:
            _apply(data, step, lambda: random.random() < share)
        return bytes(data)


def _apply(data: bytearray, step: Step, reached: Callable[[], bool]) -> None:
    """Carry out a write, sector by sector, as far as each reached the disk."""
    if step.name == "ftruncate":
        if reached():
            data[step.number :] = bytes(max(0, step.number - len(data)))
        return
    at, end = step.number, step.number + len(step.data)
    while at < end:
        stop = min(end, (at // SECTOR + 1) * SECTOR)
        if reached():
            data.extend(bytes(max(0, stop - len(data))))
            data[at:stop] = step.data[at - step.number : stop - step.number]
        at = stop


class Disk:
    """The files of one folder as a recording goes on.

    Args:
        deaf: it ignores every sync, to show that this would be noticed.
    """

    def __init__(self, folder: Path, deaf: bool = False) -> None:
        self._folder = str(folder)
        self._deaf = deaf
        self._files: dict[str, _File] = {}

    def take(self, step: Step) -> None:
        """One more step."""
        if self._deaf and step.name in SYNCS:
            return
        if step.path == self._folder and step.name in SYNCS:
            for file in self._files.values():
                file.entered = True
        if step.path.startswith(self._folder + "/"):
            self._change(step)

    def _change(self, step: Step) -> None:
        if step.name == "rename":
            # Ours are synced before and their folder after: see `put_in_place`.
            self._files[step.data.decode()] = self._files.pop(step.path)
        elif step.name == "unlink":
            self._files.pop(step.path, None)
        elif step.name in ("create", "pwrite64", "ftruncate"):
            file = self._files.setdefault(step.path, _File())
            if step.name != "create":
                file.since.append(step)
        elif step.name in SYNCS and step.path in self._files:
            self._files[step.path].sync()

    def cut(self, state: Path, random: Random) -> Files:
        """The state's files after the power failed now."""
        paths = {end: self._files.get(str(state) + end) for end in ("", "-wal")}
        left = {end: file.left(random) for end, file in paths.items() if file is not None}
        return {end: data for end, data in left.items() if data is not None}
