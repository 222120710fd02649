"""`babelwatch doctor` as a user has it: one document, a short page, exit statuses; it changes nothing."""

import json
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaProducer

from agent import opening
from agent.config.settings import Settings
from agent.store.migrate import migrate, newest, version
from tests.acceptance.command import babelwatch, event, write_log
from tests.support.broker import Kafka, free_port

DOCUMENT = {
    *("messages", "events", "dialects", "rejected", "spans", "languages", "fields", "metrics", "rules", "checks"),
    *("advice", "reasons", "unlocks"),
}
SECRET = "wo ist [bold]mein Paket\x1b[2J"


def doctor(*words: object, cwd: Path) -> Any:
    """What `doctor --json` prints."""
    return babelwatch("doctor", *words, "--json", cwd=cwd).json()


def statuses(told: Any) -> dict[str, str]:
    """The checks."""
    return {check["name"]: check["status"] for check in told["checks"]}


def configure(folder: Path, settings: dict[str, Any]) -> None:
    """The settings of the working folder."""
    (folder / "babelwatch.yaml").write_text(json.dumps(settings))


def test_the_document_has_what_the_contract_says(tmp_path: Path) -> None:
    """One JSON document; shares in 0..1, measures with a reason, advice as sentences."""
    log = write_log(tmp_path / "log.jsonl", [event(number) for number in range(20)])
    told = doctor(log, "-n", 10, cwd=tmp_path)
    assert set(told) == DOCUMENT
    assert (told["messages"], told["dialects"]) == (10, {"native": 10})
    assert {name: told["fields"][name] for name in ("query", "results.score", "session")} == {
        "query": 1.0,
        "results.score": 1.0,
        "session": 0.0,
    }
    assert {"computable", "reason"} <= set(told["metrics"]["recall_at_k"])
    assert told["metrics"]["recall_at_k"]["computable"]
    assert told["rules"]["drop"]["works"]
    assert (told["reasons"], len(told["advice"])) == (["no_floor"], 1)


def test_a_record_of_spans_is_read_as_one(tmp_path: Path, shared: Path) -> None:
    """A file as the Collector wrote it, beside a log in lines."""
    log = write_log(tmp_path / "log.jsonl", [event(0)])
    told = doctor(log, shared / "data" / "otlp" / "genai_util.pb", cwd=tmp_path)
    assert (told["messages"], told["dialects"]) == (2, {"genai": 5, "native": 1})
    assert told["spans"] == {"retrieval": 5}


def test_the_page_fits_and_shows_no_text_of_users(tmp_path: Path) -> None:
    """Eighty columns; the advice in full, no query, no markup of a log's, no control characters."""
    rows = [event(number, query=SECRET, service="[red]\x1b[2J", index_version=None) for number in range(5)]
    shown = babelwatch("doctor", write_log(tmp_path / "log.jsonl", rows), cwd=tmp_path)
    assert (shown.status, shown.err) == (0, "")
    assert max(map(len, shown.out.splitlines())) <= 80
    assert "5 messages, 5 retrievals (native 5)" in shown.out
    assert "1. The rule `low` needs" in shown.out
    assert "A new index is not noticed: log `index_version`" in " ".join(shown.out.split())
    assert not {"Paket", "\x1b", "[red]"} & set(shown.out.split())
    assert "\x1b" not in shown.out


def test_a_file_alone_looks_at_nothing_around(tmp_path: Path) -> None:
    """No broker, no store, no receiver unless the settings name them; nothing is made."""
    log = write_log(tmp_path / "log.jsonl", [event(0)])
    assert statuses(doctor(log, cwd=tmp_path)) == {"duplicates": "ok"}
    assert list(tmp_path.iterdir()) == [log]
    chat = {"type": "slack", "webhook_url": "https://hooks.slack.example/x"}
    kafka = {"bootstrap_servers": [f"127.0.0.1:{free_port()}"]}
    configure(tmp_path, {"source": {"kafka": kafka}, "store": {"path": "kept"}, "notify": {"receivers": {"chat": chat}}})
    told = doctor(log, cwd=tmp_path)
    assert statuses(told) == {"duplicates": "ok", "broker": "failed", "store": "ok", "receiver chat": "skipped"}
    assert not (tmp_path / "kept").exists()


def test_the_schema_of_a_store_is_told(tmp_path: Path) -> None:
    """Of a store as `replay` leaves it, and of one that is empty; it stays as it is."""
    log = write_log(tmp_path / "log.jsonl", [event(0)])
    configure(tmp_path, {"store": {"path": "kept"}})
    latest = newest(opening.schemas())
    with ExitStack() as stack:
        engine = opening.store_in(stack, Settings(), tmp_path / "kept").engine
        assert version(engine) == 0
        migrate(engine, opening.schemas(), retention=False)
        assert version(engine) == latest
    [check] = [check for check in doctor(log, cwd=tmp_path)["checks"] if check["name"] == "store"]
    assert (check["status"], f"schema {latest}" in check["sentence"]) == ("ok", True)


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        ((), 2, "expected files or --topic"),
        (("log.jsonl", "--topic", "t"), 2, "expected files or --topic"),
        (("away.jsonl",), 2, "away.jsonl: cannot be read"),
        (("log.jsonl", "--config", "wrong.yaml"), 2, "wrong.yaml:1: sauce: expected a known key"),
    ],
)
def test_wrong_use_is_one_message(tmp_path: Path, words: tuple[str, ...], status: int, says: str) -> None:
    """Exit status 2, and what was expected."""
    write_log(tmp_path / "log.jsonl", [event(0)])
    (tmp_path / "wrong.yaml").write_text("sauce: {}\n")
    assert says in " ".join(babelwatch("doctor", *words, cwd=tmp_path).refusal(status).replace("│", " ").split())


def test_a_broker_that_is_away_is_exit_status_3(tmp_path: Path) -> None:
    """With its address."""
    address = f"127.0.0.1:{free_port()}"
    configure(tmp_path, {"source": {"kafka": {"bootstrap_servers": [address]}}})
    assert f"Kafka at {address} cannot be reached" in babelwatch("doctor", "--topic", "t", cwd=tmp_path).refusal(3)


def test_a_topic_with_all_that_stands_around_it(tmp_path: Path, kafka: Kafka, topic: Callable[..., str]) -> None:
    """Rights, retention, clocks, store, receivers; a repeat in another partition is counted twice, and told."""
    name = topic(partitions=2)
    with closing(KafkaProducer(bootstrap_servers=kafka.bootstrap)) as producer:
        for partition in range(2):
            producer.send(name, value=json.dumps(event(7)).encode(), partition=partition)
        producer.flush()
    configure(tmp_path, {"source": {"kafka": {"bootstrap_servers": [kafka.bootstrap], "dead_letter_topic": f"{name}-letters"}}})
    told = doctor("--topic", name, cwd=tmp_path)
    assert (told["messages"], told["events"]) == (2, 2)
    found = statuses(told)
    assert {found[each] for each in ("broker", "topic", "topic_rights", "dead_letter_rights", "retention", "clock", "store")} == {
        "ok"
    }
    assert (found["duplicates"], found["receivers"], found["delay"]) == ("warning", "warning", "warning")
    assert told["rules"]["lag"]["works"]
