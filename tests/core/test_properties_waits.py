"""Properties of core.backoff: waits grow, are capped, and are spread the same way every time."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from scnet_watchdog.core import backoff
from scnet_watchdog.core.policy import Cooldown
from strategies import WAITS, cooldowns, examples

NUMBERS = st.integers(1, 10_000)
TICK = timedelta(microseconds=1)


@examples(60)
@given(WAITS, st.floats(1, 1e6), NUMBERS, WAITS)
def test_a_later_step_never_waits_less_and_none_more_than_the_cap(
    first: timedelta, multiplier: float, steps: int, cap: timedelta
) -> None:
    now = backoff.grown(first, multiplier, steps, cap)
    assert now <= cap
    assert backoff.grown(first, multiplier, steps + 1, cap) >= now
    assert now >= min(first, cap)


@examples(60)
@given(cooldowns(), st.text(), NUMBERS, NUMBERS)
def test_a_wait_lies_between_the_bare_wait_and_its_full_spread(
    cooldown: Cooldown, instance: str, number: int, seq: int
) -> None:
    wait = backoff.wait_after(number, cooldown, instance, seq)
    # The first attempt waits at least `initial`, none longer than max × (1 + jitter).
    assert cooldown.initial <= wait <= cooldown.max * (1 + cooldown.jitter) + TICK
    assert backoff.wait_after(number, cooldown, instance, seq) == wait


@examples(60)
@given(st.text(), NUMBERS)
def test_the_spread_is_a_share_below_one_and_the_same_in_a_replay(instance: str, seq: int) -> None:
    assert 0 <= backoff.spread(instance, seq) < 1
    assert backoff.spread(instance, seq) == backoff.spread(instance, seq)


def test_instances_that_fail_together_are_spread_over_the_whole_range() -> None:
    drawn = [backoff.spread(f"a{i}", 1) for i in range(1000)]
    # 1000 of a uniform spread: every tenth holds about a hundred, and never as few as fifty.
    tenths = [sum(i / 10 <= one < (i + 1) / 10 for one in drawn) for i in range(10)]
    assert min(tenths) > 50
