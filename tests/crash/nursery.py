"""A process that has imported the daemon once and forks one for each life: real, quick to start.

It reads one JSON object a line (`config`, `out`, `trail`, and what `life` takes) and answers
`{"pid": …}` when the child runs and `{"status": …}` when it has ended, as `os.waitpid` says it.
"""

import ctypes
import faulthandler
import json
import os
import sys
from pathlib import Path
from typing import Any

import anyio._backends._asyncio
import httpcore
import uvicorn

import scnet_watchdog.adapters.scnet.source
import scnet_watchdog.adapters.web.doors
import scnet_watchdog.runtime.scheduler
from crash.fuse import Fuse, FusedListener, FusedRestarter, FusedStore
from scnet_watchdog.adapters.registry import kinds
from scnet_watchdog.app import Manner, run
from scnet_watchdog.settings.load import load

PRELOADED = (
    anyio._backends._asyncio,
    httpcore,
    scnet_watchdog.adapters.scnet.source,
    scnet_watchdog.adapters.web.doors,
    scnet_watchdog.runtime.scheduler,
    uvicorn,
)
"""What a daemon imports when it comes to it: on a busy machine that alone takes a life seconds."""
WRITABLE = os.O_WRONLY | os.O_CREAT | os.O_APPEND


def life(wanted: dict[str, Any]) -> int:
    """Run one daemon; its exit code.

    Args:
        wanted: `step` and `nth` = where its fuse blows, `meek` = root's privileges are given up,
            `copied` = what it writes goes through a pipe, for a daemon whose files may not grow.
    """
    if wanted.get("meek"):
        give_up_privileges()
    fuse = Fuse(opened(wanted["trail"], wanted), wanted.get("step"), wanted.get("nth", 1))
    fuse.watch_sqlite()
    environ = {key: value for key, value in os.environ.items() if "SCNET" not in key}
    loaded = load(Path(wanted["config"]), environ, kinds())
    manner = Manner(
        listeners=(FusedListener(fuse),),
        store=lambda store: FusedStore(store, fuse),
        restarter=lambda restarter: FusedRestarter(restarter, fuse),
    )
    return run(loaded, environ, manner)


def opened(path: str, wanted: dict[str, Any]) -> int:
    """A descriptor that ends up in a file; by way of a copier where this process may not write."""
    file = os.open(path, WRITABLE)
    if not wanted.get("copied"):
        return file
    source, sink = os.pipe()
    if os.fork():
        os.close(source)
        return sink
    os.close(sink)
    while data := os.read(source, 65536):
        os.write(file, data)
    os._exit(0)


def give_up_privileges() -> None:
    """File modes bind root too from now on: all capabilities go."""
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    nothing = (ctypes.c_uint32 * 6)()
    if sys.platform == "linux" and ctypes.CDLL(None, use_errno=True).capset(header, nothing) != 0:
        raise OSError(ctypes.get_errno(), "capabilities cannot be given up")


def child(wanted: dict[str, Any]) -> None:
    """Become a daemon with output of its own; never comes back."""
    code = 99
    try:
        out = opened(wanted["out"], wanted)
        for descriptor in (1, 2):
            os.dup2(out, descriptor)
        # SIGABRT: where every thread is, even if all of them stand still.
        faulthandler.enable()
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        code = life(wanted)
    finally:
        sys.stdout.flush()
        if sys.exc_info()[1] is not None:
            sys.excepthook(*sys.exc_info())
        sys.stderr.flush()
        os._exit(code)


def main() -> None:
    """Serve until standard input ends."""
    for line in sys.stdin:
        wanted = json.loads(line)
        pid = os.fork()
        if pid == 0:
            child(wanted)
        say({"pid": pid})
        _, status = os.waitpid(pid, 0)
        say({"status": os.waitstatus_to_exitcode(status)})


def say(what: dict[str, int]) -> None:
    """Answer one line."""
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
