"""Files of rule tests: YAML, read as strictly as the rules that they try.

rules: [default]                       # as in the settings; paths are relative to this file
quality: {hit_threshold: .35, floor: .21, reference: [en]}
tests:
  - name: Korean falls after a deployment
    start: 2026-01-05T00:00:00Z
    history: 3d                        # is known when the evaluation begins
    series:
      - {language: ko, index_version: v1, queries: 20x3d, hit_rate: .9}
      - {language: ko, index_version: v2, queries: 0x3d 20x1h, hit_rate: .6}
    expect:
      - at: 3d10m
        incidents: [{language: ko, class: change, state: firing}]
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from pathlib import Path
from typing import Any, NamedTuple, get_args

from agent.alerting import readers
from agent.alerting.incident import Cause, Confirmed, IncidentClass, Severity, State
from agent.alerting.load import load as load_rules
from agent.alerting.load import path_of
from agent.alerting.measures import HIGHER_IS_BETTER, Quality, Thresholds
from agent.alerting.minutes import minute_at
from agent.alerting.readers import each, keys, one_of, or_nothing, text
from agent.alerting.reading import ExpectedError, Reader, read, text_of, unexpected
from agent.alerting.rule import Rule
from agent.records import WindowKey
from agent.rule_tests.notation import LONGEST, series
from agent.rule_tests.traffic import Stream
from agent.times import parse_time

START = "2026-01-05"  # a Monday
HIT_THRESHOLD = 0.35
MOST_QUERIES = 1_000_000
EPOCH = datetime.fromtimestamp(0, UTC)
YEARS = range(1970, 3000)

Wanted = Mapping[str, str]
"""An incident that is expected: the fields that it must have, named as in JSON."""


class Expected(NamedTuple):
    """All incidents that there are so many minutes after the start."""

    at: int
    incidents: tuple[Wanted, ...]


class Case(NamedTuple):
    """One test: series in, incidents out. `start` is a minute, `history` counts from it, and so does each `at`."""

    name: str
    start: int
    history: int
    streams: tuple[Stream, ...]
    expected: tuple[Expected, ...]


class Suite(NamedTuple):
    """The tests of a file, and the rules that they try."""

    file: str
    rules: tuple[Rule, ...]
    quality: Quality
    cases: tuple[Case, ...]


def load(path: Path, bundled: Path) -> Suite:
    """One file of tests with its rules; raises Misconfigured with every mistake, UnreadError where a file cannot be opened."""
    said = read(text_of(path, "a file of rule tests that can be read"), str(path), SUITE)
    rules = load_rules(said["rules"], bundled, path.parent)
    return Suite(str(path), tuple(rules), said.get("quality") or _quality({}), tuple(said["tests"]))


def beside(rules: Iterable[str], bundled: Path) -> list[Path]:
    """The files of tests in the folder `tests` beside each of these rules files."""
    folders = dict.fromkeys(path_of(name, bundled).parent / "tests" for name in rules)
    return [file for folder in folders for file in sorted(folder.glob("*.yml"))]


def _quality(value: Any) -> Quality:
    said = keys({"hit_threshold": SCORE, "floor": SCORE, "reference": each("a list of languages", text)})(value)
    thresholds = Thresholds(said.get("hit_threshold", HIT_THRESHOLD))
    return Quality(hit_threshold=thresholds, floor=said.get("floor"), reference=tuple(said.get("reference", ())))


def _stream(value: Any) -> Stream:
    said = keys({**KEY, **SERIES}, ["language", "queries"])(value)
    key = WindowKey(**{"document_language": "", **{name: said.get(name, usual) for name, usual in USUAL.items()}})
    return Stream(key, **{name: said.get(name) for name in SERIES})


def _case(value: Any) -> Case:
    said = keys(CASE, ["name", "series", "expect"])(value)
    start, history = minute_at(said.get("start") or _time(START)), said.get("history", 0)
    expected = [Expected(_since(start, one["at"]), tuple(one["incidents"])) for one in said["expect"]]
    if wrong := [n for n, one in enumerate(expected) if not history < one.at <= LONGEST]:
        too_soon = "expected a time after the history, and at most 400d after the start"
        raise ExpectedError([(("expect", str(n), "at"), too_soon) for n in wrong])
    return Case(said["name"], start, history, tuple(said["series"]), tuple(sorted(expected, key=attrgetter("at"))))


def _since(start: int, at: int | datetime) -> int:
    return minute_at(at) - start if isinstance(at, datetime) else at


def _at(value: Any) -> int | datetime:
    """Minutes since the start, or a time."""
    for reader in (SPAN, _time):
        try:
            at: int | datetime = reader(value)
        except ExpectedError:
            continue
        return at
    raise unexpected("a duration since the start such as 3d5m, or a time such as 2026-01-08T00:05:00Z", value)


def _time(value: Any) -> datetime:
    """A time on a full minute, or a date."""
    try:
        time = parse_time(value, EPOCH) if isinstance(value, str) and not value.startswith("-") else None
    except ValueError:
        time = None
    if time is None or time.second or time.microsecond or time.year not in YEARS:
        raise unexpected("a date since 1970, or a time in full minutes such as 2026-01-05T08:00:00Z", value)
    return time


SCORE = readers.number(0, 1)
SPAN = readers.minutes(timedelta(minutes=1), timedelta(days=400))
USUAL = {
    **dict.fromkeys(("service", "environment", "collection", "language", "embedding_model", "index_version"), ""),
    "score_kind": "cosine",
}
KEY: Mapping[str, Reader] = {**dict.fromkeys(USUAL, text), "score_kind": one_of(HIGHER_IS_BETTER)}
RATE = ".9 or .9x2d .6x30"
SERIES: Mapping[str, Reader] = {
    "queries": series(MOST_QUERIES, "20x1440 0x30 20x2h"),
    "hit_rate": series(1, RATE, alone=True, gaps=False),
    **dict.fromkeys(("similarity", "recall", "labelled"), series(1, RATE, alone=True)),
}
INCIDENT: Mapping[str, Reader] = {
    "language": text,
    "class": one_of(get_args(IncidentClass)),
    "state": one_of(get_args(State)),
    "rule": text,
    "metric": text,
    "cause": one_of(get_args(Cause)),
    "severity": one_of(get_args(Severity)),
    "confirmed": one_of(get_args(Confirmed)),
    "service": text,
    "environment": text,
}
EXPECT: Mapping[str, Reader] = {
    "at": _at,
    "incidents": or_nothing(each("a list of incidents", keys(INCIDENT, ["language", "class", "state"]))),
}
CASE: Mapping[str, Reader] = {
    "name": text,
    "start": _time,
    "history": SPAN,
    "series": each("a list of series", _stream),
    "expect": each("a list of {at: time, incidents: [..]}", keys(EXPECT, ["at", "incidents"])),
}
SUITE = keys(
    {
        "rules": each("a list of bundled rules or paths", text),
        "quality": _quality,
        "tests": each("a list of tests", _case, once="name"),
    },
    ["rules", "tests"],
)
