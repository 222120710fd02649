"""What the messages themselves say of clocks, delays and duplicates."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from agent.alerting.summary import percent
from agent.doctor.checks import Check, Status
from agent.doctor.examined import Examined

SKEW: Final = timedelta(minutes=1)
HOUR_MS: Final = 3_600_000
ZONES: Final = 14  # hours; none is farther from UTC
ZONE_MS: Final = 60_000  # so near to full hours a delay looks like a zone


def of_sample(seen: Examined, lateness: timedelta, now_ms: int) -> Iterator[Check]:
    """`lateness`: how long a minute waits; `now_ms`: epoch milliseconds of this machine's clock."""
    if seen.times.newest is not None:
        yield _clock(seen.times.newest, now_ms)
    if seen.times.delays:
        yield _delay(seen, lateness)
    future = seen.reasons().get("timestamp_in_future", 0)
    if future:
        yield Check(
            "future",
            Status.WARNING,
            f"{future} of {seen.messages} messages are from the future by this machine's clock, and rejected",
        )
    if seen.whole.events:
        yield _duplicates(seen)


def _clock(newest: int, now_ms: int) -> Check:
    ahead = newest - now_ms
    if ahead > SKEW // timedelta(milliseconds=1):
        return Check(
            "clock",
            Status.WARNING,
            f"the newest record was written {_span(ahead)} ahead of this machine's clock: set the clocks (NTP)",
        )
    return Check("clock", Status.OK, f"the newest record was written {_span(max(0, -ahead))} ago by this machine's clock")


def _delay(seen: Examined, lateness: timedelta) -> Check:
    """Event times beside those at which their records were written."""
    limit, median, late = lateness // timedelta(milliseconds=1), seen.times.delay(0.5), seen.times.delay(0.95)
    if -median > SKEW // timedelta(milliseconds=1):
        return Check(
            "delay",
            Status.WARNING,
            f"half of the events say a time {_span(-median)} and more after they were written{_zone(median)}: set the services' clocks",
        )
    if _zone(median):
        return Check(
            "delay",
            Status.WARNING,
            f"half of the events say a time {_span(median)} and more before they were written{_zone(median)}",
        )
    told = f"half of the events are written within {_span(max(0, median))}, 95.0 % within {_span(max(0, late))} of their time"
    if late > limit:
        return Check(
            "delay",
            Status.WARNING,
            f"{told}: what comes after source.lateness ({_span(limit)}) is counted, and judged no more; raise it, or write sooner",
        )
    return Check("delay", Status.OK, f"{told} (source.lateness: {_span(limit)})")


def _zone(median: int) -> str:
    """What a delay of full hours is most likely."""
    hours = round(median / HOUR_MS)
    return (
        ", a full number of hours: is local time sent as UTC?"
        if hours and abs(median - hours * HOUR_MS) < ZONE_MS and abs(hours) <= ZONES
        else ""
    )


def _duplicates(seen: Examined) -> Check:
    name = "duplicates"
    if seen.doubled:
        return Check(
            name,
            Status.WARNING,
            f"{seen.doubled} event ids stand in more than one partition and are counted in each: write with the event id as key "
            "(spans: `partition_traces_by_id: true` in the Collector's Kafka exporter)",
        )
    if seen.repeated:
        return Check(
            name,
            Status.OK,
            f"{percent(seen.repeated / seen.whole.events)} of the events repeat one of the same partition: they are counted once",
        )
    return Check(name, Status.OK, "no event id stands twice")


def _span(milliseconds: int) -> str:
    for unit, size in (("days", 24 * HOUR_MS), ("hours", HOUR_MS), ("minutes", 60_000), ("seconds", 1_000)):
        if milliseconds >= 2 * size:
            return f"{milliseconds / size:,.0f} {unit}"
    return f"{milliseconds} ms"
