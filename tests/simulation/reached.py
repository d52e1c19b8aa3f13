"""The space of stories: what a run of them must have come across, and how often it did."""

from collections import Counter

from scnet_watchdog.core.decision import Reason
from scnet_watchdog.core.outcome import OutcomeKind, RefusalClass, Verdict

from .deeds import DEEDS

HALTS = (
    "acquire",
    "load",
    "inbox",
    "commit: before",
    "commit: after",
    "read: before it leaves",
    "read: on the wire",
    "read: ended",
    "call: before it leaves",
    "call: on the wire",
    "call: ended",
)
"""Where a daemon can die: wherever it waits for something outside."""


def _outcomes() -> list[str]:
    plain = [str(kind) for kind in OutcomeKind if kind is not OutcomeKind.REFUSED]
    return plain + [f"{OutcomeKind.REFUSED} {refusal}" for refusal in RefusalClass]


SPACE: dict[str, tuple[str, ...]] = {
    "reasons": tuple(f"reason {one}" for one in Reason),
    "outcomes": tuple(f"outcome {one}" for one in _outcomes()),
    "verdicts": tuple(f"verdict {one}" for one in Verdict),
    "breaker edges": tuple(
        f"{scope} breaker.{edge}"
        for scope in ("instance", "center")
        for edge in ("opened", "half_opened", "closed")
    ),
    "crash points": tuple(f"died at {halt}" for halt in HALTS),
    "troubles": (*(f"deed {name}" for name in DEEDS), "commit failed"),
}


def table(reached: Counter[str]) -> str:
    """How often each was reached."""
    lines = []
    for title, names in SPACE.items():
        lines.append(f"{title}:")
        cells = [f"{reached[name]:>9,} {_short(name)}" for name in names]
        lines += [
            "  " + "".join(f"{cell:<38}" for cell in cells[n : n + 3]).rstrip()
            for n in range(0, len(cells), 3)
        ]
    return "\n".join(lines)


def missing(reached: Counter[str]) -> list[str]:
    """What was never reached."""
    return [name for names in SPACE.values() for name in names if not reached[name]]


def _short(name: str) -> str:
    for prefix in ("reason ", "outcome ", "verdict ", "died at ", "deed "):
        name = name.removeprefix(prefix)
    return name
