"""From a file and the environment to settings."""

from pathlib import Path

import pytest

from agent.config.configuration import load
from agent.config.probing_settings import HttpEmbedderSettings, OpenAiSettings
from agent.config.receiver_settings import SlackSettings, WebhookSettings
from agent.config.settings import Settings
from agent.errors import Misconfigured


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def written(text: str, **environ: str) -> Settings:
    """The settings of this file and these variables."""
    file = Path("babelwatch.yaml")
    file.write_text(text, encoding="utf-8")
    return load(None, environ)


def told(text: str, **environ: str) -> list[str]:
    """The mistakes in this file and these variables."""
    with pytest.raises(Misconfigured) as caught:
        written(text, **environ)
    return [str(mistake) for mistake in caught.value.mistakes]


def secret(settings: Settings) -> str:
    """The token in clear."""
    assert settings.web.token is not None
    return settings.web.token.get_secret_value()


def webhook_of(settings: Settings, name: str) -> str:
    """The secret of a receiver."""
    receiver = settings.notify.receivers[name]
    assert isinstance(receiver, SlackSettings)
    assert receiver.webhook_url is not None
    return receiver.webhook_url.get_secret_value()


def test_without_a_file_all_is_default() -> None:
    """The agent starts with nothing configured."""
    assert load(None, {}) == Settings()


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "web:\n", "\ufeffweb: {}\n"])
def test_an_empty_file_or_section_is_all_defaults(text: str) -> None:
    """A file, or a section, in which everything is commented out changes nothing."""
    assert written(text) == Settings()


def test_the_file_in_the_working_folder_is_read() -> None:
    """`babelwatch.yaml` needs no option."""
    assert written("web: {port: 9090}").web.port == 9090


def test_a_named_file_is_read_instead(folder: Path) -> None:
    """The one in the working folder does not count then."""
    (folder / "other.yaml").write_text("web: {port: 7070}", encoding="utf-8")
    (folder / "babelwatch.yaml").write_text("web: {port: 9090}", encoding="utf-8")
    assert load(Path("other.yaml"), {}).web.port == 7070


def test_a_named_file_that_is_missing_is_a_mistake() -> None:
    """Nobody runs on defaults because of a typing error in the command."""
    with pytest.raises(Misconfigured, match=r"^other.yaml: expected a file that can be read, found: No such file or directory$"):
        load(Path("other.yaml"), {})


def test_no_stays_norwegian() -> None:
    """YAML 1.2, in the file and in the environment."""
    assert written("language: {allowed: [en, no]}").language.allowed == ("en", "no")
    assert written("", BABELWATCH_LANGUAGE__ALLOWED="[no]").language.allowed == ("no",)


def test_a_start_time_needs_no_quotes() -> None:
    """YAML's own reading of times does not get in the way."""
    assert written("source: {kafka: {start: 2026-11-01T08:00:00Z}}").source.kafka.start == "2026-11-01T08:00:00Z"


def test_the_environment_wins_and_leaves_the_rest() -> None:
    """Only the value that a variable names is replaced."""
    settings = written(
        "source: {kafka: {topics: [a], group_id: mine}}\nweb: {port: 1}",
        BABELWATCH_SOURCE__KAFKA__TOPICS="[b, c]",
        BABELWATCH_WEB__PORT="9090",
    )
    assert (settings.source.kafka.topics, settings.source.kafka.group_id, settings.web.port) == (("b", "c"), "mine", 9090)


def test_a_variable_may_hold_a_whole_section() -> None:
    """Flow values are merged key by key as well."""
    settings = written("source: {kafka: {group_id: mine}}", BABELWATCH_SOURCE__KAFKA="{topics: [b]}")
    assert (settings.source.kafka.topics, settings.source.kafka.group_id) == (("b",), "mine")


def test_a_variable_may_be_spelled_in_any_case() -> None:
    """The name of a receiver is found as the file spells it."""
    settings = written(
        "notify: {receivers: {Chat: {type: slack}}}",
        BABELWATCH_NOTIFY__RECEIVERS__CHAT__WEBHOOK_URL="https://hooks.example/a",
        babelwatch_web__port="9090",
    )
    assert webhook_of(settings, "Chat") == "https://hooks.example/a"
    assert settings.web.port == 9090


def test_variables_that_are_no_settings_are_left_alone() -> None:
    """One part is no setting, the tests have names of their own, and other programs too."""
    environ = {"BABELWATCH_WEB": "x", "BABELWATCH_TEST_KAFKA__PORT": "1", "WEB__PORT": "x", "PATH": "x"}
    assert written("", **environ) == Settings()


@pytest.mark.parametrize("text", ["12345", "no", "*star", "{", "a: b # c", "'quoted'"])
def test_a_secret_in_the_environment_is_taken_as_it_stands(text: str) -> None:
    """Passwords are not YAML: no character of them means anything."""
    assert secret(written("", BABELWATCH_WEB__TOKEN=text)) == text


def test_an_empty_secret_in_the_environment_is_none() -> None:
    """A variable that a deployment left empty does not open the pages with an empty token."""
    assert written("web: {token: abc}", BABELWATCH_WEB__TOKEN="").web.token is None


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_a_secret_is_read_from_its_file_without_the_end_of_the_line(folder: Path, end: str) -> None:
    """Spaces belong to the secret, the line's end does not."""
    (folder / "token").write_bytes(f" hunter 2 {end}".encode())
    settings = written("web: {token_file: token}")
    assert (secret(settings), settings.web.token_file) == (" hunter 2 ", Path("token"))


def test_a_receivers_secret_stands_in_its_variable_as_it_is(folder: Path) -> None:
    """No YAML is read from it, while the address of a server, which is no secret, may be quoted."""
    settings = written(
        "notify: {receivers: {hook: {type: webhook}}}",
        BABELWATCH_NOTIFY__RECEIVERS__HOOK__URL="https://hooks.example/a",
        BABELWATCH_NOTIFY__RECEIVERS__HOOK__SECRET="'a': [b",
        BABELWATCH_STORE__CLICKHOUSE__URL="'https://clickhouse.example'",
    )
    hook = settings.notify.receivers["hook"]
    assert isinstance(hook, WebhookSettings)
    assert hook.secret is not None
    assert hook.secret.get_secret_value() == "'a': [b"
    assert settings.store.clickhouse is not None
    assert settings.store.clickhouse.url == "https://clickhouse.example"


def test_a_secret_that_is_needed_may_come_from_its_file(folder: Path) -> None:
    """What must be there is there when its twin is."""
    (folder / "hook").write_text("https://hooks.example/a\n", encoding="utf-8")
    settings = written("", BABELWATCH_NOTIFY__RECEIVERS="{chat: {type: slack, webhook_url_file: hook}}")
    assert webhook_of(settings, "chat") == "https://hooks.example/a"


def test_mistakes_come_together_in_the_order_of_the_file() -> None:
    """One run tells all of them: the file's by line, then the environment's by name."""
    text = "web: {prt: 1, port: x}\nquality: {k: 0}\nsource:\n  lateness: 5\n  format: csv\n"
    assert told(text, BABELWATCH_PRIVACY__SAMPLES="maybe", BABELWATCH_A__B="1", BABELWATCH_A__C="1") == [
        "babelwatch.yaml:1: web.prt: expected a known key, found 'prt' (did you mean port?)",
        "babelwatch.yaml:1: web.port: expected a whole number, found 'x'",
        "babelwatch.yaml:2: quality.k: expected 1 or more, found 0",
        "babelwatch.yaml:4: source.lateness: expected a duration such as 30s, 5m, 1h30m or 14d, found 5",
        "babelwatch.yaml:5: source.format: expected 'auto', 'native', 'otlp_proto' or 'otlp_json', found 'csv'",
        f"BABELWATCH_A__B: a: expected one of {SECTIONS}, found 'a'",
        f"BABELWATCH_A__C: a: expected one of {SECTIONS}, found 'a'",
        "BABELWATCH_PRIVACY__SAMPLES: privacy.samples: expected true or false, found 'maybe'",
    ]


SECTIONS = "golden, language, notify, privacy, probes, quality, report, rules, source, store, telemetry, web"


def test_a_mistake_names_the_variable_that_gave_the_value() -> None:
    """Not the file, in which the value is right and overridden."""
    assert told("web: {port: 1}", BABELWATCH_WEB__PORT="x") == [
        "BABELWATCH_WEB__PORT: web.port: expected a whole number, found 'x'"
    ]
    assert told("web: {port: x}", BABELWATCH_WEB__HOST="localhost") == [
        "babelwatch.yaml:1: web.port: expected a whole number, found 'x'"
    ]


def test_what_is_missing_is_told_where_its_section_comes_from() -> None:
    """A section that only the environment opened is the environment's mistake."""
    needed = "web.token: expected a token, because host 0.0.0.0 is open to other machines, found nothing"
    assert told("", BABELWATCH_WEB__HOST="0.0.0.0") == [f"BABELWATCH_WEB__HOST: {needed}"]
    assert told("web:\n  host: 0.0.0.0") == [f"babelwatch.yaml:1: {needed}"]


def test_a_variable_that_is_no_yaml_is_told_by_its_name() -> None:
    """Once, and without what it holds."""
    assert told("", BABELWATCH_WEB__HOST="*a") == [
        "BABELWATCH_WEB__HOST: web.host: expected a YAML value, found what is none: found undefined alias; quotes make it text"
    ]


PROBES = "probes: [{name: a, embedder: {type: openai, url: 'https://a', model: m}}, {name: b, embedder: {type: http, url: 'https://b', model: m%s}}]"


def token_of(settings: Settings, at: int) -> str:
    """The token of a probe in clear."""
    embedder = settings.probes[at].embedder
    assert isinstance(embedder, OpenAiSettings | HttpEmbedderSettings)
    assert embedder.token is not None
    return embedder.token.get_secret_value()


def test_a_secret_in_an_entry_of_a_list_may_come_from_its_file(folder: Path) -> None:
    """Probes are a list, and their tokens are secrets like all others."""
    (folder / "token").write_text("hunter2\n", encoding="utf-8")
    settings = written(PROBES % ", token_file: token")
    assert (token_of(settings, 1), settings.probes[0].name) == ("hunter2", "a")


def test_a_variable_may_name_an_entry_of_a_list() -> None:
    """Counted from 0; the other entries, and the other keys of this one, stay."""
    given = {"BABELWATCH_PROBES__1__EMBEDDER__TOKEN": "12: [", "BABELWATCH_PROBES__0__SCHEDULE": "0 4 * * *"}
    settings = written(PROBES % "", **given)
    assert (token_of(settings, 1), settings.probes[1].embedder.model) == ("12: [", "m")
    assert [probe.schedule for probe in settings.probes] == ["0 4 * * *", None]


def test_a_header_in_a_variable_is_taken_as_it_stands() -> None:
    """Headers are secrets: they are no YAML, and their names are those of the file."""
    settings = written(PROBES % ", headers: {X-Key: none}", **{"BABELWATCH_PROBES__1__EMBEDDER__HEADERS__X-KEY": "12345"})
    embedder = settings.probes[1].embedder
    assert isinstance(embedder, HttpEmbedderSettings)
    assert {name: value.get_secret_value() for name, value in embedder.headers.items()} == {"X-Key": "12345"}


def test_a_variable_of_an_entry_that_is_not_there_is_a_mistake() -> None:
    """A number too high does not vanish without a word."""
    assert told(PROBES % "", BABELWATCH_PROBES__2__NAME="c") == [
        "BABELWATCH_PROBES__2__NAME: probes[2].name: expected the number of an entry, counted from 0, of a list of 2"
    ]
    assert told("rules: [default]", BABELWATCH_RULES__FIRST="a") == [
        "BABELWATCH_RULES__FIRST: rules.first: expected the number of an entry, counted from 0, of a list of 1"
    ]
