"""Texts that are nearly a good YAML file, or nothing like one: for tests that nothing but listed mistakes comes of them."""

import json
from collections.abc import Callable, Sequence
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

from agent.errors import Misconfigured, Mistake

TAGS = [f"!!{name} " for name in ("int", "float", "bool", "null", "set", "omap", "pairs", "binary", "timestamp", "str", "map")]
STRUCTURE = ["---\n", "...\n", "<<: ", "&a ", "*a", "? ", "- ", "- - : ", "%YAML 1.2\n", "%TAG ! a\n", "!x ", "[" * 200]
SCALARS = ["null", "yes", "0x", "0o8", "1e999", ".nan", "-.inf", "1_0", "9" * 400, "2026-11-16"]
SIGNS = [*":,-?[]{}#&*!|>'\"%@`~=\\ \t\n\r\x00\x85\u2028\ufeff\U0001f600", *TAGS, *STRUCTURE, *SCALARS]
WORDS = ["", "5m", "und", "ko", "drop", "auto", "critical", "mon", "Europe/Berlin", "24:00", "2026-11-16", "a: b", "-7d"]
LEAVES = st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats() | st.text(max_size=8) | st.sampled_from(WORDS)
bounded = settings(max_examples=150, deadline=None, derandomize=True, database=None)
"""The same examples for the same selection of tests: hypothesis also takes constants of the modules that are loaded."""


def spliced(good: Sequence[str]) -> st.SearchStrategy[str]:
    """A good text, of which some parts are cut out and in which some signs of YAML stand where they should not."""

    def cut(text: str, edits: list[tuple[int, int, str]]) -> str:
        for place, length, sign in edits:
            at = place % (len(text) + 1)
            text = text[:at] + sign + text[at + length :]
        return text

    edit = st.tuples(st.integers(0, 10_000), st.integers(0, 12), st.sampled_from(SIGNS) | st.just(""))
    return st.builds(cut, st.sampled_from(good), st.lists(edit, min_size=1, max_size=4))


def noise() -> st.SearchStrategy[str]:
    """Signs of YAML, words and anything else, one after the other."""
    return st.lists(st.sampled_from(SIGNS) | st.text(max_size=5), max_size=30).map("".join)


def trees(keys: Sequence[str], leaves: st.SearchStrategy[Any] = LEAVES) -> st.SearchStrategy[Any]:
    """Values of any shape under these keys, and some under others."""
    named = st.sampled_from(keys) | st.text(max_size=4)
    return st.recursive(
        leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(named, inner, max_size=4), max_leaves=12
    )


def as_yaml(tree: Any) -> str:
    """A tree as a text: JSON is YAML, but for what no number is."""
    return json.dumps(tree)


def mistakes_of(read: Callable[[], Any]) -> Sequence[Mistake] | None:
    """None where it can be read; any other error than mistakes is one of the test."""
    try:
        read()
    except Misconfigured as wrong:
        return wrong.mistakes
    return None


def are_told(mistakes: Sequence[Mistake] | None, file: str) -> bool:
    """Whether there are none, or they are lines that say where and what was expected."""
    if mistakes is None:
        return True
    where = all(each.file.startswith(file) and each.expected.startswith("expected ") for each in mistakes)
    return bool(mistakes) and where and not any("\n" in str(each) for each in mistakes)
