"""What is counted for one language and minute: integers that merge by adding, in any order and any split.

Field names are the column names of the `windows` table; rates are never stored.
"""

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any, get_origin, get_type_hints

from msgspec import Struct

from agent.aggregate.histogram import MICRO, latency_bin, micro, score_bin
from agent.aggregate.ranking import Ranking
from agent.aggregate.translations import step_of
from agent.language.codes import UNDETERMINED, canonical
from agent.records import Event, Tag

SQUARE_LIMIT = 1000.0  # the square of a score beyond it saturates, so that sums stay in Int64


class Measures(Struct, gc=False):
    """The sums of one cell; those of scores, rankings and qualities are in millionths."""

    events: int = 0  # seen; every rate and every test uses these
    queries: int = 0  # estimated volume in millionths: the sum of 1 / sample_rate
    mixed: int = 0  # words of a second script or language stand in the text
    declared: int = 0  # of one in eight events that declare their language: the text tells one too
    declared_agrees: int = 0  # ... and it is the same
    synthetic: int = 0  # probes, golden runs, load tests: in no other count
    late: int = 0  # came after their minute was evaluated
    zero_results: int = 0
    errors: int = 0  # in no count of zero results, scores or labels
    untold: int = 0  # no errors, and the log does not say what was found: in no count of zero results and scores
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
    translation_hist: dict[str, int] = {}  # by engine and quality in steps of .01: `agent.aggregate.translations`
    translation_sums: dict[str, int] = {}  # by engine; `translation_sum` is that of all
    session_hashes: set[int] = set()

    @property
    def told(self) -> int:
        """Searches that did not fail, and of which it is known what they found: what rates of hits and of zero results are of."""
        return self.events - self.errors - self.untold

    def add_tag(self, tag: Tag) -> None:
        """Count what is known of a query's language besides the language."""
        self.mixed += tag.mixed
        if tag.reason:
            _count(self.tag_reasons, tag.reason)
        if tag.agrees is not None:
            self.declared += 1
            self.declared_agrees += tag.agrees

    def add_traffic(self, event: Event, *, late: bool) -> None:
        """Count one event that a user made."""
        self.events += 1
        self.late += late
        self.queries += MICRO if event.sample_rate is None else micro(1 / event.sample_rate)
        if event.route is not None:
            _count(self.routes, event.route)
        if event.session is not None:
            self.session_hashes.add(_hashed(event.session))
        latency, histogram = event.latency_ms, self.latency_hist
        if latency is not None:
            bin_ = latency_bin(latency)
            histogram[bin_] = histogram.get(bin_, 0) + 1  # as _count does, whose call takes longer than this
        if event.error:
            self.errors += 1
        elif event.results:
            self._add_score(event.results[0].score, event.score_kind)
        elif event.results is None:
            self.untold += 1
        else:
            self.zero_results += 1

    def _add_score(self, score: float | None, kind: str) -> None:
        if score is None:
            return
        self.scored += 1
        self.score_sum += micro(score)
        self.score_sq += micro(score * score if -SQUARE_LIMIT < score < SQUARE_LIMIT else SQUARE_LIMIT**2)
        bin_, histogram = score_bin(score, kind), self.score_hist
        histogram[bin_] = histogram.get(bin_, 0) + 1

    def add_translation(self, quality: float, engine: str) -> None:
        """Count one translated query; `quality` is in 0..1, `engine` an admitted name."""
        total = micro(quality)
        self.translated += 1
        self.translation_sum += total
        _count(self.translation_hist, step_of(engine, quality))
        if total:  # the store keeps no sums of 0
            self.translation_sums[engine] = self.translation_sums.get(engine, 0) + total

    def add_answer(self, response_language: str, language: str) -> None:
        """Count an answer in the query's language or another."""
        answer = canonical(response_language) if response_language else None
        if answer is not None and language != UNDETERMINED:
            self.answered += 1
            self.answered_otherwise += answer != language

    def add_documents(self, languages: Sequence[str], count: int, language: str) -> None:
        """Count the known languages of the first k documents: `count` in the one language, or each in its own."""
        if len(languages) == 1:
            self.documents += count
            self.own_documents += count if languages[0] == language else 0
            return
        known = [each for each in languages if each != UNDETERMINED]
        self.documents += len(known)
        self.own_documents += known.count(language)
        self.mixed_documents += len(set(known)) > 1

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
            _count(self.label_hist, bin_)
            if recall:
                _count(self.label_hit_hist, bin_)

    def merge(self, other: "Measures") -> None:
        """Add the sums of another cell."""
        for name in COUNTS:
            if theirs := getattr(other, name):  # most are 0
                setattr(self, name, getattr(self, name) + theirs)
        for name in HISTOGRAMS:
            if theirs := getattr(other, name):
                _add(getattr(self, name), theirs)
        self.session_hashes |= other.session_hashes


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


def _add(ours: dict[Any, int], theirs: dict[Any, int]) -> None:
    for key, count in theirs.items():
        ours[key] = ours.get(key, 0) + count


def _count(histogram: dict[Any, int], key: int | str) -> None:
    histogram[key] = histogram.get(key, 0) + 1


def _hashed(session: str) -> int:
    return int.from_bytes(blake2b(session.encode("utf-8", "surrogatepass"), digest_size=8).digest())
