"""A span as every dialect reads it, whether it came as protobuf or as JSON."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from math import inf, isfinite
from typing import Any, Final, NamedTuple, TypeVar

from msgspec import Struct

Origin = TypeVar("Origin")
REDACTED: Final = "__REDACTED__"
NO_TEXT: Final = frozenset(["", REDACTED])
NANOSECONDS: Final = 1_000_000  # in a millisecond


class Attributes:
    """Attributes by their names, each made plain only when it is asked for: embedding vectors never are."""

    __slots__ = ("_plain", "_values")

    def __init__(self, values: Mapping[str, Any], plain: Callable[[Any], Any]) -> None:
        """`values`: as they came; `plain` makes one text, number, boolean, list, table or None, whatever it is."""
        self._values, self._plain = values, plain

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def get(self, name: str) -> Any:
        """The value, None where there is none."""
        value = self._values.get(name)
        return None if value is None else self._plain(value)

    def many(self, names: Iterable[str]) -> list[Any]:
        """The values of these names, None where there is none."""
        values, plain = self._values, self._plain
        return [None if (value := values.get(name)) is None else plain(value) for name in names]

    def text(self, *names: str) -> str | None:
        """The first of these that is a text, and neither empty nor redacted."""
        for name in names:
            value = self._values.get(name)
            if value is not None and isinstance(found := self._plain(value), str) and found not in NO_TEXT:
                return found
        return None

    def whole(self, *names: str) -> int | None:
        """The first of these that is a whole number, in whatever type."""
        found = (as_number(self.get(name)) for name in names if name in self._values)
        return next((int(number) for number in found if number is not None and number == int(number)), None)

    def among(self, names: Iterable[str]) -> dict[str, Any]:
        """Those of these names that are there, plain."""
        return {name: self.get(name) for name in self._values.keys() & names}

    def all(self) -> dict[str, Any]:
        """All of them, plain."""
        return {name: self.get(name) for name in self._values}


class SpanEvent(NamedTuple):
    """Something that happened in a span."""

    name: str
    attributes: Attributes


class Resource(Struct, gc=False):
    """Who made spans; `fields` is what that says of all their events, once it was asked."""

    attributes: Attributes
    fields: tuple[Mapping[str, Any], Mapping[str, Any]] | None = None


class Span(Struct, frozen=True, gc=False):
    """One span. Ids are hexadecimal and small, times nanoseconds since the Unix epoch, 0 where they are not told.

    `dropped`: how many attributes the SDK left out, since there were too many. `events` are read when they are asked for. `origin` is
    where the span stands in its record.
    """

    trace_id: str
    span_id: str
    parent_id: str
    name: str
    scope: str
    state: str
    start: int
    end: int
    failed: bool
    dropped: int
    attributes: Attributes
    resource: Resource
    events: Callable[[], Sequence[SpanEvent]]
    origin: Any

    @property
    def id(self) -> str:
        """The id of the event that a retrieval is; empty where the span cannot be told from others."""
        return f"{self.trace_id}:{self.span_id}" if self.trace_id.strip("0") and self.span_id.strip("0") else ""

    @property
    def milliseconds(self) -> float | None:
        """How long it took; None where its times tell nothing."""
        return (self.end - self.start) / NANOSECONDS if 0 < self.start <= self.end else None


def alike(origins: Sequence[Origin], part: str) -> list[list[Origin]]:
    """Origins that follow each other and have the same resource, or scope: the very same object, since equal ones take long to compare."""
    return [list(some) for _, some in groupby(origins, lambda origin: id(getattr(origin, part)))]


def as_number(value: Any) -> float | None:
    """A number, or a text that is one (some clients write scores so); None for all else, and for what is not finite."""
    if type(value) is not float:  # what most are
        try:
            value = float(value) if isinstance(value, int | str) and not isinstance(value, bool) else inf
        except (ValueError, OverflowError):
            return None
    return value if isfinite(value) else None


def as_text(value: Any) -> str | None:
    """A text, or a number as one, as ids are written; None for all else and for what is empty or redacted."""
    if not isinstance(value, str):
        value = str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""
    return value if value not in NO_TEXT else None
