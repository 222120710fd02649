"""The steps of deciding, each from parcels to parcels."""

from datetime import datetime, timedelta

import pytest

from agent.alerting.finding import loudest_first
from agent.alerting.incident import Incident
from agent.notify import steps
from agent.notify.dedup import Reason, Told
from agent.notify.grouping import Group, Timing, group_of
from agent.notify.mute import Mute
from agent.notify.route import Route
from agent.notify.steps import Parcel
from agent.notify.trouble import LABEL
from tests.notify.examples import KOREAN, NOW, incident, of, refusing, resolved

TIMING = Timing(wait=timedelta(seconds=30), interval=timedelta(minutes=5))
MUTE = Mute(id="m", match={"language": ("ko",)}, reason="known")
EVERY = ("chat", "mail")


def reasons(parcels: list[Parcel]) -> list[Reason | None]:
    """The reason of each."""
    return [parcel.reason for parcel in parcels]


def test_a_mute_keeps_a_fire_silent_and_no_end() -> None:
    """Whoever heard of the fire hears of its end; other languages are told."""
    parcels = [Parcel(KOREAN), Parcel(of("ja")), Parcel(resolved())]
    assert reasons([*steps.muting(parcels, [MUTE], NOW)]) == [Reason.MUTED, None, None]


def test_a_larger_incident_stands_for_a_smaller() -> None:
    """What is muted already stays that."""
    everywhere = incident(language="*", fingerprint="all")
    parcels = [Parcel(KOREAN), Parcel(everywhere), Parcel(of("ja"), reason=Reason.MUTED)]
    assert reasons([*steps.inhibiting(parcels, [KOREAN, everywhere])]) == [Reason.INHIBITED, None, Reason.MUTED]


def routed(incident_: Incident, *routes: Route) -> list[str]:
    """Who gets it."""
    return [parcel.receiver for parcel in steps.routing([Parcel(incident_)], routes, EVERY)]


def test_a_fire_takes_its_routes_and_an_end_goes_to_all() -> None:
    """Who was told of the fire is known; what it is now may match another route."""
    route = Route(match={"severity": ("critical",)}, receivers=("mail",))
    assert routed(incident(severity="critical"), route) == ["mail"]
    assert routed(incident(), route) == []
    assert routed(resolved(), route) == ["chat", "mail"]


def test_a_receiver_is_not_told_that_it_cannot_be_told() -> None:
    """The others are; a rule's label of that name means something else."""
    assert routed(refusing("chat")) == ["mail"]
    assert routed(incident(labels={LABEL: "chat"})) == ["chat", "mail"]


def test_who_is_not_told_goes_on_once_with_the_reason() -> None:
    """For the log, and to no receiver."""
    muted = Parcel(KOREAN, reason=Reason.MUTED)
    assert [*steps.routing([muted], (), EVERY)] == [muted]
    assert [*steps.grouped([muted])] == [muted]
    assert [*steps.deduplicated([muted], lambda *_: None, {}, NOW)] == [muted]
    assert [*steps.waiting([muted], {}, lambda _: None, {}, NOW)] == [muted]


def test_each_receiver_has_its_own_reason_and_interval() -> None:
    """By what it was told, and how often it wants to be told again."""
    told = Told("firing", "warning", "unconfirmed", NOW - timedelta(hours=1))
    often = Timing(repeat={"warning": timedelta(minutes=30), "critical": None, "info": None})
    parcels = [Parcel(KOREAN, receiver=name) for name in ("new", "often", "seldom")]
    decided = steps.deduplicated(
        parcels, lambda name, _: None if name == "new" else told, {"new": TIMING, "often": often, "seldom": TIMING}, NOW
    )
    assert reasons([*decided]) == [Reason.FIRST, Reason.REPEAT_DUE, Reason.ALREADY_SENT]


def due(*parcels: Parcel, since: datetime | None = None, last: datetime | None = None) -> list[datetime | None]:
    """When each is told."""
    group = group_of(KOREAN, "chat")
    held: dict[Group, datetime] = {group: since} if since else {}
    return [one.due_at for one in steps.waiting(parcels, held, lambda _: last, {"chat": TIMING}, NOW)]


def parcel(incident_: Incident, reason: Reason) -> Parcel:
    """One that is grouped, with its reason."""
    return Parcel(incident_, "chat", group_of(incident_, "chat"), reason)


def test_a_group_is_told_at_one_time() -> None:
    """Counted from its first news, and from its last message."""
    both = parcel(KOREAN, Reason.FIRST), parcel(of("ja"), Reason.FIRST)
    assert due(*both) == [NOW + timedelta(seconds=30)] * 2
    assert due(*both, since=NOW - timedelta(seconds=20)) == [NOW + timedelta(seconds=10)] * 2
    assert due(*both, last=NOW) == [NOW + timedelta(minutes=5)] * 2


def test_what_got_worse_takes_its_group_along() -> None:
    """And nothing waits where somebody has to come at once."""
    assert due(parcel(KOREAN, Reason.FIRST), parcel(of("ja"), Reason.ESCALATED), last=NOW) == [NOW, NOW]


def test_what_is_not_told_has_no_time() -> None:
    """It was told already."""
    assert due(parcel(KOREAN, Reason.ALREADY_SENT)) == [None]


@pytest.mark.parametrize("turned", [False, True])
def test_the_loudest_is_first(turned: bool) -> None:  # noqa: FBT001 - a table's column
    """What fires, by severity, then by how far it fell; the order they come in does not matter."""
    told = [
        of("a", severity="critical"),
        of("b", drop=0.2),
        of("c", drop=0.1),
        of("d", drop=None),
        of("e", severity="critical", state="resolved"),
    ]
    assert [one.language for one in loudest_first(told[::-1] if turned else told)] == ["a", "b", "c", "d", "e"]
