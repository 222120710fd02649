"""What was seen of each language lately: the last 14 complete days and today.

Bounded, so that an agent that has run for a year and one that started today read the same. It needs no state of its own:
the days are rebuilt from history, whether that comes by the minute, the quarter or the hour.
"""

from collections.abc import Iterator, Mapping

from msgspec import Struct, field

from agent.alerting.minutes import DAY

DAYS = 14
RARE_QUERIES = 50  # a day: a language with fewer is rare

Counts = Mapping[int, int]


class Values(Struct, array_like=True):
    """Values counted: how many, and by what the rule asks for (a bin of a histogram, a sum)."""

    n: int = 0
    counts: dict[int, int] = field(default_factory=dict)

    def add(self, n: int, counts: Counts, sign: int = 1) -> None:
        """Count more of them, or with a negative sign take them back."""
        self.n += sign * n
        for name, count in counts.items():
            self.counts[name] = self.counts.get(name, 0) + sign * count


class Recent:
    """Values by language of one place."""

    def __init__(self) -> None:
        self._day = -1
        self._today: dict[str, Values] = {}
        self._days: dict[int, dict[str, Values]] = {}
        self._past: dict[str, Values] = {}

    def add(self, minute: int, language: str, n: int, counts: Counts) -> None:
        """Count what a row said; rows come in order."""
        if minute // DAY > self._day:
            self._turn(minute // DAY)
        today = self._today.get(language)
        if today is None:
            today = self._today[language] = Values()
        today.add(n, counts)

    def languages(self) -> Iterator[tuple[str, int]]:
        """Each language and how many values it has."""
        for language in self._past.keys() | self._today.keys():
            if n := self._n(self._past, language) + self._n(self._today, language):
                yield language, n

    def of(self, *languages: str) -> Values:
        """The values of these languages together."""
        total = Values()
        for language in languages:
            for values in (self._past.get(language), self._today.get(language)):
                if values is not None:
                    total.add(values.n, values.counts)
        return total

    def is_rare(self, language: str) -> bool:
        """Whether a language has fewer than 50 values a day, today included; unknown, hence no, on the first day."""
        limit = RARE_QUERIES * len(self._days)
        return self._n(self._past, language) < limit and self._n(self._today, language) < RARE_QUERIES

    def rare_languages(self) -> int:
        """How many languages are rare."""
        return sum(self.is_rare(language) for language, _ in self.languages())

    @staticmethod
    def _n(values: Mapping[str, Values], language: str) -> int:
        return values[language].n if language in values else 0

    def _turn(self, day: int) -> None:
        """Another day begins: what is older than 14 days is forgotten."""
        if self._day >= 0:
            self._days[self._day] = self._today
            self._shift(self._today, 1)
        for old in [old for old in self._days if old < day - DAYS]:
            self._shift(self._days.pop(old), -1)
        self._day, self._today = day, {}

    def _shift(self, day: Mapping[str, Values], sign: int) -> None:
        for language, values in day.items():
            self._past.setdefault(language, Values()).add(values.n, values.counts, sign)
            if not self._past[language].n:
                del self._past[language]
