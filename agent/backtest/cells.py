"""The cells of a table of minutes, a column at a time: text in, numbers out, and what was expected where that fails."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from math import isnan
from typing import Final

import numpy as np
from numpy.typing import NDArray

from agent.records import WindowKey
from agent.times import parse_time

Numbers = NDArray[np.float64]

REQUIRED: Final = ("timestamp", "language", "queries")
COUNTS: Final = ("queries", "hits", "proxy_hits")
SUMS: Final = ("similarity_sum", "similarity_sum_sq")
TEXTS: Final = ("service", "environment", "collection", "language", "embedding_model", "index_version")
NAMES: Final = ("timestamp", *TEXTS, *COUNTS, *SUMS)

MOST: Final = 1e12  # in millionths still inside 64 bits
_SECONDS = 1e11  # larger is milliseconds: as seconds it were the year 5138
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_A_TIME = "RFC 3339 with a zone, or seconds or milliseconds since 1970, before the year 5138"


class WrongCellError(ValueError):
    """A cell is not what its column holds."""

    def __init__(self, column: str, expected: str, found: str) -> None:
        self.column = column
        super().__init__(f"expected {expected}, found {found[:40]!r}")


class Stamps(dict[str, int]):
    """Texts of times to minutes; thirty languages share one text, so each is read once."""

    def __missing__(self, text: str) -> int:
        self[text] = _minute(text)
        return self[text]


def _minute(text: str) -> int:
    try:
        return int(_seconds(text) // 60)
    except (ValueError, OverflowError):
        raise WrongCellError("timestamp", _A_TIME, text) from None


def _seconds(text: str) -> float:
    written = "-" in text.lstrip("-")
    stamp = (parse_time(text, _EPOCH) - _EPOCH).total_seconds() if written else float(text)
    seconds = stamp if written or stamp < _SECONDS else stamp / 1000
    if not 0 <= seconds < _SECONDS:
        raise ValueError(text)
    return seconds


class Keys(dict[tuple[str, ...], int]):
    """Window keys by what the text columns say, numbered as they come."""

    def __missing__(self, texts: tuple[str, ...]) -> int:
        if not texts[TEXTS.index("language")]:
            raise WrongCellError("language", "a language", "")
        self[texts] = len(self)
        return self[texts]

    def windows(self) -> list[WindowKey]:
        """The keys in the order of their numbers."""
        return [WindowKey(**dict(zip(TEXTS, texts, strict=True)), document_language="", score_kind="cosine") for texts in self]


def numbers(columns: Mapping[str, Sequence[str]]) -> dict[str, Numbers]:
    """The columns of numbers, absent cells as NaN; raises WrongCellError."""
    found = {name: _column(name, columns[name]) for name in (*COUNTS, *SUMS) if name in columns}
    for name, expected, wrong in _wrong(found):
        if wrong.any():
            raise WrongCellError(name, expected, columns[name][int(wrong.argmax())])
    return found


def _wrong(found: Mapping[str, Numbers]) -> Iterator[tuple[str, str, NDArray[np.bool_]]]:
    """What each column must hold, and the cells that do not; absent ones never are wrong, since NaN compares as false."""
    queries = found["queries"]
    yield "queries", "a count", np.isnan(queries)
    for name in COUNTS:
        if name in found:
            values = found[name]
            yield name, "a count", (values < 0) | (values >= MOST) | (values > np.floor(values))
            yield name, "at most the queries of the line", values > queries
    if SUMS[0] in found:
        total, squares = (found[name] for name in SUMS)
        yield SUMS[0], "a sum of scores", np.abs(total) >= MOST
        yield SUMS[1], "a sum of squares", (squares < 0) | (squares >= MOST)
        yield SUMS[1], "a value where similarity_sum has one, and only there", np.isnan(total) != np.isnan(squares)


def _column(name: str, cells: Sequence[str]) -> Numbers:
    try:
        return _floats(cells)
    except ValueError:
        wrong = next(cell for cell in cells if not _is_number(cell))
        raise WrongCellError(name, "a number", wrong) from None


def _floats(cells: Sequence[str]) -> Numbers:
    """Fast where no cell is empty; NaN is what an empty cell becomes, and nothing that anyone writes."""
    try:
        values = np.fromiter(map(float, cells), np.float64, len(cells))
    except ValueError:
        values = np.array([float(cell) if cell else np.nan for cell in cells])
    if (absent := np.isnan(values).sum()) and absent != cells.count(""):
        raise ValueError(cells)
    return values


def _is_number(cell: str) -> bool:
    try:
        return not cell or not isnan(float(cell))
    except ValueError:
        return False
