"""What is sent when a receiver is back after a while."""

from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from agent.alerting.incident import Incident, identity_of
from agent.notify.dedup import Reason
from agent.notify.late import LATE, Folded, fold
from agent.notify.notification import Notification
from tests.notify.examples import CHANGE, KOREAN, NOW, incident, monitor, notification, of, resolved

BEGAN = NOW - LATE


def waits(id_: str, *incidents: Incident, minutes: int = 0, **changes: Any) -> Notification:
    """One that waits since so many minutes after the outage began."""
    at = BEGAN + timedelta(minutes=minutes)
    return notification(*incidents, **{"id": id_, "at": at, "posted_at": at, **changes})


def goes_on(id_: str, *incidents: Incident, thread: str = "known", **changes: Any) -> Notification:
    """One in a thread that the receiver knows."""
    given_ = {"thread": thread, "kind": "update", "reason": Reason.ESCALATED, "key": "k", **changes}
    return waits(id_, *incidents, **given_)


def test_what_waits_for_a_short_while_is_sent_as_it_is() -> None:
    """Nine minutes are no outage."""
    assert fold([waits("a", minutes=1), waits("b", of("ja"), minutes=1)], NOW) == Folded()


def test_one_alone_is_sent_as_it_is() -> None:
    """There is nothing to put together."""
    assert fold([waits("a")], NOW) == Folded()
    assert fold([], NOW) == Folded()


def test_a_fire_and_its_end_are_one_message() -> None:
    """That it is over, as the beginning of a thread: it knew of nothing."""
    a, b = waits("a"), goes_on("b", resolved(), thread="a", minutes=9, reason=Reason.RESOLVED, kind="resolved")
    old, (one,) = fold([a, b], NOW)
    assert old == (a, b)
    assert (one.kind, one.thread, one.incidents) == ("resolved", one.id, (resolved(),))
    assert (one.late_since, one.posted_at, one.at) == (BEGAN, NOW, b.at)


def test_all_that_is_new_is_one_message() -> None:
    """The loudest leads, whatever came first, and the thread has its key."""
    loud = of("ja", severity="critical")
    _, (one,) = fold([waits("a", resolved()), waits("b", KOREAN, of("de")), waits("c", loud)], NOW)
    assert [each.language for each in one.incidents] == ["ja", "de", "ko"]
    assert (one.kind, one.key, one.reason) == ("firing", loud.fingerprint, Reason.FIRST)


def test_known_threads_stay_apart() -> None:
    """One message each, in their threads, and one for the rest."""
    waiting = [
        goes_on("a", incident(severity="critical"), thread="t1"),
        waits("b", of("ja")),
        goes_on("c", of("de"), thread="t2"),
        goes_on("d", resolved(), thread="t1", reason=Reason.RESOLVED, kind="resolved"),
        waits("e", of("fr")),
    ]
    old, new = fold(waiting, NOW)
    assert {one.id for one in old} == {"a", "b", "d", "e"}
    known, unknown = new
    assert [(one.thread, one.kind) for one in (known, unknown)] == [("t1", "resolved"), (unknown.id, "firing")]
    assert [one.language for one in unknown.incidents] == ["fr", "ja"]


def test_what_the_agent_says_of_itself_is_told_alone_and_only_while_it_is_so() -> None:
    """That another receiver was down meanwhile is no news for one that was down itself; what fires is no part of anything."""
    waiting = [
        waits("a", monitor("gone")),
        waits("b", of("ja")),
        goes_on("c", monitor("gone", state="resolved", resolved_at=NOW), thread="a", reason=Reason.RESOLVED, kind="resolved"),
        waits("d", monitor("down")),
        waits("e", of("fr")),
    ]
    old, new = fold(waiting, NOW)
    assert {one.id for one in old} == {"a", "b", "c", "e"}
    assert [[one.language for one in each.incidents] for each in new] == [["fr", "ja"]]


def test_a_thread_of_which_more_fires_is_not_over() -> None:
    """Two ends in a thread of three: what waits cannot know the third, but the last of them does."""
    ends = [goes_on(name, of(name, state="resolved", resolved_at=NOW), reason=Reason.RESOLVED) for name in ("ja", "de")]
    _, (one,) = fold(ends, NOW)
    assert one.kind == "update"


def test_deployments_are_left_alone() -> None:
    """They are about no incident."""
    deployment = notification(id="d", kind="deployment", posted_at=BEGAN, change=CHANGE, thread="d", key="")
    old, _ = fold([deployment, waits("a"), waits("b", of("ja"))], NOW)
    assert [one.id for one in old] == ["a", "b"]


def test_what_was_put_together_is_put_together_again() -> None:
    """News that came just before the receiver did are in the one message too, which is late since the beginning."""
    _, (one,) = fold([waits("a"), waits("b", of("ja"))], NOW)
    _, (again,) = fold([one, notification(of("de"), id="c", posted_at=NOW + timedelta(minutes=1))], NOW + timedelta(minutes=2))
    assert len(again.incidents) == 3
    assert again.late_since == BEGAN


def test_the_same_is_put_together_the_same_way() -> None:
    """Two processes make one row of it."""
    waiting = [waits("a"), waits("b", of("ja"))]
    assert fold(waiting, NOW) == fold(waiting, NOW)


LANGUAGES = ("ko", "ja", "de", "fr")
STATES = st.sampled_from(["firing", "resolved"])
NEWS = st.lists(
    st.tuples(
        st.sampled_from(["new", "t1", "t2"]),
        st.dictionaries(st.sampled_from(LANGUAGES), STATES, min_size=1),
        st.integers(0, 30),
    ),
    max_size=12,
)


@settings(deadline=None)
@given(NEWS)
def test_nothing_is_lost(news: list[tuple[str, dict[str, str], int]]) -> None:
    """Afterwards the receiver hears the newest state of each incident, at most once a known thread and once for the rest."""
    waiting = [
        (waits if thread == "new" else goes_on)(
            f"n{number}",
            *(of(f"{language}-{thread}", state=state) for language, state in told.items()),
            minutes=minutes - 10,
            **({} if thread == "new" else {"thread": thread}),
        )
        for number, (thread, told, minutes) in enumerate(news)
    ]
    folded = fold(waiting, NOW)
    left = [one for one in waiting if one not in folded.old] + [*folded.new]
    assert _newest(left) == _newest(waiting)
    assert all(one.late_since for one in folded.new)
    if waiting and NOW - min(one.posted_at for one in waiting) >= LATE:
        begun = [one for one in left if one.id == one.thread]
        assert len(begun) <= 1
        assert len(left) - len(begun) == len({one.thread for one in waiting if one.thread in {"t1", "t2"}})


def _newest(several: list[Notification]) -> dict[Any, str]:
    return {identity_of(one): one.state for note in several for one in note.incidents}
