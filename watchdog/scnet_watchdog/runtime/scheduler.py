"""The one module that imports APScheduler: one job per source, one for deadlines, few for chores.

Jobs are due at steady moments; APScheduler goes by the wall clock. A moment is translated when it
is set, and all are translated anew when the wall clock steps. A job fires at once when it is added
and never catches up; it runs once at a time, and what is skipped is counted.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial

from apscheduler.events import EVENT_JOB_MAX_INSTANCES, JobEvent
from apscheduler.job import Job
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger

from ..ports import Clock

SHORTEST_GAP = timedelta(milliseconds=100)
"""A job fires no oftener, whatever its next moment is said to be."""

NEAR_ENOUGH = timedelta(milliseconds=50)
"""A job is not moved for less."""

Run = Callable[[], Awaitable[None]]
NextAt = Callable[[datetime | None], datetime]
"""The steady moment of the next run; the argument is when a run begins just now, else None."""

Failed = Callable[[str, BaseException], None]


class _Moments(BaseTrigger):  # type: ignore[misc]  # APScheduler has no types
    """Fires at once, then at moments decided by us, always later than now: never catches up."""

    def __init__(self, wall_at: Callable[[bool], datetime]) -> None:
        self._wall_at = wall_at

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime:
        """The next moment by the wall clock."""
        if previous is None:
            return now
        return max(self._wall_at(True), now + SHORTEST_GAP)


class Scheduler:
    """Named jobs that repeat.

    Args:
        failed: told of a job's exception; the job goes on.
    """

    def __init__(self, clock: Clock, failed: Failed) -> None:
        # One line per run at INFO, one per skip at WARNING: too much for a daemon's log.
        logging.getLogger("apscheduler.executors").setLevel(logging.WARNING)
        logging.getLogger("apscheduler.scheduler").setLevel(logging.ERROR)
        self._clock = clock
        self._failed = failed
        self._scheduler = AsyncIOScheduler(
            timezone=UTC,
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
        )
        self._scheduler.add_listener(self._note_skip, EVENT_JOB_MAX_INSTANCES)
        self._jobs: dict[str, tuple[Job, NextAt]] = {}
        self._running: set[str] = set()
        self.skipped: Counter[str] = Counter()
        """Runs left out per job because the one before had not ended."""

    @property
    def names(self) -> frozenset[str]:
        """The jobs there are."""
        return frozenset(self._jobs)

    def add(self, name: str, run: Run, next_at: NextAt) -> None:
        """Add a job: its first run is now, each later one when `next_at` says."""
        trigger = _Moments(partial(self._wall_at, name))
        job = self._scheduler.add_job(self._run, trigger, (name, run), id=name)
        self._jobs[name] = (job, next_at)

    def every(self, name: str, run: Run, period: timedelta) -> None:
        """Add a job that runs now and then once a period."""
        began = [self._clock.now()]

        def next_at(begins: datetime | None) -> datetime:
            began[0] = begins or began[0]
            return began[0] + period

        self.add(name, run, next_at)

    def remove(self, name: str) -> None:
        """Remove a job; a run under way ends by itself."""
        job, _ = self._jobs.pop(name)
        job.remove()

    def reconsider(self) -> None:
        """Move every waiting job to the moment at which it is wanted now."""
        for name in self._jobs.keys() - self._running:
            self._move(name)

    def start(self) -> None:
        """Begin to fire jobs."""
        self._scheduler.start()

    def pause(self) -> None:
        """Fire no more jobs; runs under way go on."""
        self._scheduler.pause()

    async def stop(self) -> None:
        """End the scheduler. It waits for no run: a poll still under way ends by itself."""
        self._scheduler.shutdown(wait=False)
        # The shutdown itself is queued on the loop.
        await asyncio.sleep(0)

    async def _run(self, name: str, run: Run) -> None:
        self._running.add(name)
        task = asyncio.ensure_future(run())
        try:
            # `wait` raises nothing of the run's own; its exception is told below.
            await asyncio.wait({task})
        except asyncio.CancelledError:
            # Only the scheduler's end cancels; a poll that is still under way ends by itself.
            return
        self._running.discard(name)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._failed(name, error)
        if name in self._jobs:
            self._move(name)

    def _move(self, name: str) -> None:
        job, _ = self._jobs[name]
        planned: datetime | None = getattr(job, "next_run_time", None)
        if planned is None:
            # Not started yet, or taken out by APScheduler meanwhile.
            return
        wanted = max(self._wall_at(name), self._clock.wall())
        if abs(wanted - planned) > NEAR_ENOUGH:
            job.modify(next_run_time=wanted)

    def _wall_at(self, name: str, begins: bool = False) -> datetime:
        """A job's next moment by the wall clock."""
        now = self._clock.now()
        if name not in self._jobs:
            return self._clock.wall()
        _, next_at = self._jobs[name]
        return self._clock.wall() + (next_at(now if begins else None) - now)

    def _note_skip(self, event: JobEvent) -> None:
        self.skipped[event.job_id] += 1
