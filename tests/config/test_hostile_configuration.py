"""Whatever stands in the configuration and in the environment: settings, or mistakes that say where and what, and never a secret."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.config.configuration import load
from agent.config.mistakes import _sections_in
from agent.config.section import Section, keys_of
from agent.config.settings import SECRETS, Settings
from agent.errors import Mistake
from tests.support.mangled import LEAVES, are_told, as_yaml, bounded, mistakes_of, noise, spliced, trees

EXAMPLE = (Path(__file__).parents[2] / "examples" / "babelwatch.yaml").read_text(encoding="utf-8")
SHORT = "web: {port: 1, token: abc}\nsource:\n  kafka: {topics: [a], start: -14d}\nnotify:\n  receivers:\n    a: {type: webhook, url: 'http://a'}\n"
CANARY = "zqconfiguredcanary"
patient = settings(bounded, suppress_health_check=[HealthCheck.function_scoped_fixture])


def _keys(section: type[Section]) -> set[str]:
    """All keys of a section and of those below it."""
    found = set(keys_of(section))
    for field in keys_of(section).values():
        for below in _sections_in(field.annotation):
            found |= _keys(below)
    return found


KEYS = sorted(_keys(Settings))
TYPES = ("slack", "pagerduty", "alertmanager", "webhook", "email", "openai", "http", "sentence_transformers")
SECRET = st.sampled_from([CANARY, f"*{CANARY}", f"http://{CANARY}/", f"me:{CANARY}@x", f"whsec_{CANARY}", f" {CANARY}\n"])
HIDDEN = SECRET | st.lists(SECRET, min_size=1, max_size=2) | st.dictionaries(st.sampled_from(["a", "token"]), SECRET, min_size=1)
ANY = trees(KEYS)


def with_secrets(*keys: str) -> st.SearchStrategy[dict[str, Any]]:
    """A section of any type with secrets under these keys."""
    plain = dict.fromkeys(("channel", "host", "username", "timeout", "port"), LEAVES)
    return st.fixed_dictionaries({"type": st.sampled_from(TYPES)}, optional={**plain, **dict.fromkeys(keys, HIDDEN)})


RECEIVER = with_secrets(*SECRETS)
ASKED = with_secrets(*sorted({*SECRETS} - {"url"}))  # of a service that is asked it is an address, and no secret


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file in an empty working folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path / "babelwatch.yaml"


def told(file: Path, text: str, **environ: str) -> Sequence[Mistake] | None:
    """The mistakes in this file and these variables; None where they are settings."""
    file.write_text(text, encoding="utf-8")
    return mistakes_of(lambda: load(file, environ))


@patient
@given(text=spliced([EXAMPLE, SHORT, SHORT]) | noise())
def test_a_file_that_was_edited_badly(file: Path, text: str) -> None:
    """Parts cut out, signs put in, or nothing that is YAML."""
    assert are_told(told(file, text), str(file))


@patient
@given(tree=ANY | st.dictionaries(st.sampled_from([*Settings.model_fields]), ANY, max_size=4))
def test_a_file_with_any_values(file: Path, tree: Any) -> None:
    """Known keys with values of any shape."""
    assert are_told(told(file, as_yaml(tree)), str(file))


@patient
@given(
    environ=st.dictionaries(
        st.lists(st.sampled_from([*KEYS, "0", "1", "a", ""]), min_size=1, max_size=4).map("__".join),
        spliced(["[1, 2]", "{a: b}", "5m"])
        | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=6),
        max_size=3,
    )
)
def test_any_variables(file: Path, environ: dict[str, str]) -> None:
    """Names that lead anywhere, values of any shape, over a small file."""
    assert are_told(told(file, SHORT, **{f"BABELWATCH_{name}".upper(): text for name, text in environ.items()}), "")


@patient
@given(
    tree=st.fixed_dictionaries(
        {},
        optional={
            "notify": st.fixed_dictionaries({"receivers": st.dictionaries(st.sampled_from("ab"), RECEIVER, max_size=2)}),
            "probes": st.lists(st.fixed_dictionaries({"name": st.just("p"), "embedder": ASKED}), max_size=1),
            "golden": st.lists(
                st.fixed_dictionaries({"name": st.just("g"), "dataset": st.just("d"), "endpoint": ASKED}), max_size=1
            ),
            "web": st.fixed_dictionaries({}, optional={"token": HIDDEN, "host": LEAVES}),
            "source": st.fixed_dictionaries(
                {"kafka": st.fixed_dictionaries({"security": st.fixed_dictionaries({"password": HIDDEN, "protocol": LEAVES})})}
            ),
        },
    )
)
def test_no_mistake_repeats_a_secret(file: Path, tree: Any) -> None:
    """Of any shape, under the keys that have secrets, and where a receiver or an embedder of another type has the key."""
    assert CANARY not in "\n".join(map(str, told(file, as_yaml(tree)) or ()))
