"""Folds events into one-minute windows in event time.

An event is folded once, into the cell of its pair of languages; the language's window is the sum over document languages,
made when the batch is written.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from agent.aggregate.cardinality import OTHER, Admission
from agent.aggregate.documents import SEVERAL, DocumentLanguages
from agent.aggregate.measures import Measures, merged
from agent.aggregate.ranking import deep_enough, grades, measure
from agent.records import Accepted, Event, Tag, WindowKey

MINUTE_MS = 60_000
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


class _Cell(NamedTuple):
    key: WindowKey
    measures: Measures


# What the log and the tag say of an event: minute, language, languages of its documents, the dimensions, kind of score, synthetic.
_Said = tuple[int, str, str, str | None, str | None, str | None, str | None, str | None, str, bool]


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
        late = 0
        for said, (events, these) in self._by_cell(accepted, tags).items():
            late += self._fold_cell(said, events, these, late=said[0] < evaluated_to)
        return late

    def _by_cell(self, accepted: Sequence[Accepted], tags: Sequence[Tag]) -> "dict[_Said, tuple[list[Event], list[Tag]]]":
        """Events of one cell stand together, so that the rest is done once a cell and not once an event (2.8 µs, not 8.7)."""
        groups: defaultdict[_Said, tuple[list[Event], list[Tag]]] = defaultdict(lambda: ([], []))
        languages, k = self._documents.of_results, self._k
        for item, tag in zip(accepted, tags, strict=True):
            event = item.event
            events, these = groups[
                item.at // MINUTE_MS,
                tag.language,
                languages(event, k),
                event.service,
                event.environment,
                event.collection,
                event.embedding_model,
                event.index_version,
                event.score_kind,
                event.synthetic,
            ]
            events.append(event)
            these.append(tag)
        return groups

    def _fold_cell(self, said: _Said, events: list[Event], tags: list[Tag], *, late: bool) -> int:
        languages = said[2].split(SEVERAL)
        said = (*said[:2], languages[0], *said[3:])  # the pair is that of the first document
        key, cell = self._cell(said, events[0])
        if said[-1]:
            cell.synthetic += len(events)
            return 0
        cell.add_traffic(events, late=late)
        cell.add_tags(tags)
        cell.add_answers(events, key.language)
        times = sum([min(len(event.results), self._k) for event in events]) if len(languages) == 1 else len(events)
        cell.add_documents(languages, times, key.language)
        self._keep_exemplars(key, [event for event in events if not event.results])
        self._fold_labels(said, key, [event for event in events if event.relevant and not event.error])
        return len(events) if late else 0

    def _fold_labels(self, said: _Said, key: WindowKey, events: list[Event]) -> None:
        """Count the labels where the language of the relevant documents is known, else for the language alone."""
        for event in events:
            relevant = grades(event.relevant)
            if not relevant or not deep_enough(event, self._k):
                continue
            ranking = measure([result.doc_id for result in event.results], relevant, self._k)
            about = (*said[:2], self._documents.of_relevant(relevant, event), *said[3:])
            self._cell(about, event)[1].add_labels(ranking, event)
            if event.results and not ranking.recall:
                self._keep_exemplars(key, [event])

    def _cell(self, said: _Said, event: Event) -> "_Cell":
        """The open cell of an event: one look-up by what the log says, so that keys are made once a cell."""
        return self._found.get(said) or self._opened(said, event)

    def _opened(self, said: _Said, event: Event) -> "_Cell":
        minute, language, document_language = said[:3]
        service, environment, collection, model, version = self._admission.of(event)
        key = WindowKey(service, environment, collection, language, document_language, model, version, event.score_kind)
        cell = _Cell(key, self._cells[minute, key])
        if OTHER not in key:  # values that are not admitted are without number
            self._found[said] = cell
        return cell

    def _keep_exemplars(self, key: WindowKey, events: list[Event]) -> None:
        if events:
            kept = self.exemplars[ExemplarKey(key.service, key.environment, key.language, key.index_version)]
            kept.extend(event.event_id for event in events[: EXEMPLARS - len(kept)])

    def windows(self) -> Iterator[Window]:
        """All windows of the batch: one for each language and minute, then the pairs."""
        languages: defaultdict[tuple[int, WindowKey], list[Measures]] = defaultdict(list)
        for (minute, key), cell in self._cells.items():
            languages[minute, key._replace(document_language="")].append(cell)
        for (minute, key), parts in languages.items():
            yield Window("language", minute, key, merged(parts))
        for (minute, key), cell in self._cells.items():
            if key.document_language:
                yield Window("pair", minute, key, cell)
