"""Active checks at their time, one after the other, each in a process of its own: the only place that knows APScheduler's scheduler.

Torch never runs in the agent's process. A check is a command such as `babelwatch golden run`, which keeps its results itself.
"""

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from queue import Empty, SimpleQueue
from typing import Any, Final, NamedTuple

from apscheduler.events import EVENT_JOB_MAX_INSTANCES, EVENT_JOB_MISSED, JobEvent
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger

from agent.clock import Clock
from agent.errors import BabelwatchError
from agent.probing.due import Check, Why

log = logging.getLogger(__name__)

NICE: Final = 10
LONGEST: Final = timedelta(hours=6)
LATE: Final = timedelta(hours=1)
"""So late a check is still started; later it is missed."""
SAID: Final = 500
COMPLAINT: Final = "babelwatch:"
"""With it begins what a command says where it fails."""
GRACE_S: Final = 5.0

Command = Callable[[Check], Sequence[str]]


class Ended(NamedTuple):
    """What became of a check: it began (no end), or ended, or never began, which is missed.

    `said`: the end of what it wrote to standard error where it failed.
    """

    check: Check
    started_at: datetime | None
    ended_at: datetime | None
    failed: bool = False
    said: str = ""


class Timed(NamedTuple):
    """A check with a schedule."""

    check: Check
    at: CronTrigger


class Schedule:
    """Starts checks while it is awake; whoever asks hears of their ends later, in his own thread."""

    def __init__(self, command: Command, clock: Clock) -> None:
        self._command, self._clock = command, clock
        self._ended: SimpleQueue[Ended] = SimpleQueue()
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._asked: set[str] = set()  # what waits or runs
        self._closed, self._awake = False, False
        grace = int(LATE.total_seconds())
        self._scheduler = BackgroundScheduler(
            executors={"default": ThreadPoolExecutor(1)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": grace},
            timezone=UTC,
        )
        self._scheduler.add_listener(self._missed, EVENT_JOB_MISSED | EVENT_JOB_MAX_INSTANCES)
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        self._scheduler.start(paused=True)

    def plan(self, timed: Iterable[Timed]) -> None:
        """From now on these have their time, and no others."""
        for job in self._scheduler.get_jobs():
            if job.id.startswith("timed/"):
                job.remove()
        for check, at in timed:
            self._scheduler.add_job(self._run, at, args=[check], id=f"timed/{check.kind}/{check.name}")

    def wake(self) -> None:
        """This process evaluates, so it checks as well."""
        self._awake = True
        self._scheduler.resume()

    def sleep(self) -> None:
        """Another process does it from now on: what waits is its own, what runs comes to its end."""
        self._awake = False
        self._scheduler.pause()
        self._scheduler.remove_all_jobs()
        with self._lock:
            self._asked.clear()

    def ask(self, check: Check) -> None:
        """Run a check as soon as those before it are over; one that waits or runs already is not asked again."""
        with self._lock:
            if check.id in self._asked:
                return
            self._asked.add(check.id)
        self._scheduler.add_job(self._run, args=[check], misfire_grace_time=None)

    def ended(self) -> list[Ended]:
        """What began at its time and what ended, since it was asked last."""
        found: list[Ended] = []
        with suppress(Empty):
            while True:
                found.append(self._ended.get_nowait())
        return found

    def close(self) -> None:
        """Stop: a check that runs is ended, and not heard of any more."""
        with self._lock:
            self._closed = True
            if self._process:
                self._process.terminate()
        self._scheduler.shutdown(wait=True)

    def _missed(self, event: JobEvent) -> None:
        job = self._scheduler.get_job(event.job_id)
        if job is not None:
            now = self._clock.now()
            said = f"at {now:%Y-%m-%d %H:%M} UTC the one before it was not over yet"
            self._ended.put(Ended(_timed(job.args[0], now)._replace(why=Why.MISSED), None, now, failed=True, said=said))

    def _run(self, check: Check) -> None:
        begun = self._clock.now()
        if check.why is Why.SCHEDULE:
            check = _timed(check, begun)
            self._ended.put(Ended(check, begun, None))
        if self._awake:
            self._tell(check, begun, *self._tried(check))
        with self._lock:
            self._asked.discard(check.id)

    def _tell(self, check: Check, begun: datetime, code: int, said: str) -> None:
        if not self._closed:
            log.info("%s %s (%s) ended with status %d", check.kind, check.name, check.why, code)
            self._ended.put(Ended(check, begun, self._clock.now(), failed=code != 0, said=said if code else ""))

    def _tried(self, check: Check) -> tuple[int, str]:
        """What is not configured any more fails, too."""
        try:
            return self._executed(self._command(check))
        except (BabelwatchError, OSError) as error:
            return 2, str(error)

    def _executed(self, command: Sequence[str]) -> tuple[int, str]:
        """Its exit status, and the end of what it said."""
        with self._lock:
            if self._closed:
                return 0, ""
            process = self._process = _started(command)
        try:
            _, said = process.communicate(timeout=LONGEST.total_seconds())
        except subprocess.TimeoutExpired:
            said = _stopped(process, f"it took longer than {LONGEST}")
        finally:
            with self._lock:
                self._process = None
        return process.returncode, said.rpartition(COMPLAINT)[2].strip()[-SAID:]


def _timed(check: Check, at: datetime) -> Check:
    """Each time of a schedule is one of its own."""
    return check._replace(about=at.isoformat(timespec="seconds"))


def babelwatch(*words: str) -> list[str]:
    """The command of this very installation."""
    return [sys.executable, "-m", "agent", *words]


def _started(command: Sequence[str]) -> "subprocess.Popen[str]":
    """In a session of its own, so that Ctrl-C is for the agent alone, and nicer than it.

    Nothing may run between fork and exec here: the embedded store hangs where something does.
    """
    process: subprocess.Popen[str] = subprocess.Popen(  # noqa: S603 - our own command, no shell
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    with suppress(OSError):  # it may be over already
        os.setpriority(os.PRIO_PROCESS, process.pid, NICE)
    return process


def _stopped(process: "subprocess.Popen[str]", why: str) -> str:
    process.terminate()
    try:
        process.communicate(timeout=GRACE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
    return why


def missed(timed: Timed, last: datetime | None, now: datetime) -> bool:
    """Whether its time has come and gone since it was started last; None: it never was."""
    if last is None:
        return False
    due: Any = timed.at.get_next_fire_time(None, last + timedelta(seconds=1))
    return due is not None and due < now
