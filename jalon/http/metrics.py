"""What Prometheus reads: how long requests take, how many are at work, and the rooms' own figures."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0)
PROMISE_SECONDS = (0.0005, 0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 1.0)
PROMISES = "/v1/promises"
CONTENT_TYPE = CONTENT_TYPE_LATEST
Figures = Callable[[], dict[str, float]]


class Metrics:
    """The figures of one server; a route is told as it was declared, so that no id becomes a label.

    Attributes
    ----------
    at_work : int
        Requests at work now.
    """

    def __init__(self) -> None:
        self.at_work = 0
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        working = Gauge("http_requests_in_progress", "Requests at work.", registry=self.registry)
        working.set_function(lambda: self.at_work)
        self._requests = Histogram(
            "http_request_duration_seconds",
            "Seconds from a request's first byte to its reply's last.",
            ("method", "route", "status"),
            buckets=SECONDS,
            registry=self.registry,
        )
        self._promises = Histogram(
            "promise_latency_seconds",
            "Seconds that quotes and reservations take; the goal is p99 within 10 ms.",
            ("operation",),
            buckets=PROMISE_SECONDS,
            registry=self.registry,
        )
        self._series: dict[tuple[str, str, int], tuple[Histogram, ...]] = {}

    def observe(self, method: str, route: str, status: int, took_s: float) -> None:
        """Count one reply."""
        series = self._series.get((method, route, status))
        if series is None:
            series = self._series[method, route, status] = self._labelled(method, route, status)
        for one in series:
            one.observe(took_s)

    def _labelled(self, method: str, route: str, status: int) -> tuple[Histogram, ...]:
        """Return where replies of one kind are counted; kept, because labels are slow to look up."""
        requests = self._requests.labels(method, route, str(status))
        is_promise = route.startswith(PROMISES)
        return (requests, self._promises.labels(f"{method} {route}")) if is_promise else (requests,)

    def add(self, prefix: str, figures: Figures) -> None:
        """Tell a room's figures as they are when somebody asks."""
        self.registry.register(_Asked(prefix, figures))

    def text(self) -> bytes:
        """Return everything in Prometheus' text format."""
        return generate_latest(self.registry)


class _Asked:
    """Asks a room for its figures."""

    def __init__(self, prefix: str, figures: Figures) -> None:
        self.prefix, self.figures = prefix, figures

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Tell no names ahead: a room may not be open yet."""
        return iter(())

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield one gauge per figure."""
        for name, value in self.figures().items():
            yield GaugeMetricFamily(f"{self.prefix}_{name}", f"`{name}` of the {self.prefix} room.", value)
