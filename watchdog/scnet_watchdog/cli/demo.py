"""`demo`: the real daemon against the simulated platform, faults included, in one command."""

import asyncio
import sys
import tempfile
from collections import Counter, deque
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .common import ConfigOption, ExitCode, leave

if TYPE_CHECKING:
    from datetime import datetime

    from rich.console import RenderableType

    from ..core.event import Event
    from ..settings.load import Loaded
    from ..simulator.platform import Platform
    from ..simulator.scenes import Story

LOG_LINES = 14
"""Lines of the log beside the table."""

CONFIG = """\
centers: {{demo: {{base_url: "{url}", token: "{token}", timeout: {{connect: 2s, read: 5s}}}}}}
sources: {{scnet: {{interval: 1s, fast_interval: 0.5s}}}}
policy:
  confirm: {{count: 2, over: 1s}}
  cooldown: {{initial: 1.5s, multiplier: 1.5, max: 5s, jitter: 0.1}}
  breaker: {{threshold: 3, open_for: 8s, max_open: 30s}}
  unknown_outcome: {{watch: 3s, reads: 2}}
  stable_after: 4s
limits:
  center_breaker: {{within: 5s, open_for: 2s, max_open: 10s}}
  storm: {{within: 5s}}
instances: [{ids}]
state: {{url: "sqlite:///{state}"}}
"""


def demo(
    config: ConfigOption = None,
    for_: Annotated[
        str | None, typer.Option("--for", help="How long, at most.", show_default=False)
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="The same seed, the same story.")] = 1,
) -> None:
    """Watch the daemon heal a simulated platform: about 40 s, no account needed."""
    from ..settings.units import parse_duration
    from ..simulator.scenes import LASTS_S, story

    del config
    try:
        lasts = parse_duration(for_).total_seconds() if for_ is not None else LASTS_S
    except ValueError as error:
        leave(ExitCode.USAGE, f"--for: {error}")
    well = asyncio.run(_play(story(seed), lasts))
    raise typer.Exit(ExitCode.DONE if well else ExitCode.FAILED)


class Audience:
    """Fulfils `ports.EventSink`: keeps what was told, for log, table and summary."""

    def __init__(self, live: bool) -> None:
        self.reasons: dict[str, str] = {}
        self.held: Counter[str] = Counter()
        self.recovered: dict[str, float] = {}
        self.lines: deque[str] = deque(maxlen=LOG_LINES)
        self._live = live
        self.down_at: dict[str, datetime] = {}

    def emit(self, event: "Event") -> None:
        """Take one event."""
        from ..adapters.telemetry.sentences import sentence
        from ..core.event import EventKind
        from ..core.model import DOWN

        name = event.name or ""
        if event.kind is EventKind.DECISION_CHANGED:
            reason = str(event.fields["reason"])
            self.reasons[name] = reason
            if reason not in ("healthy", "verifying", "starting"):
                self.held[reason] += 1
        if event.kind is EventKind.RESTART_REQUESTED:
            self.reasons[name] = "verifying"
        if event.kind is EventKind.INSTANCE_STATUS_CHANGED and event.fields["status"] in DOWN:
            self.down_at[name] = event.at
        if event.kind is EventKind.RESTART_RECOVERED and name in self.down_at:
            self.recovered[name] = (event.at - self.down_at.pop(name)).total_seconds()
        moment = f"{event.at.astimezone():%H:%M:%S}"
        self.say(f"{moment} {event.loudness:<7} {sentence(event)}")

    def healed(self, name: str) -> str:
        """How an instance fared, in words."""
        if name in self.down_at:
            return "not healed yet"
        down = self.recovered.get(name)
        return f"healed after {down:.1f} s" if down is not None else "never seen down"

    def say(self, line: str) -> None:
        """Show a line in the log."""
        self.lines.append(line)
        if not self._live:
            sys.stdout.write(line + "\n")
            sys.stdout.flush()


async def _play(story: "Story", lasts: float) -> bool:
    from ..adapters.clock import SystemClock
    from ..app.compose import Manner
    from ..app.life import live
    from ..simulator.server import Server
    from .tables import console

    loop = asyncio.get_running_loop()
    clock = SystemClock()
    server = Server(story.platform, loop.time, lambda: clock.wall().timestamp())
    port = await server.start()
    out = console()
    audience = Audience(out.is_terminal)
    try:
        with tempfile.TemporaryDirectory(prefix="scnet-watchdog-demo-") as folder:
            loaded = _config(Path(folder), story, f"http://127.0.0.1:{port}")
            stop = asyncio.Event()
            manner = Manner(signals=False, listeners=(audience,), quiet=True)
            daemon = asyncio.create_task(live(loaded, {}, manner, stop))
            await _show(story, audience, daemon, lasts)
            stop.set()
            code = await daemon
    finally:
        await server.stop()
    return _summary(story, audience, loop.time()) and code == 0


def _config(folder: Path, story: "Story", url: str) -> "Loaded":
    from ..adapters.registry import kinds
    from ..settings.load import load
    from ..simulator.scenes import TOKEN

    ids = ", ".join(f'"{id_}"' for id_ in story.platform.instances)
    file = folder / "watchdog.yaml"
    state = folder / "state.db"
    file.write_text(CONFIG.format(url=url, token=TOKEN, ids=ids, state=state), encoding="utf-8")
    file.chmod(0o600)
    return load(file, {}, kinds(), ())


async def _show(
    story: "Story", audience: Audience, daemon: "asyncio.Task[int]", lasts: float
) -> None:
    """Play the scenes and show the picture until the time is over or the daemon ends."""
    from rich.live import Live

    from .tables import console

    loop = asyncio.get_running_loop()
    out = console()
    began = loop.time()
    scenes = deque(story.scenes)
    screen = Live(console=out, refresh_per_second=8, transient=False) if out.is_terminal else None
    if screen is not None:
        screen.start()
    try:
        while (passed := loop.time() - began) < lasts and not daemon.done():
            while scenes and scenes[0].at <= passed:
                scene = scenes.popleft()
                scene.play(story.platform, loop.time())
                audience.say(f"---- {scene.says}")
            if screen is not None:
                screen.update(_picture(story.platform, audience, loop.time()))
            await asyncio.sleep(0.1)
    finally:
        if screen is not None:
            screen.stop()


def _picture(platform: "Platform", audience: Audience, now: float) -> "RenderableType":
    from rich.console import Group
    from rich.text import Text

    from .tables import plain_table, status_text

    table = plain_table("NAME", "PLATFORM SHOWS", "DAEMON SAYS", "RESTARTS")
    platform.advance(now)
    for one in platform.instances.values():
        status = one.at(now).lower()
        shown = status_text("stopped" if status == "terminated" else status)
        calls = len(platform.restarts(one.id))
        table.add_row(one.name, shown, audience.reasons.get(one.name, "healthy"), str(calls))
    colours = {"error": "red", "warning": "yellow", "----": "cyan"}
    lines = []
    for line in audience.lines:
        style = next((colour for word, colour in colours.items() if word in line[:18]), "")
        lines.append(Text(line, style=style, no_wrap=True, overflow="ellipsis"))
    return Group(table, Text(), *lines)


def _summary(story: "Story", audience: Audience, now: float) -> bool:
    """What was healed, how fast, and how many calls were not made; whether all ended well."""
    platform = story.platform
    platform.advance(now)
    out = sys.stdout.write
    out("\nSummary\n")
    well = True
    for one in platform.instances.values():
        status, calls = one.at(now).lower(), len(platform.restarts(one.id))
        wanted = story.calls[one.name]
        healed = audience.healed(one.name)
        right = status == "running" and calls == wanted
        well = well and right
        mark = "ok " if right else "NOT"
        out(f"  {mark} {one.name:<8} {status:<9} {healed:<20} {calls} of {wanted} expected calls\n")
    total = sum(audience.held.values())
    out(f"  Restart calls made: {len(platform.restarts())}\n")
    why = ", ".join(f"{number} {reason}" for reason, number in audience.held.most_common())
    out(f"  Moments at which a call was not made: {total} ({why})\n")
    out("  The story ended as it should.\n" if well else "  The story did NOT end as it should.\n")
    return well
