"""A page is made once for what it shows."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import count

import pytest

from agent.clock import FakeClock
from agent.web.cache import LOOKED, MOST, Cache
from tests.runtime.rig import NOW


class Made:
    """A cache over a revision that a test changes, and pages that count how often they were made."""

    def __init__(self) -> None:
        self.revision, self.clock = 0, FakeClock(NOW.replace(second=0))
        self.asked, self.numbers = 0, count(1)
        self.cache = Cache(self._look, self.clock)

    def _look(self) -> int:
        self.asked += 1
        return self.revision

    def get(self, address: str = "/") -> str:
        """The number of the making."""
        return self.cache.get(address, lambda: str(next(self.numbers)).encode()).body.decode()


@pytest.fixture
def made() -> Made:
    """One for each test."""
    return Made()


def test_the_same_address_is_made_once(made: Made) -> None:
    """Another one is another page."""
    assert [made.get("/"), made.get("/"), made.get("/pairs"), made.get("/")] == ["1", "1", "2", "1"]


def test_what_was_written_makes_it_anew(made: Made) -> None:
    """At the latest a second after; within it nobody asks the store again."""
    made.get()
    made.revision = 1
    assert made.get() == "1"
    made.clock.advance(LOOKED)
    assert made.get() == "2"
    assert made.asked == 2


def test_who_wrote_sees_it_at_once(made: Made) -> None:
    """A form forgets."""
    made.get()
    made.revision = 1
    made.cache.forget()
    assert made.get() == "2"


def test_who_wrote_waits_for_no_page(made: Made) -> None:
    """A form is answered by the thread that answers everything; what was written while a page was made counts for the next one."""

    def written() -> bytes:
        with ThreadPoolExecutor(1) as pool:
            pool.submit(made.cache.forget).result(timeout=10)
        made.revision = 1
        return b"old"

    assert made.cache.get("/", written).body == b"old"
    assert made.get() == "1"


def test_a_page_is_no_older_than_a_minute(made: Made) -> None:
    """It says how long ago something was, also where nothing is written any more."""
    made.get()
    made.clock.advance(timedelta(seconds=59))
    assert made.get() == "1"
    made.clock.advance(timedelta(seconds=1))
    assert made.get() == "2"


def test_what_fails_is_not_kept(made: Made) -> None:
    """The next one who asks has the answer."""

    def fail() -> bytes:
        raise OSError("away")

    with pytest.raises(OSError, match="away"):
        made.cache.get("/", fail)
    assert made.get() == "1"


def test_many_addresses_do_not_fill_the_memory(made: Made) -> None:
    """The one that was asked for longest ago goes."""
    made.get("/")
    for number in range(MOST - 1):
        made.get(f"/{number}")
    assert made.get("/") == "1"
    made.get("/another")
    assert made.get("/") == "1"
    assert made.get("/0") == str(MOST + 2)


def test_of_many_who_ask_at_once_one_makes_it(made: Made) -> None:
    """The others wait for it."""
    ready = threading.Barrier(8)

    def ask(_: int) -> str:
        ready.wait()
        return made.get()

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(ask, range(8))) == {"1"}


def test_a_page_that_takes_long_keeps_nobody_from_another(made: Made) -> None:
    """A report of a week may take seconds; the page of the alert is there meanwhile."""
    begun, go_on = threading.Event(), threading.Event()

    def slowly() -> bytes:
        begun.set()
        assert go_on.wait(20)
        return b"slow"

    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(made.cache.get, "/reports/2026-W46", slowly)
        assert begun.wait(20)
        assert made.get("/alerts") == "1"
        go_on.set()
        assert slow.result().body == b"slow"


def test_what_was_made_of_older_rows_is_not_kept(made: Made) -> None:
    """Something was written while it was made: the next one is made anew."""

    def while_written() -> bytes:
        made.revision = 1
        made.cache.forget()
        assert made.get("/other") == "1"
        return b"old"

    assert made.cache.get("/", while_written).body == b"old"
    assert made.get("/") == "2"


def test_the_validator_is_that_of_what_is_shown(made: Made) -> None:
    """The same bytes have the same, whenever they were made."""
    first = made.cache.get("/", lambda: b"same")
    made.revision = 1
    made.cache.forget()
    assert made.cache.get("/", lambda: b"same") == first
    assert made.cache.get("/other", lambda: b"other").etag != first.etag
