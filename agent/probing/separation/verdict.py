"""What the figures of both lists say of a language: connected, weak or broken, and why. Pure."""

from collections.abc import Sequence
from statistics import median
from typing import Final, Literal, NamedTuple

from agent.probing.separation.statistics import Figures

Verdict = Literal["connected", "weak", "broken"]
Reason = Literal[
    "separates",
    "overlap",
    "first_place",
    "uncertain",
    "one_list",
    "lists_differ",
    "alignment",
    "language",
    "translation",
    "too_few",
]

# Where three models stand on the bundled phrases against English (AUC, first places). Languages they were trained on: .93 to 1.00 and
# .67 to 1.00, the lower bound of AUC at least .88. Languages near those: .66 to .89 and .17 to .68. All others: .46 to .65, to .12.
CHANCE: Final = 0.5
FEWEST: Final = 8
CONNECTED_AREA: Final = 0.85
CONNECTED_FIRST: Final = 0.5
BROKEN_AREA: Final = 0.75
BROKEN_FIRST: Final = 0.15


class Judgement(NamedTuple):
    """A verdict and its reason; no verdict where there are too few concepts.

    `separates`: synonyms are nearer. `overlap`: often they are not. `first_place`: they are, yet seldom the nearest of all.
    `uncertain`: the interval leaves it open, more concepts would tell. `one_list`, `lists_differ`: broken by one list, and the other
    cannot say, or does not. `alignment`: within the language synonyms are near, to the documents' language they are not. `language`:
    neither. `translation`: the second, and of the first nothing is known.
    """

    verdict: Verdict | None
    reason: Reason


def judge(phrases: Figures | None, names: Figures | None, within: Figures | None) -> Judgement:
    """The verdict on a language against documents; `within` are the figures of the language alone.

    Broken needs both lists, so that a bad translation of one is never taken for a bad model.
    """
    said, also = _says(phrases), _says(names)
    if said is None and also is None:
        return Judgement(None, "too_few")
    if "broken" in {said, also}:
        return _broken(said, also, within)
    first, by = (phrases, said) if said else (names, also)
    assert first is not None, "who says something has figures"
    return Judgement("connected", "separates") if by == "connected" else Judgement("weak", _why_weak(first))


def senseless(asked: Sequence[Figures | None], own: Sequence[Figures | None]) -> bool:
    """Whether the vectors seem to carry no meaning at all, which says nothing of any language.

    `asked`: each language against the documents. `own`: languages that the model should know, each against itself. All are broken,
    and no more is found than by chance: in each of `own`, and in most of `asked`, since of many intervals some miss the truth.
    """
    some = [figures for figures in asked if figures and figures.ci95 and _says(figures)]
    lows = [figures.ci95[0] for figures in own if figures and figures.ci95]
    if not some or not lows or any(_says(figures) != "broken" for figures in (*some, *own)):
        return False
    return max(lows) <= CHANCE and median(figures.ci95[0] for figures in some if figures.ci95) <= CHANCE


def _broken(said: Verdict | None, also: Verdict | None, within: Figures | None) -> Judgement:
    if said is None or also is None:
        return Judgement("weak", "one_list")
    if said != also:
        return Judgement("weak", "lists_differ")
    if _says(within) is None:
        return Judgement("broken", "translation")
    return Judgement("broken", "alignment" if _is_fine(within) else "language")


def _is_fine(within: Figures | None) -> bool:
    """Whether texts within a language are told apart; two wordings are farther apart than translations, so first places are fewer."""
    return within is not None and within.ci95 is not None and within.ci95[0] >= BROKEN_AREA


def _says(figures: Figures | None) -> Verdict | None:
    """What one list says; nothing where it has too few concepts."""
    if figures is None or figures.n < FEWEST or figures.ci95 is None or figures.p_at_1 is None:
        return None
    low, high = figures.ci95
    if low >= CONNECTED_AREA and figures.p_at_1 >= CONNECTED_FIRST:
        return "connected"
    return "broken" if high < BROKEN_AREA and _beyond_chance(figures.p_at_1, figures.n) < BROKEN_FIRST else "weak"


def _beyond_chance(share: float, n: int) -> float:
    """The share of first places that is not luck: with few concepts a blind guess is often right."""
    return (share - 1 / n) / (1 - 1 / n)


def _why_weak(figures: Figures) -> Reason:
    assert figures.ci95 is not None, "who says something has an interval"
    low, high = figures.ci95
    if high < CONNECTED_AREA:
        return "overlap"
    return "first_place" if low >= CONNECTED_AREA else "uncertain"
