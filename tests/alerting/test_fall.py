"""How loud a fall is, and what all evidence says together."""

from datetime import UTC, datetime

import pytest

from agent.alerting.changes import Change
from agent.alerting.fall import Against, Fall, Signal, ordered
from agent.alerting.finding import Loudness, Subject, louder, severity
from agent.alerting.incident import Cause, Confirmed, IncidentClass, Severity
from agent.alerting.measures import Quality
from agent.alerting.rule import DropRule, Measure
from agent.alerting.statistics import Figures

V42 = Change("help", "prod", "kb", "m1", "v42", datetime(2026, 11, 2, 9, tzinfo=UTC), new_model=False)


def signal(against: Against, drop: float, z: float, measure: Measure = "recall_at_k", rule: str = "drop") -> Signal:
    """A fall against the days before, or of a deployment."""
    se = drop / z
    figures = Figures(500, 9000, 0.9 - drop, 0.9, drop, se, z, (drop - 1.96 * se, drop + 1.96 * se), 15)
    change = V42 if against == "version" else None
    by = DropRule(name=rule)
    return Signal(by, by.limits_of("ko"), against, measure, ("", ""), figures, 0, 15, 14, change=change)


@pytest.mark.parametrize(
    ("cause", "confirmed", "drop", "excess", "expected"),
    [
        ("deployment", "yes", 0.05, 0.0, "critical"),
        ("deployment", "yes", 0.04, 9.0, "warning"),
        ("unknown", "yes", 0.05, 9.0, "warning"),
        ("unknown", "yes", 0.10, 1.0, "critical"),
        ("unknown", "yes", 0.10, 0.9, "warning"),
        ("deployment", "unconfirmed", 0.50, 100.0, "warning"),
        ("unknown", "unconfirmed", 0.50, 100.0, "warning"),
    ],
)
def test_severity_of_a_change(cause: Cause, confirmed: Confirmed, drop: float, excess: float, expected: Severity) -> None:
    """Confirmed: ten points with an excess failure a minute, or five after a deployment. Scores alone only warn."""
    assert severity("change", Loudness(cause, confirmed, drop, excess)) == expected


@pytest.mark.parametrize("class_", ["level", "volume"])
def test_levels_and_volumes_inform(class_: IncidentClass) -> None:
    """They are standing states."""
    assert severity(class_, Loudness("low_resource", "yes", 0.5, 9.0)) == "info"


def test_the_louder_of_two() -> None:
    """An open incident never gets quieter."""
    assert louder("warning", "critical") == louder("critical", "info") == "critical"


@pytest.mark.parametrize(
    ("signals", "leads"),
    [
        ([signal("trailing", 0.06, 5.0), signal("trailing", 0.04, 8.0)], "trailing 0.04"),
        ([signal("trailing", 0.07, 8.0), signal("version", 0.10, 5.0)], "version 0.1"),
        ([signal("trailing", 0.10, 5.0), signal("version", 0.07, 8.0)], "version 0.07"),
        ([signal("trailing", 0.20, 9.0), signal("version", 0.04, 4.0)], "trailing 0.2"),
        ([signal("trailing", 0.07, 5.0), signal("version", 0.10, 9.0, "similarity_mean")], "trailing 0.07"),
        ([signal("trailing", 0.07, 5.0), signal("version", 0.10, 4.0, rule="mine")], "trailing 0.07"),
    ],
)
def test_who_leads(signals: list[Signal], leads: str) -> None:
    """The surest; a deployment before a window of the same measure, unless the fall of the window is surely larger; labels first."""
    found = ordered(signals)
    assert f"{found[0].against} {found[0].figures.drop}" == leads
    assert found == ordered(signals[::-1])
    assert len(found) == len(signals)


def test_nothing_in_breach() -> None:
    """Nothing leads."""
    assert ordered([]) == []


@pytest.mark.parametrize(("window", "expected"), [(0.06, "critical"), (0.045, "warning")])
def test_a_deployment_in_front_is_as_loud_as_the_window_behind_it(window: float, expected: Severity) -> None:
    """Four points since the deployment are a warning, six in the last minutes are not."""
    signals = ordered([signal("trailing", window, 5.0), signal("version", 0.04, 4.0)])
    fall = Fall(Subject("help", "prod", "ko", "change"), tuple(signals), Quality())
    assert (signals[0].against, fall.incident().severity) == ("version", expected)
