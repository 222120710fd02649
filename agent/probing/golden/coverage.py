"""Where a golden set and the traffic differ, and what to label next.

The budget is shared out by power allocation with exponent 1/2 (Bankier 1988): a pair's queries in the set shall be in
proportion to the square root of its traffic, between figures for each language and figures for the whole. What is labelled
already counts: the budget fills up from the pair that lacks most.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from math import floor, sqrt
from typing import Any, Final, NamedTuple

from agent.alerting.rule import NO_LANGUAGE
from agent.language.codes import UNDETERMINED
from agent.probing.golden.dataset import Dataset

ENOUGH: Final = 100
Row = dict[str, Any]


class Pair(NamedTuple):
    """Query language and document language; `und`: documents whose language the log does not tell."""

    query_language: str
    document_language: str


def coverage(traffic: Iterable[Mapping[str, Any]], dataset: Dataset, budget: int) -> dict[str, Any]:
    """`pairs` with their shares of traffic and set, and `label_next`: how many queries of which pair, `budget` in all.

    `traffic`: rows of the table of pairs, `language`, `document_language` and `queries`. Queries in no language are left out:
    nobody can label them. Where the log does not tell the documents' language, the set's queries of all of them count.
    """
    asked = _asked(traffic)
    judged = _judged(dataset, asked)
    rows = [_row(pair, asked, judged, len(dataset.queries)) for pair in {*asked, *judged}]
    return {
        "pairs": sorted(rows, key=lambda row: (-row["traffic"], row["query_language"], row["document_language"])),
        "label_next": [{**pair._asdict(), "queries": n} for pair, n in _shared_out(asked, judged, budget).items() if n],
    }


def _asked(traffic: Iterable[Mapping[str, Any]]) -> Counter[Pair]:
    asked: Counter[Pair] = Counter()
    for row in traffic:
        if row["language"] not in NO_LANGUAGE and row["queries"]:
            asked[Pair(row["language"], row["document_language"] or UNDETERMINED)] += row["queries"]
    return asked


def _judged(dataset: Dataset, asked: Iterable[Pair]) -> Counter[Pair]:
    """The set's queries by pair, and for pairs of an unknown document language those of the query language."""
    judged = Counter(Pair(query.language, query.document_language or UNDETERMINED) for query in dataset.queries)
    by_language = dataset.languages()
    for pair in asked:
        if pair.document_language == UNDETERMINED:
            judged[pair] = by_language[pair.query_language]
    return judged


def _row(pair: Pair, asked: Counter[Pair], judged: Counter[Pair], queries: int) -> Row:
    return {
        **pair._asdict(),
        "traffic": asked[pair],
        "traffic_share": asked[pair] / asked.total() if asked else None,
        "judged": judged[pair],
        "set_share": judged[pair] / queries,
        "enough": judged[pair] >= ENOUGH or not asked[pair],
    }


def _shared_out(asked: Counter[Pair], judged: Counter[Pair], budget: int) -> dict[Pair, int]:
    """How many queries each pair gets, most first."""
    pairs = sorted(asked)
    exact = filled([sqrt(asked[pair]) for pair in pairs], [judged[pair] for pair in pairs], budget)
    whole = dict(zip(pairs, rounded(exact), strict=True))
    return dict(sorted(whole.items(), key=lambda item: (-item[1], item[0])))


def filled(weights: Sequence[float], there: Sequence[float], budget: float) -> list[float]:
    """What each of n gets so that `there` and it together come as near to proportion with `weights` (> 0) as the budget can do.

    Water-filling: max(0, level x weight - there), the level such that they sum to `budget`.
    """
    order = sorted(range(len(weights)), key=lambda n: there[n] / weights[n])
    level = weight = have = 0.0
    for n in order:
        if weight and level <= there[n] / weights[n]:
            break
        weight, have = weight + weights[n], have + there[n]
        level = (budget + have) / weight
    return [max(0.0, level * weights[n] - there[n]) for n in range(len(weights))]


def rounded(parts: Sequence[float]) -> list[int]:
    """Whole numbers with the same sum, by largest remainders (Hamilton's method); of equal ones the first."""
    whole = [floor(part) for part in parts]
    left = round(sum(parts)) - sum(whole)
    for n in sorted(range(len(parts)), key=lambda n: whole[n] - parts[n])[:left]:
        whole[n] += 1
    return whole
