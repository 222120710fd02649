"""What every group of settings is: frozen, strict, and empty when it is all defaults."""

from pydantic import BaseModel, ConfigDict, model_validator
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


def misplaced(*mistakes: tuple[tuple[str | int, ...], object, str]) -> ValidationError:
    """Mistakes deeper inside the value that was checked: where, what stands there, and what goes on after "expected"."""
    errors = [
        InitErrorDetails(type=PydanticCustomError("expected", "{what}", {"what": what}), loc=at, input=value)
        for at, value, what in mistakes
    ]
    return ValidationError.from_exception_data("settings", errors)
