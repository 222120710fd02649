"""Charts: what they show can be read from the markup, and nothing that a log says becomes markup."""

from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as Xml

import pytest
from markupsafe import Markup

from agent.charts.histogram import Bar, Line, coarse, histogram
from agent.charts.spark import spark
from agent.charts.svg import element, line, ticks
from agent.charts.trend import Mark, Point, Trend, trend
from agent.charts.waterfall import Step, points, waterfall

NOON = datetime(2026, 11, 16, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
HOSTILE = "<script>alert(1)</script>\"'&"


def read(chart: Markup) -> Xml.Element:
    """It is well-formed."""
    return Xml.fromstring(chart)


def classes(chart: Markup, class_: str) -> list[Xml.Element]:
    """The elements of a class."""
    return [one for one in read(chart).iter() if one.get("class") == class_]


def figure(one: Xml.Element, name: str) -> float:
    """A place."""
    return float(one.get(name, "nan"))


CHARTS = {
    "spark": spark([0.1, 0.2], HOSTILE),
    "trend": trend(Trend(NOON, NOON + HOUR, [Point(NOON, 0.5)], marks=[Mark(NOON, HOSTILE)]), HOSTILE),
    "histogram": histogram([Bar(0.1, 0.2, 3)], [Line(0.15, HOSTILE, "floor")], HOSTILE),
    "waterfall": waterfall((HOSTILE, 0.5), [Step(HOSTILE, 0.1)], (HOSTILE, 0.6), HOSTILE),
}


@pytest.mark.parametrize("chart", CHARTS.values(), ids=CHARTS.keys())
def test_hostile_names_are_text(chart: Markup) -> None:
    """They are read out as they are, and are no markup; no style stands in an attribute, which a strict page would not show."""
    root = read(chart)
    assert root.get("aria-label") == root.findtext("title") == HOSTILE
    assert root.get("role") == "img"
    assert {one.tag for one in root.iter()} <= {"svg", "title", "path", "rect", "line", "circle", "text"}
    assert all("style" not in one.keys() for one in root.iter())  # noqa: SIM118 - an element, not a mapping


def test_scores_are_no_shares() -> None:
    """They are drawn as they are, however large; shares in percent, and never beyond 0 and 100."""
    points = [Point(NOON, 11.0, 10.5, 11.5), Point(NOON + HOUR, 12.0, 11.5, 12.5)]
    scored = classes(trend(Trend(NOON, NOON + HOUR, points, shares=False), "scores"), "axis")
    assert [one.text for one in scored if one.get("text-anchor") == "end"] == ["10.5", "11", "11.5", "12", "12.5"]
    shares = classes(trend(Trend(NOON, NOON + HOUR, [Point(NOON, 0.99, 0.97, 1.0)]), "shares"), "axis")
    assert {one.text for one in shares if one.get("text-anchor") == "end"} >= {"95 %", "100 %"}


def test_a_line_stops_where_nothing_is_known() -> None:
    """Two parts, and a dot for one that stands alone."""
    drawn = Markup("<g>") + line([(0, 1), (1, 1), None, (3, 1), None, (5, 1), (6, 2.25)], "series") + Markup("</g>")
    assert [one.get("d") for one in classes(drawn, "series")] == ["M0 1L1 1M5 1L6 2.2"]
    assert [one.get("cx") for one in classes(drawn, "series dot")] == ["3"]


def test_a_small_change_looks_small() -> None:
    """A spark of one point's movement stays near the middle of its height; one of fifty fills it."""

    def heights(*values: float) -> list[float]:
        path = classes(spark(values, ""), "series")[0].get("d", "")
        return [float(point.split()[1]) for point in path[1:].split("L")]

    small, large = heights(0.80, 0.81), heights(0.3, 0.8)
    assert abs(small[1] - small[0]) < 3
    assert abs(large[1] - large[0]) > 15


def test_nothing_known_draws_nothing() -> None:
    """An empty chart still says what it would be."""
    assert read(spark([None, None], "no labels")).findtext("title") == "no labels"
    assert len(list(read(histogram([], [], "no scores")))) == 1


def test_a_trend_shows_what_fell_and_when() -> None:
    """Later is further right, less is further down; the band, the deployment and the open incident are where they belong."""
    points = [Point(NOON + n * HOUR, 0.8 if n < 12 else 0.7, 0.75, 0.85) for n in range(24)]
    chart = trend(
        Trend(NOON, NOON + 24 * HOUR, points, (0.78, 0.82), [Mark(NOON + 12 * HOUR, "v2")], [(NOON + 13 * HOUR, NOON + 24 * HOUR)]),
        "",
    )
    [path] = classes(chart, "series")
    places = [tuple(map(float, point.split())) for point in path.get("d", "")[1:].split("L")]
    assert [x for x, _ in places] == sorted(x for x, _ in places)
    assert places[12][1] > places[11][1]
    [mark], [band], [open_] = classes(chart, "mark")[:1], classes(chart, "usual"), classes(chart, "fired")
    assert figure(mark, "x1") == pytest.approx(places[12][0], abs=0.2)
    assert figure(band, "y") < places[0][1] < figure(band, "y") + figure(band, "height")
    assert figure(mark, "x1") < figure(open_, "x")
    assert [one.text for one in classes(chart, "mark") if one.tag == "text"] == ["v2"]


def test_marks_that_lie_together_are_named_once() -> None:
    """Each has its line; a name that would lie over another is left out."""
    marks = [Mark(NOON + n * timedelta(minutes=1), f"v{n}") for n in range(5)]
    chart = trend(Trend(NOON, NOON + 24 * HOUR, [Point(NOON, 0.5)], marks=marks), "")
    drawn = classes(chart, "mark")
    assert ([one.tag for one in drawn].count("line"), [one.text for one in drawn if one.tag == "text"]) == (5, ["v0"])


@pytest.mark.parametrize(
    ("low", "high", "found"),
    [(0, 100, [0, 20, 40, 60, 80, 100]), (71.3, 86.1, [75, 80, 85]), (0.21, 0.36, [0.25, 0.3, 0.35]), (5, 5, [5])],
)
def test_ticks_are_round(low: float, high: float, found: list[float]) -> None:
    """What people count in, within the range."""
    assert ticks(low, high) == found


def test_bars_hold_every_query() -> None:
    """Joining bins loses none, and keeps to the bins' edges."""
    counts = {n: n % 7 for n in range(-20, 181)}
    bars = coarse(counts, 0.01)
    assert sum(bar.events for bar in bars) == sum(counts.values())
    assert len(bars) <= 61
    assert bars[0].low == pytest.approx(-0.2)
    assert 1.81 <= bars[-1].high < 1.85
    assert coarse({}, 0.01) == []


def test_a_waterfall_goes_from_one_week_to_the_next() -> None:
    """Each bar begins where the one before ended; what fell and what rose have classes of their own."""
    chart = waterfall(("before", 0.9), [Step("Korean", -0.03), Step("the mix", 0.05)], ("after", 0.92), "")
    [fell], [rose], wholes = classes(chart, "worse"), classes(chart, "better"), classes(chart, "whole")
    assert figure(fell, "x") + figure(fell, "width") == pytest.approx(figure(wholes[0], "x1"), abs=0.2)
    assert figure(rose, "x") == pytest.approx(figure(fell, "x"), abs=0.2)
    assert figure(rose, "x") + figure(rose, "width") == pytest.approx(figure(wholes[1], "x1"), abs=0.2)
    assert [one.text for one in classes(chart, "figure")] == ["90.0 %", "−3.0", "+5.0", "92.0 %"]


def test_points_have_their_sign() -> None:
    """Nothing has none, as small as it may be."""
    assert [points(each) for each in (-0.049, 0.049, 0.0, -0.0001)] == ["−4.9", "+4.9", "0.0", "0.0"]


def test_an_element_leaves_out_what_is_none() -> None:
    """Names with hyphens, and `class`, are written as Python can."""
    assert element("text", "a<b", class_="axis", text_anchor=None, x=1.04) == '<text class="axis" x="1">a&lt;b</text>'
