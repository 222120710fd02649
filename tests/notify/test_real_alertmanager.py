"""A real Alertmanager takes what we send: it fires, changes its severity, and is over."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from agent.clock import SystemClock
from agent.notify.alertmanager import AlertmanagerNotifier
from agent.notify.labels import labels_of
from tests.notify.examples import ended, followed, incident, message, resolved
from tests.notify.test_contract import NAMES, hostile
from tests.support.alertmanager import Alertmanager, UnavailableError

BEGAN = timedelta(minutes=16)


@pytest.fixture
def real(tmp_path: Path) -> Iterator[Alertmanager]:
    """A process of its own."""
    try:
        server = Alertmanager(tmp_path)
    except UnavailableError as missing:
        pytest.skip(str(missing))
    with server:
        yield server


def firing(real: Alertmanager) -> list[dict[str, str]]:
    """The labels of what fires."""
    return [alert["labels"] for alert in real.alerts()]


def test_it_fires_and_is_over(real: Alertmanager) -> None:
    """With its begin, its end some minutes ahead, and its page; the end makes it inactive."""
    now = SystemClock().now()
    one = incident(began_at=now - BEGAN, fired_at=now - BEGAN, labels={"team": "search"})
    notifier = AlertmanagerNotifier("am", [real.url])
    notifier.send(message(incidents=(one,)))
    notifier.sustain([one], SystemClock().now())
    [alert] = real.alerts()
    assert alert["labels"] == labels_of(one)
    assert alert["annotations"]["summary"] == "−7.4 points of hit rate in Korean (ko)"
    assert alert["generatorURL"] == "https://babelwatch.example/alerts/9f2c41d0"
    assert alert["status"]["state"] in {"active", "unprocessed"}
    assert alert["startsAt"][:19] == (now - BEGAN).isoformat()[:19]
    over = incident(state="resolved", began_at=one.began_at, fired_at=one.fired_at, resolved_at=now, labels=one.labels)
    notifier.send(ended({}, incidents=(over,)))
    assert firing(real) == []
    notifier.sustain([over], SystemClock().now())
    assert firing(real) == []


def test_another_severity_is_another_alert(real: Alertmanager) -> None:
    """One fires at a time, also when the severity comes back."""
    notifier = AlertmanagerNotifier("am", [real.url])
    now = SystemClock().now()
    for severity in ("warning", "critical", "warning"):
        one = incident(severity=severity, began_at=now - BEGAN, fired_at=now - BEGAN)
        notifier.send(followed({}, incidents=(one,)))
        assert [labels["severity"] for labels in firing(real)] == [severity]
        notifier.sustain([one], SystemClock().now())
        assert [labels["severity"] for labels in firing(real)] == [severity]


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_hostile_names_are_taken(real: Alertmanager, name: str) -> None:
    """Labels of any log are labels that it accepts, and none of ours is forged."""
    notifier = AlertmanagerNotifier("am", [real.url])
    told: Any = hostile(notifier, name)
    notifier.send(told)
    [labels] = firing(real)
    assert (labels["alertname"], labels["severity"], labels["class"]) == ("BabelwatchChange", "warning", "change")


def test_a_test_is_taken(real: Alertmanager) -> None:
    """It fires beside the real ones, and is none."""
    notifier = AlertmanagerNotifier("am", [real.url])
    notifier.send(message(kind="test", at=SystemClock().now()))
    notifier.send(ended({}, incidents=(resolved(),)))
    assert [labels["alertname"] for labels in firing(real)] == ["BabelwatchTest"]
