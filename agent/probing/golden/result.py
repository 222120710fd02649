"""What a golden run has to tell: rows by language and by pair, as `golden run --json` prints them, and the scores it keeps."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from agent.probing.golden.dataset import Query, some
from agent.probing.golden.figures import CUTOFFS, FIELDS, Ranked, Values, figures, nothing, studentised
from agent.probing.scores import Group, Scores, entry_of, query_key
from agent.store.base import Entry

MOST_FAILED: Final = 0.05  # of a language's queries: those that are left may be the easy ones
Row = dict[str, Any]


class Failure(NamedTuple):
    """A query without an answer, and what was said last."""

    query: Query
    reason: str


class Outcome(NamedTuple):
    """The queries that were answered, with their values in the same order, and those that were not."""

    ranked: Sequence[Ranked]
    values: Values
    failures: Sequence[Failure]
    depth: int

    def of(self, field: str) -> NDArray[np.str_]:
        """A field of each query that was answered."""
        return np.array([getattr(each.query, field) for each in self.ranked], dtype=np.str_)

    def groups(self) -> list[Group]:
        """The pairs there are, those whose document language is not known included."""
        return sorted({Group(each.query.language, each.query.document_language) for each in self.ranked})

    def lost(self) -> dict[str, str]:
        """The languages that failed too often, each with the reason."""
        answered = Counter(each.query.language for each in self.ranked)
        failed = Counter(failure.query.language for failure in self.failures)
        return {
            language: f"{n:,} of {n + answered[language]:,} queries failed, more than {MOST_FAILED:.0%}"
            for language, n in failed.items()
            if n > MOST_FAILED * (n + answered[language])
        }


def languages(outcome: Outcome) -> list[Row]:
    """A row for each query language, null where it is lost; the same for the queries whose documents are in it or in others."""
    own, documents, lost = outcome.of("language"), outcome.of("document_language"), outcome.lost()
    failed = Counter(failure.query.language for failure in outcome.failures)
    told: list[Row] = []
    for language in sorted({*failed, *own.tolist()}):
        mine = own == language
        parts = {
            "same_language": mine & (documents == language),
            "cross_language": mine & (documents != language) & (documents != ""),
        }
        found = {
            name: figures(outcome.values, each) if each.any() and language not in lost else None for name, each in parts.items()
        }
        whole = nothing(int(mine.sum())) if language in lost else figures(outcome.values, mine)
        told.append({"language": language, "failed": failed[language], **whole, **found, "reason": lost.get(language)})
    return told


def pairs(outcome: Outcome) -> list[Row]:
    """A row for each query language and document language that are known, en → ko apart from ko → en."""
    own, documents, lost = outcome.of("language"), outcome.of("document_language"), outcome.lost()
    return [
        {
            "query_language": group.language,
            "document_language": group.document_language,
            **figures(outcome.values, (own == group.language) & (documents == group.document_language)),
        }
        for group in outcome.groups()
        if group.document_language and group.language not in lost
    ]


def entries(outcome: Outcome, run: str, at: datetime) -> list[Entry]:
    """The scores of each group for the journal, those of lost languages left out."""
    own, documents, lost = outcome.of("language"), outcome.of("document_language"), outcome.lost()
    keys = np.array([_key(each.query) for each in outcome.ranked], dtype=np.uint64)
    told: list[Entry] = []
    for group in outcome.groups():
        mine = (own == group.language) & (documents == group.document_language)
        scores = Scores(keys[mine], {name: values[mine] for name, values in outcome.values.items()})
        told += [] if group.language in lost else [entry_of(run, at, group, scores)]
    return told


def _key(query: Query) -> int:
    return query_key(query.language, query.text, query.relevant)


def warnings(outcome: Outcome) -> Iterator[str]:
    """What weakens the figures: failures by their reason, and a search that does not look as deep as the measures."""
    for reason in sorted({failure.reason for failure in outcome.failures}):
        names = [failure.query.id for failure in outcome.failures if failure.reason == reason]
        yield f"failed, and count neither as found nor as missed, since {reason} ({len(names):,}): {some(names)}"
    if unmeasured := [name for name in CUTOFFS if name not in outcome.values]:
        yield f"not measured, since only {outcome.depth} results were asked for: {', '.join(unmeasured)}"
    longest = max((len(each.documents) for each in outcome.ranked), default=0)
    deepest = max((CUTOFFS[name] for name in outcome.values), default=0)
    if 0 < longest < deepest:
        yield f"no search gave more than {longest} results, so that recall@{deepest} is that of {longest}"


def differences(first: Outcome, second: Outcome) -> list[Row]:
    """What the second search is better by, language by language, over the queries that both answered.

    `ci95` is that of the paired differences, studentised; null where they show no spread.
    """
    places = {each.query.id: n for n, each in enumerate(second.ranked)}
    both = [(n, places[each.query.id]) for n, each in enumerate(first.ranked) if each.query.id in places]
    mine, theirs = np.array(both, dtype=np.int64).reshape(-1, 2).T
    shared = [name for name in CUTOFFS if name in first.values and name in second.values]
    gains = {FIELDS[name]: second.values[name][theirs] - first.values[name][mine] for name in shared}
    own = first.of("language")[mine]
    lost = {*first.lost(), *second.lost()}
    return [_gain(language, gains, own == language) for language in sorted({*own.tolist()} - lost)]


def _gain(language: str, gains: Values, mine: NDArray[np.bool_]) -> Row:
    means = {field: float(gains[field][mine].mean()) if field in gains else None for field in FIELDS.values()}
    intervals = {field: studentised(gains[field][mine]) if field in gains else None for field in FIELDS.values()}
    return {"language": language, "n": int(mine.sum()), **means, "ci95": intervals}
