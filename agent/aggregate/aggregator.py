"""Folds events into one-minute windows in event time.

An event is folded once, into the cell of its pair of languages; the language's window is the sum over document languages,
made when the batch is written.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from msgspec import Struct

from agent.aggregate.cardinality import OTHER, Admission
from agent.aggregate.documents import SEVERAL, UNKNOWN, DocumentLanguages
from agent.aggregate.measures import Measures, merged
from agent.aggregate.ranking import deep_enough, grades, measure
from agent.records import Accepted, Event, Tag, WindowKey

MINUTE_MS = 60_000
NOT_KNOWN = (UNKNOWN,)
EXEMPLARS = 5


class Window(NamedTuple):
    """The sums of one minute (since the Unix epoch) of a language, or of a pair of languages."""

    kind: Literal["language", "pair"]
    minute: int
    key: WindowKey
    measures: Measures


class ExemplarKey(NamedTuple):
    """Whose exemplars."""

    service: str
    environment: str
    language: str
    index_version: str


class _Cell(Struct, gc=False):
    key: WindowKey
    measures: Measures
    documents: tuple[str, ...]  # the languages of each event's documents: one for all, or as many as documents


# What the log and the tag say of an event: minute, language, languages of its documents, the dimensions, kind of score.
_Said = tuple[int, str, str, str | None, str | None, str | None, str | None, str | None, str]


class Aggregator:
    """The open windows of one batch."""

    def __init__(self, k: int, documents: DocumentLanguages, admission: Admission) -> None:
        self._k = k
        self._documents = documents
        self._admission = admission
        self._cells: defaultdict[tuple[int, WindowKey], Measures] = defaultdict(Measures)
        self._found: dict[_Said, _Cell] = {}
        self.exemplars: defaultdict[ExemplarKey, list[str]] = defaultdict(list)

    def __len__(self) -> int:
        """How many cells are open."""
        return len(self._cells)

    def fold(self, accepted: Sequence[Accepted], tags: Sequence[Tag], evaluated_to: int) -> int:
        """Count events, each with its tag; says how many are late: their minute lies before `evaluated_to` (since the epoch)."""
        return sum([self._fold(item, tag, evaluated_to) for item, tag in zip(accepted, tags, strict=True)])

    def _fold(self, accepted: Accepted, tag: Tag, evaluated_to: int) -> bool:
        event, minute = accepted.event, accepted.at // MINUTE_MS
        cell = self._cell(event, minute, tag.language, self._documents.of_results(event, self._k))
        measures = cell.measures
        if event.synthetic:
            measures.synthetic += 1
            return False
        late = minute < evaluated_to
        measures.add_traffic(event, late=late)
        if tag.mixed or tag.reason or tag.agrees is not None:
            measures.add_tag(tag)
        if event.results and cell.documents != NOT_KNOWN:
            measures.add_documents(cell.documents, min(len(event.results), self._k), tag.language)
        if event.response_language is not None:
            measures.add_answer(event.response_language, tag.language)
        if event.translation is not None and event.translation.quality is not None:
            measures.add_translation(event.translation.quality, self._admission.engine(event.translation.engine))
        missed = event.results == []
        if event.relevant and not event.error:
            missed |= self._fold_labels(event, minute, tag.language)
        if missed:
            self._keep_exemplar(event, cell.key)
        return late

    def _fold_labels(self, event: Event, minute: int, language: str) -> bool:
        """Count the labels where the language of the relevant documents is known, else for the language alone.

        Says whether none of them was found.
        """
        relevant = grades(event.relevant)
        if not relevant or not deep_enough(event, self._k):
            return False
        ranking = measure([result.doc_id for result in event.found], relevant, self._k)
        cell = self._cell(event, minute, language, self._documents.of_relevant(relevant, event))
        cell.measures.add_labels(ranking, event)
        return not ranking.recall

    def _cell(self, event: Event, minute: int, language: str, documents: str) -> _Cell:
        """The open cell of an event: one look-up by what the log says, so that keys are made once a cell and not once an event."""
        said = (
            minute,
            language,
            documents,
            event.service,
            event.environment,
            event.collection,
            event.embedding_model,
            event.index_version,
            event.score_kind,
        )
        return self._found.get(said) or self._opened(event, said)

    def _opened(self, event: Event, said: _Said) -> _Cell:
        minute, language, documents = said[:3]
        service, environment, collection, model, version = self._admission.of(event)
        languages = tuple(documents.split(SEVERAL))  # the pair is that of the first
        key = WindowKey(service, environment, collection, language, languages[0], model, version, event.score_kind)
        cell = _Cell(key, self._cells[minute, key], languages)
        if OTHER not in key and len(languages) == 1:  # values that are not admitted, and orders of languages, are without number
            self._found[said] = cell
        return cell

    def _keep_exemplar(self, event: Event, key: WindowKey) -> None:
        kept = self.exemplars[ExemplarKey(key.service, key.environment, key.language, key.index_version)]
        if len(kept) < EXEMPLARS:
            kept.append(event.event_id)

    def windows(self) -> Iterator[Window]:
        """All windows of the batch: one for each language and minute, then the pairs."""
        languages: defaultdict[tuple[int, WindowKey], list[Measures]] = defaultdict(list)
        for (minute, key), cell in self._cells.items():
            languages[minute, WindowKey._make((*key[:4], "", *key[5:]))].append(cell)  # _replace takes five times as long
        for (minute, key), parts in languages.items():
            yield Window("language", minute, key, merged(parts))
        for (minute, key), cell in self._cells.items():
            if key.document_language:
                yield Window("pair", minute, key, cell)
