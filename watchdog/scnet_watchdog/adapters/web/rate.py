"""How often one peer may ask: a bucket of tokens each, for a bounded number of peers."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

PEERS = 1000
"""Peers remembered; the one unheard of for longest is forgotten first."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """What one peer may spend: `burst` at once, refilled at `per_second`."""

    per_second: float
    burst: float


class Rate:
    """Counts requests per peer.

    Args:
        elapsed: a monotonic clock in seconds.
    """

    def __init__(self, allowance: Allowance, elapsed: Callable[[], float]) -> None:
        self._allowance = allowance
        self._elapsed = elapsed
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, peer: str) -> float:
        """Spend one; 0, or the seconds after which there is one again."""
        now, rule = self._elapsed(), self._allowance
        left, at = self._left.pop(peer, (rule.burst, now))
        left = min(rule.burst, left + (now - at) * rule.per_second)
        spent = left if left < 1 else left - 1
        self._left[peer] = (spent, now)
        while len(self._left) > PEERS:
            self._left.popitem(last=False)
        return 0.0 if left >= 1 else (1 - left) / rule.per_second
