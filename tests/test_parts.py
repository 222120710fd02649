"""From settings to parts: what a user writes is what each station is given."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from agent import parts
from agent.alerting.measures import first_hit_bin
from agent.clock import FakeClock
from agent.config import configuration
from agent.config.settings import Settings
from agent.errors import Misconfigured
from agent.language.tagger import Asked
from agent.notify.slack import SlackNotifier
from agent.notify.terminal import LogNotifier
from agent.records import Partition, RawMessage, Tag, WindowKey
from tests.acceptance.command import event

NOW = datetime(2026, 11, 16, 8, 30, tzinfo=UTC)
KEY = WindowKey(
    service="help",
    environment="prod",
    collection="kb-en",
    language="en",
    document_language="",
    embedding_model="m1",
    index_version="v1",
    score_kind="cosine",
)


def settings(**given: Any) -> Settings:
    """Settings as the file gives them."""
    return Settings.model_validate(given)


def message(**others: Any) -> RawMessage:
    """A record of a log, the first of its partition."""
    return RawMessage(Partition("logs", 0), 0, msgspec.json.encode(event(1) | others))


def test_the_decoder_maps_the_names_of_the_log() -> None:
    """A mapped field is found where the settings say."""
    decoder = parts.native(settings(source={"mapping": {"query_language": "truth.language"}}).source)
    [accepted], rejected = decoder.decode_all([message(truth={"language": "lo"})], 0x7FFFFFFFFFFF)
    assert (accepted.event.query_language, rejected) == ("lo", [])


def test_the_decoder_allows_as_much_future_as_the_settings() -> None:
    """A clock that is an hour ahead is allowed, or not."""
    ahead = message(timestamp=int((NOW + timedelta(hours=1)).timestamp() * 1000))
    now = int(NOW.timestamp() * 1000)
    assert parts.native(settings().source).decode_all([ahead], now)[0] == []
    assert len(parts.native(settings(source={"max_future_skew": "2h"}).source).decode_all([ahead], now)[0]) == 1


def test_exclusions_are_those_of_the_settings() -> None:
    """One for each entry, in their order."""
    given = [{"field": "service", "equals": "loadtest"}, {"field": "session", "equals": "me"}]
    assert [(each.field, each.equals) for each in parts.exclusions(settings(source={"exclude": given}).source)] == [
        ("service", "loadtest"),
        ("session", "me"),
    ]
    assert parts.exclusions(settings().source) == []


def tagged(text: str, **given: Any) -> Tag:
    """The tag of a text under these settings."""
    return parts.taggers(settings(**given)).tag_all([Asked(text)])[0]


def test_the_tagger_answers_allowed_languages_only() -> None:
    """None given: all that the model knows."""
    text = "hur ändrar jag mitt lösenord"
    assert tagged(text).language == "sv"
    assert tagged(text, language={"allowed": ["en", "de"]}).language == "und"


def test_the_tagger_is_as_sure_as_it_must_be() -> None:
    """A cut of 0 names what the fitted one leaves open; 0 is not taken for no cut."""
    text = "hotel menu pdf"
    fitted = tagged(text)
    sure = tagged("I forgot my password", language={"min_confidence": 1.0})
    bold = tagged(text, language={"min_confidence": 0.0})
    assert sure.language == "und"
    assert bold.language != "und"
    assert bold.confidence < 1
    assert fitted.language in {"und", bold.language}


def test_a_language_that_the_model_does_not_know_is_a_mistake() -> None:
    """It would never be an answer."""
    with pytest.raises(Misconfigured, match=r"language\.allowed: languages that can be told from a text, which ha cannot"):
        parts.taggers(settings(language={"allowed": ["en", "ha"]}))


def test_what_services_inherit_is_told_once_and_what_is_theirs_at_their_place() -> None:
    """The list of all services is wrong, and so is that of one."""
    services = {"shop": {"min_confidence": 0.9}, "web": {"allowed": ["en", "ig"]}}
    with pytest.raises(Misconfigured) as caught:
        parts.taggers(settings(language={"allowed": ["en", "ha"], "services": services}))
    assert [mistake.key for mistake in caught.value.mistakes] == ["language.allowed", "language.services.web.allowed"]


def test_each_service_is_tagged_as_it_expects() -> None:
    """In the order they asked; a service with a list of its own takes no shares over that are those of other languages."""
    services = {"shop": {"allowed": ["sv", "en"]}, "web": {"allowed": ["de", "en"]}}
    language = {"allowed": ["en", "de", "sv"], "prior": {"en": 0.8, "de": 0.1}, "services": services}
    asked = [Asked("hur ändrar jag mitt lösenord"), Asked("wo ist der nächste bahnhof")] * 3
    tags = parts.taggers(settings(language=language)).tag_all(asked, ["shop", "shop", "web", "web", None, "away"])
    assert [tag.language for tag in tags] == ["sv", "und", "und", "de", "sv", "de"]


@pytest.mark.parametrize(
    ("given", "first"),
    [
        ({}, None),
        ({"default": 0.35}, 35),
        ({"default": 1}, 100),
        ({"default": 0.35, "models": {"m1": 0.3}}, 30),
        ({"default": 0.35, "models": {"m1": 0.3}, "collections": {"kb-en": 0.25}}, 25),
        ({"default": 0.35, "models": {"m1": 0.3}, "collections": {"kb-en": 0.25}, "languages": {"en": 0.2}}, 20),
        ({"default": 0.35, "languages": {"en": "auto"}}, None),
    ],
)
def test_the_most_specific_threshold_wins(given: dict[str, Any], first: int | None) -> None:
    """Language before collection before model before the default; `auto` is what was learned, and none before."""
    quality = parts.quality(settings(quality={"hit_threshold": given}))
    assert first_hit_bin(KEY, quality) == first
    learned = quality.with_learned({(KEY.embedding_model, KEY.score_kind): 0.42})
    assert first_hit_bin(KEY, learned) == (42 if first is None else first)


def test_quality_has_k_floor_reference_and_the_limit_of_translations() -> None:
    """What was not set is not there."""
    said = {"k": 5, "similarity": {"floor": 0.21, "reference": ["en", "ja"]}, "translation": {"low": 0.8}}
    given = parts.quality(settings(quality=said))
    assert (given.k, given.floor, given.reference, given.translation_low) == (5, 0.21, ("en", "ja"), 0.8)
    usual = parts.quality(settings())
    assert (usual.k, usual.floor, usual.reference, usual.translation_low) == (10, None, (), 0.7)


def test_the_bundled_rules_are_on_by_default() -> None:
    """Falls, low levels, and an agent that is blind."""
    assert {rule.name for rule in parts.rules(settings())} == {"drop", "gap", "low", "lag"}


def test_rules_may_be_files(tmp_path: Path) -> None:
    """Beside the bundled ones, or instead of them."""
    file = tmp_path / "mine.yaml"
    file.write_text("rules: [{name: mine, kind: drop}]")
    assert [rule.name for rule in parts.rules(settings(rules=[str(file)]))] == ["mine"]
    assert [rule.name for rule in parts.rules(settings(rules=[str(file), "default"]))] == ["mine", "drop", "gap", "low", "lag"]


def test_without_receivers_the_log_is_told() -> None:
    """A first run needs no Slack."""
    assert isinstance(parts.notifiers(settings())["log"], LogNotifier)


RECEIVERS: dict[str, dict[str, Any]] = {
    "chat": {"type": "slack", "webhook_url": "https://hooks.example/hunter2"},
    "bot": {"type": "slack", "token": "hunter2", "channel": "#search", "url": "https://slack.example"},
    "pager": {"type": "pagerduty", "routing_key": "hunter2" + "0" * 25, "url": "https://events.example"},
    "am": {"type": "alertmanager", "urls": ["https://am.example/x"], "username": "ann", "password": "hunter2", "ca_file": "ca.pem"},
    "guarded": {"type": "alertmanager", "urls": ["https://am.example"], "token": "hunter2", "proxy": "http://a:hunter2@proxy"},
    "hook": {"type": "webhook", "url": "https://hooks.example/hunter2", "secret": "hunter2", "timeout": "1m30s"},
    "mail": {"type": "email", "host": "smtp.example", "from": "a@b", "to": ["c@d"], "username": "ann", "password": "hunter2"},
}


def test_every_receiver_is_built_from_its_settings() -> None:
    """Each type with all its ways, under its name; and none shows its secret."""
    made = parts.notifiers(settings(notify={"receivers": RECEIVERS}))
    assert [(name, notifier.name) for name, notifier in made.items()] == [(name, name) for name in RECEIVERS]
    assert "hunter2" not in repr(made)


def test_the_way_to_a_receiver_is_that_of_its_settings() -> None:
    """A time-out in seconds, a proxy in clear, a file of certificates."""
    made: dict[str, Any] = dict(parts.notifiers(settings(notify={"receivers": RECEIVERS})))
    assert made["hook"]._poster.timeout == 90.0
    [(guarded, endpoint)] = made["guarded"]._ways
    assert (guarded.proxy, endpoint) == ("http://a:hunter2@proxy", "https://am.example/api/v2/alerts")
    assert made["am"]._ways[0][0].ca_file == Path("ca.pem")
    assert (made["mail"].from_, made["mail"].to, made["mail"].timeout) == ("a@b", ("c@d",), 10.0)


def test_receivers_have_their_secrets_in_clear_and_do_not_show_them(tmp_path: Path) -> None:
    """Also a secret that came from its file; the file's name is nothing to a receiver."""
    (tmp_path / "hook").write_text("https://hooks.example/hunter2\n")
    given = f"notify: {{receivers: {{chat: {{type: slack, webhook_url_file: '{tmp_path / 'hook'}'}}}}}}"
    (tmp_path / "babelwatch.yaml").write_text(given)
    made = parts.notifiers(configuration.load(tmp_path / "babelwatch.yaml", {}))
    assert made.keys() == {"chat"}
    assert isinstance(made["chat"], SlackNotifier)
    assert made["chat"]._webhook_url == "https://hooks.example/hunter2"
    assert "hunter2" not in repr(made)


def test_routes_carry_all_their_conditions() -> None:
    """With the names that are words of Python as well."""
    receivers = {"chat": {"type": "slack", "webhook_url": "https://hooks.example/a"}}
    written = {
        "match": {"language": ["ja", "ko"]},
        "match_re": {"service": "help.*"},
        "not": {"severity": "info"},
        "continue": True,
        "receivers": ["chat"],
    }
    [route] = parts.routes(settings(notify={"receivers": receivers, "routes": [written]}))
    assert (route.match, route.not_) == ({"language": ("ja", "ko")}, {"severity": ("info",)})
    assert (dict(route.match_re), route.continue_, route.receivers) == ({"service": "help.*"}, True, ("chat",))


def test_the_broker_is_reached_as_the_settings_say() -> None:
    """In kafka-python's names, without what was not set; and the password is in no text of it."""
    security = {"protocol": "SASL_SSL", "ca_file": "ca.pem", "sasl_mechanism": "PLAIN", "username": "ann", "password": "hunter2"}
    address = parts.kafka_address(settings(source={"kafka": {"bootstrap_servers": ["a:1", "b:2"], "security": security}}))
    assert address.bootstrap_servers == ("a:1", "b:2")
    assert address.client == {
        "security_protocol": "SASL_SSL",
        "ssl_cafile": "ca.pem",
        "sasl_mechanism": "PLAIN",
        "sasl_plain_username": "ann",
        "sasl_plain_password": "hunter2",
    }
    assert "hunter2" not in repr(address)
    assert parts.kafka_address(settings()).client == {"security_protocol": "PLAINTEXT"}


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ("earliest", "earliest"),
        ("latest", "latest"),
        ("-14d", NOW - timedelta(days=14)),
        ("2026-11-01", datetime(2026, 11, 1, tzinfo=UTC)),
        ("2026-11-01T09:00:00+01:00", datetime(2026, 11, 1, 8, tzinfo=UTC)),
    ],
)
def test_an_unknown_source_starts_where_the_settings_say(start: str, expected: str | datetime) -> None:
    """At an end of the log, or at a time, which may be relative to now."""
    assert parts.kafka_start(settings(source={"kafka": {"start": start}}), FakeClock(NOW)) == expected


def test_a_server_is_used_where_one_is_configured() -> None:
    """Else there is none, and the store is embedded."""
    assert parts.clickhouse_address(settings()) is None
    given = {"url": "https://ch:8443", "database": "watch", "username": "ann", "password": "hunter2"}
    address = parts.clickhouse_address(settings(store={"clickhouse": given}))
    assert address is not None
    assert (address.url, address.database, address.username) == ("https://ch:8443", "watch", "ann")
    assert address.password.get_secret_value() == "hunter2"
    assert "hunter2" not in repr(address)


def test_templates_are_read_before_they_are_needed(tmp_path: Path) -> None:
    """Every mistake with its file and line, and one of one's own that others include is none."""
    (tmp_path / "firing.txt.j2").write_text("fine\n{{ lead", encoding="utf-8")
    (tmp_path / "resolved.txt.j2").write_text("{{ lead }}: {{ subject }}", encoding="utf-8")
    (tmp_path / "footer.j2").write_text("x", encoding="utf-8")
    (tmp_path / "test.txt.j2").write_bytes(b"\xff")
    with pytest.raises(Misconfigured) as caught:
        parts.templates(settings(notify={"templates": str(tmp_path)}))
    told = [(Path(mistake.file).name, mistake.expected.split(",")[0]) for mistake in caught.value.mistakes]
    assert told == [
        ("firing.txt.j2:2", "expected a template"),
        ("test.txt.j2", "expected a file of text in UTF-8"),
    ]
