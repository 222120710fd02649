"""The ladder of windows: the golden vectors of the decision procedure, from the minutes to every figure."""

import csv
import gzip
import json
from bisect import bisect_right
from collections.abc import Iterator
from itertools import groupby
from math import sqrt
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from agent.alerting.changes import Collection
from agent.alerting.finding import Subject
from agent.alerting.grid import Grid, Series, Stream
from agent.alerting.judging import asked, figures_of, judge
from agent.alerting.ladder import Ladder, Track
from agent.alerting.looked import Looked
from agent.alerting.measures import Reading
from agent.alerting.rule import DropRule
from agent.alerting.statistics import MICRO, Sums
from tests.alerting.traffic import DAY, MONDAY

SCALE = ("m1", "cosine")
WINDOWS = (15, 60, 240, 1440, 4320)
RULE = DropRule(name="drop")
Row = tuple[str, int, int, int]  # language, minute, queries, hits
Case = dict[str, Any]


@pytest.fixture(scope="module")
def rows(shared: Path) -> list[Row]:
    """The golden minutes in order."""
    with gzip.open(shared / "data" / "detection" / "golden_minutes.csv.gz", "rt") as lines:
        names, *cells = csv.reader(lines)
    columns = itemgetter(*(names.index(name) for name in ("lang", "minute", "n", "hits")))
    found = [(lang, int(minute), int(n), int(hits)) for lang, minute, n, hits in map(columns, cells)]
    return sorted(found, key=itemgetter(1))


@pytest.fixture(scope="module")
def cases(shared: Path) -> list[Case]:
    """What is expected."""
    found: list[Case] = json.loads((shared / "data" / "detection" / "golden.json").read_text(encoding="utf-8"))
    return found


def track(language: str) -> Track:
    """Hits of a language."""
    return Track(Subject("help", "prod", language, "change"), "hit_rate", SCALE)


class Seeing(Ladder):
    """One that sees more and more of its rows."""

    def __init__(self, rows: list[Row]) -> None:
        self.grid = Grid()
        super().__init__(self.grid, WINDOWS)
        for language in sorted({row[0] for row in rows}):
            series = Series(Stream(Collection("help", "prod", "kb"), language), "hit_rate", SCALE)
            self.admit(self.grid.row(series), series, track(language).subject)
        self._left = rows

    def see(self, last: int) -> None:
        """Everything up to the minute `last`."""
        upto = bisect_right(self._left, last, key=itemgetter(1))
        seen, self._left = self._left[:upto], self._left[upto:]
        places = {language: self.tracks[track(language)] for language in {row[0] for row in seen}}
        read = [Reading("hit_rate", SCALE, Sums(n, hits * MICRO, hits * MICRO)) for _, _, n, hits in seen]
        self.grid.add([places[row[0]] for row in seen], [MONDAY + row[1] for row in seen], read)


def ladder(rows: list[Row], last: int) -> Ladder:
    """One that has seen everything up to the minute `last`."""
    made = Seeing(rows)
    made.see(last)
    return made


def by_time(cases: list[Case]) -> Iterator[tuple[int, list[Case]]]:
    """The cases of each minute."""
    for last, group in groupby(sorted(cases, key=itemgetter("t")), key=itemgetter("t")):
        yield last, list(group)


def test_every_figure_to_a_millionth(rows: list[Row], cases: list[Case]) -> None:
    """Five languages, three minutes, five windows: counts, means, phi and tau, error, interval and verdict."""
    checked, made = 0, Seeing(rows)
    for last, group in by_time(cases):
        made.see(last)
        looked = made.look(MONDAY + last, MONDAY + last)
        tracks = list(made.tracks)
        verdict = judge(asked(RULE, made.tracks, made.days(), trailing=True, unit={}), "trailing", looked, tracks)
        for case in group:
            place = made.tracks[track(case["lang"])], WINDOWS.index(case["W"]), 0
            figures = figures_of(looked, *place)
            assert figures.parts is not None
            found = {
                "n": looked.n[place],
                "n_base": looked.n_baseline[place],
                "current": figures.current,
                "baseline": figures.baseline,
                "drop": figures.drop,
                "se": figures.se,
                "z": figures.z,
                "low": figures.ci95[0],
                "high": figures.ci95[1],
                "phi": figures.parts.noise.phi,
                "tau": figures.parts.noise.tau,
                "breach": bool(verdict.breach[place]),
            }
            expected = {**case, "low": case["ci95"][0], "high": case["ci95"][1]}
            expected = {name: expected[name] for name in found}
            assert found == pytest.approx(expected, rel=1e-9, abs=1e-6), (case["lang"], last, case["W"])
            checked += len(found)
    assert checked == 65 * 12


def test_a_stretch_gives_what_minute_by_minute_gives(rows: list[Row]) -> None:
    """Twenty minutes across an hour looked at together, and one by one with nothing of the later ones seen: the same bits."""
    first, last = 26090, 26109
    rows = [row for row in rows if row[0] in {"en", "ko", "lo"}]
    together = ladder(rows, last).look(MONDAY + first, MONDAY + last)
    for minute in (first, first + 7, last):
        alone = ladder(rows, minute).look(MONDAY + minute, MONDAY + minute)
        for name in Looked._fields[2:]:
            whole, single = getattr(together, name), getattr(alone, name)
            if whole.shape[2] > 1:
                whole = whole[:, :, minute - first : minute - first + 1]
            np.testing.assert_allclose(whole, single, rtol=1e-12, atol=1e-12, err_msg=name)


def test_one_query_in_twenty_is_less_certain_and_alarms_nobody(rows: list[Row]) -> None:
    """Thinned at random with a fixed seed, ten hours of three languages: English is less certain at every scale, nothing new breaches."""
    rows = [row for row in rows if row[0] in {"en", "ko", "lo"}]
    chance = np.random.default_rng(20)
    kept = chance.binomial(np.array([row[3] for row in rows]), 0.05)
    missed = chance.binomial(np.array([row[2] - row[3] for row in rows]), 0.05)
    thin = [(lang, at, int(k + m), int(k)) for (lang, at, _, _), k, m in zip(rows, kept, missed, strict=True) if k + m]
    last = 17 * DAY + 1200
    breaches = []
    widths = []
    for each in (rows, thin):
        made = ladder(each, last)
        looked = made.look(MONDAY + last - 600, MONDAY + last)
        verdict = judge(asked(RULE, made.tracks, made.days(), trailing=True, unit={}), "trailing", looked, list(made.tracks))
        breaches.append({list(made.tracks)[at].subject.language for at in np.flatnonzero(verdict.breach.any((1, 2)))})
        english = made.tracks[track("en")]
        widths.append([sqrt(looked.chance[english, window, -1]) for window in range(len(WINDOWS))])
    assert breaches[1] <= breaches[0]
    assert all(thinned > whole for whole, thinned in zip(*widths, strict=True))
