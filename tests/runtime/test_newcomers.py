"""A language is new once: when its twentieth query is counted."""

from datetime import timedelta

from agent.aggregate.histogram import MICRO
from agent.alerting.sums import Minute
from agent.runtime.newcomers import Newcomers
from agent.store.memory import MemoryJournal, MemoryWindows
from tests.alerting.traffic import key, row
from tests.runtime.rig import NOW
from tests.store.builders import flush, window


def rows(language: str, n: int) -> list[Minute]:
    """One minute of a language."""
    return [row(0, key(language), n, 0)]


def test_twenty_queries_make_it_known() -> None:
    """Nineteen are too few; it is new for a day, also to the next process."""
    windows, journal = MemoryWindows(), MemoryJournal()
    newcomers = Newcomers(windows, journal)
    assert newcomers.met(NOW) == []
    newcomers.count(rows("lo", 19))
    assert newcomers.met(NOW) == []
    newcomers.count([*rows("lo", 1), *rows("ko", 25)])
    assert newcomers.met(NOW) == ["ko", "lo"]
    again = Newcomers(windows, journal)
    again.count(rows("lo", 100))
    assert again.met(NOW + timedelta(hours=23)) == ["ko", "lo"]  # whoever met them may have died before they were checked
    assert again.met(NOW + timedelta(days=1)) == newcomers.met(NOW + timedelta(days=1)) == []


def test_what_a_store_holds_already_is_no_news() -> None:
    """Whoever begins to check after months does not check every language at once."""
    windows, journal = MemoryWindows(), MemoryJournal()
    windows.append(flush(window(0, events=50, queries=50 * MICRO, language="ko"), window(0, events=5, language="lo")))
    newcomers = Newcomers(windows, journal)
    newcomers.count(rows("lo", 20))
    assert newcomers.met(NOW) == ["lo"]


def test_what_is_no_language_is_never_met() -> None:
    """Undetermined, mixed, and what was not admitted."""
    newcomers = Newcomers(MemoryWindows(), MemoryJournal())
    newcomers.met(NOW)
    newcomers.count([*rows("und", 100), *rows("mul", 100), *rows("__other__", 100)])
    assert newcomers.met(NOW) == []
