"""One example for each mistake, named after it."""

from pathlib import Path
from typing import NamedTuple

import pytest

from agent.config.configuration import load
from agent.errors import Misconfigured


class Case(NamedTuple):
    """A file, and its only mistake: line, key, sentence."""

    text: str
    line: int | None
    key: str
    expected: str


HOOK = "https://hooks.example/a"
CHAT = f"notify: {{receivers: {{chat: {{type: slack, webhook_url: '{HOOK}'}}}}, routes: ["
SASL = "source: {kafka: {security: {protocol: SASL_SSL, "
LABELS = "language, service, environment, severity, class, cause, confirmed, rule, metric"
TAG = "expected a known language tag such as en or zh-Hant"
ADDRESS = "expected an address that begins with http:// or https://"

TYPES = "slack, pagerduty, alertmanager, webhook, email"
MAIL = "type: email, host: smtp.example"
ZONE = "expected a time zone such as Europe/Berlin"
PAGER = f"pager: {{type: pagerduty, routing_key: '{'0' * 32}'}}"
REPORT = f"notify: {{receivers: {{chat: {{type: slack, webhook_url: '{HOOK}'}}, {PAGER}}}}}\nreport: {{receivers: "


def _receiver(keys: str, key: str, expected: str) -> Case:
    """A receiver with one mistake."""
    return Case(f"notify: {{receivers: {{one: {{{keys}}}}}}}", 1, f"notify.receivers.one.{key}", expected)


CASES = {
    "broken_yaml": Case(
        "a: 1\nb: [", 2, "", "expected YAML, found what is none: expected the node content, but found '<stream end>'"
    ),
    "not_a_mapping": Case("- a", None, "", "expected keys with values, found a list"),
    "only_text": Case("hunter2", None, "", "expected keys with values, found other text"),
    "repeated_key": Case("web: {}\nrules: []\nweb: {}", 1, "web", "expected the key once, found it on lines 1 and 3"),
    "unknown_section": Case("webb: {}", 1, "webb", "expected a known key, found 'webb' (did you mean web?)"),
    "section_that_is_like_no_other": Case(
        "dashboards: {}",
        1,
        "dashboards",
        "expected one of golden, language, notify, privacy, probes, quality, report, rules, source, store, telemetry, web, "
        "found 'dashboards'",
    ),
    "unknown_key": Case(
        "store:\n  clickhouse:\n    url: https://a\n    pasword: hunter2",
        4,
        "store.clickhouse.pasword",
        "expected a known key, found 'pasword' (did you mean password?)",
    ),
    "key_that_is_no_text": Case("1: {}", 1, "[1]", "expected a key that is text, found 1"),
    "text_for_a_section": Case("web: hunter2", 1, "web", "expected keys with values, found other text"),
    "text_for_a_list": Case("rules: default", 1, "rules", "expected a list, found other text"),
    "text_for_a_table": Case("language: {prior: en}", 1, "language.prior", "expected keys with values, found other text"),
    "number_for_text": Case(
        "source: {kafka: {group_id: 12}}", 1, "source.kafka.group_id", "expected text, found 12 (quotes make it text)"
    ),
    "text_for_a_truth_value": Case("privacy: {samples: no}", 1, "privacy.samples", "expected true or false, found 'no'"),
    "truth_value_for_a_number": Case("quality: {k: true}", 1, "quality.k", "expected a whole number, found true"),
    "number_without_end": Case(
        "quality: {similarity: {floor: .nan}}", 1, "quality.similarity.floor", "expected a finite number, found nan"
    ),
    "port_that_is_none": Case("web: {port: 70000}", 1, "web.port", "expected 65535 or less, found 70000"),
    "empty_text": Case("web: {host: ''}", 1, "web.host", "expected text that is not empty, found ''"),
    "empty_list": Case(
        "source: {kafka: {topics: []}}", 1, "source.kafka.topics", "expected a list of at least 1, found an empty list"
    ),
    "entry_of_a_list": Case("rules:\n  - default\n  - 3", 3, "rules[1]", "expected text, found 3 (quotes make it text)"),
    "broker_without_port": Case(
        "source: {kafka: {bootstrap_servers: [kafka]}}", 1, "source.kafka.bootstrap_servers[0]", "expected host:port, found 'kafka'"
    ),
    "topic_with_a_space": Case(
        "source: {kafka: {topics: [a b]}}",
        1,
        "source.kafka.topics[0]",
        "expected a topic's name: up to 249 letters, digits, dots, dashes and underscores, found 'a b'",
    ),
    "start_that_is_no_time": Case(
        "source: {kafka: {start: oldest}}",
        1,
        "source.kafka.start",
        "expected earliest, latest, a time such as 2026-11-01T08:00:00Z, a date, or a span such as -14d, found 'oldest'",
    ),
    "sasl_without_username": Case(
        f"{SASL}sasl_mechanism: PLAIN, password: hunter2}}}}}}",
        1,
        "source.kafka.security.username",
        "expected a value, which the protocol SASL_SSL needs, found nothing",
    ),
    "mechanism_that_is_not_there": Case(
        f"{SASL}username: a, password: b, sasl_mechanism: GSSAPI}}}}}}",
        1,
        "source.kafka.security.sasl_mechanism",
        "expected 'PLAIN', 'SCRAM-SHA-256' or 'SCRAM-SHA-512', found 'GSSAPI'",
    ),
    "format_that_is_none": Case(
        "source: {format: otlp}", 1, "source.format", "expected 'auto', 'native', 'otlp_proto' or 'otlp_json', found 'otlp'"
    ),
    "duration_without_unit": Case(
        "source: {lateness: 120}", 1, "source.lateness", "expected a duration such as 30s, 5m, 1h30m or 14d, found 120"
    ),
    "session_that_is_too_long": Case(
        "source: {kafka: {session_timeout: 2m}}", 1, "source.kafka.session_timeout", "expected a duration of at most 1m, found '2m'"
    ),
    "interval_of_zero": Case(
        "store: {flush_interval: 0s}", 1, "store.flush_interval", "expected a duration longer than zero, found '0s'"
    ),
    "mapping_of_no_field": Case(
        "source: {mapping: {query_langage: a}}",
        1,
        "source.mapping.query_langage",
        "expected a field of the event (did you mean query_language?), found 'query_langage'",
    ),
    "expression_that_is_none": Case(
        "source: {mapping: {results: 'hits['}}", 1, "source.mapping.results", "expected a JMESPath expression, found 'hits['"
    ),
    "exclusion_by_a_field_without_text": Case(
        "source: {exclude: [{field: synthetic, equals: x}]}",
        1,
        "source.exclude[0].field",
        "expected a field of the event that holds text, found 'synthetic'",
    ),
    "exclusion_without_a_value": Case(
        "source: {exclude: [{field: service}]}", 1, "source.exclude[0].equals", "expected a value, found nothing"
    ),
    "pattern_without_a_group": Case(
        "source: {document_language: {pattern: '^..'}}",
        1,
        "source.document_language.pattern",
        "expected a regular expression with one group, the language, found '^..'",
    ),
    "pattern_that_is_none": Case(
        "source: {document_language: {pattern: '('}}",
        1,
        "source.document_language.pattern",
        "expected a regular expression (missing ), unterminated subpattern at position 0), found '('",
    ),
    "address_without_scheme": Case(
        "store: {clickhouse: {url: 'clickhouse:8123'}}", 1, "store.clickhouse.url", f"{ADDRESS}, found 'clickhouse:8123'"
    ),
    "address_with_a_password": Case(
        "store: {clickhouse: {url: 'https://u:hunter2@a'}}",
        1,
        "store.clickhouse.url",
        "expected an address without user name and password, which have settings of their own, found other text",
    ),
    "server_without_address": Case("store: {clickhouse: {}}", 1, "store.clickhouse.url", "expected a value, found nothing"),
    "unknown_language": Case("language: {allowed: [en, xx]}", 1, "language.allowed[1]", f"{TAG}, found 'xx'"),
    "language_of_a_threshold": Case(
        "quality: {hit_threshold: {languages: {english: 0.3}}}",
        1,
        "quality.hit_threshold.languages.english",
        f"{TAG}, found 'english'",
    ),
    "shares_above_one": Case(
        "language: {prior: {en: 0.8, ko: 0.3}}",
        1,
        "language.prior",
        "expected shares that add up to more than 0 and at most 1, not to 1.1, found keys with values",
    ),
    "share_of_nothing": Case(
        "language: {prior: {en: 0.0}}",
        1,
        "language.prior",
        "expected shares that add up to more than 0 and at most 1, not to 0, found keys with values",
    ),
    "group_of_one": Case("language: {merge: [[no]]}", 1, "language.merge[0]", "expected a list of at least 2, found a list"),
    "language_in_two_groups": Case(
        "language: {merge: [[no, nn], [da, no]]}", 1, "language.merge", "expected each language in one group only, found a list"
    ),
    "confidence_above_one": Case("language: {min_confidence: 50}", 1, "language.min_confidence", "expected 1 or less, found 50"),
    "threshold_between_two_bins": Case(
        "quality: {hit_threshold: {default: 0.333}}",
        1,
        "quality.hit_threshold.default",
        "expected auto or a multiple of 0.01, found 0.333",
    ),
    "limit_of_translations_between_two_steps": Case(
        "quality: {translation: {low: 0.705}}", 1, "quality.translation.low", "expected a multiple of 0.01, found 0.705"
    ),
    "limit_of_translations_in_percent": Case(
        "quality: {translation: {low: 70}}", 1, "quality.translation.low", "expected 1 or less, found 70"
    ),
    "receiver_type_that_is_not_built": Case(
        "notify: {receivers: {pager: {type: opsgenie, routing_key: hunter2}}}",
        1,
        "notify.receivers.pager.type",
        f"expected a type of receiver that is there ({TYPES}), found 'opsgenie'",
    ),
    "receiver_without_type": Case(
        "notify: {receivers: {chat: }}",
        1,
        "notify.receivers.chat.type",
        f"expected a type of receiver that is there ({TYPES}), found nothing",
    ),
    "receiver_that_is_text": Case(
        "notify: {receivers: {chat: hunter2}}", 1, "notify.receivers.chat", "expected keys with values, found other text"
    ),
    "slack_without_webhook": _receiver("type: slack", "webhook_url", "expected a value, or a token and a channel, found nothing"),
    "webhook_that_is_no_address": _receiver("type: slack, webhook_url: hunter2", "webhook_url", f"{ADDRESS}, found other text"),
    "slack_token_without_channel": _receiver(
        "type: slack, token: hunter2", "channel", "expected a value, which a token needs, found nothing"
    ),
    "slack_channel_without_token": _receiver(
        "type: slack, channel: '#search'", "channel", "expected a token beside it, found '#search'"
    ),
    "slack_both_ways": _receiver(
        f"type: slack, token: hunter2, channel: a, webhook_url: '{HOOK}'",
        "webhook_url",
        "expected nothing beside a token or a channel, found other text",
    ),
    "routing_key_that_is_too_short": _receiver(
        "type: pagerduty, routing_key: hunter2", "routing_key", "expected 32 letters and digits, found other text"
    ),
    "pager_without_routing_key": _receiver("type: pagerduty", "routing_key", "expected a value, found nothing"),
    "alertmanager_without_addresses": _receiver(
        "type: alertmanager, urls: []", "urls", "expected a list of at least 1, found an empty list"
    ),
    "alertmanager_that_is_no_address": _receiver("type: alertmanager, urls: [am]", "urls[0]", f"{ADDRESS}, found 'am'"),
    "alertmanager_password_without_name": _receiver(
        f"type: alertmanager, urls: ['{HOOK}'], password: hunter2", "password", "expected a username beside it, found other text"
    ),
    "alertmanager_name_without_password": _receiver(
        f"type: alertmanager, urls: ['{HOOK}'], username: a",
        "password",
        "expected a value, which a username needs, found nothing",
    ),
    "alertmanager_with_two_ways_in": _receiver(
        f"type: alertmanager, urls: ['{HOOK}'], username: a, password: b, token: hunter2",
        "token",
        "expected nothing beside a username, found other text",
    ),
    "webhook_without_address": _receiver("type: webhook", "url", "expected a value, found nothing"),
    "webhook_address_that_is_none": _receiver("type: webhook, url: hunter2", "url", f"{ADDRESS}, found other text"),
    "webhook_secret_that_is_no_base64": _receiver(
        f"type: webhook, url: '{HOOK}', secret: whsec_hunter2", "secret", "expected base64 after whsec_, found other text"
    ),
    "proxy_that_is_no_address": _receiver(
        f"type: webhook, url: '{HOOK}', proxy: 'hunter2:3128'", "proxy", f"{ADDRESS}, found other text"
    ),
    "timeout_of_nothing": _receiver(
        f"type: webhook, url: '{HOOK}', timeout: 0s", "timeout", "expected a duration longer than zero, found '0s'"
    ),
    "key_of_another_receiver": _receiver(
        f"type: webhook, url: '{HOOK}', urls: []",
        "urls",
        "expected a known key, found 'urls' (did you mean url?)",
    ),
    "mail_from_nobody": _receiver(f"{MAIL}, to: [a@b]", "from", "expected a value, found nothing"),
    "mail_to_nobody": _receiver(f"{MAIL}, from: a@b, to: []", "to", "expected a list of at least 1, found an empty list"),
    "mail_to_a_name": _receiver(
        f"{MAIL}, from: a@b, to: [search-team]",
        "to[0]",
        "expected an address such as name@example.org, or Name <name@example.org>, found 'search-team'",
    ),
    "mail_with_unknown_encryption": _receiver(
        f"{MAIL}, from: a@b, to: [a@b], tls: ssl", "tls", "expected 'starttls', 'implicit' or 'none', found 'ssl'"
    ),
    "mail_name_without_password": _receiver(
        f"{MAIL}, from: a@b, to: [a@b], username: a", "password", "expected a value, which a username needs, found nothing"
    ),
    "mail_port_that_is_none": _receiver(f"{MAIL}, from: a@b, to: [a@b], port: 0", "port", "expected 1 or more, found 0"),
    "trace_address_without_its_place": Case(
        "notify: {trace_url: 'https://a'}", 1, "notify.trace_url", "expected an address with {trace_id} in it, found other text"
    ),
    "repetition_of_nothing": Case(
        "notify: {repeat_interval: {info: }}",
        1,
        "notify.repeat_interval.info",
        "expected a duration such as 30s, 5m, 1h30m or 14d, or never, found nothing",
    ),
    "route_to_nobody": Case(
        f"{CHAT}{{receivers: []}}]}}", 1, "notify.routes[0].receivers", "expected a list of at least 1, found an empty list"
    ),
    "route_to_a_stranger": Case(
        f"{CHAT}{{receivers: [chat, chta]}}]}}",
        1,
        "notify.routes[0].receivers[1]",
        "expected a name from notify.receivers (chat), found 'chta'",
    ),
    "route_by_an_unknown_label": Case(
        f"{CHAT}{{not: {{team: a}}, receivers: [chat]}}]}}",
        1,
        "notify.routes[0].not.team",
        f"expected one of {LABELS}, found 'team'",
    ),
    "route_by_a_severity_that_is_none": Case(
        f"{CHAT}{{match: {{severity: criticl}}, receivers: [chat]}}]}}",
        1,
        "notify.routes[0].match.severity",
        "expected one of info, warning, critical, found 'criticl'",
    ),
    "route_by_a_class_that_is_none": Case(
        f"{CHAT}{{not: {{class: [level, chnge]}}, receivers: [chat]}}]}}",
        1,
        "notify.routes[0].not.class[1]",
        "expected one of change, level, volume, monitor, found 'chnge'",
    ),
    "route_by_a_broken_pattern": Case(
        f"{CHAT}{{match_re: {{service: '['}}, receivers: [chat]}}]}}",
        1,
        "notify.routes[0].match_re.service",
        "expected a regular expression (unterminated character set at position 0), found '['",
    ),
    "report_to_nobody_who_is_known": Case(
        f"{REPORT}[mail]}}",
        2,
        "report.receivers[0]",
        "expected the name of a receiver that takes reports (chat), found 'mail'",
    ),
    "report_to_a_pager": Case(
        f"{REPORT}[chat, pager]}}",
        2,
        "report.receivers[1]",
        "expected the name of a receiver that takes reports (chat), not of one of type pagerduty, found 'pager'",
    ),
    "report_to_an_alertmanager": Case(
        "notify: {receivers: {am: {type: alertmanager, urls: ['http://am:9093']}}}\nreport: {receivers: [am]}",
        2,
        "report.receivers[0]",
        "expected the name of a receiver that takes reports (none of notify.receivers does), not of one of type alertmanager, "
        "found 'am'",
    ),
    "report_twice_to_the_same": Case(
        f"{REPORT}[chat, chat]}}", 2, "report.receivers[1]", "expected a name that is there once, found 'chat'"
    ),
    "report_at_no_time": Case(
        "report: {schedule: weekly}",
        1,
        "report.schedule",
        'expected a cron line such as "0 4 * * *" or "0 8 * * mon", found \'weekly\'',
    ),
    "report_in_no_time_zone": Case("report: {timezone: Europe/Berlino}", 1, "report.timezone", f"{ZONE}, found 'Europe/Berlino'"),
    "report_in_a_part_of_the_world": Case("report: {timezone: Europe}", 1, "report.timezone", f"{ZONE}, found 'Europe'"),
    "report_in_a_path": Case("report: {timezone: ../etc}", 1, "report.timezone", f"{ZONE}, found '../etc'"),
    "report_in_empty_text": Case("report: {timezone: ''}", 1, "report.timezone", "expected text that is not empty, found ''"),
    "two_doors_at_one_port": Case(
        "web: {port: 8080, health_port: 8080}", 1, "web.health_port", "expected another port than web.port, or null, found 8080"
    ),
    "open_pages_without_token": Case(
        "web: {host: 0.0.0.0}", 1, "web.token", "expected a token, because host 0.0.0.0 is open to other machines, found nothing"
    ),
    "empty_token": Case("web: {token: ''}", 1, "web.token", "expected text that is not empty, found empty text"),
    "token_that_is_a_number": Case(
        "web: {token: 12345}", 1, "web.token", "expected text, found a number or a truth value (quotes make it text)"
    ),
    "secret_file_that_is_missing": Case(
        "web: {host: 0.0.0.0, token_file: away}",
        1,
        "web.token_file",
        "expected a file that can be read, found: No such file or directory",
    ),
    "secret_file_that_is_empty": Case(
        "web: {token_file: empty}", 1, "web.token_file", "expected a file that holds the secret, found an empty one"
    ),
    "secret_file_of_bytes": Case(
        "web: {token_file: bytes}", 1, "web.token_file", "expected a file of text in UTF-8, found other bytes"
    ),
    "secret_given_twice": Case(
        "web: {token: hunter2, token_file: empty}",
        1,
        "web.token_file",
        "expected either the secret or the file that holds it, found both",
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_mistake_is_told_once_with_its_place_and_what_was_expected(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each kind of mistake alone: file and line, key, one sentence, and nothing that may be a secret."""
    monkeypatch.chdir(tmp_path)
    check(case, tmp_path)


def check(case: Case, tmp_path: Path) -> None:
    """The mistake of a case is the only one, in its place."""
    (tmp_path / "empty").write_text("\n", encoding="utf-8")
    (tmp_path / "bytes").write_bytes(b"\xff")
    (tmp_path / "babelwatch.yaml").write_text(case.text, encoding="utf-8")
    with pytest.raises(Misconfigured) as caught:
        load(None, {})
    file = f"babelwatch.yaml:{case.line}" if case.line else "babelwatch.yaml"
    assert [tuple(mistake) for mistake in caught.value.mistakes] == [(file, case.key, case.expected)]
    assert "hunter2" not in str(caught.value)


def test_all_mistakes_of_receivers_are_told_together(tmp_path: Path) -> None:
    """One wrong key hides no other, of the same receiver or of the next."""
    file = tmp_path / "a.yaml"
    one = "{type: slack, token: hunter2, url: hunter2, timeout: 3, extra: 1}"
    file.write_text(f"notify: {{receivers: {{one: {one}, two: {{type: pagerduty, routing_key: hunter2}}}}}}", encoding="utf-8")
    with pytest.raises(Misconfigured) as caught:
        load(file, {})
    keys = {mistake.key.removeprefix("notify.receivers.") for mistake in caught.value.mistakes}
    assert keys == {"one.channel", "one.url", "one.timeout", "one.extra", "two.routing_key"}
    assert "hunter2" not in str(caught.value)


def test_a_file_of_bytes_is_told(tmp_path: Path) -> None:
    """What is no text has no lines."""
    file = tmp_path / "a.yaml"
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(Misconfigured, match=r"a\.yaml: expected text in UTF-8, found other bytes$"):
        load(file, {})
