"""Channels as the config wants them."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from ...core.event import Level
from ...core.policy import Roster
from ...ports import Clock
from .channel import Channel, Surroundings
from .policy import Policy
from .sink import Lane, Notifications, Report

CONNECT = timedelta(seconds=5)
READ = timedelta(seconds=10)
"""Time-outs for the HTTP client that plain web addresses are posted with."""


class Wanted(Protocol):
    """One entry of `notify` in the config."""

    @property
    def url_file(self) -> Path:
        """The file that holds the URL."""

    @property
    def level(self) -> str:
        """Quieter facts are left out."""

    @property
    def language(self) -> str:
        """en or zh."""

    @property
    def center(self) -> str | None:
        """Only facts of this center; None = all."""


def channels(wanted: Sequence[Wanted], around: Surroundings) -> list[Channel]:
    """One channel per entry, called after its place in the config."""
    return [
        Channel(f"notify[{at}]", one.language, one.url_file, around)
        for at, one in enumerate(wanted)
    ]


def notifications(
    wanted: Sequence[Wanted],
    around: Surroundings,
    clock: Clock,
    report: Report,
    roster: Callable[[], Roster],
) -> Notifications:
    """The listener that tells people, with one lane per entry.

    Args:
        roster: the config in force.
    """
    lanes = [
        Lane(channel, Policy(Level(one.level), one.center, around.zone))
        for one, channel in zip(wanted, channels(wanted, around), strict=True)
    ]
    return Notifications(lanes, clock, report, roster)
