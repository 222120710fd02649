"""The kinds of value a setting can have: how each is checked, and how it is printed again."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainSerializer,
    PlainValidator,
    SecretStr,
    Strict,
    TypeAdapter,
    WrapSerializer,
)

from agent.config import checks
from agent.times import format_duration, parse_duration

LONGEST_SESSION: Final = timedelta(minutes=1)  # an agent that must have all partitions waits 90 seconds for a dead member's

K = TypeVar("K")
V = TypeVar("V")


class Secret(SecretStr):
    """A text that is never printed; `get_secret_value()` has it."""

    def _display(self) -> str:
        return "<secret>"


def _not_empty(secret: Secret) -> Secret:
    if not secret:
        raise ValueError("text that is not empty")
    return secret


def _path(value: object) -> object:
    return value if isinstance(value, Path) else _TEXT.validate_python(value)


def _duration(value: object) -> timedelta:
    if isinstance(value, timedelta):
        return value
    return parse_duration(value if isinstance(value, str) else "")


def _period(value: object) -> timedelta:
    duration = _duration(value)
    if not duration:
        raise ValueError("a duration longer than zero")
    return duration


def _session(value: object) -> timedelta:
    session = _period(value)
    if session > LONGEST_SESSION:
        raise ValueError(f"a duration of at most {format_duration(LONGEST_SESSION)}")
    return session


def _interval(value: object) -> timedelta | None:
    try:
        return None if value == "never" else _period(value)
    except ValueError as wrong:
        raise ValueError(f"{wrong}, or never") from None


def _shown_interval(interval: timedelta | None) -> str:
    return "never" if interval is None else format_duration(interval)


def _groups(value: object) -> object:
    if value == "default":
        return value
    groups = _GROUPS.validate_python(value)
    tags = [tag for group in groups for tag in group]
    if len(set(tags)) < len(tags):
        raise ValueError("each language in one group only")
    return groups


def _threshold(value: object) -> float | str:
    if value == "auto":
        return "auto"
    try:
        return checks.hundredth(_NUMBER.validate_python(value))
    except ValueError:
        raise ValueError("auto or a multiple of 0.01") from None


def _secret_address(secret: Secret) -> Secret:
    checks.address(secret.get_secret_value())
    return secret


def _secret_proxy(secret: Secret) -> Secret:
    checks.proxy_address(secret.get_secret_value())
    return secret


def _routing_key(secret: Secret) -> Secret:
    checks.routing_key(secret.get_secret_value())
    return secret


def _signing_secret(secret: Secret) -> Secret:
    checks.signing_secret(secret.get_secret_value())
    return secret


def _choices(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _shown_choices(values: tuple[str, ...]) -> str | list[str]:
    return values[0] if len(values) == 1 else [*values]


def _shown_table(table: Mapping[Any, Any], show: Any) -> Any:
    return show(dict(table))


Flag = Annotated[bool, Strict()]
Whole = Annotated[int, Strict()]
Number = Annotated[float, Strict(), Field(allow_inf_nan=False)]
_NUMBER: Final = TypeAdapter(Number)
Share = Annotated[Number, Field(ge=0.0, le=1.0)]
Text = Annotated[str, Strict(), Field(min_length=1)]
PlainPath = Annotated[Path, BeforeValidator(_path)]
_TEXT: Final = TypeAdapter(Text)
SecretText = Annotated[Secret, AfterValidator(_not_empty), PlainSerializer(str)]
SecretAddress = Annotated[SecretText, AfterValidator(_secret_address)]
SecretProxy = Annotated[SecretText, AfterValidator(_secret_proxy)]
RoutingKey = Annotated[SecretText, AfterValidator(_routing_key)]
SigningSecret = Annotated[SecretText, AfterValidator(_signing_secret)]
Table = Annotated[Mapping[K, V], AfterValidator(MappingProxyType), WrapSerializer(_shown_table)]

Duration = Annotated[timedelta, PlainValidator(_duration), PlainSerializer(format_duration)]
Period = Annotated[timedelta, PlainValidator(_period), PlainSerializer(format_duration)]
Session = Annotated[timedelta, PlainValidator(_session), PlainSerializer(format_duration)]
Interval = Annotated[timedelta | None, PlainValidator(_interval), PlainSerializer(_shown_interval)]
Start = Annotated[Text, AfterValidator(checks.start)]
RunName = Annotated[Text, AfterValidator(checks.run_name)]
Cron = Annotated[Text, AfterValidator(checks.cron)]
TimeZone = Annotated[Text, AfterValidator(checks.time_zone)]

Address = Annotated[Text, AfterValidator(checks.address)]
TraceAddress = Annotated[Text, AfterValidator(checks.trace_address)]
HostAndPort = Annotated[Text, AfterValidator(checks.host_and_port)]
Port = Annotated[Whole, Field(ge=1, le=65_535)]
Mailbox = Annotated[Text, AfterValidator(checks.mailbox)]
Topic = Annotated[Text, AfterValidator(checks.topic)]

EventField = Annotated[Text, AfterValidator(checks.event_field)]
TextField = Annotated[Text, AfterValidator(checks.text_field)]
Expression = Annotated[Text, AfterValidator(checks.expression)]
Pattern = Annotated[Text, AfterValidator(checks.pattern)]
Body = Annotated[Mapping[str, Any], AfterValidator(checks.template), AfterValidator(MappingProxyType), WrapSerializer(_shown_table)]
PatternOfOneGroup = Annotated[Text, AfterValidator(checks.pattern_of_one_group)]

LanguageTag = Annotated[Text, AfterValidator(checks.language_tag)]
Prior = Annotated[Table[LanguageTag, Share], AfterValidator(checks.shares_of_one_whole)]
_GROUPS: Final = TypeAdapter(tuple[Annotated[tuple[LanguageTag, ...], Field(min_length=2)], ...])
Groups = Annotated[Literal["default"] | tuple[tuple[str, ...], ...], PlainValidator(_groups)]
Hundredth = Annotated[Share, AfterValidator(checks.hundredth)]
Threshold = Annotated[float | Literal["auto"], PlainValidator(_threshold)]

Label = Annotated[Text, AfterValidator(checks.label)]
Choices = Annotated[
    tuple[Annotated[str, Strict()], ...], BeforeValidator(_choices), Field(min_length=1), PlainSerializer(_shown_choices)
]
