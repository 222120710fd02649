"""A receiver that is down for an hour: nobody else notices, and it hears one message when it is back."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from agent.alerting.incident import Incident
from agent.notify.base import TransportError
from agent.notify.memory import MemoryNotifier
from agent.notify.trouble import receiver_of
from agent.store.memory import MemoryJournal
from tests.notify.examples import KOREAN, NOW, incident, of, resolved, said
from tests.runtime.mortal import Fate, Killed, MortalChat, MortalJournal
from tests.support.telling import Away, Told, told_by

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


class Outage:
    """A chat that is away, and a mail that works."""

    def __init__(self) -> None:
        self.chat, self.mail = Away("chat"), MemoryNotifier("mail")
        self.told: Told = told_by(self.chat, self.mail)

    def back(self, *standing: Incident) -> None:
        """The chat is there again, and its rest is over."""
        self.chat.away = False
        self.told.wait(6 * MINUTE, *standing)

    def heard(self) -> list[Incident]:
        """What the mail heard of the chat."""
        return [one for message in self.mail.messages for one in message.incidents if receiver_of(one) == "chat"]


@pytest.fixture
def outage() -> Outage:
    """Since now."""
    return Outage()


def test_others_are_told_at_once(outage: Outage) -> None:
    """The first message of the mail does not wait for the chat."""
    outage.told.tell(KOREAN)
    assert [message.incidents for message in outage.mail.messages] == [(KOREAN,)]


def test_one_message_says_all_that_came_meanwhile(outage: Outage) -> None:
    """Several incidents in their newest state, the loudest first, and since when it could not be told."""
    worse, over = of("ja", severity="critical"), of("de", state="resolved", resolved_at=NOW + 30 * MINUTE)
    outage.told.tell(KOREAN)
    outage.told.wait(20 * MINUTE, KOREAN, of("ja"), of("de"))
    outage.told.wait(40 * MINUTE, KOREAN, worse, over)
    outage.back(KOREAN, worse, over)
    (message,) = outage.chat.messages
    assert [(one.language, one.state, one.severity) for one in message.incidents] == [
        ("ja", "firing", "critical"),
        ("ko", "firing", "warning"),
        ("de", "resolved", "warning"),
    ]
    assert (message.kind, message.begins) == ("firing", True)
    assert "Delayed: this receiver could not be reached since 2026-11-16 08:30 UTC." in message.text


def test_what_came_and_went_is_one_message(outage: Outage) -> None:
    """That it is over; nothing follows."""
    outage.told.tell(KOREAN)
    outage.told.wait(30 * MINUTE, KOREAN)
    outage.told.wait(30 * MINUTE, resolved())
    outage.back(resolved())
    outage.told.wait(HOUR, resolved())
    assert [message.kind for message in outage.chat.messages] == ["resolved"]


def test_news_of_the_last_minute_are_in_the_one_message(outage: Outage) -> None:
    """Although most was put together before."""
    outage.told.tell(KOREAN)
    outage.told.wait(50 * MINUTE, KOREAN, of("ja"))
    outage.told.wait(5 * MINUTE, KOREAN, of("ja"), of("de"))
    outage.back(KOREAN, of("ja"), of("de"))
    assert [len(message.incidents) for message in outage.chat.messages] == [3]


def test_a_thread_it_knows_goes_on(outage: Outage) -> None:
    """With one message for all that happened in it, and one for what is new; the receipt is that of its first."""
    outage.chat.away = False
    outage.told.tell(KOREAN)
    outage.chat.away = True
    outage.told.tell(incident(severity="critical"))
    outage.told.wait(HOUR, resolved(), of("ja"), of("de"))
    outage.back(resolved(), of("ja"), of("de"))
    first, *later = outage.chat.messages
    assert sorted((message.kind, message.thread.id == first.id) for message in later) == [("firing", False), ("resolved", True)]
    assert {message.kind: message.thread.receipt for message in later}["resolved"] == {"number": "1"}


def test_a_thread_that_is_not_over_is_not_said_to_be(outage: Outage) -> None:
    """Two of three ended: the third fires still, and a pager stays open."""
    three = [KOREAN, of("ja"), of("de")]
    over = [replace(one, state="resolved", resolved_at=NOW) for one in three]
    outage.chat.away = False
    outage.told.tell(*three)
    outage.chat.away = True
    outage.told.wait(20 * MINUTE, over[0], *three[1:])
    outage.told.wait(20 * MINUTE, *over[:2], three[2])
    outage.back(*over[:2], three[2])
    assert [message.kind for message in outage.chat.messages] == ["firing", "update"]
    outage.told.tell(*over)
    assert [message.kind for message in outage.chat.messages] == ["firing", "update", "resolved"]


def test_the_outage_is_told_to_the_others(outage: Outage) -> None:
    """After ten minutes, and its end when it is over; nothing else need happen, and the chat itself hears nothing of it."""
    outage.told.tell(KOREAN)
    outage.told.wait(9 * MINUTE)
    assert outage.heard() == []
    outage.told.wait(3 * MINUTE)
    assert [one.state for one in outage.heard()] == ["firing"]
    assert outage.mail.messages[-1].title == "Warning: the receiver “chat” cannot be told"
    outage.told.wait(45 * MINUTE)
    outage.back()
    assert [one.state for one in outage.heard()] == ["firing", "resolved"]
    assert outage.mail.messages[-1].title == "Resolved: the receiver “chat”"
    assert [message.incidents for message in outage.chat.messages] == [(KOREAN,)]


@pytest.mark.parametrize("after", [5, 30], ids=["before it is told", "after it was told"])
def test_the_process_restarts_in_the_middle(outage: Outage, after: int) -> None:
    """The outage and its end are told once, what waited is told once, whenever the process begins anew."""
    outage.told.tell(KOREAN)
    outage.told.wait(after * MINUTE, KOREAN)
    outage.told.again()
    outage.told.turn()
    outage.told.wait(HOUR - after * MINUTE, incident(severity="critical"))
    outage.back(incident(severity="critical"))
    assert [one.state for one in outage.heard()] == ["firing", "resolved"]
    assert [[one.severity for one in message.incidents] for message in outage.chat.messages] == [["critical"]]
    outage.told.again()
    outage.told.wait(HOUR, incident(severity="critical"))
    assert len(outage.heard()) == 2
    assert len(outage.chat.messages) == 1


def test_two_that_are_down_hear_of_each_other(outage: Outage) -> None:
    """In the one message on their return; nobody hears of itself."""
    sms = Away("sms")
    told = told_by(outage.chat, sms)
    told.tell(KOREAN)
    told.wait(HOUR, KOREAN)
    outage.chat.away = sms.away = False
    told.wait(10 * MINUTE, KOREAN)
    for channel, other in ((outage.chat, "sms"), (sms, "chat")):
        about = [receiver_of(one) for message in channel.messages for one in message.incidents]
        assert set(about) == {None, other}
        assert channel.messages[0].kind == "firing"
        assert "2 languages" not in said(channel.messages[0])


def test_a_refusal_is_told_to_the_others_at_once(outage: Outage) -> None:
    """With the next look, though the next message went out; then its end."""
    outage.chat.away = False
    outage.chat.failures.append(TransportError("Slack answered 404", permanent=True))
    outage.told.tell(KOREAN)
    outage.told.wait(MINUTE, every=timedelta(seconds=1))
    assert [one.state for one in outage.heard()] == ["firing"]
    assert outage.mail.messages[-1].text.startswith("The receiver “chat” refuses messages: Slack answered 404.")
    outage.told.tell(of("ja"))
    outage.told.wait(MINUTE)
    assert [one.state for one in outage.heard()] == ["firing", "resolved"]


def test_what_was_refused_is_sent_when_the_receiver_is_back(outage: Outage) -> None:
    """Not an hour later: somebody has mended it."""
    outage.chat.away = False
    outage.chat.failures.append(TransportError("Slack answered invalid_auth", permanent=True))
    outage.told.tell(KOREAN)
    outage.told.wait(MINUTE, KOREAN, every=timedelta(seconds=10))
    assert outage.chat.messages == []
    outage.told.tell(KOREAN, of("ja", cause="ingest"))
    outage.told.wait(MINUTE, KOREAN, of("ja", cause="ingest"))
    assert sorted(one.language for message in outage.chat.messages for one in message.incidents) == ["ja", "ko"]


def test_who_is_alone_hears_nothing_of_itself(outage: Outage) -> None:
    """There is nobody else to tell."""
    told = told_by(outage.chat)
    told.tell(KOREAN)
    told.wait(HOUR, KOREAN)
    outage.chat.away = False
    told.wait(10 * MINUTE, KOREAN)
    assert [message.incidents for message in outage.chat.messages] == [(KOREAN,)]


def _lived(fate: Fate, chat: Away, journal: MemoryJournal, began: int) -> int:
    """A process over an outage of half an hour, told what stands at each ten minutes; how far it came."""
    reached = began
    try:
        told = Told([MortalChat(chat, fate)], MortalJournal(journal, fate))
        told.clock.advance(began * 10 * MINUTE)
        for reached in range(began, 5):
            chat.away = reached < 3
            told.tell(KOREAN, *([of("ja")] if reached else []))
            told.turn()
            told.wait(10 * MINUTE, every=10 * MINUTE)
    except Killed:
        return reached
    return reached


def _steps() -> int:
    whole = Fate()
    _lived(whole, Away(), MemoryJournal(), 0)
    return len(whole.steps)


@pytest.mark.parametrize("at", range(1, _steps() + 1))
def test_a_crash_at_any_step_of_an_outage_loses_nothing(at: int) -> None:
    """Also while messages are put together: both languages are told, and nothing twice but what was sent and not noted."""
    chat, journal, fate = Away(), MemoryJournal(), Fate(die_at=at)
    _lived(Fate(), chat, journal, _lived(fate, chat, journal, 0))
    told = {message.id: message for message in chat.messages}
    languages = [one.language for message in told.values() for one in message.incidents]
    assert sorted(languages) == ["ja", "ko"], fate.steps[-1]
    assert len(chat.messages) - len(told) <= (fate.steps[-1] in {"after sending", "before writing delivery"})
