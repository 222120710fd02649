"""The file of mutes: what it says, and all that is wrong with it at once."""

import json
from datetime import UTC, datetime
from pathlib import Path

import jsonschema
import pytest

from agent.errors import Misconfigured
from agent.notify.mute import CHOICES, WEEKDAYS, Between, Mute, Window, id_of
from agent.notify.mute_file import load, parse
from agent.yaml_text import parse_yaml

SCHEMA = json.loads((Path(__file__).parents[2] / "schemas" / "mutes.v1.json").read_text(encoding="utf-8"))
GOOD = """
mutes:
  - match: {language: [lo], class: level}
    reason: known low since the first day
    author: ana
    until: 2026-12-31
  - match: {service: batch, team: search}
    reason: nightly reindex
    windows: [{weekdays: [mon, tue], times: [{from: "01:00", to: "03:30"}, {from: 22:00, to: 24:00}], timezone: Europe/Berlin}]
  - everything: true
    reason: the move
    from: 2026-12-01T20:00:00+01:00
    until: 2026-12-01T22:00:00+01:00
    windows: [{timezone: Asia/Seoul}]
"""
MISTAKES = {
    "no list": ("mutes: 7", "my.yaml:1: mutes: expected a list of mutes, found 7"),
    "an unknown key at the top": (
        "mutes: []\nmute: []",
        "my.yaml:2: mute: expected mutes, found 'mute'",
    ),
    "no reason": ("mutes:\n  - match: {language: ko}", "my.yaml:2: mutes.0.reason: expected text, found nothing"),
    "an unknown key": (
        "mutes:\n  - match: {language: ko}\n    reason: x\n    utnil: 2026-12-31",
        "my.yaml:4: mutes.0.utnil: expected one of match, everything, reason, author, from, until, windows, found 'utnil'",
    ),
    "no labels": (
        "mutes:\n  - match: {}\n    reason: x",
        "my.yaml:2: mutes.0.match: expected labels with the values that they must have, found nothing in it",
    ),
    "neither labels nor everything": (
        "mutes:\n  - reason: x",
        "my.yaml:2: mutes.0: expected either match with labels, or everything: true, found keys with values",
    ),
    "labels and everything": (
        "mutes:\n  - reason: x\n    everything: true\n    match: {language: ko}",
        "my.yaml:2: mutes.0: expected either match with labels, or everything: true, found keys with values",
    ),
    "everything but not": (
        "mutes:\n  - reason: x\n    everything: false",
        "my.yaml:3: mutes.0.everything: expected true, found false",
    ),
    "an unknown class": (
        "mutes:\n  - reason: x\n    match: {class: levle}",
        "my.yaml:3: mutes.0.match.class: expected one of change, level, volume, monitor, found 'levle'",
    ),
    "a value that is no text": (
        "mutes:\n  - reason: x\n    match: {service: [7]}",
        "my.yaml:3: mutes.0.match.service: expected a text, or a list of texts, found a list",
    ),
    "a span": (
        "mutes:\n  - reason: x\n    match: {service: a}\n    until: -7d",
        "my.yaml:4: mutes.0.until: expected a date, or a time such as 2026-11-01T08:00:00Z, found '-7d'",
    ),
    "a window without its zone": (
        "mutes:\n  - reason: x\n    match: {service: a}\n    windows: [{weekdays: [mon]}]",
        "my.yaml:4: mutes.0.windows.0.timezone: expected an IANA time zone such as Europe/Berlin, found nothing",
    ),
    "another day": (
        "mutes:\n  - reason: x\n    match: {service: a}\n    windows: [{weekdays: [monday], timezone: UTC}]",
        "my.yaml:4: mutes.0.windows.0.weekdays.0: expected one of mon, tue, wed, thu, fri, sat, sun, found 'monday'",
    ),
    "no time of a day": (
        "mutes:\n  - reason: x\n    match: {service: a}\n    windows: [{times: [{from: 1:00, to: '25:00'}], timezone: UTC}]",
        (
            'my.yaml:4: mutes.0.windows.0.times.0.from: expected a time of the day such as "01:30", up to "24:00", found \'1:00\'\n'
            'my.yaml:4: mutes.0.windows.0.times.0.to: expected a time of the day such as "01:30", up to "24:00", found \'25:00\''
        ),
    ),
}
BEYOND_A_SCHEMA = {  # what a schema cannot see: which labels rules give, what a zone is called, which of two times is earlier
    "a label that no rule gives": (
        "mutes:\n  - reason: x\n    match: {langauge: ko}",
        (
            "my.yaml:3: mutes.0.match.langauge: expected one of language, service, environment, severity, class, cause, confirmed, rule, "
            "metric, or a label that a rule gives"
        ),
    ),
    "an unknown zone": (
        "mutes:\n  - reason: x\n    match: {service: a}\n    windows: [{timezone: Europe/Belin}]",
        "my.yaml:4: mutes.0.windows.0.timezone: expected an IANA time zone such as Europe/Berlin, found 'Europe/Belin'",
    ),
    "a zone that is a folder": (
        "mutes:\n  - reason: x\n    match: {service: a}\n    windows: [{timezone: Europe}]",
        "my.yaml:4: mutes.0.windows.0.timezone: expected an IANA time zone such as Europe/Berlin, found 'Europe'",
    ),
    "no time at all": (
        "mutes:\n  - reason: x\n    match: {service: a}\n    windows: [{times: [{from: '01:00', to: '01:00'}], timezone: UTC}]",
        "my.yaml:4: mutes.0.windows.0.times.0: expected two different times, the first before 24:00",
    ),
    "an end before its beginning": (
        "mutes:\n  - reason: x\n    match: {service: a}\n    from: 2026-12-02\n    until: 2026-12-01",
        "my.yaml:5: mutes.0.until: expected a time after that of from",
    ),
    "a key twice": (
        "mutes:\n  - reason: x\n    match: {service: a}\n    reason: y",
        "my.yaml:2: mutes.0.reason: expected the key once, found it on lines 2, 4",
    ),
    "no YAML": ("mutes: [", "my.yaml:1: expected YAML, found what is none: "),
}


def test_a_file_is_read() -> None:
    """Single values, dates, times in any zone, windows; who left out the days or times means all of them."""
    low, batch, move = parse(GOOD, "my.yaml", {"team"})
    end = datetime(2026, 12, 31, tzinfo=UTC)
    match: dict[str, tuple[str, ...]] = {"language": ("lo",), "class": ("level",)}
    assert low == Mute(
        id=id_of(match, None, end), match=match, reason="known low since the first day", author="ana", ends_at=end, source="file"
    )
    times = (Between("01:00", "03:30"), Between("22:00", "24:00"))
    assert batch.windows == (Window("Europe/Berlin", ("mon", "tue"), times),)
    assert (move.match, move.starts_at) == ({}, datetime(2026, 12, 1, 19, tzinfo=UTC))
    assert move.windows == (Window("Asia/Seoul", WEEKDAYS, (Between("00:00", "24:00"),)),)


def test_the_schema_knows_the_same() -> None:
    """An editor completes what the agent reads."""
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(parse_yaml(GOOD).data, SCHEMA, cls=jsonschema.Draft202012Validator)
    kinds = {"severity": "severity", "class": "class", "cause": "cause", "confirmed": "confirmation"}
    assert {name: tuple(SCHEMA["$defs"][kind]["enum"]) for name, kind in kinds.items()} == {
        name: tuple(values) for name, values in CHOICES.items()
    }


@pytest.mark.parametrize(("text", "expected"), [*MISTAKES.values(), *BEYOND_A_SCHEMA.values()], ids=[*MISTAKES, *BEYOND_A_SCHEMA])
def test_a_mistake_is_told_with_file_line_key_and_what_was_expected(text: str, expected: str) -> None:
    """Each of them alone."""
    with pytest.raises(Misconfigured) as wrong:
        parse(text, "my.yaml")
    assert str(wrong.value).startswith(expected)


@pytest.mark.parametrize("text", [text for text, _ in MISTAKES.values()], ids=MISTAKES)
def test_the_schema_refuses_what_the_agent_refuses(text: str) -> None:
    """An editor that knows the schema shows the same mistakes."""
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(parse_yaml(text).data, SCHEMA, cls=jsonschema.Draft202012Validator)


def test_all_mistakes_come_at_once() -> None:
    """In the order of their lines."""
    text = "mutes:\n  - match: {class: x}\n    until: soon\n  - 7\n  - reason: ''\n    windows: []\n"
    with pytest.raises(Misconfigured) as wrong:
        parse(text, "my.yaml")
    places = [(mistake.file, mistake.key) for mistake in wrong.value.mistakes]
    assert places == [
        ("my.yaml:2", "mutes.0.match.class"),
        ("my.yaml:2", "mutes.0.reason"),
        ("my.yaml:3", "mutes.0.until"),
        ("my.yaml:4", "mutes.1"),
        ("my.yaml:5", "mutes.2.reason"),
        ("my.yaml:6", "mutes.2.windows"),
    ]


def test_a_file_that_is_away_is_a_mistake(tmp_path: Path) -> None:
    """With its path."""
    with pytest.raises(Misconfigured, match=r"away\.yaml: expected a file of mutes that can be read"):
        load(tmp_path / "away.yaml")


def test_no_mutes_are_no_mistake() -> None:
    """Whoever takes out the last one need not take out the file."""
    assert parse("mutes: []", "my.yaml") == []
