"""The settings of `notify`: who is told, of what, and how often."""

from collections.abc import Mapping

from pydantic import ConfigDict, Field, ValidationInfo, field_validator

from agent.config import values as kind
from agent.config.receiver_settings import AnyReceiver
from agent.config.section import Section, misplaced
from agent.notify.mute import CHOICES
from agent.times import parse_duration


class RepeatIntervalSettings(Section):
    """How often an incident that still fires is told again; None is never."""

    model_config = ConfigDict(validate_default=False)  # None is written `never`; an empty value is a mistake

    critical: kind.Interval = Field(
        default=parse_duration("4h"), description="how often a critical incident is told again, or never"
    )
    warning: kind.Interval = Field(default=parse_duration("24h"), description="how often a warning is told again, or never")
    info: kind.Interval = Field(default=None, description="how often an info is told again, or never")


class RouteSettings(Section):
    """Who is told of an incident that meets all the conditions."""

    match: kind.Table[kind.Label, kind.Choices] = Field(default={}, description="labels with the values that they must have")
    match_re: kind.Table[kind.Label, kind.Pattern] = Field(
        default={}, description="labels with the regular expression that the whole value must match"
    )
    not_: kind.Table[kind.Label, kind.Choices] = Field(
        default={}, alias="not", description="labels with the values that they must not have"
    )
    receivers: tuple[kind.Text, ...] = Field(min_length=1, description="names of the receivers that are told")
    continue_: kind.Flag = Field(default=False, alias="continue", description="whether later routes are tried as well")

    @field_validator("match", "not_")
    @classmethod
    def _can_match(cls, labels: Mapping[str, tuple[str, ...]]) -> Mapping[str, tuple[str, ...]]:
        wrong = [
            ((name, at) if len(values) > 1 else (name,), value, f"one of {', '.join(CHOICES[name])}")
            for name, values in labels.items()
            for at, value in enumerate(values)
            if name in CHOICES and value not in CHOICES[name]
        ]
        if wrong:
            raise misplaced(*wrong)
        return labels


class NotifySettings(Section):
    """Who is told, of what, and how often."""

    external_url: kind.Address | None = Field(default=None, description="base of the links to the agent's pages in messages")
    trace_url: kind.TraceAddress | None = Field(
        default=None, description="address of a trace, with {trace_id} in it, for links in messages"
    )
    group_wait: kind.Duration = Field(
        default=parse_duration("30s"),
        description="how long a new message waits for more incidents of the same cause",
    )
    group_interval: kind.Period = Field(
        default=parse_duration("5m"), description="how long after a message the next one of the same group is sent"
    )
    repeat_interval: RepeatIntervalSettings = Field(
        default_factory=RepeatIntervalSettings, description="how often what still fires is told again"
    )
    mutes: kind.PlainPath | None = Field(default=None, description="file of mutes; null: only those that are typed")
    templates: kind.PlainPath | None = Field(
        default=None, description="folder of message templates of your own; null: the bundled ones"
    )
    receivers: kind.Table[kind.Text, AnyReceiver] = Field(
        default={}, description="who can be told, by name; none: notifications go to the log"
    )
    routes: tuple[RouteSettings, ...] = Field(
        default=(), description="who is told of which incident, first match wins; none: every receiver is told of all"
    )

    @field_validator("routes")
    @classmethod
    def _lead_somewhere(cls, routes: tuple[RouteSettings, ...], info: ValidationInfo) -> tuple[RouteSettings, ...]:
        if (known := info.data.get("receivers")) is None:
            return routes
        expected = f"a name from notify.receivers ({', '.join(known) or 'which is empty'})"
        unknown = [
            ((at, "receivers", name_at), name, expected)
            for at, route in enumerate(routes)
            for name_at, name in enumerate(route.receivers)
            if name not in known
        ]
        if unknown:
            raise misplaced(*unknown)
        return routes
