"""From parcels that are due to notifications."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from msgspec.structs import replace

from agent.alerting.incident import Incident
from agent.notify import posting
from agent.notify.dedup import TELLING, Reason
from agent.notify.grouping import group_of
from agent.notify.ledger import Ledger
from agent.notify.notification import Notification
from agent.notify.posting import LOUDEST, Moment
from agent.notify.steps import Parcel
from tests.notify.examples import CHANGE, KOREAN, NOW, incident, of, resolved

WALL = NOW + timedelta(days=1)
LATER = NOW + timedelta(minutes=5)
JAPANESE = of("ja", severity="critical")


class Desk:
    """A ledger in which everything that is made is posted."""

    def __init__(self) -> None:
        self.ledger = Ledger()

    def make(self, *told: tuple[Incident, Reason], receiver: str = "chat") -> list[Notification]:
        """What is made of these, without posting it."""
        parcels = [Parcel(one, receiver, group_of(one, receiver), reason) for one, reason in told]
        return [*posting.notifications(parcels, self.ledger, moment=Moment(NOW, WALL))]

    def post(self, *told: tuple[Incident, Reason]) -> Notification:
        """The one that is made of these, posted."""
        (made,) = self.make(*told)
        self.ledger.posted(made)
        return made


def languages(note: Notification) -> Sequence[str]:
    """Which it is about, in order."""
    return [one.language for one in note.incidents]


def test_a_group_begins_with_one_message() -> None:
    """The loudest leads, and its fingerprint is the key of the thread; both times are kept."""
    (made,) = Desk().make((KOREAN, Reason.FIRST), (JAPANESE, Reason.FIRST))
    assert (made.kind, made.reason, made.thread, made.key) == ("firing", Reason.FIRST, made.id, JAPANESE.fingerprint)
    assert (languages(made), made.at, made.posted_at) == (["ja", "ko"], NOW, WALL)


def test_receivers_and_groups_are_told_apart() -> None:
    """Each in a message of its own, with an id of its own."""
    desk = Desk()
    made = [
        *desk.make((KOREAN, Reason.FIRST), (incident(cause="ingest", fingerprint="f"), Reason.FIRST)),
        *desk.make((KOREAN, Reason.FIRST), receiver="mail"),
    ]
    assert len({one.id for one in made}) == 3


def test_the_same_decision_has_the_same_id() -> None:
    """Two processes that know the same write one row; the order in which things come does not matter."""
    told = [(KOREAN, Reason.FIRST), (JAPANESE, Reason.FIRST)]
    assert Desk().make(*told) == Desk().make(*reversed(told))
    one, other = Desk(), Desk()
    for desk in (one, other):
        desk.post((KOREAN, Reason.FIRST))
    assert one.make((resolved(), Reason.RESOLVED)) == other.make((resolved(), Reason.RESOLVED))


def test_another_decision_at_the_same_place_has_another_id() -> None:
    """One process says that it got worse, the other that it is over: neither takes the other's for its own."""
    desk = Desk()
    desk.post((KOREAN, Reason.FIRST))
    (worse,) = desk.make((incident(severity="critical"), Reason.ESCALATED))
    (over,) = desk.make((resolved(), Reason.RESOLVED))
    assert worse.id != over.id


def test_a_repeat_is_another_message() -> None:
    """In the same thread, as a reminder; the next one too."""
    desk = Desk()
    first = desk.post((KOREAN, Reason.FIRST))
    again, more = desk.post((KOREAN, Reason.REPEAT_DUE)), desk.post((KOREAN, Reason.REPEAT_DUE))
    assert (again.kind, again.thread, again.key) == ("reminder", first.id, KOREAN.fingerprint)
    assert len({first.id, again.id, more.id}) == 3


def test_the_end_of_one_is_an_update_and_of_all_is_the_end() -> None:
    """The thread is over when all that it is about is."""
    desk = Desk()
    desk.post((KOREAN, Reason.FIRST), (JAPANESE, Reason.FIRST))
    assert desk.post((resolved(), Reason.RESOLVED)).kind == "update"
    assert desk.post((replace(JAPANESE, state="resolved", resolved_at=LATER), Reason.RESOLVED)).kind == "resolved"


def test_a_reminder_with_news_is_an_update() -> None:
    """One of two is over, the other still fires."""
    desk = Desk()
    desk.post((KOREAN, Reason.FIRST), (JAPANESE, Reason.FIRST))
    made = desk.post((KOREAN, Reason.REPEAT_DUE), (replace(JAPANESE, state="resolved"), Reason.RESOLVED))
    assert (made.kind, made.reason, languages(made)) == ("update", Reason.REPEAT_DUE, ["ko", "ja"])


def test_a_later_incident_of_the_group_has_a_thread_of_its_own() -> None:
    """And each goes on in its own."""
    desk = Desk()
    korean, japanese = desk.post((KOREAN, Reason.FIRST)), desk.post((JAPANESE, Reason.FIRST))
    assert (japanese.kind, japanese.thread) == ("firing", japanese.id)
    both = desk.make((resolved(), Reason.RESOLVED), (replace(JAPANESE, state="resolved"), Reason.RESOLVED))
    assert {one.thread: one.kind for one in both} == {korean.id: "resolved", japanese.id: "resolved"}


def test_what_begins_under_the_key_of_an_open_thread_joins_it() -> None:
    """To a pager the two would be the same."""
    desk = Desk()
    first = desk.post((KOREAN, Reason.FIRST), (JAPANESE, Reason.FIRST))
    again = incident(began_at=LATER)
    other = desk.post((again, Reason.FIRST))
    assert (other.kind, other.thread) == ("firing", other.id)
    assert other.thread != first.id
    desk = Desk()
    first = desk.post((KOREAN, Reason.FIRST))
    joined = desk.post((again, Reason.FIRST))
    assert (joined.kind, joined.thread) == ("update", first.id)


def test_what_is_reopened_begins_anew() -> None:
    """The thread was over: the same incident, another thread."""
    desk = Desk()
    first = desk.post((KOREAN, Reason.FIRST))
    desk.post((resolved(), Reason.RESOLVED))
    again = desk.post((KOREAN, Reason.REOPENED))
    assert (again.kind, again.reason, again.thread) == ("firing", Reason.REOPENED, again.id)
    assert again.id != first.id


def test_the_loudest_reason_names_the_message() -> None:
    """Whatever the order; each that tells has its place."""
    desk = Desk()
    desk.post((KOREAN, Reason.FIRST), (JAPANESE, Reason.FIRST))
    made = desk.post((incident(severity="critical"), Reason.ESCALATED), (JAPANESE, Reason.REPEAT_DUE))
    assert made.reason is Reason.ESCALATED
    assert {*LOUDEST, Reason.DEPLOYMENT, Reason.REPORT} == TELLING


def test_a_deployment_is_one_message_whoever_notices_it() -> None:
    """Within the hour; another version, another receiver, another hour is another."""
    one = posting.deployment("chat", CHANGE, Moment(NOW, WALL))
    soon = replace(CHANGE, at=CHANGE.at + timedelta(minutes=59))
    assert posting.deployment("chat", soon, Moment(LATER, WALL)).id == one.id
    assert (one.kind, one.thread, one.change, one.incidents) == ("deployment", one.id, CHANGE, ())
    others = [replace(CHANGE, index_version="v43"), replace(CHANGE, at=CHANGE.at + timedelta(hours=1))]
    ids = {posting.deployment("chat", each, Moment(NOW, WALL)).id for each in others}
    assert len({*ids, one.id, posting.deployment("mail", CHANGE, Moment(NOW, WALL)).id}) == 4


@pytest.mark.parametrize("began", [None, NOW])
def test_an_incident_without_a_beginning_has_an_id_too(began: object) -> None:
    """Two processes make the same."""
    told = (incident(began_at=began), Reason.FIRST)
    assert Desk().make(told) == Desk().make(told)


def test_a_thread_whose_members_end_together_ends() -> None:
    """Though they are of several groups, as when what was late was put together: one message, and it is the end."""
    desk = Desk()
    ended = [replace(one, state="resolved", resolved_at=NOW) for one in (KOREAN, of("ja", service="shop"))]
    begun = desk.make((KOREAN, Reason.FIRST))[0]
    desk.ledger.posted(replace(begun, incidents=(KOREAN, of("ja", service="shop"))))
    (end,) = desk.make(*((one, Reason.RESOLVED) for one in ended))
    assert (end.kind, end.thread, len(end.incidents)) == ("resolved", begun.thread, 2)
