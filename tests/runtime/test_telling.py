"""What is told: stored before it is sent, told once, and not lost with a process or a channel."""

import msgspec
import pytest
from msgspec.structs import replace

from agent.alerting.incident import Incident
from agent.alerting.loss import Loss
from agent.errors import RetryLater
from agent.notify.base import Message, Receipt, TransportError
from agent.notify.memory import MemoryNotifier
from agent.runtime.remembered import AS_OF
from agent.store.base import Entry
from tests.notify.examples import QUICK
from tests.runtime.rig import UnsteadyJournal
from tests.runtime.watchers import Watch, korean, stored, watch
from tests.store.builders import KEY, at


class Witness(MemoryNotifier):
    """Notes what the journal held when it was told."""

    def __init__(self, journal: UnsteadyJournal) -> None:
        super().__init__("chat")
        self.journal = journal
        self.saw: list[int] = []

    def send(self, message: Message) -> Receipt:
        """Look into the journal first."""
        self.saw.append(len(self.journal.read("transition")))
        return super().send(message)


def test_a_transition_is_stored_before_it_is_told() -> None:
    """Nobody is told what a crash could make unsaid."""
    made = watch({3: korean()})
    made.chat = witness = Witness(made.journal)
    made.again()
    made.walk(5)
    assert witness.saw == [1]


def test_what_the_journal_does_not_take_is_not_told() -> None:
    """The store is away in the middle of a walk: nothing is told, and nothing is lost or evaluated twice afterwards."""
    made = watch({3: korean(), 7: korean("resolved")})
    made.plug.pulled = True
    for _ in range(3):
        with pytest.raises(RetryLater):
            made.walk(6)
    assert made.told() == []
    made.plug.pulled = False
    made.walk(6)
    made.walk(9)
    assert made.evaluator.seen == list(range(9))
    assert stored(made) == [("firing", "+4"), ("resolved", "+8")]
    assert made.states() == ["firing", "resolved"]


def test_a_restart_tells_nobody_twice() -> None:
    """What was delivered stands in the journal, whichever process delivered it."""
    made = watch({3: korean()})
    made.walk(5)
    made.again({})
    made.walk(8)
    assert made.states() == ["firing"]


def test_a_crash_between_storing_and_telling_is_made_good() -> None:
    """The next process finds the firing incident in the journal, and no delivery of it."""
    made = watch({3: korean()})
    made.chat.failures.extend([TransportError("down", permanent=False)] * QUICK.attempts)
    made.walk(5)
    assert made.states() == []
    made.again({})
    made.walk(6)
    assert made.states() == ["firing"]


def test_a_message_that_failed_is_sent_with_a_later_walk() -> None:
    """While it fires, each walk tries again whoever was not told."""
    made = watch({3: korean()})
    made.chat.failures.extend([TransportError("down", permanent=False)] * 2 * QUICK.attempts)
    made.walk(5)
    made.walk(6)
    made.walk(7)
    assert made.states() == ["firing"]


def test_a_delivery_that_could_not_be_noted_is_not_repeated_every_minute() -> None:
    """With a full disk one message stays one message."""
    made = watch({3: korean()})
    made.walk(3)
    sent = made.chat.send

    def send_and_fill_the_disk(message: Message) -> Receipt:
        receipt = sent(message)
        made.plug.pulled = True
        return receipt

    made.chat.send = send_and_fill_the_disk  # type: ignore[method-assign]  # the disk is full from that moment on
    for to in (5, 6, 7):
        with pytest.raises(RetryLater):
            made.walk(to)
    made.plug.pulled = False
    made.walk(8)
    assert made.states() == ["firing"]


def test_while_catching_up_old_transitions_are_stored_and_not_sent() -> None:
    """An incident that came and went hours ago is history, not news: one digest names it."""
    made = watch({3: korean(), 7: korean("resolved")})
    made.walk(60, behind=240)
    made.walk(61, behind=239)
    assert stored(made) == [("firing", "+4"), ("resolved", "+8")]
    (digest,) = made.chat.messages
    assert digest.incidents[0].class_ == "monitor"
    assert "One alert was found while catching up, and over by then: Korean (change, help)" in digest.text


def test_what_still_fires_after_catching_up_is_told_once() -> None:
    """At the end of the walk, and not again with the next one."""
    made = watch({3: korean(), 30: korean("resolved"), 40: korean(began=40)})
    made.walk(60, behind=240)
    made.walk(61, behind=239)
    assert made.told() == [("firing", at(40)), ("firing", None)]
    late, digest = made.chat.messages
    assert "Found while catching up." in late.text
    assert digest.incidents[0].class_ == "monitor"


def test_what_is_recent_is_told_as_it_comes() -> None:
    """Less than ten minutes ago is now, although the walk began with old minutes."""
    made = watch({3: korean(), 52: korean("resolved"), 55: korean(began=55), 57: korean("resolved", began=55)})
    made.walk(60)
    assert made.states() == ["firing", "resolved"]
    assert made.told()[0] == ("firing", at(55))


def test_who_was_told_of_a_fire_is_told_of_its_end_after_a_pause() -> None:
    """The agent was down when it was over: the person who was woken hears that it is."""
    made = watch({3: korean()})
    made.walk(5)
    made.again({20: korean("resolved")})
    made.walk(60, behind=240)
    made.walk(61, behind=239)
    assert made.states() == ["firing", "resolved"]
    assert not any("catching up" in message.text for message in made.chat.messages)


def test_an_end_that_was_stored_and_not_told_is_told_by_the_next_process() -> None:
    """A crash between the two, or a channel that was down, does not leave a fire burning in the chat."""
    made = watch({3: korean(), 7: korean("resolved")})
    made.walk(5)
    made.chat.failures.extend([TransportError("down", permanent=False)] * QUICK.attempts)
    made.walk(8)
    assert made.states() == ["firing"]
    made.again({})
    made.walk(9)
    made.walk(10)
    assert made.states() == ["firing", "resolved"]


def test_an_incident_that_fires_again_is_not_told_as_over() -> None:
    """It has one identity from its beginning on: only its newest state counts, also after a restart."""
    made = watch({3: korean(), 7: korean("resolved"), 9: korean()})
    made.walk(12)
    made.walk(13)
    made.again({})
    made.walk(14)
    made.walk(15)
    assert made.states() == ["firing", "resolved", "firing"]


def test_a_replay_tells_every_transition() -> None:
    """Event time is the only time there is, however long ago."""
    made = watch({3: korean(), 7: korean("resolved")})
    assert [incident.state for incident in made.walk(60, behind=None)] == ["firing", "resolved"]
    assert made.states() == ["firing", "resolved"]


def low(language: str, n: int) -> Incident:
    """A language of the first window's service that is low since so many minutes after the start."""
    here = replace(korean(), service=KEY.service, environment=KEY.environment, fired_at=at(n + 1))
    return replace(here, class_="level", severity="info", language=language, fingerprint=language)


def test_what_is_low_on_the_first_day_is_told_as_one() -> None:
    """Two languages; the next process knows, and what is low later is told alone."""
    made = Watch({9: low("ko", 9), 500: low("th", 500), 1_500: low("de", 1_500)})
    made.traffic(0, 1_000, 1_600)
    made.walk(1_000)
    made.again()
    made.walk(1_439)
    assert (stored(made), made.told()) == ([("firing", "+10"), ("firing", "+501")], [])
    made.walk(1_600)
    made.again()
    made.walk(1_601)
    assert [message.incidents[0].language for message in made.chat.messages] == ["de", "*"]
    assert "2 languages stand low" in made.chat.messages[1].text


def test_a_replay_tells_the_first_look_at_its_end() -> None:
    """A log of an hour has no second day."""
    made = watch({9: low("ko", 9)})
    made.walk(60, behind=None)
    assert [message.incidents[0].language for message in made.chat.messages] == ["ko"]


def test_an_agent_that_was_overtaken_tells_nobody() -> None:
    """It was stopped between two walks; another went on, and told. The second look finds that out before anything is written."""
    made = watch({5: korean(began=5)})
    made.walk(3)
    made.journal.write([Entry(AS_OF, AS_OF, at(30), {})])
    with pytest.raises(RetryLater, match="another agent has evaluated further"):
        made.walk(9)
    assert made.evaluation.overtaken()
    assert made.told() == []
    assert stored(made) == []
    assert made.journal.read(AS_OF) == [Entry(AS_OF, AS_OF, at(30), {})]


def lose(made: Watch, start: int, minutes: float = 60) -> None:
    """Retention passed a position, noticed so many minutes after the start."""
    loss = Loss("log/0", "logs", 0, start, start + 4, at(minutes))
    made.journal.write([Entry("lost", f"log/0@{start}", loss.noticed_at, msgspec.to_builtins(loss))])


def test_lost_records_are_told_once() -> None:
    """Each gap is a message, also when it is noticed again or the agent begins anew, and none is ever told to be over."""
    made = watch()
    lose(made, 3)
    lose(made, 20)
    made.walk(60)
    lose(made, 3, minutes=61)
    made.walk(61)
    made.again()
    made.walk(62)
    made.walk(60 * 24 * 8)
    assert made.states() == ["firing", "firing"]
    first, second = (message.text for message in made.chat.messages)
    assert "4 records of logs, partition 0, were removed from the log before they were read, between positions 3 and 7" in first
    assert "between positions 20 and 24" in second


def test_lost_records_are_told_whatever_else_is_known() -> None:
    """With nothing counted yet, and while as_of stands still."""
    made = Watch()
    lose(made, 3)
    made.walk(60)
    assert made.states() == ["firing"]


def test_a_channel_that_was_down_hears_of_lost_records_later() -> None:
    """The next walk tries again."""
    made = watch()
    lose(made, 3)
    made.chat.failures.extend([TransportError("down", permanent=False)] * QUICK.attempts)
    made.walk(60)
    assert made.states() == []
    made.walk(61)
    assert made.states() == ["firing"]


def test_what_is_open_is_known() -> None:
    """For the metrics: what fires now, and records that were lost."""
    made = watch({3: korean(), 7: korean("resolved")})
    made.walk(5)
    assert [incident.class_ for incident in made.evaluation.open] == ["change"]
    lose(made, 3, minutes=8)
    made.walk(8)
    assert [incident.class_ for incident in made.evaluation.open] == ["monitor"]
