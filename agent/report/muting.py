"""What somebody says who wants silence: which incidents, how long, why; made a mute, or refused with all that is wrong. Pure."""

from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from msgspec import Struct

from agent.errors import Misconfigured, Mistake
from agent.notify.mute import LONGEST, Mute, expected_label, id_of
from agent.notify.text import clean
from agent.records import Name
from agent.report.query import NEWEST, OLDEST
from agent.report.said import Note, Said, Time, read
from agent.times import format_duration, parse_duration

MOST_VALUES: Final = 100
TIMES: Final = f"expected a time between {OLDEST:%Y} and {NEWEST:%Y}"


class Muting(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True, rename={"since": "from", "length": "for"}):
    """The body. `length` is a duration as in Prometheus, and begins with `since`, which is now where it is left out."""

    match: dict[str, Name | list[Name]] = {}
    everything: bool = False
    since: Time | None = None
    until: Time | None = None
    length: str | None = None
    reason: Note = ""
    by: Name = ""


def mute_of(said: Said, own: Collection[str], now: datetime) -> Mute:
    """The mute that is meant; `own` are the labels that rules give. Raises Misconfigured."""
    body = read(said, Muting)
    match = {name: _values(values) for name, values in body.match.items()}
    if unlikely := [*_unlikely(body)]:
        raise Misconfigured(unlikely)
    since = (body.since or now).astimezone(UTC)
    ends, wrong = _end(body, since, now)
    mistakes = [*_labels(body, match, own), *wrong, *_reasons(body)]
    if mistakes or ends is None:
        raise Misconfigured(mistakes)
    return Mute(
        id=id_of(match, since, ends),
        match=match,
        reason=clean(body.reason),
        author=clean(body.by),
        created_at=now,
        starts_at=since,
        ends_at=ends,
    )


def _values(values: Any) -> tuple[str, ...]:
    return tuple(dict.fromkeys([values] if isinstance(values, str) else values))


def _labels(body: Muting, match: Mapping[str, Collection[str]], own: Collection[str]) -> Iterator[Mistake]:
    if body.everything == bool(match):
        yield Mistake("", "everything", "expected at least one label such as language, or else everything, and not both")
    for name, values in match.items():
        if expected := expected_label(name, values, own):
            yield Mistake("", name, expected)
        elif not 0 < len(values) <= MOST_VALUES:
            yield Mistake("", name, f"expected one to {MOST_VALUES} values")


def _unlikely(body: Muting) -> Iterator[Mistake]:
    """Times with which nothing can be reckoned."""
    times = {"from": body.since, "until": body.until}
    return (Mistake("", key, TIMES) for key, at in times.items() if at and not OLDEST <= at < NEWEST)


def _reasons(body: Muting) -> Iterator[Mistake]:
    if not clean(body.reason):
        yield Mistake("", "reason", "expected why, for whoever wonders at the silence")


def _end(body: Muting, since: datetime, now: datetime) -> tuple[datetime | None, list[Mistake]]:
    """When it ends, or what is wrong with that."""
    if (body.length is None) == (body.until is None):
        return None, [Mistake("", "for", "expected how long (for, such as 4h) or until when (until), one of them")]
    key = "for" if body.until is None else "until"
    try:
        length = parse_duration(body.length or "") if body.until is None else body.until - since
    except ValueError as expected:
        return None, [Mistake("", "for", f"expected {expected}")]
    if not timedelta(0) < length <= LONGEST:
        return None, [Mistake("", key, _too_long(key))]
    if not timedelta(0) < since + length - now <= LONGEST:
        return None, [Mistake("", "from" if body.since else key, f"expected a time to come, at most {_longest()} ahead")]
    return since + length, []


def _too_long(key: str) -> str:
    what = "a duration longer than zero" if key == "for" else "a time after the beginning"
    return f"expected {what} and at most {_longest()}; what is to stay silent for longer belongs into the file of notify.mutes"


def _longest() -> str:
    return format_duration(LONGEST)
