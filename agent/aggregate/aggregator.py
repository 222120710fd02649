"""Folds events into one-minute windows in event time.

An event is folded once, into the cell of its pair of languages; the language's window is the sum over document languages,
made when the batch is written.
"""

from collections import defaultdict
from collections.abc import Iterator
from hashlib import blake2b
from typing import Literal, NamedTuple

from agent.aggregate.cardinality import OTHER, Admission
from agent.aggregate.documents import UNKNOWN, DocumentLanguages
from agent.aggregate.measures import Measures, merged
from agent.aggregate.ranking import deep_enough, grades, measure
from agent.language.codes import canonical
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


_Asked = tuple[int, str, str, str | None, str | None, str | None, str | None, str | None, str]


class Aggregator:
    """The open windows of one batch."""

    def __init__(self, k: int, documents: DocumentLanguages, admission: Admission) -> None:
        self._k = k
        self._documents = documents
        self._admission = admission
        self._cells: defaultdict[tuple[int, WindowKey], Measures] = defaultdict(Measures)
        self._found: dict[_Asked, _Cell] = {}
        self.exemplars: defaultdict[ExemplarKey, list[str]] = defaultdict(list)

    def __len__(self) -> int:
        """How many cells are open."""
        return len(self._cells)

    def fold(self, accepted: Accepted, tag: Tag, evaluated_to: int) -> bool:
        """Count one event, and say whether it is late: its minute lies before `evaluated_to` (minutes since the epoch)."""
        event, minute = accepted.event, accepted.at // MINUTE_MS
        languages = self._documents.of_results(event, self._k) if event.results else []
        key, cell = self._cell(event, minute, tag.language, languages[0] if languages else UNKNOWN)
        if event.synthetic:
            cell.synthetic += 1
            return False
        late = minute < evaluated_to
        cell.add_traffic(event, late=late)
        if tag.mixed or tag.reason or tag.agrees is not None:
            cell.add_tag(tag)
        cell.add_documents([known for known in languages if known != UNKNOWN], key.language)
        if event.response_language is not None or event.translation is not None:
            cell.add_answer(event, otherwise=_otherwise(event.response_language, key.language))
        if event.session is not None:
            cell.session_hashes.add(_hashed(event.session))
        missed = not event.results
        if event.relevant and not event.error:
            missed |= self._fold_labels(event, minute, key.language)
        if missed:
            self._keep_exemplar(event, key)
        return late

    def _fold_labels(self, event: Event, minute: int, language: str) -> bool:
        """Count the labels where the language of the relevant documents is known, else for the language alone.

        Says whether none of them was found.
        """
        relevant = grades(event.relevant)
        if not relevant or not deep_enough(event, self._k):
            return False
        ranking = measure([result.doc_id for result in event.results], relevant, self._k)
        _, cell = self._cell(event, minute, language, self._documents.of_relevant(relevant, event))
        cell.add_labels(ranking, event)
        return not ranking.recall

    def _cell(self, event: Event, minute: int, language: str, document_language: str) -> "_Cell":
        """The open cell of an event: one look-up by what the log says, so that keys are made once a cell and not once an event."""
        asked = (
            minute,
            language,
            document_language,
            event.service,
            event.environment,
            event.collection,
            event.embedding_model,
            event.index_version,
            event.score_kind,
        )
        return self._found.get(asked) or self._opened(event, asked)

    def _opened(self, event: Event, asked: "_Asked") -> "_Cell":
        minute, language, document_language = asked[:3]
        service, environment, collection, model, version = self._admission.of(event)
        key = WindowKey(service, environment, collection, language, document_language, model, version, event.score_kind)
        cell = _Cell(key, self._cells[minute, key])
        if OTHER not in key:  # values that are not admitted are without number
            self._found[asked] = cell
        return cell

    def _keep_exemplar(self, event: Event, key: WindowKey) -> None:
        kept = self.exemplars[ExemplarKey(key.service, key.environment, key.language, key.index_version)]
        if len(kept) < EXEMPLARS:
            kept.append(event.event_id)

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


def _otherwise(response_language: str | None, language: str) -> bool | None:
    answered = canonical(response_language) if response_language else None
    return None if answered is None or language == UNKNOWN else answered != language


def _hashed(session: str) -> int:
    return int.from_bytes(blake2b(session.encode("utf-8", "surrogatepass"), digest_size=8).digest())
