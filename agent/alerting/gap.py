"""How far a language lies below the reference by labels, and what that says to the score rules. Pure."""

from collections.abc import Mapping, Sequence
from math import sqrt
from statistics import median_high
from typing import Literal, NamedTuple

from msgspec import Struct

from agent.alerting.incident import Confirmed
from agent.alerting.minutes import DAY
from agent.alerting.runs import LARGEST_LANGUAGES
from agent.alerting.statistics import MICRO, Z95, Z95_ONE_SIDED, Figures

SESSIONS = 1.5  # queries of one session share their fate: the design effect, as nothing smaller is known
LABELS_TELL = 7 * DAY  # older labels say nothing of what is now

Says = Literal["far_below", "near", "undecided"]


class Labelled(NamedTuple):
    """Labelled queries and the sum of their values, in millionths."""

    n: int
    total: int

    @property
    def mean(self) -> float:
        """The mean, in 0..1."""
        return self.total / MICRO / self.n

    @property
    def variance(self) -> float:
        """That of one query. A value in 0..1 has at most that of a hit or miss with the same mean; one of each is added."""
        shrunk = (self.total / MICRO + 1) / (self.n + 2)
        return shrunk * (1 - shrunk)


class Usual(NamedTuple):
    """The labels of the reference: those of its median language, and the languages that were asked."""

    labelled: Labelled
    languages: tuple[str, ...]


class Word(Struct, frozen=True, array_like=True):
    """What the labels of a language said last, in the minutes first..last."""

    says: Says
    now: Labelled
    reference: Labelled
    first: int
    last: int

    @property
    def figures(self) -> Figures:
        """By what."""
        return gap(self.now, self.reference, self.last - self.first + 1)


def best_of(labelled: Mapping[str, Labelled]) -> tuple[str, ...]:
    """The three best: the reference where nobody names one, of languages that are asked about as often."""
    return tuple(sorted(labelled, key=lambda language: (-labelled[language].mean, language))[:LARGEST_LANGUAGES])


def usual(labelled: Mapping[str, Labelled], languages: Sequence[str], min_events: int) -> Usual | None:
    """The median of the reference languages that have enough labels (of two the better one); None where none has."""
    asked = [language for language in languages if language in labelled and labelled[language].n >= min_events]
    if not asked:
        return None
    middle = median_high([(labelled[language].mean, labelled[language]) for language in asked])
    return Usual(middle[1], tuple(asked))


def gap(now: Labelled, reference: Labelled, minutes: int) -> Figures:
    """The difference of the means, reference - now, with se^2 = 1.5 (v/n + w/m)."""
    se = sqrt(SESSIONS * (now.variance / now.n + reference.variance / reference.n))
    drop = reference.mean - now.mean
    return Figures(now.n, reference.n, now.mean, reference.mean, drop, se, drop / se, (drop - Z95 * se, drop + Z95 * se), minutes)


def says(figures: Figures, threshold: float) -> Says:
    """Whether the language is far below by the one-sided lower 95 % bound of the gap, near by the upper one, or neither."""
    if figures.drop - Z95_ONE_SIDED * figures.se >= threshold:
        return "far_below"
    return "near" if figures.upper95 < threshold else "undecided"


def confirmed_by(word: Word | None, minute: int) -> Confirmed:
    """What labels make of scores that are low: they decide, where they are recent and do decide."""
    if word is None or minute - word.last > LABELS_TELL or word.says == "undecided":
        return "unconfirmed"
    return "yes" if word.says == "far_below" else "no"
