"""One agent over a store that outlives it, which dies at a chosen step of evaluate, store, deliver."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from agent.alerting.evaluator import Evaluator
from agent.alerting.measures import Quality
from agent.alerting.rule import Rule
from agent.alerting.sums import Minute
from agent.clock import FakeClock
from agent.errors import RetryLater
from agent.notify.base import Message
from agent.notify.deliveries import Deliveries
from agent.notify.memory import MemoryNotifier
from agent.notify.pipeline import Pipeline
from agent.notify.render import Renderer
from agent.runtime.configuration import Configuration
from agent.runtime.evaluate import Evaluation
from agent.runtime.investigate import Investigation
from agent.store.base import Entry, Selection, Total
from agent.store.memory import MemoryJournal, MemoryWindows
from tests.alerting.traffic import QUALITY, RULES
from tests.notify.examples import QUICK
from tests.runtime.rig import NOW
from tests.store.builders import at

LATENESS = timedelta(minutes=2)


class Killed(BaseException):
    """kill -9: nothing catches it, and nothing is done any more."""


class Fate:
    """Counts steps, each with a name, and kills at one of them, or fails there."""

    def __init__(self, die_at: int | None = None, blow: type[BaseException] = Killed) -> None:
        self.steps: list[str] = []
        self.die_at = die_at
        self.blow = blow

    def step(self, name: str) -> None:
        """Go on, or die."""
        self.steps.append(name)
        if len(self.steps) == self.die_at:
            raise self.blow(name)


class MortalJournal(MemoryJournal):
    """A process may die before and after each reading and writing."""

    fate = Fate()

    def write(self, entries: Sequence[Entry]) -> None:
        """Write; who dies afterwards has written."""
        kinds = ",".join(sorted({entry.kind for entry in entries}))
        self.fate.step(f"before writing {kinds}")
        super().write(entries)
        self.fate.step(f"after writing {kinds}")

    def read(self, kind: str, since: datetime | None = None) -> list[Entry]:
        """Read."""
        self.fate.step(f"reading {kind}")
        return super().read(kind, since)

    def forget(self, kind: str) -> None:
        """As a version that did not write this kind left it."""
        self._entries = {key: entry for key, entry in self._entries.items() if entry.kind != kind}


class MortalWindows(MemoryWindows):
    """A process may die at each reading."""

    fate = Fate()

    def minutes(self, start: datetime, end: datetime, *, step: timedelta = timedelta(minutes=1)) -> Iterator[Minute]:
        """Read."""
        self.fate.step("reading minutes")
        return super().minutes(start, end, step=step)

    def span(self) -> tuple[datetime, datetime] | None:
        """Read."""
        self.fate.step("reading the span")
        return super().span()

    def totals(self, kind: str, selection: Selection, by: Sequence[str]) -> list[Total]:
        """Read."""
        self.fate.step("reading totals")
        return super().totals(kind, selection, by)


class MortalChat(MemoryNotifier):
    """A process may die before the channel accepts a message, and before it knows that it did."""

    fate = Fate()

    def send(self, message: Message) -> None:
        """Deliver."""
        self.fate.step("before sending")
        super().send(message)
        self.fate.step("after sending")


@dataclass
class Mortal:
    """A store, a channel, and the process that is alive now."""

    windows: MortalWindows = field(default_factory=MortalWindows)
    journal: MortalJournal = field(default_factory=MortalJournal)
    chat: MortalChat = field(default_factory=lambda: MortalChat("chat"))
    rules: Sequence[Rule] = tuple(RULES)
    reading: Configuration = field(default_factory=dict)
    quality: Quality = QUALITY

    def live(self, ends: Sequence[int], behind: float = 0) -> None:
        """A process resumes, and walks to these minutes after the start in turn, so many minutes late."""
        evaluation = self.evaluation()
        evaluation.resume()
        for end in ends:
            if evaluation.evaluated_to is None or evaluation.evaluated_to < at(end):
                self._walk(evaluation, end, behind)

    def outlive(self, ends: Sequence[int], fate: Fate) -> None:
        """The same, with a next process where the first one dies."""
        with self.under(fate):
            try:
                self.live(ends)
            except Killed:
                self.live(ends)

    def persist(self, ends: Sequence[int], fate: Fate) -> None:
        """One process that tries again what failed, and begins anew where it seems to be overtaken, as the live loop does."""
        evaluation = self.evaluation()
        evaluation.resume()
        with self.under(fate):
            for end in ends:
                while evaluation.evaluated_to is None or evaluation.evaluated_to < at(end):
                    with suppress(RetryLater):
                        self._walk(evaluation, end, 0)
                    if evaluation.overtaken():
                        evaluation = self.evaluation()
                        evaluation.resume()

    @contextmanager
    def under(self, fate: Fate) -> Iterator[None]:
        """Everything that is read, written or sent is a step of this fate."""
        self.windows.fate = self.journal.fate = self.chat.fate = fate
        try:
            yield
        finally:
            self.windows.fate = self.journal.fate = self.chat.fate = Fate()

    def copy(self) -> "Mortal":
        """The same past, for another future."""
        return deepcopy(self)

    def evaluation(self) -> Evaluation:
        """What a process has in memory."""
        deliveries = Deliveries(self.journal)
        pipeline = Pipeline(
            notifiers={"chat": self.chat},
            renderer=Renderer(),
            sent=deliveries.sent,
            record=deliveries.record,
            clock=FakeClock(NOW),
            patience=QUICK,
        )
        investigation = Investigation(self.windows, self.journal, self.quality)
        evaluator = Evaluator(self.rules, self.quality)
        return Evaluation(evaluator, self.windows, self.journal, pipeline, investigation, reading=self.reading)

    def transitions(self) -> dict[str, Mapping[str, Any]]:
        """What happened, by id."""
        return {row.id: row.body for row in self.journal.read("transition")}

    def told(self) -> list[tuple[str, str, str]]:
        """Each message: incident and state, which are its key, and text."""
        said = ((message.incident, message.text) for message in self.chat.messages)
        return [(f"{one.fingerprint}/{one.began_at}", one.state, text) for one, text in said]

    @staticmethod
    def _walk(evaluation: Evaluation, end: int, behind: float) -> None:
        now = at(end) + LATENESS + timedelta(minutes=behind)
        evaluation.walk(at(end), now)
        while evaluation.behind:
            evaluation.walk(at(end), now)
