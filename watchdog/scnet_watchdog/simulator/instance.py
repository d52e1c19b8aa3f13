"""One simulated container instance: what the platform knows of it, advanced lazily.

Moments are seconds on a clock of the caller's choice. Nothing happens between calls: due
transitions are taken when somebody asks, so that 100 000 quiet instances cost nothing.
"""

from collections import deque
from dataclasses import dataclass, field

WAITING, DEPLOYING, RUNNING = "Waiting", "Deploying", "Running"
TERMINATED, FAILED, COMPLETED = "Terminated", "Failed", "Completed"
STATUSES = (WAITING, DEPLOYING, RUNNING, TERMINATED, FAILED, COMPLETED)
"""The six documented values; others may be set to play an undocumented one."""
DOWN = frozenset({TERMINATED, FAILED, COMPLETED, "Stopped"})
PAST = 8
"""Past statuses that are remembered, for lists that lag behind."""


@dataclass(slots=True)
class Instance:
    """One instance.

    Args:
        deploy_for: how long it deploys before it runs.
        dies_after: seconds of running after which it fails by itself, at every start.
        time_limit: seconds of running after which the platform stops it.
        refuses: starts that still fail with 716868 (-1 = every one).
        runs: how often it was started (`currentIndex` of the detail).
    """

    id: str
    name: str
    status: str = RUNNING
    since: float = 0.0
    deploy_for: float = 5.0
    dies_after: float | None = None
    time_limit: float | None = None
    refuses: int = 0
    runs: int = 1
    planned: deque[tuple[float, str]] = field(default_factory=deque)
    past: deque[tuple[float, str]] = field(default_factory=lambda: deque(maxlen=PAST))

    def at(self, now: float) -> str:
        """The status at this moment."""
        while self.planned and self.planned[0][0] <= now:
            moment, status = self.planned.popleft()
            self.become(status, moment)
        return self.status

    def shown(self, now: float, lag: float) -> str:
        """The status as a list shows it that lags behind."""
        current = self.at(now)
        if not lag or self.since <= now - lag:
            return current
        older = [status for since, status in self.past if since <= now - lag]
        if older:
            return older[-1]
        return self.past[0][1] if self.past else current

    def become(self, status: str, now: float) -> None:
        """Take a status now; what was planned for the old one is forgotten."""
        if status == self.status:
            return
        self.past.append((self.since, self.status))
        self.status, self.since = status, now
        self.planned.clear()
        if status == DEPLOYING:
            self.planned.append((now + self.deploy_for, RUNNING))
        elif status == RUNNING:
            self._plan_end(now)

    def _plan_end(self, now: float) -> None:
        ends = []
        if self.dies_after is not None:
            ends.append((now + self.dies_after, FAILED))
        if self.time_limit is not None:
            ends.append((now + self.time_limit, TERMINATED))
        if ends:
            self.planned.append(min(ends))
