"""One figure beside its limit, the plain way and the goal; and the table of them."""

import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

HEAD = ("work", "ours", "limit", "plain way", "ratio", "goal", "")


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table.

    Args:
        limit: the same work without decisions and state; empty where there is none.
        plain: what a user's own loop takes; empty where there is none.
        reached: None = for information, without a goal.
    """

    work: str
    ours: str
    limit: str = ""
    plain: str = ""
    ratio: str = ""
    goal: str = ""
    reached: bool | None = None

    @property
    def cells(self) -> tuple[str, ...]:
        """The line's texts."""
        verdict = {None: "", True: "reached", False: "MISSED"}[self.reached]
        return (self.work, self.ours, self.limit, self.plain, self.ratio, self.goal, verdict)


def table(figures: Sequence[Figure]) -> str:
    """A table that is Markdown as well."""
    lines = [HEAD, *(figure.cells for figure in figures)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEAD))]
    texts = ["| " + " | ".join(_padded(line, widths)) + " |" for line in lines]
    texts.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(texts) + "\n"


def _padded(line: Sequence[str], widths: Sequence[int]) -> list[str]:
    return [text.ljust(width) for text, width in zip(line, widths, strict=True)]


def ms(seconds: float) -> str:
    """Seconds in milliseconds."""
    return f"{seconds * 1e3:.2f} ms" if seconds < 0.1 else f"{seconds * 1e3:.0f} ms"


def share(values: Sequence[float], part: float) -> float:
    """The value below which a part of all values lies."""
    return sorted(values)[min(len(values) - 1, int(len(values) * part))]


def fsync_time(folder: Path) -> float:
    """Seconds of one small durable write in a folder, the median of 50."""
    times = []
    with tempfile.NamedTemporaryFile(dir=folder) as file:
        for _ in range(50):
            began = time.perf_counter()
            os.pwrite(file.fileno(), b"x" * 4096, 0)
            os.fsync(file.fileno())
            times.append(time.perf_counter() - began)
    return statistics.median(times)


def disk_of(folder: Path) -> str:
    """The device and file system of a folder, as Linux names them."""
    best = ("?", "", "?")
    try:
        mounts = [line.split()[:3] for line in Path("/proc/mounts").read_text().splitlines()]
    except OSError:
        return "unknown disk"
    for device, place, kind in mounts:
        if folder.resolve().is_relative_to(place) and len(place) > len(best[1]):
            best = (device, place, kind)
    return f"{best[2]} on {best[0]}"
