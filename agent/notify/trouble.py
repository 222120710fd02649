"""A receiver that cannot be reached is told of by the others: an incident of its own, with an end."""

import threading
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from msgspec.structs import replace

from agent.alerting.incident import ALL, OWN, Incident, fingerprint, own_incident
from agent.notify.base import TransportError

PATIENCE: Final = timedelta(minutes=10)
"""As long a channel may fail until that is told; a refusal for good is told at once."""
LABEL: Final = "receiver"
"""The label that names the receiver, which is not told of itself."""


def receiver_of(incident: Incident) -> str | None:
    """The receiver that an incident says cannot be reached; a rule may give a label of the same name to incidents of its own."""
    name = incident.labels.get(LABEL)
    return name if name is not None and incident.fingerprint == _fingerprint(name) else None


def _fingerprint(receiver: str) -> str:
    return fingerprint("receiver", receiver, ALL, OWN)


class Failing(NamedTuple):
    """Since when, why, and how many messages wait."""

    since: datetime
    error: TransportError
    waiting: int


def removed(told: Incident, now: datetime) -> Incident:
    """The end of the trouble of a receiver that is not configured any more."""
    summary = f"The receiver “{told.labels[LABEL]}” is not configured any more."
    return replace(told, state="resolved", resolved_at=now, summary=summary, advice="")


class Trouble:
    """What a receiver's courier knows of its channel: written by its thread, read by the loop."""

    def __init__(self, receiver: str) -> None:
        self._receiver = receiver
        self._lock = threading.Lock()
        self.failures = 0
        self._told: Incident | None = None
        self._failing: Failing | None = None
        self._refused: Failing | None = None  # until it is told, though others went out since
        self._works = False

    def resume(self, told: Incident | None) -> None:
        """What people were told last by the process before."""
        with self._lock:
            self._told = self._told or told

    def failed(self, error: TransportError, now: datetime, *, waiting: int) -> None:
        """A round has failed; so many messages wait."""
        with self._lock:
            self.failures += 1
            since = self._failing.since if self._failing else now
            self._failing, self._works = Failing(since, error, waiting), False
            self._refused = self._failing if error.permanent else self._refused

    def worked(self) -> bool:
        """A message went out; whether people were told that none did."""
        with self._lock:
            self.failures, self._failing, self._works = 0, None, True
            return self._told is not None and self._told.state == "firing"

    def incident(self, now: datetime) -> Incident | None:
        """What the others are to know: the outage, or its end; None where there is nothing to say."""
        with self._lock:
            failing = self._refused or self._failing
            if self._told is not None and self._told.state == "firing":
                self._told = self._over(self._told, now) if self._works else self._told
                self._refused = None
            elif failing is not None and (failing.error.permanent or now - failing.since >= PATIENCE):
                self._told, self._refused = self._firing(failing, now), None
            return self._told

    def _firing(self, failing: Failing, now: datetime) -> Incident:
        since, error, waiting = failing
        refused = (
            f"“{self._receiver}” refuses messages"
            if error.permanent
            else f"“{self._receiver}” cannot be told since {_stamp(since)}"
        )
        waits = f" Messages that wait: {waiting}; they are sent when it is back." if waiting and not error.permanent else ""
        return own_incident(
            _fingerprint(self._receiver),
            "warning",
            now,
            f"The receiver {refused}: {error}.{waits}",
            began_at=since,
            labels={LABEL: self._receiver},
            advice=f"Check the receiver {self._receiver} with `babelwatch notify test --receiver {self._receiver}`.",
        )

    def _over(self, told: Incident, now: datetime) -> Incident:
        summary = f"The receiver “{self._receiver}” takes messages again. What waited was sent; what it had refused is sent again where it still fires."
        return replace(told, state="resolved", resolved_at=now, summary=summary, advice="")


def _stamp(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
