"""The composition root: a whole agent on a real broker, whom the commands ask, and who ends well; and its small decisions."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

import httpx
import msgspec
import pytest
from kafka import KafkaConsumer, KafkaProducer

from agent import app, opening, reached
from agent.config.settings import Settings
from agent.errors import Locked, Misconfigured, Unreachable
from agent.report.views import Rows, Words
from agent.runtime.remembered import AS_OF, STATE
from agent.store.base import Entry
from agent.store.migrate import migrate
from agent.web.server import listen
from tests.acceptance.command import (
    BABELWATCH,
    PATIENCE_S,
    Answer,
    babelwatch,
    environment,
    event,
    logging_as_before,
    write_log,
)
from tests.notify.examples import incident, resolved
from tests.support.broker import Kafka

TOKEN = "of-a-test"
LANGUAGES = {"en": 30, "ko": 20, "de": 10}
QUESTIONS: list[tuple[str, Words]] = [
    ("languages", {}),
    ("languages", {"by": "version"}),
    ("languages", {"service": "shop"}),
    ("pairs", {}),
    ("alerts", {"all": "true"}),
    ("changes", {}),
    ("mutes", {"all": "true"}),
]
OVER = resolved(fired_at=None, pending_since=datetime(2026, 1, 5, tzinfo=UTC))


class Agent(NamedTuple):
    """A running `babelwatch run`: its folder (settings, store, log) and its topic."""

    folder: Path
    topic: str
    bootstrap: str

    @property
    def store(self) -> Path:
        """The embedded store."""
        return self.folder / "store"

    def command(self, *words: object) -> Answer:
        """A command beside it, with the same settings."""
        return babelwatch(*words, cwd=self.folder)

    def answers(self) -> list[Rows]:
        """What the reading commands print as JSON, one list for each question."""
        with reached.reading(Settings(), self.store) as views:
            return [json.loads(json.dumps(getattr(views, name)(words))) for name, words in QUESTIONS]

    def events(self) -> dict[str, int]:
        """What `languages` counts."""
        return {row["language"]: row["events"] for row in self.answers()[0]}

    def get(self, path: str, token: str = TOKEN) -> httpx.Response:
        """Ask its API, at the address that it wrote into the lock."""
        address = json.loads((self.store / "agent.lock").read_bytes())["address"]
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.get(address + path, headers=headers, timeout=60, trust_env=False)

    def post(self, path: str, said: dict[str, str], token: str = TOKEN) -> httpx.Response:
        """Have its API write."""
        address = json.loads((self.store / "agent.lock").read_bytes())["address"]
        headers = {"Authorization": f"Bearer {token}"}
        return httpx.post(address + path, json=said, headers=headers, timeout=60, trust_env=False)

    def send(self, values: list[Any]) -> None:
        """Put messages into the topic."""
        with closing(KafkaProducer(bootstrap_servers=self.bootstrap)) as producer:
            for value in values:
                producer.send(self.topic, value if isinstance(value, bytes) else json.dumps(value).encode())
            producer.flush()


def configured(folder: Path, topic: str, kafka: Kafka, flush_interval: str) -> Agent:
    """An agent's folder with its settings."""
    given = {
        "source": {
            "kafka": {
                "bootstrap_servers": [kafka.bootstrap],
                "topics": [topic],
                "group_id": topic,
                "dead_letter_topic": f"{topic}-dead",
            }
        },
        "store": {"path": "store", "flush_interval": flush_interval},
        "web": {"port": 0, "token": TOKEN},
    }
    (folder / "babelwatch.yaml").write_text(json.dumps(given))
    return Agent(folder, topic, kafka.bootstrap)


@contextmanager
def running(agent: Agent) -> Iterator[subprocess.Popen[bytes]]:
    """Start it; whoever leaves has ended it, or it is killed."""
    with (agent.folder / "agent.log").open("ab") as log:
        process = subprocess.Popen([BABELWATCH, "run"], cwd=agent.folder, env=environment(), stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def terminated(process: subprocess.Popen[bytes]) -> int:
    """Its exit status after SIGTERM."""
    process.send_signal(signal.SIGTERM)
    return process.wait(PATIENCE_S)


def until(done: Callable[[], bool]) -> None:
    """Wait for something that comes."""
    deadline = time.monotonic() + PATIENCE_S
    while not done():
        assert time.monotonic() < deadline, "it does not come"
        time.sleep(0.2)


def ready(agent: Agent) -> bool:
    """Whether everything that it needs is there."""
    try:
        return agent.get("/readyz").status_code == 200
    except (OSError, ValueError, httpx.HTTPError):
        return False


def traffic() -> list[Any]:
    """Sixty retrievals of the last hour in three languages, and a message that is none."""
    begin = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=61)
    languages = [language for language, count in LANGUAGES.items() for _ in range(count)]
    stamps = [(begin + timedelta(minutes=number)).isoformat() for number in range(len(languages))]
    rows = [event(n, language, timestamp=stamps[n]) for n, language in enumerate(languages)]
    return [*(row | {"service": "shop", "index_version": "v2"} if n % 2 else row for n, row in enumerate(rows)), b"{"]


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Parts that set up logging do it for a process of their own."""
    with logging_as_before():
        yield


@pytest.fixture
def agent(tmp_path: Path, kafka: Kafka, topic: Callable[..., str]) -> Agent:
    """An agent whose store has an incident that is over; it is not started yet."""
    ours = configured(tmp_path, topic(partitions=2), kafka, "1s")
    with ExitStack() as stack:
        opening.locked(stack, ours.store)
        store = opening.store_in(stack, Settings(), ours.store)
        migrate(store.engine, opening.schemas(), retention=True)
        store.journal.write([Entry("transition", "1", datetime(2026, 11, 16, tzinfo=UTC), msgspec.to_builtins(OVER))])
    return ours


def test_the_commands_ask_the_agent_that_holds_the_store(agent: Agent) -> None:
    """One run: what is read, told and refused while it holds the store is what the store says when it is gone."""
    agent.send(traffic())
    with running(agent) as process:
        until(lambda: ready(agent) and agent.events() == LANGUAGES)
        _check_writing(agent)
        while_it_runs = agent.answers()
        _check_commands(agent, while_it_runs)
        _check_api(agent, while_it_runs)
        _check_refusals(agent)
        assert terminated(process) == 0
    assert agent.answers() == while_it_runs
    assert agent.command("languages", "--json").json() == while_it_runs[0]
    assert [message.value for message in _dead_letters(agent)] == [b"{"]


def _check_writing(agent: Agent) -> None:
    """What people do goes through the agent into the store, with the token of this run."""
    closed = agent.command("alerts", "close", OVER.fingerprint[:4], "--verdict", "false", "--note", "a load test", "--json").json()
    assert (closed["verdict"], closed["note"]) == ("false", "a load test")
    assert agent.command("changes", "add", "--index-version", "v2", "--service", "shop").status == 0
    assert agent.post(f"/api/v1/alerts/{OVER.fingerprint}/ack", {}).status_code == 400
    said = ("--language", "ko", "--for", "4h", "--reason", "we look")
    muted = agent.command("mute", "add", *said, "--json").json()
    assert agent.command("mute", "remove", muted["id"][:5], "--json").json()["active"] is False
    assert agent.command("mute", "add", *said).status == 0
    assert "--reason: expected why" in agent.command("mute", "add", *said[:4]).refusal(2)
    assert agent.post("/api/v1/changes", {"index_version": "v3"}, token="another").status_code == 401
    assert "is over" in agent.command("alerts", "ack", OVER.fingerprint).refusal(2)


def _check_commands(agent: Agent, told: list[Rows]) -> None:
    """The commands themselves, in a process of their own."""
    languages, _, _, pairs, over, changes, mutes = told
    assert agent.command("languages", "--json").json() == languages
    assert agent.command("pairs", "--json").json() == pairs
    assert agent.command("alerts", "--all", "--json").json() == over
    assert [(row["language"], row["verdict"]) for row in over] == [("ko", "false")]
    assert agent.command("changes", "list", "--json").json() == changes
    assert [row["index_version"] for row in changes if row.get("announced")] == ["v2"]
    assert agent.command("mute", "list", "--all", "--json").json() == mutes
    assert {row["source"] for row in mutes} == {"command"}
    assert agent.command("alerts").out == "Nothing to show.\n"


def _check_api(agent: Agent, told: list[Rows]) -> None:
    """The API gives the same JSON, to those who have the token."""
    for (name, words), rows in zip(QUESTIONS, told, strict=True):
        assert agent.get(f"/api/v1/{name}?{urlencode(words)}").json() == rows, name
    assert agent.get("/api/v1/languages", token="another").status_code == 401
    metrics = agent.get("/metrics", token="").text
    assert 'babelwatch_messages_total{outcome="accepted"} 60.0' in metrics
    assert 'babelwatch_dead_letters_total{reason="not_json"} 1.0' in metrics
    until(lambda: "babelwatch_as_of_age_seconds " in agent.get("/metrics", token="").text)
    _check_looks(agent, agent.get("/metrics", token="").text)


def _check_looks(agent: Agent, metrics: str) -> None:
    """What the evaluator sees of the log and of itself."""
    for partition in (0, 1):
        assert f'babelwatch_consumer_lag{{partition="{partition}",topic="{agent.topic}"}} 0.0' in metrics
    assert 'babelwatch_incidents{class="change",state="firing"} 0.0' in metrics
    assert "babelwatch_evaluate_seconds_count 1.0" in metrics
    assert 'babelwatch_flush_seconds_bucket{le="60.0"}' in metrics


def _check_refusals(agent: Agent) -> None:
    """Mistakes come back through the API as they would without it; nobody else writes into the store."""
    assert "--by: 'day': expected one of version" in agent.command("pairs", "--by", "day", "--json").refusal(2)
    log = write_log(agent.folder / "log.jsonl", [event(1)])
    for words in (("replay", log, "--store", "store"), ("run",)):
        assert "the store in store belongs to the running agent" in agent.command(*words).refusal(3)
    with pytest.raises(Locked, match=r"belongs to the running agent .*: stop it first"):
        app.migrate_store(Settings.model_validate({"store": {"path": str(agent.store)}}))


def _dead_letters(agent: Agent) -> list[Any]:
    reader = KafkaConsumer(f"{agent.topic}-dead", bootstrap_servers=agent.bootstrap, auto_offset_reset="earliest")
    found: list[Any] = []

    def read() -> bool:
        for records in reader.poll(500).values():
            found.extend(records)
        return bool(found)

    with closing(reader):
        until(read)
    return found


def test_sigterm_writes_what_is_open(tmp_path: Path, kafka: Kafka, topic: Callable[..., str]) -> None:
    """With a flush once an hour only the end of the agent can have written its events: every one, once, and exit status 0."""
    agent = configured(tmp_path, topic(), kafka, "1h")
    agent.send(traffic())
    for patience in (3, 10, 60):  # how long a busy machine needs to read them cannot be seen from outside
        with running(agent) as process:
            until(lambda: ready(agent))
            time.sleep(patience)
            assert agent.events() == {}
            assert terminated(process) == 0
        if agent.events() == LANGUAGES:
            break
    assert agent.events() == LANGUAGES
    assert "Traceback" not in (agent.folder / "agent.log").read_text()


def edited(agent: Agent, name: str, document: Any) -> None:
    """A file of its folder as somebody edits it."""
    (agent.folder / name).write_text(json.dumps(document))


@pytest.fixture
def watching(tmp_path: Path, kafka: Kafka, topic: Callable[..., str]) -> Agent:
    """An agent with a rule of its own, under which Korean fires since the agent before it; it is not started yet."""
    ours = configured(tmp_path, topic(), kafka, "1s")
    given = json.loads((tmp_path / "babelwatch.yaml").read_text())
    edited(ours, "babelwatch.yaml", {**given, "rules": ["rules.yaml"], "source": {**given["source"], "lateness": "0s"}})
    edited(ours, "rules.yaml", {"rules": [{"name": "drop", "kind": "drop"}]})
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    fires = incident(began_at=now - timedelta(hours=1), fired_at=now - timedelta(minutes=50), pending_since=None)
    with ExitStack() as stack:
        opening.locked(stack, ours.store)
        store = opening.store_in(stack, Settings(), ours.store)
        migrate(store.engine, opening.schemas(), retention=True)
        transition = Entry("transition", "1", now - timedelta(minutes=50), msgspec.to_builtins(fires))
        store.journal.write([transition, Entry(AS_OF, AS_OF, now - timedelta(minutes=2), {})])
    return ours


def test_an_edited_rule_counts_within_a_minute(watching: Agent) -> None:
    """Without a restart; what fires under the one that is gone ends. A broken edit before that changes nothing and is told."""
    watching.send(traffic())
    with running(watching) as process:
        until(lambda: ready(watching) and watching.events() == LANGUAGES)
        _check_broken_edit(watching, process)
        edited(watching, "rules.yaml", {"rules": [{"name": "mine", "kind": "vanished", "labels": {"team": "search"}}]})
        begun = time.monotonic()
        until(lambda: watching.get("/api/v1/alerts").json() == [])
        assert time.monotonic() - begun < 90  # ten seconds to notice, a minute to evaluate, and a busy machine
        assert watching.command("mute", "add", "--label", "team=search", "--for", "1h", "--reason", "x").status == 0
        assert watching.post("/-/reload", {}).json() == {"reloaded": True, "changes": [], "at_next_start": []}
        assert terminated(process) == 0
    with reached.reading(Settings(), watching.store) as views:
        assert views.alerts({"all": "true"})[0]["summary"] == "Korean: no longer watched: its rule drop was removed."
    with ExitStack() as stack:
        journal = opening.store_in(stack, Settings(), watching.store).journal
        assert "mine" in journal.read(STATE)[-1].body["judges"]


def _check_broken_edit(agent: Agent, process: subprocess.Popen[bytes]) -> None:
    """Told once with file, key and what was expected; SIGHUP says it again, and so does a POST."""
    edited(agent, "rules.yaml", {"rules": [{"name": "mine", "kind": "vanisht"}]})
    mistake = ["rules.yaml:1", "rules.0.kind", "expected one of drop, gap, low, vanished, share, lag, found 'vanisht'"]
    told = ": ".join(mistake)
    until(lambda: told in (agent.folder / "agent.log").read_text())
    process.send_signal(signal.SIGHUP)
    until(lambda: (agent.folder / "agent.log").read_text().count(told) == 2)
    answer = agent.post("/-/reload", {})
    assert (answer.status_code, answer.json()) == (400, {"mistakes": [mistake]})
    assert "babelwatch_config_last_reload_successful 0.0" in agent.get("/metrics").text
    assert [row["state"] for row in agent.get("/api/v1/alerts").json()] == ["firing"]


def test_a_missing_topic_is_waited_for(tmp_path: Path, kafka: Kafka) -> None:
    """`/readyz` says what is missing, `/healthz` that the loop turns; SIGTERM ends the waiting."""
    agent = configured(tmp_path, "nobody-made-it", kafka, "1s")
    with running(agent) as process:
        until(lambda: (agent.store / "agent.lock").exists() and "nobody-made-it" in _readyz(agent))
        assert json.loads(_readyz(agent)) == {"status": "waiting", "missing": {"kafka": "waits for topic nobody-made-it"}}
        assert agent.get("/healthz", token="").json() == {"status": "ok"}
        assert agent.events() == {}
        assert terminated(process) == 0


def _readyz(agent: Agent) -> str:
    try:
        return agent.get("/readyz", token="").text
    except (OSError, ValueError, httpx.HTTPError):
        return ""


# Small decisions.


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (("127.0.0.1", 8080), "http://127.0.0.1:8080"),
        (("0.0.0.0", 8080), "http://127.0.0.1:8080"),
        (("10.1.2.3", 80), "http://10.1.2.3:80"),
        (("::1", 8080, 0, 0), "http://[::1]:8080"),
        (("::", 8080, 0, 0), "http://[::1]:8080"),
    ],
)
def test_commands_reach_the_agent_on_this_machine(name: tuple[Any, ...], expected: str) -> None:
    """A listener on every address is asked on the loopback."""
    assert app.local_address(name) == expected


def test_a_taken_port_is_told_before_anything_starts(tmp_path: Path) -> None:
    """No lock is taken, no store made."""
    with closing(listen("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        given = {"store": {"path": str(tmp_path / "store")}, "web": {"port": port}}
        with pytest.raises(Unreachable, match=rf"web: 127\.0\.0\.1:{port} cannot be listened on: Address already in use"):
            app.run(Settings.model_validate(given))
    assert list(tmp_path.iterdir()) == []


def test_a_store_is_migrated_by_one_at_a_time(tmp_path: Path) -> None:
    """Whoever holds the store is named; when it is free the versions that were applied are told."""
    settings = Settings.model_validate({"store": {"path": str(tmp_path / "store")}})
    with ExitStack() as stack:
        opening.locked(stack, tmp_path / "store").announce("http://127.0.0.1:1")
        with pytest.raises(Locked, match=rf"belongs to the running agent {os.getpid()} at http://127\.0\.0\.1:1"):
            app.migrate_store(settings)
    assert app.migrate_store(settings) == [1, 2, 3, 4, 5]
    assert app.migrate_store(settings) == []


def test_what_was_opened_is_closed_when_something_fails(tmp_path: Path) -> None:
    """A replay that ends in an error lets go of the store: the next one has it."""
    log = write_log(tmp_path / "log.jsonl", [event(1)])
    wrong = Settings.model_validate({"rules": ["away.yaml"]})
    with pytest.raises(Misconfigured, match=r"away\.yaml"):
        app.replay(wrong, [str(log)], tmp_path / "store", send=False)
    assert app.replay(Settings(), [str(log)], tmp_path / "store", send=False).result["accepted"] == 1
    with reached.reading(Settings(), tmp_path / "store") as views:
        assert [row["events"] for row in views.languages({})] == [1]


def test_check_finds_nothing_in_the_defaults() -> None:
    """The bundled rules and the bundled model are there."""
    app.check(Settings())
