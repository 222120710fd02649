"""YAML with places."""

import pytest

from agent.yaml_text import Place, UnreadableError, parse_yaml


def test_norwegian_is_a_language_and_a_time_is_text() -> None:
    """YAML 1.2: `no` is not false, and a time stays as it was written."""
    assert parse_yaml("{allowed: [no, on], start: 2026-11-01T08:00:00Z}").data == {
        "allowed": ["no", "on"],
        "start": "2026-11-01T08:00:00Z",
    }


def test_each_key_and_entry_has_its_place() -> None:
    """Keys and entries of lists are found by the path that leads to them."""
    assert parse_yaml("web:\n  port: 1\nrules:\n  - a\n  - {b: 2}\n").places == {
        ("web",): Place(1, 1),
        ("web", "port"): Place(2, 3),
        ("rules",): Place(3, 1),
        ("rules", "0"): Place(4, 5),
        ("rules", "1"): Place(5, 5),
        ("rules", "1", "b"): Place(5, 6),
    }


def test_a_repeated_key_is_listed_with_its_lines() -> None:
    """The outermost repeated key is told, not also what stands below it."""
    document = parse_yaml("web: {port: 1}\nrules: []\nweb: {port: 2}\n")
    assert document.repeated == {("web",): (1, 3)}


def test_an_anchor_may_be_used_again() -> None:
    """The last one counts, and no warning repeats lines in which a secret may stand."""
    assert parse_yaml("a: &x 1\nb: &x 2\nc: *x\n").data == {"a": 1, "b": 2, "c": 2}


def test_an_empty_text_says_nothing() -> None:
    """Neither an empty text nor one of comments is a mistake."""
    assert [parse_yaml(text) for text in ("", "# nothing\n")] == [(None, {}, {})] * 2


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("a: 1\nb: [1", 2, "expected ',' or ']', but got '<stream end>'"),
        ("a: b: c", 1, "mapping values are not allowed here"),
        ("a:\n\t- b", 2, "found character '\\t' that cannot start any token"),
        ("a: 1\n---\nb: 2", 2, "but found another document"),
        ("a: !secret b", 1, "could not determine a constructor for the tag"),
        ("password: *s", 1, "found undefined alias"),
        ("a: \x01", None, "it holds a character, a number or a tag that cannot be read"),
        ("a: !!float b", None, "it holds a character, a number or a tag that cannot be read"),
        ("a: !!bool maybe", None, "it holds a character, a number or a tag that cannot be read"),
        ("a: !!int ''", None, "it holds a character, a number or a tag that cannot be read"),
        ("a: &a {b: *a}", None, "it is nested without end"),
        ("[" * 500, None, "it is nested without end"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_line_and_nothing_of_the_text(text: str, line: int | None, problem: str) -> None:
    """The reason is a sentence, the line counts from 1, and words of the text, which may be secrets, are left out."""
    with pytest.raises(UnreadableError) as caught:
        parse_yaml(text)
    assert (caught.value.line, str(caught.value)) == (line, problem)
