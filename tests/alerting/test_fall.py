"""How loud a fall is, and what all evidence says together."""

import pytest

from agent.alerting.finding import Loudness, louder, severity
from agent.alerting.incident import Cause, Confirmed, IncidentClass, Severity


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
