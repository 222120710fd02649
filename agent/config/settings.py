"""Every setting, with its default and one line of meaning: frozen, strict, and printing no secret.

`agent.config.configuration` fills these from a file and the environment, `agent.config.showing` prints them. A secret `x` has a twin
`x_file`, which stands beside it.
"""

from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Final, Literal, TypeVar

from pydantic import Field, ValidationInfo, field_validator

from agent.config import values as kind
from agent.config.notify_settings import NotifySettings
from agent.config.probing_settings import GoldenSettings, ProbeSettings
from agent.config.report_settings import ReportSettings, wrong_receivers
from agent.config.section import Section, misplaced
from agent.times import parse_duration

SECRETS: Final = ("password", "token", "webhook_url", "routing_key", "url", "secret", "proxy")
"""The keys of all secrets, each with a twin beside it where it is one; a test compares them with the fields."""
TABLES_OF_SECRETS: Final = ("headers",)
"""The keys of all tables whose values are secrets."""
TWINS: Final = {f"{secret}_file": secret for secret in SECRETS}

Named = TypeVar("Named", ProbeSettings, GoldenSettings)


class SecuritySettings(Section):
    """How the agent shows the brokers who it is."""

    protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        default="PLAINTEXT", description="how connections are secured: PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL"
    )
    ca_file: kind.PlainPath | None = Field(
        default=None, description="certificates of the authorities that may sign the brokers'; null: the system's"
    )
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] | None = Field(
        default=None, description="how the password is proved: PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512"
    )
    username: kind.Text | None = Field(default=None, description="name for SASL")
    password: kind.SecretText | None = Field(default=None, description="password for SASL")
    password_file: kind.PlainPath | None = Field(default=None, description="file that holds the password for SASL")

    @field_validator("sasl_mechanism", "username", "password")
    @classmethod
    def _needed_by_sasl(cls, value: object, info: ValidationInfo) -> object:
        protocol = info.data.get("protocol", "")
        if value is None and protocol.startswith("SASL"):
            raise ValueError(f"a value, which the protocol {protocol} needs")
        return value


class KafkaSettings(Section):
    """Where the retrieval log is read from."""

    bootstrap_servers: tuple[kind.HostAndPort, ...] = Field(
        default=("localhost:9092",), min_length=1, description="brokers to ask first, each host:port"
    )
    topics: tuple[kind.Topic, ...] = Field(default=("retrieval-logs",), min_length=1, description="topics to read")
    group_id: kind.Text = Field(default="babelwatch", description="consumer group; replicas of one agent share it")
    session_timeout: kind.Session = Field(
        default=parse_duration("15s"), description="how long a replica that is silent keeps its partitions; at most 1m"
    )
    dead_letter_topic: kind.Topic = Field(default="babelwatch-dead-letters", description="topic for messages that cannot be read")
    start: kind.Start = Field(
        default="earliest", description="where an unknown source is begun: earliest, latest, a span such as -14d, or a time"
    )
    security: SecuritySettings = Field(default_factory=SecuritySettings, description="encryption and log-in")


class ExcludeSettings(Section):
    """Which events are nobody's query."""

    field: kind.TextField = Field(description="field of the event that is looked at")
    equals: kind.Text = Field(description="text with which an event is dropped and counted")


class DocumentLanguageSettings(Section):
    """How the language of a document is told where the log does not say."""

    collections: kind.Table[kind.Text, kind.LanguageTag] = Field(
        default={}, description="language of each collection that has one language"
    )
    pattern: kind.PatternOfOneGroup | None = Field(
        default=None, description="regular expression searched in a document's id; its one group is the language"
    )


class SourceSettings(Section):
    """What is read, and how."""

    kafka: KafkaSettings = Field(default_factory=KafkaSettings, description="brokers and topics")
    dead_letter_file: kind.PlainPath | None = Field(
        default=None,
        description="file for messages that cannot be read when files are replayed; null: one in the folder of the store",
    )
    format: Literal["auto", "native", "otlp_proto", "otlp_json"] = Field(
        default="auto",
        description="format of the messages: native, otlp_proto or otlp_json (spans), or auto, which looks at each",
    )
    lateness: kind.Duration = Field(
        default=parse_duration("2m"), description="how long a minute waits for late events before it is evaluated"
    )
    max_future_skew: kind.Duration = Field(
        default=parse_duration("5m"), description="how far ahead of the clock an event may be before it is rejected"
    )
    mapping: kind.Table[kind.EventField, kind.Expression] = Field(
        default={}, description="for logs with other names: our field, and the JMESPath expression that finds it"
    )
    exclude: tuple[ExcludeSettings, ...] = Field(default=(), description="events that are not counted, such as load tests")
    document_language: DocumentLanguageSettings = Field(
        default_factory=DocumentLanguageSettings, description="languages of documents where the log does not tell them"
    )


class ClickHouseSettings(Section):
    """A ClickHouse server."""

    url: kind.Address = Field(description="address of the HTTP interface, such as https://clickhouse:8443")
    database: kind.Text = Field(default="default", description="database that holds the tables")
    username: kind.Text = Field(default="default", description="name to log in with")
    password: kind.SecretText | None = Field(default=None, description="password to log in with")
    password_file: kind.PlainPath | None = Field(default=None, description="file that holds the password")
    ca_file: kind.PlainPath | None = Field(
        default=None, description="certificates of the authorities that may sign the server's; null: the system's"
    )
    replicated: kind.Flag = Field(default=False, description="whether tables use the Replicated engines")


class StoreSettings(Section):
    """Where windows and the journal stay."""

    path: kind.PlainPath = Field(
        default=Path("./babelwatch-data"), description="folder of the embedded store, which is used unless clickhouse is set"
    )
    clickhouse: ClickHouseSettings | None = Field(default=None, description="server to use instead of the embedded store")
    flush_interval: kind.Period = Field(default=parse_duration("20s"), description="how often counts are written to the store")


class ServiceLanguageSettings(Section):
    """What is different for the queries of one service."""

    allowed: tuple[kind.LanguageTag, ...] | None = Field(
        default=None, min_length=1, description="languages that can be an answer; null: those of all services"
    )
    prior: kind.Prior | None = Field(
        default=None,
        description="share of this service's traffic; null: that of all services, or even shares beside a list of its own",
    )
    min_confidence: kind.Share | None = Field(
        default=None, description="confidence below which the tag is und; null: that of all services"
    )


class LanguageSettings(Section):
    """How queries are tagged."""

    allowed: tuple[kind.LanguageTag, ...] | None = Field(
        default=None, min_length=1, description="languages that can be an answer; null: all that the model knows"
    )
    prior: kind.Prior = Field(
        default={}, description="share of the traffic in each language, in 0..1; the others share the rest evenly"
    )
    merge: kind.Groups = Field(
        default="default",
        description="languages that are tagged as one, a list of groups whose first is the tag; declared ones stay; or default",
    )
    min_confidence: kind.Share | None = Field(
        default=None, description="confidence, in 0..1, below which the tag is und; null: the fitted cut"
    )
    cache: Annotated[kind.Whole, Field(ge=0, le=1_000_000)] = Field(
        default=4096,
        description="how many recent queries are remembered in memory with their tag, for each service below apart; 0: none",
    )
    services: kind.Table[kind.Text, ServiceLanguageSettings] = Field(
        default={}, description="what is different for one service: allowed, prior, min_confidence"
    )


class HitThresholdSettings(Section):
    """From which best score on a retrieval counts as a hit; the most specific one wins."""

    default: kind.Threshold = Field(
        default="auto", description="best score from which a retrieval is a hit: a multiple of 0.01, or auto: learned, then frozen"
    )
    models: kind.Table[kind.Text, kind.Threshold] = Field(default={}, description="thresholds of embedding models")
    collections: kind.Table[kind.Text, kind.Threshold] = Field(default={}, description="thresholds of collections")
    languages: kind.Table[kind.LanguageTag, kind.Threshold] = Field(default={}, description="thresholds of languages")


class SimilaritySettings(Section):
    """Between what a similarity is judged."""

    floor: Annotated[kind.Number, Field(ge=-1, le=1)] | None = Field(
        default=None, description="best similarity of unrelated queries; null: from probes"
    )
    reference: tuple[kind.LanguageTag, ...] | None = Field(
        default=None, min_length=1, description="languages that the others are measured by; null: the three largest"
    )


class TranslationSettings(Section):
    """Which translations of queries are poor."""

    low: kind.Hundredth = Field(
        default=0.7, description="quality, in 0..1, below which a translation is of low confidence: a multiple of 0.01"
    )


class QualitySettings(Section):
    """How retrievals are measured."""

    k: Annotated[kind.Whole, Field(ge=1, le=1000)] = Field(default=10, description="how many results recall, MRR and nDCG look at")
    hit_threshold: HitThresholdSettings = Field(
        default_factory=HitThresholdSettings, description="best scores from which a retrieval is a hit"
    )
    similarity: SimilaritySettings = Field(default_factory=SimilaritySettings, description="what similarities are measured by")
    translation: TranslationSettings = Field(
        default_factory=TranslationSettings, description="which translations of queries are poor"
    )


class WebSettings(Section):
    """Where the pages and the API are served."""

    host: kind.Text = Field(default="127.0.0.1", description="address to listen on")
    port: Annotated[kind.Whole, Field(ge=0, le=65_535)] = Field(default=8080, description="port to listen on; 0: any free one")
    health_port: Annotated[kind.Whole, Field(ge=0, le=65_535)] | None = Field(
        default=None, description="port for /healthz, /readyz and /metrics alone, on the same address; null: the port above"
    )
    token: kind.SecretText | None = Field(default=None, description="bearer token for pages and API, needed beyond loopback")
    token_file: kind.PlainPath | None = Field(default=None, description="file that holds the bearer token")

    @field_validator("health_port")
    @classmethod
    def _another_one(cls, health_port: int | None, info: ValidationInfo) -> int | None:
        if health_port and health_port == info.data.get("port"):
            raise ValueError("another port than web.port, or null")
        return health_port

    @field_validator("token")
    @classmethod
    def _needed_beyond_loopback(cls, token: kind.Secret | None, info: ValidationInfo) -> kind.Secret | None:
        host = info.data.get("host")
        if token is None and host is not None and not _is_loopback(host):
            raise ValueError(f"a token, because host {host} is open to other machines")
        return token


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


class TelemetrySettings(Section):
    """What the agent tells about itself."""

    prometheus: kind.Flag = Field(default=True, description="whether /metrics serves the agent's own metrics")
    otlp_endpoint: kind.Address | None = Field(
        default=None,
        description="base address of an OpenTelemetry Collector (OTLP over HTTP) that is sent metrics and traces; null: none",
    )
    logs: Literal["text", "json"] = Field(
        default="text", description="how the log is written: text, or json, one object a line, with the ids of traces"
    )


class PrivacySettings(Section):
    """What is kept of people's texts."""

    samples: kind.Flag = Field(default=False, description="whether redacted query texts are kept for seven days; no effect yet")


class Settings(Section):
    """All settings of the agent."""

    source: SourceSettings = Field(default_factory=SourceSettings, description="where retrieval logs come from")
    store: StoreSettings = Field(default_factory=StoreSettings, description="where counts and the journal are kept")
    language: LanguageSettings = Field(default_factory=LanguageSettings, description="how queries are tagged with their language")
    quality: QualitySettings = Field(default_factory=QualitySettings, description="how retrievals are measured")
    rules: tuple[kind.Text, ...] = Field(
        default=("default",), description="rules that are evaluated: names of bundled files, or paths"
    )
    notify: NotifySettings = Field(default_factory=NotifySettings, description="who is told")
    report: ReportSettings = Field(default_factory=ReportSettings, description="the weekly report")
    probes: tuple[ProbeSettings, ...] = Field(default=(), description="separation probes of embedding models")
    golden: tuple[GoldenSettings, ...] = Field(default=(), description="golden sets that are sent to the search of the service")
    web: WebSettings = Field(default_factory=WebSettings, description="the pages and the API")
    telemetry: TelemetrySettings = Field(default_factory=TelemetrySettings, description="what the agent tells about itself")
    privacy: PrivacySettings = Field(default_factory=PrivacySettings, description="what is kept of people's texts")

    @field_validator("report")
    @classmethod
    def _reaches_somebody(cls, report: ReportSettings, info: ValidationInfo) -> ReportSettings:
        notify = info.data.get("notify")  # None where that is wrong itself
        if notify is not None and (wrong := [*wrong_receivers(report, notify.receivers)]):
            raise misplaced(*wrong)
        return report

    @field_validator("probes", "golden")
    @classmethod
    def _are_told_apart(cls, named: tuple[Named, ...]) -> tuple[Named, ...]:
        names = [one.name for one in named]
        if repeated := [(at, name) for at, name in enumerate(names) if name in names[:at]]:
            raise misplaced(*(((at, "name"), name, "a name that is there once") for at, name in repeated))
        return named
