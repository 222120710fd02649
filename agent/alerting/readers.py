"""How the values of a rules file are read: each reader returns what it read or says what it expected."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, get_args

from agent.alerting.rule import NO_LANGUAGE, Condition, Field
from agent.times import parse_duration
from agent.yaml_text import Keys

Reader = Callable[[Any], Any]

FIELDS = get_args(Field)
BASELINES = ("version",)
REAL_LANGUAGES = (Condition("language", NO_LANGUAGE, negated=True),)
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
MINUTE = timedelta(minutes=1)
LONGEST = timedelta(days=1)
SHOWN = 60


class ExpectedError(Exception):
    """A value is not what its key takes; `at` leads from the key to what is wrong. `load` makes a mistake of it."""

    def __init__(self, expected: str, found: object, at: Keys = ()) -> None:
        self.text, self.at = f"expected {expected}, found {shown(found)}", at
        super().__init__(self.text)

    def below(self, *keys: str) -> "ExpectedError":
        """The same, seen from further up."""
        self.at = (*keys, *self.at)
        return self


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


def name(value: Any) -> str:
    """A rule's name."""
    if isinstance(value, str) and NAME.fullmatch(value):
        return value
    raise ExpectedError("a name of lower-case letters, digits, - and _", value)


def one_of(names: Sequence[str]) -> Reader:
    """One of these words."""

    def read(value: Any) -> str:
        if isinstance(value, str) and value in names:
            return value
        raise ExpectedError(f"one of {listed(names)}", value)

    return read


def some_of(names: Sequence[str]) -> Reader:
    """At least one of these words."""

    def read(value: Any) -> tuple[str, ...]:
        return tuple(dict.fromkeys(_each(value, f"a list of {listed(names)}", one_of(names))))

    return read


def number(low: float, high: float, unit: str) -> Reader:
    """A number in this range."""

    def read(value: Any) -> float:
        if isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high:
            return float(value)
        raise ExpectedError(f"a number of {unit} from {low:g} to {high:g}", value)

    return read


def count(value: Any) -> int:
    """A number of queries."""
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 1_000_000:  # noqa: PLR2004 - said in the text
        return value
    raise ExpectedError("a whole number of queries from 1 to 1000000", value)


def minutes(value: Any) -> int:
    """Whole minutes, from a duration as in Prometheus."""
    try:
        duration = parse_duration(value) if isinstance(value, str) else timedelta(0)
    except ValueError:
        duration = timedelta(0)
    if MINUTE <= duration <= LONGEST and not duration % MINUTE:
        return duration // MINUTE
    raise ExpectedError("a duration in whole minutes from 1m to 1d, such as 5m or 1h", value)


def where(value: Any) -> tuple[Condition, ...]:
    """The conditions; unless they speak of the language, what is no single language is left out."""
    stated: list[Condition] = []
    for field, said in _map(value, "fields, each with a list of texts or {not: [texts]}").items():
        if field not in FIELDS:
            raise ExpectedError(f"one of {listed(FIELDS)}", field, (field,))
        stated.append(_condition(field, said))
    return (*stated, *(() if "language" in value else REAL_LANGUAGES))


def _condition(field: Field, said: Any) -> Condition:
    negated = isinstance(said, dict) and list(said) == ["not"]
    try:
        return Condition(field, tuple(_each(said["not"] if negated else said, "a list of texts, or {not: [texts]}", text)), negated)
    except ExpectedError as no:
        raise no.below(field, *(["not"] if negated else [])) from None


def z(value: Any) -> float:
    """The standard errors that the version baseline asks for."""
    for key in _map(value, "a number of standard errors for each baseline"):
        if key not in BASELINES:
            raise ExpectedError(f"one of {listed(BASELINES)}", key, (key,))
    try:
        return float(number(1, 20, "standard errors")(value.get("version")))
    except ExpectedError as no:
        raise no.below("version") from None


def overrides(value: Any) -> dict[str, float]:
    """Languages with a threshold (0..1) of their own."""
    pairs = _each(value, "a list of {language: text, threshold: points}", _override) if value != [] else []
    return dict(pairs)


def _override(value: Any) -> tuple[str, float]:
    if not isinstance(value, dict) or set(value) != {"language", "threshold"}:
        raise ExpectedError("{language: text, threshold: points}", value)
    read: dict[str, Any] = {}
    for key, reader in (("language", text), ("threshold", POINTS)):
        try:
            read[key] = reader(value[key])
        except ExpectedError as no:
            raise no.below(key) from None
    return read["language"], read["threshold"] / 100


def texts(value: Any) -> dict[str, str]:
    """A map from text to text."""
    for key, said in _map(value, "texts by name").items():
        if not isinstance(said, str):
            raise ExpectedError("text", said, (str(key),))
    return dict(value)


def text(value: Any) -> str:
    """Text that is not empty."""
    if isinstance(value, str) and value:
        return value
    raise ExpectedError("text", value)


def _each(value: Any, expected: str, reader: Reader) -> list[Any]:
    """A list that is not empty, entry by entry."""
    if not isinstance(value, list) or not value:
        raise ExpectedError(expected, value)
    read = []
    for at, entry in enumerate(value):
        try:
            read.append(reader(entry))
        except ExpectedError as no:
            raise no.below(str(at)) from None
    return read


def _map(value: Any, expected: str) -> Mapping[Any, Any]:
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return value
    raise ExpectedError(expected, value)


POINTS = number(0.1, 100, "points")
