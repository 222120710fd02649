"""The spans of one record, by trace: which of them is a retrieval of its own, and which others tell more of it.

Partners are looked for within the record, and backwards in what `recent` kept of the partition; never forwards, so that an
event is whole when its record is read, and its position can be stored (ADR 0018).
"""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from typing import Final, TypeVar

from agent.decode.otlp.dialect import Dialect, Document, Role, Unreadable
from agent.decode.otlp.genai import GENAI
from agent.decode.otlp.openinference import OPENINFERENCE
from agent.decode.otlp.openllmetry import OPENLLMETRY
from agent.decode.otlp.recent import Note, RecentTraces
from agent.decode.otlp.span import Span

T = TypeVar("T")
DIALECTS: Final = (OPENINFERENCE, OPENLLMETRY, GENAI)  # the first that knows a span reads it: OpenLLMetry has names of GenAI, too
MOST_INSIDE: Final = 1_000  # spans of a trace that never ends
MOST_PARTNERS: Final = 64
HIGHEST: Final = 64  # steps up to a root; hostile spans may be in a ring


class Known:
    """A span that a dialect knows, and what stands in it: read once, however many retrievals ask. What is unreadable is None."""

    def __init__(self, span: Span, dialect: Dialect, role: Role) -> None:
        self.span, self.dialect, self.role = span, dialect, role

    @cached_property
    def query(self) -> str | None:
        """What was asked."""
        return self.dialect.query(self.span)

    @cached_property
    def text(self) -> str | None:
        """What was embedded."""
        return self.dialect.text(self.span)

    @cached_property
    def model(self) -> str | None:
        """With which model."""
        return self.span.attributes.text(*self.dialect.fields["embedding_model"])

    @cached_property
    def order(self) -> Sequence[Document]:
        """The documents that a reranker left."""
        return _readable(self.dialect.order, self.span) or ()

    @cached_property
    def answer(self) -> str | None:
        """What was answered."""
        return _readable(self.dialect.answer, self.span)


def _readable(read: Callable[[Span], T], span: Span) -> T | None:
    try:
        return read(span)
    except Unreadable:
        return None


def known(span: Span) -> Known | None:
    """A span as the first dialect reads it that has a word for it; None for one of something else, such as HTTP."""
    for dialect in DIALECTS:
        if (role := dialect.role(span)) is not None:
            return Known(span, dialect, role)
    return None


class Trace:
    """The spans of one trace in a record; what is asked of it is asked when all are taken up."""

    def __init__(self) -> None:
        self.parents: dict[str, str] = {}
        self.spans: dict[str, Known] = {}
        self.before = Note()
        self.counted_in: frozenset[str] = frozenset()

    def add(self, span: Span) -> Known | None:
        """Take up a span."""
        self.parents[span.span_id] = span.parent_id
        if found := known(span):
            self.spans[span.span_id] = found
        return found

    def recall(self, before: Note) -> None:
        """What earlier records said; spans around those around which a retrieval was counted are around it, too."""
        around = {above for span_id in before.counted_in & self.parents.keys() for above in self.above(span_id)}
        self.before, self.counted_in = before, before.counted_in | around

    def above(self, span_id: str) -> Iterator[str]:
        """The ids of the spans around a span, the nearest first."""
        for _ in range(HIGHEST):
            span_id = self.parents.get(span_id, "")
            if not span_id:
                return
            yield span_id

    def is_own(self, retrieval: Span) -> bool:
        """Whether a retrieval counts: not inside another one, nor around one that an earlier record had."""
        if retrieval.span_id in self.counted_in:
            return False
        around = (self.spans.get(parent) for parent in self.above(retrieval.span_id))
        return not any(each and each.role is Role.RETRIEVAL for each in around)

    @cached_property
    def embeddings(self) -> list[Known]:
        """In the order in which they ended."""
        return sorted(self._of(Role.EMBEDDING), key=lambda each: each.span.end)

    @cached_property
    def _rerankers(self) -> list[Known]:
        """The newest first, and few: a record may hold thousands."""
        return sorted((each for each in self._of(Role.RERANKER) if each.order), key=_start, reverse=True)[:MOST_PARTNERS]

    @cached_property
    def _answers(self) -> list[Known]:
        return sorted((each for each in self._of(Role.ANSWER) if each.answer), key=_start, reverse=True)[:MOST_PARTNERS]

    def _of(self, role: Role) -> list[Known]:
        return [each for each in self.spans.values() if each.role is role]

    @property
    def is_alone(self) -> bool:
        """Whether a retrieval has no partner in this record, as most have not."""
        return len(self.spans) == 1

    def model(self, retrieval: Span) -> str | None:
        """That of the last embedding that had ended before the retrieval did, in this record or an earlier one."""
        if self.is_alone:
            return self.before.model
        ended = bisect_right(self.embeddings, retrieval.end, key=lambda each: each.span.end)
        return self.embeddings[ended - 1].model if ended else self.before.model

    def embedded(self, retrieval: Span) -> str | None:
        """What was embedded beside the retrieval or inside it; nothing where that were several texts."""
        texts = self._texts.get(retrieval.parent_id, set()) if retrieval.parent_id else set()
        found = texts | self._texts.get(retrieval.span_id, set())
        if not found and retrieval.parent_id and self.before.beside == retrieval.parent_id:
            return self.before.text
        return next(iter(found)) if len(found) == 1 else None

    @cached_property
    def _texts(self) -> dict[str, set[str]]:
        """The texts that were embedded, by the span around it."""
        found: defaultdict[str, set[str]] = defaultdict(set)
        for each in self.embeddings:
            if each.text:
                found[each.span.parent_id].add(each.text)
        return found

    def reranked(self, retrieval: Span, found: Sequence[Document]) -> Sequence[Document]:
        """The final order that the last reranking of documents of this retrieval gave; empty where there was none."""
        if self.is_alone:
            return ()
        ids = {document.doc_id for document in found} - {""}
        after = (each.order for each in self._rerankers if each.span.start >= retrieval.start)
        return next((order for order in after if not ids.isdisjoint(document.doc_id for document in order)), ())

    def answer(self, retrieval: Span) -> str | None:
        """What the whole trace put out, else the text of the last answer that began after the retrieval."""
        if self.is_alone:
            return None
        after = (each for each in self._answers if each.span.start >= retrieval.end)
        return next((each.answer for each in (*self._root(retrieval), *after) if each.answer), None)

    def _root(self, retrieval: Span) -> list[Known]:
        """The span around all others, where it is in this record."""
        around = [each for parent in self.above(retrieval.span_id) if (each := self.spans.get(parent))]
        return [each for each in around[-1:] if not each.span.parent_id]

    def question(self, retrieval: Span) -> str | None:
        """What was asked of the nearest span around a retrieval that says so."""
        around = (self.spans.get(parent) for parent in self.above(retrieval.span_id))
        return next((each.query for each in around if each and each.query), None)


def _start(known: Known) -> int:
    return known.span.start


class Traces:
    """The spans of a record by trace."""

    def __init__(self, spans: Iterable[Span], recent: RecentTraces, offset: int) -> None:
        self._recent, self._offset = recent, offset
        self.traces: defaultdict[str, Trace] = defaultdict(Trace)
        self.known: list[Known] = []
        self.others = 0
        for span in spans:
            found = self.traces[span.trace_id].add(span)
            self.others += found is None
            self.known += [found] if found else []
        for trace_id, trace in self.traces.items():
            if before := recent.get(trace_id, offset):
                trace.recall(before)

    def retrievals(self, counts: Counter[str]) -> list[Known]:
        """Those of their own, in their order; counts all spans by what they are."""
        if self.others:
            counts[Role.OTHER] += self.others
        roles = [self._role(known) for known in self.known]
        counts.update(roles)
        return [known for known, role in zip(self.known, roles, strict=True) if role is Role.RETRIEVAL]

    def _role(self, known: Known) -> Role:
        """A retrieval that does not count is a step."""
        return Role.NESTED if known.role is Role.RETRIEVAL and not self.of(known).is_own(known.span) else known.role

    def of(self, known: Known) -> Trace:
        """The trace of a span."""
        return self.traces[known.span.trace_id]

    def remember(self, counted: Sequence[Span]) -> None:
        """Keep for later records what they may need."""
        inside: defaultdict[str, set[str]] = defaultdict(set)
        for span in counted:
            if span.parent_id:
                inside[span.trace_id].update(self.traces[span.trace_id].above(span.span_id))
        for trace_id, trace in self.traces.items():
            if note := _note(trace, inside.get(trace_id, set())):
                self._recent.put(trace_id, self._offset, note)


def _note(trace: Trace, inside: set[str]) -> Note | None:
    """What is known now, None where that is nothing new."""
    if not trace.embeddings and not inside and trace.counted_in == trace.before.counted_in:
        return None
    counted_in = trace.counted_in if len(trace.counted_in) < MOST_INSIDE else frozenset[str]()
    if not trace.embeddings:
        return trace.before._replace(counted_in=counted_in | inside)
    last = trace.embeddings[-1]
    return Note(last.model, last.text, last.span.parent_id, counted_in | inside)
