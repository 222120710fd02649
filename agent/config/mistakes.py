"""What pydantic found wrong, in sentences for people: what was expected, what was found, and never a secret."""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple, get_args

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from agent.config.checks import did_you_mean
from agent.config.section import Section, keys_of
from agent.config.settings import SECRETS, TABLES_OF_SECRETS, Settings
from agent.yaml_text import Keys

_SHOWN: Final = 60
_EXPECTED: Final[Mapping[str, str]] = {
    "missing": "a value",
    "string_type": "text",
    "string_too_short": "text that is not empty",
    "int_type": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "too_short": "a list of at least {min_length}",
    "mapping_type": "keys with values",
    "dict_type": "keys with values",
    "model_type": "keys with values",
    "invalid_key": "a key that is text",
    "greater_than": "more than {gt:g}",
    "greater_than_equal": "{ge:g} or more",
    "less_than_equal": "{le:g} or less",
    "literal_error": "{expected}",
    "value_error": "{error}",
    "expected": "{what}",
}
_OF_CONTAINERS: Final = frozenset({"tuple_type", "mapping_type", "dict_type", "model_type"})


class Problem(NamedTuple):
    """Something wrong with the value at this path."""

    at: Keys
    expected: str


def problems_of(error: ValidationError) -> list[Problem]:
    """One problem for each error of the settings."""
    return [_problem(details) for details in error.errors(include_url=False) if not _is_echo(details)]


def found(value: object) -> str:
    """What stands there; of lists, mappings and texts that may hold a password only what they are."""
    match value:
        case None:
            return "nothing"
        case bool():
            return str(value).lower()
        case int() | float():
            return str(value)
        case str() if "@" not in value and "://" not in value:
            return repr(value if len(value) <= _SHOWN else f"{value[:_SHOWN]}…")
        case _:
            return kind_of(value)


def kind_of(value: object) -> str:
    """What sort of thing stands there, without showing it."""
    match value:
        case None:
            return "nothing"
        case bool() | int() | float():
            return "a number or a truth value"
        case str():
            return "other text" if value else "empty text"
        case dict():
            return "keys with values"
        case list():
            return "a list" if value else "an empty list"
        case _:
            return "something else"


def is_secret(at: Keys) -> bool:
    """Whether the value at a path is a secret: it stands in a table of them, or has the name of one and a twin beside it for its file."""
    if at[-2:-1] and at[-2] in TABLES_OF_SECRETS:
        return any(at[-2] in keys_of(section) for section in _sections_at(at[:-2]))
    return at[-1] in SECRETS and any(f"{at[-1]}_file" in keys_of(section) for section in _sections_at(at[:-1]))


def _is_echo(details: ErrorDetails) -> bool:
    """A list is also called too short when its entries are wrong."""
    return details["type"] == "too_short" and len(details["input"]) >= details["ctx"]["min_length"]


def _problem(details: ErrorDetails) -> Problem:
    at = tuple(str(part) for part in details["loc"] if part != "[key]")
    if details["type"] == "extra_forbidden":
        return Problem(at, _unknown_key(at))
    template = _EXPECTED.get(details["type"])
    expected = template.format(**details.get("ctx", {})) if template else details["msg"]
    return Problem(at, f"expected {expected}, found {_found(at, details)}")


def _found(at: Keys, details: ErrorDetails) -> str:
    value = details["input"]
    if details["type"] == "missing":
        return "nothing"
    hint = " (quotes make it text)" if details["type"] == "string_type" and isinstance(value, bool | int | float) else ""
    hidden = details["type"] in _OF_CONTAINERS or any(is_secret(at[:n]) for n in range(1, len(at) + 1))
    return (kind_of(value) if hidden else found(value)) + hint


def _unknown_key(at: Keys) -> str:
    """Receivers of all types stand at the same path: a key that another type has is as unknown as any."""
    known = sorted({key for section in _sections_at(at[:-1]) for key in keys_of(section)} - {at[-1]})
    near = did_you_mean(at[-1], known)
    return f"expected {'a known key' if near else 'one of ' + ', '.join(known)}, found {found(at[-1])}{near}"


def _sections_at(at: Keys) -> list[type[Section]]:
    """The sections that may stand at a path; names that people choose and indexes lead no deeper."""
    sections: list[type[Section]] = [Settings]
    for part in at:
        below = [s for section in sections if part in keys_of(section) for s in _sections_in(keys_of(section)[part].annotation)]
        sections = below or sections
    return sections


def _sections_in(annotation: object) -> Iterator[type[Section]]:
    if isinstance(annotation, type) and issubclass(annotation, Section):
        yield annotation
    for part in get_args(annotation):
        yield from _sections_in(part)
