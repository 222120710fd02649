"""Minutes as a table: arrays in memory, rows when a day of them is walked."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import repeat
from typing import Final, NamedTuple

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from agent.aggregate.histogram import MICRO
from agent.alerting.measures import Quality, Thresholds
from agent.alerting.sums import Minute
from agent.backtest.cells import SUMS, Numbers
from agent.backtest.days import Span
from agent.records import WindowKey

# A row says how many queries hit, not how they scored: its histogram has these two bins, and the threshold between them.
HIT_BIN: Final = 50
MISS_BIN: Final = 0
THRESHOLD: Final = 0.5


class Columns(NamedTuple):
    """Lines as arrays: the minute, the number of the window key, and the columns of numbers (NaN: an empty cell)."""

    minute: NDArray[np.int64]
    key: NDArray[np.int32]
    numbers: Mapping[str, Numbers]

    @staticmethod
    def joined(parts: Sequence["Columns"]) -> "Columns":
        """The lines of several parts of one table, in their order."""
        return Columns(
            np.concatenate([part.minute for part in parts]),
            np.concatenate([part.key for part in parts]),
            {name: np.concatenate([part.numbers[name] for part in parts]) for name in parts[0].numbers},
        )

    def where(self, index: NDArray[np.intp] | NDArray[np.bool_] | slice) -> "Columns":
        """Some of the lines."""
        return Columns(self.minute[index], self.key[index], {name: values[index] for name, values in self.numbers.items()})


class TableMinutes:
    """The minutes of a table; a row is made when its day is walked, so that memory holds arrays only."""

    def __init__(self, columns: Columns, keys: Sequence[WindowKey]) -> None:
        """`columns`: one line at least, in any order."""
        self._span = Span(int(columns.minute.min()), int(columns.minute.max()) + 1)
        seen = columns.where(columns.numbers["queries"] > 0)
        self._columns = seen.where(np.argsort(seen.minute, kind="stable"))
        self._keys = keys

    def span(self) -> Span:
        """From the oldest line to the newest, also where those count no query."""
        return self._span

    def rows(self, span: Span) -> Sequence[Minute]:
        """The rows of a span in the order of time."""
        first, end = np.searchsorted(self._columns.minute, span)
        return list(_rows(self._columns.where(slice(first, end)), self._keys))

    def quality(self, configured: Quality) -> Quality:
        """How these rows are read: hits are given, so thresholds are not asked for; no histogram says how low a language is."""
        thresholds: dict[str, float | None] = dict.fromkeys(self._languages(~self._no_proxy()), THRESHOLD)
        return replace(configured, hit_threshold=Thresholds(languages=thresholds), floor=None)

    def half_proxied(self) -> list[str]:
        """Languages of which only some lines have the proxy: in the others no hit would be read where nothing is known."""
        return sorted(self._languages(self._no_proxy()) & self._languages(~self._no_proxy()))

    def _no_proxy(self) -> NDArray[np.bool_]:
        return np.isnan(self._columns.numbers.get("proxy_hits", np.full(len(self._columns.minute), np.nan)))

    def _languages(self, lines: NDArray[np.bool_]) -> set[str]:
        return {self._keys[key].language for key in np.unique(self._columns.key[lines]).tolist()}


def _rows(columns: Columns, keys: Sequence[WindowKey]) -> Iterator[Minute]:
    """Lines as the store would give them back: `hits` are labels, `proxy_hits` scores that reach the threshold."""
    queries = columns.numbers["queries"]
    absent = np.full(len(queries), np.nan)
    hits, proxy, total, squares = (columns.numbers.get(name, absent) for name in ("hits", "proxy_hits", *SUMS))
    events, none = _whole(queries), repeat(0)
    labelled, recalled = _whole(np.where(np.isnan(hits), 0, queries)), _micro(hits)
    return map(
        Minute,
        columns.minute.tolist(),
        map(keys.__getitem__, columns.key.tolist()),
        events,
        none,
        none,
        _whole(np.where(np.isnan(total), 0, queries)),
        _micro(total),
        _micro(squares),
        _histograms(events, proxy),
        labelled,
        recalled,
        recalled,
    )


def _whole(values: Numbers) -> list[int]:
    counts: list[int] = np.nan_to_num(values).astype(np.int64).tolist()
    return counts


def _micro(values: Numbers) -> list[int]:
    return _whole(np.rint(values * MICRO))


def _histograms(events: Sequence[int], proxy: Numbers) -> Iterator[dict[int, int]]:
    if np.isnan(proxy).all():
        return repeat({})
    return ({HIT_BIN: hits, MISS_BIN: count - hits} for count, hits in zip(events, _whole(proxy), strict=True))
