"""No text of a log and no secret of the configuration comes out of an agent anywhere but where it belongs: canaries sent through everything."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import httpx
import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient, NewTopic

from agent import opening
from agent.alerting.incident import fingerprint
from agent.config.settings import Settings
from agent.demo import profiles
from agent.store.migrate import migrate
from tests.acceptance.canary import mistakes, traffic
from tests.acceptance.canary.running import Run
from tests.acceptance.canary.seen import Canary, Seen, canary
from tests.acceptance.canary.visiting import Visitor
from tests.acceptance.canary.world import GOOD, SOUR, World
from tests.support import broker
from tests.support.secured import SecuredBroker

SPANISH = fingerprint(profiles.SERVICE, profiles.ENVIRONMENT, "es", "change")
LETTER = "dead letters"


@pytest.fixture
def secured(tmp_path: Path) -> Iterator[SecuredBroker]:
    """A broker that asks for a password."""
    ours = SecuredBroker(tmp_path / "kafka")
    try:
        ours.start()
    except broker.UnavailableError as error:
        pytest.skip(str(error))
    yield ours
    ours.kill()


class Log:
    """What is sent, and the canaries in it."""

    def __init__(self, shared: Path, random: Random, now: datetime) -> None:
        self.native = traffic.Native(random)
        self.spans = traffic.spans(shared / "data" / "otlp", now, random)
        self.broken = traffic.broken(now, random)
        self.key, self.excluded = canary("native key", random), canary("native excluded", random)
        self.topic, self.count, self._now = "canaries", 0, now

    def send(self, ours: SecuredBroker) -> None:
        """All of it, in one partition."""
        topic = self.topic
        with closing(KafkaAdminClient(bootstrap_servers=ours.bootstrap)) as admin:
            admin.create_topics([NewTopic(topic, 1, 1)])
        tests = {"event_id": "x", "timestamp": self._now.isoformat(), "service": "loadtest", "query": self.excluded.word}
        with closing(KafkaProducer(bootstrap_servers=ours.bootstrap)) as producer:
            for value in (*self.native.records(self._now), *self.spans.records, json.dumps(tests).encode()):
                producer.send(topic, value, key=self.key.word.encode(), headers=[("user", self.key.word.encode())])
            for value, sung in zip(*self.broken, strict=True):
                producer.send(topic, value, key=sung.word.encode(), headers=[("user", sung.word.encode())])
        with closing(KafkaConsumer(bootstrap_servers=ours.bootstrap)) as consumer:
            self.count = sum(consumer.end_offsets([TopicPartition(topic, 0)]).values())

    @property
    def nowhere(self) -> list[Canary]:
        """Those that nothing may be kept of."""
        return [*self.native.fields.values(), *self.spans.canaries, self.key, self.excluded]


def remembered(folder: Path, now: datetime) -> None:
    """The store of an agent that has watched for a while."""
    settings = Settings.model_validate({"store": {"path": str(folder)}})
    with ExitStack() as stack:
        store = opening.store_in(stack, settings, folder)
        migrate(store.engine, opening.schemas(), retention=False)
        traffic.remember(store, now)


def letters(ours: SecuredBroker, topic: str, seen: Seen) -> None:
    """What lies in the dead-letter topic."""
    partition = TopicPartition(topic, 0)
    with closing(KafkaConsumer(bootstrap_servers=ours.bootstrap, auto_offset_reset="earliest")) as consumer:
        consumer.assign([partition])
        end = consumer.end_offsets([partition])[partition]
        while consumer.position(partition) < end:
            for record in (one for some in consumer.poll(1000).values() for one in some):
                seen.note(LETTER, b"\n".join((record.value or b"", record.key or b"", repr(record.headers).encode())))


def told(world: World) -> bool:
    """Whether everybody who can be told was told of Spanish, and was sent the report who takes reports."""
    said = {name: json.dumps(getattr(world, name).arrived) for name in GOOD if name != "mail"}
    said["bot"] = json.dumps([*world.bot.messages.values()])
    said["mail"] = " ".join(mail["Subject"] for mail in world.mail.mails)
    report = any(one.get("kind") == "report" for one in world.hook.arrived)
    mailed = any("babelwatch-" in (part.get_filename() or "") for mail in world.mail.mails for part in mail.walk())
    return report and mailed and all("Spanish" in one or SPANISH in one or '"es"' in one for one in said.values())


def checked(run: Run, world: World) -> bool:
    """Whether each active check has asked its search, as it does after a deployment, and each receiver that refuses has refused."""
    ended = all(run.said(f"golden {name} (deployment)") for name in ("good", "sour"))
    return ended and all(run.said(f'"receiver":"{name}"') for name in SOUR) and bool(world.otlp)


def visit(run: Run, world: World, seen: Seen) -> None:
    """All that is served."""
    with Visitor(run.holder["address"], seen) as visitor:
        visitor.log_in(world.secret("web token"), world.secret("wrong token"))
        visitor.everything()


def work(run: Run) -> None:
    """Every command that reads, beside the running agent."""
    for words in (
        ("languages",),
        ("languages", "--by", "version", "--json"),
        ("pairs", "--json"),
        ("alerts",),
        ("alerts", "--all", "--json"),
    ):
        run.command(*words)
    for words in (
        ("alerts", "explain", SPANISH),
        ("changes", "list"),
        ("mute", "list"),
        ("report",),
        ("report", "--format", "json"),
    ):
        run.command(*words)
    for words in (("config", "show"), ("config", "show", "--json"), ("config", "check"), ("rules", "check"), ("notify", "preview")):
        run.command(*words)
    for words in (("golden", "list"), ("golden", "coverage", str(run.config.with_name("golden.tsv"))), ("probe", "list")):
        run.command(*words)
    run.command("probe", "run", "--probe", "own", "--json"), run.command("probe", "run", "--probe", "sour", status=2)


def look_at_letters(run: Run, count: int) -> None:
    """What the commands tell of dead letters."""
    listed = json.loads(run.command("dead-letters", "list", "--json"))
    assert listed["total"] == count
    for letter in listed["letters"]:
        run.command("dead-letters", "show", letter["name"])
    run.command("dead-letters", "list"), run.command("dead-letters", "replay", "--dry-run")


def break_it(run: Run, world: World, seen: Seen) -> None:
    """Wrong configurations, of which each has a secret in its mistake: none is taken up, none is repeated."""
    bearer = {"authorization": f"Bearer {world.secret('web token')}"}
    for number, text in enumerate(mistakes.texts(run.config.read_text("utf-8"), world)):
        run.configure(text)
        if number == 0:
            run.hang_up()
            run.until("the mistake of SIGHUP", lambda: run.said("expected YAML, found what is none"))
        answer = httpx.post(f"{run.holder['address']}/-/reload", headers=bearer, timeout=60)
        assert answer.status_code == 400, text
        seen.note("answer /-/reload", answer.content)
        seen.note("answer /quality", httpx.get(f"{run.holder['address']}/quality", headers=bearer, timeout=60).content)
    run.command("config", "check", status=2)
    run.configure()
    run.hang_up()


def all_of_it(run: Run, world: World, log: Log, seen: Seen) -> None:
    """What an agent does in a day: it alerts, reports, checks, is asked, is configured wrongly."""
    run.until("the log is read", lambda: run.said('"ready"') and run.stored() >= log.count)
    run.configure()  # other rules: evaluation begins at once
    run.hang_up()
    run.until("the alert and the report", lambda: told(world))
    work(run)
    look_at_letters(run, len(log.broken.records))
    run.command("doctor", "--topic", log.topic, "-n", str(log.count))
    for name, status in (("chat", 0), ("mail", 0), ("sourbot", 1), ("odd", 1)):
        run.command("notify", "test", "--receiver", name, status=status)
    run.until("the checks and the refusals", lambda: checked(run, world))
    visit(run, world, seen)
    break_it(run, world, seen)
    visit(run, world, seen)


def belongs(world: World, log: Log) -> dict[Canary, set[str]]:
    """The places that each canary is meant for."""
    secrets = {one: world.meant_for().get(name, set()) for name, one in world.secrets.items()}
    asked = {world.golden: {"told search", "told parrot"}, world.concept: {"told embedder"}}
    nowhere: dict[Canary, set[str]] = {one: set() for one in log.nowhere}
    return secrets | asked | nowhere | {one: {LETTER} for one in log.broken.canaries}


def test_nothing_of_a_query_and_no_secret_is_anywhere_but_where_it_belongs(
    secured: SecuredBroker, shared: Path, tmp_path: Path
) -> None:
    """One agent, everything that it reads, keeps and says: each canary is in exactly the places that it is meant for."""
    random, now, seen = Random(11), datetime.now(UTC), Seen()
    log = Log(shared, random, now)
    log.send(secured)
    remembered(tmp_path / "store", now)
    with World(tmp_path, random) as world:
        with Run(tmp_path, world.settings(secured, log.topic, tmp_path / "store"), world.environment(), seen) as run:
            all_of_it(run, world, log, seen)
            own = Canary("token of the run", run.holder["token"])
            run.end()
        world.heard(seen)
    letters(secured, f"{log.topic}-dead", seen)
    meant = belongs(world, log) | {own: {"file agent.lock"}}
    found = {one: seen.places_of(one) for one in meant}
    assert {one.name: found[one] for one in meant if found[one] != meant[one]} == {}
    assert all(map(seen.size, ("log", "told collector", "told mail", "answer /metrics", "answer /-/reload", "file")))
    kept = {"table journal", "answer /api/v1/alerts", "command alerts --all", "told pager"}
    assert kept <= seen.places_of(log.native.kept), "what may be kept is found, so what is not found was not kept"
    assert {"table windows", "answer /api/v1/languages", "command languages --by"} <= seen.places_of(log.native.engine)
