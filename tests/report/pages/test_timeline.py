"""What happened with an alert, from the journal, in order."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from agent.alerting.action import AUTOMATIC, Action
from agent.alerting.changes import Change
from agent.alerting.incident import Incident, own_incident
from agent.alerting.weighing import Weighing
from agent.notify.dedup import Reason
from agent.notify.mute import Mute
from agent.notify.notification import Delivery, Notification, Outcome
from agent.probing.kept import Fall
from agent.report import golden_falls, mutes
from agent.report.actions import entry_of
from agent.report.pages.once import Group, Once
from agent.report.pages.past import Deployed, Past, Stage, Told, past, told_alone
from agent.report.pages.timeline import Moment, timeline
from agent.store.base import Entry
from agent.store.memory import MemoryJournal
from tests.notify.examples import KOREAN, NOW, incident, notification, resolved
from tests.report.builders import transition
from tests.store.builders import at

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
CHANGE = Change("help", "prod", "kb", "e5", "v42", at(13))
FELL = KOREAN.began_at or NOW


def told(minutes: float, reason: Reason, outcome: Outcome | None = "sent", **changes: Any) -> Told:
    """A message of the Korean incident, and what became of it."""
    when = at(minutes)
    note = notification(id=f"n{minutes}{changes.get('receiver')}", reason=reason, at=when, posted_at=when, **changes)
    return Told(note, outcome and Delivery(id=note.id, receiver=note.receiver, outcome=outcome, reason=reason, at=when))


def words(moments: list[Moment]) -> list[str]:
    """What happened."""
    return [one.what for one in moments]


def test_everything_stands_in_order() -> None:
    """Deployment, begin, pending, fire, message, person, end."""
    over = resolved(began_between=(FELL - 3 * MINUTE, FELL + 2 * MINUTE), summary="Korean is back.")
    known = Past(
        stages=[Stage(at(24), KOREAN), Stage(NOW, over)],
        told=[told(24, Reason.FIRST), told(30, Reason.RESOLVED)],
        actions=[Action(KOREAN.fingerprint, KOREAN.began_at, "ack", at(26), note="on it", by="kim")],
        deployed=[Deployed(CHANGE, "smaller chunks", "ana")],
    )
    found = timeline(over, known, NOW)
    assert words(found) == [
        "Deployed: index version v42 in kb",
        "Began",
        "Pending: a rule saw it for the first time",
        "Fired as warning",
        "Told: chat",
        "Acknowledged by kim",
        "Told: chat",
        "Resolved",
    ]
    assert [one.more for one in found] == [
        "announced by ana: smaller chunks",
        "95 % interval: 2026-11-16 08:11 UTC to 2026-11-16 08:16 UTC",
        "",
        f"Score signal, unconfirmed. {KOREAN.summary}",
        "the first message",
        "on it",
        "that it is over",
        "Korean is back.",
    ]


def test_how_loud_and_how_sure_it_became_is_told() -> None:
    """From one state that was stored to the next."""
    louder = incident(severity="critical", confirmed="yes")
    known = Past(stages=[Stage(at(24), KOREAN), Stage(at(28), louder)])
    assert words(timeline(louder, known, NOW))[2:] == [
        "Fired as warning",
        "Severity: critical, it was warning",
        "Signal: confirmed; it was score signal, unconfirmed",
    ]


@pytest.mark.parametrize(
    ("outcome", "what", "more"),
    [
        ("sent", "Told: chat", "the first message"),
        ("failed", "Could not be told: chat", "channel_not_found"),
        ("replaced", "Not told: chat", "the first message; a later message says all of it"),
        (None, "Waits to be told: chat", "the first message"),
    ],
)
def test_what_became_of_a_message_is_told(outcome: Outcome | None, what: str, more: str) -> None:
    """Also that it did not arrive, and why."""
    one = told(24, Reason.FIRST, outcome)
    one = one._replace(
        delivery=one.delivery and msgspec.structs.replace(one.delivery, error="channel_not_found" if outcome == "failed" else None)
    )
    (moment,) = (each for each in timeline(KOREAN, Past(told=[one]), NOW) if each.kind == "told")
    assert (moment.what, moment.more) == (what, more)


def test_receivers_that_heard_the_same_are_one_line_and_so_are_reminders() -> None:
    """Two weeks of reminders do not hide the rest."""
    first = [told(24, Reason.FIRST, receiver=name) for name in ("chat", "pager")]
    again = [told(24 + 60 * n, Reason.REPEAT_DUE) for n in range(1, 4)]
    found = [one for one in timeline(KOREAN, Past(told=[*first, *again]), NOW) if one.kind == "told"]
    assert words(found) == ["Told: chat, pager", "Told: chat"]
    assert (found[1].times, found[1].until, found[1].more) == (3, at(24 + 180), "that it still fires")


def test_a_message_that_arrived_late_says_when() -> None:
    """Posted on time, sent when the channel was back."""
    one = told(24, Reason.FIRST)
    assert one.delivery
    late = one._replace(delivery=msgspec.structs.replace(one.delivery, at=at(50)))
    (moment,) = (each for each in timeline(KOREAN, Past(told=[late]), NOW) if each.kind == "told")
    assert moment.more == "the first message, which arrived at 2026-11-16 08:50 UTC"


def test_mutes_begin_and_end() -> None:
    """By themselves, by hand, or not yet; what lies ahead has not happened."""
    mute = Mute(id="a", match={}, reason="reindexing", author="ana", starts_at=at(25), ends_at=at(28))
    typed = [mute, replace(mute, removed_at=at(27)), replace(mute, ends_at=at(99))]
    found = [words([m for m in timeline(KOREAN, Past(mutes=[one]), NOW) if m.kind == "people"]) for one in typed]
    assert [each[1:] for each in found] == [["The mute was over"], ["The mute was ended"], []]
    assert found[0][0] == "Muted by ana until 2026-11-16 08:28 UTC"


def test_people_and_time_end_it_in_their_own_words() -> None:
    """A verdict is named; nobody did what fourteen days did."""
    closed = Action(KOREAN.fingerprint, KOREAN.began_at, "close", NOW, verdict="false")
    aged = Action(KOREAN.fingerprint, KOREAN.began_at, "accept", NOW, by=AUTOMATIC)
    found = timeline(KOREAN, Past(actions=[closed, aged]), NOW)
    assert words(found)[-2:] == ["Closed as false", "Ended by itself: it had fired for 14 days"]


def test_the_agents_own_has_no_rule_that_saw_it() -> None:
    """It begins, fires and ends."""
    own = own_incident("m", "warning", NOW, "blind", began_at=at(0), pending_since=at(0))
    assert words(timeline(own, Past(), NOW)) == ["Began", "Fired as warning"]


class TestRead:
    """From the journal."""

    def journal(self, *entries: Entry) -> MemoryJournal:
        """One with these rows."""
        journal = MemoryJournal()
        journal.write(entries)
        return journal

    def test_it_is_of_this_very_incident(self) -> None:
        """An earlier one of the same fingerprint, and one of another language, have a past of their own."""
        earlier = incident(began_at=at(-300), pending_since=at(-300), fired_at=at(-290))
        weighing = Weighing(KOREAN.fingerprint, KOREAN.began_at, at(26), "yes", "golden:g", "recall_at_k", 0.1, 9, "Confirmed.")
        mine, theirs = notification(id="mine", posted_at=at(24)), notification(earlier, id="theirs", posted_at=at(25))
        delivered = Delivery(id="mine", receiver="chat", outcome="sent", reason=Reason.FIRST, at=at(24))
        acted = [Action(one.fingerprint, one.began_at, "ack", at(26)) for one in (KOREAN, earlier)]
        journal = self.journal(
            transition(earlier, -290),
            transition(KOREAN, 24),
            transition(incident(fingerprint="other"), 24),
            mine.entry,
            theirs.entry,
            delivered.entry,
            *map(entry_of, acted),
            Entry("weighing", weighing.id, weighing.at, msgspec.to_builtins(weighing)),
            Entry("weighing", "x", at(26), msgspec.to_builtins(replace(weighing, fingerprint="other"))),
        )
        found = past(journal, KOREAN, NOW)
        assert [one.incident for one in found.stages] == [KOREAN]
        assert [(one.notification.id, one.delivery) for one in found.told] == [("mine", delivered)]
        assert (found.actions, found.weighings) == ([acted[0]], [weighing])

    def test_deployments_are_those_of_its_place_and_time(self) -> None:
        """From a day before; one that names no service is about all. Who announced it is kept."""
        changes = {
            "here": (CHANGE, {"note": "n", "by": "ana"}),
            "anywhere": (replace(CHANGE, service="", environment=""), {}),
            "elsewhere": (replace(CHANGE, service="shop"), {}),
            "long ago": (replace(CHANGE, at=at(-3000)), {}),
        }
        rows = [Entry("change", name, one.at, {**msgspec.to_builtins(one), **said}) for name, (one, said) in changes.items()]
        found = past(self.journal(*rows), KOREAN, NOW).deployed
        assert found == [Deployed(CHANGE, "n", "ana"), Deployed(changes["anywhere"][0])]

    def test_mutes_are_those_that_silenced_it(self) -> None:
        """By their labels and their time."""
        mute = Mute(id="a", match={"language": ("ko",)}, reason="r", created_at=at(0), starts_at=at(0), ends_at=at(60))
        others = [replace(mute, id="b", match={"language": ("el",)}), replace(mute, id="c", ends_at=at(10))]
        journal = self.journal(*(mutes.entry_of(one, NOW) for one in (mute, *others)))
        assert past(journal, KOREAN, NOW).mutes == [mute]

    def test_a_fall_that_a_golden_set_saw_has_its_states(self) -> None:
        """They stand in rows of their own."""
        fires = incident(pending_since=None)
        over = replace(fires, state="resolved", resolved_at=NOW)
        journal = self.journal(*(golden_falls.entry_of(Fall("g", "run", one)) for one in (fires, over)))
        assert [one.incident.state for one in past(journal, over, NOW).stages] == ["firing", "resolved"]

    def test_what_was_told_and_stands_nowhere_else_is_found(self) -> None:
        """A receiver that is down, in its newest state; news is over as it is told. What the journal knows is not found twice."""
        down = own_incident("down", "warning", at(20), "down", began_at=at(10))
        up, news = replace(down, state="resolved", resolved_at=at(25)), own_incident("news", "info", at(22), "late")
        journal = self.journal(
            *(self.about(one, n) for n, one in enumerate((down, up, news, own_incident("known", "info", at(1), "k"), KOREAN)))
        )
        found = told_alone(journal, [own_incident("known", "info", at(1), "k")])
        assert found == [up, replace(news, state="resolved", resolved_at=at(22))]

    def about(self, one: Incident, n: int) -> Entry:
        """A message about it."""
        made: Notification = notification(one, id=f"n{n}", posted_at=at(n))
        return made.entry


class TestOnce:
    """Reading a journal for one answer."""

    def test_what_is_known_is_not_read_again(self) -> None:
        """Neither the same nor a part of the whole; what was written since is not seen, but what is written through it is."""
        journal = MemoryJournal()
        journal.write([Entry("note", "a", at(0), {}), Entry("note", "b", at(5), {})])
        once = Once(journal)
        assert [one.id for one in once.read("note")] == ["a", "b"]
        journal.write([Entry("note", "c", at(9), {})])
        assert [one.id for one in once.read("note", at(1))] == ["b"]
        assert [one.id for one in once.read("note", None, at(1))] == ["a"]
        once.write([Entry("note", "d", at(10), {})])
        assert [one.id for one in once.read("note", at(1))] == ["b", "c", "d"]

    def test_kinds_of_a_group_are_read_at_once(self) -> None:
        """Who asks for a part of one has all of them from that time on; what lies before is read for itself."""
        journal = MemoryJournal()
        journal.write([Entry("note", "a", at(0), {}), Entry("note", "b", at(5), {}), Entry("other", "c", at(6), {})])
        once = Once(journal, [Group(("note", "other"), at(4))])
        assert [one.id for one in once.read("note", at(5))] == ["b"]
        journal.write([Entry("note", "d", at(9), {}), Entry("other", "e", at(9), {})])
        assert [one.id for one in once.read("other", at(4))] == ["c"]
        assert [one.id for one in once.read("note", at(5), at(5))] == ["b"]
        assert [one.id for one in once.read("note", at(3))] == ["b", "d"]
        assert [one.id for one in once.read("note")] == ["a", "b", "d"]
