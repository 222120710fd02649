"""Incidents against labels: who detects what, what is false, and how late it was told."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from agent.alerting.incident import Incident
from agent.backtest.labels import Kind, Label
from agent.backtest.score import Found, Score, Worth, score
from tests.backtest.builders import NOON, incident

DETECTED, ALREADY, MISSED, OUTSIDE = Found.DETECTED, Found.ALREADY_FIRING, Found.MISSED, Found.NOT_EVALUATED
FIRST, AGAIN, FALSE = Worth.FIRST, Worth.AGAIN, Worth.FALSE


def label(language: str, start: float, end: float, kind: Kind = "drop") -> Label:
    """What truly happened, in hours after NOON."""
    return Label(language, NOON + timedelta(hours=start), NOON + timedelta(hours=end), kind)


def scored(labels: Sequence[Label], incidents: Sequence[Incident]) -> Score:
    """The score of four days that begin at NOON."""
    return score(labels, incidents, NOON, NOON + timedelta(hours=96))


@pytest.mark.parametrize(
    ("labels", "incidents", "found", "worth"),
    [
        pytest.param([label("ko", 0, 5)], [incident("ko", 2)], [DETECTED], [FIRST], id="one and one"),
        pytest.param([label("ko", 0, 5)], [incident("de", 2)], [MISSED], [FALSE], id="another language"),
        pytest.param([label("ko", 1, 5)], [incident("ko", 0.9)], [MISSED], [FALSE], id="before it began"),
        pytest.param([label("ko", 0, 5)], [incident("ko", 6)], [DETECTED], [FIRST], id="within the grace"),
        pytest.param([label("ko", 0, 5)], [incident("ko", 6.1)], [MISSED], [FALSE], id="after the grace"),
        pytest.param([label("ko", 0, 5)], [incident("ko", 2, class_="level")], [MISSED], [FALSE], id="another class"),
        pytest.param([label("ko", 0, 5, "low")], [incident("ko", 2, class_="level")], [DETECTED], [FIRST], id="low is a level"),
        pytest.param([label("ko", 0, 5, "vanished")], [incident("ko", 2, class_="volume")], [DETECTED], [FIRST], id="vanished"),
        pytest.param(
            [label("*", 0, 5, "outage")], [incident("*", 2, class_="volume")], [DETECTED], [FIRST], id="gone is an outage"
        ),
        pytest.param([label("*", 0, 5, "outage")], [incident("*", 2)], [DETECTED], [FIRST], id="so are no answers"),
        pytest.param([label("ko", 0, 5)], [incident("ko", 1, 2), incident("ko", 3)], [DETECTED], [FIRST, AGAIN], id="told twice"),
        pytest.param(
            [label("*", 0, 5, "outage")],
            [incident("ko", 1), incident("de", 2)],
            [DETECTED],
            [FIRST, AGAIN],
            id="an outage told language by language",
        ),
        pytest.param(
            [label("ko", 0, 5), label("de", 0, 5)],
            [incident("*", 2)],
            [DETECTED, DETECTED],
            [FIRST],
            id="fleet-wide for single ones",
        ),
        pytest.param(
            [label("ko", 0, 5), label("ko", 1, 9)], [incident("ko", 2)], [DETECTED, DETECTED], [FIRST], id="overlapping labels"
        ),
        pytest.param(
            [label("ko", 0, 5), label("ko", 3, 9)],
            [incident("ko", 2)],
            [DETECTED, ALREADY],
            [FIRST],
            id="open as the second begins",
        ),
        pytest.param(
            [label("ko", 0, 2), label("ko", 3, 9)],
            [incident("ko", 1, 2.5), incident("ko", 4)],
            [DETECTED, DETECTED],
            [FIRST, FIRST],
            id="closed before the second begins",
        ),
        pytest.param([label("ko", 3, 9)], [incident("ko", 2)], [MISSED], [FALSE], id="a false one that is open tells nothing"),
        pytest.param([label("ko", -9, 5, "low")], [incident("ko", 1, class_="level")], [DETECTED], [FIRST], id="low from before"),
        pytest.param([label("ko", -9, -3), label("ko", 96, 99)], [], [OUTSIDE, OUTSIDE], [], id="nobody evaluated that"),
        pytest.param([label("ko", 95, 99)], [], [MISSED], [], id="it had begun"),
        pytest.param([], [incident("ko", 1)], [], [FALSE], id="nothing happened"),
    ],
)
def test_what_became_of_each(labels: list[Label], incidents: list[Incident], found: list[Found], worth: list[Worth]) -> None:
    """Every label and every incident has its reason."""
    result = scored(labels, incidents)
    assert [judged.found for judged in result.labels] == found
    assert list(result.incidents) == worth


def test_delays_count_from_the_start_of_the_label() -> None:
    """Or from that of the evaluated time, where the label is older; who knew already waits for nothing."""
    labels = [label("ko", 1, 5), label("ko", 3, 9), label("de", -5, 9)]
    delays = [judged.delay for judged in scored(labels, [incident("ko", 2), incident("de", 4)]).labels]
    assert delays == [timedelta(hours=1), timedelta(0), timedelta(hours=4)]


def test_the_figures() -> None:
    """Two of three found, one of four incidents false; median and 90 % of the delays."""
    labels = [label("ko", 0, 5), label("de", 0, 5), label("el", 0, 5)]
    incidents = [incident("ko", 1, 2), incident("ko", 3), incident("de", 3), incident("sv", 3)]
    assert scored(labels, incidents).counted() == {
        "detected": 2,
        "missed": 1,
        "false": 1,
        "delay_minutes": {"median": 120.0, "p90": pytest.approx(168.0)},
        "precision": 0.75,
        "recall": pytest.approx(2 / 3),
    }


def test_the_figures_of_nothing() -> None:
    """What cannot be divided is null, not 0 and not 1."""
    empty = {
        "detected": 0,
        "missed": 0,
        "false": 0,
        "delay_minutes": {"median": None, "p90": None},
        "precision": None,
        "recall": None,
    }
    assert scored([], []).counted() == empty
