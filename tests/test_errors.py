"""What is told of a mistake: one line that can be printed, whatever stands in the file."""

import pytest

from agent.errors import Mistake


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        ("name", "name"),
        ("a\nb", r"a\nb"),
        ("name\xa0", r"name\xa0"),
        ("\u202eyek", r"\u202eyek"),
        ("\ud800", r"\ud800"),
        ("언어", "언어"),
    ],
    ids=["plain", "line break", "blank that does not break", "turned around", "half a character", "letters of any script"],
)
def test_what_cannot_be_seen_in_a_key_is_escaped(key: str, shown: str) -> None:
    """Each mistake stays on its line, and a blank that looks like another is found."""
    assert str(Mistake("my.yaml:3", key, "expected a rule")) == f"my.yaml:3: {shown}: expected a rule"
