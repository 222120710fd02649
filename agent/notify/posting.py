"""From parcels that are due to notifications: one message for each receiver and group, in the thread where it belongs."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Literal, NamedTuple

from msgspec import structs

from agent.alerting.changes import Change
from agent.alerting.finding import loudest_first
from agent.alerting.incident import Incident, identity_of
from agent.notify.base import Kind
from agent.notify.dedup import Reason
from agent.notify.grouping import Group
from agent.notify.ledger import Ledger, Strand
from agent.notify.notification import Notification
from agent.notify.steps import Parcel
from agent.records import row_id

LOUDEST = (Reason.ESCALATED, Reason.FIRST, Reason.REOPENED, Reason.WEIGHED, Reason.REPEAT_DUE, Reason.RESOLVED)


class Moment(NamedTuple):
    """When it is decided, in the time of the log and on the wall."""

    at: datetime
    wall: datetime


class _Place(NamedTuple):
    """Where it stands in its thread, under the names of a notification."""

    id: str
    kind: Kind
    thread: str
    key: str


def notifications(parcels: Iterable[Parcel], ledger: Ledger, *, moment: Moment) -> Iterator[Notification]:
    """One for what a group begins, and one for each thread that goes on, whatever groups its members are of."""
    begins, goes_on = defaultdict[Group, list[Parcel]](list), defaultdict[str, list[Parcel]](list)
    for parcel in parcels:
        assert parcel.group is not None, "grouping comes before posting"
        strand = _strand(parcel, ledger)
        (goes_on[strand] if strand else begins[parcel.group]).append(parcel)
    yield from (_beginning(group, members, ledger, moment) for group, members in begins.items())
    yield from (_going_on(ledger.named(strand), members, moment) for strand, members in goes_on.items())


def _strand(parcel: Parcel, ledger: Ledger) -> str:
    """The thread in which it goes on; empty where it begins one.

    What begins under the key of a thread that is still open joins that: to a pager the two would be the same.
    """
    begins = parcel.reason is None or parcel.reason.begins
    strand = (
        ledger.open_strand(parcel.receiver, parcel.incident.fingerprint)
        if begins
        else ledger.strand(parcel.receiver, parcel.incident)
    )
    return strand.id if strand else ""


def _beginning(group: Group, members: Sequence[Parcel], ledger: Ledger, moment: Moment) -> Notification:
    incidents = loudest_first(member.incident for member in members)
    lead = incidents[0]
    began = lead.began_at.isoformat() if lead.began_at else ""
    id_ = row_id("/".join((group.receiver, lead.fingerprint, began, str(ledger.begun(group.receiver, lead)))))
    return _notification(_Place(id_, "firing", id_, lead.fingerprint), group, members, incidents, moment)


def _going_on(strand: Strand, members: Sequence[Parcel], moment: Moment) -> Notification:
    group = members[0].group
    assert group is not None, "grouping comes before posting"
    incidents = loudest_first(member.incident for member in members)
    id_ = row_id(f"{strand.id}/{strand.length}/{_said(incidents)}")
    kind = _kind(strand, incidents, members)
    return _notification(_Place(id_, kind, strand.id, strand.key), group, members, incidents, moment)


def _said(incidents: Iterable[Incident]) -> str:
    """What another process would say in the same words: where it knows better, its message is another one."""
    return ",".join(sorted(f"{one.fingerprint} {one.began_at} {one.state} {one.severity}" for one in incidents))


def _kind(strand: Strand, incidents: Iterable[Incident], members: Iterable[Parcel]) -> Kind:
    standing = strand.members | {identity_of(one): one for one in incidents}
    if all(one.state == "resolved" for one in standing.values()):
        return "resolved"
    return "reminder" if all(member.reason is Reason.REPEAT_DUE for member in members) else "update"


def _notification(
    place: _Place, group: Group, members: Iterable[Parcel], incidents: Sequence[Incident], moment: Moment
) -> Notification:
    return Notification(
        **place._asdict(),
        receiver=group.receiver,
        reason=min((member.reason for member in members if member.reason), key=LOUDEST.index),
        group=group.name,
        at=moment.at,
        posted_at=moment.wall,
        incidents=tuple(map(_lean, incidents)),
    )


def _lean(incident: Incident) -> Incident:
    """Without the figures of `alerts explain`, which no message shows."""
    return structs.replace(incident, evidence=tuple(structs.replace(one, workings=None) for one in incident.evidence))


def report(receiver: str, week: str, at: datetime, wall: datetime, *, id_: str = "") -> Notification:
    """The report of a week, whose row is of the time `at`.

    Without an id of its own it is the same however often it is decided, so that it is sent once.
    """
    alone = _alone(id_ or row_id(f"{receiver}/report/{week}"), receiver, "report", Reason.REPORT, Moment(at, wall))
    return structs.replace(alone, week=week)


def deployment(receiver: str, change: Change, moment: Moment) -> Notification:
    """That something was deployed; the same for the same deployment, whoever notices it."""
    name = "/".join((receiver, *change.where, *change.version, f"{change.at:%Y-%m-%dT%H}"))
    return structs.replace(_alone(row_id(name), receiver, "deployment", Reason.DEPLOYMENT, moment), change=change)


def _alone(id_: str, receiver: str, kind: Literal["report", "deployment"], reason: Reason, moment: Moment) -> Notification:
    """What is about no incident: a thread of its own, in the group of its kind."""
    return Notification(
        id=id_,
        receiver=receiver,
        kind=kind,
        reason=reason,
        group=f"{receiver}/{kind}s",
        thread=id_,
        key="",
        at=moment.at,
        posted_at=moment.wall,
    )
