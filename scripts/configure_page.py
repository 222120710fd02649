"""Writes docs/configure.md from the settings themselves: `.venv/bin/python -m scripts.configure_page`."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, NamedTuple, Union, get_args, get_origin, get_type_hints

from annotated_types import Ge, Gt, Le, Lt
from pydantic.fields import FieldInfo

from agent.config import showing
from agent.config import values as kind
from agent.config.section import Section
from agent.config.settings import Settings
from agent.notify.text import capital
from agent.times import format_duration

FILE: Final = Path(__file__).parents[1] / "docs" / "configure.md"
INTRODUCTION: Final = """\
# Configuration

All settings, section by section. `scripts/configure_page.py` writes this page from the program: what stands here is what it takes.

- **A file**, YAML 1.2, given as `--config FILE`; without it `babelwatch.yaml` in the working folder if it is there, else the defaults.
  [examples/babelwatch.yaml](../examples/babelwatch.yaml) has every key, to copy from. `no` is Norwegian, and relative paths start from the
  working folder.
- **The environment** wins over the file. A value is read as YAML, such as `BABELWATCH_SOURCE__KAFKA__TOPICS='[retrieval-logs]'`; a secret is
  taken as it stands. `NAME` in a variable is a name of yours; `0` is the number of an entry that the file has, counted from 0.
- **Secrets** belong into files: each secret `x` has a twin `x_file`. They are printed as `<secret>`, never in full.
- **Durations** are those of Prometheus: `30s`, `5m`, `4h`, `14d`, `1h30m`.
- **Unknown keys are mistakes.** `babelwatch config check` lists all mistakes at once, with file, line and what was expected; `babelwatch config
  show` prints what is in force.
- **Without a restart** a running agent takes up edited rules, thresholds, receivers, routes, mutes and templates: [what and when](rules.md#reload).

*Required*: there is no default, and its section needs it. *null*: not set.
"""
TABLE: Final = "| key | takes | default | environment | meaning |\n| --- | --- | --- | --- | --- |"
NEVER: Final = "duration, or `never`"
WORDS: Final[tuple[tuple[object, str], ...]] = (
    (kind.Duration, "duration"),
    (kind.Period, "duration, not zero"),
    (kind.Session, "duration, not zero"),
    (kind.Interval, NEVER),
    (kind.SecretText, "secret"),
    (kind.SecretAddress, "secret: address"),
    (kind.SecretProxy, "secret: address"),
    (kind.RoutingKey, "secret: 32 letters and digits"),
    (kind.SigningSecret, "secret"),
    (kind.Address, "address, http or https"),
    (kind.TraceAddress, "address with `{trace_id}`"),
    (kind.HostAndPort, "host:port"),
    (kind.Mailbox, "mail address"),
    (kind.Topic, "name of a topic"),
    (kind.Start, "`earliest`, `latest`, a span, a time"),
    (kind.Cron, "cron line"),
    (kind.TimeZone, "time zone"),
    (kind.LanguageTag, "language tag"),
    (kind.EventField, "field of the event"),
    (kind.TextField, "field of the event"),
    (kind.Expression, "JMESPath"),
    (kind.Pattern, "regular expression"),
    (kind.PatternOfOneGroup, "regular expression with one group"),
    (kind.Prior, "table: language tag → share in 0..1"),
    (kind.Groups, "`default`, or list of lists of language tags"),
    (kind.Threshold, "`auto`, or a multiple of 0.01"),
    (kind.Hundredth, "multiple of 0.01 in 0..1"),
    (kind.Share, "number in 0..1"),
    (kind.Body, "JSON"),
    (kind.Label, "name of a label"),
    (kind.Choices, "text, or list of texts"),
    (kind.RunName, "name"),
)
PLAIN: Final[Mapping[object, str]] = {str: "text", int: "whole number", float: "number", bool: "`true`, `false`", Path: "path"}


class Part(NamedTuple):
    """A section of the settings: what it is called in the file, what its variables begin with, and how deep it stands."""

    name: str
    variable: str
    section: type[Section]
    meaning: str
    level: int


class Key(NamedTuple):
    """A key of a section, and what it takes."""

    name: str
    type: object
    field: FieldInfo


def page() -> str:
    """The whole page."""
    return "\n".join([INTRODUCTION, *_part(Part("", "BABELWATCH_", Settings, "", 1))])


def _part(part: Part) -> Iterator[str]:
    """A heading, the table of its values, and the sections below it."""
    types = get_type_hints(part.section, include_extras=True)
    fields = [Key(field.alias or name, types[name], field) for name, field in part.section.model_fields.items()]
    rows = [_row(part, one) for one in fields if not sections_in(one.type)]
    if part.name:
        yield f"{'#' * min(part.level, 4)} {part.name}\n\n{part.meaning}\n"
    if rows:
        yield "\n".join([TABLE, *rows]) + "\n"
    for one in fields:
        for below in _below(part, one):
            yield from _part(below)


def _below(part: Part, key: Key) -> Iterator[Part]:
    """The sections of a key: one, those of a list or a table, and where there are several types one for each."""
    found, shape = sections_in(key.type), get_origin(bare(key.type))
    entry, number = ("[]", "__0") if shape is tuple else (".NAME", "__NAME") if shape is Mapping else ("", "")
    meaning = f"{capital(key.field.description or '')}."
    for section in found:
        of_type = f", type {get_args(section.model_fields['type'].annotation)[0]}" if len(found) > 1 else ""
        name = f"{part.name}.{key.name}{entry}{of_type}".removeprefix(".")
        yield Part(name, f"{part.variable}{key.name.upper()}{number}__", section, meaning, part.level + 1)


def _row(part: Part, key: Key) -> str:
    """Its line in the table; what stands in no section has no variable."""
    takes, meaning = f"{words(key.type)}{bounds(key)}", key.field.description or ""
    variable = f"`{part.variable}{key.name.upper()}`" if part.name else "in the file only"
    cells = (f"`{key.name}`", takes, _default(key), variable, meaning)
    return f"| {' | '.join(cell.replace('|', '&#124;').replace('<', '&lt;') for cell in cells)} |"


def _default(key: Key) -> str:
    if key.field.is_required():
        return "*required*"
    value = key.field.get_default(call_default_factory=True)
    if value is None:
        return "`never`" if _named(key.type) == NEVER else "*null*"
    return f"`{showing.flow(_written(value))}`"


def _written(value: Any) -> Any:
    """A value as a file has it."""
    if isinstance(value, timedelta):
        return format_duration(value)
    if isinstance(value, Mapping | tuple):
        return dict(value) if isinstance(value, Mapping) else list(value)
    return str(value) if isinstance(value, Path) else value


def sections_in(type_: object) -> list[type[Section]]:
    """The sections that a type is made of; values of a table, entries of a list and choices alike."""
    if isinstance(type_, type):
        return [type_] if issubclass(type_, Section) else []
    parts = get_args(type_)[:1] if get_origin(type_) is Annotated else get_args(type_)
    return [section for one in parts for section in sections_in(one)]


def bare(type_: object) -> object:
    """Without what is said about it."""
    return bare(get_args(type_)[0]) if get_origin(type_) is Annotated else type_


def words(type_: object) -> str:
    """What a key takes, for people."""
    plain, inner = bare(type_), get_args(bare(type_))
    if said := _named(type_):
        return said
    if get_origin(plain) is Literal:
        return ", ".join(f"`{choice}`" for choice in inner)
    if get_origin(plain) in {Union, UnionType}:
        return " or ".join(words(one) for one in inner if one is not NoneType)
    if get_origin(plain) is Mapping:
        return f"table: {words(inner[0])} → {words(inner[1])}"
    return f"list of: {words(inner[0])}" if get_origin(plain) is tuple else PLAIN[plain]


def _named(type_: object) -> str:
    """The name of the kind of value that a type is, or refines most."""
    parts = get_args(type_)
    found = [(len(get_args(known)), said) for known, said in WORDS if parts and get_args(known) == parts[: len(get_args(known))]]
    return max(found, default=(0, ""))[1]


def bounds(key: Key) -> str:
    """Between what a number may be, ends included unless it says above or below."""
    if not words(key.type).endswith("number"):
        return ""
    said = {type(one): one for one in (*_said(key.type), *key.field.metadata)}
    texts = ((Ge, "from", "ge"), (Gt, "above", "gt"), (Le, "to", "le"), (Lt, "below", "lt"))
    return "".join(f" {word} {getattr(said[of], name):,}" for of, word, name in texts if of in said)


def _said(type_: object) -> Iterator[object]:
    """All that annotations say, at any depth."""
    for one in get_args(type_):
        yield from one.metadata if isinstance(one, FieldInfo) else (one,)
        yield from _said(one)


if __name__ == "__main__":
    FILE.write_text(page(), encoding="utf-8")
