"""The weekly report, and whatever is down meanwhile: a receiver, the store, the report itself, the process at any step."""

import logging
from datetime import datetime
from typing import Any

import pytest

from agent.alerting.incident import Incident
from agent.errors import RetryLater
from agent.notify.base import Message, TransportError
from agent.notify.bulletin import REPORT
from agent.notify.memory import MemoryNotifier
from agent.notify.notification import DELIVERY
from agent.notify.trouble import receiver_of
from agent.runtime.report_due import Why
from agent.runtime.report_round import TRY_AGAIN
from agent.store.memory import MemoryJournal
from tests.notify.examples import KOREAN
from tests.runtime.mortal import Fate, Killed, MortalChat, MortalJournal
from tests.runtime.reporter import HOUR, MINUTE, MONDAY, SUNDAY, Agent, settings
from tests.runtime.rig import UnsteadyJournal
from tests.support.telling import Away


@pytest.fixture
def agent() -> Agent:
    """One that has looked on Sunday."""
    made = Agent()
    assert made.look(SUNDAY) is Why.BEGINS
    return made


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
