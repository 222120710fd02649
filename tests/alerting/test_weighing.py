"""A golden run confirms what scores alone have said, or does not; nothing else of the incident changes."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from agent.alerting.incident import Confirmed, Evidence
from agent.alerting.minutes import start_of
from agent.alerting.weighing import Weighing, Weighings, weighed
from tests.notify.examples import NOW, incident

SAID = "Confirmed: recall@10 −4.9 (3.0 to 6.8) against its run of 2026-11-15 04:00 UTC: golden set support, 1,185 queries."
SCORES = incident(summary="Korean: score signal, unconfirmed: hit rate fell 7.4 points.")


def weighing(confirmed: Confirmed = "yes", **given: object) -> Weighing:
    """What is said of the Korean incident."""
    usual = Weighing(SCORES.fingerprint, SCORES.began_at, NOW, confirmed, "golden:support", "recall@10", 0.049, 1185, SAID)
    return replace(usual, **given)


@pytest.mark.parametrize("confirmed", ["yes", "no"])
def test_what_it_says_leads_the_summary(confirmed: Confirmed) -> None:
    """The incident has its word, its figures as evidence, and does not say any more that nobody has confirmed it."""
    after = weighed(SCORES, weighing(confirmed, ci95=(0.03, 0.068)))
    assert after is not None
    assert after.confirmed == confirmed
    assert after.summary == f"{SAID} Korean: hit rate fell 7.4 points."
    assert after.evidence[-1] == Evidence("golden:support", "recall@10", 0.049, n=1185, ci95=(0.03, 0.068))
    assert (after.metric, after.drop, after.severity) == (SCORES.metric, SCORES.drop, SCORES.severity)


def test_a_set_that_is_too_small_leaves_it_unconfirmed() -> None:
    """The summary says both."""
    after = weighed(SCORES, weighing("unconfirmed"))
    assert after is not None
    assert (after.confirmed, after.summary) == ("unconfirmed", f"{SAID} {SCORES.summary}")


def test_what_is_confirmed_stays_so() -> None:
    """Labels of real traffic weigh more than a golden set that does not see it."""
    after = weighed(replace(SCORES, confirmed="yes"), weighing("no"))
    assert after is not None
    assert after.confirmed == "yes"


def test_weighed_again_the_newest_figures_stand_once() -> None:
    """One golden set is one piece of evidence."""
    first = weighed(SCORES, weighing())
    assert first is not None
    again = weighed(first, weighing(drop=0.06))
    assert again is not None
    assert [one.drop for one in again.evidence if one.rule == "golden:support"] == [0.06]


@pytest.mark.parametrize(
    "other",
    [
        incident(began_at=NOW - timedelta(days=1)),
        incident(fingerprint="another"),
        incident(state="pending"),
        incident(state="resolved", resolved_at=NOW),
    ],
)
def test_it_is_about_one_open_incident(other: object) -> None:
    """The fingerprint comes again, the time does not; what is over is not reopened."""
    assert weighed(other, weighing()) is None  # type: ignore[arg-type]


def test_they_wait_for_their_minute() -> None:
    """In the order in which they were said, each once."""
    waiting = Weighings()
    waiting.add([weighing(at=start_of(12)), weighing(at=start_of(10))])
    assert waiting.due(8) == []
    assert [one.at for one in waiting.due(9)] == [start_of(10)]
    assert [one.at for one in waiting.due(20)] == [start_of(12)]
    assert waiting.due(20) == []
