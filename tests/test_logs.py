"""Logs: on standard error, in UTC, and nobody shouts."""

import json
import logging
import re
import subprocess
import sys
from collections import Counter

import pytest

from agent import tracing
from agent.logs import MOST, PERIOD_S, SHOUTING, Hush, Json, Line
from tests.support.traced import traces

SCRIPT = """
import logging, sys
from agent import logs
logging.getLogger("agent.x").error("before")
logs.configure({level})
logs.configure({level})
print("the answer")
for name in ("agent.x", "kafka.net", "httpx", "uvicorn.error"):
    logging.getLogger(name).info("info of %s", name)
    logging.getLogger(name).warning("warning of %s", name)
for n in range(100):
    logging.getLogger("kafka.cluster").warning("again %d", n)
"""


def record(name: str, at: float) -> logging.LogRecord:
    """A record of a logger at a time."""
    made = logging.LogRecord(name, logging.WARNING, __file__, 1, "text", (), None)
    made.created = at
    return made


def passed(hush: Hush, name: str, at: float, count: int) -> int:
    """How many of so many records come through."""
    return sum(hush.filter(record(name, at)) for _ in range(count))


def test_a_name_from_a_log_forges_no_line_and_commands_no_terminal() -> None:
    """A service may be called anything; a trace keeps its lines."""
    made = logging.makeLogRecord({"msg": "%s fell", "args": ("help\n2026-11-22 ERROR all is lost\x1b[2J",)})
    assert Line("%(message)s").format(made) == "help 2026-11-22 ERROR all is lost[2J fell"
    made.exc_text = "Traceback:\n  there"
    assert Line("%(message)s").format(made).endswith("fell\nTraceback:\n  there")


@pytest.mark.parametrize("name", SHOUTING)
def test_a_client_that_shouts_is_cut_short(name: str) -> None:
    """Three records a minute of each logger below it, whatever it has to say: the agent itself says what is away."""
    hush = Hush()
    assert passed(hush, f"{name}.deep.inside", 1000, 5000) == MOST
    assert passed(hush, f"{name}.elsewhere", 1000, 5000) == MOST


def test_a_new_minute_is_a_new_chance() -> None:
    """What is still wrong is said again."""
    hush = Hush()
    assert passed(hush, "kafka", 1000, 100) == MOST
    assert passed(hush, "kafka", 1000 + PERIOD_S - 0.1, 100) == 0
    assert passed(hush, "kafka", 1000 + PERIOD_S, 100) == MOST


@pytest.mark.parametrize("name", ["agent.runtime.live", "root", "uvicorn.error"])
def test_the_agent_itself_is_never_cut(name: str) -> None:
    """Its own lines are few, and each is meant."""
    assert passed(Hush(), name, 1000, 5000) == 5000


def written(level: str) -> subprocess.CompletedProcess[str]:
    """What a command that logs at this level writes."""
    script = SCRIPT.format(level=level)
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env={"TZ": "Asia/Seoul"})


def test_logs_go_to_standard_error_in_utc() -> None:
    """Standard output is for the answer. Each line once, with time, level and logger; clients speak of trouble only."""
    done = written("logging.INFO")
    assert done.stdout == "the answer\n"
    lines = done.stderr.splitlines()
    told = Counter(line.split(": ", 1)[1] for line in lines[1:])
    assert set(told.values()) == {1}
    assert sorted(text for text in told if "again" not in text) == [
        "info of agent.x",
        "info of uvicorn.error",
        *(f"warning of {name}" for name in ("agent.x", "httpx", "kafka.net", "uvicorn.error")),
    ]
    assert sum("again" in text for text in told) == MOST
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ (INFO   |WARNING) [\w.]+: .*", line) for line in lines[1:])


def test_a_command_may_be_quieter() -> None:
    """One that answers a question says only what went wrong."""
    assert "info of" not in written("logging.WARNING").stderr


def test_a_command_that_speaks_for_itself_lets_no_library_speak() -> None:
    """What went wrong is its own one sentence; its own warnings stay."""
    assert passed(Hush(0), "kafka.net.manager", 1000, 100) == 0
    assert passed(Hush(0), "agent.decode.sink", 1000, 100) == 100


def told_as_json(**changes: object) -> dict[str, str]:
    """One record as a JSON log has it."""
    made = logging.makeLogRecord(
        {"name": "agent.x", "levelname": "INFO", "created": 1_763_000_000.25, "msg": "all is well", **changes}
    )
    line = Json().format(made)
    assert "\n" not in line
    found: dict[str, str] = json.loads(line)
    return found


def test_as_json_each_record_is_an_object() -> None:
    """Time in UTC, and what was said beside the text; none of logging's own fields."""
    said = told_as_json(receiver="chat", outcome="sent", taskName=None)
    assert said == {
        "time": "2025-11-13T02:13:20.250+00:00",
        "level": "INFO",
        "logger": "agent.x",
        "message": "all is well",
        "receiver": "chat",
        "outcome": "sent",
    }


def test_as_json_a_record_names_its_trace() -> None:
    """As the Collector's and Grafana's defaults call it."""
    with traces(), tracing.span("flush") as span:
        said = told_as_json()
        context = span.get_span_context()
    assert (said["trace_id"], said["span_id"]) == (f"{context.trace_id:032x}", f"{context.span_id:016x}")


def test_as_json_a_name_forges_no_record_and_a_stack_is_a_field() -> None:
    """One line each."""
    try:
        int("x")
    except ValueError as error:
        said = told_as_json(msg="%s fell", args=('a\n{"level": "ERROR"}',), exc_info=(ValueError, error, error.__traceback__))
    assert said["message"] == 'a {"level": "ERROR"} fell'
    assert said["exception"].startswith("Traceback")


def test_that_a_machine_is_busy_is_not_told() -> None:
    """kafka-python warns of each of its tasks that took a tenth of a second; what it cannot do is told."""
    program = "import logging; from agent import logs; logs.configure(); log = logging.getLogger('kafka.net.selector'); log.warning('slow'); log.error('wrong')"
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stderr
    assert "slow" not in told
    assert "wrong" in told
