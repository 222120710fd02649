"""What every page says on top."""

from datetime import UTC, datetime, timedelta

from agent.alerting.incident import own_incident
from agent.report.pages.status import status
from tests.notify.examples import incident

NOW = datetime(2026, 11, 20, 14, 32, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def test_a_monitor_that_is_well_says_up_to_when_it_has_seen() -> None:
    """The end of the newest minute, and how long that is ago."""
    found = status(NOW - 3 * MINUTE, {}, (), NOW)
    assert (found.as_of, found.age, found.troubles) == (NOW - 2 * MINUTE, 2 * MINUTE, [])


def test_trouble_is_a_sentence() -> None:
    """What the agent waits for, what it says of itself, and windows that are old; each is told."""
    own = own_incident("blind", "critical", NOW, "nobody evaluates")
    found = status(NOW - timedelta(hours=5), {"kafka": "the broker is away"}, [own], NOW)
    assert found.troubles == ["the broker is away", "nobody evaluates", "the newest query is 4 h old"]
    assert found.firing == 1


def test_what_is_low_whatever_is_deployed_is_no_open_alert() -> None:
    """Eight languages that a model never knew would hide the one that broke."""
    standing = incident(class_="level")
    assert status(NOW, {}, [standing, incident()], NOW).firing == 1


def test_an_empty_store_has_no_time() -> None:
    """And that is no trouble: it may just have begun."""
    assert status(None, {}, (), NOW)[:3] == (None, None, [])
