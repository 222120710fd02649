"""The weekly reports of an agent over twins: what is configured, what is made, and what each receiver heard."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from agent import parts
from agent.clock import FakeClock
from agent.config.settings import Settings
from agent.errors import Mistake, NotFound
from agent.notify.base import Notifier
from agent.notify.bulletin import Bulletin
from agent.notify.memory import MemoryNotifier
from agent.runtime.report_due import Why
from agent.runtime.report_round import ReportRound
from agent.store.base import Journal
from agent.store.memory import MemoryJournal, MemoryWindows
from tests.store.builders import flush, window
from tests.support.telling import Told

MONDAY = datetime(2026, 11, 16, 7, tzinfo=UTC)  # eight in Berlin
SUNDAY = MONDAY - timedelta(days=1)
MINUTE, HOUR, DAY, WEEK = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1), timedelta(days=7)
CHAT = {"type": "slack", "webhook_url": "https://hooks.example/a"}
MAIL = {"type": "webhook", "url": "https://hooks.example/b"}


def settings(*receivers: str, **report: Any) -> Settings:
    """What is configured; the channels themselves are twins."""
    return Settings.model_validate(
        {
            "notify": {"receivers": {"chat": CHAT, "mail": MAIL}},
            "report": {"timezone": "Europe/Berlin", "receivers": receivers, **report},
        }
    )


def old_windows(days: float = 30) -> MemoryWindows:
    """A store whose first data are so old on that Monday."""
    windows = MemoryWindows()
    minute = int((MONDAY - days * DAY).timestamp()) // 60
    windows.append(flush(window(0)._replace(minute=minute)))
    return windows


def nothing_in(_: str) -> None:
    """A week without queries."""
    raise NotFound([Mistake("", "week", "no query lies in it")])


@dataclass
class Agent:
    """The reports of a process, over what outlives it; `again()` is the next one."""

    notifiers: list[Notifier] = field(default_factory=lambda: [MemoryNotifier("chat"), MemoryNotifier("mail")])
    journal: Journal = field(default_factory=MemoryJournal)
    settings: Settings = field(default_factory=lambda: settings("chat", "mail"))
    clock: FakeClock = field(default_factory=lambda: FakeClock(SUNDAY))
    given: Mapping[str, Any] = field(default_factory=dict)
    made: list[str] = field(default_factory=list)
    before: Callable[[str], None] = lambda _: None

    def __post_init__(self) -> None:
        self.again()

    def again(self) -> None:
        """It ends without a word, and the next one takes over."""
        self.told = Told(self.notifiers, self.journal, self.clock, given=self.given)
        self.round = ReportRound(lambda: parts.reports(self.settings), self.journal, self.told.pipeline, self.make)

    def make(self, week: str) -> Bulletin:
        """Count it, or fail as told."""
        self.before(week)
        self.made.append(week)
        return Bulletin(week, f"Worse in {week}", f"Report number {len(self.made)}.", "<!doctype html>")

    def look(self, at: datetime, evaluated_to: datetime | None = None) -> Why:
        """A look at this time, and a turn of each courier."""
        self.clock.advance(at - self.clock.now())
        why = self.round.look(evaluated_to or at - 3 * MINUTE, at)
        self.told.turn()
        return why

    def heard(self, name: str = "chat") -> list[str]:
        """The titles of the reports that this one was sent."""
        (notifier,) = (one for one in self.notifiers if one.name == name)
        assert isinstance(notifier, MemoryNotifier)
        return [message.title for message in notifier.messages if message.kind == "report"]
