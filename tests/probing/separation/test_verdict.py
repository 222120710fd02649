"""The verdict: what each combination of figures is called, and that broken needs two lists."""

import pytest

from agent.probing.separation.statistics import Figures
from agent.probing.separation.verdict import FEWEST, Reason, Verdict, judge, senseless


def said(low: float, high: float, first: float, n: int = 48) -> Figures:
    """Figures with this interval and share of first places."""
    return Figures(n, 0.5, 0.1, (low + high) / 2, (low, high), 0.3, first)


GOOD = said(0.92, 1.0, 0.9)
BAD = said(0.46, 0.55, 0.03)
NEAR = said(0.66, 0.74, 0.3)
MIDDLING = said(0.7, 0.8, 0.4)
OPEN = said(0.6, 0.95, 0.6)
SELDOM_FIRST = said(0.9, 0.97, 0.4)
FEW = said(0.9, 1.0, 1.0, n=FEWEST - 1)
BLIND_LUCK = said(0.4, 0.7, 1 / FEWEST, n=FEWEST)
PARAPHRASES = said(0.78, 0.86, 0.3)

CASES: dict[str, tuple[Figures | None, Figures | None, Figures | None, Verdict | None, Reason]] = {
    "both good": (GOOD, GOOD, GOOD, "connected", "separates"),
    "phrases good, names middling": (GOOD, MIDDLING, GOOD, "connected", "separates"),
    "phrases alone, good": (GOOD, None, GOOD, "connected", "separates"),
    "names alone, good": (None, GOOD, None, "connected", "separates"),
    "clearly between": (MIDDLING, GOOD, GOOD, "weak", "overlap"),
    "some first places keep it from broken": (NEAR, NEAR, GOOD, "weak", "overlap"),
    "too wide an interval": (OPEN, GOOD, GOOD, "weak", "uncertain"),
    "near but not nearest": (SELDOM_FIRST, GOOD, GOOD, "weak", "first_place"),
    "both bad, bad within": (BAD, BAD, BAD, "broken", "language"),
    "both bad, middling within": (BAD, BAD, MIDDLING, "broken", "language"),
    "both bad, good within": (BAD, BAD, GOOD, "broken", "alignment"),
    "both bad, paraphrases told apart within": (BAD, BAD, PARAPHRASES, "broken", "alignment"),
    "both bad, nothing known within": (BAD, BAD, None, "broken", "translation"),
    "both bad, too few within": (BAD, BAD, FEW, "broken", "translation"),
    "bad by phrases only": (BAD, GOOD, GOOD, "weak", "lists_differ"),
    "bad by names only": (GOOD, BAD, GOOD, "weak", "lists_differ"),
    "bad, and no second list": (BAD, None, BAD, "weak", "one_list"),
    "bad by names, and no phrases": (None, BAD, None, "weak", "one_list"),
    "bad, and too few names": (BAD, FEW, BAD, "weak", "one_list"),
    "eight concepts and luck": (BLIND_LUCK, BLIND_LUCK, BAD, "broken", "language"),
    "too few of both": (FEW, FEW, GOOD, None, "too_few"),
    "nothing": (None, None, None, None, "too_few"),
}


@pytest.mark.parametrize(("phrases", "names", "within", "verdict", "reason"), CASES.values(), ids=CASES)
def test_each_combination_has_its_verdict(
    phrases: Figures | None, names: Figures | None, within: Figures | None, verdict: Verdict | None, reason: Reason
) -> None:
    """The verdict and its reason, case by case."""
    assert judge(phrases, names, within) == (verdict, reason)


CHANCE = said(0.44, 0.56, 0.02)
BESIDE = said(0.51, 0.6, 0.02)

SENSELESS: dict[str, tuple[list[Figures | None], list[Figures | None], bool]] = {
    "chance everywhere": ([CHANCE] * 3, [CHANCE], True),
    "one of many intervals beside chance": ([CHANCE, CHANCE, BESIDE], [CHANCE], True),
    "languages that nobody asked": ([CHANCE, None, FEW], [CHANCE], True),
    "most beside chance": ([CHANCE, BESIDE, BESIDE], [CHANCE], False),
    "its own language is known": ([CHANCE] * 3, [GOOD], False),
    "one of its own languages is known": ([CHANCE] * 3, [CHANCE, GOOD], False),
    "its own language is known a little": ([CHANCE] * 3, [BESIDE], False),
    "one language is known": ([CHANCE, CHANCE, GOOD], [CHANCE], False),
    "one language is known a little": ([CHANCE, CHANCE, NEAR], [CHANCE], False),
    "nothing of its own": ([CHANCE], [], False),
    "too little of its own": ([CHANCE], [FEW], False),
    "nothing asked": ([None], [CHANCE], False),
}


@pytest.mark.parametrize(("asked", "own", "expected"), SENSELESS.values(), ids=SENSELESS)
def test_vectors_without_meaning_are_told_from_languages_that_are_broken(
    asked: list[Figures | None],
    own: list[Figures | None],
    expected: bool,  # noqa: FBT001 - a case of the table
) -> None:
    """Only where not even the languages are told apart that any model knows."""
    assert senseless(asked, own) == expected
