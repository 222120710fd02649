"""The fields of events, and how many have each."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from agent.aggregate.documents import UNKNOWN, DocumentLanguages
from agent.decode.otlp.span import REDACTED
from agent.records import Accepted, Event

NATIVE: Final = "native"
EACH: Final = ("results.doc_id", "results.score", "results.language")


class Part(NamedTuple):
    """The events of one origin, or of all.

    `fields` counts those that have a field; `answered` are those without an error, `found` those of them with a document,
    `kinds` counts those with a score by its scale. `marks` counts what their spans say: redacted, cut, sampled, release (the
    index version is that of the service). `pairs`: the language of the first documents is known. `deep`: labelled,
    and searched as deep as labels look.
    """

    events: int = 0
    answered: int = 0
    found: int = 0
    pairs: int = 0
    deep: int = 0
    fields: Mapping[str, int] = Counter()
    kinds: Mapping[str, int] = Counter()
    marks: Mapping[str, int] = Counter()

    def base(self, field: str) -> int:
        """How many events could have the field: an error has no results, and what found nothing no score."""
        if field in EACH:
            return self.found
        if field == "score_kind":
            return sum(self.kinds.values())
        return self.answered if field == "results" else self.events

    def share(self, field: str) -> float:
        """Of those that could have the field, how many do, in 0..1; 0 where none could."""
        base = self.base(field)
        return self.fields.get(field, 0) / base if base else 0.0


def _given(name: str) -> Callable[[Accepted], bool]:
    return lambda item: getattr(item.event, name) not in {None, ""}


FIELDS: Final[Mapping[str, Callable[[Accepted], bool]]] = {
    **{name: _given(name) for name in Event.__struct_fields__ if name not in {"results", "relevant", "translation"}},
    "query": lambda item: item.event.query not in {None, "", REDACTED},
    "results": lambda item: item.event.results is not None,
    "results.doc_id": lambda item: all(result.doc_id for result in item.event.found),
    "results.score": lambda item: item.event.found[0].score is not None,
    "results.language": lambda item: item.event.found[0].language is not None,
    "score_kind": lambda item: item.event.score_kind != "unknown",
    "relevant": lambda item: bool(item.event.relevant),
    "synthetic": lambda item: item.event.synthetic,
    "error": lambda item: bool(item.event.error),
    "translation": lambda item: item.event.translation is not None and item.event.translation.quality is not None,
    "response_language": lambda item: bool(item.event.response_language or item.answer),
}
"""What can be told of an event, and whether it is: the names of the log's fields."""


def part_of(items: Sequence[Accepted], marks: Mapping[str, int], documents: DocumentLanguages, k: int) -> Part:
    """Count them; `marks`: what their spans say."""
    answered = [item for item in items if not item.event.error]
    found = [item for item in answered if item.event.found]
    fields: Counter[str] = Counter()
    for name, has in FIELDS.items():
        fields[name] = sum(map(has, found if name in EACH else answered if name == "results" else items))
    if not found and all(item.dialect == NATIVE for item in items):
        fields["results"] = 0  # in the native format to leave them out is to have found nothing: here none ever tells
    scored = [item for item in found if item.event.found[0].score is not None]
    fields["score_kind"] = sum(map(FIELDS["score_kind"], scored))
    return Part(
        events=len(items),
        answered=len(answered),
        found=len(found),
        pairs=sum(documents.of_results(item.event, 1) != UNKNOWN for item in found),
        deep=sum(_depth(item.event) >= k for item in items if item.event.relevant),
        fields=fields,
        kinds=Counter(item.event.score_kind for item in scored),
        marks=marks,
    )


def _depth(event: Event) -> int:
    return len(event.found) if event.top_k is None else event.top_k


def as_shares(part: Part) -> dict[str, Any]:
    """Each field and its share, in the order of the log's fields."""
    return {name: round(part.share(name), 4) for name in FIELDS}
