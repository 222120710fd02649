"""Which cause: the first decider that recognises the facts names it. Pure; the facts are read elsewhere."""

from collections.abc import Callable
from enum import StrEnum
from math import hypot
from typing import Final, NamedTuple

from msgspec import Struct

from agent.alerting.incident import Cause
from agent.alerting.summary import one_line
from agent.alerting.volume import is_flood

ENOUGH: Final = 50  # queries on both sides, else a share or a fall tells nothing
SURE: Final = 3.0  # standard errors between two shares, or two falls
ERRORS_ROSE: Final = 0.05
FIELD_VANISHED: Final = 0.10
EVERYTHING_HALVED: Final = 0.5
MOVED_IN: Final = 0.3  # of a bucket's queries, and its fall may be theirs
ON_NEW_VERSION: Final = 0.8  # of the fall
SIDE_BY_SIDE: Final = 0.9  # of the queries at most, else there is no old version beside it
HOLDS: Final = 0.015
FELL: Final = 0.03
TRANSLATION_FELL: Final = 0.05
TRANSLATED: Final = 0.1  # of the queries, else translation explains little
ALL_OF_IT: Final = 0.995  # rounded it is 100 %; above 1 the other engines improved
FALLBACK_ROSE: Final = 0.05


class Reason(StrEnum):
    """What the cause was recognised by."""

    ALL_LANGUAGES_FELL = "all_languages_fell"
    ERRORS_ROSE = "errors_rose"
    FIELD_VANISHED = "field_vanished"
    EVERYTHING_HALVED = "everything_halved"
    FLOODED = "flooded"
    MOVED_IN = "moved_in"
    BEGAN_WITH_DEPLOYMENT = "began_with_deployment"
    ON_NEW_VERSION_ONLY = "on_new_version_only"
    SAME_LANGUAGE_HOLDS = "same_language_holds"
    TRANSLATION_FELL = "translation_fell"
    FALLBACK_ROSE = "fallback_rose"
    LOW_FROM_THE_START = "low_from_the_start"
    NOTHING_RECOGNISED = "nothing_recognised"


class Ratio(NamedTuple):
    """A share: so many of so many."""

    part: float
    whole: int

    @property
    def value(self) -> float:
        """The share, 0 of nothing."""
        return self.part / self.whole if self.whole else 0.0


class Moved(NamedTuple):
    """A share now and before."""

    now: Ratio = Ratio(0, 0)
    before: Ratio = Ratio(0, 0)

    @property
    def rise(self) -> float:
        """How much it rose; 0 where either side is too small to tell, or chance may have done it."""
        if min(self.now.whole, self.before.whole) < ENOUGH:
            return 0.0
        pooled = (self.now.part + self.before.part) / (self.now.whole + self.before.whole)
        se2 = pooled * (1 - pooled) * (1 / self.now.whole + 1 / self.before.whole)
        rise = self.now.value - self.before.value
        return rise if rise**2 > SURE**2 * se2 else 0.0

    @property
    def words(self) -> str:
        """`from 2 % to 40 %`."""
        return f"from {self.before.value:.0%} to {self.now.value:.0%}".replace("%", " %")


class Side(NamedTuple):
    """How far some of a language's queries fell (0..1), with its standard error, on how many queries now and before."""

    drop: float
    se: float
    n: int
    n_before: int

    @property
    def judged(self) -> bool:
        """Whether there are enough queries on both sides."""
        return min(self.n, self.n_before) >= ENOUGH


class Facts(Struct, frozen=True):
    """What is known of a fall beside its size, now and at the same hours before; a default says that it is not known.

    `traffic` and `everything`: the queries of the language and of the whole service as a multiple of the usual. `moved_in`: the
    share of the language's queries that are missing in `und` or another language. `deployed`: what came within the interval of
    the begin. `new_version`, `new_version_share`: a version that was not there before and is side by side with one that was, and
    what it bears of the fall. `same_language`, `other_languages`: by the language of the documents. `engine`, `engine_share`: the
    engine that bears the fall of the translations' quality, and how much of it.
    """

    all_languages: bool = False
    level: bool = False
    errors: Moved = Moved()
    unscored: Moved = Moved()
    everything: float | None = None
    traffic: float | None = None
    moved_in: float = 0.0
    moved_from: str = ""
    deployed: str = ""
    new_version: str = ""
    new_version_share: float = 0.0
    same_language: Side | None = None
    other_languages: Side | None = None
    translation: Moved = Moved()
    translated: float = 0.0
    engine: str = ""
    engine_share: float = 0.0
    fallback: Moved = Moved()


class Found(NamedTuple):
    """The cause, what it was recognised by, and that as a sentence (empty where the incident says it already)."""

    cause: Cause
    reason: Reason
    sentence: str = ""


Decider = Callable[[Facts], Found | None]


def fleet(facts: Facts) -> Found | None:
    """All languages fell together."""
    return Found("fleet", Reason.ALL_LANGUAGES_FELL) if facts.all_languages else None


def ingest(facts: Facts) -> Found | None:
    """What arrives is incomplete: errors, a field that is missing, half of the whole service's queries."""
    if facts.errors.rise >= ERRORS_ROSE:
        return Found("ingest", Reason.ERRORS_ROSE, f"Searches that end in an error rose {facts.errors.words}.")
    if facts.unscored.rise >= FIELD_VANISHED:
        return Found("ingest", Reason.FIELD_VANISHED, f"Answers logged without a score rose {facts.unscored.words}.")
    if facts.everything is not None and facts.everything <= EVERYTHING_HALVED:
        text = f"The whole service has {facts.everything:.2f} times its usual queries."
        return Found("ingest", Reason.EVERYTHING_HALVED, text)
    return None


def tagging(facts: Facts) -> Found | None:
    """Queries of another language are counted here: before deployments, as a flood needs none and a roll-back ends none."""
    if is_flood(facts.traffic):
        return Found("tagging", Reason.FLOODED)
    if facts.moved_in >= MOVED_IN:
        text = f"{facts.moved_in:.0%} of its queries are as many as are missing in {facts.moved_from}.".replace("%", " %")
        return Found("tagging", Reason.MOVED_IN, text)
    return None


def deployment(facts: Facts) -> Found | None:
    """A version came when the fall began, or the fall sits on the new version while an old one beside it holds."""
    if facts.deployed:
        return Found("deployment", Reason.BEGAN_WITH_DEPLOYMENT, f"It began with {facts.deployed}.")
    if facts.new_version and facts.new_version_share >= ON_NEW_VERSION:
        text = f"Version {one_line(facts.new_version)} bears the fall, the one beside it holds."
        return Found("deployment", Reason.ON_NEW_VERSION_ONLY, text)
    return None


def cross_lingual(facts: Facts) -> Found | None:
    """Documents in the query's language are found as before, others are not."""
    same, others = facts.same_language, facts.other_languages
    if same is None or others is None or not (same.judged and others.judged):
        return None
    apart = others.drop - same.drop >= SURE * hypot(others.se, same.se)
    text = f"Documents in the query's own language are found as before; in other languages {others.drop * 100:.1f} points less."
    return Found("cross_lingual", Reason.SAME_LANGUAGE_HOLDS, text) if same.drop < HOLDS and others.drop >= FELL and apart else None


def translation(facts: Facts) -> Found | None:
    """The quality of translated queries fell, and enough of them are translated."""
    fell = -facts.translation.rise
    if facts.translated < TRANSLATED or fell < TRANSLATION_FELL:
        return None
    now, before = facts.translation.now.value, facts.translation.before.value
    text = f"The mean quality of translated queries fell from {before:.2f} to {now:.2f}{_borne_by_engine(facts)}."
    return Found("translation", Reason.TRANSLATION_FELL, text)


def _borne_by_engine(facts: Facts) -> str:
    if not facts.engine:
        return ""
    share = "all" if facts.engine_share > ALL_OF_IT else f"{facts.engine_share:.0%}".replace("%", " %")
    return f"; engine {one_line(facts.engine)} bears {share} of that"


def fallback(facts: Facts) -> Found | None:
    """More queries take the fallback route."""
    if facts.fallback.rise < FALLBACK_ROSE:
        return None
    return Found("fallback", Reason.FALLBACK_ROSE, f"The share of the fallback route rose {facts.fallback.words}.")


def low_resource(facts: Facts) -> Found | None:
    """The language is low, and did not fall."""
    return Found("low_resource", Reason.LOW_FROM_THE_START) if facts.level else None


DECIDERS: Final[tuple[Decider, ...]] = (fleet, ingest, tagging, deployment, cross_lingual, translation, fallback, low_resource)
"""In this order: the first that recognises something names the cause."""


def cause_of(facts: Facts) -> Found:
    """The cause."""
    found = (decide(facts) for decide in DECIDERS)
    return next((one for one in found if one), Found("unknown", Reason.NOTHING_RECOGNISED))
