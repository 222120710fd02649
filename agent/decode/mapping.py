"""`source.mapping`: our fields, found in a record whose fields have other names."""

from collections.abc import Mapping
from typing import Any, Final

import jmespath

from agent.decode.dead_letter import Reason, Rejected

# JMESPath's functions let Python's own errors through: ceil of infinity, merge of what is no object, a step of 0.
NO_ANSWER: Final = (jmespath.exceptions.JMESPathError, ArithmeticError, ValueError, TypeError)


class Searches:
    """A mapping that is ready to be asked."""

    def __init__(self, mapping: Mapping[str, str]) -> None:
        """`mapping`: our field name to a JMESPath in their record."""
        self._searches = [(ours, jmespath.compile(theirs)) for ours, theirs in mapping.items()]
        self.names = mapping.keys()

    def found(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """Our fields that the document has; raises Rejected where a path cannot be walked."""
        try:
            answers = [(ours, search.search(document)) for ours, search in self._searches]
        except NO_ANSWER:
            raise Rejected(Reason.MAPPING_FAILED) from None
        return {ours: theirs for ours, theirs in answers if theirs is not None}
