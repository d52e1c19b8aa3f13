"""How long to wait after attempt n: growth, cap and spread."""

from datetime import timedelta
from hashlib import blake2b

from .policy import Cooldown


def grown(first: timedelta, multiplier: float, steps: int, cap: timedelta) -> timedelta:
    """Return first × multiplier^steps, at most cap; never overflows."""
    wait = first
    for _ in range(max(0, steps)):
        if wait >= cap or multiplier <= 1:
            break
        wait = wait * multiplier
    return min(wait, cap)


def spread(instance: str, seq: int) -> float:
    """Return u in [0, 1), the same for the same attempt, so that a replay gives the very wait."""
    digest = blake2b(f"{instance}\0{seq}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


def wait_after(n: int, cooldown: Cooldown, instance: str, seq: int) -> timedelta:
    """Return the wait after attempt n: min(max, initial × multiplier^(n−1)) × (1 + jitter × u)."""
    if n < 1:
        return timedelta()
    base = grown(cooldown.initial, cooldown.multiplier, n - 1, cooldown.max)
    return base * (1 + cooldown.jitter * spread(instance, seq))
