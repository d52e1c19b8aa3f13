"""The clock of this machine."""

from datetime import UTC, timedelta

from scnet_watchdog.adapters.clock import BOOTTIME, SystemClock


def test_the_steady_clock_begins_at_wall_time_and_never_goes_back() -> None:
    clock = SystemClock()
    first, second = clock.now(), clock.now()
    assert first.tzinfo is UTC
    assert second >= first
    assert abs(clock.wall() - first) < timedelta(seconds=5)


def test_it_says_whether_a_suspend_counts() -> None:
    assert SystemClock().counts_suspend is (BOOTTIME is not None)
    assert SystemClock().monotonic_us() > 0
