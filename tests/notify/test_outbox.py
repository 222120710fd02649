"""A message is a row of the journal before it is sent: the same tests over the twin and over the real store."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.alerting.incident import Incident
from agent.errors import RetryLater
from agent.notify import posting
from agent.notify.base import TransportError
from agent.notify.dedup import Reason
from agent.notify.memory import MemoryNotifier
from agent.notify.notification import DELIVERY, OUTBOX, Delivery, Notification, Outcome
from agent.notify.outbox import Outbox
from agent.notify.pipeline import nobody
from agent.notify.posting import Moment
from agent.resources import schemas_dir
from agent.store.base import Journal
from agent.store.clickhouse import ClickHouseJournal
from agent.store.engine import embedded
from agent.store.memory import MemoryJournal
from agent.store.migrate import migrate
from tests.notify.examples import CHANGE, KOREAN, NOW, incident, monitor, notification, of, resolved
from tests.runtime.mortal import Fate, Killed, MortalChat, MortalJournal
from tests.runtime.rig import UnsteadyJournal
from tests.support.telling import Away, Told, told_by

MINUTE = timedelta(minutes=1)
END = notification(
    resolved(), id="n2", thread="n1", kind="resolved", reason=Reason.RESOLVED, at=NOW + MINUTE, posted_at=NOW + MINUTE
)


@pytest.fixture(params=["memory", "embedded"])
def journal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Journal]:
    """Each journal in turn."""
    if request.param == "memory":
        yield MemoryJournal()
        return
    with closing(embedded(tmp_path / "store")) as engine:
        migrate(engine, schemas_dir() / "clickhouse", retention=False)
        yield ClickHouseJournal(engine)


def opened(journal: Journal, *, deliver: bool = True) -> Outbox:
    """The outbox of the next process."""
    outbox = Outbox(journal)
    outbox.take_over(deliver=deliver)
    return outbox


def delivery(note: Notification, outcome: Outcome = "sent", **changes: Any) -> Delivery:
    """What became of it."""
    given = {"id": note.id, "receiver": note.receiver, "outcome": outcome, "reason": note.reason, "at": NOW + MINUTE, **changes}
    return Delivery(**given)


def ids(outbox: Outbox) -> list[str]:
    """What waits for the chat."""
    return [one.id for one in outbox.waiting("chat")]


def test_what_is_posted_waits_for_its_receiver(journal: Journal) -> None:
    """In its order, and also in the next process."""
    outbox = opened(journal)
    outbox.post([notification(), END, notification(of("ja"), id="other", receiver="mail")])
    assert ids(outbox) == ["n1", "n2"] == ids(opened(journal))
    assert opened(journal).waiting("mail") == [notification(of("ja"), id="other", receiver="mail")]


def test_everything_comes_back_as_it_was(journal: Journal) -> None:
    """Incidents, deployments, letters of any script and times to the microsecond."""
    odd = incident(service="검색 کتاب\u200cخانه {{7*7}} '\"\\\n", labels={"team": "ü"}, ci95=(0.1, 0.2))
    deployment = posting.deployment("chat", CHANGE, Moment(NOW, NOW))
    late = notification(odd, id="l", late_since=NOW + timedelta(microseconds=123))
    opened(journal).post([late, deployment])
    assert {one.id: one for one in opened(journal).waiting("chat")} == {"l": late, deployment.id: deployment}


def test_what_is_settled_waits_no_more(journal: Journal) -> None:
    """Sent or refused; the receipt of the first message reaches the later ones, also in the next process."""
    outbox = opened(journal)
    outbox.post([notification(), END])
    outbox.settle(delivery(notification(), receipt={"ts": "1.5"}))
    for each in (outbox, opened(journal)):
        assert ids(each) == ["n2"]
        thread, standing = each.thread(END)
        assert (thread.id, thread.key, thread.receipt) == ("n1", KOREAN.fingerprint, {"ts": "1.5"})
        assert standing == (resolved(),)


def test_the_same_twice_is_one_row(journal: Journal) -> None:
    """Two processes that decide the same post one message."""
    one, other = opened(journal), opened(journal)
    one.post([notification()])
    one.post([notification()])
    other.post([notification()])
    assert [row.id for row in journal.read(OUTBOX)] == ["n1"]
    assert ids(opened(journal)) == ["n1"]


def test_what_another_has_sent_is_seen_before_sending(journal: Journal) -> None:
    """A process that stood still for long asks first; the other's clock may be a little behind."""
    one, other = opened(journal), opened(journal)
    one.post([notification()])
    other.post([notification()])
    assert not one.is_settled(notification())
    other.settle(delivery(notification(), at=NOW - MINUTE))
    assert one.is_settled(notification())


def test_what_is_put_together_is_noted_as_such(journal: Journal) -> None:
    """The next process sends the one, and not those that it stands for."""
    outbox = opened(journal)
    outbox.post([notification(), END])
    one = notification(resolved(), id="n3", kind="resolved", posted_at=NOW + 2 * MINUTE, late_since=NOW)
    outbox.replace([notification(), END], [one], NOW + 2 * MINUTE)
    assert ids(outbox) == ["n3"] == ids(opened(journal))
    assert {row.body["outcome"] for row in journal.read(DELIVERY)} == {"replaced"}


def test_who_only_reads_delivers_nothing_of_others(journal: Journal) -> None:
    """It knows what they told, and goes on sending its own."""
    one, other = opened(journal), opened(journal)
    one.post([notification()])
    other.post([notification(of("ja"), id="mine")])
    other.take_over(deliver=False)
    assert ids(other) == ["mine"]
    assert other.told("chat", KOREAN) is not None


def test_who_hands_over_sends_nothing_more(journal: Journal) -> None:
    """What was posted is the next one's to send."""
    outbox = opened(journal)
    outbox.post([notification()])
    outbox.hand_over()
    assert (ids(outbox), not outbox.waits_for(), outbox.holds(notification())) == ([], True, False)
    assert ids(opened(journal)) == ["n1"]


def test_what_was_refused_is_forgiven_by_who_begins(journal: Journal) -> None:
    """Somebody may have mended it meanwhile; what arrived before stays told."""
    outbox = opened(journal)
    outbox.post([notification(), END])
    outbox.settle(delivery(notification()))
    outbox.settle(delivery(END, "failed", error="gone"))
    told = opened(journal).told("chat", KOREAN)
    assert told is not None
    assert (told.state, told.outcome) == ("firing", "sent")
    outbox.forgive()
    assert outbox.told("chat", KOREAN) == told


def away() -> tuple[UnsteadyJournal, Outbox]:
    """A journal that is not there."""
    journal = UnsteadyJournal()
    outbox = opened(journal)
    journal.plug.pulled = True
    return journal, outbox


@pytest.mark.parametrize(("about", "sent"), [(KOREAN, []), (monitor(), ["n1"])], ids=["an incident", "what it says of itself"])
def test_nothing_is_sent_before_it_is_written(about: Incident, sent: list[str]) -> None:
    """But for what the agent says of itself, which may be that the journal is away."""
    journal, outbox = away()
    with pytest.raises(RetryLater):
        outbox.post([notification(about)])
    assert ids(outbox) == sent
    journal.plug.pulled = False
    outbox.post([])
    assert ids(outbox) == ["n1"] == [row.id for row in journal.read(OUTBOX)]


def test_what_was_sent_while_the_journal_was_away_is_not_sent_again() -> None:
    """Its row is kept, also when all is read anew; then it is written."""
    journal, outbox = away()
    with pytest.raises(RetryLater):
        outbox.post([notification(monitor())])
    outbox.settle(delivery(notification(monitor())))
    outbox.take_over()
    assert ids(outbox) == []
    assert outbox.told("chat", monitor()) is not None
    journal.plug.pulled = False
    outbox.write()
    assert ids(opened(journal)) == []


def test_an_answer_that_could_not_be_noted_is_not_forgotten() -> None:
    """Sent, the journal went away, and this process takes over what it has handed over: it is not sent twice."""
    journal = UnsteadyJournal()
    outbox = opened(journal)
    outbox.post([notification()])
    journal.plug.pulled = True
    outbox.settle(delivery(notification()))
    outbox.hand_over()
    outbox.take_over()
    assert ids(outbox) == []


def test_a_thread_is_known_although_its_message_was_never_written() -> None:
    """A courier that is just at it finds it."""
    _, outbox = away()
    with pytest.raises(RetryLater):
        outbox.post([notification()])
    outbox.hand_over()
    outbox.take_over(deliver=False)
    assert outbox.thread(notification())[0].id == "n1"


STORY = (KOREAN, incident(severity="critical"), resolved(severity="critical"))


@dataclass
class Life:
    """What outlives a process: the journal, the channel, and how far evaluation came."""

    journal: Journal = field(default_factory=MemoryJournal)
    chat: MemoryNotifier = field(default_factory=lambda: MemoryNotifier("chat"))
    reached: int = 0

    def live(self, fate: Fate) -> None:
        """A process begins, and is told what stands and what comes, as evaluation tells it."""
        told = Told([MortalChat(self.chat, fate)], MortalJournal(self.journal, fate))
        told.turn()
        for number in range(self.reached, len(STORY)):
            self.reached = number
            told.tell(STORY[number])
            told.turn()


def _steps() -> list[str]:
    whole = Fate()
    Life().live(whole)
    return whole.steps


@pytest.mark.parametrize(("at", "step"), [*enumerate(_steps(), 1)])
def test_a_crash_at_any_step_loses_nothing(at: int, step: str) -> None:
    """Killed around each reading, writing and sending: the next process tells the rest in order, and doubles what was sent and not noted."""
    life = Life()
    with pytest.raises(Killed):
        life.live(Fate(die_at=at))
    life.live(Fate())
    ids = [message.id for message in life.chat.messages]
    told = {message.id: message for message in life.chat.messages}
    assert len(ids) - len(told) == (step in {"after sending", "before writing delivery"})
    assert [message.kind for message in told.values()] == ["firing", "update", "resolved"]
    assert {message.thread.id for message in told.values()} == {ids[0]}
    assert told[ids[-1]].thread.receipt


def test_the_order_of_a_thread_is_kept_by_the_next_process() -> None:
    """What the first process has posted and not sent goes out in its order."""
    journal, chat = MemoryJournal(), MemoryNotifier("chat")
    first = told_by(chat, journal=journal, given={"wake": nobody})
    for one in STORY:
        first.clock.advance(timedelta(seconds=1))
        first.tell(one)
    assert chat.messages == []
    told_by(chat, journal=journal).turn()
    assert [message.kind for message in chat.messages] == ["firing", "update", "resolved"]
    assert len({message.thread.id for message in chat.messages}) == 1


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["ko", "ja"]),
        st.sampled_from([{"state": "firing"}, {"state": "resolved"}, {"severity": "critical"}, {"confirmed": "yes"}]),
        st.sampled_from(["works", "away", "refuses"]),
        st.integers(0, 90),
    ),
    max_size=10,
)


@settings(max_examples=40, deadline=None)
@given(EVENTS)
def test_the_next_process_knows_what_this_one_knows(events: list[tuple[str, dict[str, str], str, int]]) -> None:
    """Whatever came, and whatever became of it: the journal tells the same story as the memory of who wrote it."""
    chat = Away()
    told = told_by(chat)
    for language, changes, channel, minutes in events:
        chat.away = channel == "away"
        chat.failures.extend([TransportError("gone", permanent=True)] * (channel == "refuses"))
        told.tell(of(language, **changes))
        told.wait(minutes * MINUTE, every=10 * MINUTE)
    next_one = opened(told.journal)
    told.outbox.forgive()
    ours, theirs = told.outbox.ledger, next_one.ledger
    assert [one.id for one in next_one.waiting("chat")] == [one.id for one in told.outbox.waiting("chat")]
    for one in (of("ko"), of("ja")):
        assert theirs.told("chat", one) == ours.told("chat", one)
        assert theirs.strand("chat", one) == ours.strand("chat", one)
        assert theirs.begun("chat", one) == ours.begun("chat", one)


def test_who_lost_the_evaluation_sustains_nothing() -> None:
    """Its knowledge grows old: what another process has ended since must not fire again by it."""
    outbox = Outbox(MemoryJournal())
    outbox.take_over()
    outbox.post([notification()])
    assert outbox.sustained("chat", NOW)
    outbox.hand_over()
    outbox.take_over(deliver=False)
    assert outbox.sustained("chat", NOW) == []
    outbox.take_over()
    assert outbox.sustained("chat", NOW)
