"""How the values of a YAML file are read: what each kind of key takes, and what is said where it is something else."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from agent.alerting.reading import ExpectedError, Reader, listed, shown, together, unexpected
from agent.times import format_duration, parse_duration

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
MINUTE = timedelta(minutes=1)


def keys(known: Mapping[str, Reader], needed: Sequence[str] = ()) -> Reader:
    """A map with some of these keys, and all that are needed; what is left out is left out of the answer."""

    def read(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise unexpected(f"keys with values, of {listed(known)}", value)
        names = [name for name in known if name in value or name in needed]
        strange = [(str(key), one_of(list(known)), key) for key in value if key not in known]
        done = together([*strange, *((name, known[name], value.get(name)) for name in names)])
        return dict(zip(names, done, strict=True))

    return read


def each(expected: str, reader: Reader, once: str = "") -> Reader:
    """A list that is not empty, entry by entry; no two of them have the same value of the key `once`."""

    def read(value: Any) -> list[Any]:
        if not isinstance(value, list) or not value:
            raise unexpected(expected, value)
        readings = [(str(at), reader, entry) for at, entry in enumerate(value)]
        return together([*readings, *_again(value, once)])

    return read


def _again(entries: Sequence[Any], once: str) -> Iterable[tuple[str, Reader, Any]]:
    """The entries that repeat a text of an earlier one, as readings that fail."""
    seen: set[str] = set()
    for at, entry in enumerate(entries):
        text = entry.get(once) if isinstance(entry, dict) else None
        if isinstance(text, str) and text in seen:
            yield str(at), _refuse(ExpectedError([((once,), f"expected each {once} once, found {shown(text)} again")])), text
        elif isinstance(text, str):
            seen.add(text)


def _refuse(error: ExpectedError) -> Reader:
    def read(_: Any) -> None:
        raise error

    return read


def or_nothing(reader: Reader) -> Reader:
    """The same, where an empty list is good too."""
    return lambda value: [] if value == [] else reader(value)


def name(value: Any) -> str:
    """A rule's name."""
    if isinstance(value, str) and NAME.fullmatch(value):
        return value
    raise unexpected("a name of lower-case letters, digits, - and _", value)


def text(value: Any) -> str:
    """Text that is not empty."""
    if isinstance(value, str) and value:
        return value
    raise unexpected("text", value)


def texts(value: Any) -> dict[str, str]:
    """A map from text to text."""
    if not isinstance(value, dict):
        raise unexpected("texts by name", value)
    names = [(str(key), text, key) for key in value if not isinstance(key, str)]
    done = together([*names, *((str(key), _any_text, said) for key, said in value.items())])
    return dict(zip(value, done, strict=True))


def _any_text(value: Any) -> str:
    return value if value == "" else text(value)


def one_of(names: Sequence[str]) -> Reader:
    """One of these words."""

    def read(value: Any) -> str:
        if isinstance(value, str) and value in names:
            return value
        raise unexpected(f"one of {listed(names)}" if len(names) > 1 else names[0], value)

    return read


def some_of(names: Sequence[str]) -> Reader:
    """At least one of these words, each once."""
    words = each(f"a list of {listed(names)}", one_of(names))
    return lambda value: tuple(dict.fromkeys(words(value)))


def number(low: float, high: float, unit: str = "") -> Reader:
    """A number in this range."""

    def read(value: Any) -> float:
        if isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high:
            return float(value)
        raise unexpected(f"a number{f' of {unit}' if unit else ''} from {low:g} to {high:g}", value)

    return read


def part(low: float, high: float, unit: str) -> Reader:
    """A number of hundredths (points, percent) in this range, as a part of 1."""
    hundredths = number(low, high, unit)
    return lambda value: hundredths(value) / 100


def count(value: Any) -> int:
    """A number of queries."""
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 1_000_000:  # noqa: PLR2004 - said in the text
        return value
    raise unexpected("a whole number of queries from 1 to 1000000", value)


def minutes(least: timedelta, most: timedelta) -> Reader:
    """Whole minutes in this range, from a duration as in Prometheus."""
    expected = f"a duration in whole minutes from {format_duration(least)} to {format_duration(most)}, such as 5m or 1h"

    def read(value: Any) -> int:
        try:
            duration = parse_duration(value) if isinstance(value, str) else timedelta(0)
        except ValueError:
            duration = timedelta(0)
        if least <= duration <= most and not duration % MINUTE:
            return duration // MINUTE
        raise unexpected(expected, value)

    return read
