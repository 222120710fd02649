"""From settings to the parts that hold no connection: what each station is configured with."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, get_args

from agent.aggregate.documents import DocumentLanguages
from agent.alerting import load
from agent.alerting.incident import Severity
from agent.alerting.measures import Quality, Thresholds
from agent.alerting.rule import Rule
from agent.clock import Clock
from agent.config.settings import TWINS, LanguageSettings, ServiceLanguageSettings, Settings, SourceSettings
from agent.config.values import Secret
from agent.cron import parse_cron, zone_of
from agent.decode.auto import AutoDecoder
from agent.decode.base import Decoder
from agent.decode.exclude import Exclusion
from agent.decode.native import NativeDecoder
from agent.decode.otlp.decoder import WIRES, OtlpDecoder
from agent.errors import Misconfigured, Mistake
from agent.language import evidence
from agent.language.cld2 import Cld2
from agent.language.expected import MERGED, Expected
from agent.language.fasttext import FastTextModel, bundled_model
from agent.language.services import Taggers
from agent.language.tagger import MIN_CONFIDENCE, Models, Tagger
from agent.notify import mute_file
from agent.notify.base import Deployments, Notifier, Sustained
from agent.notify.grouping import UNGROUPED, Timing
from agent.notify.integrations import INTEGRATIONS
from agent.notify.mute import Mute
from agent.notify.page import Places
from agent.notify.pipeline import Telling
from agent.notify.render import Renderer, mistakes_in
from agent.notify.route import Route
from agent.notify.terminal import LogNotifier
from agent.resources import rules_dir
from agent.runtime.report_due import Plan
from agent.source.clients import KafkaAddress
from agent.store.engine import Address
from agent.times import parse_time


def native(source: SourceSettings) -> NativeDecoder:
    """Records of the native format to events."""
    return NativeDecoder(source.mapping, source.max_future_skew // timedelta(milliseconds=1))


def decoder(source: SourceSettings) -> Decoder:
    """Bytes to events."""
    skew = source.max_future_skew // timedelta(milliseconds=1)
    decoders: dict[str, Decoder] = {"native": native(source)}
    decoders |= {name: OtlpDecoder(wire, source.mapping, skew) for name, wire in WIRES.items()}
    return AutoDecoder(decoders) if source.format == "auto" else decoders[source.format]


def exclusions(source: SourceSettings) -> list[Exclusion]:
    """Events that are nobody's query."""
    return [Exclusion(each.field, each.equals) for each in source.exclude]


def documents(source: SourceSettings) -> DocumentLanguages:
    """How a document's language is known."""
    return DocumentLanguages(source.document_language.collections, source.document_language.pattern)


def taggers(settings: Settings) -> Taggers:
    """Which language a query is in; raises Misconfigured with every mistake."""
    models = Models(FastTextModel(bundled_model()), Cld2(), evidence.load())
    language = settings.language
    mistakes: list[Mistake] = []
    made: dict[str | None, Tagger] = {}
    owns: dict[str | None, LanguageSettings | ServiceLanguageSettings] = dict([(None, language), *language.services.items()])
    for service, own in owns.items():
        try:
            made[service] = _tagger(models, language, own)
        except Misconfigured as error:
            mistakes += [_placed(mistake, service, own) for mistake in error.mistakes]
    if mistakes:
        raise Misconfigured(list(dict.fromkeys(mistakes)))
    return Taggers(made.pop(None), {service: tagger for service, tagger in made.items() if service})


def _placed(mistake: Mistake, service: str | None, own: LanguageSettings | ServiceLanguageSettings) -> Mistake:
    """Where it is written: what a service inherits is the mistake of all services, told once."""
    inherited = service is None or getattr(own, mistake.key) is None
    return mistake._replace(key=f"{'language' if inherited else f'language.services.{service}'}.{mistake.key}")


def _tagger(models: Models, general: LanguageSettings, own: LanguageSettings | ServiceLanguageSettings) -> Tagger:
    """What a service does not set is that of all services."""
    allowed = general.allowed if own.allowed is None else own.allowed
    inherited = general.prior if own.allowed is None else {}  # the shares of all services are not those of other languages
    prior = inherited if own.prior is None else own.prior
    cut = general.min_confidence if own.min_confidence is None else own.min_confidence
    merge = MERGED if general.merge == "default" else general.merge
    expected = Expected(models.first.languages, allowed, prior, merge)
    return Tagger(models, expected, MIN_CONFIDENCE if cut is None else cut, general.cache)


def reading(settings: Settings) -> dict[str, Any]:
    """What decides how a message is counted, as plain JSON: counted otherwise, numbers are not compared."""
    language = settings.language.model_dump(mode="json", exclude={"cache"})
    return {"language": language, "k": settings.quality.k}


def quality(settings: Settings) -> Quality:
    """How quality is read; what is `auto` is learned from the windows."""
    given, similarity, translation = settings.quality.hit_threshold, settings.quality.similarity, settings.quality.translation
    thresholds = Thresholds(given.default, given.models, given.collections, given.languages)
    return Quality(settings.quality.k, thresholds, similarity.floor, similarity.reference or (), translation_low=translation.low)


def rules(settings: Settings) -> list[Rule]:
    """The configured rules; raises Misconfigured with every mistake."""
    return load.load(settings.rules, rules_dir())


def labels(rules: Iterable[Rule]) -> frozenset[str]:
    """The labels that rules give to incidents."""
    return frozenset(name for rule in rules for name in rule.labels)


def templates(settings: Settings) -> None:
    """Look whether the folder of templates is there, and whether they can be read; raises Misconfigured."""
    folder = settings.notify.templates
    if folder and not folder.is_dir():
        raise Misconfigured([Mistake(str(folder), "notify.templates", "expected a folder of templates, found none")])
    if mistakes := mistakes_in(folder) if folder else []:
        raise Misconfigured(mistakes)


def files(settings: Settings) -> list[Path]:
    """What the settings name, and a running agent takes up when it changes."""
    secrets = [file for receiver in settings.notify.receivers.values() for key, file in receiver if key.endswith("_file")]
    named = [settings.notify.mutes, settings.notify.templates, *secrets]
    return [*(load.path_of(name, rules_dir()) for name in settings.rules), *(path for path in named if path)]


def mutes(settings: Settings, labels: frozenset[str] | None) -> list[Mute]:
    """The mutes of the file, where one is named; raises Misconfigured with every mistake."""
    return mute_file.load(settings.notify.mutes, labels) if settings.notify.mutes else []


def notifiers(settings: Settings) -> dict[str, Notifier]:
    """The configured receivers, or the log when there are none."""
    made: dict[str, Notifier] = {}
    for name, receiver in settings.notify.receivers.items():
        given = {key: value for key, value in receiver if key not in {"type", *TWINS}}
        made[name] = INTEGRATIONS[receiver.type](name=name, **{key: plain(value) for key, value in given.items()})
    return made or {"log": LogNotifier()}


def routes(settings: Settings) -> list[Route]:
    """Who is told of what."""
    return [
        Route(receivers=each.receivers, match=each.match, match_re=each.match_re, not_=each.not_, continue_=each.continue_)
        for each in settings.notify.routes
    ]


def renderer(settings: Settings, options: str = "") -> Renderer:
    """What messages are made of; `options`: how a command finds this agent."""
    return Renderer(settings.notify.templates, Places(settings.notify.external_url, settings.notify.trace_url, options))


def telling(settings: Settings, notifiers: Mapping[str, Notifier], **found: Any) -> Telling:
    """Who is told, when, and how often; `found` is what is looked up while the agent runs."""
    given = settings.notify
    repeat = {severity: getattr(given.repeat_interval, severity) for severity in get_args(Severity)}
    timing = Timing(wait=given.group_wait, interval=given.group_interval, repeat=repeat)
    return Telling(
        receivers=tuple(notifiers),
        timings={name: UNGROUPED if isinstance(one, Sustained) else timing for name, one in notifiers.items()},
        routes=routes(settings),
        deployments=tuple(name for name, one in notifiers.items() if isinstance(one, Deployments)),
        **found,
    )


def reports(settings: Settings) -> Plan:
    """When weekly reports are due, and who is sent them."""
    given = settings.report
    return Plan(parse_cron(given.schedule, given.timezone), zone_of(given.timezone), given.receivers)


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
    return None if given is None else Address(given.url, given.database, given.username, given.password, given.ca_file)


def plain(value: Any) -> Any:
    """Secrets revealed, durations in seconds, tables as they were written."""
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Mapping):
        return {key: plain(below) for key, below in value.items()}
    return value.get_secret_value() if isinstance(value, Secret) else value
