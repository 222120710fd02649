"""What all that is known of a text says together, language by language: Bayes, with the opinions weighed.

    score(l) = .7 ln p(l) + .5 ln P(answer | l) + .7 ln q(l) + ln share(l)

p is lid.176's probability, `answer` what cld2 says and P how often it says so of texts in l, q the probability of the
model that is fitted on short queries, share the prior. The weights are below 1 because the opinions are not independent.
How they were found, and what else was tried: docs/adr/0008.
"""

import json
import math
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

from agent.language.base import LanguageModel
from agent.language.codes import scripts as scripts_of
from agent.language.expected import Expected
from agent.language.fasttext import FastTextModel
from agent.language.scripts import seen_as

FITTED: Final = Path(__file__).parent / "fitted"
"""What `make fit` wrote: `short.ftz` and `answers.json`."""

_FIRST: Final = 0.7
_SECOND: Final = 0.5
_THIRD: Final = 0.7
# The least probability: what a model does not list.
_UNLISTED: Final = math.log(0.001)
# ... and of a language that the third model was not fitted on: it knows nothing of it.
_UNFITTED: Final = math.log(0.01)
# Of a language without counted answers: cld2 says it, or one of the hundred others.
_RIGHT: Final = math.log(0.7)
_WRONG: Final = math.log(0.003)
# Added to each count: an answer that was never met is rare and not impossible.
_SMOOTHING: Final = 0.02

Counts = Mapping[str, Mapping[str, int]]


class Opinions(NamedTuple):
    """What was said of one text, as tags of its script: lid.176's probabilities, cld2's answer and its tag, the third model's.

    `locale` is the tag of the locale's language.
    """

    first: Mapping[str, float]
    answer: str | None
    second: str | None
    third: Mapping[str, float]
    locale: str | None


class Verdict(NamedTuple):
    """The likeliest tag with its probability, and the one that the opinions name without the shares."""

    tag: str
    probability: float
    unweighted: str


class Fitted(NamedTuple):
    """What was fitted: a model of short queries, and of texts in each language how often cld2 gave which answer."""

    model: LanguageModel
    answers: Counts


def load(folder: Path = FITTED) -> Fitted:
    """Read what the fit wrote."""
    answers = json.loads((folder / "answers.json").read_text(encoding="utf-8"))["answers"]
    return Fitted(FastTextModel(folder / "short.ftz", threshold=0.001), answers)


class Evidence:
    """Weighs opinions for the languages that are expected."""

    def __init__(self, fitted: Fitted, expected: Expected) -> None:
        self._expected = expected
        self._fitted = frozenset(
            tag for tags in expected.tags.values() for name, tag in tags.items() if name in fitted.model.languages
        )
        self._answers = _log_shares(fitted.answers, expected)

    def weigh(self, opinions: Opinions) -> Verdict | None:
        """The likeliest of all tags that somebody named; None when nobody named one."""
        named = {*opinions.first, *opinions.third} | ({opinions.second, opinions.locale} - {None})
        said = {tag: self._said(tag, opinions) for tag in named if tag}
        if not said:
            return None
        share, locale = self._expected.share, opinions.locale
        scores = {tag: score + math.log(share(tag, locale)) for tag, score in said.items()}
        best = max(scores, key=scores.__getitem__)
        total = sum(math.exp(score - scores[best]) for score in scores.values())
        return Verdict(best, 1 / total, max(said, key=said.__getitem__))

    def _said(self, tag: str, opinions: Opinions) -> float:
        """The weighed opinions about one tag."""
        first = math.log(max(opinions.first.get(tag, 0.0), 0.002)) if opinions.first else 0.0
        third = opinions.third.get(tag)
        unlisted = _UNLISTED if tag in self._fitted else _UNFITTED
        return _FIRST * first + _SECOND * self._answered(tag, opinions) + _THIRD * (math.log(third) if third else unlisted)

    def _answered(self, tag: str, opinions: Opinions) -> float:
        """How likely cld2's answer is for a text in this language."""
        counted = self._answers.get(tag)
        if counted is None:
            return _RIGHT if opinions.second == tag else _WRONG
        return counted[opinions.answer or ""]


def _log_shares(answers: Counts, expected: Expected) -> dict[str, defaultdict[str, float]]:
    """Ln P(answer | tag), counts of merged languages added up; what was never answered has the default."""
    counts: defaultdict[str, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    kinds = len({answer for counted in answers.values() for answer in counted})
    for language, counted in answers.items():
        tag = expected.tag(language, seen_as(scripts_of(language)[0])[-1]) or language
        for answer, count in counted.items():
            counts[tag][answer] += count
    return {tag: _smoothed(counted, kinds) for tag, counted in counts.items()}


def _smoothed(counted: Mapping[str, int], kinds: int) -> defaultdict[str, float]:
    whole = sum(counted.values()) + _SMOOTHING * kinds
    unmet = math.log(_SMOOTHING / whole)
    return defaultdict(lambda: unmet, {answer: math.log((count + _SMOOTHING) / whole) for answer, count in counted.items()})
