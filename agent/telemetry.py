"""The agent's own metrics: a closed list, counted with OpenTelemetry and shown in Prometheus' format at /metrics."""

from collections.abc import Mapping
from typing import Final

from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.metrics import Meter
from opentelemetry.sdk.metrics import MeterProvider

from agent import __version__
from agent.notify.steps import Delivery
from agent.runtime.tally import Tally

COUNTERS: Final[Mapping[str, str]] = {
    "babelwatch_messages": "Messages read from the log and stored, or lost to its retention, by outcome",
    "babelwatch_dead_letters": "Rejected messages, by reason",
    "babelwatch_tags": "Events whose query is in no language that can be told, or in a second one too, by reason",
    "babelwatch_declared_languages": "Events whose declared language can be compared with the detected one, by whether they agree",
    "babelwatch_late_events": "Events that came after their minute was evaluated",
    "babelwatch_notifications": "Notifications, by receiver and outcome",
}
GAUGES: Final[Mapping[str, str]] = {
    "babelwatch_build_info": "Always 1, with the version",
}


class Telemetry:
    """Counts at flushes and deliveries, never per event."""

    def __init__(self, meter: Meter) -> None:
        self._counters = {name: meter.create_counter(name, description=text) for name, text in COUNTERS.items()}
        self._gauges = {name: meter.create_gauge(name, description=text) for name, text in GAUGES.items()}
        self._gauges["babelwatch_build_info"].set(1, {"version": __version__})

    def stored(self, tally: Tally) -> None:
        """A batch is in the store."""
        for outcome in ("accepted", "rejected", "duplicates", "excluded", "lost"):
            self._counters["babelwatch_messages"].add(getattr(tally, outcome), {"outcome": outcome})
        for reason, count in tally.reasons.items():
            self._counters["babelwatch_dead_letters"].add(count, {"reason": reason})
        for why, count in tally.tags.items():
            self._counters["babelwatch_tags"].add(count, {"reason": why})
        for agrees, count in (("yes", tally.declared_agrees), ("no", tally.declared - tally.declared_agrees)):
            self._counters["babelwatch_declared_languages"].add(count, {"agrees": agrees})
        self._counters["babelwatch_late_events"].add(tally.late)

    def told(self, delivery: Delivery) -> None:
        """A notification was sent, or failed."""
        self._counters["babelwatch_notifications"].add(1, {"receiver": delivery.receiver, "outcome": delivery.outcome})


def prometheus() -> Telemetry:
    """Telemetry whose figures `/metrics` shows."""
    provider = MeterProvider(metric_readers=[PrometheusMetricReader(disable_target_info=True, scope_info_enabled=False)])
    return Telemetry(provider.get_meter("babelwatch", __version__))
