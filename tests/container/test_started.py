"""The stack of compose.yaml without containers: agent and example service run as they would, and one tells what the other lost.

Broker and server are the tests' own. What only an engine can show is in docs/install.md: that the images are built and start, the
plugin that Grafana fetches, and the health checks of the neighbours, whose commands are in their images.
"""

import json
import random
import runpy
import time
import uuid
from argparse import Namespace
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from signal import SIGTERM
from typing import Any, NamedTuple

import pytest

from agent.config.settings import Settings
from agent.store.engine import server
from agent.times import parse_duration
from tests.acceptance import forked
from tests.acceptance.command import PATIENCE_S, write_log
from tests.acceptance.command import environment as of_tests
from tests.container import image
from tests.container.image import ROOT
from tests.container.running import Container, until
from tests.container.stack import AGENT
from tests.container.stack import environment as of_container
from tests.store.conftest import address
from tests.support import sealed
from tests.support.broker import Kafka, free_port
from tests.support.clickhouse_server import PASSWORD, USERNAME

SEARCHES, BREAKS_AFTER = 1200, 600
BEGIN = datetime(2026, 11, 23, 0, 30, tzinfo=UTC)
SERVICE = runpy.run_path(str(ROOT / "examples" / "service.py"))


class Story(NamedTuple):
    """What was seen from the start of the agent to its end."""

    rights: str
    waiting: list[int]
    rows: list[dict[str, Any]]
    scraped: str
    status: int
    seconds: float
    after: int
    log: str


@pytest.fixture(scope="module")
def replaced(kafka: Kafka, clickhouse_url: str) -> dict[str, str]:
    """The variables that cannot be those of compose.yaml here; and a flush each second, for the sake of time."""
    database = f"test_{uuid.uuid4().hex[:12]}"
    with closing(server(address(clickhouse_url))) as first:
        first.command(f"CREATE DATABASE {database}")
    source, store = "BABELWATCH_SOURCE__KAFKA__", "BABELWATCH_STORE__CLICKHOUSE__"
    return {
        f"{source}BOOTSTRAP_SERVERS": json.dumps([kafka.bootstrap]),
        f"{source}TOPICS": json.dumps([database]),
        f"{source}GROUP_ID": database,
        f"{source}DEAD_LETTER_TOPIC": f"{database}-dead",
        f"{store}URL": clickhouse_url,
        f"{store}DATABASE": database,
        f"{store}USERNAME": USERNAME,
        f"{store}PASSWORD": PASSWORD,
        "BABELWATCH_STORE__FLUSH_INTERVAL": "1s",
    }


def seal_of(writable: Path) -> list[str]:
    """The rights of the container, where they can be had."""
    try:
        return sealed.sealed(writable)
    except sealed.UnavailableError:
        return []


@pytest.fixture(scope="module")
def story(replaced: Mapping[str, str], kafka: Kafka, tmp_path_factory: pytest.TempPathFactory) -> Story:
    """The agent starts before its topic is there, the service logs, the agent is stopped."""
    folder, temporary = tmp_path_factory.mktemp("container"), tmp_path_factory.mktemp("temporary")
    seal, [topic] = seal_of(temporary), json.loads(replaced["BABELWATCH_SOURCE__KAFKA__TOPICS"])
    with Container(folder, free_port(), {**replaced, "TMPDIR": str(temporary)}, seal) as agent:
        until("an answer", agent.answers, agent.process)
        rights = agent.rights()
        waiting = [agent.get("/readyz").status_code, agent.healthcheck()]
        options = ["--rate", "400", "--searches", str(SEARCHES), "--spanish-breaks-after", str(BREAKS_AFTER)]
        said = agent.service(kafka.bootstrap, "--topic", topic, *options)
        assert said.returncode == 0, said.stderr
        until("all searches", lambda: sum(row["events"] for row in agent.rows()) >= SEARCHES, agent.process)
        rows, scraped = agent.rows(), agent.get("/metrics", {"Host": f"babelwatch:{Settings().web.port}"}).text
        begun = time.monotonic()
        agent.process.send_signal(SIGTERM)
        status = agent.process.wait(PATIENCE_S)
        seconds, after = time.monotonic() - begun, agent.healthcheck()
    return Story(rights, waiting, rows, scraped, status, seconds, after, agent.log.read_text(encoding="utf-8"))


def test_it_starts_before_its_topic_is_there(story: Story) -> None:
    """It is not ready; its health check is content all the same, as the command of compose.yaml says."""
    assert story.waiting == [503, 0]
    assert "Traceback" not in story.log
    assert "ready" in story.log


def test_it_reads_what_the_service_logs(story: Story) -> None:
    """Every search, in four languages on two indexes, and nothing is put aside: so says what Prometheus gets, without a token."""
    assert sum(row["events"] for row in story.rows) == SEARCHES
    assert {(row["language"], row["index_version"]) for row in story.rows} == {
        (language, version) for language in ("en", "de", "es", "ko") for version in ("2026-11-a", "2026-11-b")
    }
    counted = {line for line in story.scraped.splitlines() if line.startswith("babelwatch_messages_total{")}
    read = {line for line in counted if float(line.split()[-1])}
    assert read == {f'babelwatch_messages_total{{outcome="accepted"}} {float(SEARCHES)}'}


def test_spanish_breaks_and_nothing_else(story: Story) -> None:
    """By the agent's own figures: on the new index no Spanish search hits, and no label is found; the others are as they were."""
    for row in story.rows:
        is_broken = (row["language"], row["index_version"]) == ("es", "2026-11-b")
        assert row["hit_rate"] == (0.0 if is_broken else 1.0), row
        assert row["recall_at_k"] == (0.0 if is_broken else 1.0), row


def test_it_ends_in_time(story: Story) -> None:
    """Docker's SIGTERM ends it with 0, long before Docker would kill it; then its health check is not content."""
    assert story.status == 0
    assert story.seconds < parse_duration(AGENT["stop_grace_period"]).total_seconds() / 2
    assert story.after != 0


def test_it_needs_no_rights(story: Story) -> None:
    """All of that on a file system that is read-only but for TMPDIR, as a user whom nothing knows; all it may is read."""
    if f"Uid:\t{sealed.USER}" not in story.rights:
        pytest.skip(sealed.MISSING)
    assert f"CapEff:\t{sealed.MAY_READ:016x}" in story.rights
    assert "NoNewPrivs:\t1" in story.rights
    assert " / / ro," in story.rights
    assert image.last("USER") == [f"{sealed.USER}:{sealed.USER}"]
    assert "Read-only" not in story.log


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the service logs from half past midnight on, in less than the time: of the past the hour that is compared."""
    chance, search = random.Random(20), SERVICE["search"]
    old = [search(chance, SERVICE["WHOLE"], at) for at in SERVICE["past"](BEGIN, 1, 1.0) if at.hour < 1]
    begun = [(BEGIN + timedelta(seconds=number), number > 300) for number in range(1, 1021)]
    new = [search(chance, SERVICE["BROKEN" if broken else "WHOLE"], at) for at, broken in begun]
    return write_log(tmp_path_factory.mktemp("log") / "log.jsonl", [*old, *new])


def test_spanish_fires_when_it_is_said_to(log: Path, tmp_path: Path) -> None:
    """By the variables of compose.yaml: minutes after the deployment, confirmed by labels, and no other language does."""
    quality = {name: value for name, value in of_container().items() if name.startswith("BABELWATCH_QUALITY__")}
    done = forked.run(["replay", str(log), "--json"], tmp_path, {**of_tests(), **quality}, b"", PATIENCE_S)
    assert done.status == 0, done.err
    told = json.loads(done.out)
    [alert] = told["alerts"]
    assert (told["rejected"], told["late"]) == (0, 0)
    assert (alert["language"], alert["cause"], alert["confirmed"]) == ("es", "deployment", "yes")
    after = datetime.fromisoformat(alert["fired_at"]) - (BEGIN + timedelta(seconds=300))
    assert timedelta(minutes=4) < after <= timedelta(minutes=8)  # `run` tells it some eight minutes later, as was measured by hand
    page = " ".join((ROOT / "docs" / "install.md").read_text(encoding="utf-8").split())
    assert "five minutes later it deploys an index" in page
    assert "a quarter of an hour after that Spanish fires" in page


def test_the_past_begins_at_midnight_and_ends_now() -> None:
    """A day that is not whole is no baseline; nothing is on the index that comes later, and the command comes to its end."""
    stamps = [*SERVICE["past"](BEGIN, 1, 0.1)]
    assert (stamps[0], len(stamps)) == (datetime(2026, 11, 22, tzinfo=UTC), 8820)
    assert BEGIN - timedelta(seconds=10) <= stamps[-1] < BEGIN
    rows = [*SERVICE["searches"](random.Random(20), Namespace(past_days=1, rate=0.01))]
    assert 864 <= len(rows) <= 1728
    assert {row["index_version"] for row in rows} == {"2026-11-a"}
