"""Measure everything and print one table.

    python -m benchmarks.bench [--quick] [ROW…]

Each row's measurement is a fresh process, one after the other: nothing of one disturbs the next.
"""

import importlib
import multiprocessing
import os
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from .figures import Figure, disk_of, fsync_time, ms, table

ROWS = ("deciding", "sweep", "startup", "latency", "restarts", "memory", "soak")


def measured(name: str, quick: bool) -> list[Figure]:
    """One row's figures; runs in a process of its own."""
    found: list[Figure] = importlib.import_module(f".{name}", __package__).measure(quick)
    return found


def main() -> None:
    """Print the machine and the table."""
    quick = "--quick" in sys.argv
    names = [name for name in sys.argv[1:] if name in ROWS] or ROWS
    folder = Path(tempfile.gettempdir())
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python {sys.version.split()[0]}")
    print(f"disk: {disk_of(folder)}; a durable write of 4 KiB takes {ms(fsync_time(folder))}\n")
    figures: list[Figure] = []
    for name in names:
        print(f"measuring {name} …", file=sys.stderr, flush=True)
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(1, mp_context=context) as alone:
            figures += alone.submit(measured, name, quick).result()
    print(table(figures))


if __name__ == "__main__":
    main()
