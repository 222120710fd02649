"""Dead letters as a user has them: looked at, fed again once, beside a file's store and a running agent on a real broker."""

import gzip
import json
import time
import uuid
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaAdminClient, KafkaProducer

from agent import app, letters, opening
from agent.config import configuration
from agent.decode.dead_letter import DeadLetter, Reason
from agent.decode.letterbox import FileBox
from agent.decode.sink import FileSink
from agent.opening import CLOCK
from agent.records import Partition, RawMessage
from agent.source.clients import KafkaAddress, producer
from agent.source.feed import KafkaFeed
from tests.acceptance.command import Answer, babelwatch, event, logging_as_before, write_log
from tests.support.broker import Kafka
from tests.support.rights import Rights
from tests.test_app import Agent, configured, running, terminated, until

SECRET = "wo ist mein Paket \x1b[2J"
MAPPING = {"source": {"mapping": {"event_id": "trace"}}}


def theirs(number: int, **changes: Any) -> dict[str, Any]:
    """A retrieval whose id has another name."""
    written = event(number, query=SECRET, **changes)
    return {"trace": written.pop("event_id"), **written}


LOG = [
    *(event(number) for number in range(5)),
    *(theirs(number) for number in range(5, 8)),
    theirs(8, route="sideways"),
    b'{"query": "' + SECRET.encode(),
]


class Files:
    """A folder in which a log was replayed into a store."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = write_log(folder / "log.jsonl", LOG)
        assert self.run("replay", "log.jsonl", "--json").json()["reasons"] == {
            "missing_field": 3,
            "not_json": 1,
            "unknown_value": 1,
        }

    def run(self, *words: str) -> Answer:
        """A command over the store."""
        return babelwatch(*words, "--store", "kept", cwd=self.folder)

    def letters(self, *words: str) -> Any:
        """What `dead-letters` answers as JSON."""
        return self.run("dead-letters", *words, "--json").json()

    def configure(self, settings: dict[str, Any]) -> None:
        """The settings from now on."""
        (self.folder / "babelwatch.yaml").write_text(json.dumps(settings))

    def events(self) -> int:
        """How many the store has counted."""
        return sum(row["events"] for row in self.run("languages", "--json").json())


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """Five events, and five messages that could not be read."""
    return Files(tmp_path)


def test_letters_of_a_replay_are_listed(files: Files) -> None:
    """Newest first with what is wrong, the reasons below, and no word of a message."""
    told = files.run("dead-letters", "list")
    assert [line.split()[2:] for line in told.out.splitlines()[2:7]] == [
        ["log.jsonl/0:9", "not_json", str(len(LOG[9]))],
        ["log.jsonl/0:8", "unknown_value", "route", str(len(json.dumps(LOG[8])))],
        *([f"log.jsonl/0:{n}", "missing_field", "event_id", str(len(json.dumps(LOG[n])))] for n in (7, 6, 5)),
    ]
    assert told.out.splitlines()[-1] == "5 of 5: missing_field 3, unknown_value 1, not_json 1"
    assert "Paket" not in told.out
    assert told.err == ""
    assert [each["reason"] for each in files.letters("list", "-n", "2")["letters"]] == ["not_json", "unknown_value"]
    assert [each["offset"] for each in files.letters("list", "--reason", "missing_field")["letters"]] == [7, 6, 5]
    assert files.letters("list", "--to", "-1h")["total"] == 0
    assert files.letters("list", "--from", "-1h")["total"] == 5


def test_a_list_is_short_unless_it_is_asked_for_more(files: Files) -> None:
    """Also with a filter: there may be a million letters."""
    broken = [DeadLetter(RawMessage(Partition("log", 0), offset, b"{"), Reason.NOT_JSON, "") for offset in range(30)]
    FileSink(files.folder / "kept" / "dead-letters.jsonl", CLOCK).write("log/0", broken)
    for words, most in (("--from=-1h",), 20), (("--reason=not_json",), 20), (("--from=-1h", "-n", "33"), 33):
        assert len(files.letters("list", *words)["letters"]) == most


@pytest.mark.parametrize("name", ["id", "name"])
def test_a_letter_is_shown_without_what_it_says(files: Files, name: str) -> None:
    """By its id, or as the list names it; with what is in the way now."""
    listed = next(each for each in files.letters("list")["letters"] if each["reason"] == "unknown_value")
    called = listed[name]
    shown = files.letters("show", called)
    assert shown["value"]["query"] == f"<text, length {len(SECRET)}>"
    assert (shown["value"]["route"], shown["obstacle"], shown["problem"]) == ("sideways", "unknown_value", None)
    told = files.run("dead-letters", "show", called)
    assert "unknown_value" in told.out
    assert not {"Paket", "\x1b"} & set(told.out.split())
    broken = files.run("dead-letters", "show", "log.jsonl/0:9")
    assert broken.out.endswith("not JSON: invalid character (byte 29)\n")


def test_a_letter_that_is_not_there_is_wrong_use(files: Files) -> None:
    """With where it was looked for."""
    assert "no dead letter of this name in kept/dead-letters.jsonl" in files.run("dead-letters", "show", "log/0:1").refusal(2)


def test_letters_of_a_file_are_counted_once_a_mapping_is_there(files: Files) -> None:
    """Those that can be read, once; the others stay, until they can; nothing else is left in the folder."""
    files.configure(MAPPING)
    before = sorted(path.name for path in (files.folder / "kept").iterdir())
    assert files.letters("replay", "--dry-run") == {
        "place": "kept/dead-letters.jsonl",
        "dry_run": True,
        "letters": 5,
        "fed": 3,
        "left": {"unknown_value": 1, "not_json": 1},
    }
    assert files.events() == 5
    told = files.run("dead-letters", "replay").out
    assert told == "5 in kept/dead-letters.jsonl: 3 fed again, 2 left (unknown_value 1, not_json 1)\n"
    assert files.letters("replay")["fed"] == 0
    assert files.events() == 8
    files.configure({"source": {"mapping": {"event_id": "trace", "route": "'fallback'"}}})
    assert files.letters("replay", "--reason", "not_json")["letters"] == 1
    assert files.letters("replay")["fed"] == 1
    assert files.events() == 9
    assert files.letters("list")["reasons"] == {"not_json": 1}
    assert sorted(path.name for path in (files.folder / "kept").iterdir()) == before


def test_a_crash_before_the_marks_counts_nothing_twice(files: Files) -> None:
    """The same letters are the same log, of which the store knows what it has counted."""
    files.configure(MAPPING)
    letters = files.folder / "kept" / "dead-letters.jsonl"
    before = letters.read_bytes()
    assert files.letters("replay")["fed"] == 3
    letters.write_bytes(before)  # as if the process had ended before it wrote the marks
    assert files.letters("replay")["fed"] == 3
    assert files.events() == 8


class Killed(BaseException):
    """The end of a process."""


def replay_and_die(files: Files, at: object, name: str) -> None:
    """A replay that ends where it calls this."""

    def die(*_: object, **__: object) -> None:
        raise Killed

    settings = configuration.load(files.folder / "babelwatch.yaml", {})
    with pytest.MonkeyPatch.context() as patched, logging_as_before():
        patched.setattr(at, name, die)
        with pytest.raises(Killed):
            letters.replay(settings, files.folder / "kept", None, dry_run=False)


@pytest.mark.parametrize(("at", "name"), [(FileBox, "mark_fed"), (app, "replay")], ids=["counted", "begun"])
def test_a_killed_replay_is_finished_before_other_letters_are_fed(files: Files, at: object, name: str) -> None:
    """Nothing is counted twice though more letters can be read by now, and no query is left in the folder."""
    kept = files.folder / "kept"
    files.configure(MAPPING)
    before = sorted(path.name for path in kept.iterdir())
    replay_and_die(files, at, name)
    (kept / "dead-letters-0123456789abcdef.part").write_text("not to its end")
    files.configure({"source": {"mapping": {"event_id": "trace", "route": "'fallback'"}}})
    assert files.letters("replay")["fed"] == 1
    assert files.events() == 9
    assert files.letters("list")["reasons"] == {"not_json": 1}
    assert sorted(path.name for path in kept.iterdir()) == before


def test_what_a_killed_replay_has_left_may_be_rejected_again(files: Files) -> None:
    """The settings were changed back meanwhile: the letters are kept a second time, and wait."""
    files.configure(MAPPING)
    replay_and_die(files, app, "replay")
    files.configure({})
    assert files.letters("replay")["left"] == {"missing_field": 3, "unknown_value": 1, "not_json": 1}
    files.configure(MAPPING)
    assert files.letters("replay")["fed"] == 3
    assert files.events() == 8


def test_a_file_of_its_own_needs_a_store_to_be_counted_in(files: Files) -> None:
    """Looking does not; `source.dead_letter_file` says where the letters are."""
    own = files.folder / "own.jsonl"
    (files.folder / "kept" / "dead-letters.jsonl").rename(own)
    files.configure({"source": {**MAPPING["source"], "dead_letter_file": str(own)}})
    assert babelwatch("dead-letters", "list", "--json", cwd=files.folder).json()["total"] == 5
    assert babelwatch("dead-letters", "replay", "--dry-run", "--json", cwd=files.folder).json()["fed"] == 3
    assert "--store: expected the store" in babelwatch("dead-letters", "replay", cwd=files.folder).refusal(2)
    assert files.letters("replay")["fed"] == 3
    assert files.events() == 8


def test_nothing_was_rejected(tmp_path: Path) -> None:
    """Exit status 0, and one sentence or an empty document."""
    (tmp_path / "log.jsonl.gz").write_bytes(gzip.compress(json.dumps(event(1)).encode()))
    babelwatch("replay", "log.jsonl.gz", "--store", "kept", cwd=tmp_path)
    listed = babelwatch("dead-letters", "list", "--store", "kept", cwd=tmp_path)
    assert (listed.status, listed.out) == (0, "There are no dead letters in kept/dead-letters.jsonl.\n")
    assert babelwatch("dead-letters", "replay", "--store", "kept", cwd=tmp_path).status == 0
    assert "there is no store in away" in babelwatch("dead-letters", "list", "--store", "away", cwd=tmp_path).refusal(3)


def test_no_broker_is_one_sentence(tmp_path: Path) -> None:
    """Without what the client's library says meanwhile."""
    (tmp_path / "babelwatch.yaml").write_text("source: {kafka: {bootstrap_servers: ['127.0.0.1:1']}}")
    told = babelwatch("dead-letters", "list", cwd=tmp_path).refusal(3)
    assert told.startswith("babelwatch: Kafka at 127.0.0.1:1 cannot be reached")
    assert told.count("\n") == 1


# An agent on a real broker.


def counted(agent: Agent, events: int) -> None:
    """Let the agent run until it has counted so many, and a little longer."""
    with running(agent) as process:
        until(lambda: (agent.store / "agent.lock").exists() and sum(_events(agent)) == events)
        assert terminated(process) == 0
    assert sum(_events(agent)) == events


def _events(agent: Agent) -> list[int]:
    try:
        return list(agent.events().values())
    except (OSError, ValueError, AssertionError):
        return []


BROKEN = [*(theirs(number) for number in range(20, 23)), b"{"]


@pytest.fixture
def agent(tmp_path: Path, kafka: Kafka, topic: Callable[..., str]) -> Agent:
    """An agent that has counted ten events, and rejected what it cannot read."""
    ours = configured(tmp_path, topic(partitions=2), kafka, "1s")
    ours.send([*(event(number) for number in range(10)), *BROKEN])
    counted(ours, 10)
    return ours


def configure(agent: Agent, source: dict[str, Any]) -> None:
    """Change what the agent is told about its source."""
    file = agent.folder / "babelwatch.yaml"
    settings = json.loads(file.read_text())
    settings["source"] |= source
    file.write_text(json.dumps(settings))


def feed_and_die(agent: Agent) -> None:
    """What a replay does that is killed after it has fed everything, before it has marked anything."""
    with ExitStack() as stack:
        settings = configuration.load(agent.folder / "babelwatch.yaml", {})
        letters = [letter for letter in opening.post(stack, settings, None).box.letters() if letter.value != b"{"]
        KafkaFeed(stack.enter_context(closing(producer(KafkaAddress((agent.bootstrap,)))))).feed(letters)
    assert len(letters) == 3


def test_letters_of_a_topic_are_fed_once_and_counted_once(agent: Agent) -> None:
    """After the mapping was mended: what can be read now, also when a replay before it was killed in the middle."""
    listed = agent.command("dead-letters", "list", "--json").json()
    assert (listed["total"], listed["reasons"]) == (4, {"missing_field": 3, "not_json": 1})
    assert {each["topic"] for each in listed["letters"]} == {agent.topic}
    told = agent.command("dead-letters", "show", next(each["name"] for each in listed["letters"] if each["field"])).out
    assert f'"query": "<text, length {len(SECRET)}>"' in told
    assert agent.command("dead-letters", "replay", "--json").json()["fed"] == 0
    configure(agent, MAPPING["source"])
    with logging_as_before():
        feed_and_die(agent)
    assert agent.command("dead-letters", "replay").out == (f"4 in topic {agent.topic}-dead: 3 fed again, 1 left (not_json 1)\n")
    assert agent.command("dead-letters", "replay", "--json").json()["fed"] == 0
    counted(agent, 13)
    assert agent.command("dead-letters", "list", "--json").json()["reasons"] == {"not_json": 1}


def test_an_agent_that_may_not_keep_dead_letters_holds_up_the_partition_only(tmp_path: Path, guarded_kafka: Rights) -> None:
    """It says why, once; the other partition goes on; with the right everything is counted and the letter is there."""
    name = f"log-{uuid.uuid4().hex}"
    agent = configured(tmp_path, name, guarded_kafka, "1s")
    with closing(KafkaAdminClient(bootstrap_servers=guarded_kafka.bootstrap)) as admin:
        admin.create_topics({name: {"num_partitions": 2, "replication_factor": 1}})
    with closing(KafkaProducer(bootstrap_servers=guarded_kafka.bootstrap)) as sender:
        for partition, values in ((0, [event(1), b"{"]), (1, [event(2), event(3)])):
            for value in values:
                sender.send(name, value if isinstance(value, bytes) else json.dumps(value).encode(), partition=partition).get(30)
    log = tmp_path / "agent.log"
    with ExitStack() as forbidden:
        forbidden.enter_context(guarded_kafka.unwritable(f"{name}-dead"))
        with running(agent) as process:
            until(lambda: f"{name}/0 waits: dead letters cannot be written to topic {name}-dead" in log.read_text())
            until(lambda: sum(_events(agent)) == 2)
            time.sleep(5)  # it is tried every two seconds
            forbidden.close()
            until(lambda: sum(_events(agent)) == 3)
            assert terminated(process) == 0
    assert log.read_text().count("waits: dead letters cannot") == 1
    assert agent.command("dead-letters", "list", "--json").json()["reasons"] == {"not_json": 1}
