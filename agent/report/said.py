"""What people say in the body of a request or on a command line, read strictly."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta

from agent.errors import Misconfigured, Mistake

Said = Mapping[str, Any]
Note = Annotated[str, Meta(max_length=2000)]
Time = Annotated[datetime, Meta(tz=True)]
T = TypeVar("T")


def read(said: Said, kind: type[T]) -> T:
    """What was said as a record; raises Misconfigured."""
    try:
        return msgspec.convert(said, kind)
    except msgspec.ValidationError as error:
        what, _, where = str(error).partition(" - at `$.")
        raise Misconfigured([Mistake("", where.rstrip("`"), what)]) from error
