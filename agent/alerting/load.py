"""Rules files: YAML 1.2, read strictly. All mistakes come together, each with file, line, key and what was expected.

A rule says what differs from the bundled `default.yaml`; every other key has the value documented there.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, get_args

from agent.alerting import readers
from agent.alerting.incident import Severity
from agent.alerting.readers import BASELINES, POINTS, REAL_LANGUAGES, ExpectedError, Reader, listed, shown
from agent.alerting.rule import MEASURES, Asked, DropRule, LowRule, Rule
from agent.errors import Misconfigured, Mistake
from agent.yaml_text import Document, Keys, UnreadableError, parse_yaml

BUNDLED = re.compile(r"[\w-]+")
SEVERITIES = ("auto", *get_args(Severity))


class Key(NamedTuple):
    """How a key is read, and what it is when it is absent; `...` where it must be there."""

    read: Reader
    default: Any = ...


def load(names: Sequence[str], folder: Path, base: Path = Path()) -> list[Rule]:
    """The rules of bundled files (`default`) and of paths, in order; paths are relative to `base`. Raises Misconfigured."""
    rules: list[Rule] = []
    mistakes: list[Mistake] = []
    for name in names:
        try:
            rules += parse(*_text(name, folder, base))
        except Misconfigured as wrong:
            mistakes += wrong.mistakes
    if not mistakes:
        mistakes = [Mistake("rules", name, "expected a name that no other file gives a rule") for name in _repeated(rules)]
    if mistakes:
        raise Misconfigured(mistakes)
    return rules


def parse(text: str, file: str) -> list[Rule]:
    """The rules of one file; raises Misconfigured with all its mistakes."""
    try:
        reader = _File(file, parse_yaml(text))
    except UnreadableError as wrong:
        place = f"{file}:{wrong.line}" if wrong.line else file
        raise Misconfigured([Mistake(place, "", f"expected YAML, found what is none: {wrong}")]) from None
    rules = reader.rules()
    if reader.mistakes:
        raise Misconfigured(reader.mistakes)
    return rules


def _text(name: str, folder: Path, base: Path) -> tuple[str, str]:
    path = folder / f"{name}.yaml" if BUNDLED.fullmatch(name) else base / name
    try:
        return path.read_text(encoding="utf-8-sig"), str(path)
    except (OSError, UnicodeDecodeError):
        known = listed(sorted(file.stem for file in folder.glob("*.yaml")))
        raise Misconfigured(
            [Mistake(str(path), "", f"expected a rules file that can be read, or a bundled one: {known}")]
        ) from None


def _repeated(rules: Iterable[Rule]) -> list[str]:
    names = [rule.name for rule in rules]
    return sorted({name for name in names if names.count(name) > 1})


class _File:
    """One document with the mistakes found so far."""

    def __init__(self, file: str, document: Document) -> None:
        self.file, self.document, self.mistakes = file, document, list[Mistake]()

    def rules(self) -> list[Rule]:
        """Every rule that could be read."""
        for at, lines in self.document.repeated.items():
            self._wrong(at, f"expected the key once, found it on lines {listed(map(str, lines))}")
        data = self.document.data
        entries = data.get("rules") if isinstance(data, dict) else None
        if not isinstance(data, dict) or not isinstance(entries, list):
            self._wrong(("rules",), f"expected a list of rules, found {shown(entries)}")
            return []
        for key in sorted(data.keys() - {"rules"}, key=str):
            self._wrong((str(key),), f"expected rules, found {shown(key)}")
        rules = [rule for at, entry in enumerate(entries) if (rule := self._rule(("rules", str(at)), entry)) is not None]
        for name in _repeated(rules):
            self._wrong(("rules",), f"expected each name once, found {name!r} again")
        return rules

    def _rule(self, at: Keys, entry: Any) -> Rule | None:
        kind = entry.get("kind") if isinstance(entry, dict) else entry
        if not isinstance(entry, dict) or not isinstance(kind, str) or kind not in KINDS:
            self._wrong((*at, "kind"), f"expected one of {listed(KINDS)}, found {shown(kind)}")
            return None
        before = len(self.mistakes)
        keys, make = KINDS[kind]
        for name in sorted(entry.keys() - keys.keys(), key=str):
            self._wrong((*at, str(name)), f"expected one of {listed(keys)}, found {shown(name)}")
        values = {name: self._value((*at, name), entry, name, key) for name, key in keys.items()}
        return make(values) if len(self.mistakes) == before else None

    def _value(self, at: Keys, entry: Mapping[str, Any], name: str, key: Key) -> Any:
        if name not in entry and key.default is not ...:
            return key.default
        try:
            return key.read(entry.get(name))
        except ExpectedError as no:
            self._wrong((*at, *no.at), no.text)
            return None

    def _wrong(self, at: Keys, expected: str) -> None:
        self.mistakes.append(Mistake(f"{self.file}:{self._line(at)}", ".".join(at), expected))

    def _line(self, at: Keys) -> int:
        """The line of the deepest part of the path that is there."""
        while at and at not in self.document.places:
            at = at[:-1]
        return self.document.places[at].line if at else 1


def _drop(values: Mapping[str, Any]) -> Rule:
    kept = {name: values[name] for name in (*COMMON, "measures", "baselines", "min_events", "overrides") if name != "kind"}
    return DropRule(**kept, threshold=values["threshold"] / 100, asked=Asked(version=values["z"]), for_minutes=values["for"])


def _low(values: Mapping[str, Any]) -> Rule:
    return LowRule(**{name: value for name, value in values.items() if name != "kind"})


COMMON: Mapping[str, Key] = {
    "name": Key(readers.name),
    "kind": Key(readers.text),
    "where": Key(readers.where, REAL_LANGUAGES),
    "severity": Key(readers.one_of(SEVERITIES), "auto"),
    "labels": Key(readers.texts, {}),
    "annotations": Key(readers.texts, {}),
}
DROP: Mapping[str, Key] = {
    **COMMON,
    "measures": Key(readers.some_of(MEASURES), MEASURES),
    "baselines": Key(readers.some_of(BASELINES), BASELINES),
    "threshold": Key(POINTS, 3.0),
    "z": Key(readers.z, 3.5),
    "min_events": Key(readers.count, 50),
    "for": Key(readers.minutes, 5),
    "overrides": Key(readers.overrides, {}),
}
KINDS: Mapping[str, tuple[Mapping[str, Key], Callable[[Mapping[str, Any]], Rule]]] = {"drop": (DROP, _drop), "low": (COMMON, _low)}
