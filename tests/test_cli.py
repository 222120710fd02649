"""What a person or a script sees of each command: exit status, one readable message, one JSON document, tables."""

import gzip
import io
import json
import re
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
import typer.main

from agent import __version__, cli, opening
from agent.alerting.incident import Incident
from agent.config.settings import Settings
from agent.store.base import Entry
from agent.store.migrate import migrate
from tests.acceptance import command
from tests.acceptance.command import Answer, event, logging_as_before, write_log
from tests.notify.examples import incident

MEASURES = {
    *("queries", "events", "hit_rate", "hit_threshold", "hit_source", "zero_result_rate", "error_rate", "similarity_mean"),
    *("labelled", "k", "recall_at_k", "mrr_at_k", "ndcg_at_k", "translation", "translation_low", "ci95"),
    *("latency_p50_ms", "latency_p95_ms", "state", "detectable", "watched_by"),
}
INCIDENT = {
    *("fingerprint", "class", "state", "severity", "cause", "confirmed", "language", "service", "environment"),
    *("began_at", "pending_since", "fired_at", "resolved_at", "rule", "metric", "current", "baseline", "drop", "ci95", "z"),
    *("scale_minutes", "n", "n_baseline", "embedding_model", "index_version", "evidence", "exemplars", "links", "summary"),
}
REPLAY = {"messages", "accepted", "rejected", "reasons", "duplicates", "late", "first", "last", "languages", "alerts"}
GERMAN = {"service": "shop", "environment": "test", "collection": "kb-de"}
LOG = [
    *(event(number) for number in range(6)),
    *(event(number, index_version="v2") for number in range(6, 10)),
    *(event(number, "ko", results=[]) for number in range(10, 12)),
    *(event(number, "ko") for number in range(12, 15)),
    *(event(number, "de", **GERMAN) for number in range(15, 18)),
]
KOREAN = incident(service="help", environment="prod", collection="kb-en")
OVER = incident(fingerprint="0a1b", language="de", state="resolved", **GERMAN, pending_since=datetime(2026, 1, 5, 9, tzinfo=UTC))

Run = Callable[..., Answer]


@pytest.fixture
def babelwatch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    """Runs a command in this process, from its words to its exit status, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    for name, value in {"COLUMNS": "80", "LANG": "C.UTF-8"}.items():
        monkeypatch.setenv(name, value)

    def run(*arguments: object, stdin: bytes = b"") -> Answer:
        monkeypatch.setattr(sys, "argv", ["babelwatch", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capsys.readouterr()
        return Answer(int(ended.value.code or 0), out, err)

    with logging_as_before():
        yield run


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with eighteen events of three languages, an open incident and one that is over."""
    folder = tmp_path_factory.mktemp("replayed")
    log = write_log(folder / "log.jsonl", LOG)
    assert command.babelwatch("replay", log, "--store", folder / "store", cwd=folder).status == 0
    with ExitStack() as stack:
        journal = opening.store_in(stack, Settings(), folder / "store").journal
        journal.write([_transition(OVER), _transition(KOREAN)])
    return folder / "store"


def _transition(told: Incident) -> Entry:
    return Entry("transition", told.fingerprint, told.began_at or datetime(2026, 1, 5, tzinfo=UTC), msgspec.to_builtins(told))


def written(name: str, text: str) -> str:
    """A file in the working folder."""
    Path(name).write_text(text, encoding="utf-8")
    return name


def counts(rows: list[dict[str, Any]], *keys: str) -> dict[Any, int]:
    """Events by these keys."""
    return {tuple(row[key] for key in keys) if len(keys) > 1 else row[keys[0]]: row["events"] for row in rows}


# What is wrong with the configuration.

WRONG = {
    "an unknown key": ("web: {prt: 1}", "a.yaml:1: web.prt: expected a known key, found 'prt' (did you mean port?)"),
    "another type": ("web: {port: eighty}", "a.yaml:1: web.port: expected a whole number, found 'eighty'"),
    "no duration": (
        "\nsource: {lateness: 5 apples}",
        "a.yaml:2: source.lateness: expected a duration such as 30s, 5m, 1h30m or 14d",
    ),
    "a secret's file that is away": ("web: {token_file: away}", "a.yaml:1: web.token_file: expected a file that can be read"),
    "no YAML": ("web: {port: 1\nsource: [", "a.yaml:2: expected YAML, found what is none"),
}


@pytest.mark.parametrize(("text", "message"), WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("words", [("config", "check"), ("languages", "--json"), ("run",)], ids=" ".join)
def test_a_mistake_in_the_settings_is_one_message(babelwatch: Run, words: tuple[str, ...], text: str, message: str) -> None:
    """Every command says where the mistake is and what was expected, on standard error, and ends with 2."""
    err = babelwatch(*words, "--config", written("a.yaml", text)).refusal(2)
    assert err.startswith(f"babelwatch: {message}")
    assert err.count("\n") == 1


def test_all_mistakes_come_at_once(tmp_path: Path) -> None:
    """Nobody has to start the agent five times to repair five mistakes; seen in a process of its own."""
    text = (
        "web: {port: x}\nsource: {lateness: soon}\nsauce: {}\nlanguage: {allowed: [no, xx]}\n"
        "notify: {receivers: {chat: {type: slack, webhook_url_file: away}}}\n"
    )
    (tmp_path / "babelwatch.yaml").write_text(text)
    err = command.babelwatch("languages", "--json", cwd=tmp_path).refusal(2)
    first, *mistakes = err.splitlines()
    assert first == "babelwatch:"
    keys = ["web.port", "source.lateness", "sauce", "language.allowed[1]", "notify.receivers.chat.webhook_url_file"]
    assert [mistake.split(": ")[:2] for mistake in mistakes] == [
        [f"babelwatch.yaml:{line}", key] for line, key in enumerate(keys, 1)
    ]


def test_mistakes_in_rules_and_languages_come_together(babelwatch: Run) -> None:
    """`config check` also reads what the settings name, all of it."""
    settings = written("a.yaml", "rules: [away.yaml, gone.yaml]\nlanguage: {allowed: [en, ha]}\n")
    err = babelwatch("config", "check", "--config", settings).refusal(2)
    assert len(err.splitlines()) == 4
    for word in ("away.yaml", "gone.yaml", "language.allowed"):
        assert word in err


def test_files_of_active_checks_that_are_away_are_named(babelwatch: Run) -> None:
    """`config check` looks for them, and names them beside all else; other commands do without them."""
    endpoint = "endpoint: {url: 'http://search.example'}"
    written("set.tsv", "")
    written(
        "a.yaml",
        f"golden: [{{name: there, dataset: set.tsv, {endpoint}}}, {{name: gone, dataset: sets/gone, {endpoint}}}]\n"
        "probes: [{name: own, pairs: own.yaml, embedder: {type: openai, url: 'http://models.example/v1', model: m}}]\n"
        "rules: [away.yaml]\n",
    )
    first, *told = babelwatch("config", "check", "--config", "a.yaml").refusal(2).splitlines()
    assert first == "babelwatch:"
    assert told[0].startswith("away.yaml: ")
    assert told[1:] == [
        "sets/gone: golden[1].dataset: expected a folder in BEIR's layout, or a TSV, found none",
        "own.yaml: probes[0].pairs: expected a file of concepts, YAML or TSV, found none",
    ]
    assert babelwatch("config", "show", "--config", "a.yaml").status == 0


def test_a_variable_is_named_when_it_is_wrong(babelwatch: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The mistake is not looked for in a file."""
    monkeypatch.setenv("BABELWATCH_WEB__PORT", "x")
    err = babelwatch("config", "check").refusal(2)
    assert err == "babelwatch: BABELWATCH_WEB__PORT: web.port: expected a whole number, found 'x'\n"


def test_norwegian_is_a_language(babelwatch: Run) -> None:
    """`no` is not false: it can be allowed, and be an answer."""
    settings = written("a.yaml", "language: {allowed: [no, sv]}")
    assert babelwatch("config", "check", "--config", settings).out == "The configuration is valid.\n"
    asked = "hva må jeg gjøre for å få tilbakebetalt pengene mine\nhur ändrar jag mitt lösenord\n"
    tagged = babelwatch("tag", "--config", settings, stdin=asked.encode()).out
    assert [line.split("\t")[0] for line in tagged.splitlines()] == ["no", "sv"]


def test_settings_are_shown_without_secrets(babelwatch: Run) -> None:
    """As YAML with a line of meaning for each, and as JSON."""
    settings = written(
        "a.yaml",
        "notify: {receivers: {chat: {type: slack, webhook_url: 'https://hooks.example/hunter2'}}}\nweb: {token: hunter2}\n"
        "source: {kafka: {security: {protocol: SASL_SSL, sasl_mechanism: PLAIN, username: ann, password: hunter2}}}\n"
        "store: {clickhouse: {url: 'http://ch:8123', password: hunter2}}\n",
    )
    shown = babelwatch("config", "show", "--config", settings).out
    assert "hunter2" not in shown
    assert shown.count("<secret>") == 4
    assert "# port to listen on" in shown
    as_json = babelwatch("config", "show", "--json", "--config", settings)
    assert "hunter2" not in as_json.out
    web = {"host": "127.0.0.1", "port": 8080, "health_port": None, "token": "<secret>", "token_file": None}
    assert as_json.json()["web"] == web


# Wrong use.

MISUSED: dict[tuple[str, ...], str] = {
    ("frobnicate",): "No such command 'frobnicate'",
    ("replay",): "Missing argument 'FILE'",
    ("languages", "--langauge", "en"): "No such option: --langauge",
    ("config", "shwo"): "No such command 'shwo'",
    ("demo", "--duration", "soon"): "for '--duration': 'soon': expected a duration such as 30s, 5m, 1h30m or 14d",
    ("demo", "--port", "http"): "for '--port': Input should be a valid integer",
    ("demo", "--port", "99999"): "for '--port'",
    ("replay", "away.jsonl"): "away.jsonl: cannot be read: No such file or directory",
    ("replay", ".", "--json"): "cannot be read: Is a directory",
    ("tag", "away.txt"): "away.txt: cannot be read: No such file or directory",
    ("alerts", "expalin"): "No such command 'expalin'",
    ("alerts", "explain"): "Missing argument 'FINGERPRINT'",
    ("alerts", "--json", "explain", "9f"): "options stand behind `explain`",
    ("alerts", "explain", "9f", "--at", "soon"): "for '--at': 'soon': expected a time such as",
    ("alerts", "close", "9f"): "Missing option '--verdict'",
    ("alerts", "close", "9f", "--verdict", "maybe"): "'maybe' is not one of 'real', 'false', 'expected'",
    ("changes", "add", "--index-version", "v2", "--time", "soon"): "for '--time': 'soon': expected a time such as",
    ("languages", "--config", "away.yaml", "--json"): "away.yaml: expected a file that can be read",
}


@pytest.mark.parametrize(("words", "message"), MISUSED.items(), ids=map(" ".join, MISUSED))
def test_wrong_use_is_told(babelwatch: Run, words: tuple[str, ...], message: str) -> None:
    """Exit status 2, what is wrong on standard error, nothing on standard output."""
    assert message in babelwatch(*words).refusal(2)


@pytest.mark.parametrize("table", ["languages", "pairs"])
def test_words_that_mean_nothing_are_told_by_their_option(babelwatch: Run, store: Path, table: str) -> None:
    """All of them at once, and none is taken for something else."""
    err = babelwatch(table, "--store", store, "--from", "yesterday", "--to", "14", "--by", "day", "--json").refusal(2)
    first, *mistakes = err.splitlines()
    assert first == "babelwatch:"
    assert sorted(mistakes) == [
        "--by: 'day': expected one of version, collection, service, environment",
        "--from: 'yesterday' is no time: expected RFC 3339, a date, or relative such as -7d",
        "--to: '14' is no time: expected RFC 3339, a date, or relative such as -7d",
    ]
    err = babelwatch(table, "--store", store, "--from", "2026-01-06", "--to", "2026-01-05").refusal(2)
    assert err == "babelwatch: --from: must be before `to`\n"


READ_AND_WRITTEN = [
    *(("languages",), ("pairs",), ("alerts",), ("alerts", "--all"), ("alerts", "explain", "9f"), ("alerts", "ack", "9f")),
    *(("changes", "list"), ("changes", "add", "--index-version", "v2")),
    *(("mute", "list"), ("mute", "add", "--everything", "--for", "1h", "--reason", "x"), ("mute", "remove", "a1")),
]


@pytest.mark.parametrize("words", READ_AND_WRITTEN, ids=" ".join)
def test_no_store_is_something_that_cannot_be_reached(babelwatch: Run, words: tuple[str, ...]) -> None:
    """Exit status 3, and reading leaves no folder behind."""
    assert babelwatch(*words, "--json").refusal(3) == "babelwatch: there is no store in babelwatch-data\n"
    assert babelwatch(*words, "--store", "away").refusal(3) == "babelwatch: there is no store in away\n"
    assert list(Path().iterdir()) == []


def test_a_store_where_a_file_lies_cannot_be_opened(babelwatch: Run) -> None:
    """The file is left alone."""
    log = write_log(Path("log.jsonl"), LOG[:1])
    assert "the store in log.jsonl cannot be opened" in babelwatch("replay", log, "--store", log).refusal(3)
    assert json.loads(log.read_text()) == LOG[0]


# Help.


def _commands(words: tuple[str, ...], found: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield words, found
    for name, below in getattr(found, "commands", {}).items():
        yield from _commands((*words, name), below)


COMMANDS = dict(_commands((), typer.main.get_command(cli.cli)))


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: " ".join(words) or "babelwatch")
def test_help_fits_and_names_every_option(babelwatch: Run, words: tuple[str, ...]) -> None:
    """Eighty columns, nothing cut off, each option and each command below with a few words."""
    shown = babelwatch(*words, "--help").out
    lines = shown.splitlines()
    assert max(map(len, lines)) <= 80
    assert "..." not in re.sub(r"\[ARGS\]\.\.\.|[{\[]FILE[}\]]\.\.\.", "", shown)
    options = [name for parameter in COMMANDS[words].params for name in parameter.opts if name.startswith("-")]
    for option in options:
        assert re.search(rf"^ +{option}\b", shown, re.MULTILINE), option
    for name in getattr(COMMANDS[words], "commands", {}):
        assert re.search(rf"^  {name} +\w", shown, re.MULTILINE), name


def test_the_commands_of_the_contract_are_there() -> None:
    """Those that are built; scripts call them by these names."""
    assert {" ".join(words) for words in COMMANDS} == {
        *("", "run", "demo", "replay", "tag", "languages", "pairs", "report", "alerts", "migrate", "doctor"),
        *("config", "config check", "config show"),
        *("alerts explain", "alerts ack", "alerts accept", "alerts close", "changes", "changes add", "changes list"),
        *("dead-letters", "dead-letters list", "dead-letters show", "dead-letters replay"),
        *("mute", "mute add", "mute list", "mute remove"),
        *("notify", "notify preview", "notify test"),
        *("rules", "rules check", "rules test", "rules backtest", "rules drill"),
        *("probe", "probe run", "probe list", "golden", "golden run", "golden list", "golden coverage", "compare"),
    }


def test_the_version_is_told(babelwatch: Run) -> None:
    """On one line."""
    assert babelwatch("--version") == Answer(0, f"babelwatch {__version__}\n", "")


# tag

TEXTS = [
    b"where can I find my last invoice",
    b"",
    "Wie kann ich mein Passwort zurücksetzen?\r".encode(),
    b"\xff\xfe\x00 broken \xc3",
    b"4711-0815",
    "비밀번호를 어떻게 바꾸나요".encode(),
    b"\x1b[31mhow can I delete my account\tplease",
    b"dove posso scaricare la mia fattura",
]


def test_lines_are_tagged_in_order_through_a_pipe(tmp_path: Path) -> None:
    """One line out for each line in, blank and broken ones too, the last one without its end."""
    tagged = command.babelwatch("tag", cwd=tmp_path, stdin=b"\n".join(TEXTS))
    assert (tagged.status, tagged.err) == (0, "")
    rows = [line.split("\t") for line in tagged.out.splitlines()]
    assert [row[0] for row in rows] == ["en", "und", "de", "en", "und", "ko", "en", "it"]
    assert {len(row) for row in rows} == {3}
    assert all(re.fullmatch(r"[01]\.[0-9]{3}", confidence) for _, confidence, _ in rows)
    assert [source for _, _, source in rows][:2] == ["model", "none"]
    assert {source for _, _, source in rows} <= {"model", "script", "prior", "none"}


def test_a_file_is_tagged_as_the_same_lines_from_a_pipe(babelwatch: Run) -> None:
    """With a hint or without one."""
    Path("texts").write_bytes(b"\n".join(TEXTS))
    assert babelwatch("tag", "texts").out == babelwatch("tag", stdin=b"\n".join(TEXTS)).out
    assert len(babelwatch("tag", "texts", "--locale", "de_AT.UTF-8").out.splitlines()) == len(TEXTS)


def test_nothing_in_nothing_out(babelwatch: Run) -> None:
    """An empty pipe has no lines."""
    assert babelwatch("tag") == Answer(0, "", "")


# replay


def test_a_log_is_replayed_from_a_file_a_gz_file_and_a_pipe(babelwatch: Run, tmp_path: Path) -> None:
    """The same lines give the same document, however they come."""
    log = write_log(tmp_path / "log.jsonl", LOG)
    (tmp_path / "log.jsonl.gz").write_bytes(gzip.compress(log.read_bytes()))
    plain = babelwatch("replay", "log.jsonl", "--json").json()
    assert plain["accepted"] == len(LOG)
    assert babelwatch("replay", "log.jsonl.gz", "--json").json() == plain
    piped = command.babelwatch("replay", "-", "--json", cwd=tmp_path, stdin=log.read_bytes())
    assert (piped.json(), piped.err) == (plain, "")


def test_what_a_replay_prints_as_json(babelwatch: Run) -> None:
    """The fields of the contract, times with their zone, and each message in one of its counts."""
    late = event(60, service="loadtest")
    broken = ["{", event(1), event(61, timestamp="yesterday"), late]
    log = write_log(Path("log.jsonl"), [*LOG, *broken])
    settings = written("a.yaml", "source: {exclude: [{field: service, equals: loadtest}]}")
    told = babelwatch("replay", log, "--config", settings, "--json").json()
    assert told.keys() >= REPLAY
    assert told.keys() - REPLAY == {"excluded"}
    shown = {name: told[name] for name in ("messages", "accepted", "rejected", "duplicates", "excluded", "late", "reasons")}
    assert shown == {
        "messages": 22,
        "accepted": 18,
        "rejected": 2,
        "duplicates": 1,
        "excluded": 1,
        "late": 0,
        "reasons": {"bad_timestamp": 1, "not_json": 1},
    }
    assert (told["first"], told["last"]) == ("2026-01-05T08:00:00.000+00:00", "2026-01-05T08:17:00.000+00:00")
    assert counts(told["languages"], "language") == {"en": 10, "ko": 5, "de": 3}
    assert told["alerts"] == []


def test_a_log_is_counted_once_in_a_store(babelwatch: Run) -> None:
    """The same file again has no message that is new: nothing is added, and a person is told why."""
    log = write_log(Path("log.jsonl"), LOG)
    first = babelwatch("replay", log, "--store", "a b", "--json").json()
    again = babelwatch("replay", log, log, "--store", "a b", "--json").json()
    assert [again[name] for name in ("messages", "accepted", "rejected", "duplicates", "first")] == [0, 0, 0, 0, None]
    assert again["languages"] == first["languages"]
    assert babelwatch("languages", "--store", "a b", "--json").json() == first["languages"]
    told = babelwatch("replay", log, "--store", "a b").out
    assert told.startswith("There is nothing new to count: the log is empty, or this store has counted it")
    assert told.endswith("The store is kept: babelwatch languages --store 'a b'\n")


def test_a_log_that_grew_is_gone_on_with(babelwatch: Run) -> None:
    """Only the lines that came are counted."""
    log = write_log(Path("log.jsonl"), LOG[:8])
    assert babelwatch("replay", log, "--store", "kept", "--json").json()["accepted"] == 8
    write_log(log, LOG)
    assert babelwatch("replay", log, "--store", "kept", "--json").json()["accepted"] == len(LOG) - 8
    assert counts(babelwatch("languages", "--store", "kept", "--json").json(), "language") == {"en": 10, "ko": 5, "de": 3}


def test_a_replay_reads_well(babelwatch: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Counts with the reasons, the span, the table; and the temporary store is gone."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    log = write_log(Path("log.jsonl"), [*LOG, "{"])
    told = babelwatch("replay", log)
    assert (told.status, told.err) == (0, "")
    assert told.out.splitlines()[:4] == [
        "19 messages, 18 accepted, 1 rejected (not_json 1), 0 duplicates",
        "2026-01-05T08:00:00.000+00:00 to 2026-01-05T08:17:00.000+00:00",
        "3 declared languages compared with the text: 66.7 % are the same",
        "",
    ]
    assert re.search(r"^English +10 +100\.0 % +1\.000 +1\.000 +0\.600 +0\.0 % +7. +ok", told.out, re.MULTILINE)
    assert list((tmp_path / "temporary").iterdir()) == []


def test_rejected_messages_are_kept_where_only_their_owner_reads_them(babelwatch: Run) -> None:
    """They hold what users asked."""
    log = write_log(Path("log.jsonl"), [*LOG, b"\xff{"])
    assert babelwatch("replay", log, "--store", "kept", "--json").json()["reasons"] == {"not_json": 1}
    letters = Path("kept", "dead-letters.jsonl")
    assert len(letters.read_text().splitlines()) == 1
    assert stat.S_IMODE(letters.stat().st_mode) == 0o600


@pytest.mark.parametrize("lines", [[], ["", "  "], ["{", "[]"]], ids=["no line", "blank lines", "no event"])
def test_a_log_without_events_is_no_mistake(babelwatch: Run, lines: list[str]) -> None:
    """Exit status 0, a document without languages, and no empty table."""
    log = write_log(Path("log.jsonl"), lines)
    told = babelwatch("replay", log, "--json").json()
    assert (told["accepted"], told["first"], told["languages"], told["alerts"]) == (0, None, [], [])
    shown = babelwatch("replay", log).out
    assert "language" not in shown
    assert "None" not in shown


# languages, pairs, alerts


def test_the_keys_of_the_tables_are_those_of_the_contract(babelwatch: Run, store: Path) -> None:
    """Scripts read them; a measure without data is null."""
    languages = babelwatch("languages", "--store", store, "--json").json()
    assert {frozenset(row) for row in languages} == {frozenset({"language", *MEASURES})}
    pairs = babelwatch("pairs", "--store", store, "--json").json()
    assert {frozenset(row) for row in pairs} == {frozenset({"language", "document_language", *MEASURES})}
    korean = next(row for row in languages if row["language"] == "ko")
    assert (korean["zero_result_rate"], korean["recall_at_k"], korean["hit_rate"]) == (0.4, 0.6, None)
    assert korean["ci95"]["recall_at_k"][0] < 0.6 < korean["ci95"]["recall_at_k"][1]
    assert counts(pairs, "language", "document_language") == {
        ("en", "en"): 10,
        ("ko", "en"): 3,
        ("ko", "und"): 2,
        ("de", "en"): 3,
    }
    assert {row["recall_at_k"] for row in pairs} == {None}


def test_by_splits_the_rows(babelwatch: Run, store: Path) -> None:
    """Each way adds its keys."""

    def split(by: str, *keys: str) -> dict[Any, int]:
        rows = babelwatch("languages", "--store", store, "--by", by, "--json").json()
        assert {frozenset(row) for row in rows} == {frozenset({"language", *keys, *MEASURES})}
        return counts(rows, "language", *keys)

    assert split("version", "embedding_model", "index_version") == {
        ("en", "m1", "v1"): 6,
        ("en", "m1", "v2"): 4,
        ("ko", "m1", "v1"): 5,
        ("de", "m1", "v1"): 3,
    }
    assert split("collection", "collection")["de", "kb-de"] == 3
    assert split("service", "service")["de", "shop"] == 3
    assert split("environment", "environment")["de", "test"] == 3


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("--service shop", {"de": 3}),
        ("--environment prod", {"en": 10, "ko": 5}),
        ("--collection kb-de", {"de": 3}),
        ("--language ko", {"ko": 5}),
        ("--language ko --service shop", {}),
        ("--from 2026-01-05T08:10:00Z", {"ko": 5, "de": 3}),
        ("--to 2026-01-05T09:03:00+01:00", {"en": 3}),
        ("--from 2026-01-05 --to 2026-01-06", {"en": 10, "ko": 5, "de": 3}),
        ("--from -100y", {"en": 10, "ko": 5, "de": 3}),
        ("--from -1ms", {}),
    ],
)
def test_filters_and_times_narrow_the_rows(babelwatch: Run, store: Path, words: str, expected: dict[str, int]) -> None:
    """Alone and together; the default is the seven days up to the newest window."""
    assert counts(babelwatch("languages", "--store", store, "--json", *words.split()).json(), "language") == expected


def test_incidents_have_the_keys_of_the_contract(babelwatch: Run, store: Path) -> None:
    """Open ones, or all of them, the newest first."""
    [korean] = babelwatch("alerts", "--store", store, "--json").json()
    assert korean.keys() >= INCIDENT
    assert korean.keys() - INCIDENT == {
        "began_between",
        "where",
        "advice",
        "collection",
        "acknowledged_at",
        "accepted_at",
        "verdict",
        "note",
        "handled_by",
        "queries",
        "users",
        "muted_until",
        "muted_by",
        "labels",
        "annotations",
    }
    assert (korean["class"], korean["state"], korean["began_at"]) == ("change", "firing", "2026-11-16T08:14:00Z")
    assert korean["evidence"][0] == {
        "rule": "drop",
        "metric": "hit_rate",
        "drop": 0.074,
        "z": 5.12,
        "n": None,
        "workings": None,
        "language": None,
        "ci95": None,
    }
    everything = babelwatch("alerts", "--store", store, "--all", "--json").json()
    assert [row["language"] for row in everything] == ["ko", "de"]


@pytest.mark.parametrize("words", ["--service shop", "--environment test", "--collection kb-de", "--language de"])
def test_incidents_are_filtered(babelwatch: Run, store: Path, words: str) -> None:
    """By the same four filters as the tables."""
    assert [row["fingerprint"] for row in babelwatch("alerts", "--all", "--store", store, "--json", *words.split()).json()] == [
        "0a1b"
    ]


def test_tables_and_alerts_read_well(babelwatch: Run, store: Path) -> None:
    """Names of languages, the state, what the alert says; and a sentence where there is nothing."""
    shown = babelwatch("languages", "--store", store).out
    assert re.search(r"^Korean +5 +60\.0 % .* firing *$", shown, re.MULTILINE)
    assert max(map(len, shown.splitlines())) <= 80
    told = " ".join(babelwatch("alerts", "--store", store).out.split())
    assert told.startswith("firing warning Korean help · prod since 2026-11-16 08:14 9f2c41d0 Korean hit rate fell 7.4 points")
    for table in ("languages", "pairs", "alerts"):
        assert babelwatch(table, "--store", store, "--service", "none") == Answer(0, "Nothing to show.\n", "")
        assert babelwatch(table, "--store", store, "--service", "none", "--json").json() == []


# What a person does with an alert.


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A store of this test's own with the same two incidents."""
    with ExitStack() as stack:
        opened = opening.store_in(stack, Settings(), tmp_path / "store")
        migrate(opened.engine, opening.schemas(), retention=False)
        opened.journal.write([_transition(OVER), _transition(KOREAN)])
    return tmp_path / "store"


def test_an_alert_is_explained(babelwatch: Run, store: Path) -> None:
    """By the first letters of its fingerprint; as JSON too."""
    shown = babelwatch("alerts", "explain", "9f2", "--store", store).out
    assert shown.startswith("retrieval got worse · Korean (ko) · help · prod (9f2c41d0)\nKorean hit rate fell 7.4 points")
    told = babelwatch("alerts", "explain", "9f2", "--store", store, "--json").json()
    assert told.keys() >= INCIDENT
    assert [one["steps"] for one in told["evidence"]] == [None, None]
    assert "German" in babelwatch("alerts", "explain", "0a", "--store", store, "--at", "2026-11-17").out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("explain ff", "'ff': no incident has this fingerprint"),
        ("ack ff", "'ff': no incident has this fingerprint"),
        ("explain 9f --at 2026-01-01", "9f: was not open at 2026-01-01 00:00 UTC; it began at 2026-11-16 08:14"),
        ("ack 0a1b", "0a1b: is over: only a verdict can be given"),
        (f"ack 9f --note {'x' * 2001}", "--note: Expected `str` of length <= 2000"),
    ],
)
def test_what_cannot_be_done_with_an_alert_is_told(babelwatch: Run, store: Path, words: str, message: str) -> None:
    """One readable message, exit status 2."""
    err = babelwatch("alerts", *words.split(), "--store", store).refusal(2)
    assert err.startswith(f"babelwatch: {message}")
    assert err.count("\n") == 1


def test_what_a_person_does_is_shown(babelwatch: Run, own: Path) -> None:
    """Looked at, it stays open with the note; closed, it is in `--all` only."""
    told = babelwatch("alerts", "ack", "9f", "--note", "I look [bold]", "--store", own).out
    assert re.search(r"^ +acknowledged \d{4}-\d\d-\d\d \d\d:\d\d by .+: I look \[bold\] *$", told, re.MULTILINE)
    assert babelwatch("alerts", "--store", own).out == told
    closed = babelwatch("alerts", "close", "9f", "--verdict", "expected", "--store", own, "--json").json()
    assert (closed["verdict"], closed["note"], closed["state"]) == ("expected", "I look [bold]", "firing")
    assert babelwatch("alerts", "--store", own).out == "Nothing to show.\n"
    assert closed in babelwatch("alerts", "--store", own, "--all", "--json").json()
    assert "closed as expected" in babelwatch("alerts", "explain", "9f", "--store", own).out


def test_a_new_level_is_accepted(babelwatch: Run, own: Path) -> None:
    """Said once or twice; the answer says it back."""
    for _ in range(2):
        assert "accepted 2" in babelwatch("alerts", "accept", "9f2c", "--store", own).out


def test_a_deployment_is_announced_and_listed(babelwatch: Run, own: Path) -> None:
    """A table of when, where, what, and who said so; `--json` has the same."""
    assert babelwatch("changes", "list", "--store", own).out == "Nothing to show.\n"
    words = [
        "--index-version",
        "v2",
        "--embedding-model",
        "m2",
        "--service",
        "help",
        "--collection",
        "kb",
        "--time",
        "2026-11-16T09:00:00+01:00",
    ]
    announced = babelwatch("changes", "add", *words, "--note", "bigger chunks", "--store", own, "--json").json()
    assert (announced["at"], announced["announced"], announced["note"]) == ("2026-11-16T08:00:00Z", True, "bigger chunks")
    assert babelwatch("changes", "list", "--store", own, "--json").json() == [announced]
    told = " ".join(babelwatch("changes", "list", "--store", own).out.split())
    assert re.search(r"2026-11-16 08:00 help · kb m2 v2 announced by .+: bigger chunks", told)
    assert babelwatch("changes", "list", "--service", "shop", "--store", own).out == "Nothing to show.\n"
    assert "--index-version: expected what is deployed" in babelwatch("changes", "add", "--store", own).refusal(2)


# Mutes.


def test_somebody_wants_silence(babelwatch: Run, own: Path) -> None:
    """Said, listed, shown beside the alert, removed by its first letters; `--json` is what the API answers."""
    words = ["--language", "ko", "--language", "ja", "--class", "change", "--for", "4h", "--reason", "we [bold] look"]
    muted = babelwatch("mute", "add", *words, "--store", own, "--json").json()
    assert (muted["match"], muted["active"]) == ({"language": ["ko", "ja"], "class": ["change"]}, True)
    assert babelwatch("mute", "list", "--store", own, "--json").json() == [muted]
    [korean] = babelwatch("alerts", "--store", own, "--json").json()
    assert (korean["state"], korean["muted_by"]["id"], korean["muted_until"]) == ("firing", muted["id"], muted["ends_at"])
    assert f"({muted['id']}): we [bold] look" in " ".join(babelwatch("alerts", "--store", own).out.split())
    assert "active language=ko,ja" in " ".join(babelwatch("mute", "list", "--store", own).out.split())
    assert "removed" in babelwatch("mute", "remove", muted["id"][:7], "--store", own).out
    assert babelwatch("mute", "list", "--store", own).out == "Nothing to show.\n"
    assert [row["id"] for row in babelwatch("mute", "list", "--all", "--store", own, "--json").json()] == [muted["id"]]


@pytest.mark.parametrize(
    ("words", "messages"),
    [
        (["add"], ["--everything: expected at least one label", "--for: expected how long", "--reason: expected why"]),
        (["add", "--class", "levle", "--for", "4h", "--reason", "x"], ["--class: expected one of change, level, volume, monitor"]),
        (["add", "--label", "team=a", "--for", "1h", "--reason", "x"], ["--team: expected one of language, service"]),
        (["add", "--everything", "--for", "91d", "--reason", "x"], ["--for: expected a duration longer than zero and at most 90d"]),
        (["remove", "zz"], ["'zz': no mute has this id: `babelwatch mute list --all` shows them"]),
    ],
)
def test_what_cannot_be_muted_is_told(babelwatch: Run, own: Path, words: list[str], messages: list[str]) -> None:
    """Every mistake with its option, exit status 2."""
    told = babelwatch("mute", *words, "--store", own).refusal(2).splitlines()
    assert len(told) == len(messages) + (len(messages) > 1)
    for line, message in zip(told[-len(messages) :], messages, strict=True):
        assert line.removeprefix("babelwatch: ").startswith(message)


@pytest.mark.parametrize(
    ("words", "message"), [("--until soon", "'soon': expected a time such as"), ("--label team", "'team': expected NAME=VALUE")]
)
def test_words_that_are_none_are_refused(babelwatch: Run, own: Path, words: str, message: str) -> None:
    """Before anything is opened."""
    assert message in " ".join(babelwatch("mute", "add", *words.split(), "--store", own).refusal(2).split())


def test_the_file_of_mutes_is_checked_and_listed(babelwatch: Run, own: Path) -> None:
    """`config check` lists its mistakes beside those of the rules; `mute list` has what stands in it."""
    settings = written("a.yaml", "notify: {mutes: mutes.yaml}\n")
    written("mutes.yaml", "mutes:\n  - match: {language: [ko], team: search}\n    reason: known\n")
    told = babelwatch("config", "check", "--config", settings).refusal(2)
    assert told.startswith("babelwatch: mutes.yaml:2: mutes.0.match.team: expected one of language, ")
    written("rules.yaml", "rules: [{name: lag, kind: lag, labels: {team: search}}]\n")
    settings = written("a.yaml", "notify: {mutes: mutes.yaml}\nrules: [rules.yaml]\n")
    assert babelwatch("config", "check", "--config", settings).status == 0
    [row] = babelwatch("mute", "list", "--config", settings, "--store", own, "--json").json()
    assert (row["source"], row["ends_at"], row["match"]) == ("file", None, {"language": ["ko"], "team": ["search"]})
    assert "take it out there" in babelwatch("mute", "remove", row["id"], "--config", settings, "--store", own).refusal(2)


# migrate


def test_the_schema_is_applied_once(babelwatch: Run) -> None:
    """A second time there is nothing to do; the store can be read at once."""
    settings = written("a.yaml", "store: {path: kept}")
    assert babelwatch("migrate", "--config", settings) == Answer(0, "Applied 5 migrations.\n", "")
    assert babelwatch("migrate", "--config", settings) == Answer(0, "The schema is up to date.\n", "")
    assert babelwatch("languages", "--config", settings, "--json").json() == []
    assert babelwatch("alerts", "--config", settings).out == "Nothing to show.\n"
