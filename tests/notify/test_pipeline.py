"""From what evaluation knows to messages: one for an incident, grouped, timed and threaded."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace as changed

from agent.alerting import blind
from agent.alerting.incident import Incident
from agent.errors import RetryLater
from agent.notify.base import Message, TransportError
from agent.notify.dedup import TRY_AGAIN, Reason
from agent.notify.grouping import Timing
from agent.notify.memory import MemoryNotifier
from agent.notify.mute import Mute
from agent.notify.notification import OUTBOX
from agent.notify.route import Route
from agent.store.memory import MemoryJournal
from tests.notify.examples import CHANGE, KOREAN, NOW, incident, monitor, of, resolved
from tests.runtime.rig import UnsteadyJournal
from tests.support.telling import AT_ONCE_EACH, Told, states, told_by

USUAL = Timing()
MINUTE = timedelta(minutes=1)
CRITICAL = incident(severity="critical")
EVERYWHERE = incident(language="*", fingerprint="all")
MUTE = Mute(id="m", match={"language": ("ko",)}, reason="known")


@pytest.fixture
def chat() -> MemoryNotifier:
    """A channel with threads."""
    return MemoryNotifier("chat")


def test_the_order_of_work_is_one_list() -> None:
    """The steps, once, in their order."""
    steps = told_by(MemoryNotifier("chat")).pipeline.steps([], NOW)
    names = [getattr(step, "func", step).__name__ for step in steps]
    assert names == ["muting", "inhibiting", "routing", "grouped", "deduplicated", "waiting", "_post"]


def decided(told: Told) -> list[str]:
    """The reasons for which messages went out."""
    return [one.reason.value for one in told.deliveries]


Story = Callable[[Told], None]


def first(told: Told) -> None:
    """A fire."""
    told.tell(KOREAN)


def reopened(told: Told) -> None:
    """What was over fires again."""
    for one in (KOREAN, resolved(), KOREAN):
        told.tell(one)


def escalated(told: Told) -> None:
    """It gets worse."""
    for one in (KOREAN, CRITICAL):
        told.tell(one)


def weighed(told: Told) -> None:
    """Confirmed."""
    for one in (KOREAN, incident(confirmed="yes")):
        told.tell(one)


def repeat_due(told: Told) -> None:
    """A day goes by."""
    told.tell(KOREAN)
    told.clock.advance(timedelta(days=1))
    told.tell(KOREAN)


def ended(told: Told) -> None:
    """It is over."""
    for one in (KOREAN, resolved()):
        told.tell(one)


def deployed(told: Told) -> None:
    """A deployment."""
    told.pipeline.deployed([CHANGE], NOW)


class Wants(MemoryNotifier):
    """A channel that wants deployments too."""

    def send_deployment(self, message: Message) -> None:
        """Keep it."""
        self.messages.append(message)


TELLS: dict[Reason, Story] = {
    Reason.FIRST: first,
    Reason.REOPENED: reopened,
    Reason.ESCALATED: escalated,
    Reason.WEIGHED: weighed,
    Reason.REPEAT_DUE: repeat_due,
    Reason.RESOLVED: ended,
    Reason.DEPLOYMENT: deployed,
}


@pytest.mark.parametrize(("reason", "story"), TELLS.items(), ids=[reason.value for reason in TELLS])
def test_each_reason_tells_once(reason: Reason, story: Story) -> None:
    """It is the reason of the last delivery, and what is known is not told a second time."""
    told = told_by(Wants("chat"), timing=replace(AT_ONCE_EACH, repeat=USUAL.repeat))
    story(told)
    count = len(told.deliveries)
    assert decided(told)[-1] == reason.value
    told.again()
    told.turn()
    assert len(told.deliveries) == count


def silent(*told: Incident, **given: object) -> list[str]:
    """The reasons for which something went out while these came one after the other."""
    desk = told_by(MemoryNotifier("chat"), timing=replace(AT_ONCE_EACH, repeat=USUAL.repeat), given=given)
    for one in told:
        desk.tell(one)
    return decided(desk)


def test_what_is_muted_is_not_told() -> None:
    """When the mute is over, it is; an end is told all the same."""
    assert silent(KOREAN, of("ja"), mutes=lambda _: [MUTE]) == ["first"]
    until = replace_end(NOW + MINUTE)
    told = told_by(MemoryNotifier("chat"), given={"mutes": lambda _: [until]})
    told.tell(KOREAN)
    told.wait(MINUTE, KOREAN)
    assert decided(told) == ["first"]


def replace_end(at: datetime) -> Mute:
    """The mute until then."""
    return changed(MUTE, ends_at=at)


def test_what_is_muted_later_is_told_its_end() -> None:
    """Whoever heard of the fire."""
    mutes: list[Mute] = []
    told = told_by(MemoryNotifier("chat"), given={"mutes": lambda _: mutes})
    told.tell(KOREAN)
    mutes.append(MUTE)
    told.tell(CRITICAL)
    told.tell(resolved())
    assert decided(told) == ["first", "resolved"]


def test_what_something_larger_stands_for_is_not_told() -> None:
    """Until that is over."""
    told = told_by(MemoryNotifier("chat"))
    told.tell(KOREAN, EVERYWHERE)
    assert [one.incidents for one in sent(told)] == [(EVERYWHERE,)]
    told.tell(KOREAN, changed(EVERYWHERE, state="resolved"))
    assert sorted(decided(told)) == ["first", "first", "resolved"]


def test_what_the_agent_says_of_itself_stands_for_others_until_it_is_over() -> None:
    """It is said once, by somebody else than who tells of traffic; a blind agent cannot know that traffic vanished."""
    sees_nothing = incident(class_="monitor", language="*", service="", environment="", fingerprint=blind.FINGERPRINT)
    vanished = incident(class_="volume", fingerprint="gone")
    told = told_by(MemoryNotifier("chat"))
    told.tell(sees_nothing)
    told.tell(vanished)
    assert len(sent(told)) == 1
    told.tell(changed(sees_nothing, state="resolved"))
    told.tell(vanished)
    assert decided(told) == ["first", "resolved", "first"]


def test_what_is_not_worth_it_is_not_told() -> None:
    """Nothing has happened yet; nobody knew of what is over."""
    assert silent(incident(state="pending"), resolved()) == []


def test_what_is_told_is_not_told_again() -> None:
    """However often it comes, also where it is less bad now."""
    assert silent(KOREAN, KOREAN, incident(severity="info"), KOREAN) == ["first"]


def test_who_knows_is_not_reminded() -> None:
    """Somebody has acknowledged it: nothing more until it is worse, or over."""
    known = [False]

    def handled(incidents: Sequence[Incident]) -> Sequence[Incident]:
        return [changed(one, acknowledged_at=NOW) if known[0] else one for one in incidents]

    told = told_by(MemoryNotifier("chat"), timing=replace(AT_ONCE_EACH, repeat=USUAL.repeat), given={"handled": handled})
    told.tell(KOREAN)
    told.wait(timedelta(days=1), KOREAN, every=timedelta(hours=1))
    assert decided(told) == ["first", "repeat_due"]
    known[0] = True
    told.wait(timedelta(days=3), KOREAN, every=timedelta(hours=1))
    told.tell(CRITICAL)
    told.tell(resolved())
    assert decided(told) == ["first", "repeat_due", "escalated", "resolved"]


def test_who_refuses_is_asked_again_an_hour_later() -> None:
    """Or by the next process, at once; the thread begins with what arrives."""
    for waits in (True, False):
        chat = MemoryNotifier("chat", [TransportError("gone", permanent=True)])
        told = told_by(chat)
        told.tell(KOREAN)
        told.wait(TRY_AGAIN - MINUTE, KOREAN)
        assert told.outcomes() == [("chat", "failed", "first")]
        told.wait(MINUTE, KOREAN) if waits else told.again()
        told.tell(KOREAN)
        told.tell(resolved())
        assert told.outcomes()[1:] == [("chat", "sent", "first"), ("chat", "sent", "resolved")]
        assert [message.kind for message in chat.messages] == ["firing", "resolved"]
        assert chat.messages[0].begins


def test_an_end_is_told_although_it_was_refused_that_it_got_worse() -> None:
    """Who heard of the fire does not wait for its end for ever; a pager would stay open."""
    chat = MemoryNotifier("chat")
    told = told_by(chat)
    told.tell(KOREAN)
    chat.failures.append(TransportError("too long", permanent=True))
    told.tell(CRITICAL)
    told.tell(resolved())
    assert told.outcomes() == [("chat", "sent", "first"), ("chat", "failed", "escalated"), ("chat", "sent", "resolved")]


def test_an_end_that_was_refused_is_told_later() -> None:
    """After an hour, or by the next process."""
    for waits in (True, False):
        chat = MemoryNotifier("chat")
        told = told_by(chat)
        told.tell(KOREAN)
        chat.failures.append(TransportError("gone", permanent=True))
        told.tell(resolved())
        told.wait(TRY_AGAIN, resolved()) if waits else told.again()
        told.tell(resolved())
        assert states(chat.messages) == ["firing", "resolved"]


def sent(told: Told) -> list[Message]:
    """What the first receiver got."""
    notifier = told.couriers[0]._notifier
    assert isinstance(notifier, MemoryNotifier)
    return notifier.messages


def test_a_group_is_one_message() -> None:
    """It waits for others of its cause, and goes out when its time has come, though nothing new is told."""
    told = told_by(MemoryNotifier("chat"), timing=USUAL)
    told.tell(KOREAN)
    told.wait(timedelta(seconds=20), every=timedelta(seconds=10))
    told.tell(KOREAN, of("ja"))
    assert sent(told) == []
    told.wait(timedelta(seconds=10), every=timedelta(seconds=10))
    (message,) = sent(told)
    assert {one.language for one in message.incidents} == {"ko", "ja"}


def test_what_ends_while_it_waits_is_not_told() -> None:
    """Nobody has heard of it."""
    told = told_by(MemoryNotifier("chat"), timing=USUAL)
    told.tell(KOREAN)
    told.tell(resolved())
    told.wait(timedelta(minutes=10))
    assert sent(told) == []


def test_ends_wait_for_the_interval() -> None:
    """Five minutes after the message before; many ends are one message."""
    told, both = told_by(MemoryNotifier("chat"), timing=USUAL), (KOREAN, of("ja"))
    told.tell(*both)
    told.wait(MINUTE, *both)
    over = [changed(one, state="resolved", resolved_at=NOW) for one in both]
    told.wait(3 * MINUTE, *over)
    assert len(sent(told)) == 1
    told.wait(3 * MINUTE, *over)
    assert [message.kind for message in sent(told)] == ["firing", "resolved"]
    assert len(sent(told)[-1].incidents) == 2


def test_who_ends_it_by_hand_is_not_kept_waiting() -> None:
    """Somebody sits in front of it."""
    told = told_by(MemoryNotifier("chat"), timing=USUAL)
    told.tell(KOREAN)
    told.wait(MINUTE, KOREAN)
    told.tell(changed(KOREAN, state="resolved", resolved_at=NOW, verdict="real"))
    assert [message.kind for message in sent(told)] == ["firing", "resolved"]


def test_what_got_worse_waits_for_nothing() -> None:
    """Within the interval, at once."""
    told = told_by(MemoryNotifier("chat"), timing=USUAL)
    told.tell(KOREAN)
    told.wait(MINUTE, KOREAN)
    told.tell(CRITICAL)
    assert decided(told) == ["first", "escalated"]


def test_what_the_agent_says_of_itself_is_told_alone_and_at_once() -> None:
    """Each in a message of its own."""
    told = told_by(MemoryNotifier("chat"), timing=USUAL)
    told.tell(monitor("a"), monitor("b"), KOREAN)
    assert [[one.class_ for one in message.incidents] for message in sent(told)] == [["monitor"], ["monitor"]]


@pytest.mark.parametrize(("severity", "hours"), [("critical", 4), ("warning", 24)])
def test_what_fires_is_told_again_by_its_severity(severity: str, hours: int) -> None:
    """As a reminder in its thread, with an id of its own; an info is never told again."""
    told = told_by(MemoryNotifier("chat"), timing=replace(AT_ONCE_EACH, repeat=USUAL.repeat))
    loud, quiet = incident(severity=severity), incident(severity="info", cause="ingest", fingerprint="quiet")
    told.tell(loud, quiet)
    told.wait(timedelta(hours=hours) - MINUTE, loud, quiet, every=timedelta(hours=1))
    assert len(sent(told)) == 2
    told.wait(MINUTE, loud, quiet)
    told.wait(timedelta(hours=hours), loud, quiet, every=timedelta(hours=1))
    reminders = [message for message in sent(told) if message.kind == "reminder"]
    assert [message.incidents for message in reminders] == [(loud,), (loud,)]
    assert len({message.id for message in sent(told)}) == 4
    assert {message.thread.id for message in reminders} <= {message.id for message in sent(told)[:2]}


def test_a_receiver_that_groups_by_itself_is_told_each_at_once() -> None:
    """And never reminded; the other receiver waits."""

    class Groups(MemoryNotifier):
        def sustain(self, incidents: Sequence[Incident], now: datetime) -> None:
            self.sustained = now, len(incidents)

    groups, chat = Groups("groups"), MemoryNotifier("chat")
    told = told_by(groups, chat, timing=USUAL)
    told.tell(KOREAN)
    told.tell(KOREAN, of("ja"))
    assert [len(message.incidents) for message in groups.messages] == [1, 1]
    assert chat.messages == []
    told.wait(timedelta(days=2), KOREAN, of("ja"), every=timedelta(hours=1))
    assert len(groups.messages) == 2
    assert groups.sustained == (told.clock.now(), 2)


def test_who_ends_tells_what_still_waits() -> None:
    """Nobody will come any more."""
    told = told_by(MemoryNotifier("chat"), timing=USUAL)
    told.tell(KOREAN, incident(cause="ingest", fingerprint="other"))
    told.pipeline.close()
    assert len(sent(told)) == 2
    told.pipeline.close()
    assert len(sent(told)) == 2


def everyone(**changes: object) -> list[Incident]:
    """Two hundred languages."""
    return [of(f"l{number}", **changes) for number in range(200)]


def test_two_hundred_languages_are_one_message_for_each_receiver(chat: MemoryNotifier) -> None:
    """Firing within one minute, told as they come; their ends within another minute later as well."""
    mail = MemoryNotifier("mail")
    told = told_by(chat, mail, timing=USUAL)
    for state in ("firing", "resolved"):
        came = everyone(state=state, resolved_at=told.clock.now() if state == "resolved" else None)
        for number in range(0, 200, 10):
            told.tell(*came[: number + 10])
            told.clock.advance(timedelta(seconds=1))
            told.pipeline.look(told.clock.now())
        told.wait(timedelta(minutes=6), *came)
    for receiver in (chat, mail):
        assert [(message.kind, len(message.incidents)) for message in receiver.messages] == [("firing", 200), ("resolved", 200)]
        assert receiver.messages[0].title.startswith("Warning: 200 languages: retrieval got worse, most in ")


def test_a_later_incident_has_a_thread_of_its_own(chat: MemoryNotifier) -> None:
    """Unless it comes under the key of one that is still open; the first receipt reaches the later messages, also after a restart."""
    told = told_by(chat)
    japanese, again = of("ja"), incident(began_at=NOW)
    told.tell(KOREAN)
    told.again()
    told.tell(KOREAN, japanese)
    told.tell(KOREAN, japanese, again)
    told.again()
    told.tell(resolved(), japanese, changed(again, state="resolved"))
    korean, other, joined, end = chat.messages
    assert [message.kind for message in chat.messages] == ["firing", "firing", "update", "resolved"]
    assert (joined.thread.id, end.thread.id) == (korean.id, korean.id)
    assert other.thread.id == other.id
    assert end.thread.receipt == {"number": "1"}
    assert len(end.standing) == 2


def test_an_end_reaches_whoever_was_told() -> None:
    """A severity that changed meanwhile does not keep it from those who heard of the fire, and nobody else hears it."""
    routes = (Route(match={"severity": ("critical",)}, receivers=("pager",)), Route(receivers=("chat",)))
    told = told_by(MemoryNotifier("chat"), MemoryNotifier("pager"), given={"routes": routes})
    told.tell(CRITICAL)
    told.tell(resolved(severity="warning"))
    assert told.outcomes() == [("pager", "sent", "first"), ("pager", "sent", "resolved")]


def test_nobody_is_told_where_there_is_nobody() -> None:
    """And nothing is kept for whoever comes."""
    told = told_by(MemoryNotifier("chat"), given={"receivers": ()})
    told.tell(KOREAN)
    assert told.journal.read(OUTBOX) == []


def test_nothing_is_told_that_is_not_written() -> None:
    """The caller hears that the journal is away; when it is back, all goes out once, and deployments too."""
    journal, chat = UnsteadyJournal(), Wants("chat")
    told = told_by(chat, Wants("mail"), journal=journal)
    journal.plug.pulled = True
    for act in (first, deployed, first):
        with pytest.raises(RetryLater):
            act(told)
        told.turn()
    assert chat.messages == []
    journal.plug.pulled = False
    told.tell(KOREAN)
    told.turn()
    assert sorted(told.outcomes()) == sorted((name, "sent", why) for name in ("chat", "mail") for why in ("first", "deployment"))


def test_the_agent_speaks_of_itself_though_nothing_can_be_written() -> None:
    """Once, also when it can again."""
    journal, chat = UnsteadyJournal(), MemoryNotifier("chat")
    told = told_by(chat, journal=journal)
    journal.plug.pulled = True
    with pytest.raises(RetryLater):
        told.tell(monitor(), KOREAN)
    told.turn()
    assert [message.incidents for message in chat.messages] == [(monitor(),)]
    journal.plug.pulled = False
    told.tell(monitor(), KOREAN)
    told.turn()
    told.again()
    told.tell(monitor(), KOREAN)
    assert [message.incidents for message in chat.messages] == [(monitor(),), (KOREAN,)]


def test_two_processes_that_decide_the_same_write_one_row(chat: MemoryNotifier) -> None:
    """Neither knows of the other."""
    journal = MemoryJournal()
    one, other = (told_by(chat, journal=journal, given={"wake": lambda: None}) for _ in range(2))
    for told in (one, other):
        told.tell(KOREAN)
        told.tell(CRITICAL)
    assert len(journal.read(OUTBOX)) == 2
    one.turn()
    other.turn()
    assert len(chat.messages) == 2


def test_why_somebody_is_not_told_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    """With the reason as a field."""
    told = told_by(MemoryNotifier("chat"), given={"mutes": lambda _: [MUTE]})
    with caplog.at_level(logging.INFO, logger="agent.notify.pipeline"):
        told.wait(3 * MINUTE, KOREAN)
    (record,) = [record for record in caplog.records if record.name == "agent.notify.pipeline"]
    assert (record.getMessage(), record.__dict__["reason"]) == ("9f2c41d0 is not told: muted", "muted")
