"""A story: everything that will go wrong in one simulated life of a fleet, as plain data.

A story and the code under test decide together what happens, nothing else does: the same story
ends the same way. It can be printed, read again and made shorter.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from random import Random
from typing import Any


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that happens.

    Args:
        at: seconds after the beginning.
        what: the name of a deed in `deeds.py`.
        args: its arguments, plain JSON values.
    """

    at: float
    what: str
    args: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        said = " ".join(f"{key}={value}" for key, value in self.args.items())
        return f"{self.at:9.1f} s  {self.what} {said}".rstrip()


@dataclass(frozen=True, slots=True)
class Story:
    """One story.

    Args:
        seed: of all chance that is left while it is told: latencies, the platform's moods.
        count: instances.
        hours: how long things go wrong; then all faults end and everything must come back.
        policies: names of policies in `presets.py`, given to the instances in turn.
        limits: a name of limits in `presets.py`.
        pace: a name of a pace in `presets.py`.
    """

    seed: int
    count: int
    hours: float
    policies: tuple[str, ...] = ("default",)
    limits: str = "default"
    pace: str = "default"
    happenings: tuple[Happening, ...] = ()

    def dumped(self) -> str:
        """The story as one line of JSON."""
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def read(cls, text: str) -> "Story":
        """The story that was dumped."""
        found = json.loads(text)
        found["policies"] = tuple(found["policies"])
        found["happenings"] = tuple(Happening(**one) for one in found["happenings"])
        return cls(**found)

    def __str__(self) -> str:
        head = (
            f"seed {self.seed}: {self.count} instances, {self.hours:g} h, policies "
            f"{'/'.join(self.policies)}, limits {self.limits}, pace {self.pace}"
        )
        return "\n".join([head, *(str(one) for one in self.happenings)])


def dice_of(seed: int, what: str) -> Random:
    """Chance of its own for each part, so that one more throw here moves nothing there."""
    return Random(f"{seed} {what}")
