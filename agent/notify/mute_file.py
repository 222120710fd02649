"""The file of mutes: YAML 1.2, read strictly. All mistakes come together, each with file, line, key and what was expected."""

import re
from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from agent.alerting import readers
from agent.alerting.reading import ExpectedError, Reader, read, text_of, together, unexpected
from agent.notify.mute import WEEKDAYS, Between, Mute, Window, expected_label, id_of, minute_of_day
from agent.times import parse_time

TIME: Final = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]|24:00")
ANY_TIME: Final = datetime(2026, 1, 1, tzinfo=UTC)
FIELDS: Final = {"from": "starts_at", "until": "ends_at"}  # where the record has another name than the file


def load(file: Path, own: Collection[str] | None = ()) -> list[Mute]:
    """The mutes of a file; `own` are the labels that rules give, None where they are not known. Raises Misconfigured with all mistakes."""
    return parse(text_of(file, "a file of mutes that can be read"), str(file), own)


def parse(text: str, file: str, own: Collection[str] | None = ()) -> list[Mute]:
    """The mutes of a text; raises Misconfigured with all mistakes."""
    mute = readers.each("a list of mutes", lambda value: _mute(value, own))
    whole = readers.keys({"mutes": readers.or_nothing(mute)}, ["mutes"])
    mutes: list[Mute] = read(text, file, lambda value: whole({} if value is None else value)["mutes"])
    return mutes


def _mute(value: Any, own: Collection[str] | None) -> Mute:
    known: dict[str, Reader] = {
        "match": lambda labels: _match(labels, own),
        "everything": _yes,
        "reason": readers.text,
        "author": readers.text,
        "from": _time,
        "until": _time,
        "windows": readers.each("a list of {weekdays, times, timezone}", _window),
    }
    said = readers.keys(known, ["reason"])(value)
    if ("match" in said) == ("everything" in said):
        raise unexpected("either match with labels, or everything: true", value)
    match, windows = said.pop("match", {}), tuple(said.pop("windows", ()))
    said.pop("everything", None)
    given = {FIELDS.get(key, key): each for key, each in said.items()}
    if given.get("starts_at") and given.get("ends_at") and given["ends_at"] <= given["starts_at"]:
        raise ExpectedError([(("until",), "expected a time after that of from")])
    name = id_of(match, given.get("starts_at"), given.get("ends_at"), windows)
    return Mute(id=name, match=match, windows=windows, source="file", **given)


def _match(value: Any, own: Collection[str] | None) -> dict[str, tuple[str, ...]]:
    if not isinstance(value, dict) or not value:
        raise unexpected("labels with the values that they must have", value)
    labels = {str(name): values for name, values in value.items()}
    return dict(zip(labels, together((name, _values(name, own), values) for name, values in labels.items()), strict=True))


def _values(name: str, own: Collection[str] | None) -> Reader:
    """The values of a label; one of them may stand without its list."""

    def values(value: Any) -> tuple[str, ...]:
        listed = value if isinstance(value, list) else [value]
        if not listed or not all(isinstance(one, str) for one in listed):
            raise unexpected("a text, or a list of texts", value)
        if expected := expected_label(name, listed, own):
            raise ExpectedError([((), expected)])
        return tuple(dict.fromkeys(listed))

    return values


def _yes(value: Any) -> bool:
    if value is not True:
        raise unexpected("true", value)
    return True


def _time(value: Any) -> datetime:
    try:
        if isinstance(value, str) and not value.startswith("-"):
            return parse_time(value, ANY_TIME)
    except ValueError:
        pass
    raise unexpected("a date, or a time such as 2026-11-01T08:00:00Z", value)


def _window(value: Any) -> Window:
    known: dict[str, Reader] = {
        "timezone": _timezone,
        "weekdays": readers.some_of(WEEKDAYS),
        "times": readers.each('a list of {from: "HH:MM", to: "HH:MM"}', _between),
    }
    said = readers.keys(known, ["timezone"])(value)
    fields: dict[str, Any] = {key: tuple(each) if key == "times" else each for key, each in said.items()}
    return Window(**fields)


def _between(value: Any) -> Between:
    said = readers.keys({"from": _clock, "to": _clock}, ["from", "to"])(value)
    if minute_of_day(said["from"]) == minute_of_day(said["to"]) or said["from"] == "24:00":
        raise ExpectedError([((), "expected two different times, the first before 24:00")])
    return Between(said["from"], said["to"])


def _clock(value: Any) -> str:
    if isinstance(value, str) and TIME.fullmatch(value):
        return value
    raise unexpected('a time of the day such as "01:30", up to "24:00"', value)


def _timezone(value: Any) -> str:
    try:
        if isinstance(value, str) and ZoneInfo(value):
            return value
    except (ZoneInfoNotFoundError, ValueError, OSError):
        pass
    raise unexpected("an IANA time zone such as Europe/Berlin", value)
