"""Dead letters as rows and as a table: where, when and why, and the outline of one; never what it says."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from heapq import nlargest
from itertools import count
from typing import Any, NamedTuple

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from agent.decode.dead_letter import Kept, Reason
from agent.decode.outline import Outline
from agent.errors import Misconfigured, Mistake
from agent.notify.text import one_line
from agent.times import parse_time

Row = dict[str, Any]
NEWEST = 20
LONGEST_NAME = 5_000  # a path has at most 4,096


class Wanted(NamedTuple):
    """Which letters are asked for; None: all."""

    start: datetime | None = None
    end: datetime | None = None
    reason: str | None = None

    def has(self, letter: Kept) -> bool:
        """Whether this is one of them."""
        early, late = self.start is not None and letter.at < self.start, self.end is not None and letter.at >= self.end
        return not early and not late and self.reason in {None, letter.reason}


def wanted(words: Mapping[str, str], now: datetime) -> Wanted:
    """Read `from`, `to` and `reason`; raises Misconfigured with every mistake."""
    mistakes: list[Mistake] = []
    times: dict[str, datetime] = {}
    for key in ("from", "to"):
        try:
            times |= {key: parse_time(words[key], now)} if key in words else {}
        except ValueError as expected:
            mistakes.append(Mistake(f"--{key}", "", f"{words[key]!r}: expected {expected}"))
    reason = words.get("reason")
    if reason is not None and reason not in list(Reason):
        mistakes.append(Mistake("--reason", "", f"{reason!r}: expected one of {', '.join(Reason)}"))
    if mistakes:
        raise Misconfigured(mistakes)
    return Wanted(times.get("from"), times.get("to"), reason)


def listing(letters: Iterable[Kept], most: int) -> Row:
    """The newest letters first, and how many there are of each reason."""
    reasons: Counter[str] = Counter()
    order = count()

    def rows() -> Iterable[tuple[datetime, int, Row]]:
        for letter in letters:
            reasons[one_line(letter.reason)] += 1
            yield letter.at, next(order), row(letter)

    newest = [shown for _, _, shown in nlargest(most, rows())]
    return {"letters": newest, "total": reasons.total(), "reasons": dict(reasons.most_common())}


def called(letter: Kept) -> tuple[str, str]:
    """Its id and its name, as a row has them."""
    return one_line(letter.id, LONGEST_NAME), one_line(letter.name, LONGEST_NAME)


def row(letter: Kept) -> Row:
    """One letter without its value."""
    id_, name = called(letter)
    return {
        "id": id_,
        "name": name,
        "at": letter.at.isoformat(timespec="milliseconds"),
        "topic": one_line(letter.partition.topic, LONGEST_NAME) if letter.partition else None,
        "partition": letter.partition.number if letter.partition else None,
        "offset": letter.offset,
        "reason": one_line(letter.reason),
        "field": one_line(letter.detail),
        "size": letter.size,
        "cut": letter.cut,
    }


def whole(letter: Kept, seen: Outline, obstacle: str | None) -> Row:
    """One letter with its outline, and what keeps it from being fed again with the settings of today."""
    return {**row(letter), "value": seen.value, "problem": seen.problem or None, "obstacle": obstacle}


def table(listed: Row) -> RenderableType:
    """One line a letter, and the reasons below."""
    shown = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    for heading in ("when", "letter", "reason", "field", "bytes"):
        shown.add_column(heading, overflow="fold", justify="right" if heading == "bytes" else "left")
    for each in listed["letters"]:
        cells = (each["at"][:19].replace("T", " "), each["name"], each["reason"], each["field"], f"{each['size']:,}")
        shown.add_row(*map(Text, cells))
    reasons = ", ".join(f"{reason} {many:,}" for reason, many in listed["reasons"].items())
    return Group(shown, Text(f"\n{len(listed['letters']):,} of {listed['total']:,}: {reasons}"))
