"""What property tests draw from, and how many examples they look at.

The ordinary suite looks at few and always at the same ones; `EXAMPLES=20` in the environment looks
at twenty times as many, other ones each time.
"""

import os

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from scnet_watchdog.core.policy import BreakerPolicy, Cooldown

TIMES = int(os.environ.get("EXAMPLES", "1"))
"""How many times as many examples as the ordinary suite looks at."""

GROWTH = st.floats(1, 1000)
WAITS = st.timedeltas(min_value=Cooldown().initial / 60, max_value=Cooldown().max * 4 * 24 * 30)


def examples(few: int) -> settings:
    """Look at so many examples in the ordinary suite."""
    return settings(
        max_examples=few * TIMES,
        derandomize=TIMES == 1,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.large_base_example],
    )


@st.composite
def cooldowns(draw: st.DrawFn) -> Cooldown:
    """Any valid cooldown: initial at most max."""
    initial, most = sorted((draw(WAITS), draw(WAITS)))
    return Cooldown(initial, draw(GROWTH), most, draw(st.floats(0, 1)))


@st.composite
def breaker_policies(draw: st.DrawFn) -> BreakerPolicy:
    """Any valid breaker policy: open_for at most max_open."""
    short, long = sorted((draw(WAITS), draw(WAITS)))
    return BreakerPolicy(
        threshold=draw(st.integers(1, 6)),
        open_for=short,
        multiplier=draw(GROWTH),
        max_open=long,
    )
