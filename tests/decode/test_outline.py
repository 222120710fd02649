"""What is shown of a rejected message: enough to see what is wrong, and nothing that somebody said."""

import json
import re
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.decode.outline import MOST_ITEMS, MOST_KEYS, Names, names, outline
from tests.decode.builders import patient, record

OURS = names({})
SECRET = "wo ist mein Paket 4711"
HOSTILE = "\x1b]0;owned\x07\x9b2J\u202e\u2066\r\n<!channel>"


def shown(value: Any, known: Names = OURS) -> Any:
    """The outline of a record."""
    return outline(json.dumps(value).encode(), known).value


def test_structure_stays_and_texts_go() -> None:
    """Keys, types, lengths, numbers and times can be seen; what users and services said cannot."""
    event = record(
        query=SECRET,
        session="s-17",
        service="help desk",
        timestamp="2026-11-16T08:30:00.5+01:00",
        query_language="zh-Hant-TW",
        score_kind="Cosine",
        results=[{"doc_id": "kb-12", "score": 0.41, "language": "en"}],
        error=None,
        synthetic=False,
    )
    assert shown(event) == {
        "event_id": "<text, length 2>",
        "timestamp": "2026-11-16T08:30:00.5+01:00",
        "query": f"<text, length {len(SECRET)}>",
        "session": "<text, length 4>",
        "service": "<text, length 9>",
        "query_language": "zh-Hant-TW",
        "score_kind": "Cosine",
        "results": [{"doc_id": "<text, length 5>", "score": 0.41, "language": "en"}],
        "error": None,
        "synthetic": False,
    }


PRIVATE = [SECRET, "2026-11-16", "en", "cosine", 4711, 0.5, [SECRET, 4711], {"language": "en", "n": 4711, "at": "2026-11-16"}]


@pytest.mark.parametrize("key", ["query", "session", "text"])
@pytest.mark.parametrize("value", PRIVATE, ids=str)
def test_a_private_field_shows_nothing(key: str, value: Any) -> None:
    """Whatever type a service gave it, and under the name that the mapping says."""
    seen = json.dumps(shown({key: value}, names({"query": "body.text"})))
    assert not re.search(r"Paket|4711|0\.5|2026|en\"|cosine", seen.replace("length", ""))


@pytest.mark.parametrize(
    ("value", "seen"),
    [
        ({"jane.doe": True, "a": [1]}, "<object, length 2>"),
        ([{"jane.doe": 1}, "x"], "<array, length 2>"),
        (True, "<boolean>"),
        (4711, "<number>"),
        ({}, "<object, length 0>"),
        (None, None),
    ],
    ids=str,
)
@pytest.mark.parametrize("key", ["query", "Query", "SESSION"])
def test_nothing_below_a_private_field_is_shown(key: str, value: Any, seen: Any) -> None:
    """Keys may be somebody's words, and so may what is ticked."""
    assert shown({key: value}) == {key: seen}


@pytest.mark.parametrize(
    ("mapping", "keys"),
    [
        ("params[0].q", ["q"]),
        ("params[0]", ["params"]),
        ('request."user-query"', ["user-query"]),
        ("messages[?role=='user'].content | [0]", ["content"]),
        ("not_null(body.Text, q || words[*].text)", ["Text", "q", "text"]),
    ],
)
def test_a_private_field_is_known_from_any_expression(mapping: str, keys: list[str]) -> None:
    """Its numbers and dates too are what users said; what leads to it stays to be seen."""
    known = names({"query": mapping})
    assert shown({"role": dict.fromkeys(keys, 4711), "at": "2026-11-16"}, known) == {
        "role": dict.fromkeys(keys, "<number>"),
        "at": "2026-11-16",
    }


def test_other_names_are_known_from_the_mapping() -> None:
    """A plain path names the field; an expression is passed over."""
    known = names({"score_kind": "meta.kind", "locale": "ui", "query": "join(' ', words)"})
    assert shown({"kind": "cosine", "ui": "de_AT", "words": "cosine"}, known) == {
        "kind": "cosine",
        "ui": "de_AT",
        "words": "<text, length 6>",
    }


@pytest.mark.parametrize("text", [SECRET, HOSTILE, "cosine similarity", "x" * 21, "12345", "cosine\n", "ｃosine", ""])
@pytest.mark.parametrize("key", ["score_kind", "route", "locale"])
def test_only_a_word_or_a_tag_is_shown_where_they_belong(key: str, text: str) -> None:
    """A field with a closed list may hold anything in a message that was rejected."""
    assert shown({key: text}) == {key: f"<text, length {len(text)}>"}


@pytest.mark.parametrize(
    "text", ["16.11.2026 8:30", "2026-11-16", "2026/11/16 08:30:00,123", "2026-11-16T08:30:00Z", "2026-11-16 08:30 +0100"]
)
def test_times_are_shown_in_any_form(text: str) -> None:
    """They are what a bad timestamp has to be seen for."""
    assert shown({"when": text}) == {"when": text}


@pytest.mark.parametrize(
    "text", ["+49 170 1234567", "4111-1111-1111-1111", "192.168.0.1", "10.1.2.3", "1.2", "2026-11-16 Paket", "٢٠٢٦-١١-١٦"]
)
def test_other_numbers_in_texts_are_not(text: str) -> None:
    """Telephone, card, address."""
    assert shown({"when": text}) == {"when": f"<text, length {len(text)}>"}


@pytest.mark.parametrize("key", [SECRET, HOSTILE, "", "ann@example.org", "x" * 41, "ключ", "a b"])
def test_a_key_that_is_no_name_is_not_shown(key: str) -> None:
    """Keys are as untrusted as values; two of them stay two."""
    assert shown({"a": 1, key: SECRET, f"{key} ": 2}) == {
        "a": 1,
        f"<key 2, length {len(key)}>": f"<text, length {len(SECRET)}>",
        f"<key 3, length {len(key) + 1}>": 2,
    }


def test_long_lists_and_deep_ones_are_shortened() -> None:
    """An embedding does not fill the screen."""
    assert shown({"vector": [0.25] * 768}) == {"vector": [0.25] * MOST_ITEMS + [f"<{768 - MOST_ITEMS} more>"]}
    assert len(shown({f"k{n}": n for n in range(1000)})) == MOST_KEYS + 1
    deep: Any = SECRET
    for _ in range(50):
        deep = {"a": [deep, 1]}
    assert "<object, length 1>" in json.dumps(shown(deep))
    assert shown({"n": 10**30, "m": -(10**20), "k": 10**18}) == {"n": "<number>", "m": "<number>", "k": 10**18}


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (b"", "no bytes"),
        (b"plain text, ann@example.org", "not JSON: invalid character (byte 0)"),
        (b'{"query": "' + SECRET.encode(), "not JSON: Input data was truncated"),
        (b'{"query": "x"} ' + SECRET.encode(), "not JSON: trailing characters (byte 16)"),
        (b'{"a": "\\q"}', "not JSON: invalid escape character in string (byte 9)"),
        (b'{"query": "Stra\xdfe"}', "not UTF-8 at byte 15"),
        (b"[" * 100_000, "nested too deeply"),
        (b"\x1f\x8b\x08\x00", "not UTF-8 at byte 1"),
        (b'{"a": 1e999}', "not JSON: Number out of range"),
        (b'{"a": ' + b"9" * 5000 + b"}", "not JSON: Integer value out of range"),
    ],
)
def test_what_is_no_json_is_described(value: bytes, problem: str) -> None:
    """By where it ends to be JSON, without a byte of it."""
    assert outline(value, OURS) == (None, problem)


texts = st.text() | st.sampled_from([SECRET, HOSTILE])
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: (
        st.lists(inner, max_size=5) | st.dictionaries(texts | st.sampled_from(["query", "session", "locale"]), inner, max_size=5)
    ),
    max_leaves=20,
)
SAFE = re.compile(r"[\x20-\x7e]*")


@patient
@given(anything)
def test_an_outline_is_safe_on_a_terminal(value: Any) -> None:
    """Whatever the message is: printable ASCII, and no sentence of it."""
    seen = outline(msgspec.json.encode(value), OURS)
    printed = json.dumps(seen.value, ensure_ascii=False)
    assert SAFE.fullmatch(printed)
    assert "Paket" not in printed
    assert "owned" not in printed


@patient
@given(st.binary() | st.binary().map(lambda rest: b'{"query": "' + rest))
def test_any_bytes_have_an_outline(value: bytes) -> None:
    """Nothing raises, and a problem quotes nothing."""
    seen = outline(value, OURS)
    assert SAFE.fullmatch(seen.problem)
    assert SAFE.fullmatch(json.dumps(seen.value, ensure_ascii=False))


@pytest.mark.parametrize("mapping", [{}, {"relevant": "judged.ids"}], ids=str)
def test_the_ids_of_relevant_documents_are_no_names_of_fields(mapping: dict[str, str]) -> None:
    """They may be grades by id, whose keys are somebody's words; under the name of the mapping, too."""
    name = "ids" if mapping else "relevant"
    assert shown({name: {"Paket": 2, "query": "Paket"}}, names(mapping)) == {
        name: {"<key 1, length 5>": 2, "<key 2, length 5>": "<text, length 5>"}
    }
