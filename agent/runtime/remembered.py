"""What evaluation keeps in the journal, so that whoever takes over goes on as if nothing had happened."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from agent.alerting.changes import Change
from agent.alerting.evaluator import Evaluator
from agent.alerting.incident import Incident
from agent.alerting.known import Known, State
from agent.alerting.minutes import DAY, end_of, start_of
from agent.alerting.notice import Notice
from agent.alerting.reference import Reference
from agent.errors import RetryLater
from agent.records import row_id
from agent.report import thresholds
from agent.runtime.caught_up import CaughtUp
from agent.store.base import Entry, Journal

AS_OF: Final = "as_of"
STATE: Final = "state"
REFERENCE: Final = "reference"
CAUGHT_UP: Final = "caught_up"
PARTIAL: Final = "partial"  # an hour of which not everything was counted when it was evaluated
NOTHING_LATE: Final[dict[str, Any]] = msgspec.to_builtins(CaughtUp())


class Remembered:
    """The rows of one evaluation: written twice, after a crash, they are the same rows."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._as_of = start_of(0)  # of this process
        self.moved_to = start_of(0)  # the last transition of the run before, which may be later than its as_of
        self._late = NOTHING_LATE
        self._rows = {_version(entry) for entry in journal.read("change")}
        self._written: set[object] = set()  # changes, with and without notice, and references that need no row any more

    def resume(self) -> datetime | None:
        """How far the last run had evaluated; from now on that is how far this one is."""
        known = self._journal.read(AS_OF)
        for entry in known:
            self._as_of = entry.at
        return self._as_of if known else None

    def incidents(self, until: datetime | None) -> list[Incident]:
        """The transitions up to this time (None: all), without what the agent says of itself."""
        rows = ((entry.at, msgspec.convert(dict(entry.body), Incident)) for entry in self._journal.read("transition"))
        judged = [(at, incident) for at, incident in rows if incident.class_ != "monitor"]
        self.moved_to = max((at for at, _ in judged), default=self.moved_to)
        return [incident for at, incident in judged if until is None or at <= until]

    def known(self, incidents: Iterable[Incident], at: datetime) -> Known:
        """What was left at this time."""
        references = tuple(msgspec.convert(dict(entry.body), Reference) for entry in self._journal.read(REFERENCE))
        learned = thresholds.by_scale(thresholds.frozen(self._journal, at))
        return Known(tuple(incidents), references, self._state(at), learned, thresholds.floors(self._journal, at))

    def _state(self, at: datetime) -> State | None:
        """The state as of this very moment; one of another moment is of no use."""
        found = [entry for entry in self._journal.read(STATE) if entry.at == at]
        return msgspec.convert(dict(found[-1].body), State) if found else None

    def partial(self, since: datetime) -> Iterator[datetime]:
        """The hours that were not whole."""
        return (entry.at for entry in self._journal.read(PARTIAL, since))

    def caught_up(self) -> CaughtUp:
        """What was found late and is not told yet."""
        known = self._journal.read(CAUGHT_UP)
        self._late = dict(known[-1].body) if known else NOTHING_LATE
        return msgspec.convert(self._late, CaughtUp)

    def late(self, caught_up: CaughtUp, at: datetime) -> None:
        """Store that, where it changed; raises RetryLater."""
        body = msgspec.to_builtins(caught_up)
        if body != self._late:
            self._check_ours()
            self._journal.write([Entry(CAUGHT_UP, CAUGHT_UP, at, body)])
            self._late = body

    def overtaken(self) -> bool:
        """Whether another agent has evaluated further."""
        return any(entry.at > self._as_of for entry in self._journal.read(AS_OF))

    def _check_ours(self) -> None:
        """Asked before anything is written: an agent that was stopped for minutes does not know that it was."""
        if self.overtaken():
            raise RetryLater("another agent has evaluated further, and this one begins anew")

    def moved(self, transitions: Sequence[tuple[int, Incident]]) -> None:
        """Store transitions, each with its minute; raises RetryLater."""
        self._check_ours()
        self._journal.write([_transition(incident, minute) for minute, incident in transitions])

    def evaluated(self, end: datetime, evaluator: Evaluator, partial: Iterable[datetime]) -> list[str]:
        """Store how far evaluation came, with the deployments and references seen on the way and the hours that were not whole.

        Returns what is to be said of the deployments; raises RetryLater.
        """
        self._check_ours()
        changes = [one for one in _changes(evaluator) if one not in self._written]
        references = [one for one in evaluator.references if one not in self._written]
        made = [*(_change(change, evaluator.notices.get(change)) for change, _ in changes), *map(_reference, references)]
        fresh = [entry for entry in made if self._rows.isdisjoint({_version(entry), (entry.id, True)})]
        hours = [Entry(PARTIAL, f"{hour:%Y-%m-%dT%H}", hour, {}) for hour in sorted(partial)]
        state = Entry(STATE, STATE, end, msgspec.to_builtins(evaluator.state))
        self._journal.write([*fresh, *hours, state, Entry(AS_OF, AS_OF, end, {})])
        self._rows |= {_version(entry) for entry in fresh}
        self._written |= {*changes, *references}
        self._as_of = end
        return [entry.body["notice"] for entry in fresh if "notice" in entry.body]


def deployed_since(journal: Journal, at: datetime) -> list[Change]:
    """The deployments from this time on, noticed or announced."""
    return [msgspec.convert(dict(entry.body), Change) for entry in journal.read("change", at)]


def _changes(evaluator: Evaluator) -> Iterator[tuple[Change, bool]]:
    """The deployments, each with whether its notice is known."""
    return ((change, change in evaluator.notices) for change in evaluator.changes)


def _transition(incident: Incident, minute: int) -> Entry:
    name = f"{incident.fingerprint}/{incident.state}/{minute}"
    return Entry("transition", row_id(name), end_of(minute), msgspec.to_builtins(incident))


def _change(change: Change, notice: Notice | None) -> Entry:
    """A deployment's row. Its id has the hour only: after a restart older history is read by the quarter, and it is the same one."""
    name = "/".join((*change.where, *change.version, f"{change.at:%Y-%m-%dT%H}"))
    said = {} if notice is None else {**msgspec.to_builtins(notice), "notice": notice.text(change)}
    body = {**msgspec.to_builtins(change), **said}
    return Entry("change", row_id(name), change.at, body)


def _version(entry: Entry) -> tuple[str, bool]:
    """A row is written again when its notice is known, and never without one that it had."""
    return entry.id, "notice" in entry.body


def _reference(reference: Reference) -> Entry:
    """A fixed reference's row; one learned anew takes the place of the one before."""
    where, language = reference.series.stream
    name = "/".join((*where, language, reference.measure, *reference.scale))
    return Entry(
        REFERENCE, row_id(f"{name}/{reference.first_day}"), start_of(reference.first_day * DAY), msgspec.to_builtins(reference)
    )
