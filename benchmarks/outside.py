"""The real daemon as a process of its own, and what Linux says of it."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")
COMMAND = (sys.executable, "-m", "scnet_watchdog")


class Running:
    """A daemon process."""

    def __init__(self, process: "subprocess.Popen[bytes]", began: float) -> None:
        self._process = process
        self._proc = Path(f"/proc/{process.pid}")
        self.began = began
        """CLOCK_MONOTONIC just before it was started."""

    def cpu(self) -> float:
        """CPU seconds so far, of all its threads."""
        fields = (self._proc / "stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def memory(self, name: str) -> float:
        """MiB of `VmRSS` (now) or `VmHWM` (the most so far)."""
        for line in (self._proc / "status").read_text().splitlines():
            if line.startswith(name + ":"):
                return int(line.split()[1]) / 1024
        raise LookupError(name)


@contextmanager
def daemon(config: Path) -> Iterator[Running]:
    """A daemon on a config, killed at the end: what it would still save is not measured."""
    environ = {key: value for key, value in os.environ.items() if "SCNET" not in key}
    began = time.monotonic()
    with subprocess.Popen(
        [*COMMAND, "run", "-c", str(config)],
        env=environ,
        stdin=subprocess.DEVNULL,
        stderr=(config.parent / "stderr.txt").open("wb"),
    ) as process:
        try:
            yield Running(process, began)
            if process.poll() is not None:
                raise RuntimeError((config.parent / "stderr.txt").read_text())
        finally:
            process.kill()
