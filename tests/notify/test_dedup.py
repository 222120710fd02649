"""Whether a receiver is told, with the reason as the name of each case."""

from datetime import timedelta
from typing import Any, NamedTuple

import pytest

from agent.alerting.incident import Incident
from agent.notify.dedup import TELLING, TRY_AGAIN, Reason, Told, decide, heard
from tests.notify.examples import NOW, incident, resolved

AGO = NOW - timedelta(minutes=10)
REPEAT = timedelta(minutes=10)


def told(**changes: Any) -> Told:
    """A warning, told ten minutes ago."""
    return Told("firing", "warning", "unconfirmed", AGO)._replace(**changes)


def refused(before: Told | None = None, **changes: Any) -> Told:
    """The same, refused for good."""
    return told(outcome="failed", before=before, **changes)


class Case(NamedTuple):
    """What is known, and what follows from it."""

    name: str
    reason: Reason
    incident: Incident
    told: Told | None = None
    repeat: timedelta | None = None


FIRING, OVER, LONG_AGO = incident(), resolved(), NOW - TRY_AGAIN
CASES = [
    Case("heard of nothing", Reason.FIRST, FIRING),
    Case("refused an hour ago", Reason.FIRST, FIRING, refused(at=LONG_AGO)),
    Case("heard that it is over", Reason.REOPENED, FIRING, told(state="resolved")),
    Case("was a warning", Reason.ESCALATED, incident(severity="critical"), told()),
    Case("was a warning, and its repeat is due", Reason.ESCALATED, incident(severity="critical"), told(), REPEAT),
    Case("was refused when it got worse", Reason.ESCALATED, incident(severity="critical"), refused(told(), at=LONG_AGO)),
    Case("confirmed where one can add to it", Reason.WEIGHED, incident(confirmed="yes"), told(follows_up=True)),
    Case("not confirmed where one can add to it", Reason.WEIGHED, incident(confirmed="no"), told(follows_up=True)),
    Case("the interval is over", Reason.REPEAT_DUE, FIRING, told(), REPEAT),
    Case("over, and the fire is known", Reason.RESOLVED, OVER, told()),
    Case("over, and the fire still waits to be sent", Reason.RESOLVED, OVER, told(outcome="queued")),
    Case("over, and its end was refused an hour ago", Reason.RESOLVED, OVER, refused(told(), state="resolved", at=LONG_AGO)),
    Case("over, and only that it got worse was refused", Reason.RESOLVED, OVER, refused(told())),
    Case("nothing has happened yet", Reason.NOT_WORTH_TELLING, incident(state="pending")),
    Case("nothing has happened again", Reason.NOT_WORTH_TELLING, incident(state="pending"), told()),
    Case("over, and nobody knew", Reason.NEVER_FIRED, OVER),
    Case("over, and the fire was refused", Reason.NEVER_FIRED, OVER, refused()),
    Case("told", Reason.ALREADY_SENT, FIRING, told()),
    Case("waits to be sent", Reason.ALREADY_SENT, FIRING, told(outcome="queued")),
    Case("told, and less bad now", Reason.ALREADY_SENT, incident(severity="info"), told()),
    Case("confirmed where nobody can add to it", Reason.ALREADY_SENT, incident(confirmed="yes"), told()),
    Case("told, and its repeat is not due", Reason.ALREADY_SENT, FIRING, told(), REPEAT + timedelta(seconds=1)),
    Case("told that it is over", Reason.ALREADY_SENT, OVER, told(state="resolved")),
    Case("somebody knows", Reason.ACKNOWLEDGED, incident(acknowledged_at=AGO), told(), REPEAT),
    Case(
        "somebody knew, but it is worse now", Reason.ESCALATED, incident(acknowledged_at=AGO, severity="critical"), told(), REPEAT
    ),
    Case("refused just now", Reason.FAILED_LATELY, FIRING, refused()),
    Case("refused just now, and worse", Reason.FAILED_LATELY, incident(severity="critical"), refused()),
    Case("its end was refused just now", Reason.FAILED_LATELY, OVER, refused(told(), state="resolved")),
]
IN_THE_PIPELINE: set[Reason] = {Reason.MUTED, Reason.INHIBITED, Reason.DEPLOYMENT, Reason.REPORT}


@pytest.mark.parametrize("case", CASES, ids=[f"{case.reason.value}: {case.name}" for case in CASES])
def test_decide(case: Case) -> None:
    """What has happened, and what was told before, have one reason together."""
    assert decide(case.incident, case.told, NOW, case.repeat) is case.reason


def test_every_reason_has_a_case() -> None:
    """A new reason needs a row above, but for those that are given before this is asked."""
    assert {case.reason for case in CASES} | IN_THE_PIPELINE == set(Reason)


def test_what_tells() -> None:
    """Whatever is a reason to tell sends a message, and the others do not."""
    assert {reason for reason in Reason if reason.tells} == TELLING
    assert {reason for reason in Reason if reason.begins} == {Reason.FIRST, Reason.REOPENED}


def test_what_was_refused_was_not_heard() -> None:
    """However often in a row: what counts is the last that arrived, or still waits."""
    waits = told(outcome="queued")
    assert heard(refused(refused(waits))) == waits
    assert heard(refused(refused())) is None
