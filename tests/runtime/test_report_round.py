"""Each week's report goes to each receiver once: whoever makes it, however often, and whatever is down meanwhile."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from agent import parts
from agent.alerting.evaluator import Evaluator
from agent.alerting.incident import Incident
from agent.clock import FakeClock
from agent.config.settings import Settings
from agent.errors import Mistake, NotFound, RetryLater
from agent.notify.base import Message, Notifier, TransportError
from agent.notify.bulletin import REPORT, Bulletin
from agent.notify.memory import MemoryNotifier
from agent.notify.notification import DELIVERY, OUTBOX
from agent.notify.trouble import receiver_of
from agent.runtime.evaluate import Evaluation
from agent.runtime.report_due import Why
from agent.runtime.report_round import REPORTED, TRY_AGAIN, ReportRound
from agent.store.base import Entry, Journal
from agent.store.memory import MemoryJournal, MemoryWindows
from tests.alerting.traffic import QUALITY, RULES
from tests.notify.examples import KOREAN
from tests.runtime.mortal import Fate, Killed, MortalChat, MortalJournal
from tests.runtime.rig import UnsteadyJournal
from tests.store.builders import flush, window
from tests.support.telling import Away, Told

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


@pytest.fixture
def agent() -> Agent:
    """One that has looked on Sunday."""
    made = Agent()
    assert made.look(SUNDAY) is Why.BEGINS
    return made


def test_a_report_goes_to_each_receiver_at_its_time(agent: Agent) -> None:
    """And not a minute before, nor a minute later again; the deliveries are in the journal."""
    assert agent.look(MONDAY - MINUTE) is Why.NOT_YET
    assert agent.look(MONDAY) is Why.IN_TIME
    for minute in range(1, 4):
        assert agent.look(MONDAY + minute * MINUTE) is Why.NOT_YET
    assert agent.heard("chat") == agent.heard("mail") == ["Worse in 2026-W46"]
    rows = [(row.body["receiver"], row.body["outcome"], row.body["reason"]) for row in agent.journal.read(DELIVERY)]
    assert sorted(rows) == [("chat", "sent", "report"), ("mail", "sent", "report")]


def test_weeks_follow_each_other(agent: Agent) -> None:
    """One report each."""
    for week in range(3):
        agent.look(MONDAY + week * WEEK)
    assert agent.heard() == ["Worse in 2026-W46", "Worse in 2026-W47", "Worse in 2026-W48"]


def test_a_first_agent_sends_nothing_of_what_came_before(agent: Agent) -> None:
    """Nobody waits for the report of last Monday on the day of the installation."""
    late = Agent()
    assert late.look(MONDAY + DAY) is Why.BEGINS
    assert late.look(MONDAY + DAY + MINUTE) is Why.NOT_YET
    assert late.made == []


@pytest.mark.parametrize("away", [DAY, 3 * WEEK + HOUR], ids=["a day", "three weeks"])
def test_what_was_missed_is_made_up_once(agent: Agent, away: timedelta) -> None:
    """The newest week alone, and in no later minute or process again."""
    agent.again()
    assert agent.look(MONDAY + away) is Why.MADE_UP
    agent.again()
    for minute in range(1, 4):
        assert agent.look(MONDAY + away + minute * MINUTE) is Why.NOT_YET
    assert agent.heard() == [f"Worse in 2026-W{46 + away // WEEK}"]


def test_a_restart_after_sending_sends_nothing(agent: Agent) -> None:
    """Nor does one of an agent that had no time to note that it was done."""
    agent.look(MONDAY)
    for left in ((), [Entry(REPORTED, REPORTED, SUNDAY, {})]):
        agent.journal.write(left)
        agent.again()
        agent.look(MONDAY + HOUR)
    assert (agent.made, agent.heard()) == (["2026-W46"], ["Worse in 2026-W46"])


def test_a_schedule_of_each_day_sends_a_week_once(agent: Agent) -> None:
    """The report of the last week is due each morning, and is the same."""
    agent.settings = settings("chat", "mail", schedule="0 8 * * *")
    for day in range(7):
        assert agent.look(MONDAY + day * DAY) is Why.IN_TIME
    assert (agent.made, agent.heard()) == (["2026-W46"], ["Worse in 2026-W46"])


def test_two_processes_send_it_once(agent: Agent) -> None:
    """Both take themselves for the one that evaluates: one row a receiver, and what the other has sent is seen before sending."""
    other = Agent(agent.notifiers, agent.journal, clock=FakeClock(SUNDAY))
    agent.given = other.given = {"wake": lambda: None}
    for one in (agent, other):
        one.again()
        one.round.look(MONDAY, MONDAY)
    for one in (agent, other):
        one.clock.advance(MONDAY - one.clock.now())
        one.told.turn()
    assert len(agent.journal.read(OUTBOX)) == 2
    assert (len(agent.heard("chat")), len(agent.heard("mail"))) == (1, 1)
    assert len(agent.journal.read(REPORT)) == 1


def test_who_takes_over_does_not_make_it_again(agent: Agent) -> None:
    """The one before has made it and left."""
    agent.look(MONDAY)
    other = Agent(agent.notifiers, agent.journal, clock=FakeClock(MONDAY))
    assert other.look(MONDAY + MINUTE) is Why.NOT_YET
    assert (other.made, len(other.heard())) == ([], 1)


def test_a_receiver_that_was_down_gets_it_once_when_it_is_back() -> None:
    """The others have it at once; alerts and the news of the outage are messages of their own."""
    away = Away("chat")
    agent = Agent([away, MemoryNotifier("mail")])
    agent.look(SUNDAY)
    agent.look(MONDAY)
    agent.told.tell(KOREAN)
    agent.told.wait(2 * HOUR, KOREAN)
    assert (agent.heard("chat"), agent.heard("mail")) == ([], ["Worse in 2026-W46"])
    agent.again()
    agent.told.wait(HOUR, KOREAN)
    away.away = False
    agent.told.wait(10 * MINUTE, KOREAN)
    agent.look(MONDAY + 4 * HOUR)
    assert agent.heard("chat") == ["Worse in 2026-W46"]
    assert sorted(message.kind for message in away.messages) == ["firing", "report"]


def test_a_refusal_is_told_to_the_others(agent: Agent) -> None:
    """A report that a receiver does not take for good is its trouble, as any message is."""
    chat, mail = agent.notifiers
    assert isinstance(chat, MemoryNotifier)
    assert isinstance(mail, MemoryNotifier)
    chat.failures.append(TransportError("Slack answered 404", permanent=True))
    agent.look(MONDAY)
    agent.told.wait(2 * MINUTE)
    assert agent.heard("chat") == []
    assert [receiver_of(one) for message in mail.messages for one in message.incidents] == ["chat"]


class Pager:
    """Takes alerts alone."""

    name = "chat"

    def __init__(self) -> None:
        self.alerts: list[Incident] = []

    def escape(self, text: str) -> str:
        """As it is."""
        return text

    def send(self, message: Message) -> dict[str, str]:
        """Keep it."""
        self.alerts += message.incidents
        return {}


def test_a_name_that_has_become_a_pagers_is_not_paged(agent: Agent) -> None:
    """Between posting and sending somebody gave it to another channel; what else it is told arrives."""
    agent.given = {"wake": lambda: None}
    agent.again()
    agent.round.look(MONDAY, MONDAY)
    pager = Pager()
    agent.notifiers[0], agent.given = pager, {}
    agent.again()
    agent.look(MONDAY + MINUTE)
    agent.told.tell(KOREAN)
    errors = [row.body["error"] for row in agent.journal.read(DELIVERY) if row.body["receiver"] == "chat"]
    assert errors[0] == "it takes no reports"
    assert pager.alerts[0] == KOREAN


class NoReports(MemoryJournal):
    """A replica of the store that has everything but the report yet."""

    behind = False

    def read(self, kind: str, since: datetime | None = None, until: datetime | None = None) -> Any:
        """All that is there already."""
        return [] if self.behind and kind == REPORT else super().read(kind, since, until)


def test_a_report_that_cannot_be_read_keeps_no_alert_waiting() -> None:
    """It is sent as soon as the store shows it."""
    journal = NoReports()
    agent = Agent(journal=journal, given={"wake": lambda: None})
    agent.look(SUNDAY)
    agent.round.look(MONDAY, MONDAY)
    journal.behind = True
    agent.told.tell(KOREAN)
    agent.told.turn()
    chat = agent.notifiers[0]
    assert isinstance(chat, MemoryNotifier)
    assert [message.kind for message in chat.messages] == ["firing"]
    journal.behind = False
    agent.told.turn()
    assert [message.kind for message in chat.messages] == ["firing", "report"]


def test_a_week_that_is_not_evaluated_is_waited_for(agent: Agent) -> None:
    """An agent that catches up on Monday reports when it has the whole week."""
    assert agent.look(MONDAY, SUNDAY) is Why.NOT_EVALUATED
    assert agent.look(MONDAY + 2 * HOUR) is Why.MADE_UP
    assert agent.heard() == ["Worse in 2026-W46"]


def test_nothing_is_sent_of_a_week_without_queries(agent: Agent, caplog: pytest.LogCaptureFixture) -> None:
    """Such as those before the first data: it is said once in the log, and the next week's report comes."""
    agent.before = nothing_in
    assert agent.look(MONDAY) is Why.NO_DATA
    assert "no report of 2026-W46 is sent: week: no query lies in it" in caplog.text
    agent.before = lambda _: None
    assert agent.look(MONDAY + MINUTE) is Why.NOT_YET
    assert agent.look(MONDAY + WEEK) is Why.IN_TIME
    assert agent.heard() == ["Worse in 2026-W47"]


def test_new_settings_count_at_the_next_look(agent: Agent) -> None:
    """Another schedule, other receivers, and none: without a restart, and nobody is sent what came before."""
    agent.settings = settings(schedule="0 9 * * tue")
    assert agent.look(MONDAY) is Why.NOT_YET
    assert agent.look(MONDAY + DAY + HOUR) is Why.NO_RECEIVERS
    agent.settings = settings("mail", schedule="0 9 * * tue")
    assert agent.look(MONDAY + DAY + 2 * HOUR) is Why.NOT_YET
    assert agent.look(MONDAY + WEEK + DAY + HOUR) is Why.IN_TIME
    assert (agent.heard("chat"), agent.heard("mail")) == ([], ["Worse in 2026-W47"])


def test_a_report_that_cannot_be_made_ends_nothing(agent: Agent, caplog: pytest.LogCaptureFixture) -> None:
    """A bug in it is logged, and an hour later it is tried again."""

    def broken(_: str) -> None:
        raise ZeroDivisionError("division by zero")

    agent.before = broken
    with caplog.at_level(logging.ERROR):
        assert agent.look(MONDAY) is Why.FAILED
    assert "the report of 2026-W46 could not be made" in caplog.text
    agent.before = lambda _: None
    assert agent.look(MONDAY + MINUTE) is Why.FAILED
    assert agent.look(MONDAY + TRY_AGAIN) is Why.MADE_UP
    assert agent.heard() == ["Worse in 2026-W46"]


def test_a_store_that_is_away_has_it_done_at_the_next_look() -> None:
    """Nothing is lost, and nothing is sent twice."""
    journal = UnsteadyJournal()
    agent = Agent(journal=journal)
    agent.look(SUNDAY)
    journal.plug.pulled = True
    with pytest.raises(RetryLater):
        agent.look(MONDAY)
    journal.plug.pulled = False
    assert agent.look(MONDAY + MINUTE) is Why.IN_TIME
    assert agent.heard("chat") == agent.heard("mail") == ["Worse in 2026-W46"]


def evaluated(agent: Agent, at: datetime | None, until: datetime, **given: Any) -> None:
    """An evaluation with these reports walks so far, over a store that begins on Sunday."""
    evaluator = Evaluator(RULES, QUALITY)
    evaluation = Evaluation(evaluator, old_windows(days=1.2), agent.journal, agent.told.pipeline, reports=agent.round)
    evaluation.resume()
    while evaluation.evaluated_to is None or evaluation.evaluated_to < until:
        evaluation.walk(until, at, **given)


def test_evaluation_looks_for_reports_once_it_has_caught_up() -> None:
    """Not before: what it is to say of a week may stand in the log and not be read yet."""
    agent = Agent()
    agent.look(SUNDAY)
    agent.clock.advance(DAY)
    evaluated(agent, MONDAY, MONDAY - 3 * MINUTE, caught_up=False)
    assert agent.made == []
    agent.clock.advance(MINUTE)
    evaluated(agent, MONDAY + MINUTE, MONDAY - 2 * MINUTE)
    agent.told.turn()
    assert (agent.made, agent.heard()) == (["2026-W46"], ["Worse in 2026-W46"])


def test_a_replay_reports_nothing() -> None:
    """Old logs are no week that anybody waits for."""
    agent = Agent()
    agent.look(SUNDAY)
    evaluated(agent, None, MONDAY + DAY)
    assert agent.made == []


class MortalTaker(MortalChat):
    """A channel that takes reports, whose process may die."""

    def send_report(self, message: Message) -> None:
        """Deliver."""
        self.send(message)


def _lived(fate: Fate, chat: MemoryNotifier, journal: MemoryJournal) -> None:
    """A process from Sunday over Monday morning."""
    agent = Agent([MortalTaker(chat, fate)], MortalJournal(journal, fate), settings("chat"))
    for at in (SUNDAY, MONDAY, MONDAY + MINUTE, MONDAY + 2 * MINUTE):
        agent.look(at)


def _steps() -> int:
    whole = Fate()
    _lived(whole, MemoryNotifier("chat"), MemoryJournal())
    return len(whole.steps)


@pytest.mark.parametrize("at", range(1, _steps() + 1))
def test_a_crash_at_any_step_loses_nothing(at: int) -> None:
    """The next process sends it, and twice only what was sent and not noted."""
    chat, journal, fate = MemoryNotifier("chat"), MemoryJournal(), Fate(die_at=at)
    with pytest.raises(Killed):
        _lived(fate, chat, journal)
    _lived(Fate(), chat, journal)
    assert {message.text for message in chat.messages} == {"Report number 1."}
    assert len({message.id for message in chat.messages}) == 1
    assert len(chat.messages) - 1 <= (fate.steps[-1] in {"after sending", "before writing delivery"})
