"""What all that is known of a text says together, language by language: Bayes, with the opinions weighed.

    score(l) = .7 ln p(l) + .5 ln P(answer | l) + .7 ln q(l) + ln share(l)

p is lid.176's probability, `answer` what cld2 says and P how often it says so of texts in l, q the probability of the
model that is fitted on short queries, share the prior. The weights are below 1 because the opinions are not independent.
How they were found, and what else was tried: docs/adr/0008.
"""

import hashlib
import json
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from agent.errors import Stop
from agent.language.base import LanguageModel
from agent.language.codes import scripts as scripts_of
from agent.language.expected import OUTSIDE, Expected
from agent.language.fasttext import FastTextModel
from agent.language.scripts import seen_as

FITTED: Final = Path(__file__).parent / "fitted"
"""What `make fit` wrote: `short.ftz` and `answers.json`."""

MODEL: Final = "short.ftz"
ANSWERS: Final = "answers.json"

_FIRST: Final = 0.7
_SECOND: Final = 0.5
_THIRD: Final = 0.7
# What the first model does not list.
_UNLISTED: Final = math.log(0.002)
# What the third does not list, and what it was not fitted on: it knows nothing of that.
_LEAST: Final = 0.001
_UNFOUND: Final = math.log(_LEAST)
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

    script: str
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
    """Read what the fit wrote; raises Stop where that is missing or damaged."""
    try:
        written = json.loads((folder / ANSWERS).read_text(encoding="utf-8"))
        whole = hashlib.sha256((folder / MODEL).read_bytes()).hexdigest() == written["sha256"]
        answers = written["answers"]
    except (OSError, ValueError, KeyError, TypeError):
        whole = False
    if not whole:  # fastText trusts what it reads: of a cut file it hangs or ends the process
        raise Stop(f"{folder} is damaged, where {MODEL} and {ANSWERS} are what the tagger was fitted to: install babelwatch again")
    return Fitted(FastTextModel(folder / MODEL, threshold=_LEAST), answers)


class Evidence:
    """Weighs opinions for the languages that are expected."""

    def __init__(self, fitted: Fitted, expected: Expected) -> None:
        self._expected = expected
        self._fitted = frozenset(
            tag for tags in expected.tags.values() for name, tag in tags.items() if name in fitted.model.languages
        )
        self._answers = _log_shares(fitted.answers, expected)

    def weigh(self, opinions: Opinions) -> Verdict | None:
        """The likeliest of all tags that somebody named; None when no opinion named one."""
        named = {*opinions.first, *opinions.third, opinions.second or ""} - {""}
        if not named:
            return None
        share, locale = self._expected.share, opinions.locale
        said = {tag: self._said(tag, opinions) for tag in sorted(named | ({locale} if locale else set()))}
        scores = {tag: score + math.log(share(tag, locale)) for tag, score in said.items()}
        best = max(scores, key=scores.__getitem__)
        total = sum(math.exp(score - scores[best]) for score in (*scores.values(), self._others(opinions, scores)))
        return Verdict(best, 1 / total, max(said, key=said.__getitem__))

    def _others(self, opinions: Opinions, named: Iterable[str]) -> float:
        """The score of all languages of the script that nobody named, together."""
        share = self._expected.script_share(opinions.script) - sum(self._expected.share(tag, None) for tag in named)
        unlisted = (_FIRST * _UNLISTED if opinions.first else 0.0) + (_THIRD * _UNFOUND if opinions.third else 0.0)
        return unlisted + _SECOND * _WRONG + math.log(max(share, OUTSIDE))

    def _said(self, tag: str, opinions: Opinions) -> float:
        """The weighed opinions about one tag."""
        return (
            _FIRST * _log(opinions.first, tag, _UNLISTED)
            + _SECOND * self._answered(tag, opinions)
            + _THIRD * _log(opinions.third, tag, _UNFOUND if tag in self._fitted else _UNFITTED)
        )

    def _answered(self, tag: str, opinions: Opinions) -> float:
        """How likely cld2's answer is for a text in this language."""
        counted = self._answers.get(tag)
        if counted is None:
            return _RIGHT if opinions.second == tag else _WRONG
        met, unmet = counted
        return met.get(opinions.answer or "", unmet)


def _log(opinion: Mapping[str, float], tag: str, unlisted: float) -> float:
    """Ln of a probability; a model without an opinion says the same of all."""
    if not opinion:
        return 0.0
    probability = opinion.get(tag)
    return math.log(probability) if probability else unlisted


def _log_shares(answers: Counts, expected: Expected) -> dict[str, tuple[dict[str, float], float]]:
    """Ln P(answer | tag), counts of merged languages added up; the second value is that of what was never answered."""
    counts: defaultdict[str, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    kinds = len({answer for counted in answers.values() for answer in counted})
    for language, counted in answers.items():
        tag = expected.tag(language, seen_as(scripts_of(language)[0])[-1]) or language
        for answer, count in counted.items():
            counts[tag][answer] += count
    return {tag: _smoothed(counted, kinds) for tag, counted in counts.items()}


def _smoothed(counted: Mapping[str, int], kinds: int) -> tuple[dict[str, float], float]:
    whole = sum(counted.values()) + _SMOOTHING * kinds
    return {answer: math.log((count + _SMOOTHING) / whole) for answer, count in counted.items()}, math.log(_SMOOTHING / whole)
