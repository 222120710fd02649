"""Whatever stands in a rules file: it gives rules, or mistakes that say where and what."""

from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from agent.alerting.load import KINDS, parse
from tests.support.mangled import LEAVES, are_told, as_yaml, bounded, mistakes_of, noise, spliced, trees

FOLDERS = (Path(__file__).parents[2] / "rules", Path(__file__).parent / "rules")
GOOD = [file.read_text(encoding="utf-8") for folder in FOLDERS for file in sorted(folder.glob("*.yaml"))]
KEYS = ("rules", "not", "language", *sorted({key for kind in KINDS.values() for key in kind.keys}))
ENTRY = st.fixed_dictionaries(
    {"name": LEAVES, "kind": st.sampled_from([*KINDS])},
    optional={key: trees(KEYS) for key in dict.fromkeys(KEYS) if key not in {"name", "kind"}},
)


@bounded
@given(spliced(GOOD))
def test_a_file_that_was_edited_badly(text: str) -> None:
    """Parts cut out, signs put in."""
    assert are_told(mistakes_of(lambda: parse(text, "my.yaml")), "my.yaml")


@bounded
@given(noise())
def test_a_file_of_anything(text: str) -> None:
    """Not even YAML."""
    assert are_told(mistakes_of(lambda: parse(text, "my.yaml")), "my.yaml")


@bounded
@given(trees(KEYS) | st.fixed_dictionaries({"rules": st.lists(ENTRY, max_size=2)}))
def test_a_file_with_any_values(tree: Any) -> None:
    """Known keys with values of any shape."""
    assert are_told(mistakes_of(lambda: parse(as_yaml(tree), "my.yaml")), "my.yaml")
