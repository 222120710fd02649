"""What the figures of one language mean, and what all of them mean together."""

from collections.abc import Collection
from enum import StrEnum
from typing import Final

from agent.probing.comparing.statistics import ALPHA, Estimate

BLIND: Final = 2.0  # a set that could not find so many times the allowed fall tells nothing


class Verdict(StrEnum):
    """The worst first."""

    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    INSUFFICIENT = "insufficient"
    PASS = "pass"  # noqa: S105 - the word of the contract


def judge(found: Estimate, p_adjusted: float, detectable: float, max_drop: float) -> Verdict:
    """Whether a language fell by more than `max_drop` (in 0..1), did not, or nobody knows.

    Fail: the estimate is above it, and beyond chance that there is a fall at all. Pass: the whole interval lies below it.
    """
    if found.drop > max_drop and p_adjusted < ALPHA:
        return Verdict.FAIL
    if found.ci95[1] < max_drop:
        return Verdict.PASS
    return Verdict.INSUFFICIENT if detectable > BLIND * max_drop else Verdict.INCONCLUSIVE


def overall(verdicts: Collection[Verdict]) -> Verdict:
    """One word for all: a pass needs all of them; `verdicts` is not empty."""
    if Verdict.FAIL in verdicts:
        return Verdict.FAIL
    return Verdict.PASS if set(verdicts) == {Verdict.PASS} else Verdict.INCONCLUSIVE


def refuses(verdict: Verdict, *, strict: bool) -> bool:
    """Whether the gate stays closed; a strict one opens for what is known to be well only."""
    return verdict is Verdict.FAIL or (strict and verdict is not Verdict.PASS)
