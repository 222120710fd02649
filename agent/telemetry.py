"""The agent's own metrics: a closed list, counted with OpenTelemetry and shown in Prometheus' format at /metrics."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Final, get_args

from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.metrics import CallbackOptions, Meter, Observation
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import MetricReader

from agent import __version__, exporting
from agent.alerting.incident import IncidentClass, State
from agent.alerting.measured import Measured
from agent.clock import Clock
from agent.errors import Misconfigured
from agent.notify.dedup import Reason
from agent.notify.notification import Delivery
from agent.runtime.look import Look
from agent.runtime.tally import Tally

COUNTERS: Final[Mapping[str, str]] = {
    "babelwatch_messages": "Messages read from the log and stored, or lost to its retention, by outcome",
    "babelwatch_dead_letters": "Rejected messages, by reason",
    "babelwatch_spans": "Spans of the log, by what they are to a retrieval, and how often a partner of one was missing",
    "babelwatch_tags": "Events whose query is in no language that can be told, or in a second one too, by reason",
    "babelwatch_declared_languages": "Events whose declared language can be compared with the detected one, by whether they agree",
    "babelwatch_late_events": "Events that came after their minute was evaluated",
    "babelwatch_notifications": "Notifications, by receiver, outcome and reason",
}
GAUGES: Final[Mapping[str, str]] = {
    "babelwatch_build_info": "Always 1, with the version",
    "babelwatch_consumer_lag": "Records of a partition that are not in the store, whoever reads it; from the agent that evaluates",
    "babelwatch_as_of_age_seconds": "How long ago as_of is: what came before it is evaluated; from the agent that evaluates",
    "babelwatch_config_last_reload_successful": "1, or 0 where the configuration was changed into a wrong one: the one before stays",
    "babelwatch_language_measure": "A measure of a language over the last hour that was evaluated; from the agent that evaluates",
    "babelwatch_language_measure_expected": "What that hour would usually have been",
    "babelwatch_incidents": "Open incidents, by class and state; from the agent that evaluates",
}
HISTOGRAMS: Final[Mapping[str, str]] = {
    "babelwatch_flush_seconds": "How long one try took to write a partition's counts and to read its position back, failed ones too",
    "babelwatch_evaluate_seconds": "How long it took to evaluate what had become complete, and to tell of it",
}
SECONDS: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""Bounds of the buckets: an insert takes some 10 ms, a store that hangs is given up after seconds, a long walk takes minutes."""
STATES: Final[tuple[State, ...]] = ("pending", "firing")

Observe = Callable[[CallbackOptions], Iterable[Observation]]


class Telemetry:
    """Counts at flushes, looks and deliveries, never per event. What the newest look does not hold is shown no more."""

    def __init__(self, meter: Meter, clock: Clock) -> None:
        self._clock = clock
        self._configured = True
        self._look = Look()  # written by the loop, read where metrics are asked; each assignment is whole
        self._counters = {name: meter.create_counter(name, description=text) for name, text in COUNTERS.items()}
        self._histograms = {
            name: meter.create_histogram(name, description=text, explicit_bucket_boundaries_advisory=SECONDS)
            for name, text in HISTOGRAMS.items()
        }
        for name, observe in self._observed().items():
            meter.create_observable_gauge(name, [observe], description=GAUGES[name])

    def _observed(self) -> Mapping[str, Observe]:
        return {
            "babelwatch_build_info": lambda _: [Observation(1, {"version": __version__})],
            "babelwatch_consumer_lag": self._lags,
            "babelwatch_as_of_age_seconds": self._age,
            "babelwatch_config_last_reload_successful": lambda _: [Observation(int(self._configured))],
            "babelwatch_language_measure": lambda _: self._languages(lambda one: one.current),
            "babelwatch_language_measure_expected": lambda _: self._languages(lambda one: one.expected),
            "babelwatch_incidents": self._incidents,
        }

    def reloaded(self, wrong: Misconfigured | None) -> None:
        """The configuration was read again, or was wrong."""
        self._configured = wrong is None

    def stored(self, tally: Tally) -> None:
        """A batch is in the store."""
        for outcome in ("accepted", "rejected", "duplicates", "excluded", "lost"):
            self._counters["babelwatch_messages"].add(getattr(tally, outcome), {"outcome": outcome})
        for reason, count in tally.reasons.items():
            self._counters["babelwatch_dead_letters"].add(count, {"reason": reason})
        for what, count in tally.spans.items():
            self._counters["babelwatch_spans"].add(count, {"outcome": what})
        for why, count in tally.tags.items():
            self._counters["babelwatch_tags"].add(count, {"reason": why})
        for agrees, count in (("yes", tally.declared_agrees), ("no", tally.declared - tally.declared_agrees)):
            self._counters["babelwatch_declared_languages"].add(count, {"agrees": agrees})
        self._counters["babelwatch_late_events"].add(tally.late)

    def told(self, delivery: Delivery) -> None:
        """A notification was sent, or failed."""
        self._counters["babelwatch_notifications"].add(
            1, {"receiver": delivery.receiver, "outcome": delivery.outcome, "reason": delivery.reason.value}
        )

    def silent(self, receiver: str, reason: Reason) -> None:
        """Somebody was not told, and why: once for each incident."""
        labels = {"receiver": receiver, "outcome": "skipped", "reason": reason.value}
        self._counters["babelwatch_notifications"].add(1, labels)

    def tried(self, took: timedelta) -> None:
        """A flush was tried."""
        self._histograms["babelwatch_flush_seconds"].record(took.total_seconds())

    def looked(self, look: Look) -> None:
        """The loop has looked at the log's end, and evaluated if that is its part."""
        self._look = look
        if look.took is not None:
            self._histograms["babelwatch_evaluate_seconds"].record(look.took.total_seconds())

    def _lags(self, _: CallbackOptions) -> Iterable[Observation]:
        for partition, lag in self._look.lags.items():
            yield Observation(lag, {"topic": partition.topic, "partition": str(partition.number)})

    def _age(self, _: CallbackOptions) -> Iterable[Observation]:
        """As of the moment in which it is asked: a loop that hangs is seen."""
        if as_of := self._look.as_of:
            yield Observation((self._clock.now() - as_of).total_seconds())

    def _languages(self, value: Callable[[Measured], float]) -> Iterable[Observation]:
        for one in self._look.measured:
            labels = {"service": one.service, "language": one.language, "measure": one.measure}
            yield Observation(value(one), labels)

    def _incidents(self, _: CallbackOptions) -> Iterable[Observation]:
        """Zeros too, so that a rule on them has a series from the beginning."""
        look = self._look
        open_now = Counter((one.class_, one.state) for one in look.incidents)
        for class_ in get_args(IncidentClass) if look.as_of else ():
            for state in STATES:
                yield Observation(open_now[class_, state], {"class": class_, "state": state})


def prometheus(clock: Clock, *others: MetricReader) -> Telemetry:
    """Telemetry whose figures `/metrics` shows, and whoever else reads them."""
    own = PrometheusMetricReader(disable_target_info=True, scope_info_enabled=False)
    provider = MeterProvider(metric_readers=[own, *others], resource=exporting.resource(), shutdown_on_exit=False)
    return Telemetry(provider.get_meter("babelwatch", __version__), clock)
