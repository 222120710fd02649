"""What a rejected message looks like without what it says: keys, types and lengths stay, people's texts do not.

Nothing of a message reaches the outline unless it is known to be harmless: a number, a time, a language tag, a word of a
closed list, a key that looks like a name. So an outline is safe on a terminal, whoever wrote the message.
"""

import re
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any, Final, NamedTuple

import jmespath
import msgspec

MOST_KEYS: Final = 60
MOST_ITEMS: Final = 3
DEEPEST: Final = 12
LARGEST: Final = 10**20  # no time, count or score is larger
PRIVATE: Final = ("query", "session")
KEYED: Final = ("relevant",)  # by the ids of documents, which are no names of fields
WORDS: Final = ("score_kind", "route")
TAGS: Final = ("query_language", "locale", "response_language", "language", "target_language")
STEPS: Final = frozenset(  # of a path: what is taken is behind the last one
    ["subexpression", "index_expression", "projection", "value_projection", "filter_projection", "flatten", "pipe"]
)

_KEY = re.compile(r"[A-Za-z_@$][A-Za-z0-9_.$-]{0,39}")
_PATH = re.compile(r"[A-Za-z0-9_.]+")
_WORD = re.compile(r"[A-Za-z][A-Za-z_-]{0,19}")
_TAG = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,3}")
_TIME = re.compile(
    r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([T ,]{1,2}\d{1,2}:\d{2}(:\d{2}([.,]\d{1,9})?)?)? ?(Z|UTC|[+-]\d{2}:?\d{2})?", re.ASCII
)


class Names(NamedTuple):
    """What the log calls the fields that are treated apart, casefolded."""

    private: frozenset[str]
    keyed: frozenset[str]
    words: frozenset[str]
    tags: frozenset[str]


def names(mapping: Mapping[str, str]) -> Names:
    """Our names, and theirs: what may be shown is known from a plain path only, what must not be from any expression."""
    plain = {field: theirs for field, theirs in mapping.items() if _PATH.fullmatch(theirs)}
    return Names(_called(PRIVATE, mapping), _called(KEYED, mapping), _called(WORDS, plain), _called(TAGS, plain))


def _called(fields: Iterable[str], mapping: Mapping[str, str]) -> frozenset[str]:
    theirs = [name for field in fields if field in mapping for name in _ends(jmespath.compile(mapping[field]).parsed)]
    return frozenset(name.casefold() for name in [*fields, *theirs])


def _ends(node: Mapping[str, Any]) -> list[str]:
    """The keys whose values an expression takes: the last of a path, and that of each branch."""
    if node["type"] in {"field", "comparator"}:  # a comparison only says which
        return [node["value"]] if node["type"] == "field" else []
    children = node["children"][:2] if node["type"] == "filter_projection" else node["children"]
    found = [ends for child in children if isinstance(child, dict) and (ends := _ends(child))]
    return [name for ends in (found[-1:] if node["type"] in STEPS else found) for name in ends]


class Outline(NamedTuple):
    """A message without its texts; where it is no JSON, `problem` says where that ends."""

    value: Any
    problem: str = ""


def outline(value: bytes, known: Names) -> Outline:
    """The structure of a message."""
    try:
        value.decode()
        return Outline(_outlined(msgspec.json.decode(value), known))
    except UnicodeDecodeError as error:
        return Outline(None, f"not UTF-8 at byte {error.start}")
    except msgspec.DecodeError as error:
        return Outline(None, f"not JSON: {_where(str(error))}" if value else "no bytes")
    except RecursionError:
        return Outline(None, "nested too deeply")


def _where(error: str) -> str:
    """The words of msgspec, which name a byte and quote nothing."""
    return error.removeprefix("JSON is malformed: ").partition(" - at ")[0]


def _outlined(value: Any, known: Names, name: str = "", depth: int = 0) -> Any:
    """What stands in for a value; `name` is the key it was found under."""
    if name in known.private or (isinstance(value, dict | list) and value and depth == DEEPEST):
        return _hidden(value)
    if isinstance(value, dict):
        return _object(value, known, depth + 1, named=name not in known.keyed)
    if isinstance(value, list):
        shown = [_outlined(item, known, name, depth + 1) for item in value[:MOST_ITEMS]]
        return shown + [f"<{len(value) - MOST_ITEMS} more>"] * (len(value) > MOST_ITEMS)
    if isinstance(value, str):
        return value if _may_be_shown(value, name, known) else _hidden(value)
    if isinstance(value, bool) or value is None:
        return value
    return _hidden(value) if abs(value) >= LARGEST else value


def _hidden(value: Any) -> str | None:
    """What a value is, and how long; nothing of what is in it."""
    for type_, called in (dict, "object"), (list, "array"), (str, "text"):
        if isinstance(value, type_):
            return f"<{called}, length {len(value)}>"
    return None if value is None else "<boolean>" if isinstance(value, bool) else "<number>"


def _object(value: dict[str, Any], known: Names, depth: int, *, named: bool) -> dict[str, Any]:
    """`named`: its keys are names of fields, and not what people wrote."""
    shown: dict[str, Any] = {}
    for number, (key, item) in enumerate(islice(value.items(), MOST_KEYS), 1):
        shown[_key(key, number, named=named)] = _outlined(item, known, key.casefold() if named else "", depth)
    return shown if len(value) <= MOST_KEYS else {**shown, "<more>": f"<{len(value) - MOST_KEYS} more>"}


def _key(key: str, number: int, *, named: bool) -> str:
    """A key as it is where it is one, and looks like a name; else its place, which no other key has."""
    return key if named and _KEY.fullmatch(key) else f"<key {number}, length {len(key)}>"


def _may_be_shown(text: str, name: str, known: Names) -> bool:
    """A time; and a language tag or a single word in the fields that have them."""
    by_field = [_WORD] * (name in known.words) + [_TAG] * (name in known.tags)
    return any(pattern.fullmatch(text) for pattern in [_TIME, *by_field])
