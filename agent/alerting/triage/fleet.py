"""Whether all languages of a service fell together: the fleet-wide test, pure, with a named reason."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from math import sqrt
from typing import Final, NamedTuple

from msgspec import Struct

WINDOWS: Final = (15, 60)  # minutes
LEAST_LANGUAGES: Final = 3
LEAST_QUERIES: Final = 20  # in the window, for a language to be counted
LEAST_QUERIES_OF_OTHERS: Final = 10  # ... for a quiet one to be weighed
MOST: Final = 0.70  # of the languages
DOWN: Final = 0.015  # so much below the usual, and a language counts as fallen
THRESHOLD: Final = 0.03  # so much, and the quiet ones have fallen as one
Z: Final = 3.0
WOBBLE: Final = 0.003  # that all languages share, as a standard deviation
HEAVIEST: Final = 0.20  # of the queries, at most, for one language


class Look(NamedTuple):
    """One language in one window: its queries, its fall (0..1), the fall's squared standard error, and whether it fires."""

    language: str
    n: int
    drop: float
    se2: float
    firing: bool


Looks = Mapping[int, Sequence[Look]]
"""What each window (15 and 60 minutes) shows of the languages that can be compared in it."""


class Reason(StrEnum):
    """Why it is all languages, or why not."""

    OTHERS_FELL_TOO = "others_fell_too"
    MOST_FIRE = "most_fire"
    TOO_FEW_LANGUAGES = "too_few_languages"
    MOST_HOLD = "most_hold"
    OTHERS_HOLD = "others_hold"

    @property
    def is_fleet(self) -> bool:
        """Whether all languages fell together."""
        return self in {Reason.OTHERS_FELL_TOO, Reason.MOST_FIRE}


class Pooled(Struct, frozen=True):
    """Several languages as one: their queries, their fall weighted by queries, and its standard error."""

    n: int
    languages: int
    drop: float
    se: float

    @property
    def z(self) -> float:
        """How many standard errors it is."""
        return self.drop / self.se


class Verdict(Struct, frozen=True):
    """The answer for one window: how many languages were counted, fell, fire, and what those that do not fire say as one."""

    reason: Reason
    window: int
    counted: int = 0
    fell: int = 0
    firing: int = 0
    others: Pooled | None = None


def verdict(looks: Looks) -> Verdict:
    """The first window in which all languages fell together, else what the longest one says."""
    found = [_in_window(window, looks.get(window, ())) for window in WINDOWS]
    return next((one for one in found if one.reason.is_fleet), found[-1])


def pooled(looks: Sequence[Look], least: int) -> Pooled | None:
    """Languages with so many queries as one, none heavier than a fifth before weights are made to sum to 1; None under three."""
    known = [look for look in looks if look.n >= least]
    if len(known) < LEAST_LANGUAGES:
        return None
    n = sum(look.n for look in known)
    capped = [min(look.n, HEAVIEST * n) for look in known]
    weights = [weight / sum(capped) for weight in capped]
    drop = sum(weight * look.drop for weight, look in zip(weights, known, strict=True))
    variance = sum(weight**2 * look.se2 for weight, look in zip(weights, known, strict=True))
    return Pooled(n, len(known), drop, sqrt(variance + WOBBLE**2))


def _in_window(window: int, looks: Sequence[Look]) -> Verdict:
    counted = [look for look in looks if look.n >= LEAST_QUERIES]
    fell = sum(look.drop >= DOWN for look in counted)
    firing = sum(look.firing for look in counted)
    others = pooled([look for look in looks if not look.firing], LEAST_QUERIES_OF_OTHERS)
    return Verdict(_reason(window, len(counted), (fell, firing), others), window, len(counted), fell, firing, others)


def _reason(window: int, counted: int, down: tuple[int, int], others: Pooled | None) -> Reason:
    fell, firing = down
    if window == WINDOWS[-1] and firing >= max(LEAST_LANGUAGES, MOST * counted):
        return Reason.MOST_FIRE
    if counted < LEAST_LANGUAGES:
        return Reason.TOO_FEW_LANGUAGES
    if fell < MOST * counted:
        return Reason.MOST_HOLD
    together = others is not None and others.drop >= THRESHOLD and others.z >= Z
    return Reason.OTHERS_FELL_TOO if together else Reason.OTHERS_HOLD
