"""The effective settings as a person or a script reads them: each with its meaning, and no secret."""

from collections.abc import Iterator, Mapping
from io import StringIO
from typing import Any

from ruamel.yaml import YAML

from agent.config.section import Section
from agent.config.settings import Settings


def as_json(settings: Settings) -> dict[str, Any]:
    """All settings with the keys of the file; durations as they are written, secrets as `<secret>`."""
    return settings.model_dump(mode="json", by_alias=True)


def render(settings: Settings) -> str:
    """All settings as YAML that `load` reads again (but for secrets), a line of meaning above each."""
    return "\n".join(_lines(settings, as_json(settings), "")) + "\n"


def _lines(section: Section, shown: Mapping[str, Any], indent: str) -> Iterator[str]:
    for name, field in type(section).model_fields.items():
        key = field.alias or name
        yield f"{indent}# {field.description}"
        yield from _entry(key, getattr(section, name), shown[key], indent)


def _entry(key: str, value: object, shown: Any, indent: str) -> Iterator[str]:
    if isinstance(value, Section):
        yield f"{indent}{flow(key)}:"
        yield from _lines(value, shown, f"{indent}  ")
    elif isinstance(value, Mapping) and any(isinstance(below, Section) for below in value.values()):
        yield f"{indent}{flow(key)}:"
        for name, below in value.items():
            yield from _entry(name, below, shown[name], f"{indent}  ")
    elif isinstance(value, tuple) and any(isinstance(entry, Section) for entry in value):
        yield f"{indent}{flow(key)}:"
        for entry, one in zip(value, shown, strict=True):
            yield from _item(entry, one, f"{indent}  ")
    else:
        yield f"{indent}{flow(key)}: {flow(shown)}"


def _item(entry: Section, shown: Any, indent: str) -> Iterator[str]:
    """An entry of a list on one line, or below it where sections stand in it."""
    if not any(isinstance(below, Section) for _, below in entry):
        yield f"{indent}- {flow(shown)}"
        return
    meaning, first, *others = _lines(entry, shown, f"{indent}  ")
    yield from (f"{indent}{meaning.lstrip()}", f"{indent}- {first.lstrip()}", *others)


def flow(value: object) -> str:
    """A value as YAML on one line."""
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = True
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]  # annotated as None by its default
    yaml.width = 1_000_000
    stream = StringIO()
    yaml.dump(value, stream)
    return stream.getvalue().removesuffix("...\n").rstrip("\n")
