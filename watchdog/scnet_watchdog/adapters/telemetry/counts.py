"""Counting in plain Python: what has happened since the start, by the events that told it.

Nothing here knows Prometheus, so that counting costs no import and may begin before anybody asks.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import timedelta

from ...core.attempt import Attempt
from ...core.event import Event, EventKind
from ...core.model import InstanceId
from ...core.outage import Outage, follow
from ...core.outcome import Verdict

TURN_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
"""Seconds; a turn takes milliseconds, and one of a second is a slow disk."""
CALL_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)
"""Seconds; for whatever asks the platform: a read may take its time-out of 30 s, several times."""
DETECTION_BUCKETS = (5.0, 10.0, 20.0, 30.0, 45.0, 60.0, 90.0, 120.0, 300.0, 600.0, 1800.0)
"""Seconds, around the default of `confirm.over`, which is 30 s."""
RECOVERY_BUCKETS = (30.0, 60.0, 120.0, 180.0, 300.0, 600.0, 1200.0, 1800.0, 3600.0, 7200.0, 21600.0)
"""Seconds, around the default of `start_deadline`, which is 10 min."""

RESTART_ENDS = {
    EventKind.RESTART_ACCEPTED: "accepted",
    EventKind.RESTART_REFUSED: "refused",
    EventKind.RESTART_UNKNOWN: "unknown",
    EventKind.RESTART_NOT_SENT: "not_sent",
    EventKind.RESTART_WITHDRAWN: "withdrawn",
}
VERDICT_KINDS = frozenset(
    {
        EventKind.RESTART_RECOVERED,
        EventKind.RESTART_DID_NOT_HELP,
        EventKind.RESTART_RELAPSED,
        EventKind.RESTART_STUCK_WAITING,
    }
)


class Histogram:
    """How many values fell up to each bound.

    Args:
        bounds: upper bounds in seconds, ascending; what is larger falls beyond the last.
    """

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = tuple(bounds)
        self._counts = [0] * (len(self._bounds) + 1)
        self.sum = 0.0
        """All values added up, in seconds."""

    def observe(self, length: timedelta) -> None:
        """Take one value."""
        value = length.total_seconds()
        self._counts[bisect_left(self._bounds, value)] += 1
        self.sum += value

    def buckets(self) -> list[tuple[str, float]]:
        """Each bound as text with the number of values up to it; `+Inf` is all of them."""
        found: list[tuple[str, float]] = []
        so_far = 0
        for bound, count in zip((*self._bounds, float("inf")), self._counts, strict=True):
            so_far += count
            found.append(("+Inf" if bound == float("inf") else str(bound), so_far))
        return found


class Counts:
    """Fulfils `ports.EventSink`: counts what the contract's metrics speak of."""

    def __init__(self) -> None:
        self.restarts: Counter[tuple[str, str, str]] = Counter()
        """By center, outcome and class (empty where the outcome has none)."""
        self.verdicts: Counter[tuple[str, str]] = Counter()
        """By center and verdict."""
        self.state_errors = 0
        self.notification_errors = 0
        self.reload_worked = True
        """Whether the last config that was looked at is in force."""
        self.polls = Histogram(CALL_BUCKETS)
        self.reads = {kind: Histogram(CALL_BUCKETS) for kind in ("list", "detail")}
        """By what was asked for: a page of the list, or one instance's detail."""
        self.turns = Histogram(TURN_BUCKETS)
        self.calls = Histogram(CALL_BUCKETS)
        self.detections = Histogram(DETECTION_BUCKETS)
        self.recoveries = Histogram(RECOVERY_BUCKETS)
        # One at most per instance: of those that are down, or were since they were last stable.
        self._outages: dict[InstanceId, Outage] = {}

    def emit(self, event: Event) -> None:
        """Count one event."""
        if event.instance is not None:
            self._follow(event.instance, event)
        center = event.center or ""
        if event.kind in RESTART_ENDS:
            refusal = str(event.fields.get("class") or "")
            self.restarts[center, RESTART_ENDS[event.kind], refusal] += 1
            self._call(event)
        elif event.kind in VERDICT_KINDS and event.fields.get("verdict"):
            # The early alarm of an attempt that waits is no verdict yet.
            self.verdicts[center, str(event.fields["verdict"])] += 1
        else:
            self._rare(event.kind)

    def rows(self, attempts: Iterable[Attempt]) -> None:
        """Count the one verdict that no event tells; a row gets it once, and is closed with it."""
        for one in attempts:
            if one.verdict is Verdict.UNJUDGED:
                self.verdicts[one.center, str(one.verdict)] += 1

    def forget(self, watched: frozenset[InstanceId]) -> None:
        """Drop what is known of instances that are no longer watched."""
        for id_ in self._outages.keys() - watched:
            del self._outages[id_]

    def _rare(self, kind: EventKind) -> None:
        match kind:
            case EventKind.STATE_FAILED:
                self.state_errors += 1
            case EventKind.NOTIFICATION_FAILED:
                self.notification_errors += 1
            case EventKind.CONFIG_REJECTED:
                self.reload_worked = False
            case EventKind.CONFIG_RELOADED | EventKind.CONFIG_LOADED:
                self.reload_worked = True

    def _call(self, event: Event) -> None:
        took = event.fields.get("duration_ms")
        # A withdrawn call was never made.
        if isinstance(took, int | float) and event.kind is not EventKind.RESTART_WITHDRAWN:
            self.calls.observe(timedelta(milliseconds=took))

    def _follow(self, id_: InstanceId, event: Event) -> None:
        before = self._outages.get(id_)
        now = follow(before, event)
        if now is None:
            return
        if now.detected_after is not None and (before is None or before.detected_after is None):
            self.detections.observe(now.detected_after)
        if now.healed and now.lasted is not None and not (before is not None and before.healed):
            self.recoveries.observe(now.lasted)
        self._outages[id_] = now
        if event.kind is EventKind.INSTANCE_STABLE:
            del self._outages[id_]
