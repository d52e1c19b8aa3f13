"""Prometheus: counts since the start, and gauges of this moment, as one page of text.

The only module that imports prometheus-client, and only when a page is asked for: counting goes on
without it. Every name and label stands in `docs/metrics.md`; `instance` and `job` are never labels,
for Prometheus sets those itself, and only `instance_up` has a series per instance.
"""

import asyncio
from collections.abc import Callable, Iterable
from datetime import timedelta
from importlib import import_module
from typing import TYPE_CHECKING

from ...core.attempt import Attempt
from ...core.event import Event
from ...core.fleet import Fleet
from ...core.outcome import RefusalClass, Verdict
from .counts import RESTART_ENDS, Counts, Histogram
from .gauges import Gauges, look

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

PREFIX = "scnet_watchdog_"
Samples = Iterable[tuple[tuple[str, ...], float]]


class Metrics:
    """Fulfils `ports.EventSink`; `page` answers a scrape.

    Args:
        version: the program's own, for `build_info`.
        fleet: the fleet in memory, or None while the state is not ours.
        skipped: runs of jobs that were left out so far, because the one before had not ended.
    """

    def __init__(
        self,
        version: str,
        fleet: Callable[[], Fleet | None],
        skipped: Callable[[], int] = lambda: 0,
    ) -> None:
        self._version = version
        self._fleet = fleet
        self._skipped = skipped
        self._counts = Counts()

    def emit(self, event: Event) -> None:
        """Count one event."""
        self._counts.emit(event)

    def rows(self, attempts: Iterable[Attempt]) -> None:
        """Rows of the ledger were settled or judged."""
        self._counts.rows(attempts)

    def read(self, kind: str, took: timedelta) -> None:
        """A read of the platform ended, well or badly; `list` or `detail`."""
        self._counts.reads[kind].observe(took)

    def polled(self, took: timedelta) -> None:
        """A poll of a source ended, well or badly."""
        self._counts.polls.observe(took)

    def turned(self, took: timedelta) -> None:
        """A turn ended."""
        self._counts.turns.observe(took)

    async def page(self) -> tuple[bytes, str]:
        """The metrics of this moment, and their content type."""
        # In a thread, for it takes a while: the first time.
        await asyncio.to_thread(import_module, "prometheus_client")
        fleet = self._fleet()
        gauges = await look(fleet) if fleet is not None else None
        if gauges is not None:
            self._counts.forget(gauges.watched)
        # Counts are copied here, on the loop, where they change; the gauges are nobody else's.
        return await asyncio.to_thread(_text, self._families(gauges), gauges)

    def _families(self, gauges: Gauges | None) -> "list[Metric]":
        build = [((self._version,), 1.0)]
        centers = gauges.centers if gauges is not None else ()
        return [
            _gauge("build_info", "What runs.", ["version"], build),
            *_counters(self._counts, self._skipped(), centers),
            *_histograms(self._counts),
        ]


def _counters(counts: Counts, skipped: int, centers: Iterable[str]) -> "list[Metric]":
    restarts, verdicts = dict(counts.restarts), dict(counts.verdicts)
    # From zero on in every center: an increase from nothing is none to Prometheus.
    for center in centers:
        for outcome, refusal in _ENDS:
            restarts.setdefault((center, outcome, refusal), 0)
        for verdict in Verdict:
            verdicts.setdefault((center, str(verdict)), 0)
    ends, works = ["center", "outcome", "class"], [((), float(counts.reload_worked))]
    state, lost = [((), counts.state_errors)], [((), counts.notification_errors)]
    return [
        _counter("restarts", "Restart calls by how they ended.", ends, restarts.items()),
        _counter("verdicts", "What later reads proved.", ["center", "verdict"], verdicts.items()),
        _counter("state_errors", "Times the state began to be unwritable.", [], state),
        _counter("notification_errors", "Times messages began to fail.", [], lost),
        _counter("scheduler_skips", "Runs of jobs left out.", [], [((), skipped)]),
        _gauge("config_last_reload_successful", "Whether the last config is in force.", [], works),
    ]


_ENDS = tuple(
    (outcome, refusal)
    for outcome in RESTART_ENDS.values()
    for refusal in (map(str, RefusalClass) if outcome == "refused" else ("",))
)
"""Every pair of outcome and class that a call can end with."""


def _histograms(counts: Counts) -> "list[Metric]":
    return [
        _histogram("poll_duration_seconds", "Asking a source once.", counts.polls),
        _reads(counts),
        _histogram("turn_duration_seconds", "One turn, its save included.", counts.turns),
        _histogram("restart_call_duration_seconds", "From saved to answered.", counts.calls),
        _histogram("detection_seconds", "From first seen down to being sure.", counts.detections),
        _histogram("recovery_seconds", "From first seen down to running.", counts.recoveries),
    ]


def _gauges(found: Gauges) -> "list[Metric]":
    up = [((id_, name, center), float(runs)) for id_, name, center, runs in found.up]
    statuses, reasons = found.instances.items(), found.decisions.items()
    breakers, blocked = found.breakers.items(), found.blocked.items()
    labels, last = ["source", "center"], "source_last_success_timestamp_seconds"
    return [
        _gauge("instances", "Instances by status.", ["center", "status"], statuses),
        _gauge("decisions", "Instances by reason.", ["center", "reason"], reasons),
        _gauge("breakers_open", "Open breakers.", ["center", "scope"], breakers),
        _gauge("center_blocked", "1 = blocked for this cause.", ["center", "cause"], blocked),
        _gauge(last, "When the last good poll began.", labels, found.swept.items()),
        _gauge("instance_up", "1 = last seen running.", ["id", "name", "center"], up),
    ]


def _counter(name: str, about: str, labels: list[str], samples: Samples) -> "Metric":
    from prometheus_client.metrics_core import CounterMetricFamily

    family = CounterMetricFamily(PREFIX + name, about, labels=labels)
    for key, value in sorted(samples):
        family.add_metric(list(key), value)
    return family


def _gauge(name: str, about: str, labels: list[str], samples: Samples) -> "Metric":
    from prometheus_client.metrics_core import GaugeMetricFamily

    family = GaugeMetricFamily(PREFIX + name, about, labels=labels)
    for key, value in sorted(samples):
        family.add_metric(list(key), value)
    return family


def _histogram(name: str, about: str, values: Histogram) -> "Metric":
    from prometheus_client.metrics_core import HistogramMetricFamily

    buckets = values.buckets()
    return HistogramMetricFamily(PREFIX + name, about, buckets=buckets, sum_value=values.sum)


def _reads(counts: Counts) -> "Metric":
    from prometheus_client.metrics_core import HistogramMetricFamily

    about = "One request that reads of the platform."
    family = HistogramMetricFamily(PREFIX + "read_duration_seconds", about, labels=["kind"])
    for kind, values in counts.reads.items():
        family.add_metric([kind], values.buckets(), values.sum)
    return family


class _Collected:
    """Families that are complete, as a registry asks for them."""

    def __init__(self, families: "list[Metric]") -> None:
        self._families = families

    def collect(self) -> "Iterable[Metric]":
        """All of them."""
        return self._families


def _text(counted: "list[Metric]", gauges: Gauges | None) -> tuple[bytes, str]:
    from prometheus_client import CollectorRegistry, ProcessCollector
    from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

    # A registry of its own for each page: what libraries count globally stays out of it.
    registry = CollectorRegistry()
    registry.register(_Collected(counted + (_gauges(gauges) if gauges is not None else [])))
    ProcessCollector(registry=registry)
    return generate_latest(registry), CONTENT_TYPE_LATEST
