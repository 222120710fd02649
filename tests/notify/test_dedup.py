"""Whether a receiver is told, with the reason as the name of each case."""

import pytest

from agent.alerting.incident import State
from agent.notify.dedup import Reason, decide
from tests.notify.examples import incident

CASES: list[tuple[Reason, State, State | None]] = [
    (Reason.FIRST, "firing", None),
    (Reason.RESOLVED, "resolved", "firing"),
    (Reason.REOPENED, "firing", "resolved"),
    (Reason.ALREADY_SENT, "firing", "firing"),
    (Reason.ALREADY_SENT, "resolved", "resolved"),
    (Reason.NEVER_FIRED, "resolved", None),
    (Reason.NOT_WORTH_TELLING, "pending", None),
    (Reason.NOT_WORTH_TELLING, "pending", "firing"),
]


@pytest.mark.parametrize(("reason", "state", "sent"), CASES, ids=[f"{r}-{s}-after-{t}" for r, s, t in CASES])
def test_decide(reason: Reason, state: State, sent: State | None) -> None:
    """Each pair of a transition and what was told before has its one reason."""
    assert decide(incident(state=state), sent) is reason


def test_every_reason_has_a_case() -> None:
    """A new reason needs a row above."""
    assert {reason for reason, _, _ in CASES} == set(Reason)


def test_what_tells() -> None:
    """Only these send a message."""
    assert {reason for reason in Reason if reason.tells} == {Reason.FIRST, Reason.RESOLVED, Reason.REOPENED}
