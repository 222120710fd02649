"""The embedded store belongs to one process, and the others learn whom to ask."""

import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from agent.clock import FakeClock
from agent.errors import Locked, Unreachable
from agent.store.lock import FILE, Holder, StoreLock
from tests.store.builders import START

ANOTHER = """
import sys
from pathlib import Path
from agent.store.lock import StoreLock
print(StoreLock(Path(sys.argv[1])).take(*sys.argv[2:]), flush=True)
sys.stdin.read()
"""
ADDRESS, TOKEN = "http://127.0.0.1:8080", "a-token"
Process = subprocess.Popen[str]


@pytest.fixture
def another(tmp_path: Path) -> Iterator[Callable[..., Process]]:
    """Starts a process that takes the lock and keeps it."""
    with ExitStack() as stack:

        def start(*who: str) -> Process:
            command = [sys.executable, "-c", ANOTHER, str(tmp_path), *who]
            process = stack.enter_context(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
            assert process.stdout is not None
            assert process.stdout.readline() == "None\n"
            return process

        yield start


@pytest.fixture
def lock(tmp_path: Path) -> Iterator[StoreLock]:
    """A lock of this process."""
    ours = StoreLock(tmp_path)
    yield ours
    ours.release()


def test_a_free_lock_is_taken(lock: StoreLock, tmp_path: Path) -> None:
    """Whoever takes it says who it is, to the owner of the folder only: the token is a secret."""
    assert lock.take(ADDRESS, TOKEN) is None
    file = tmp_path / FILE
    assert Holder(**json.loads(file.read_text())) == Holder(os.getpid(), ADDRESS, TOKEN)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_folder_is_made_for_its_owner_only(tmp_path: Path) -> None:
    """The first command makes the store's folder, and keeps others out of it."""
    lock = StoreLock(tmp_path / "a" / "b")
    assert lock.take() is None
    lock.release()
    assert stat.S_IMODE((tmp_path / "a" / "b").stat().st_mode) == 0o700


def test_a_second_process_sees_whom_to_ask(lock: StoreLock, another: Callable[..., Process]) -> None:
    """The holder's process id, address and token are what it announced."""
    holder = another(ADDRESS, TOKEN)
    assert lock.take() == Holder(holder.pid, ADDRESS, TOKEN)


def test_a_second_lock_of_the_same_process_is_no_exception(lock: StoreLock, tmp_path: Path) -> None:
    """Two parts of one process cannot both have it."""
    lock.take(ADDRESS)
    assert StoreLock(tmp_path).take() == Holder(os.getpid(), ADDRESS)


def test_an_address_can_be_told_later(lock: StoreLock, tmp_path: Path) -> None:
    """The lock comes before the web server; a shorter text leaves nothing of the longer one."""
    lock.take(ADDRESS + "/long/long", TOKEN)
    lock.announce(ADDRESS)
    assert StoreLock(tmp_path).take() == Holder(os.getpid(), ADDRESS)


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
def test_the_lock_of_a_dead_process_is_free(lock: StoreLock, another: Callable[..., Process], end: signal.Signals) -> None:
    """However a holder ends, the system lets go of its lock; what it left in the file binds nobody."""
    holder = another(ADDRESS, TOKEN)
    holder.send_signal(end)
    holder.wait()
    assert lock.take() is None


def test_a_released_lock_is_free(lock: StoreLock, tmp_path: Path) -> None:
    """It can be taken again, and letting go twice does no harm."""
    lock.take()
    lock.release()
    lock.release()
    other = StoreLock(tmp_path)
    assert other.take() is None
    other.release()


def test_waiting_ends_at_once_when_somebody_can_be_asked(lock: StoreLock, another: Callable[..., Process]) -> None:
    """An agent keeps the lock for weeks: nobody waits for it."""
    clock = FakeClock(START)
    holder = another(ADDRESS)
    assert lock.wait(clock, 5) == Holder(holder.pid, ADDRESS)
    assert clock.now() == START


class Watched(FakeClock):
    """A clock on which something happens meanwhile."""

    def __init__(self, happens: Callable[[], object]) -> None:
        super().__init__(START)
        self._happens = happens

    def sleep(self, seconds: float) -> None:
        """Wait, and let it happen."""
        super().sleep(seconds)
        self._happens()


def test_a_short_command_is_waited_for(lock: StoreLock, tmp_path: Path) -> None:
    """A reading command has no address; when it is done the lock is ours."""
    other = StoreLock(tmp_path)
    other.take()
    assert lock.wait(Watched(other.release), 5) is None


def test_a_holder_that_cannot_be_asked_is_named(lock: StoreLock, another: Callable[..., Process], tmp_path: Path) -> None:
    """After the whole patience the error says which process it is."""
    holder, clock = another(), FakeClock(START)
    with pytest.raises(Locked, match=f"{tmp_path} is in use by process {holder.pid}, which does not answer"):
        lock.wait(clock, 5)
    assert 5 <= (clock.now() - START).total_seconds() < 6


@pytest.mark.parametrize("torn", ["", '{"pid": 1', "[]", '{"unknown": 1}'])
def test_a_holder_that_is_just_writing_is_waited_for(lock: StoreLock, tmp_path: Path, torn: str) -> None:
    """A text that is not whole yet is nobody's address."""
    other = StoreLock(tmp_path)
    other.take(ADDRESS)
    (tmp_path / FILE).write_text(torn)
    assert lock.take() == Holder(0)
    assert lock.wait(Watched(lambda: other.announce(ADDRESS)), 5) == Holder(os.getpid(), ADDRESS)
    other.release()


def test_a_folder_that_cannot_be_used_is_one_sentence(tmp_path: Path) -> None:
    """A file where the folder should be is told without a stack trace."""
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(Unreachable, match="cannot be opened"):
            StoreLock(folder).take()
