"""Whether a receiver is told of a transition: pure, and the answer is a named reason.

The reason is a field of the log line, a label of the metric and the name of a test.
"""

from enum import StrEnum

from agent.alerting.incident import Incident, State


class Reason(StrEnum):
    """Why a receiver is told, or why not."""

    FIRST = "first"
    RESOLVED = "resolved"
    REOPENED = "reopened"
    ALREADY_SENT = "already_sent"
    NEVER_FIRED = "never_fired"
    NOT_WORTH_TELLING = "not_worth_telling"

    @property
    def tells(self) -> bool:
        """Whether a message goes out."""
        return self in {Reason.FIRST, Reason.RESOLVED, Reason.REOPENED}


def decide(transition: Incident, sent: State | None) -> Reason:
    """Weigh a transition against the last state that this receiver was told of this incident, `None` for none.

    A resolution is told only to those who were told of the fire. An incident that fires again under the same identity is
    told again: a message too many does less harm than a silent fall.
    """
    if transition.state == "pending":
        return Reason.NOT_WORTH_TELLING
    if transition.state == sent:
        return Reason.ALREADY_SENT
    if transition.state == "resolved":
        return Reason.RESOLVED if sent == "firing" else Reason.NEVER_FIRED
    return Reason.REOPENED if sent == "resolved" else Reason.FIRST
