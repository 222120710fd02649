"""What changed against the time before, and the word for it: every comparison of the report in one family. Pure.

z = (now - before) / se with se^2 = phi (v/n + v_b/n_b) + tau^2 (reference/detection.md, 2 and 6.13): both times wobble, so tau^2 is
the sum of both. p = erfc(|z| / sqrt 2), two-sided; Holm over all languages and averages keeps the chance of one false word at 5 %.
"""

from collections.abc import Mapping, Sequence
from math import erfc, hypot, sqrt
from typing import Final, NamedTuple

from agent.alerting.holm import holm
from agent.alerting.labelling import Labelling, moved
from agent.alerting.rule import LABELS
from agent.alerting.statistics import MICRO, SMALLEST_VARIANCE, Z95, Expected, Figures, Noise, Spread, Sums, compare
from agent.report.weekly.decomposition import Decomposition, Side, decompose
from agent.report.weekly.model import Change, Word
from agent.report.weekly.readings import ENOUGH, Key, Read, mean

ALPHA: Final = 0.05
LEAST: Final = 0.005
"""Half a point: what is smaller is called no clear change, however sure it is."""


class Found(NamedTuple):
    """A difference before it has a word: positive where now is better."""

    before: float
    n_before: int
    change: float
    se: float
    noise: Noise

    @property
    def p_value(self) -> float:
        """Two-sided, of no change."""
        return erfc(abs(self.change) / self.se / sqrt(2)) if self.se else float(self.change == 0)


def comparable(key: Key, now: Sums, before: Mapping[Key, Sums]) -> str:
    """Why a language has no change; empty where it has one."""
    then = before.get(key)
    if not before:
        return "not there before"
    if then is None:
        other = any(each.measure == key.measure for each in before)
        return "another embedding model than before: scores have no common scale" if other else "not measured like this before"
    few = min(now.n, then.n)
    return f"{few:,} queries, {ENOUGH} are needed in both" if few < ENOUGH else ""


def labels_moved(key: Key, sides: tuple[Sums, Sums], queries: tuple[int, int]) -> str:
    """Why labels of two times are not compared: another share of the queries has one."""
    if key.measure != LABELS:
        return ""
    now, then = (Labelling(side.n, max(n, side.n)) for side, n in zip(sides, queries, strict=True))
    return moved(now, then)


def difference(now: Sums, before: Sums, noise: Noise) -> tuple[Found, Figures]:
    """The change of a mean, with the figures behind it."""
    usual = mean(before)
    spread = Spread(max(before.squares / MICRO / before.n - usual**2, SMALLEST_VARIANCE), before.binary)
    figures = compare(now, Expected(usual, before.n), spread, 0, noise)
    return Found(usual, before.n, -figures.drop, figures.se, noise), figures


def average(
    sides: tuple[Mapping[str, Side], Mapping[str, Side]], figures: Mapping[str, Figures]
) -> tuple[Decomposition, Found] | None:
    """The average of one measure over languages split exactly, and what the languages themselves did, the mix as it was on average.

    `sides`: before and now. A language's own part is the mean of both shares times its change, so its error is that share times
    its own. Chance is independent from language to language; the wobble is taken as common to all, which is the cautious end.
    """
    split = decompose(*sides)
    if split is None:
        return None
    totals = [sum(side.queries for side in week.values()) for week in sides]
    share = {tag: sum(week[tag].queries / total for week, total in zip(sides, totals, strict=True)) / 2 for tag in figures}
    chance = hypot(*(share[tag] * _chance(each) for tag, each in figures.items()))
    tau = sum(share[tag] * each.parts.noise.tau for tag, each in figures.items() if each.parts)
    phi = sum(share[tag] * each.parts.noise.phi for tag, each in figures.items() if each.parts) / (sum(share.values()) or 1)
    n = sum(each.n_baseline for each in figures.values())
    return split, Found(split.before, n, split.rates, hypot(chance, tau), Noise(phi, tau))


def _chance(figures: Figures) -> float:
    parts = figures.parts
    assert parts is not None, "compare keeps them"
    return sqrt(parts.noise.phi * (parts.variance / figures.n + parts.variance_baseline / parts.weight))


def worded(found: Sequence[Found]) -> list[Change]:
    """Each with its word, corrected for all of them."""
    adjusted = holm([one.p_value for one in found])
    return [
        Change(
            one.before,
            one.n_before,
            one.change,
            (one.change - Z95 * one.se, one.change + Z95 * one.se),
            float(p),
            word(one.change, float(p)),
            one.noise.phi,
            one.noise.tau,
        )
        for one, p in zip(found, adjusted, strict=True)
    ]


def word(change: float, p_adjusted: float) -> Word:
    """One of three."""
    if p_adjusted >= ALPHA or abs(change) < LEAST:
        return "no clear change"
    return "worse" if change < 0 else "better"


def overall(words: Sequence[Word]) -> Word | None:
    """All in all: worse where anything is, for an average that rises hides it; None where nothing was compared."""
    for each in ("worse", "better"):
        if each in words:
            return each
    return "no clear change" if words else None


def averages_of(
    keys: Mapping[str, Key], weeks: tuple[Read, Read], volumes: Mapping[str, tuple[float, float]], figures: Mapping[str, Figures]
) -> dict[Key, tuple[Decomposition, Found]]:
    """For each measure that two languages and more have: the average, weighted by queries, and what moved it.

    `keys`: what each language is read by. `weeks`: the sums before and now, `volumes` the queries. A language that is there at one
    time only moves the mix; one that is there at both and cannot be compared is left out.
    """
    made: dict[Key, tuple[Decomposition, Found]] = {}
    for key in sorted({*keys.values()}):
        mine = [tag for tag in sorted(keys) if keys[tag] == key]
        there = [{tag for tag in mine if tag in volumes and volumes[tag][at] and key in weeks[at].get(tag, {})} for at in (0, 1)]
        kept = [{*there[at] & figures.keys(), *there[at] - there[1 - at]} for at in (0, 1)]
        sides = [{tag: Side(volumes[tag][at], mean(weeks[at][tag][key])) for tag in sorted(kept[at])} for at in (0, 1)]
        compared = {tag: figures[tag] for tag in mine if tag in figures}
        found = average((sides[0], sides[1]), compared) if compared and len(kept[0] | kept[1]) > 1 else None
        if found:
            made[key] = found
    return made
