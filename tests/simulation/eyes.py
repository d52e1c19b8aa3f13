"""What the daemon was shown, kept independently of what it made of that."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from scnet_watchdog.core.model import InstanceId, Page, Status, Swept

READS_KEPT = 500
"""Reads kept after a call: more than any watch asks for."""
SPANS_KEPT = 40
LEFT = frozenset({Status.RUNNING, Status.WAITING, Status.DEPLOYING, Status.UNKNOWN})


@dataclass(slots=True)
class Look:
    """The last status that was shown, from its first to its last read; `spans` are those before."""

    status: Status
    first: datetime
    last: datetime
    spans: list[tuple[Status, datetime, datetime]] = field(default_factory=list)

    def show(self, status: Status, asked: datetime) -> None:
        """Another status."""
        self.spans.append((self.status, self.first, self.last))
        del self.spans[:-SPANS_KEPT]
        self.status, self.first, self.last = status, asked, asked

    def all_spans(self) -> Iterator[tuple[Status, datetime, datetime]]:
        """Every span, the latest last."""
        yield from self.spans
        yield self.status, self.first, self.last


@dataclass(slots=True)
class Reads:
    """Good reads begun after a call."""

    since: datetime
    found: list[tuple[datetime, Status]] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        """Whether none is missing."""
        return len(self.found) < READS_KEPT

    def after(self, moment: datetime) -> list[Status]:
        """What was shown by those begun at a moment or later."""
        return [status for asked, status in self.found if asked >= moment]


class Eyes:
    """Every page that reached the daemon."""

    def __init__(self) -> None:
        self.looks: dict[InstanceId, Look] = {}
        self.reads: dict[InstanceId, Reads] = {}
        self.sweep = timedelta()
        self.seen: set[InstanceId] = set()
        """Whom the daemon that runs now was shown."""

    def forget(self) -> None:
        """The daemon is gone, and what it saw with it; that something ran is still true."""
        self.sweep = timedelta()
        self.seen.clear()

    def read(self, page: Page) -> None:
        """Take in one page."""
        asked, looks = page.asked_at, self.looks
        self.seen.update(page.rows)
        for id_, status in page.rows.items():
            look = looks.get(id_)
            if look is None:
                looks[id_] = Look(status, asked, asked)
            elif asked <= look.last:
                continue
            elif look.status is status:
                look.last = asked
            else:
                look.show(status, asked)
        for id_ in self.reads.keys() & page.rows.keys():
            reads = self.reads[id_]
            if asked >= reads.since and reads.whole:
                reads.found.append((asked, page.rows[id_]))

    def swept(self, swept: Swept) -> None:
        """How long the last complete poll took."""
        self.sweep = swept.ended_at - swept.began_at

    def follow(self, id_: InstanceId, since: datetime) -> None:
        """Keep every read of an instance that is begun from now on."""
        self.reads[id_] = Reads(since)

    def was_stable(self, id_: InstanceId, since: datetime, length: timedelta) -> bool:
        """Whether it was seen running for so long after a moment, nothing else in between."""
        look = self.looks.get(id_)
        return look is not None and any(
            status is Status.RUNNING and last - max(first, since) >= length
            for status, first, last in look.all_spans()
        )

    def showed(self, id_: InstanceId, since: datetime, status: Status) -> bool:
        """Whether a status was shown after a moment."""
        look = self.looks.get(id_)
        return look is not None and any(
            shown is status and last >= since for shown, _, last in look.all_spans()
        )


def has_left(statuses: list[Status], restart_on: frozenset[Status]) -> bool:
    """Whether reads show that a call acted."""
    done = Status.COMPLETED not in restart_on
    return any(one in LEFT or (done and one is Status.COMPLETED) for one in statuses)
