"""One simulated container instance: what it shows at any moment, past or to come.

Moments are seconds on a clock of the caller's choice. What an instance will do follows from its
status, since when it has it, and its habits: nothing runs between two questions, so that 100 000
quiet instances cost nothing.
"""

from dataclasses import dataclass

WAITING, DEPLOYING, RUNNING = "Waiting", "Deploying", "Running"
TERMINATED, FAILED, COMPLETED = "Terminated", "Failed", "Completed"
RESTARTING, SHUTTING = "Restarting", "Shutting"
"""Transitional values of the platform's notebooks; containers may have such ones too."""
DOWN = frozenset({"terminated", "failed", "completed", "stopped"})
"""In lower case: a restart starts what is in one of these."""
PAST = 8
"""Past statuses that are remembered, for lists that lag behind."""

Turn = tuple[float, str]
"""A moment, and the status taken then."""


def is_down(status: str) -> bool:
    """Whether a restart would start it, however the status is spelled."""
    return status.lower() in DOWN


@dataclass(slots=True)
class Instance:
    """One instance.

    Args:
        since: when it took its status.
        deploy_for: seconds it deploys before it runs.
        wait_for: seconds it waits before it deploys; None = as the platform does.
        dies_after: seconds of running after which it fails by itself, at every start.
        time_limit: seconds of running after which the platform stops it.
        refuses: starts that are still refused with 716868 (-1 = every one).
        breaks: starts that are still accepted, deploy and then fail (-1 = every one).
        listed: whether the list shows it; its detail does anyway.
        runs: how often it was started (`currentIndex` of the detail).
        breaking: whether the start under way will fail.
        counts_from: from when running is counted, where that is not `since`.
        planned: a turn that is not its own: the end of a transitional status.
        past: the statuses it had, oldest first.
    """

    id: str
    name: str
    status: str = RUNNING
    since: float = 0.0
    deploy_for: float = 5.0
    wait_for: float | None = None
    dies_after: float | None = None
    time_limit: float | None = None
    refuses: int = 0
    breaks: int = 0
    listed: bool = True
    runs: int = 1
    breaking: bool = False
    counts_from: float | None = None
    planned: Turn | None = None
    past: tuple[Turn, ...] = ()

    def at(self, moment: float) -> str:
        """The status at a moment, as far as is known now."""
        if moment >= self.since and self.rests:
            return self.status
        return self.turn_at(moment)[1]

    @property
    def rests(self) -> bool:
        """Whether nothing will happen by itself."""
        if self.planned is not None or self.status == DEPLOYING:
            return False
        return self.status != RUNNING or (self.dies_after is None and self.time_limit is None)

    def turn_at(self, moment: float) -> Turn:
        """The status at a moment, and since when it has it."""
        if moment < self.since:
            older = [turn for turn in self.past if turn[0] <= moment]
            return (older or self.past or ((self.since, self.status),))[-1 if older else 0]
        turn = (self.since, self.status)
        coming = self.next_turn()
        while coming is not None and coming[0] <= moment:
            turn = coming
            coming = self._after(turn)
        return turn

    def shown(self, now: float, lag: float) -> str:
        """The status as a list shows it that lags behind."""
        return self.at(now - lag)

    def next_turn(self) -> Turn | None:
        """What happens next by itself, or None."""
        return self.planned or self._after((self.since, self.status))

    def become(self, status: str, moment: float) -> None:
        """Take a status; what was planned for the old one is forgotten."""
        if status == self.status:
            return
        self.past = (*self.past[1 - PAST :], (self.since, self.status))
        self.status, self.since = status, moment
        self.planned = self.counts_from = None

    def counted_from(self, turn: Turn) -> float:
        """From when a status counts towards limits: since it was taken, or they were changed."""
        if turn == (self.since, self.status) and self.counts_from is not None:
            return self.counts_from
        return turn[0]

    def _after(self, turn: Turn) -> Turn | None:
        """What follows a status that was taken at a moment."""
        since, status = self.counted_from(turn), turn[1]
        if status == DEPLOYING:
            return since + self.deploy_for, FAILED if self.breaking else RUNNING
        if status != RUNNING:
            return None
        ends = ((self.dies_after, FAILED), (self.time_limit, TERMINATED))
        return min(((since + after, end) for after, end in ends if after is not None), default=None)
