"""What is sent when a receiver is back after a while: its newest state, once, and not all that came meanwhile. Pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from msgspec.structs import replace

from agent.alerting.finding import loudest_first
from agent.alerting.incident import Identity, Incident, identity_of
from agent.notify.base import Kind
from agent.notify.notification import Notification
from agent.records import row_id

LATE: Final = timedelta(minutes=10)
ALONE: Final = frozenset({"deployment", "report"})
"""What is about no incident stays a message of its own."""


class Folded(NamedTuple):
    """These are replaced by those."""

    old: tuple[Notification, ...] = ()
    new: tuple[Notification, ...] = ()


def fold(waiting: Sequence[Notification], now: datetime) -> Folded:
    """Nothing while the oldest is recent, or where there is nothing to put together.

    What belongs to threads that the receiver knows stays one message a thread; all that it knows nothing of is one message, but for
    what the agent says of itself: that is told alone, and not at all where it is over.
    """
    told = [one for one in waiting if one.kind not in ALONE]
    if len(told) < 2 or now - min(map(_since, told)) < LATE:  # noqa: PLR2004 - one is as short as it gets
        return Folded()
    begun = {one.thread for one in told if one.id == one.thread}
    over = {one.thread for one in told if one.thread in begun and one.kind == "resolved" and one.is_own}
    threads: dict[str, list[Notification]] = {}
    for one in told:
        if one.thread not in over:
            threads.setdefault("" if one.thread in begun and not one.is_own else one.thread, []).append(one)
    several = {thread: each for thread, each in threads.items() if len(each) > 1}
    gone = [one for one in told if one.thread in over]
    old = [*gone, *(one for each in several.values() for one in each)]
    return Folded(tuple(old), tuple(_one(each, now, new=thread in {"", *begun}) for thread, each in several.items()))


def _one(several: Sequence[Notification], now: datetime, *, new: bool) -> Notification:
    """The newest state of all that these are about."""
    first = several[0]
    incidents = _newest(several)
    id_ = row_id("/".join(one.id for one in several))
    return replace(
        first,
        id=id_,
        kind=_kind(several[-1], incidents, new=new),
        reason=next((one.reason for one in several if one.reason.begins), several[-1].reason),
        thread=id_ if new else first.thread,
        key=incidents[0].fingerprint if new else first.key,
        at=several[-1].at,
        posted_at=now,
        incidents=incidents,
        late_since=min(map(_since, several)),
    )


def _since(notification: Notification) -> datetime:
    """How long it waits, with what it stands for."""
    return notification.late_since or notification.posted_at


def _kind(last: Notification, incidents: Iterable[Incident], *, new: bool) -> Kind:
    """A thread that goes on may be about more than what waits: whether it is over, the last message knows."""
    if new:
        return "resolved" if all(one.state == "resolved" for one in incidents) else "firing"
    return "resolved" if last.kind == "resolved" else "update"


def _newest(several: Iterable[Notification]) -> tuple[Incident, ...]:
    """The loudest first, as in each of them."""
    newest: dict[Identity, Incident] = {}
    for one in several:
        newest |= {identity_of(incident): incident for incident in one.incidents}
    return tuple(loudest_first(newest.values()))
