"""What every group of settings is: frozen, strict, and empty when it is all defaults."""

from collections.abc import Mapping

from pydantic import BaseModel, BeforeValidator, ConfigDict, model_validator
from pydantic.fields import FieldInfo
from pydantic_core import InitErrorDetails, PydanticCustomError, ValidationError


class Section(BaseModel):
    """A group of settings; an empty one in the file is all defaults."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _empty_is_default(cls, given: object) -> object:
        return {} if given is None else given


def keys_of(section: type[Section]) -> dict[str, FieldInfo]:
    """The fields of a section by the keys they have in a file."""
    return {field.alias or name: field for name, field in section.model_fields.items()}


def of_its_type(sections: Mapping[str, type[Section]], what: str) -> BeforeValidator:
    """Reads a table by the section that its key `type` names."""

    def read(given: object) -> object:
        """Where the type is wrong that is the only mistake: nothing can be said about the other keys."""
        if isinstance(given, Section):
            return given
        table = {} if given is None else given
        if not isinstance(table, dict):
            return next(iter(sections.values())).model_validate(given)  # no table at all is the same mistake for each type
        section = sections.get(table["type"]) if isinstance(table.get("type"), str) else None
        if section is None:
            raise misplaced((("type",), table.get("type"), f"a type of {what} that is there ({', '.join(sections)})"))
        return section.model_validate(table)

    return BeforeValidator(read)


def misplaced(*mistakes: tuple[tuple[str | int, ...], object, str]) -> ValidationError:
    """Mistakes deeper inside the value that was checked: where, what stands there, and what goes on after "expected"."""
    errors = [
        InitErrorDetails(type=PydanticCustomError("expected", "{what}", {"what": what}), loc=at, input=value)
        for at, value, what in mistakes
    ]
    return ValidationError.from_exception_data("settings", errors)
