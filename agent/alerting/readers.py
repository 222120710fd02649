"""How the values of a YAML file are read: each reader returns what it read, or raises with everything that it expected instead."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

from agent.errors import Misconfigured, Mistake
from agent.times import format_duration, parse_duration
from agent.yaml_text import Document, Keys, UnreadableError, parse_yaml

Name = TypeVar("Name")
Value = TypeVar("Value")
Reader = Callable[[Any], Any]
Wrong = tuple[Keys, str]

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
MINUTE = timedelta(minutes=1)
SHOWN = 60


class ExpectedError(Exception):
    """Values are not what their keys take; each of `wrong` leads from here to one of them and says what was expected."""

    def __init__(self, wrong: Sequence[Wrong]) -> None:
        self.wrong = tuple(wrong)
        super().__init__("; ".join(text for _, text in wrong))


class UnreadError(Misconfigured):
    """At least one of the files that were named cannot be opened; the mistakes of the others are told beside it."""


def unexpected(expected: str, found: object, *at: str) -> ExpectedError:
    """What is to be raised where one value is wrong."""
    return ExpectedError([(at, f"expected {expected}, found {shown(found)}")])


def gathered(names: Iterable[Name], read: Callable[[Name], Value]) -> list[Value]:
    """What is read by each name; the mistakes of all come together, as UnreadError where one of them is one."""
    done: list[Value] = []
    wrong: list[Misconfigured] = []
    for name in names:
        try:
            done.append(read(name))
        except Misconfigured as no:
            wrong.append(no)
    if wrong:
        error = UnreadError if any(isinstance(no, UnreadError) for no in wrong) else Misconfigured
        raise error([mistake for no in wrong for mistake in no.mistakes])
    return done


def text_of(file: Path, expected: str) -> str:
    """The text of a file; raises UnreadError that says what was expected there."""
    try:
        return file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise UnreadError([Mistake(str(file), "", f"expected {expected}")]) from None


def read(text: str, file: str, reader: Reader) -> Any:
    """What a reader makes of a YAML text; raises Misconfigured with all mistakes, each with file, line, key and what was expected."""
    try:
        document = parse_yaml(text)
    except UnreadableError as no:
        place = f"{file}:{no.line}" if no.line else file
        raise Misconfigured([Mistake(place, "", f"expected YAML, found what is none: {no}")]) from None
    wrong = [(at, f"expected the key once, found it on lines {listed(map(str, lines))}") for at, lines in document.repeated.items()]
    try:
        value = reader(document.data)
    except ExpectedError as no:
        wrong += no.wrong
    if wrong:
        placed = sorted((_line(document, at), number, ".".join(at), text) for number, (at, text) in enumerate(wrong))
        raise Misconfigured([Mistake(f"{file}:{line}", key, text) for line, _, key, text in placed])
    return value


def _line(document: Document, at: Keys) -> int:
    """The line of the deepest part of the path that is there."""
    while at and at not in document.places:
        at = at[:-1]
    return document.places[at].line if at else 1


def shown(value: object) -> str:
    """What stands there: a short value as it is, of others what they are."""
    if value is None:
        return "nothing"
    if isinstance(value, dict | list):
        return ("keys with values" if isinstance(value, dict) else "a list") if value else "nothing in it"
    text = str(value).lower() if isinstance(value, bool) else repr(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def listed(names: Iterable[str]) -> str:
    """The names as they stand in a mistake."""
    return ", ".join(names)


def together(readings: Iterable[tuple[str, Reader, Any]]) -> list[Any]:
    """Each value through its reader; what is wrong with any of them is told together."""
    done: list[Any] = []
    wrong: list[Wrong] = []
    for at, reader, value in readings:
        try:
            done.append(reader(value))
        except ExpectedError as no:
            wrong += [((at, *below), text) for below, text in no.wrong]
    if wrong:
        raise ExpectedError(wrong)
    return done


def keys(known: Mapping[str, Reader], needed: Sequence[str] = ()) -> Reader:
    """A map with some of these keys, and all that are needed; what is left out is left out of the answer."""

    def read(value: Any) -> dict[str, Any]:
        given = _map(value, f"keys with values, of {listed(known)}")
        names = [name for name in known if name in given or name in needed]
        strange = sorted(given.keys() - known.keys())
        readings = [(name, one_of(list(known)), name) for name in strange]
        done = together([*readings, *((name, known[name], given.get(name)) for name in names)])
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
    given = _map(value, "texts by name")
    return dict(zip(given, together((key, _any_text, said) for key, said in given.items()), strict=True))


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


def number(low: float, high: float, unit: str) -> Reader:
    """A number in this range."""

    def read(value: Any) -> float:
        if isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high:
            return float(value)
        raise unexpected(f"a number of {unit} from {low:g} to {high:g}", value)

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


def _map(value: Any, expected: str) -> Mapping[str, Any]:
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return value
    raise unexpected(expected, value)
