"""Recovery figures from the journal: what outages cost, and what the watchdog made of them.

Pure arithmetic on events: the same journal always gives the same figures. Each length is measured
from what was seen: an instance may have been down for up to one interval before a read showed it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import chain
from math import ceil
from operator import attrgetter

from .event import Event, EventKind
from .model import InstanceId, Status
from .outage import Outage, follow
from .outcome import Verdict
from .presence import Presence, Standing, Window, gaps, presence, spans, watched

ZERO = timedelta()

VERDICTS: Mapping[EventKind, Verdict] = {
    EventKind.RESTART_RECOVERED: Verdict.RECOVERED,
    EventKind.RESTART_DID_NOT_HELP: Verdict.DID_NOT_HELP,
    EventKind.RESTART_RELAPSED: Verdict.RELAPSED,
}
"""Events that judge an attempt; a later one takes an earlier one back."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Outages that met a class of failure, and how many of them a restart ended all the same."""

    outages: int = 0
    recovered: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(self.outages + other.outages, self.recovered + other.recovered)

    @property
    def success(self) -> float | None:
        """The share that recovered, from 0 to 1."""
        return self.recovered / self.outages if self.outages else None


@dataclass(frozen=True, slots=True)
class Figures:
    """One instance's figures, or a sum of several.

    Args:
        running: watched time in which it ran.
        down: watched time in which it did not, for whatever reason: a hold counts too.
        outages: how many began.
        open: how many are not over, those that began before the window too.
        healed: how many a restart of ours ended.
        attempts: restart calls that left us.
        recoveries: attempts whose last verdict is `recovered`.
        relapses: attempts whose last verdict is `relapsed`.
        detected: from the first read that showed an outage to being sure, each.
        recovered: from that first read to running again, each outage that we healed.
        causes: by the status that an outage showed first.
        failures: by the class of a failed call that an outage met on its way.
    """

    running: timedelta = ZERO
    down: timedelta = ZERO
    outages: int = 0
    open: int = 0
    healed: int = 0
    attempts: int = 0
    recoveries: int = 0
    relapses: int = 0
    detected: tuple[timedelta, ...] = ()
    recovered: tuple[timedelta, ...] = ()
    causes: Mapping[str, Tally] = field(default_factory=dict)
    failures: Mapping[str, Tally] = field(default_factory=dict)

    @property
    def availability(self) -> float | None:
        """Running time as a share of running and down time, from 0 to 1."""
        known = self.running + self.down
        return self.running / known if known else None

    @property
    def attempts_per_recovery(self) -> float | None:
        """Calls it took, failed ones included, for each that helped and lasted."""
        return self.attempts / self.recoveries if self.recoveries else None


@dataclass(frozen=True, slots=True)
class Recovery:
    """The figures of a window, per instance and of all together."""

    window: Window
    fleet: Figures
    instances: Mapping[InstanceId, tuple[Standing, Figures]]


def recovery(events: Iterable[Event], standings: Iterable[Standing], window: Window) -> Recovery:
    """The figures of a window.

    Args:
        events: what was journalled within it, oldest first; of instances no longer watched too.
        standings: the instances that are watched now.
    """
    everything = [event for event in events if window.begins_at <= event.at <= window.ends_at]
    told: dict[InstanceId, list[Event]] = {}
    daemon = [event for event in everything if event.instance is None]
    for event in everything:
        if event.instance is not None:
            told.setdefault(event.instance, []).append(event)
    known = {one.id: one for one in standings}
    gone = {id_: _gone(id_, rows[-1]) for id_, rows in told.items() if id_ not in known}
    unwatched = gaps(daemon, window)
    reloads = [event for event in daemon if event.kind is EventKind.CONFIG_RELOADED]
    found: dict[InstanceId, tuple[Standing, Figures]] = {}
    for id_, standing in {**known, **gone}.items():
        rows = told.get(id_, [])
        part = watched(reloads, window, id_)
        if id_ in gone and part.ends_at == window.ends_at:
            # No reload told its removal: it was known for as long as it was told of.
            part = part.cut(part.begins_at, rows[-1].at)
        found[id_] = (standing, _figures(rows, standing, part, unwatched))
    return Recovery(window, total(one for _, one in found.values()), found)


def outages(told: Iterable[Event]) -> list[Outage]:
    """The outages of one instance, oldest first, by its events."""
    found: list[Outage] = []
    last: Outage | None = None
    for event in told:
        now = follow(last, event)
        if now is not None and (last is None or now.began_at != last.began_at):
            found.append(now)
        elif now is not None:
            found[-1] = now
        last = now
    return [one for one in found if one.counts]


def total(figures: Iterable[Figures]) -> Figures:
    """All of them added up."""
    every = tuple(figures)
    return Figures(
        running=sum(map(attrgetter("running"), every), ZERO),
        down=sum(map(attrgetter("down"), every), ZERO),
        outages=sum(map(attrgetter("outages"), every)),
        open=sum(map(attrgetter("open"), every)),
        healed=sum(map(attrgetter("healed"), every)),
        attempts=sum(map(attrgetter("attempts"), every)),
        recoveries=sum(map(attrgetter("recoveries"), every)),
        relapses=sum(map(attrgetter("relapses"), every)),
        detected=tuple(chain.from_iterable(map(attrgetter("detected"), every))),
        recovered=tuple(chain.from_iterable(map(attrgetter("recovered"), every))),
        causes=_added(map(attrgetter("causes"), every)),
        failures=_added(map(attrgetter("failures"), every)),
    )


def middle(lengths: Sequence[timedelta], share: float = 0.5) -> timedelta | None:
    """The length that this share of them does not exceed (nearest rank); None where there is none.

    Args:
        share: above 0, at most 1; a half is the median, the lower one of an even number.
    """
    if not lengths:
        return None
    return sorted(lengths)[ceil(share * len(lengths)) - 1]


def _figures(
    told: Sequence[Event], standing: Standing, part: Window, unwatched: Sequence[Window]
) -> Figures:
    found = outages(told)
    spent = _time(told, standing, part, unwatched, found)
    verdicts = _verdicts(told)
    healed = [one for one in found if one.healed]
    return Figures(
        running=spent.running,
        down=spent.down,
        outages=len(found),
        open=int(_is_open(standing, found)),
        healed=len(healed),
        attempts=sum(one.calls for one in found),
        recoveries=verdicts[Verdict.RECOVERED],
        relapses=verdicts[Verdict.RELAPSED],
        detected=tuple(one.detected_after for one in found if one.detected_after is not None),
        recovered=tuple(one.lasted for one in healed if one.lasted is not None),
        causes=_tallies((one, {str(one.cause or "unknown")}) for one in found),
        failures=_tallies((one, one.failures) for one in found),
    )


def _is_open(standing: Standing, found: Sequence[Outage]) -> bool:
    """Only the last one can be; one that began before the window has left no event in it."""
    lasting = bool(found) and found[-1].ended_at is None
    return lasting or standing.status in (Status.STOPPED, Status.FAILED)


def _time(
    told: Sequence[Event],
    standing: Standing,
    part: Window,
    unwatched: Sequence[Window],
    found: Iterable[Outage],
) -> Presence:
    taken_up = [
        part.cut(one.began_at, one.ended_at or part.ends_at) for one in found if one.taken_up
    ]
    return presence(spans(told, standing, part), unwatched, taken_up)


def _verdicts(told: Iterable[Event]) -> Counter[Verdict]:
    last: dict[object, Verdict] = {}
    for event in told:
        verdict = VERDICTS.get(event.kind)
        if verdict is not None:
            last[event.fields.get("seq")] = verdict
    return Counter(last.values())


def _tallies(met: Iterable[tuple[Outage, Iterable[str]]]) -> dict[str, Tally]:
    found: dict[str, Tally] = {}
    for outage, classes in met:
        for one in sorted(classes):
            found[one] = found.get(one, Tally()) + Tally(1, int(outage.healed))
    return found


def _added(maps: Iterable[Mapping[str, Tally]]) -> dict[str, Tally]:
    found: dict[str, Tally] = {}
    for one in maps:
        for name, tally in one.items():
            found[name] = found.get(name, Tally()) + tally
    return dict(sorted(found.items()))


def _gone(id_: InstanceId, last: Event) -> Standing:
    """An instance of the journal that is no longer watched, as it was last told of."""
    return Standing(id_, last.name or id_, last.center or "")
