"""Telling, opened: over a journal in memory, with the threads that run in the agent."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from datetime import timedelta
from typing import Any

import pytest

from agent.alerting.action import Action
from agent.alerting.incident import Incident
from agent.clock import SystemClock
from agent.config.settings import Settings
from agent.configured import Configured
from agent.desk import Desk, Ears
from agent.errors import RetryLater
from agent.notify.base import Notifier, TransportError
from agent.notify.memory import MemoryNotifier
from agent.notify.mute import Mute
from agent.notify.notification import OUTBOX
from agent.notify.trouble import Trouble, receiver_of
from agent.report import mutes
from agent.report.actions import entry_of
from agent.store.base import Entry, Journal
from agent.store.memory import MemoryJournal
from tests.notify.examples import KOREAN, incident, monitor, of, resolved
from tests.runtime.rig import UnsteadyJournal
from tests.support.telling import Told, told_by

CLOCK = SystemClock()
SOON = timedelta(seconds=5)
AT_ONCE = {"group_wait": "0s", "group_interval": "1s"}


class Away(MemoryJournal):
    """A journal that can be written and not be read, or neither."""

    away = False

    def read(self, kind: str, since: Any = None, until: Any = None) -> list[Entry]:
        """Read, or fail."""
        if self.away:
            raise RetryLater("the store is away")
        return super().read(kind, since, until)


def settings(**notify: Any) -> Settings:
    """What is configured."""
    return Settings.model_validate({"notify": {**AT_ONCE, **notify}})


class Reread(Desk):
    """One whose settings a test writes."""

    def __init__(self, outbox: Journal, people: Journal, **given: Any) -> None:
        self.given, self.mutes = settings(), list[Mute]()
        super().__init__(outbox, people, CLOCK, self._configured, **given)

    def _configured(self) -> Configured:
        configured = Configured(self.given)
        configured.__dict__["mutes"] = self.mutes
        return configured

    def reread(self, given: Settings, notifiers: Mapping[str, Notifier]) -> None:
        """The file was edited."""
        self.given = given
        self.configure(notifiers)


TYPED = Mute(id="t", match={"language": ("ja",)}, reason="known", ends_at=CLOCK.now() + timedelta(hours=1))
Opener = Callable[..., Reread]


@pytest.fixture
def opened() -> Iterator[Opener]:
    """Opens desks, and closes them."""
    with ExitStack() as stack:

        def open_(*notifiers: MemoryNotifier, journal: MemoryJournal, people: MemoryJournal | None = None, **given: Any) -> Reread:
            desk = Reread(journal, people or MemoryJournal(), **given)
            stack.enter_context(closing(desk))
            desk.configure({one.name: one for one in notifiers})
            return desk

        yield open_


@pytest.fixture
def journal() -> MemoryJournal:
    """What outlives a process."""
    return MemoryJournal()


@pytest.fixture
def chat() -> MemoryNotifier:
    """A channel."""
    return MemoryNotifier("chat")


def tell(desk: Desk, *incidents: Incident) -> None:
    """Tell these now, and wait until they are sent."""
    desk.pipeline.notify(incidents, CLOCK.now())
    assert desk.drain(SOON)


def languages(chat: MemoryNotifier) -> list[str]:
    """Which it heard of."""
    return [one.language for message in chat.messages for one in message.incidents]


def left_behind(journal: MemoryJournal, *incidents: Incident) -> None:
    """A process has posted these, and died before it could send them."""
    told: Told = told_by(MemoryNotifier("chat"), journal=journal, given={"wake": lambda: None})
    told.clock.advance(CLOCK.now() - told.clock.now())
    told.tell(*incidents)


def test_who_is_configured_is_told(opened: Opener, journal: MemoryJournal, chat: MemoryNotifier) -> None:
    """Deliveries are heard of, too."""
    heard: list[str] = []
    desk = opened(chat, journal=journal, ears=Ears(on_delivery=lambda delivery: heard.append(delivery.reason.value)))
    tell(desk, KOREAN)
    assert (languages(chat), heard) == (["ko"], ["first"])


def test_who_begins_sends_what_was_left(opened: Opener, journal: MemoryJournal, chat: MemoryNotifier) -> None:
    """Once it takes over, and once only."""
    left_behind(journal, KOREAN)
    desk = opened(chat, journal=journal)
    assert languages(chat) == []
    desk.take_over()
    assert desk.drain(SOON)
    tell(desk, KOREAN)
    assert languages(chat) == ["ko"]


def test_who_only_knows_leaves_it_to_others(opened: Opener, journal: MemoryJournal, chat: MemoryNotifier) -> None:
    """And does not tell again what they have told."""
    left_behind(journal, KOREAN)
    desk = opened(chat, journal=journal)
    desk.know()
    tell(desk, KOREAN, of("ja", cause="ingest"))
    assert languages(chat) == ["ja"]


def test_who_hands_over_tells_nothing_more(opened: Opener, journal: MemoryJournal, chat: MemoryNotifier) -> None:
    """Neither what was posted nor what waits for others of its group."""
    desk = opened(chat, journal=journal)
    desk.reread(settings(group_wait="30s"), {"chat": chat})
    desk.pipeline.notify([KOREAN], CLOCK.now())
    desk.hand_over()
    desk.look(CLOCK.now() + timedelta(minutes=1))
    assert desk.drain(SOON)
    assert (languages(chat), journal.read(OUTBOX)) == ([], [])
    desk.take_over()
    desk.reread(settings(), {"chat": chat})
    tell(desk, KOREAN)
    assert languages(chat) == ["ko"]


def test_what_is_due_is_told_when_somebody_looks(opened: Opener, journal: MemoryJournal, chat: MemoryNotifier) -> None:
    """Though nothing new happened."""
    desk = opened(chat, journal=journal)
    desk.reread(settings(group_wait="30s"), {"chat": chat})
    desk.pipeline.notify([KOREAN], CLOCK.now())
    desk.look(CLOCK.now())
    assert languages(chat) == []
    desk.look(CLOCK.now() + timedelta(seconds=31))
    assert desk.drain(SOON)
    assert languages(chat) == ["ko"]


def test_settings_are_read_anew(opened: Opener, journal: MemoryJournal, chat: MemoryNotifier) -> None:
    """Whoever is new is told what fires, whoever knows is not; and who refused is asked again."""
    desk, mail = opened(chat, journal=journal), MemoryNotifier("mail")
    tell(desk, KOREAN)
    chat.failures.append(TransportError("gone", permanent=True))
    tell(desk, incident(severity="critical"))
    desk.reread(settings(), {"chat": chat, "mail": mail})
    tell(desk, incident(severity="critical"))
    assert [
        [one.severity for one in message.incidents] for message in chat.messages if message.thread.key == KOREAN.fingerprint
    ] == [
        ["warning"],
        ["critical"],
    ]
    assert "ko" in languages(mail)


def test_nobody_is_told_twice_by_new_settings(opened: Opener, journal: MemoryJournal, chat: MemoryNotifier) -> None:
    """However often they are read."""
    desk = opened(chat, journal=journal)
    for _ in range(3):
        desk.reread(settings(), {"chat": chat})
        tell(desk, KOREAN)
    assert languages(chat) == ["ko"]


def test_an_acknowledgement_stops_reminders(opened: Opener, journal: MemoryJournal, chat: MemoryNotifier) -> None:
    """As a person typed it into the other connection."""
    people = MemoryJournal()
    desk = opened(chat, journal=journal, people=people)
    tell(desk, KOREAN)
    later = CLOCK.now() + timedelta(days=2)
    people.write([entry_of(Action(KOREAN.fingerprint, KOREAN.began_at, "ack", CLOCK.now()))])
    desk.pipeline.notify([KOREAN], later)
    assert desk.drain(SOON)
    assert len(chat.messages) == 1


def test_mutes_are_asked_for(opened: Opener, journal: MemoryJournal, chat: MemoryNotifier) -> None:
    """Those of the file, and those that somebody typed."""
    people = MemoryJournal()
    desk = opened(chat, journal=journal, people=people)
    desk.mutes.append(Mute(id="m", match={"language": ("ko",)}, reason="known"))
    people.write([mutes.entry_of(TYPED, CLOCK.now())])
    tell(desk, KOREAN, of("ja"), of("th"))
    assert languages(chat) == ["th"]


def test_a_journal_that_is_away_does_not_silence_the_agent(opened: Opener, chat: MemoryNotifier) -> None:
    """It cannot be read nor written: what it says of itself goes out, and what people did last still counts."""
    journal, people = UnsteadyJournal(), Away()
    people.write([mutes.entry_of(TYPED, CLOCK.now())])
    desk = opened(chat, journal=journal, people=people)
    tell(desk, of("ja"))
    journal.plug.pulled = people.away = True
    with pytest.raises(RetryLater):
        desk.pipeline.notify([monitor(), of("ja")], CLOCK.now())
    desk.look(CLOCK.now())
    assert desk.drain(SOON)
    assert [one.class_ for message in chat.messages for one in message.incidents] == ["monitor"]


def test_what_was_told_of_a_receiver_ends_here(opened: Opener, journal: MemoryJournal, chat: MemoryNotifier) -> None:
    """The process before told that the chat was away; this one reaches it, and tells the end."""
    trouble, mail = Trouble("chat"), MemoryNotifier("mail")
    trouble.failed(TransportError("gone", permanent=True), CLOCK.now(), waiting=0)
    told = trouble.incident(CLOCK.now())
    assert told is not None
    first = opened(MemoryNotifier("chat"), mail, journal=journal)
    tell(first, told)
    first.close()
    desk = opened(chat, mail, journal=journal)
    desk.take_over()
    tell(desk, KOREAN)
    desk.look(CLOCK.now())
    assert desk.drain(SOON)
    assert [one.state for message in mail.messages for one in message.incidents if receiver_of(one)] == ["firing", "resolved"]


def test_what_is_not_sent_stays(opened: Opener, journal: MemoryJournal) -> None:
    """A channel that is away until the end; the next process sends it."""
    gone = MemoryNotifier("chat", [TransportError("away", permanent=False, retry_after=3600)])
    desk = opened(gone, journal=journal)
    desk.pipeline.notify([KOREAN], CLOCK.now())
    assert not desk.drain(timedelta(seconds=0.5))
    desk.close()
    back = MemoryNotifier("chat")
    next_one = opened(back, journal=journal)
    next_one.take_over()
    assert next_one.drain(SOON)
    assert languages(back) == ["ko"]


def test_an_end_is_told_by_the_next_process(opened: Opener, journal: MemoryJournal, chat: MemoryNotifier) -> None:
    """In the thread that the one before began."""
    tell(opened(chat, journal=journal), KOREAN)
    desk = opened(chat, journal=journal)
    desk.take_over()
    desk.pipeline.notify([resolved()], CLOCK.now() + timedelta(seconds=2))
    assert desk.drain(SOON)
    assert [message.kind for message in chat.messages] == ["firing", "resolved"]
    assert chat.messages[1].thread.receipt == {"number": "1"}
