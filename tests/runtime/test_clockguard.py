"""The guard that compares the clocks."""

from datetime import timedelta

from fakes import FakeClock
from scnet_watchdog.runtime.clockguard import ClockGuard


class Guarded:
    """A guard with what it told."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.steps: list[float] = []
        self.late = 0
        self.guard = ClockGuard(self.clock, self.stepped, self.was_late)

    def stepped(self, step: timedelta) -> None:
        self.steps.append(step.total_seconds())

    def was_late(self) -> None:
        self.late += 1


def test_clocks_that_go_together_tell_nothing() -> None:
    guarded = Guarded()
    for _ in range(10):
        guarded.clock.advance(1)
        guarded.guard.look()
    assert (guarded.steps, guarded.late) == ([], 0)


def test_a_step_is_told_once_in_either_direction() -> None:
    guarded = Guarded()
    guarded.clock.wall_at -= timedelta(hours=1)
    guarded.guard.look()
    guarded.guard.look()
    guarded.clock.wall_at += timedelta(days=60)
    guarded.guard.look()
    assert guarded.steps == [-3600, 60 * 86400]
    assert guarded.late == 2


def test_slow_drift_is_no_step() -> None:
    guarded = Guarded()
    for _ in range(100):
        # Half a second a look, as a clock that is slewed hard: 50 s in all.
        guarded.clock.wall_at += timedelta(seconds=0.5)
        guarded.guard.look()
    assert guarded.steps == []


def test_a_machine_that_slept_sets_all_moments_anew_without_a_step() -> None:
    guarded = Guarded()
    guarded.clock.advance(3600)
    guarded.guard.look()
    assert (guarded.steps, guarded.late) == ([], 1)
