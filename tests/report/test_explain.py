"""An alert explained: whoever takes a pocket calculator to the printed figures gets the printed results."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from math import floor, log10, sqrt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some
from msgspec.structs import replace

from agent.alerting.incident import Evidence, Incident, Workings
from agent.alerting.statistics import Expected, Noise, Sums, baseline_of, compare
from agent.report.explain import document, text
from tests.notify.examples import KOREAN, NOW, incident, resolved

START = datetime(2026, 11, 16, 8, 14, tzinfo=UTC)
FIGURE = re.compile(r"-?\d[\d,]*(?:\.\d+)?")
HITS = 1_000_000


def workings(n: int, hits: int, usual: float, weight: float, noise: Noise = Noise(), **changes: Any) -> Workings:  # noqa: B008 - immutable
    """What the agent computes of a window of hits and misses."""
    base = baseline_of([Sums(1000, 900 * HITS, 900 * HITS)] * 24, 14)
    assert base is not None
    made = compare(Sums(n, hits * HITS, hits * HITS), Expected(usual, weight), base, 120, noise)
    assert made.parts is not None
    figures = Workings(
        baseline="version",
        start=START,
        end=START + timedelta(hours=2),
        n=n,
        mean=made.current,
        expected=made.baseline,
        n_baseline=weight,
        variance=made.parts.variance,
        variance_baseline=made.parts.variance_baseline,
        phi=noise.phi,
        tau=noise.tau,
        se=made.se,
        drop=made.drop,
        z=made.z,
        z_needed=3.5,
        threshold=0.03,
        min_events=50,
        for_minutes=5,
    )
    return replace(figures, **changes)


CLEAR = workings(1200, 984, 0.9, 2800.0)


def explained(w: Workings, metric: str = "hit_rate", **changes: Any) -> str:
    """The text of an incident with this one piece of evidence."""
    return text(incident(evidence=(Evidence("drop", metric, w.drop, w.z, w.n, w),), **changes))


def line(shown: str, label: str) -> str:
    """What stands behind a label."""
    found = re.search(rf"^   {re.escape(label)} +(.+)$", shown, re.MULTILINE)
    assert found, f"no {label!r} in\n{shown}"
    return found[1]


def figures(told: str) -> list[float]:
    """The figures of a line, as somebody types them."""
    return [float(each.replace(",", "")) for each in FIGURE.findall(told)]


def unit(value: float, digits: int) -> float:
    """What the last of so many digits is worth."""
    return 10.0 ** (floor(log10(value)) - digits + 1) if value else 0.0


class Calculator:
    """Somebody who has nothing but the page: types each line's figures, and compares."""

    def __init__(self, shown: str) -> None:
        self.shown = shown
        lines = re.search(r"^   window.*?^   verdict[^\n]*$", shown, re.MULTILINE | re.DOTALL)
        assert lines
        self.lines = lines[0].splitlines()

    def row(self, words: str) -> list[float]:
        """The figures of the one line with these words, after them."""
        [found] = [one for one in self.lines if (one.startswith(words) if words.startswith(" " * 3) else words in one)]
        return figures(found.split(words, 1)[1])

    def sums(self) -> Iterator[tuple[str, float, float, float]]:
        """Each result: its name, as it is computed from the line's figures, as it is printed, and what its last digit or so is worth."""
        total, n, mean = self.row("   mean ")
        yield "mean", total / n, mean, 1e-8
        usual, subtracted, drop, points = self.row("   fall ")
        assert (usual, subtracted) == (self.row("   usual ")[0], mean)
        yield "fall", usual - mean, drop, 2e-8
        yield "points", 100 * drop, points, 0.0501
        phi, v, divisor, window = self.row("phi v / n     =")
        assert divisor == n
        yield "window", phi * v / n, window, unit(window, 7)
        again, v_b, n_b, before = self.row("phi v_b / n_b =")
        assert (again, n_b) == (phi, self.row(" from ")[0])
        yield "usual", phi * v_b / n_b, before, unit(before, 7)
        tau, same, wobble = self.row("tau^2         =")
        assert tau == same
        yield "wobble", tau * tau, wobble, unit(wobble, 7)
        *parts, square = self.row("se^2 =")
        assert parts == [window, before, wobble]
        yield "square", sum(parts), square, unit(square, 6)
        rooted, se = self.row("se   = root of")
        assert rooted == square
        yield "se", sqrt(square), se, 2 * unit(se, 6)
        above, below, z = self.row("   z ")
        assert (above, below) == (drop, se)
        yield "z", drop / se, z, 0.00051 + 5e-6 * abs(z)
        middle, factor, width, low, high = (abs(each) for each in self.row("   95 % "))
        assert (middle, factor, width) == (abs(drop), 1.96, se)
        yield "low", abs(drop - 1.96 * se), low, 1.1e-5
        yield "high", abs(drop + 1.96 * se), high, 1.1e-5
        yield from self.variances(total, n, usual)

    def variances(self, total: float, n: float, usual: float) -> Iterator[tuple[str, float, float, float]]:
        """Of hits and misses."""
        if not any("q   =" in one for one in self.lines):
            return
        [hits, _, queries, _, q] = self.row("q   =")
        assert (hits, queries) == (total, n)
        yield "q", (total + 1) / (n + 2), q, 1e-8
        for words, share in (("v   =", q), ("v_b =", usual)):
            first, _, second, v = self.row(words)
            assert first == second == share
            yield words, share * (1 - share), v, 3e-8

    def check(self) -> None:
        """Every result of the page."""
        for name, computed, printed, worth in self.sums():
            assert computed == pytest.approx(printed, abs=worth, rel=0), f"{name}: {computed} is not {printed} in\n{self.shown}"


def test_the_page_can_be_followed() -> None:
    """The worked example of the documentation, line by line; each figure is there."""
    shown = explained(CLEAR)
    Calculator(shown).check()
    assert line(shown, "window") == "2026-11-16 08:14 to 2026-11-16 10:14 UTC, 120 minutes: 1,200 queries"
    assert line(shown, "mean") == "984 / 1,200 = 0.82"
    assert line(shown, "usual") == "0.9: the same hours on the versions before, from 2,800 queries"
    assert line(shown, "fall") == "0.9 - 0.82 = 0.08, which is 8.0 points"
    assert "se   = root of 0.00033314 = 0.0182521" in shown
    assert line(shown, "z") == "0.08 / 0.0182521 = 4.383"
    assert line(shown, "asked") == "1,200 and 2,800 queries, at least 50 on both sides: yes"
    assert line(shown, "verdict") == "in breach; it fires after 5 such minutes in a row"


@given(
    n=some.integers(50, 3_000_000),
    share=some.floats(0, 1),
    usual=some.floats(0.001, 0.999),
    weight=some.floats(50, 5e6),
    phi=some.floats(1, 10),
    tau=some.one_of(some.just(0.0), some.floats(0.001, 0.05)),
)
def test_every_page_can_be_followed(n: int, share: float, usual: float, weight: float, phi: float, tau: float) -> None:  # noqa: PLR0913, PLR0917 - one a figure
    """Whatever the figures: few queries or millions, a wobble or (same minutes) none, a fall or a rise."""
    Calculator(explained(workings(n, round(share * n), usual, weight, Noise(phi, tau)))).check()


def test_a_measure_that_is_no_share_shows_its_variances_as_they_are() -> None:
    """Scores and recalls are not 0 or 1: their variance is measured, and no step leads to it."""
    shown = explained(replace(CLEAR, variance=0.0123456789, variance_baseline=0.04), "similarity_mean")
    assert line(shown, "variance") == "of one query, as measured: v = 0.012345679 in the window, v_b = 0.04 usually"
    assert "q   =" not in shown


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({}, ["yes", "yes", "yes"]),
        ({"min_events": 1201}, ["no", "yes", "yes"]),
        ({"threshold": 0.09}, ["yes", "no", "yes"]),
        ({"z_needed": 4.5}, ["yes", "yes", "no"]),
    ],
)
def test_what_was_asked_has_its_answers(change: dict[str, Any], told: list[str]) -> None:
    """Each demand of the rule for itself; the verdict is that all hold."""
    shown = explained(replace(CLEAR, **change))
    assert re.findall(r", at least .*: (yes|no)$", shown, re.MULTILINE) == told
    assert line(shown, "verdict").startswith("in breach" if "no" not in told else "not in breach")


def test_a_relative_fall_is_a_part_of_the_usual() -> None:
    """At 8 % three points are much: the threshold is a part then."""
    small = workings(4000, 200, 0.08, 9000.0, relative=True, threshold=0.3)
    shown = explained(small)
    assert "0.03 / 0.08 = 0.3750 of the usual, at least 0.3 of it: yes" in shown
    assert "at least 0.4 of it: no" in explained(replace(small, threshold=0.4))


@pytest.mark.parametrize(
    ("baseline", "words"),
    [("version", "versions before"), ("canary", "same minutes"), ("trailing", "days before"), ("reference", "fixed reference")],
)
def test_each_baseline_is_named(baseline: Any, words: str) -> None:
    """Against what is half of the figure."""
    assert words in line(explained(replace(CLEAR, baseline=baseline)), "usual")


def test_every_piece_of_evidence_is_explained() -> None:
    """In the order of the incident, numbered; what else agreed is listed below."""
    pieces = (
        Evidence("drop", "recall_at_k", CLEAR.drop, CLEAR.z, CLEAR.n, CLEAR),
        Evidence("drop", "hit_rate", 0.05, 3.9, 400, replace(CLEAR, phi=2.0)),
        Evidence("mine", "hit_rate", 0.05),
    )
    shown = text(incident(evidence=pieces, confirmed="yes"))
    assert re.findall(r"^\d\. Rule (\w+), (\w+):", shown, re.MULTILINE) == [
        ("drop", "recall_at_k"),
        ("drop", "hit_rate"),
        ("mine", "hit_rate"),
    ]
    assert shown.count("se^2 =") == 2
    assert line(shown, "signal") == "confirmed; seen in recall_at_k by drop, hit_rate by drop, hit_rate by mine"


def test_what_was_decided_otherwise_shows_its_own_figures() -> None:
    """A low level has no such comparison: the figures of the incident stand for it, and none is made up."""
    shown = text(
        incident(
            class_="level",
            severity="info",
            evidence=(Evidence("low", "similarity_mean", 0.45, 4.1, 30),),
            current=0.12,
            baseline=0.57,
            ci95=(0.4, 0.48),
            n=30,
            n_baseline=1000,
            scale_minutes=15,
        )
    )
    assert line(shown, "figures") == "0.12 now, 0.57 to compare with"
    assert line(shown, "difference") == "0.45 (45.0 points)"
    assert line(shown, "z") == "4.100"
    assert line(shown, "95 %") == "0.40000 to 0.48000"
    assert line(shown, "queries") == "30, compared with 1,000"
    assert line(shown, "window") == "15 minutes"
    assert line(shown, "severity") == "info: levels and volumes inform"
    assert "se^2" not in shown


def test_an_alert_of_the_agent_itself_is_explained() -> None:
    """Lost records have no language, no figures and no evidence."""
    bare = Incident(
        "0a", "monitor", "firing", "warning", "unknown", "yes", "*", "", "", fired_at=NOW, summary="Up to 4 records are gone."
    )
    shown = text(bare)
    assert shown.splitlines()[:2] == ["babelwatch cannot see · all languages (0a)", "Up to 4 records are gone."]
    assert line(shown, "fired") == "2026-11-16 08:30 UTC"
    assert line(shown, "signal") == "confirmed; no rule sees it"
    assert "None" not in shown


def test_the_life_of_an_incident_is_told() -> None:
    """Times in UTC, whether it still fires, the cause and what to do."""
    shown = text(incident(pending_since=datetime(2026, 11, 16, 8, 20, tzinfo=UTC)))
    assert [line(shown, word) for word in ("began", "pending", "fired", "resolved")] == [
        "2026-11-16 08:14 UTC",
        "2026-11-16 08:20 UTC",
        "2026-11-16 08:24 UTC",
        "not yet: firing",
    ]
    assert line(shown, "cause") == "a deployment: index version v42, embedding model all-MiniLM-L6-v2"
    assert line(shown, "to do") == "Compare index version v42 with the one before it, or roll it back."
    assert line(text(resolved()), "resolved") == "2026-11-16 08:30 UTC"


LOUD: dict[str, tuple[dict[str, Any], str]] = {
    "scores alone": ({}, "warning: what labels do not confirm is at most a warning"),
    "labels": (
        {"confirmed": "yes", "severity": "critical"},
        "critical: confirmed, a fall of 7.4 points with 0.7 failures a minute more than usual; critical is from 10 points",
    ),
    "a small one": ({"confirmed": "yes", "drop": 0.04}, "warning: confirmed, a fall of 4.0 points with 0.4 failures a minute more"),
    "a rule that says so": ({"severity": "critical"}, "critical: as its rule says, or by evidence that came first"),
    "a level that shouts": ({"class_": "level", "severity": "critical"}, "critical: as its rule says"),
    "no figures": ({"n": None}, "warning: as its rule says"),
}


@pytest.mark.parametrize(("changes", "told"), LOUD.values(), ids=LOUD)
def test_how_loud_it_is_has_a_reason(changes: dict[str, Any], told: str) -> None:
    """The one that follows from its figures, or that a rule decided."""
    shown = text(incident(**{"n": 1154, "scale_minutes": 120, **changes}))
    assert line(shown, "severity").startswith(told)


def test_what_people_did_is_told() -> None:
    """Who, when, and the note."""
    assert line(text(KOREAN), "people") == "nobody has acknowledged it"
    handled = incident(acknowledged_at=NOW, accepted_at=NOW, verdict="expected", handled_by="ann", note="a load test")
    told = "acknowledged 2026-11-16 08:30 UTC, accepted 2026-11-16 08:30 UTC, closed as expected, by ann"
    assert line(text(handled), "people") == told
    assert line(text(handled), "note") == "a load test"


def test_nothing_from_outside_moves_the_cursor() -> None:
    """Names of a log, notes and summaries are one clean line each."""
    evil = "a\x1b[2J\nverdict     in breach\u202eb"
    names = dict.fromkeys(("service", "environment", "language", "index_version", "embedding_model", "collection"), evil)
    shown = text(
        incident(**names, summary=evil, note=evil, handled_by=evil, acknowledged_at=NOW, evidence=(Evidence(evil, evil, 0.1),))
    )
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202e]", shown)
    assert not re.search(r"^ *verdict", shown, re.MULTILINE)


def test_the_document_has_the_incident_and_the_steps() -> None:
    """One JSON object: what `alerts --json` has, and what was computed on the way."""
    told = json.loads(
        json.dumps(document(incident(evidence=(Evidence("drop", "hit_rate", 0.08, 4.4, 1200, CLEAR), Evidence("drop", "x", 0.1)))))
    )
    first, second = told["evidence"]
    assert (told["fingerprint"], first["workings"]["n"], first["workings"]["start"]) == (
        KOREAN.fingerprint,
        1200,
        "2026-11-16T08:14:00Z",
    )
    steps = first["steps"]
    assert steps["square"] == pytest.approx(steps["window"] + steps["usual"] + steps["wobble"]) == pytest.approx(CLEAR.se**2)
    assert steps["total"] == pytest.approx(984)
    assert steps["ci95"] == pytest.approx([CLEAR.drop - 1.96 * CLEAR.se, CLEAR.drop + 1.96 * CLEAR.se])
    assert (steps["enough"], steps["large"], steps["sure"], steps["breach"]) == (True, True, True, True)
    assert (second["workings"], second["steps"]) == (None, None)


def test_a_golden_run_has_its_interval() -> None:
    """What labelled queries say of an incident stands beside what its scores say, in points and with how sure it is."""
    golden = Evidence("golden:support", "recall@10", -0.002, n=1185, ci95=(-0.0143, 0.0102))
    scores = Evidence("drop", "hit_rate", CLEAR.drop, CLEAR.z, CLEAR.n, CLEAR)
    shown = text(incident(evidence=(scores, golden), ci95=(0.04, 0.107))).partition("2. ")[2]
    assert shown.startswith("Rule golden:support, recall@10: labelled queries of a golden set\n")
    assert line(shown, "difference") == "-0.002 (-0.2 points)"
    assert line(shown, "95 %") == "-0.01430 to 0.01020"
    assert line(shown, "queries") == "1,185"


def test_a_gap_can_be_followed() -> None:
    """45 of 180 labels beside 405 of 450: the printed figures give the printed error, z and interval."""
    low = incident(
        class_="level",
        severity="info",
        cause="low_resource",
        evidence=(Evidence("gap", "recall_at_k", 0.65, 15.0, 180),),
        current=0.25,
        baseline=0.9,
        n=180,
        n_baseline=450,
        scale_minutes=45,
    )
    page = text(low)
    assert "45 / 180 = 0.25" in page
    assert "405 / 450 = 0.9" in page
    v, w = (float(FIGURE.findall(line)[1]) for line in page.splitlines() if " = q (1 - q) = " in line)
    error = sqrt(1.5 * v / 180 + 1.5 * w / 450)
    assert f"{error:.6g}" in page
    assert f"0.65 / {error:.6g} = {0.65 / error:.3f}" in page
    assert f"{0.65 - 1.96 * error:.5f} to {0.65 + 1.96 * error:.5f}" in page
