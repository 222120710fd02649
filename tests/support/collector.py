"""A real OpenTelemetry Collector for tests, with the very configuration that users copy: spans in over HTTP, Kafka records out.

`collector-builder.yaml` beside this file builds one from source (docs/connect-opentelemetry.md); BABELWATCH_TEST_COLLECTOR names it,
or it is found by its name.
"""

import os
import shutil
import socket
import subprocess
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.support.ports import free_port
from tests.support.program import Program

COMMANDS = ("otelcol-kafka", "otelcol-contrib")
EXAMPLE = Path(__file__).parents[2] / "examples" / "collector.yaml"
MISSING = "there is no OpenTelemetry Collector (docs/connect-opentelemetry.md says how to build one)"


class UnavailableError(Exception):
    """There is no Collector on this machine."""


def command() -> str:
    """The Collector to run; raises UnavailableError."""
    named = os.environ.get("BABELWATCH_TEST_COLLECTOR")
    found = shutil.which(named) if named else next(filter(None, map(shutil.which, COMMANDS)), None)
    if found is None:
        raise UnavailableError(MISSING)
    return found


def validate(config: Path) -> subprocess.CompletedProcess[str]:
    """What the Collector says of a configuration; it starts nothing. Raises UnavailableError."""
    return subprocess.run([command(), "validate", f"--config={config}"], capture_output=True, text=True, check=False)


class Collector(Program):
    """One process over the example's configuration; `kafka` has keys of the exporter that differ from it."""

    def __init__(self, folder: Path, bootstrap: str, topic: str, **kafka: Any) -> None:
        super().__init__(folder / "collector.log")
        self._command = command()
        self._folder = folder
        self._port = free_port()
        self._changes = {
            "receivers": {"otlp": {"protocols": {kind: {"endpoint": at} for kind, at in self._endpoints()}}},
            "processors": {"groupbytrace": {"wait_duration": "2s"}},
            "exporters": {"kafka": {"brokers": [bootstrap], "traces": {"topic": topic}, **kafka}},
            "service": {"telemetry": {"metrics": {"level": "none"}}},
        }

    @property
    def url(self) -> str:
        """What OTEL_EXPORTER_OTLP_ENDPOINT is set to."""
        return f"http://127.0.0.1:{self._port}"

    def _endpoints(self) -> list[tuple[str, str]]:
        return [("http", f"127.0.0.1:{self._port}"), ("grpc", f"127.0.0.1:{free_port()}")]

    def arguments(self) -> list[str]:
        """The example, and what differs from it."""
        changes = self._folder / "changes.yaml"
        with changes.open("w", encoding="utf-8") as file:
            YAML().dump(self._changes, file)
        return [self._command, f"--config={EXAMPLE}", f"--config={changes}"]

    def answers(self) -> bool:
        """Whether it can be connected to."""
        with socket.socket() as tried:
            return tried.connect_ex(("127.0.0.1", self._port)) == 0
