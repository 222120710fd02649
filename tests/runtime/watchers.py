"""Evaluation over twins: an evaluator that says what a test has written for it, and someone who is told."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from msgspec.structs import replace

from agent.alerting.evaluator import Evaluator
from agent.alerting.finding import subject_of
from agent.alerting.incident import Incident, State
from agent.alerting.lifecycle import Standing
from agent.alerting.measures import Quality
from agent.alerting.sums import Minute
from agent.clock import FakeClock
from agent.notify.memory import MemoryNotifier
from agent.report.views import incidents
from agent.runtime.evaluate import Evaluation
from agent.runtime.left_out import NOTHING, Without
from agent.store.memory import MemoryWindows
from tests.notify.examples import KOREAN
from tests.runtime.rig import Plug, UnsteadyJournal
from tests.store.builders import START, at, flush, minute, window
from tests.support.telling import Told

Script = Mapping[int, Incident]
START_MINUTE = minute()


def korean(state: State = "firing", began: float = 0, **changes: Any) -> Incident:
    """An incident of Korean that began so many minutes after the start."""
    times = {"began_at": at(began), "pending_since": at(began), "resolved_at": at(began + 1) if state == "resolved" else None}
    return replace(KOREAN, state=state, **(times | changes))


class Scripted(Evaluator):
    """The real evaluator without rules: what it says at a minute (after the start) stands in a script."""

    def __init__(self, script: Script, known: Sequence[Incident] = ()) -> None:
        super().__init__([], Quality(), known)
        self.script = script
        self.warmed: list[int] = []
        self.seen: list[int] = []
        self.suspended: list[int] = []

    def suspend_volume(self, minute: int) -> None:
        """Note the minute."""
        super().suspend_volume(minute)
        self.suspended.append(minute - START_MINUTE)

    def walk(self, rows: Iterable[Minute], first: int, last: int) -> Iterator[tuple[int, list[Incident]]]:
        """Insist on every minute in order, as the real one does, and say what is written."""
        for walked, told in super().walk(rows, first, last):
            self.seen.append(walked - START_MINUTE)
            yield walked, [*told, *self._said(walked - START_MINUTE)]

    def _unwatched(self, minute: int) -> Iterator[Incident]:  # noqa: ARG002 - asked at every minute
        """The script is the rule."""
        return iter(())

    def _said(self, place: int) -> list[Incident]:
        said = self.script.get(place)
        if said is None:
            return []
        self._board.put(subject_of(said), Standing(said))
        return [said]

    def _take(self, minute: int, rows: Sequence[Minute]) -> None:
        super()._take(minute, rows)
        if not self._started:
            self.warmed.append(minute - START_MINUTE)


@dataclass
class Watch:
    """One agent's evaluation; `again()` is the next process over the same store."""

    script: Script = field(default_factory=dict)
    windows: MemoryWindows = field(default_factory=MemoryWindows)
    plug: Plug = field(default_factory=Plug)
    chat: MemoryNotifier = field(default_factory=lambda: MemoryNotifier("chat"))
    clock: FakeClock = field(default_factory=lambda: FakeClock(at(0)))

    def __post_init__(self) -> None:
        self.journal = UnsteadyJournal(self.plug)
        self.again()

    def again(self, script: Script | None = None, *, resume: bool = True) -> None:
        """The process ends without a word, and the next one reads what it left."""
        self.script = self.script if script is None else script
        self.evaluator = Scripted(self.script, incidents(self.journal))
        self.desk = Told([self.chat], self.journal, self.clock)
        self.evaluation = Evaluation(self.evaluator, self.windows, self.journal, self.desk.pipeline)
        if resume:
            self.evaluation.resume()

    def traffic(self, *minutes: int, **sums: Any) -> None:
        """Windows at these minutes after the start."""
        known = self.windows.position("log/0")
        end = (known or 0) + 1
        self.windows.append(flush(*(window(n, **sums) for n in minutes), stored=known, end=end))

    def walk(self, to: float, behind: float | None = 0, without: Without = NOTHING) -> list[Incident]:
        """Evaluate up to so many minutes after the start, `behind` minutes before now; None as in a replay."""
        as_of = at(to)
        now = None if behind is None else as_of + timedelta(minutes=behind)
        self.clock.advance(max((now or as_of) - self.clock.now(), timedelta(0)))
        moved = self.evaluation.walk(as_of, now, without=without)
        while self.evaluation.behind:
            moved += self.evaluation.walk(as_of, now, without=without)
        self.desk.turn()
        return moved

    def told(self) -> list[tuple[str, datetime | None]]:
        """The states that the chat was told, with the beginning of the incident."""
        return [(message.incidents[0].state, message.incidents[0].began_at) for message in self.chat.messages]

    def states(self) -> list[str]:
        """The states that the chat was told."""
        return [state for state, _ in self.told()]


def watch(script: dict[int, Incident] | None = None, minutes: int = 60) -> Watch:
    """An agent with an hour of traffic, one window a minute."""
    made = Watch(script or {})
    made.traffic(*range(minutes))
    return made


def stored(made: Watch) -> list[tuple[str, str]]:
    """The transitions in the journal: state, and minutes after the start."""
    rows = made.journal.read("transition")
    return [(row.body["state"], f"+{(row.at - START) // timedelta(minutes=1)}") for row in rows]
