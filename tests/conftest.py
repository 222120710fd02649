"""What tests share: the real neighbours, started once and only when a test asks, and the account of what was skipped."""

import logging
import os
import uuid
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path

import pytest

with warnings.catch_warnings():  # its first import reads files in a way that Python 3.11 and 3.12 call deprecated
    warnings.filterwarnings("ignore", "(read|open)_text is deprecated", DeprecationWarning)
    from kafka import KafkaAdminClient
    from kafka.admin import NewTopic

from agent.logs import BUSY, SHOUTING
from tests.support import broker, collector, rights, sealed, small_disk
from tests.support.broker import Broker, Kafka
from tests.support.clickhouse_server import ClickHouseServer
from tests.support.rights import Rights

SHARED = Path(__file__).parents[2] / "shared"
# A test that asks for one of these, directly or through another fixture, gets the marker.
MARKED_BY_FIXTURE = {"kafka": "kafka", "own_kafka": "kafka", "guarded_kafka": "kafka", "shared": "shared"}
# What takes minutes to build from source, or root: such a test may be skipped under CI too, since others prove the rest without it.
MAY_BE_MISSING = {collector.MISSING, small_disk.MISSING, sealed.MISSING}


@pytest.fixture(scope="module", autouse=True)
def levels_of_loggers() -> Iterator[None]:
    """A command that a test calls in this process sets them for good: the next file of tests finds them as they were."""
    before = {each: each.level for each in map(logging.getLogger, ("root", BUSY, *SHOUTING))}
    yield
    for logger, level in before.items():
        logger.setLevel(level)


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    """A broker for all tests: nobody stops it, who has to takes `own_kafka`."""
    if given := broker.external():
        yield given
        return
    ours = _started(tmp_path_factory.mktemp("kafka"))
    yield ours
    ours.kill()


@pytest.fixture
def own_kafka(tmp_path: Path) -> Iterator[Broker]:
    """A broker for one test, which may freeze, kill and restart it."""
    if broker.external():
        pytest.skip("BABELWATCH_TEST_KAFKA is somebody else's broker, and is not killed")
    ours = _started(tmp_path / "kafka")
    yield ours
    ours.kill()


@pytest.fixture(scope="session")
def guarded_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rights]:
    """A broker of our own that looks at rights; nobody is forbidden anything yet."""
    ours = _started(tmp_path_factory.mktemp("guarded"), rights.GUARDED)
    with closing(Rights(ours)) as granted:
        yield granted
    ours.kill()


def _started(folder: Path, settings: Mapping[str, object] | None = None) -> Broker:
    try:
        return broker.start(folder, settings=settings)
    except broker.UnavailableError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def topic(kafka: Kafka) -> Iterator[Callable[..., str]]:
    """Makes a topic that no other test knows: `topic()`, `topic(partitions=4)`."""
    with closing(KafkaAdminClient(bootstrap_servers=kafka.bootstrap)) as admin:

        def make(partitions: int = 1) -> str:
            name = f"test-{uuid.uuid4().hex[:12]}"
            admin.create_topics([NewTopic(name, partitions, 1)])
            return name

        yield make


@pytest.fixture(scope="session")
def clickhouse_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a ClickHouse server for all tests (name and password: tests.support.clickhouse_server); each test takes a database of its own."""
    with ClickHouseServer(tmp_path_factory.mktemp("clickhouse")) as server:
        yield server.url


@pytest.fixture
def store_dir(tmp_path: Path) -> Path:
    """A folder for an embedded store; one process opens one at a time, so close every client of it."""
    return tmp_path / "store"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of data and tools that lies beside the checkout."""
    if not SHARED.is_dir():
        pytest.skip("there is no ../shared beside this checkout")
    return SHARED


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test by the fixtures it asks for, so that `-m 'not kafka'` cannot miss one."""
    for item in items:
        for fixture in MARKED_BY_FIXTURE.keys() & set(getattr(item, "fixturenames", ())):
            item.add_marker(MARKED_BY_FIXTURE[fixture])


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Under CI a skipped test is a failed run: what is not run there is run nowhere."""
    if exitstatus == pytest.ExitCode.OK and _in_ci() and _skips(session.config).keys() - MAY_BE_MISSING:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say loudly what was not tested."""
    for reason, count in _skips(config).most_common():
        terminalreporter.write_line(f"SKIPPED because {reason}: {count} test{'s' * (count > 1)}", red=True, bold=True)
    if _in_ci() and _skips(config).keys() - MAY_BE_MISSING:
        terminalreporter.write_line("CI is set, so the run has failed", red=True, bold=True)


def _in_ci() -> bool:
    return os.environ.get("CI", "").lower() in {"true", "1"}


def _skips(config: pytest.Config) -> Counter[str]:
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None:  # in a worker: who started it counts
        return Counter()
    reports: list[pytest.TestReport] = reporter.stats.get("skipped", [])
    return Counter(_reason(report.longrepr) for report in reports)


def _reason(longrepr: object) -> str:
    text = longrepr[2] if isinstance(longrepr, tuple) else str(longrepr)
    return str(text).removeprefix("Skipped: ").splitlines()[0]
