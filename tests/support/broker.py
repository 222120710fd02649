"""A real Apache Kafka broker for tests: one node, started in a few seconds, gone when the tests are gone.

`python -m tests.support.broker fetch` brings the jars (about 45 MB, once per release, into the user's cache folder);
Java 17 runs them. A kill followed by a start on the same folder is a crash that keeps the data.
"""

import os
import random
import secrets
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, Protocol
from xml.etree import ElementTree

HOST = "127.0.0.1"
POM = Path(__file__).with_name("kafka-pom.xml")
COPY_JARS = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
# A test broker lives for minutes: the quick compiler alone and the simplest collector halve the start of the JVM.
JVM = ("-Xms64m", "-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData")
LOGGING = """\
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d{ISO8601} %p %c: %m%n
rootLogger.level = WARN
rootLogger.appenderRef.out.ref = out
"""
# The first thing a client asks: length, ApiVersions in version 0, correlation id, no client id.
WHICH_VERSIONS = struct.pack(">ihhih", 10, 18, 0, 0, -1)
# The broker's parent: each line from the tests is the name of a signal to pass on, the end of the lines means that the
# tests are gone, however they went. (No preexec_fn: the tests' process must not fork once it has opened chDB.)
KEEPER = """\
exec 3<&0
"$@" 3<&- </dev/null &
broker=$!
{
  while read -r signal <&3; do kill -s "$signal" "$broker"; done
  kill -s KILL "$broker"
} 2>/dev/null &
keeper=$!
wait "$broker"
kill "$keeper" 2>/dev/null
"""


class UnavailableError(Exception):
    """There can be no broker on this machine; the text says what is missing."""


class Kafka(Protocol):
    """A broker, whoever runs it."""

    @property
    def bootstrap(self) -> str:
        """Its address, host:port."""


class ExternalBroker(NamedTuple):
    """Somebody else's broker: tests use it, and never stop it."""

    bootstrap: str


class Broker:
    """One node of our own and the folder it keeps its data in."""

    def __init__(self, folder: Path, partitions: int = 1, settings: Mapping[str, object] | None = None) -> None:
        """`settings`: further ones of the broker, such as an authorizer."""
        self.folder = folder
        self.partitions = partitions
        self.settings = settings or {}
        self.port, self.controller_port = free_port(), free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def bootstrap(self) -> str:
        """Its address, the same after each start."""
        return f"{HOST}:{self.port}"

    @property
    def log(self) -> Path:
        """What the broker says."""
        return self.folder / "broker.log"

    def start(self, patience: float = 90.0) -> None:
        """Start it, with the data it has, and wait until it answers."""
        if not (self.folder / "server.properties").exists():
            self._format()
        with self.log.open("ab") as log:
            command = self._java("kafka.Kafka", str(self.folder / "server.properties"))
            self._process = subprocess.Popen(
                ["sh", "-c", KEEPER, "keeper", *command], stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True
            )
        try:
            self._wait_until_it_answers(time.monotonic() + patience)
        except BaseException:
            self.kill()
            raise

    def signal(self, name: str) -> None:
        """Send it a signal, such as STOP and CONT to freeze and wake it."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(f"{name}\n".encode())
        self._process.stdin.flush()

    def kill(self) -> None:
        """End it as a crash would (SIGKILL); the data stay."""
        self._end()

    def stop(self, patience: float = 15.0) -> None:
        """Shut it down in order."""
        if self._process is not None:
            with suppress(OSError, subprocess.TimeoutExpired):
                self.signal("TERM")
                self._process.wait(patience)
        self._end()

    def _end(self) -> None:
        if self._process is not None:
            with suppress(BrokenPipeError):
                self._process.communicate()  # closes the pipe, and the keeper kills what still runs
            self._process = None

    def _java(self, *arguments: str) -> list[str]:
        return [java(), *JVM, f"-Dlog4j2.configurationFile={self.folder / 'log4j2.properties'}", "-cp", f"{jars()}/*", *arguments]

    def _format(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "log4j2.properties").write_text(LOGGING)
        settings = self.folder / "server.properties"
        settings.write_text("".join(f"{key}={value}\n" for key, value in self._settings().items()))
        cluster_id = urlsafe_b64encode(b"babelwatch" + secrets.token_bytes(6)).decode().rstrip("=")
        try:
            run(self._java("kafka.tools.StorageTool", "format", "--cluster-id", cluster_id, "--config", str(settings)))
        except BaseException:
            settings.unlink()
            raise

    def _settings(self) -> dict[str, object]:
        return {
            "process.roles": "broker,controller",
            "node.id": 1,
            "controller.quorum.voters": f"1@{HOST}:{self.controller_port}",
            "controller.listener.names": "CONTROLLER",
            "listeners": f"PLAINTEXT://{self.bootstrap},CONTROLLER://{HOST}:{self.controller_port}",
            "advertised.listeners": f"PLAINTEXT://{self.bootstrap}",
            "log.dirs": self.folder / "data",
            "num.partitions": self.partitions,
            # one node, and one partition for each topic of the broker's own
            "offsets.topic.num.partitions": 1,
            "offsets.topic.replication.factor": 1,
            "transaction.state.log.num.partitions": 1,
            "transaction.state.log.replication.factor": 1,
            "transaction.state.log.min.isr": 1,
            # groups: the first rebalance waits for nobody, and a test may choose a short session
            "group.initial.rebalance.delay.ms": 0,
            "group.min.session.timeout.ms": 200,
            # retention acts within a second or two
            "log.initial.task.delay.ms": 200,
            "log.retention.check.interval.ms": 500,
            "log.segment.delete.delay.ms": 100,
            # a crashed broker comes back as soon as its old registration has expired
            "broker.session.timeout.ms": 2000,
            "broker.heartbeat.interval.ms": 300,
            "controller.quorum.election.timeout.ms": 100,
            "log.cleaner.dedupe.buffer.size": 4 * 1024 * 1024,
            "log.cleaner.backoff.ms": 200,
            "num.io.threads": 4,
            **self.settings,
        }

    def _wait_until_it_answers(self, deadline: float) -> None:
        while not answers(self.bootstrap):
            assert self._process is not None
            if self._process.poll() is not None:
                raise RuntimeError(f"the broker ended by itself:\n{self._last_words()}")
            if time.monotonic() > deadline:
                raise RuntimeError(f"the broker does not answer:\n{self._last_words()}")
            time.sleep(0.05)

    def _last_words(self) -> str:
        return "".join(self.log.read_text(errors="replace").splitlines(keepends=True)[-30:])


def start(folder: Path, partitions: int = 1, settings: Mapping[str, object] | None = None) -> Broker:
    """Start a broker that keeps everything in `folder`; topics made by first use get `partitions`."""
    broker = Broker(folder, partitions, settings)
    broker.start()
    return broker


def external() -> ExternalBroker | None:
    """The broker that the environment names instead of one of our own."""
    address = os.environ.get("BABELWATCH_TEST_KAFKA")
    return ExternalBroker(address) if address else None


def answers(bootstrap: str) -> bool:
    """Whether a broker answers at this address; ours listens only once it has joined its cluster."""
    host, _, port = bootstrap.rpartition(":")
    try:
        with socket.create_connection((host, int(port)), timeout=1) as connection:
            connection.sendall(WHICH_VERSIONS)
            return bool(connection.recv(1))
    except OSError:
        return False


def free_port() -> int:
    """A port below the range that the system hands out, so that a server started again finds it still free."""
    while True:
        port = random.randrange(15000, 32000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind((HOST, port))
            return port


def java() -> str:
    """The Java to run."""
    home = os.environ.get("JAVA_HOME")
    found = shutil.which(Path(home, "bin", "java")) if home else shutil.which("java")
    if found is None:
        raise UnavailableError("no Java 17 on this machine")
    return found


def jars() -> Path:
    """The folder with the broker's jars, fetched by Maven if it is not there: whole, or not at all."""
    version = ElementTree.parse(POM).findtext(".//{*}kafka.version", "")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "babelwatch-test-kafka"
    if (cache / version).is_dir():
        return cache / version
    maven = shutil.which("mvn")
    if maven is None:
        raise UnavailableError("no Maven to fetch the Kafka broker with")
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as scratch:
        fetched = Path(scratch) / version
        copy = [COPY_JARS, "-DincludeScope=runtime", f"-DoutputDirectory={fetched}"]
        try:
            run([maven, "--quiet", "--batch-mode", "-Dstyle.color=never", "--file", str(POM), *copy])
        except RuntimeError as error:
            raise UnavailableError(f"Maven could not fetch the Kafka broker: {error}") from error
        try:
            fetched.rename(cache / version)
        except OSError:
            if not (cache / version).is_dir():  # else another process was quicker
                raise
    return cache / version


def run(command: list[str]) -> None:
    """Run a command to its end; its output matters only when it fails."""
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(f"{Path(command[0]).name} failed:\n{done.stdout[-2000:]}")


def main() -> None:
    """Fetch what a broker is made of."""
    if sys.argv[1:] != ["fetch"]:
        sys.exit("usage: python -m tests.support.broker fetch")
    try:
        java()
        sys.stdout.write(f"{jars()}\n")
    except UnavailableError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
