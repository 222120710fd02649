"""What is counted for one language and minute: integers that merge by adding, in any order and any split.

Field names are the column names of the `windows` table; rates are never stored.
"""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import Any, get_origin, get_type_hints

from msgspec import Struct

from agent.aggregate.histogram import MICRO, latency_bin, micro, score_bin
from agent.aggregate.ranking import Ranking
from agent.language.codes import UNDETERMINED, canonical
from agent.records import Event, Tag

SQUARE_LIMIT = 1000.0  # the square of a score beyond it saturates, so that sums stay in Int64


class Measures(Struct, gc=False):
    """The sums of one cell; those of scores, rankings and qualities are in millionths."""

    events: int = 0  # seen; every rate and every test uses these
    queries: int = 0  # estimated volume in millionths: the sum of 1 / sample_rate
    mixed: int = 0  # words of a second script or language stand in the text
    declared: int = 0  # the service declared the language, and the text tells one too
    declared_agrees: int = 0  # ... and it is the same
    synthetic: int = 0  # probes, golden runs, load tests: in no other count
    late: int = 0  # came after their minute was evaluated
    zero_results: int = 0
    errors: int = 0  # in no count of zero results, scores or labels
    scored: int = 0  # have a top-1 score
    score_sum: int = 0
    score_sq: int = 0
    labelled: int = 0  # have labels, and a search deep enough for k
    recall_sum: int = 0
    recall_sq: int = 0
    mrr_sum: int = 0
    mrr_sq: int = 0
    ndcg_sum: int = 0
    ndcg_sq: int = 0
    translated: int = 0  # have a translation quality
    translation_sum: int = 0
    answered: int = 0  # have a response language
    answered_otherwise: int = 0  # ... which is not the query's
    documents: int = 0  # documents among the first k whose language is known
    own_documents: int = 0  # ... and is the query's
    mixed_documents: int = 0  # events whose first k are in more than one language
    score_hist: dict[int, int] = {}
    label_hist: dict[int, int] = {}  # scores of labelled events
    label_hit_hist: dict[int, int] = {}  # ... of those that hit: together they tell how well the score knows
    latency_hist: dict[int, int] = {}
    routes: dict[str, int] = {}
    tag_reasons: dict[str, int] = {}  # why queries are und, and why mixed
    session_hashes: set[int] = set()

    def add_tags(self, tags: list[Tag]) -> None:
        """Count what is known of queries' languages besides the language."""
        self.mixed += sum([tag.mixed for tag in tags])
        _count(self.tag_reasons, [tag.reason for tag in tags if tag.reason])
        agrees = [tag.agrees for tag in tags if tag.agrees is not None]
        self.declared += len(agrees)
        self.declared_agrees += sum(agrees)

    def add_traffic(self, events: list[Event], *, late: bool) -> None:
        """Count events that users made, all of one kind of score."""
        self.events += len(events)
        self.late += len(events) if late else 0
        self.queries += sum([MICRO if event.sample_rate is None else micro(1 / event.sample_rate) for event in events])
        _count(self.routes, [event.route for event in events if event.route is not None])
        _count(self.latency_hist, [latency_bin(event.latency_ms) for event in events if event.latency_ms is not None])
        self.session_hashes.update([_hashed(event.session) for event in events if event.session is not None])
        answered = [event.results for event in events if not event.error]
        self.errors += len(events) - len(answered)
        self.zero_results += answered.count([])
        first = [results[0].score for results in answered if results]
        self._add_scores([score for score in first if score is not None], events[0].score_kind)

    def _add_scores(self, scores: list[float], kind: str) -> None:
        self.scored += len(scores)
        self.score_sum += sum([micro(score) for score in scores])
        self.score_sq += sum([micro(min(abs(score), SQUARE_LIMIT) ** 2) for score in scores])
        _count(self.score_hist, [score_bin(score, kind) for score in scores])

    def add_answers(self, events: list[Event], language: str) -> None:
        """Count what was done with results: translation, and an answer in the query's language or another."""
        qualities = [event.translation.quality for event in events if event.translation is not None]
        known = [quality for quality in qualities if quality is not None]
        self.translated += len(known)
        self.translation_sum += sum([micro(quality) for quality in known])
        responses = [event.response_language for event in events if event.response_language is not None]
        if responses and language != UNDETERMINED:
            answers = [answer for answer in map(canonical, responses) if answer is not None]
            self.answered += len(answers)
            self.answered_otherwise += len(answers) - answers.count(language)

    def add_documents(self, languages: Sequence[str], times: int, language: str) -> None:
        """Count the languages of one event's first k documents, as often as there are such events."""
        known = [each for each in languages if each != UNDETERMINED]
        self.documents += times * len(known)
        self.own_documents += times * known.count(language)
        self.mixed_documents += times * (len(set(known)) > 1)

    def add_labels(self, ranking: Ranking, event: Event) -> None:
        """Count one labelled event."""
        recall, mrr, ndcg = ranking
        self.labelled += 1
        self.recall_sum += micro(recall)
        self.recall_sq += micro(recall * recall)
        self.mrr_sum += micro(mrr)
        self.mrr_sq += micro(mrr * mrr)
        self.ndcg_sum += micro(ndcg)
        self.ndcg_sq += micro(ndcg * ndcg)
        if event.results and event.results[0].score is not None:
            bin_ = score_bin(event.results[0].score, event.score_kind)
            _count(self.label_hist, [bin_])
            if recall:
                _count(self.label_hit_hist, [bin_])

    def merge(self, other: "Measures") -> None:
        """Add the sums of another cell."""
        for name in COUNTS:
            if theirs := getattr(other, name):  # most are 0
                setattr(self, name, getattr(self, name) + theirs)
        for name in HISTOGRAMS:
            if theirs := getattr(other, name):
                setattr(self, name, _added(getattr(self, name), theirs))
        self.session_hashes = self.session_hashes | other.session_hashes


HINTS: Mapping[str, Any] = {name: hint for name, hint in get_type_hints(Measures).items() if name in Measures.__struct_fields__}
COUNTS = tuple(name for name, hint in HINTS.items() if hint is int)
HISTOGRAMS = tuple(name for name, hint in HINTS.items() if get_origin(hint) is dict)


def merged(parts: "list[Measures]") -> Measures:
    """The sum of cells, in a new one."""
    if len(parts) == 1:
        return parts[0]
    total = Measures()
    for part in parts:
        total.merge(part)
    return total


def _added(ours: dict[Any, int], theirs: dict[Any, int]) -> dict[Any, int]:
    return {key: ours.get(key, 0) + theirs.get(key, 0) for key in ours.keys() | theirs.keys()}


def _count(histogram: dict[Any, int], keys: Iterable[int | str]) -> None:
    for key in keys:
        histogram[key] = histogram.get(key, 0) + 1


def _hashed(session: str) -> int:
    return int.from_bytes(blake2b(session.encode("utf-8", "surrogatepass"), digest_size=8).digest())
