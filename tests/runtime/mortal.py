"""One agent between a store and a channel that outlive it, which dies at a chosen step of evaluate, store, deliver."""

import pickle
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from agent.alerting.evaluator import Evaluator
from agent.alerting.measures import Quality
from agent.alerting.rule import Rule
from agent.alerting.sums import Minute
from agent.errors import RetryLater
from agent.notify.base import Message, Notifier, Receipt, TransportError
from agent.notify.memory import MemoryNotifier
from agent.runtime.configuration import Configuration
from agent.runtime.evaluate import NOTHING_SET, Evaluation
from agent.runtime.investigate import Investigation
from agent.store.base import MINUTE, Entry, Journal, Selection, Stretch, Total, WindowReader
from agent.store.memory import MemoryJournal, MemoryWindows
from tests.alerting.traffic import QUALITY, RULES
from tests.store.builders import at
from tests.support.telling import pipeline_of

LATENESS = timedelta(minutes=2)


class Killed(BaseException):
    """kill -9: nothing catches it, and nothing is done any more."""


def killed(name: str) -> None:
    """Die without dying."""
    raise Killed(name)


def away(name: str) -> None:
    """The store or the channel does not answer."""
    raise RetryLater(name)


class Fate:
    """Counts steps, each with a name, and kills at one of them, or fails there."""

    def __init__(self, die_at: int | None = None, kill: Callable[[str], None] = killed) -> None:
        self.steps: list[str] = []
        self.die_at = die_at
        self._kill = kill

    def step(self, name: str) -> None:
        """Go on, or die."""
        self.steps.append(name)
        if len(self.steps) == self.die_at:
            self._kill(name)


def one_of_each(steps: Sequence[str], seed: int = 1) -> list[int]:
    """A step of each kind, counted from 1: which one is drawn, so that they lie anywhere in the story."""
    coin = random.Random(seed)
    return sorted(coin.choice([at for at, name in enumerate(steps, 1) if name == kind]) for kind in dict.fromkeys(steps))


class MortalJournal:
    """A process may die before and after each writing, and at each reading."""

    def __init__(self, journal: Journal, fate: Fate) -> None:
        self._journal, self._fate = journal, fate

    def write(self, entries: Sequence[Entry]) -> None:
        """Write; who dies afterwards has written."""
        kinds = ",".join(sorted({entry.kind for entry in entries}))
        self._fate.step(f"before writing {kinds}")
        self._journal.write(entries)
        self._fate.step(f"after writing {kinds}")

    def read(self, kind: str, since: datetime | None = None, until: datetime | None = None) -> list[Entry]:
        """Read."""
        self._fate.step(f"reading {kind}")
        return self._journal.read(kind, since, until)


class MortalWindows:
    """A process may die at each reading."""

    def __init__(self, windows: WindowReader, fate: Fate) -> None:
        self._windows, self._fate = windows, fate

    def minutes(self, start: datetime, end: datetime, *, step: timedelta = MINUTE) -> Iterable[Minute]:
        """Read."""
        self._fate.step("reading minutes")
        return self._windows.minutes(start, end, step=step)

    def span(self) -> tuple[datetime, datetime] | None:
        """Read."""
        self._fate.step("reading the span")
        return self._windows.span()

    def positions(self) -> Mapping[str, int]:
        """Read."""
        self._fate.step("reading positions")
        return self._windows.positions()

    def totals(self, kind: str, selection: Selection, by: Sequence[str], sums: Sequence[str] = ()) -> list[Total]:
        """Read."""
        self._fate.step("reading totals")
        return self._windows.totals(kind, selection, by, sums)

    def series(
        self, kind: str, selection: Selection, by: Sequence[str], step: timedelta, sums: Sequence[str] = ()
    ) -> list[Stretch]:
        """Read."""
        self._fate.step("reading series")
        return self._windows.series(kind, selection, by, step, sums)

    def sessions(self, selection: Selection) -> int:
        """Read."""
        self._fate.step("reading sessions")
        return self._windows.sessions(selection)

    def sessions_by_language(self, selection: Selection) -> Mapping[str, int]:
        """Read."""
        self._fate.step("reading sessions by language")
        return self._windows.sessions_by_language(selection)


class MortalChat:
    """A process may die before the channel accepts a message, and before it knows that it did."""

    def __init__(self, chat: Notifier, fate: Fate) -> None:
        self._chat, self._fate = chat, fate
        self.name = chat.name

    def escape(self, text: str) -> str:
        """As the channel needs it."""
        return self._chat.escape(text)

    def send(self, message: Message) -> Receipt:
        """Deliver."""
        self._step("before sending")
        receipt = self._chat.send(message)
        self._step("after sending")
        return receipt

    def _step(self, name: str) -> None:
        try:
            self._fate.step(name)
        except RetryLater as error:
            raise TransportError(str(error), permanent=False) from error


class Around(NamedTuple):
    """What a process works with, and what outlives it."""

    windows: WindowReader
    journal: Journal
    chat: Notifier


class How(NamedTuple):
    """What a process is configured to do."""

    rules: Sequence[Rule] = tuple(RULES)
    quality: Quality = QUALITY
    reading: Configuration = NOTHING_SET


def live(around: Around, ends: Sequence[int], fate: Fate, how: How = How()) -> None:  # noqa: B008 - immutable
    """A process resumes, and walks to these minutes after the start in turn; one that is back at once looks at the last of them again."""
    evaluation = resumed(around, fate, how)
    for end in ends:
        if evaluation.evaluated_to is None or evaluation.evaluated_to <= at(end):
            _walk(evaluation, end)


def persist(around: Around, ends: Sequence[int], fate: Fate, how: How) -> None:
    """One process that tries again what failed, and begins anew where it seems to be overtaken, as the live loop does."""
    evaluation = resumed(around, fate, how)
    for end in ends:
        while evaluation.evaluated_to is None or evaluation.evaluated_to < at(end):
            with suppress(RetryLater):
                _walk(evaluation, end)
            if evaluation.overtaken():
                evaluation = resumed(around, fate, how)


def resumed(around: Around, fate: Fate, how: How) -> Evaluation:
    """What a process has in memory when it goes on."""
    windows, journal = MortalWindows(around.windows, fate), MortalJournal(around.journal, fate)
    pipeline = pipeline_of(journal, MortalChat(around.chat, fate))
    investigation = Investigation(windows, journal, how.quality)
    evaluator = Evaluator(how.rules, how.quality)
    evaluation = Evaluation(evaluator, windows, journal, pipeline, investigation, reading=how.reading)
    evaluation.resume()
    return evaluation


def _walk(evaluation: Evaluation, end: int) -> None:
    now = at(end) + LATENESS
    evaluation.walk(at(end), now)
    while evaluation.behind:
        evaluation.walk(at(end), now)


class ForgetfulJournal(MemoryJournal):
    """The twin, as another version may have left it."""

    def forget(self, kind: str) -> None:
        """A version that did not write this kind."""
        self._entries = {key: entry for key, entry in self._entries.items() if entry.kind != kind}


@dataclass
class Mortal:
    """A store and a channel in memory, and the process that is alive now."""

    windows: MemoryWindows = field(default_factory=MemoryWindows)
    journal: ForgetfulJournal = field(default_factory=ForgetfulJournal)
    chat: MemoryNotifier = field(default_factory=lambda: MemoryNotifier("chat"))
    rules: Sequence[Rule] = tuple(RULES)
    quality: Quality = QUALITY
    reading: Configuration = field(default_factory=dict)

    @property
    def how(self) -> How:
        """What it is configured to do."""
        return How(self.rules, self.quality, self.reading)

    @property
    def around(self) -> Around:
        """What outlives the process."""
        return Around(self.windows, self.journal, self.chat)

    def live(self, ends: Sequence[int], fate: Fate | None = None) -> None:
        """A process resumes, and walks to these minutes."""
        live(self.around, ends, fate or Fate(), self.how)

    def outlive(self, ends: Sequence[int], fate: Fate) -> None:
        """The same, with a next process where the first one dies."""
        try:
            self.live(ends, fate)
        except Killed:
            self.live(ends)

    def copy(self) -> "Mortal":
        """The same past, for another future."""
        copy: Mortal = pickle.loads(pickle.dumps(self))  # three times as fast as a deep copy
        return copy

    def transitions(self) -> dict[str, Mapping[str, Any]]:
        """What happened, by id."""
        return {row.id: row.body for row in self.journal.read("transition")}

    def told(self) -> list[tuple[str, str, str]]:
        """Each message: incident and state, which are its key, and text."""
        said = ((message.incidents[0], message.text) for message in self.chat.messages)
        return [(f"{one.fingerprint}/{one.began_at}", one.state, text) for one, text in said]
