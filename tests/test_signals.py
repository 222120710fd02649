"""What signals do to a process: they end its start, ask its loop to stop, and insist."""

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from agent import signals

WAITS = "import time; print('ready', flush=True); time.sleep(60)"
STARTS = f"from agent import signals; signals.leave_at_once(); {WAITS}"
HANGS = """
import time
from contextlib import ExitStack
from datetime import timedelta
from agent import signals
with ExitStack() as stack:
    stack.callback(time.sleep, 60)  # a store that does not answer
    stop = signals.until_signal(timedelta(0))
    print("ready", flush=True)
    stop.wait()
    print("ready", flush=True)
"""


def started(program: str) -> "subprocess.Popen[str]":
    """A process that says when it is ready for a signal."""
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    wait(process)
    return process


def wait(process: "subprocess.Popen[str]") -> None:
    """Until it says so."""
    assert process.stdout
    assert process.stdout.readline() == "ready\n"


@pytest.fixture
def _handlers() -> Iterator[None]:
    """Those of before are put back."""
    before = {each: signal.getsignal(each) for each in (*signals.ENDING, signal.SIGHUP)}
    yield
    for each, handler in before.items():
        signal.signal(each, handler)


@pytest.mark.parametrize("number", signals.ENDING)
def test_a_start_ends_in_order(number: signal.Signals) -> None:
    """Nothing is open yet: exit status 0, also as the first process of a container, which has no handler by itself."""
    with started(STARTS) as process:
        process.send_signal(number)
        assert process.wait(10) == 0


@pytest.mark.parametrize("number", signals.ENDING)
def test_a_second_signal_ends_the_process_where_it_stands(number: signal.Signals) -> None:
    """Though what is being closed would take a minute."""
    with started(HANGS) as process:
        process.send_signal(number)
        wait(process)
        process.send_signal(number)
        assert process.wait(10) == 128 + number


@pytest.mark.usefixtures("_handlers")
def test_a_signal_that_comes_twice_at_once_is_one() -> None:
    """A process group and its parent may both pass it on: the loop still ends in order."""
    stop = signals.until_signal()
    assert not stop.is_set()
    signal.raise_signal(signal.SIGTERM)
    signal.raise_signal(signal.SIGTERM)
    assert stop.is_set()


@pytest.mark.usefixtures("_handlers")
def test_a_hangup_asks_for_the_configuration() -> None:
    """And ends nothing."""
    asked = threading.Event()
    signals.on_hangup(asked.set)
    signal.raise_signal(signal.SIGHUP)
    assert asked.is_set()
