"""Templates: words become values, and what was filled in is never a template itself."""

from typing import Any

import pytest

from agent.probing.template import filled, filled_url


@pytest.mark.parametrize(
    ("template", "meant"),
    [
        ({"q": "{query}", "k": "{k}"}, {"q": "a {k}", "k": 7}),
        ({"q": "find {query}, {k} times"}, {"q": "find a {k}, 7 times"}),
        ({"nested": [{"q": "{query}"}, "{k}{k}"], "n": 1.5}, {"nested": [{"q": "a {k}"}, "77"], "n": 1.5}),
        ({"texts": "{texts}"}, {"texts": ["a", "b"]}),
        ({"{k}": "{unknown}", "flag": True, "none": None}, {"{k}": "{unknown}", "flag": True, "none": None}),
    ],
)
def test_words_are_filled_in(template: Any, meant: Any) -> None:
    """A word alone becomes its value, in a longer text its text; keys and unknown words stay."""
    assert filled(template, {"query": "a {k}", "k": 7, "texts": ["a", "b"]}) == meant


def test_words_of_an_address_are_escaped() -> None:
    """No query can add a parameter or leave the path."""
    assert filled_url("https://a/{language}?q={query}&k={k}", {"query": "a&b=/{k} ü", "language": "zh Hant", "k": 3}) == (
        "https://a/zh%20Hant?q=a%26b%3D%2F%7Bk%7D%20%C3%BC&k=3"
    )
