"""`config show`, and the annotated example that is the same."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from agent.config.configuration import load
from agent.config.notify_settings import RouteSettings
from agent.config.section import keys_of
from agent.config.settings import SECRETS, ExcludeSettings, Settings
from agent.config.showing import as_json, render
from tests.config.test_settings import FIELDS, sections

EXAMPLE = Path(__file__).parents[2] / "examples" / "babelwatch.yaml"
EVERYTHING = re.sub(r"^( *)#(?=\S)", r"\1", EXAMPLE.read_text(encoding="utf-8"), flags=re.MULTILINE)
CHECKED = dict.fromkeys(("webhook_url", "url", "proxy"), "https://hooks.example") | {"routing_key": "'" + "0" * 32 + "'"}
TWINS = re.compile(rf"^ *(?:{'|'.join(SECRETS)})_file: .*\n", re.MULTILINE)


@pytest.fixture
def full(tmp_path: Path) -> Settings:
    """The example with all that is commented out in it, but for the files of secrets."""
    file = tmp_path / "babelwatch.yaml"
    file.write_text(TWINS.sub("", EVERYTHING), encoding="utf-8")
    return load(file, {})


def keys(shown: object) -> Iterator[str]:
    """All keys of a JSON document."""
    for key, value in shown.items() if isinstance(shown, Mapping) else enumerate(shown) if isinstance(shown, list) else ():
        yield from [key] if isinstance(key, str) else []
        yield from keys(value)


def test_the_example_as_it_stands_is_all_defaults() -> None:
    """Whoever copies the example changes nothing by it."""
    assert load(EXAMPLE, {}) == Settings()


@pytest.mark.parametrize(
    ("key", "meaning"),
    [(key, field.description) for section, key, field in FIELDS if section not in {ExcludeSettings, RouteSettings}],
)
def test_every_setting_stands_in_the_example_under_its_meaning(key: str, meaning: str) -> None:
    """The example says of each setting what `config show` says; routes and exclusions are one line without meanings."""
    assert re.search(rf"^ *# {re.escape(meaning)}\n *(?:- )?{key}:", EVERYTHING, re.MULTILINE)


def test_every_setting_of_the_example_is_read(full: Settings) -> None:
    """With everything uncommented the example sets each field of every section."""
    shown = set(keys(as_json(full)))
    assert {key for section in sections() for key in keys_of(section)} <= shown
    assert full.store.clickhouse is not None
    assert full.notify.routes[0].match == {"severity": ("critical",)}


def test_what_is_shown_can_be_read_again(full: Settings, tmp_path: Path) -> None:
    """But for its secrets the output of `config show` is a configuration with the same settings."""
    file = tmp_path / "shown.yaml"
    said = render(full)
    for key, value in CHECKED.items():
        said = said.replace(f" {key}: <secret>", f" {key}: {value}")
    file.write_text(said, encoding="utf-8")
    assert as_json(load(file, {})) == as_json(full)


def test_every_value_is_shown_under_its_meaning() -> None:
    """Each key of the rendered defaults has its own line of meaning above it."""
    lines = render(Settings()).splitlines()
    assert len(lines) == len([*keys(as_json(Settings()))]) * 2
    assert all(meaning.lstrip().startswith("# ") for meaning in lines[::2])
    assert lines[lines.index("  # port to listen on; 0: any free one") + 1] == "  port: 8080"


def test_a_section_is_shown_with_its_own_below_it(full: Settings) -> None:
    """Receivers and probes have a block each, routes a line each, durations the text they were written with."""
    shown = render(full)
    assert "  receivers:\n    chat:\n      # kind of receiver: slack\n      type: slack\n" in shown
    assert "      # sender, such as babelwatch <babelwatch@example.org>\n      from: babelwatch <babelwatch@example.org>\n" in shown
    assert "    - {match: {severity: critical}, match_re: {}, not: {}, receivers: [chat], continue: true}\n" in shown
    assert "    # how often a warning is told again, or never\n    warning: 24h\n" in shown
    assert "    info: never\n" in shown
    assert "    collections: {kb-en: en}\n" in shown
    assert "probes:\n  # what the probe is called\n  - name: own\n" in shown
    assert (
        "  - name: local\n    # who makes the vectors: the service's own model\n    embedder:\n      # kind of embedder: sen"
        in shown
    )
    assert "      # how long one request may take\n      timeout: 30s\n" in shown
    assert "      headers: {X-Api-Key: <secret>}\n" in shown


def test_no_secret_is_shown(full: Settings) -> None:
    """Every secret is `<secret>`, as YAML and as JSON."""
    assert "change-me" not in f"{render(full)} {as_json(full)}"
    assert render(full).count(": <secret>\n") == 16
    assert as_json(full)["web"]["token"] == "<secret>"
