"""The sections: what every field must have, the defaults, and what belongs together."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args, get_origin

import pytest
from pydantic import ValidationError
from pydantic.fields import FieldInfo

from agent.config.checks import mailbox
from agent.config.mistakes import found
from agent.config.probing_settings import EMBEDDERS
from agent.config.receiver_settings import RECEIVERS
from agent.config.report_settings import TAKES_REPORTS
from agent.config.section import Section, keys_of
from agent.config.settings import SECRETS, TABLES_OF_SECRETS, Settings
from agent.config.values import Secret
from agent.language.fasttext import FastTextModel, bundled_model
from agent.notify.integrations import INTEGRATIONS
from agent.probing.embedding.kinds import EMBEDDERS as BUILT


def sections(section: type[Section] = Settings) -> Iterator[type[Section]]:
    """A section and all that stand below it."""
    yield section
    for field in section.model_fields.values():
        for below in classes(field.annotation):
            if issubclass(below, Section):
                yield from sections(below)


def classes(annotation: object) -> Iterator[type]:
    """The classes that an annotation is made of."""
    if isinstance(annotation, type):
        yield annotation
    for part in get_args(annotation):
        yield from classes(part)


FIELDS: list[tuple[type[Section], str, FieldInfo]] = [
    (section, key, field) for section in sections() for key, field in keys_of(section).items()
]


def checked(**given: Any) -> Settings:
    """The settings made of these values."""
    return Settings.model_validate(given)


@pytest.mark.parametrize(("section", "key", "field"), FIELDS, ids=[f"{section.__name__}.{key}" for section, key, _ in FIELDS])
def test_every_setting_has_one_line_of_meaning(section: type[Section], key: str, field: FieldInfo) -> None:
    """What `config show` prints above a value is there, and it is one line."""
    assert field.description
    assert "\n" not in field.description


@pytest.mark.parametrize("section", dict.fromkeys(sections()), ids=lambda section: section.__name__)
def test_every_section_is_frozen_and_strict(section: type[Section]) -> None:
    """No section lets a key pass that it does not know, or changes after it was read."""
    assert (section.model_config.get("frozen"), section.model_config.get("extra")) == (True, "forbid")


def test_every_secret_is_listed_and_has_a_twin() -> None:
    """A secret setting is one of the listed keys, and `x_file` stands in the same section; tables of them are listed as well."""
    secret = [(section, key) for section, key, field in FIELDS if Secret in classes(field.annotation)]
    tables = [(section, key) for section, key in secret if get_origin(keys_of(section)[key].annotation) is Mapping]
    assert {key for _, key in tables} == set(TABLES_OF_SECRETS)
    secret = [each for each in secret if each not in tables]
    assert {key for _, key in secret} == set(SECRETS)
    assert [key for section, key in secret if f"{key}_file" not in keys_of(section)] == []


def test_every_embedder_can_be_built() -> None:
    """What the settings accept as a type is what there is a class for."""
    assert [*EMBEDDERS] == [*BUILT]


def test_every_receiver_has_its_integration() -> None:
    """What the settings accept as a type is what can be built."""
    assert [*RECEIVERS] == [*INTEGRATIONS]


def test_reports_go_to_those_whose_channel_takes_them() -> None:
    """What the settings take for such a type is what the channel's class can do."""
    assert {type_ for type_, made in INTEGRATIONS.items() if hasattr(made, "send_report")} == TAKES_REPORTS


def test_the_defaults_are_those_of_the_contract() -> None:
    """The values that users rely on when they write nothing."""
    settings = Settings()
    kafka, notify = settings.source.kafka, settings.notify
    assert (kafka.bootstrap_servers, kafka.topics, kafka.group_id) == (("localhost:9092",), ("retrieval-logs",), "babelwatch")
    assert (kafka.dead_letter_topic, kafka.start, settings.source.format) == ("babelwatch-dead-letters", "earliest", "auto")
    assert kafka.session_timeout == timedelta(seconds=15)
    assert (settings.source.lateness, settings.source.max_future_skew) == (timedelta(minutes=2), timedelta(minutes=5))
    assert (settings.store.path, settings.store.flush_interval) == (Path("babelwatch-data"), timedelta(seconds=20))
    assert (settings.language.allowed, settings.language.merge) == (None, "default")
    assert (settings.quality.k, settings.quality.hit_threshold.default, settings.rules) == (10, "auto", ("default",))
    assert settings.quality.translation.low == 0.7
    assert (notify.group_wait, notify.group_interval) == (timedelta(seconds=30), timedelta(minutes=5))
    report = settings.report
    assert (report.schedule, report.timezone, report.receivers) == ("0 8 * * mon", "UTC", ())
    repeat = notify.repeat_interval
    assert (repeat.critical, repeat.warning, repeat.info) == (timedelta(hours=4), timedelta(hours=24), None)
    assert (settings.web.host, settings.web.port, settings.telemetry.prometheus, settings.privacy.samples) == (
        "127.0.0.1",
        8080,
        True,
        False,
    )


def test_settings_cannot_be_changed() -> None:
    """Neither a field nor an entry of a table moves after the settings were read."""
    settings = checked(language={"prior": {"en": 0.8}})
    with pytest.raises(ValidationError, match="frozen"):
        settings.web.port = 1
    with pytest.raises(TypeError, match="does not support item assignment"):
        settings.language.prior["en"] = 0.1  # type: ignore[index]
    assert all(isinstance(value, tuple | Mapping | str) for value in (settings.rules, settings.quality.hit_threshold.models))


def test_a_secret_is_not_printed() -> None:
    """Neither the text nor the debugging form of the settings shows it; only asking for it does."""
    settings = checked(web={"token": "hunter2"})
    assert "hunter2" not in f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()}"
    assert "token=Secret('<secret>')" in repr(settings)
    assert settings.web.token is not None
    assert settings.web.token.get_secret_value() == "hunter2"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.0.1", "::1"])
def test_loopback_needs_no_token(host: str) -> None:
    """On its own machine the agent serves without a token."""
    assert checked(web={"host": host}).web.token is None


@pytest.mark.parametrize("tag", ["en", "no", "zh-Hant", "pt-BR", "arz"])
def test_a_language_is_one_that_cldr_knows(tag: str) -> None:
    """Tags are kept as they are written, with script and region."""
    assert checked(language={"allowed": [tag]}).language.allowed == (tag,)


def test_every_answer_of_the_model_can_be_allowed() -> None:
    """No language that the model tells apart is refused as unknown."""
    answers = sorted(FastTextModel(bundled_model()).languages)
    assert checked(language={"allowed": answers}).language.allowed == tuple(answers)


@pytest.mark.parametrize("threshold", [0.35, 0.29, 1, -0.07, "auto"])
def test_a_threshold_is_an_edge_of_a_bin(threshold: float | str) -> None:
    """Multiples of 0.01 pass although a float is not exactly one."""
    assert checked(quality={"hit_threshold": {"models": {"m": threshold}}}).quality.hit_threshold.models["m"] == threshold


@pytest.mark.parametrize("limit", [0, 0.29, 0.57, 1])
def test_the_limit_of_translations_is_an_edge_of_a_step(limit: float) -> None:
    """From 0, below which nothing lies, to 1."""
    assert checked(quality={"translation": {"low": limit}}).quality.translation.low == limit


def test_one_value_of_a_route_is_a_list_of_one() -> None:
    """`severity: critical` and `language: [ja, ko]` have the same form for whoever routes."""
    route = {"match": {"severity": "critical", "language": ["ja", "ko"]}, "receivers": ["chat"], "continue": True}
    chat = {"type": "slack", "webhook_url": "https://hooks.example/x"}
    (read,) = checked(notify={"receivers": {"chat": chat}, "routes": [route]}).notify.routes
    assert (read.match, read.continue_) == ({"severity": ("critical",), "language": ("ja", "ko")}, True)


@pytest.mark.parametrize(
    "text", ["a@b", "on-call+ml@example.org", "Search <a@example.org>", '"Such, e" <a@b.example>', "Çağrı <a@b>"]
)
def test_a_mailbox_may_have_a_name(text: str) -> None:
    """An address alone, or with a name in any script."""
    assert mailbox(text) == text


@pytest.mark.parametrize("text", ["a", "@b", "a@", "a@b\n", "a@b, c@d", "a b@c", "<a@b", "ü@b", "a@b>\r\nBcc: x@y", "a@b (note)"])
def test_what_is_no_mailbox(text: str) -> None:
    """Neither lists, nor lines that would forge a header."""
    with pytest.raises(ValueError, match=r"name@example\.org"):
        mailbox(text)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "nothing"),
        (True, "true"),
        (12, "12"),
        ("x" * 80, f"'{'x' * 60}…'"),
        ("https://u:p@host", "other text"),
        ("user@host", "other text"),
        ([], "an empty list"),
        ({"password": "p"}, "keys with values"),
        (b"p", "something else"),
    ],
)
def test_a_mistake_shows_what_was_found_unless_it_may_hold_a_password(value: object, text: str) -> None:
    """Short plain values help to find the place; addresses and whole sections are not repeated."""
    assert found(value) == text
