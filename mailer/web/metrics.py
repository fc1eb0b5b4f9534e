"""/metrics: figures for Prometheus. None of them is about a person, no label is made up."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import TypeVar

from prometheus_client import CollectorRegistry, Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response

from mailer.jobs.metrics import Figures
from mailer.model.delivery import DeliveryState
from mailer.web.health import VERSION
from mailer.web.means import Means

_Word = TypeVar("_Word", bound=StrEnum)


async def get(request: Request, means: Means) -> Response:
    """Answer with the figures as text."""
    del request
    return Response(
        exposed(await means.watching.do(means.meter.read)),
        headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4},
    )


def exposed(figures: Figures) -> bytes:
    """Write figures as Prometheus reads them."""
    registry = CollectorRegistry()
    registry.register(_Collector(figures))
    return generate_latest(registry)


class _Collector(Collector):
    def __init__(self, figures: Figures) -> None:
        self._figures = figures

    def collect(self) -> Iterable[Metric]:
        """Yield every figure with its words."""
        yield InfoMetricFamily("mailer", "Which program this is.", {"version": VERSION})
        yield from _present(self._figures)
        yield from _totals(self._figures)


def _present(figures: Figures) -> Iterable[Metric]:
    present, waited_s = figures.present, 0.0
    if present.oldest_due_at is not None:
        waited_s = max(0.0, (figures.now - present.oldest_due_at).total_seconds())
    yield _by("mailer_campaigns", "Campaigns by state.", "state", present.campaigns)
    yield GaugeMetricFamily(
        "mailer_deliveries_due", "Letters that could leave now.", present.due
    )
    yield GaugeMetricFamily(
        "mailer_deliveries_due_oldest_seconds",
        "How long the first letter that could leave has waited; 0 without one.",
        waited_s,
    )
    yield GaugeMetricFamily(
        "mailer_deliveries_in_doubt",
        "Letters of which nobody can tell whether they arrived.",
        present.in_doubt,
    )
    yield GaugeMetricFamily(
        "mailer_alarms_open", "Alarms that nobody has acknowledged.", present.alarms
    )


def _totals(figures: Figures) -> Iterable[Metric]:
    totals = figures.totals
    yield _by("mailer_deliveries", "Deliveries by state.", "state", totals.deliveries)
    yield CounterMetricFamily(
        "mailer_letters_accepted",
        "Letters that a relay has taken over.",
        totals.deliveries[DeliveryState.ACCEPTED],
    )
    yield _by(
        "mailer_suppressions",
        "Suppressions in force, by reason.",
        "reason",
        totals.suppressions,
    )
    yield GaugeMetricFamily(
        "mailer_totals_age_seconds",
        "How long ago deliveries, letters accepted and suppressions were counted.",
        max(0.0, (figures.now - figures.totals_at).total_seconds()),
    )


def _by(name: str, words: str, label: str, counts: Mapping[_Word, int]) -> Metric:
    family = GaugeMetricFamily(name, words, labels=[label])
    for value, count in counts.items():
        family.add_metric([value.value], count)
    return family
