"""Whatever stands in a file of mutes or in a template: mutes or listed mistakes, and always a message."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.notify.base import Message, Thread
from agent.notify.mute_file import parse
from agent.notify.notification import Notification
from agent.notify.render import LONGEST_TEXT, LONGEST_TITLE, TEMPLATES, Renderer, mistakes_in
from tests.notify.examples import incident, notification
from tests.notify.test_mute_file import GOOD
from tests.support.mangled import are_told, as_yaml, bounded, mistakes_of, noise, spliced, trees

KEYS = "mutes match everything reason author from until windows weekdays times timezone to language service class".split()  # noqa: SIM905 - words in a line
FOLDER = Path(__file__).parents[2] / "agent" / "notify" / "templates"
BUNDLED = [file.read_text("utf-8") for file in sorted(FOLDER.glob("*.j2"))]
SIGNS = [*"|.()[]'\"~+-/\n ", "{{", "}}", "{%", "%}", "{#", "#}", "{{ ", " }}", "{% ", " %}"]
KEYWORDS = "if else endif for in endfor set macro endmacro include extends import block raw is not".split()  # noqa: SIM905 - words in a line
NAMES = "incident evidence exemplars fields links nothing loop self caller x 1 0 none true change measure when".split()  # noqa: SIM905 - words in a line
FILTERS = ["upper", "join", "first", "map", "sort", "tojson", "round", "format", "__class__", "mro", "()"]
WHOLE = [
    "{{ incident.summary }}",
    "{{ 1 / 0 }}",
    "{{ incident.nothing.at_all }}",
    "{% for x in incident %}",
    "(" * 300,
    "{% if 1 %}" * 150,
]
PIECES = [*SIGNS, *KEYWORDS, *NAMES, *FILTERS, *WHOLE]
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
TEMPLATE = spliced(BUNDLED) | st.lists(
    st.sampled_from(PIECES) | st.text(st.characters(exclude_categories=["Cs"]), max_size=4), max_size=20
).map("".join)
SAID = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(
            ("language", "service", "environment", "rule", "metric", "embedding_model", "index_version", "summary", "advice"),
            st.text(max_size=30),
        ),
        "drop": st.none() | st.floats(0, 1),
        "exemplars": st.lists(st.text(max_size=9), max_size=3).map(tuple),
        "links": st.dictionaries(st.text(max_size=9), st.text(max_size=30), max_size=2),
        "labels": st.dictionaries(st.text(max_size=9), st.text(max_size=9), max_size=2),
    },
)


@bounded
@given(spliced([GOOD]) | noise())
def test_a_file_of_mutes_that_was_edited_badly(text: str) -> None:
    """Parts cut out, signs put in, or nothing that is YAML."""
    assert are_told(mistakes_of(lambda: parse(text, "my.yaml")), "my.yaml")


@bounded
@given(
    trees(KEYS)
    | st.fixed_dictionaries({"mutes": st.lists(st.dictionaries(st.sampled_from(KEYS), trees(KEYS), max_size=6), max_size=2)})
)
def test_a_file_of_mutes_with_any_values(tree: Any) -> None:
    """Known keys with values of any shape."""
    assert are_told(mistakes_of(lambda: parse(as_yaml(tree), "my.yaml")), "my.yaml")


def rendered(template: bytes, note: Notification) -> tuple[Message, bool]:
    """The message by a template of one's own, and whether the check of the configuration finds a mistake in it."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / TEMPLATES[note.kind]).write_bytes(template)
        message = Renderer(Path(folder)).message(note, Thread("t", "k"), note.incidents, lambda text: text)
        return message, bool(mistakes_in(Path(folder)))


@pytest.mark.filterwarnings("ignore:invalid escape sequence:DeprecationWarning")  # of a text in a template, as Python has it
@bounded
@given(TEMPLATE.map(str.encode) | st.binary(max_size=20), SAID)
def test_any_template_gives_a_message_about_any_incident(template: bytes, said: Mapping[str, Any]) -> None:
    """It has a title and keeps its bounds; where the template is none it is the plain one, which says so."""
    note = notification(incident(**said))
    message, wrong = rendered(template, note)
    assert 0 < len(message.title) <= LONGEST_TITLE
    assert len(message.text) <= LONGEST_TEXT
    if wrong:
        plain, _ = rendered(b"{{", note)
        assert (message.title, message.fields, message.links) == (plain.title, plain.fields, plain.links)
        assert f"The template {TEMPLATES['firing']} is broken" in message.text
