"""A YAML file is read whole: all that is wrong in it comes together, each mistake with file, line, key and what was expected."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from agent.errors import Misconfigured, Mistake
from agent.yaml_text import Document, Keys, UnreadableError, parse_yaml

Name = TypeVar("Name")
Value = TypeVar("Value")
Reader = Callable[[Any], Any]
"""Returns what it read, or raises ExpectedError with everything that it expected instead."""
Wrong = tuple[Keys, str]

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
