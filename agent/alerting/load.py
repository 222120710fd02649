"""Rules files: YAML 1.2, read strictly. All mistakes come together, each with file, line, key and what was expected.

A key that a rule leaves out has the default of its record in `rule.py`; the bundled files in `rules/` say what it means.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple, get_args

from agent.alerting import readers
from agent.alerting.incident import Severity
from agent.alerting.readers import each, keys, one_of, or_nothing, some_of
from agent.alerting.reading import Reader, gathered, listed, read, text_of, together, unexpected
from agent.alerting.rule import (
    MEASURES,
    REAL_LANGUAGES,
    Asked,
    BaselineKind,
    Condition,
    DropRule,
    Field,
    GapRule,
    LagRule,
    LowRule,
    Rule,
    Share,
    ShareRule,
    VanishedRule,
)
from agent.errors import Misconfigured, Mistake

REPEATED = "expected a name that {} does not give a rule; to change a rule, copy that file and name yours instead"
BUNDLED = re.compile(r"[\w-]+")


class Kind(NamedTuple):
    """The record of a kind of rule, and how each of its keys is read."""

    make: type[Rule]
    keys: Mapping[str, Reader]
    needed: Sequence[str] = ("name", "kind")


def load(names: Sequence[str], folder: Path, base: Path = Path()) -> list[Rule]:
    """The rules of bundled files (`default`) and of paths, in order; paths are relative to `base`.

    Raises Misconfigured with all mistakes, UnreadError where one of the files cannot be opened.
    """
    files = gathered(names, lambda name: parse(*_text(name, folder, base)))
    rules = list(chain.from_iterable(files))
    if again := list(_repeated(zip(names, files, strict=True))):
        raise Misconfigured(
            [Mistake(str(path_of(file, folder, base)), rule, REPEATED.format(first)) for file, rule, first in again]
        )
    return rules


def path_of(name: str, folder: Path, base: Path = Path()) -> Path:
    """The file that is meant by the name of a bundled one, or by a path."""
    return folder / f"{name}.yaml" if BUNDLED.fullmatch(name) else base / name


def parse(text: str, file: str) -> list[Rule]:
    """The rules of one file; raises Misconfigured with all its mistakes."""
    rules: list[Rule] = read(text, file, _file)
    return rules


def _text(name: str, folder: Path, base: Path) -> tuple[str, str]:
    path, known = path_of(name, folder, base), listed(sorted(file.stem for file in folder.glob("*.yaml")))
    return text_of(path, f"a rules file that can be read, or a bundled one: {known}"), str(path)


def _repeated(files: Iterable[tuple[str, Iterable[Rule]]]) -> Iterator[tuple[str, str, str]]:
    """Each rule whose name an earlier file gives: its file, its name, the earlier file."""
    known: dict[str, str] = {}
    for file, rules in files:
        for rule in rules:
            if rule.name in known:
                yield file, rule.name, known[rule.name]
            known.setdefault(rule.name, file)


def _file(value: Any) -> list[Rule]:
    rules: list[Rule] = FILE({} if value is None else value)["rules"]
    return rules


def _rule(value: Any) -> Rule:
    if not isinstance(value, dict):
        raise unexpected("a rule with name and kind", value)
    (name,) = together([("kind", one_of(list(KINDS)), value.get("kind"))])
    kind = KINDS[name]
    given = keys(kind.keys, kind.needed)(value)
    return kind.make(**{FIELDS.get(key, key): said for key, said in given.items() if key != "kind"})


def _where(value: Any) -> tuple[Condition, ...]:
    """The conditions; unless they speak of the language, what is no single language is left out."""
    stated = keys({field: _condition(field) for field in get_args(Field)})(value)
    return (*stated.values(), *(() if "language" in stated else REAL_LANGUAGES))


def _condition(field: Field) -> Reader:
    values = each("a list of texts, or {not: [texts]}", readers.text)

    def read(value: Any) -> Condition:
        negated = isinstance(value, dict) and list(value) == ["not"]
        return Condition(field, tuple(keys({"not": values})(value)["not"] if negated else values(value)), negated)

    return read


def _asked(*baselines: str) -> Reader:
    """The standard errors by baseline; what is left out has its default."""
    z = keys(dict.fromkeys(baselines, readers.number(1, 20, "standard errors")))
    return lambda value: Asked(**z(value))


def _overrides(value: Any) -> dict[str, float]:
    """Languages with a threshold (0..1) of their own."""
    override = keys({"language": readers.text, "threshold": POINTS}, ["language", "threshold"])
    overrides = or_nothing(each("a list of {language: text, threshold: points}", override, once="language"))
    return {one["language"]: one["threshold"] for one in overrides(value)}


def _windows(value: Any) -> tuple[int, ...]:
    """The lengths in minutes, shortest first."""
    lengths = each("a list of durations such as 15m, 1h or 1d", readers.minutes(timedelta(minutes=5), timedelta(days=7)))
    return tuple(sorted(set(lengths(value))))


POINTS = readers.part(0.1, 100, "points")
FOR = readers.minutes(timedelta(minutes=1), timedelta(days=1))
FIELDS = {"for": "for_minutes", "z": "asked"}  # where the record has another name than the file

COMMON: Mapping[str, Reader] = {
    "name": readers.name,
    "kind": readers.text,
    "where": _where,
    "severity": one_of(("auto", *get_args(Severity))),
    "labels": readers.texts,
    "annotations": readers.texts,
}
DROP: Mapping[str, Reader] = {
    **COMMON,
    "measures": some_of(MEASURES),
    "baselines": some_of(get_args(BaselineKind)),
    "threshold": POINTS,
    "z": _asked(*Asked._fields),
    "windows": _windows,
    "min_events": readers.count,
    "for": FOR,
    "overrides": _overrides,
}
SHARE: Mapping[str, Reader] = {
    **COMMON,
    "of": one_of(get_args(Share)),
    "threshold": POINTS,
    "z": _asked("trailing", "warm_up"),
    "windows": _windows,
    "min_events": readers.count,
    "for": FOR,
}
VANISHED: Mapping[str, Reader] = {
    **COMMON,
    "share": readers.part(0, 99, "percent"),
    "min_expected": readers.count,
    "windows": _windows,
    "for": FOR,
}
KINDS: Mapping[str, Kind] = {
    "drop": Kind(DropRule, DROP),
    "gap": Kind(GapRule, {**COMMON, "threshold": POINTS, "min_events": readers.count}),
    "low": Kind(LowRule, COMMON),
    "vanished": Kind(VanishedRule, VANISHED),
    "share": Kind(ShareRule, SHARE, ("name", "kind", "of")),
    "lag": Kind(LagRule, {**{key: reader for key, reader in COMMON.items() if key != "where"}, "for": FOR}),
}
FILE = keys({"rules": or_nothing(each("a list of rules", _rule, once="name"))}, ["rules"])
