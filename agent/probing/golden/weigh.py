"""What a golden run says of an incident that only scores speak for: paired with its run from before, or beside the other languages."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from math import hypot
from typing import Final, NamedTuple

from agent.alerting.incident import Confirmed, Incident, IncidentClass
from agent.alerting.weighing import GOLDEN, Weighing
from agent.errors import Misconfigured
from agent.probing import kept
from agent.probing.comparing.metric import metric_of
from agent.probing.comparing.sides import Marks, by_language, joined, paired, side_of
from agent.probing.comparing.statistics import Values, estimate, studentised
from agent.probing.due import Check
from agent.probing.kept import GoldenRun
from agent.probing.scores import Group
from agent.store.base import Journal

METRIC: Final = "recall@10"
FALL: Final = 0.03
GAP: Final = 0.20
REFERENCES: Final = 3
REMEMBERED: Final = timedelta(days=60)
"""A run older than that is no measure of what was usual."""


class Asked(NamedTuple):
    """A run and what its queries scored."""

    run: GoldenRun
    marks: Mapping[Group, Marks]


class Found(NamedTuple):
    """By how much it lies lower (0..1), the 95 % interval of that, on how many queries, and than what."""

    drop: float
    ci95: tuple[float, float]
    n: int
    than: str


class Weigher:
    """Reads runs from the journal."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def weigh(self, incident: Incident, check: Check, at: datetime) -> Weighing | None:
        """What the newest run of this check's set says; None where there is nothing to say. Raises RetryLater."""
        since = (incident.began_at or incident.fired_at or at) - REMEMBERED
        runs = [run for run in kept.golden_runs(self._journal, since) if run.name == check.name]
        asked = (check.language,) if check.language else ()
        fired = incident.fired_at or at
        now = next((run for run in reversed(runs) if run.languages == asked and run.at >= fired), None)
        found = self._found(incident, check, now, runs) if now else None
        return None if found is None else _weighing(incident, check.name, found, at)

    def _found(self, incident: Incident, check: Check, now: GoldenRun, runs: list[GoldenRun]) -> Found | None:
        whole = [run for run in runs if not run.languages and run.id != now.id]
        if incident.class_ == "level":
            return beside(self._asked(now), self._asked(whole[-1]), check.language) if whole and check.language else None
        since = incident.began_at or incident.fired_at
        before = [run for run in whole if since is not None and run.at <= since]
        return fallen(self._asked(before[-1]), self._asked(now), check.language) if before else None

    def _asked(self, run: GoldenRun) -> Asked:
        try:
            return Asked(run, side_of(self._journal, run, run.name, metric_of(METRIC)).marks)
        except Misconfigured:  # a search that is asked for fewer than ten has no recall@10
            return Asked(run, {})


def fallen(before: Asked, now: Asked, language: str) -> Found | None:
    """The same queries in two runs; `language` empty: of all languages. None where they have none in common."""
    pairs = paired(_of(before.marks, language), _of(now.marks, language))
    if not len(pairs.base):
        return None
    found = estimate(pairs.base, pairs.candidate)
    return Found(found.drop, found.ci95, found.n, f"against its run of {before.run.at:%Y-%m-%d %H:%M} UTC")


def beside(now: Asked, whole: Asked, language: str) -> Found | None:
    """A language in the newest run against the median of the three languages with most queries in a run of all of them."""
    own = _of(now.marks, language).values
    asked = {group.language: marks.values for group, marks in by_language(whole.marks).items() if len(marks.values)}
    known = {tag: values for tag, values in asked.items() if tag != language}
    largest = sorted(known, key=lambda tag: (-len(known[tag]), tag))[:REFERENCES]
    if not len(own) or not largest:
        return None
    means = sorted((float(known[tag].mean()), tag) for tag in largest)
    _, middle = means[(len(means) - 1) // 2]
    gap = float(known[middle].mean() - own.mean())
    half = hypot(_half(own), _half(known[middle]))
    return Found(gap, (gap - half, gap + half), len(own), f"below the median of {', '.join(largest)}")


def _half(values: Values) -> float:
    """Half of the 95 % interval of a mean; those of two independent means add up as squares."""
    interval = studentised(values).interval
    return float(interval.high - interval.low) / 2


def verdict(class_: IncidentClass, found: Found) -> Confirmed:
    """A fall is certain and matters, or certainly does not; a gap is certainly as large as the rule on gaps asks, or is not."""
    low, high = found.ci95
    limit = GAP if class_ == "level" else FALL
    if high < limit:
        return "no"
    certain = low >= GAP if class_ == "level" else low > 0
    return "yes" if certain and found.drop >= limit else "unconfirmed"


def _weighing(incident: Incident, name: str, found: Found, at: datetime) -> Weighing:
    confirmed = verdict(incident.class_, found)
    return Weighing(
        incident.fingerprint,
        incident.began_at,
        at,
        confirmed,
        rule=f"{GOLDEN}{name}",
        metric=METRIC,
        drop=found.drop,
        ci95=found.ci95,
        n=found.n,
        sentence=_sentence(confirmed, name, found),
    )


def _sentence(confirmed: Confirmed, name: str, found: Found) -> str:
    word = {"yes": "Confirmed", "no": "Not confirmed", "unconfirmed": "The golden set cannot tell"}[confirmed]
    low, high = (_signed(bound).removeprefix("+") for bound in found.ci95)
    return f"{word}: {METRIC} {_signed(-found.drop)} ({low} to {high}) {found.than}: golden set {name}, {found.n:,} queries."


def _signed(share: float) -> str:
    """Points with their sign, as a minus that is one."""
    rounded = round(100 * share, 1)
    return f"{rounded:+.1f}".replace("-", "−") if rounded else "0.0"


def _of(marks: Mapping[Group, Marks], language: str) -> Marks:
    """The values of a language's queries, whatever language their documents are in; `language` empty: of all."""
    return joined([each for group, each in marks.items() if language in {"", group.language}])
