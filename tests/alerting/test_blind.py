"""Whether the agent sees what happens."""

from datetime import UTC, datetime, timedelta

import pytest

from agent.alerting.blind import Reason, decide, incident, over
from agent.alerting.rule import LagRule

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
RULE = LagRule(name="lag", where=())
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("as_of", "started", "reason"),
    [
        (None, 600, Reason.NOTHING_YET),
        (3, 600, Reason.SEES),
        (14, 600, Reason.SEES),
        (15, 14, Reason.JUST_BEGUN),
        (15, 15, Reason.BLIND),
        (600, 15, Reason.BLIND),
    ],
)
def test_blind_is_who_sees_nothing_new_for_a_quarter_of_an_hour(as_of: int | None, started: int, reason: Reason) -> None:
    """An agent that begins may catch up first, and one that has never evaluated anything has no log yet."""
    at = None if as_of is None else NOW - as_of * MINUTE
    assert decide(at, NOW - started * MINUTE, NOW, RULE) is reason


def test_all_replicas_tell_the_same_alert() -> None:
    """It is known by what was evaluated last, whenever a replica notices; its end is an end."""
    one, other = (incident(NOW - 20 * MINUTE, NOW + late * MINUTE, RULE) for late in (0, 3))
    assert (one.fingerprint, one.began_at) == (other.fingerprint, other.began_at)
    assert one.summary.startswith("babelwatch is blind: nothing newer than 2026-01-05 11:40 UTC has been evaluated for 20 min.")
    assert over(one, Reason.SEES, NOW).state == "resolved"
    assert over(one, Reason.UNWATCHED, NOW).summary.endswith("the rule lag was removed.")
