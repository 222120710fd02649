"""YAML 1.2 with places: what a text says, and on which line each of its keys stands."""

import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from ruamel.yaml import YAML
from ruamel.yaml.constructor import SafeConstructor
from ruamel.yaml.error import MarkedYAMLError, ReusedAnchorWarning, YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

Keys = tuple[str, ...]
"""The keys that lead to a value; the index of an entry of a list is written as text."""

_OF_THE_TEXT = re.compile(r"\b(alias|anchor|tag|handle) .*", re.DOTALL)


class Place(NamedTuple):
    """Where something stands in a text, counted from 1."""

    line: int
    column: int


class Document(NamedTuple):
    """What a text says, where its keys stand, and on which lines those stand that are there more than once."""

    data: object
    places: Mapping[Keys, Place]
    repeated: Mapping[Keys, tuple[int, ...]]


class UnreadableError(ValueError):
    """The text cannot be read; its message repeats nothing of the text, and `line` counts from 1 where it is known."""

    def __init__(self, problem: str, line: int | None = None) -> None:
        self.line = line
        super().__init__(problem)


class _Constructor(SafeConstructor):
    """Leaves times as they are written."""


_Constructor.add_constructor("tag:yaml.org,2002:timestamp", SafeConstructor.construct_yaml_str)


def parse_yaml(text: str) -> Document:
    """Read one document; of a repeated key the first value counts. Raises UnreadableError."""
    try:
        found: dict[Keys, list[Place]] = {}
        for at, place in _places(_read(_yaml().compose, text), ()):
            found.setdefault(at, []).append(place)
        data = _read(_yaml().load, text)
    except RecursionError:
        raise UnreadableError("it is nested without end") from None
    twice = {at: tuple(place.line for place in places) for at, places in found.items() if len(places) > 1}
    outermost = {at: lines for at, lines in twice.items() if not any(at[:n] in twice for n in range(1, len(at)))}
    return Document(data, {at: places[0] for at, places in found.items()}, outermost)


def _read(read: Callable[[str], Any], text: str) -> Any:
    """What the library makes of the text; what it raises as it reads is a mistake of the text. Raises UnreadableError."""
    try:
        return _quietly(read, text)
    except MarkedYAMLError as wrong:
        mark = wrong.problem_mark or wrong.context_mark
        problem = _OF_THE_TEXT.sub(r"\1", wrong.problem or "it cannot be read")
        raise UnreadableError(problem, mark.line + 1 if mark else None) from None
    except (YAMLError, ValueError, LookupError, TypeError, AttributeError):  # the last three: such as !!int before what is none
        raise UnreadableError("it holds a character, a number or a tag that cannot be read") from None


def _quietly(read: Callable[[str], Any], text: str) -> Any:
    """An anchor may be used again; the warning about it would repeat lines of the text."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ReusedAnchorWarning)
        return read(text)


def _yaml() -> YAML:
    yaml = YAML(typ="safe", pure=True)
    yaml.Constructor = _Constructor
    yaml.allow_duplicate_keys = True
    return yaml


def _places(node: Any, at: Keys) -> Iterator[tuple[Keys, Place]]:
    for key, value, mark in _children(node):
        yield (*at, key), Place(mark.line + 1, mark.column + 1)
        yield from _places(value, (*at, key))


def _children(node: Any) -> list[tuple[str, Any, Any]]:
    if isinstance(node, MappingNode):
        return [(key.value, value, key.start_mark) for key, value in node.value if isinstance(key, ScalarNode)]
    if isinstance(node, SequenceNode):
        return [(str(index), value, value.start_mark) for index, value in enumerate(node.value)]
    return []
