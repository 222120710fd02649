"""From settings to the parts that hold no connection: what each station is configured with."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from agent.aggregate.documents import DocumentLanguages
from agent.alerting import load
from agent.alerting.measures import Quality, Thresholds
from agent.alerting.rule import Rule
from agent.clock import Clock
from agent.config.settings import Settings, SourceSettings
from agent.decode.exclude import Exclusion
from agent.decode.native import NativeDecoder
from agent.language.fasttext import FastTextModel, bundled_model
from agent.language.tagger import MIN_CONFIDENCE, Tagger
from agent.notify.base import Notifier
from agent.notify.integrations import INTEGRATIONS
from agent.notify.route import Route
from agent.notify.terminal import LogNotifier
from agent.resources import rules_dir
from agent.source.kafka import KafkaAddress
from agent.store.engine import Address
from agent.times import parse_time


def decoder(source: SourceSettings) -> NativeDecoder:
    """Bytes to events."""
    return NativeDecoder(source.mapping, source.max_future_skew // timedelta(milliseconds=1))


def exclusions(source: SourceSettings) -> list[Exclusion]:
    """Events that are nobody's query."""
    return [Exclusion(each.field, each.equals) for each in source.exclude]


def documents(source: SourceSettings) -> DocumentLanguages:
    """How a document's language is known."""
    return DocumentLanguages(source.document_language.collections, source.document_language.pattern)


def tagger(settings: Settings) -> Tagger:
    """Which language a query is in."""
    language = settings.language
    allowed = None if language.allowed is None else frozenset(language.allowed)
    return Tagger(
        FastTextModel(bundled_model()), allowed, MIN_CONFIDENCE if language.min_confidence is None else language.min_confidence
    )


def quality(settings: Settings) -> Quality:
    """How quality is read; a threshold of `auto` is not measured yet, so it is none."""
    given, similarity = settings.quality.hit_threshold, settings.quality.similarity
    thresholds = Thresholds(_set(given.default), *(_table(each) for each in (given.models, given.collections, given.languages)))
    return Quality(settings.quality.k, thresholds, similarity.floor, similarity.reference or ())


def _set(threshold: float | str) -> float | None:
    return threshold if isinstance(threshold, float) else None


def _table(thresholds: Mapping[str, float | str]) -> dict[str, float | None]:
    return {name: _set(threshold) for name, threshold in thresholds.items()}


def rules(settings: Settings) -> list[Rule]:
    """The configured rules; raises Misconfigured with every mistake."""
    return load.load(settings.rules, rules_dir())


def notifiers(settings: Settings) -> dict[str, Notifier]:
    """The configured receivers, or the log when there are none."""
    made: dict[str, Notifier] = {}
    for name, receiver in settings.notify.receivers.items():
        given = {key: value for key, value in receiver if key != "type" and not key.endswith("_file")}
        made[name] = INTEGRATIONS[receiver.type](name=name, **{key: _revealed(value) for key, value in given.items()})
    return made or {"log": LogNotifier()}


def routes(settings: Settings) -> list[Route]:
    """Who is told of what."""
    return [
        Route(receivers=each.receivers, match=each.match, match_re=each.match_re, not_=each.not_, continue_=each.continue_)
        for each in settings.notify.routes
    ]


def kafka_address(settings: Settings) -> KafkaAddress:
    """How to reach the broker, in kafka-python's names."""
    kafka = settings.source.kafka
    security = kafka.security
    client = {
        "security_protocol": security.protocol,
        "ssl_cafile": str(security.ca_file) if security.ca_file else None,
        "sasl_mechanism": security.sasl_mechanism,
        "sasl_plain_username": security.username,
        "sasl_plain_password": security.password and security.password.get_secret_value(),
    }
    return KafkaAddress(kafka.bootstrap_servers, {key: value for key, value in client.items() if value})


def kafka_start(settings: Settings, clock: Clock) -> str | datetime:
    """Where an unknown source is begun."""
    start = settings.source.kafka.start
    return start if start in {"earliest", "latest"} else parse_time(start, clock.now())


def clickhouse_address(settings: Settings) -> Address | None:
    """The configured server, None for the embedded store."""
    given = settings.store.clickhouse
    return None if given is None else Address(given.url, given.database, given.username, given.password)


def _revealed(value: Any) -> Any:
    return value.get_secret_value() if hasattr(value, "get_secret_value") else value
