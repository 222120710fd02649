"""Which language a document is in: as the log says, else by the pattern of its id, else by its collection."""

import re
from collections.abc import Iterable, Mapping

from agent.language.codes import canonical
from agent.records import Event

UNKNOWN = "und"
SEVERAL = ","  # between the languages of documents in more than one


class DocumentLanguages:
    """Most corpora are collections of one language, so one look-up serves a whole result list."""

    def __init__(self, collections: Mapping[str, str] | None = None, pattern: str | None = None) -> None:
        """`pattern`: a regular expression whose first group is the language, searched in the document's id."""
        self._collections = {name: canonical(tag) or UNKNOWN for name, tag in (collections or {}).items()}
        self._pattern = re.compile(pattern) if pattern else None

    def of_results(self, event: Event, k: int) -> str:
        """The one language of the first k documents, else those of all, in their order; unknown where there are none."""
        results = event.results
        if not results:
            return UNKNOWN
        if self._pattern is None and len({result.language for result in results}) == 1:
            return self.of_document(results[0].doc_id, results[0].language, event.collection)
        languages = [self.of_document(result.doc_id, result.language, event.collection) for result in results[:k]]
        return languages[0] if len(set(languages)) == 1 else SEVERAL.join(languages)

    def of_relevant(self, relevant: Iterable[str], event: Event) -> str:
        """The one language of the relevant documents by pattern or collection, empty when unknown or several.

        What the log says about *returned* documents is not asked: it tells nothing about what was missed.
        """
        found = {self.of_document(doc, None, event.collection) for doc in relevant}
        return found.pop() if len(found) == 1 and UNKNOWN not in found else ""

    def of_document(self, doc_id: str, declared: str | None, collection: str | None) -> str:
        """The language of one document; unknown where nothing tells."""
        if declared is not None:
            return canonical(declared) or UNKNOWN
        match = self._pattern.search(doc_id) if self._pattern else None
        if match and match[1]:  # the group may have no part in a match
            return canonical(match[1]) or UNKNOWN
        return self._collections.get(collection or "", UNKNOWN)
