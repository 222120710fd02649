"""What was found while catching up: what still fires says so when it is told, what is over is told in one message."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from msgspec import Struct, field
from msgspec.structs import replace

from agent.alerting.incident import ALL, OWN, Identity, Incident, fingerprint, identity_of, own_incident
from agent.notify.words import plain_name

MARK: Final = "Found while catching up."
MOST_NAMED: Final = 10
TRIED_FOR: Final = timedelta(hours=1)  # as long a channel that is down is tried again


class CaughtUp(Struct):
    """Keeps what was too old to be told when it came; plain data, so that whoever takes over tells it.

    `began` and `over`: since the last digest; `late`: what the one before had begun with; `digests` may still be tried.
    """

    began: set[Identity] = field(default_factory=set)
    late: set[Identity] = field(default_factory=set)
    over: list[Incident] = field(default_factory=list)
    digests: list[Incident] = field(default_factory=list)

    def note(self, incidents: Iterable[Incident]) -> None:
        """Transitions that nobody was told of as they came; the end of what somebody knew of is no news for the digest."""
        for one in incidents:
            if one.state == "firing":
                self.began.add(identity_of(one))
            elif identity_of(one) in self.began:
                self.over = [*(other for other in self.over if identity_of(other) != identity_of(one)), one]

    def marked(self, incident: Incident) -> Incident:
        """The incident, saying that it was found late."""
        if incident.state != "firing" or identity_of(incident) not in self.late:
            return incident
        return replace(incident, summary=f"{incident.summary} {MARK}".strip())

    def close(self, now: datetime) -> None:
        """One message for all that came and went, for as long as it may be tried."""
        self.digests = [one for one in self.digests if one.fired_at and now - one.fired_at < TRIED_FOR]
        if self.over:
            self.digests.append(digest(self.over, now))
        if self.began:
            self.began, self.late, self.over = set(), self.began, []


def digest(over: Sequence[Incident], now: datetime) -> Incident:
    """What came and went as one incident, which never ends: it is a piece of news."""
    told = "; ".join(_line(one) for one in over[:MOST_NAMED])
    more = f"; and {len(over) - MOST_NAMED} more" if len(over) > MOST_NAMED else ""
    count = "One alert was" if len(over) == 1 else f"{len(over)} alerts were"
    name = fingerprint("/".join(f"{one.fingerprint}@{one.fired_at}" for one in over), "", ALL, OWN)
    text = f"{count} found while catching up, and over by then: {told}{more}. `babelwatch alerts --all` shows them."
    return own_incident(name, "info", now, text)


def _line(incident: Incident) -> str:
    name = plain_name(incident.language)
    times = " to ".join(_stamp(at) for at in (incident.began_at or incident.fired_at, incident.resolved_at) if at)
    return f"{name} ({incident.class_}, {incident.service}), {times}"


def _stamp(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M}"
