"""What an incident says in one breath: the number first, its interval, against what, on how many queries."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from agent.alerting.changes import Change
from agent.alerting.condition import Limit
from agent.alerting.incident import ALL, Confirmed
from agent.alerting.minutes import DAY, HOUR
from agent.alerting.rule import LABELS, Measure
from agent.alerting.statistics import Figures
from agent.alerting.volume import is_flood
from agent.language.codes import display_name

UNCONFIRMED = "score signal, unconfirmed"
LONGEST_NAME = 60
RARE = "rare"  # and of one about those with few queries, taken together
NOTEWORTHY = 2.0


class Fact(NamedTuple):
    """One measure that fell: its figures, the reach of its baseline in days, what it was read with, and against what."""

    measure: Measure
    figures: Figures
    days: int
    k: int
    threshold: float | None
    against: Literal["version", "canary", "trailing", "reference"] = "version"
    provisional: bool = False  # the threshold: learned, not set


def fall_text(language: str, facts: Sequence[Fact], change: Change | None, *, confirmed: bool | None = None) -> str:
    """A fall; the strongest evidence in full, the others in a word each. Labels confirm, unless it is said who does."""
    first, *others = facts
    name, scored = display_name(language), not (first.measure == LABELS if confirmed is None else confirmed)
    also = f" Also fell: {', '.join(f'{_name(fact)} {points(fact.figures.drop)} points' for fact in others)}." if others else ""
    lead = f"{name}: {UNCONFIRMED}: " if scored else f"{name} "
    since = f" since {version_text(change)}" if change else ""
    return f"{lead}{_fell(first)}{since} {_against(first)}.{_wobble(first)}{also}"


def volume_text(volume: float | None) -> str:
    """How much more or less traffic there is than usual, where it is much."""
    if volume is None or 1 / NOTEWORTHY < volume < NOTEWORTHY:
        return ""
    flood = ": are queries in another language counted here?" if is_flood(volume) else "."
    times = f"{volume:.2f}" if volume < 1 else f"{volume:.1f}"
    return f" Its traffic is {times} times the usual{flood}"


def back_text(language: str, measure: Fact, fallen: float | None) -> str:
    """The end of a fall."""
    figures = measure.figures
    before = f" It had fallen {points(fallen)} points." if fallen is not None else ""
    return (
        f"{display_name(language)} {_name(measure)} is back: {level(measure, figures.current)} in the last {duration(figures.scale_minutes)}"
        f" ({figures.n:,} {_queries(measure)}) against {level(measure, figures.baseline)} at the same hours before.{before}"
    )


def refuted_text(language: str, measure: Fact) -> str:
    """The end of a score signal that labels did not confirm."""
    figures = measure.figures
    return (
        f"{display_name(language)}: not confirmed: the scores changed, but {_name(measure)} did not fall:"
        f" {level(measure, figures.current)} ({figures.n:,} {_queries(measure)}) against {level(measure, figures.baseline)};"
        f" 95 % CI of the fall {points(figures.ci95[0])} to {points(figures.ci95[1])} points."
    )


def low_text(language: str, figures: Figures, limit: Limit, floor: float, confirmed: Confirmed) -> str:
    """Best scores that look like those of unrelated text."""
    names = ", ".join(display_name(tag) for tag in limit.languages)
    noise = ", below noise" if figures.current < floor else ""
    word = "Labels confirm it" if confirmed == "yes" else UNCONFIRMED.capitalize()
    return (
        f"{_who(language)} consistently low{noise}: median best score {figures.current:.2f}"
        f" (95 % CI {figures.baseline - figures.ci95[1]:.2f} to {figures.baseline - figures.ci95[0]:.2f})"
        f" in the last {duration(figures.scale_minutes)} ({figures.n:,} queries), under the limit of {limit.limit:.2f};"
        f" unrelated text scores {floor:.2f}, {names} {figures.baseline:.2f} ({figures.n_baseline:,}). {word}."
    )


def not_low_text(language: str, figures: Figures, limit: float) -> str:
    """The end of a low level."""
    return (
        f"{_who(language)} no longer low: median best score {figures.current:.2f} ({figures.n:,} queries in the last"
        f" {duration(figures.scale_minutes)}), above the limit of {limit:.2f}."
    )


def labels_refute_text(language: str, figures: Figures, k: int) -> str:
    """The end of a low level that labels did not confirm."""
    return (
        f"{display_name(language)}: not confirmed: best scores are low, but recall@{k} is not far below the others: {_beside(figures)};"
        f" 95 % CI of the gap {points(figures.ci95[0])} to {points(figures.ci95[1])} points."
    )


def gap_text(language: str, figures: Figures, k: int, reference: Sequence[str]) -> str:
    """Labels far below those of the large languages."""
    return (
        f"{display_name(language)} recall@{k} lies {points(figures.drop)} points (95 % CI {points(figures.ci95[0])} to"
        f" {points(figures.ci95[1])}) below the reference ({_names(reference)}): {_beside(figures)}."
    )


def no_gap_text(language: str, figures: Figures, k: int, reference: Sequence[str]) -> str:
    """The end of a gap."""
    return f"{display_name(language)} recall@{k} is no longer far below the reference ({_names(reference)}): {_beside(figures)}."


def _names(languages: Sequence[str]) -> str:
    return ", ".join(map(display_name, languages))


def vanished_text(language: str, figures: Figures) -> str:
    """Traffic that is gone."""
    return (
        f"{_traffic(language)} vanished: {figures.n:,} queries in the last {duration(figures.scale_minutes)}, where at least"
        f" {figures.n_baseline:,} were expected (the lowest of the same hours in the last weeks)."
    )


def returned_text(language: str, figures: Figures) -> str:
    """The end of it."""
    return (
        f"{_traffic(language)} is back: {figures.n:,} queries in the last {duration(figures.scale_minutes)}, where at least"
        f" {figures.n_baseline:,} were expected."
    )


def version_text(change: Change) -> str:
    """What was deployed: the index version, or the model where that is what is new or all there is."""
    model, index = one_line(change.embedding_model), one_line(change.index_version)
    if change.new_model and model:
        return f"embedding model {model}" + (f" (index version {index})" if index else "")
    return f"index version {index}" if index else f"embedding model {model}"


def points(drop: float) -> str:
    """A difference of rates in points."""
    return f"{drop * 100:.1f}".replace("-0.0", "0.0")


def level(fact: Fact, value: float) -> str:
    """A rate in percent, a similarity as it is."""
    return f"{value:.3f}" if fact.measure == "similarity_mean" else percent(value)


def percent(rate: float) -> str:
    """A rate with one decimal."""
    return f"{rate:.1%}".replace("%", " %")


def many(count: int, noun: str) -> str:
    """`1 text`, `2,000 texts`."""
    return f"{count:,} {noun}{'s' * (count != 1)}"


def duration(minutes: int) -> str:
    """Minutes below two hours, hours and minutes below two days, else days."""
    if minutes < 2 * HOUR:
        return f"{minutes} min"
    if minutes < 2 * DAY:
        hours, rest = divmod(minutes, HOUR)
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    return f"{minutes / DAY:.1f} d".replace(".0 d", " d")


def one_line(name: str) -> str:
    """A name from a log, short and without anything that breaks a line."""
    seen = "".join(letter for letter in name if letter.isprintable())
    return seen if len(seen) <= LONGEST_NAME else seen[: LONGEST_NAME - 1] + "…"


def _who(language: str) -> str:
    return "Rare languages, taken together, are" if language == RARE else f"{display_name(language)} is"


def _traffic(language: str) -> str:
    return "The traffic of all languages" if language == ALL else f"{display_name(language)} traffic"


def _beside(figures: Figures) -> str:
    now, usual = percent(figures.current), percent(figures.baseline)
    return f"{now} in the last {duration(figures.scale_minutes)} ({figures.n:,} labelled queries) against {usual} ({figures.n_baseline:,})"


def _name(fact: Fact) -> str:
    return {
        "recall_at_k": f"recall@{fact.k}",
        "hit_rate": f"the share of queries with best score ≥ {fact.threshold or 0:.2f}{' (provisional)' if fact.provisional else ''}",
        "similarity_mean": "the mean best score",
        "has_results": "the share of queries with results",
        "und": "the share of queries whose language is known",
        "mixed": "the share of queries in one language only",
        "fallback": "the share of queries without fallback",
        "other_language": "the share of answers in the query's language",
        "low_translation": "the mean translation quality",
    }[fact.measure]


def _queries(fact: Fact) -> str:
    return "labelled queries" if fact.measure == LABELS else "queries"


def _fell(fact: Fact) -> str:
    figures = fact.figures
    interval = f"95 % CI {points(figures.ci95[0])} to {points(figures.ci95[1])}; first estimate, tends high"
    return f"{_name(fact)} fell {points(figures.drop)} points ({interval}): {level(fact, figures.current)}"


def _against(fact: Fact) -> str:
    figures = fact.figures
    usual, n = level(fact, figures.baseline), f"{figures.n_baseline:,}"
    if fact.against == "canary":
        return f"{_seen(fact)} against {usual} on the version before in the same minutes ({n})"
    if fact.against == "reference":
        return f"{_seen(fact)} against its fixed reference of {usual} ({n})"
    days = "day" if fact.days == 1 else f"{fact.days} days"
    return f"{_seen(fact)} against {usual} at the same hours of the previous {days} ({n})"


def _seen(fact: Fact) -> str:
    figures, queries = fact.figures, f"{fact.figures.n:,} {_queries(fact)}"
    lasted = duration(figures.scale_minutes)
    return f"({queries}, {lasted})" if fact.against in {"version", "canary"} else f"in the last {lasted} ({queries})"


def _wobble(fact: Fact) -> str:
    figures = fact.figures
    if fact.against != "trailing" or figures.parts is None:
        return ""
    wobble = points(figures.parts.noise.tau)
    said = "vary by chance only" if wobble == "0.0" else f"wobble by ±{wobble} points"
    return f" Its windows of {duration(figures.scale_minutes)} normally {said}."
