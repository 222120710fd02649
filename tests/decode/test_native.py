"""Whatever a message holds becomes an event or a dead letter with a reason from the closed list."""

import json
import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.decode.dead_letter import DeadLetter, Reason
from agent.decode.native import YEAR_2000, NativeDecoder
from agent.records import Event, Result, Translation
from tests.decode.builders import NATIVE, NOW, decoded, message, patient, read, record, refused, written

SKEW = 300_000
MINUTE = 60_000
NAMES = {field for kind in (Event, Result, Translation) for field in kind.__struct_fields__}
# Our fields are found under other names, and one expression fails on what it finds.
MAPPED = NativeDecoder({"results": "hits[].{doc_id: id, score: _score}", "query_language": "lang", "service": "join('/', path)"})
DEEP = 100_000


class Case(NamedTuple):
    """A message that is rejected, why, and the field that is named."""

    reason: Reason
    value: bytes
    detail: str = ""
    decoder: NativeDecoder = NATIVE


CASES = {
    "tombstone": Case(Reason.EMPTY, b""),
    "broken UTF-8": Case(Reason.NOT_UTF8, written(query="CUT").replace(b"CUT", b"caf\xc3")),
    "broken UTF-8, mapped": Case(Reason.NOT_UTF8, written(query="CUT").replace(b"CUT", b"caf\xc3"), decoder=MAPPED),
    "text": Case(Reason.NOT_JSON, b"GET /search?q=refund 200"),
    "white space": Case(Reason.NOT_JSON, b" \t"),
    "cut off": Case(Reason.NOT_JSON, written()[:-1]),
    "byte order mark": Case(Reason.NOT_JSON, b"\xef\xbb\xbf" + written()),
    "trailing garbage": Case(Reason.NOT_JSON, written() + b"}"),
    "NaN": Case(Reason.NOT_JSON, written(latency_ms=float("nan"))),
    "a lone surrogate": Case(Reason.NOT_JSON, written(query="\ud800 refund")),
    "two surrogates the wrong way round": Case(Reason.NOT_JSON, written(query="\udc00\ud800")),
    "deep arrays": Case(Reason.TOO_DEEP, b'{"x":' + b"[" * DEEP + b"]" * DEEP + b"}"),
    "deep objects": Case(Reason.TOO_DEEP, b'{"x":' * DEEP + b"1" + b"}" * DEEP),
    "deep arrays, mapped": Case(Reason.TOO_DEEP, b'{"x":' + b"[" * DEEP + b"]" * DEEP + b"}", decoder=MAPPED),
    "array": Case(Reason.NOT_AN_OBJECT, b"[1]"),
    "null": Case(Reason.NOT_AN_OBJECT, b"null"),
    "array, mapped": Case(Reason.NOT_AN_OBJECT, b"[1]", decoder=MAPPED),
    "mapping": Case(Reason.MAPPING_FAILED, written(path=[1]), decoder=MAPPED),
    "infinity, mapped": Case(Reason.MAPPING_FAILED, written(n="1e999"), decoder=NativeDecoder({"top_k": "ceil(to_number(n))"})),
    "no object, mapped": Case(Reason.MAPPING_FAILED, written(n="x"), decoder=NativeDecoder({"translation": "merge(@, n)"})),
    "no id": Case(Reason.MISSING_FIELD, b'{"timestamp": 1}', "event_id"),
    "no time": Case(Reason.MISSING_FIELD, b'{"event_id": "a"}', "timestamp"),
    "no doc_id": Case(Reason.MISSING_FIELD, written(results=[{"doc_id": "a"}, {}]), "results[1].doc_id"),
    "number as query": Case(Reason.WRONG_TYPE, written(query=3), "query"),
    "text as result": Case(Reason.WRONG_TYPE, written(results=["a"]), "results[0]"),
    "no results": Case(Reason.WRONG_TYPE, written(results=None), "results"),
    "text as grade": Case(Reason.WRONG_TYPE, written(relevant={"a": "b"}), "relevant[...]"),
    "deep where a text belongs": Case(Reason.WRONG_TYPE, b'{"query":' + b"[" * DEEP, "query"),
    "unknown route": Case(Reason.UNKNOWN_VALUE, written(route="teleport"), "route"),
    "unknown kind of score": Case(Reason.UNKNOWN_VALUE, written(score_kind="euclid"), "score_kind"),
    "score": Case(Reason.OUT_OF_RANGE, written(results=[{"doc_id": "a", "score": 1e7}]), "results[0].score"),
    "infinite latency": Case(Reason.OUT_OF_RANGE, written(latency_ms="CUT").replace(b'"CUT"', b"1e999"), "latency_ms"),
    "negative top_k": Case(Reason.OUT_OF_RANGE, written(top_k=-1), "top_k"),
    "sample rate": Case(Reason.OUT_OF_RANGE, written(sample_rate=0), "sample_rate"),
    "quality": Case(Reason.OUT_OF_RANGE, written(translation={"quality": 1.5}), "translation.quality"),
    "long name": Case(Reason.OUT_OF_RANGE, written(service="s" * 257), "service"),
    "infinite number, mapped": Case(Reason.OUT_OF_RANGE, b'{"x": 1e999}', "[...]", MAPPED),
    "empty id": Case(Reason.BAD_EVENT_ID, written(event_id=""), "event_id"),
    "long id": Case(Reason.BAD_EVENT_ID, written(event_id="e" * 129), "event_id"),
    "number as id": Case(Reason.BAD_EVENT_ID, written(event_id=7), "event_id"),
    "no zone": Case(Reason.BAD_TIMESTAMP, written(timestamp="2026-11-16T08:30:00"), "timestamp"),
    "digits as text": Case(Reason.BAD_TIMESTAMP, written(timestamp=str(NOW)), "timestamp"),
    "infinite time": Case(Reason.BAD_TIMESTAMP, b'{"event_id": "a", "timestamp": 1e999}', "timestamp"),
    "bool as time": Case(Reason.BAD_TIMESTAMP, written(timestamp=True), "timestamp"),
    "13th month": Case(Reason.BAD_TIMESTAMP, written(timestamp="2026-13-01T00:00:00Z"), "timestamp"),
    "mapped to no number": Case(Reason.BAD_TIMESTAMP, written(t="nan"), "timestamp", NativeDecoder({"timestamp": "to_number(t)"})),
    "year 1": Case(Reason.TOO_OLD, written(timestamp="0001-01-01T00:00:00Z"), "timestamp"),
    "year 1, before UTC had begun": Case(Reason.TOO_OLD, written(timestamp="0001-01-01T00:00:00+14:00"), "timestamp"),
    "1999 in UTC": Case(Reason.TOO_OLD, written(timestamp="2000-01-01T00:59:59+01:00"), "timestamp"),
    "seconds instead of milliseconds": Case(Reason.TOO_OLD, written(timestamp=NOW // 1000), "timestamp"),
    "year 9999": Case(Reason.IN_FUTURE, written(timestamp="9999-12-31T23:59:59Z"), "timestamp"),
    "year 9999, after UTC has ended": Case(Reason.IN_FUTURE, written(timestamp="9999-12-31T23:59:59-14:00"), "timestamp"),
    "far future": Case(Reason.IN_FUTURE, written(timestamp=1e300), "timestamp"),
    "a number of 400 digits": Case(Reason.IN_FUTURE, b'{"event_id": "a", "timestamp": %s}' % (b"9" * 400), "timestamp"),
}


@pytest.mark.parametrize("case", CASES.values(), ids=[f"{case.reason}: {name}" for name, case in CASES.items()])
def test_a_message_is_rejected_for_its_reason(case: Case) -> None:
    """Each such message has this one reason, and its detail is the path of the field."""
    assert refused(case.value, case.decoder) == (case.reason, case.detail)


def test_every_reason_has_a_case() -> None:
    """A new reason needs a record above, or among those of spans."""
    assert {case.reason for case in CASES.values()} == set(Reason) - {Reason.NOT_OTLP}


@pytest.mark.parametrize(
    "value",
    [
        written(query="가" * 2_000_000),
        written(results=[{"doc_id": f"d{n}", "score": 1 / (n + 1)} for n in range(10_000)]),
        written(relevant=[f"d{n}" for n in range(10_000)]),
        written(session="s" * 1_000_000),
        written(unknown=[[[{}]]], query=None, error="boom"),
        written(query="💥\u0000'`$.x`"),
        b" \n" + written() + b"\r\n ",
    ],
    ids=["6 MB of query", "10,000 results", "10,000 labels", "a long session", "further fields", "odd characters", "white space"],
)
def test_large_and_odd_events_are_read(value: bytes) -> None:
    """Size alone and unknown fields reject nothing."""
    assert read(value).event.event_id == "e1"


def test_events_and_dead_letters_keep_order_and_offset() -> None:
    """Each message goes to one side, where it keeps its place in the partition."""
    values = [written(), b"", written(), b"{", written(timestamp=0)]
    accepted, rejected = NATIVE.decode_all([message(value, 10 + n) for n, value in enumerate(values)], NOW)
    assert [item.offset for item in accepted] == [10, 12]
    assert [(letter.message.offset, letter.message.value, letter.reason) for letter in rejected] == [
        (11, b"", Reason.EMPTY),
        (13, b"{", Reason.NOT_JSON),
        (14, values[4], Reason.TOO_OLD),
    ]


# --- nothing in a message raises, and nothing of it is told


def grown(children: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """JSON of JSON."""
    return st.lists(children, max_size=3) | st.dictionaries(TEXT | st.sampled_from(sorted(NAMES)), children, max_size=3)


# What a decoder could mistake for its own words.
HOSTILE = (
    "`$.CANARY`",
    "missing required field `CANARY`",
    "CANARY' - at `$.CANARY`",
    "Expected `object`, got CANARY >= <= `$.CANARY`",
)
TEXT = st.text("a`$.'é💥\ud800", max_size=5) | st.sampled_from(HOSTILE)
JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | TEXT, grown, max_leaves=8)
RECORDS = st.dictionaries(st.sampled_from(sorted(NAMES)), JSON, max_size=4).map(lambda changes: record(**changes))
DECODERS = st.sampled_from(
    [
        NATIVE,
        MAPPED,
        NativeDecoder({"timestamp": "to_number(query)", "query": "to_string(@)", "top_k": "ceil(latency_ms)"}),
        NativeDecoder({"service": "merge(@, translation)", "query": "results[::0]", "session": "max_by(results, &score).doc_id"}),
    ]
)


@st.composite
def broken(draw: st.DrawFn) -> bytes:
    """An event with some of its bytes replaced."""
    value = json.dumps(draw(RECORDS)).encode()
    start = draw(st.integers(0, len(value)))
    return value[:start] + draw(st.binary(max_size=6)) + value[start + draw(st.integers(0, 6)) :]


@patient
@given(st.binary(max_size=60) | broken(), DECODERS)
def test_no_bytes_raise(value: bytes, decoder: NativeDecoder) -> None:
    """Arbitrary bytes and broken events become exactly one event or dead letter, with or without a mapping."""
    found = decoded(value, decoder)
    if isinstance(found, DeadLetter):
        assert (found.message.value, found.reason in Reason) == (value, True)
    else:
        assert YEAR_2000 <= found.at <= NOW + SKEW


@patient
@given(RECORDS)
def test_the_detail_is_a_path_of_our_own_fields(values: dict[str, Any]) -> None:
    """Whatever stands in a record, the detail has nothing but names of fields and places in lists."""
    found = decoded(json.dumps(values).encode())
    if isinstance(found, DeadLetter):
        assert set(re.findall(r"\w+", re.sub(r"\[(\d+|\.\.\.)\]", "", found.detail))) <= NAMES
        assert found.reason in Reason


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("field", ["route", "score_kind", "timestamp", "results", "synthetic", "top_k"])
def test_the_detail_has_no_text_of_the_record(field: str, text: str) -> None:
    """A value that is worded like the parser's own message changes neither reason nor detail."""
    assert refused(written(**{field: text})) == refused(written(**{field: "x"}))


# --- event time


@patient
@given(
    st.datetimes(datetime(2000, 1, 2), datetime(2026, 11, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - the zone is the argument beside them
    st.integers(-14 * 60, 14 * 60),
)
def test_all_spellings_of_a_time_are_one(at: datetime, offset: int) -> None:
    """RFC 3339 in any zone, whole and broken milliseconds give the same event time, so the same minute."""
    microseconds = (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    spelled = at.astimezone(timezone(timedelta(minutes=offset))).isoformat()
    expected = microseconds // 1000
    for stamp in (spelled, spelled.replace("T", " "), microseconds / 1000, expected):
        assert read(written(timestamp=stamp)).at == expected


def test_a_time_just_before_the_minute_stays_in_it() -> None:
    """Fractions are cut off and not rounded: the last microsecond belongs to its own minute."""
    assert read(written(timestamp="2026-11-16T08:29:59.999999Z")).at // MINUTE == NOW // MINUTE - 1


@pytest.mark.parametrize(
    ("stamp", "reason"),
    [(YEAR_2000, None), (YEAR_2000 - 1, Reason.TOO_OLD), (NOW + SKEW, None), (NOW + SKEW + 1, Reason.IN_FUTURE)],
)
def test_the_span_of_event_times_has_exact_ends(stamp: int, reason: Reason | None) -> None:
    """2000 begins and the future skew ends at a millisecond."""
    found = decoded(written(timestamp=stamp))
    assert (found.reason if isinstance(found, DeadLetter) else None) is reason


def test_the_future_skew_is_a_setting() -> None:
    """A decoder without skew takes nothing from the future."""
    strict = NativeDecoder(max_future_skew_ms=0)
    assert read(written(timestamp=NOW), strict).at == NOW
    assert refused(written(timestamp=NOW + 1), strict) == (Reason.IN_FUTURE, "timestamp")


# --- mapping


def test_a_mapping_finds_fields_under_other_names() -> None:
    """Nested lists of results are rebuilt, and fields that are not mapped are read as they are."""
    value = written(hits=[{"id": "a", "_score": 0.5}, {"id": "b"}], lang="ko", path=["eu", "help"], environment="prod")
    event = read(value, MAPPED).event
    assert event.results == [Result("a", 0.5), Result("b", None)]
    assert (event.query_language, event.service, event.environment) == ("ko", "eu/help", "prod")


def test_what_a_mapping_does_not_find_is_absent() -> None:
    """A field that is mapped to nothing has its default, and hides one of the same name; a required one is missing."""
    decoder = NativeDecoder(
        {"results": "hits[].{doc_id: id}", "synthetic": "probe", "score_kind": "kind", "service": "meta.service"}
    )
    event = read(written(service="not this"), decoder).event
    assert (event.results, event.synthetic, event.score_kind, event.service) == ([], False, "unknown", None)
    assert refused(written(), NativeDecoder({"event_id": "uuid"})) == (Reason.MISSING_FIELD, "event_id")


def test_a_mapped_field_is_checked_like_any_other() -> None:
    """Types, ranges and times of what a mapping finds are those of the schema."""
    decoder = NativeDecoder({"timestamp": "ts", "top_k": "size"})
    assert read(written(ts="2026-11-16T09:30:00+01:00", size=3), decoder).at == NOW
    assert refused(written(ts="yesterday", size=3), decoder) == (Reason.BAD_TIMESTAMP, "timestamp")
    assert refused(written(ts=NOW, size="3"), decoder) == (Reason.WRONG_TYPE, "top_k")
