"""Backtests and drills as a person reads them; `--json` prints the same figures whole."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from agent.alerting.summary import many
from agent.language.codes import display_name
from agent.notify.text import one_line

Told = Mapping[str, Any]
NOTHING = "–"
HOUR = 60
DAY = 1440
LATE = "{:,} queries came later than they were evaluated: they count here, and did not when the agent decided."


def backtest(told: Told) -> RenderableType:
    """The incidents, how many a week, the score, and what other limits would have told."""
    parts: list[RenderableType] = [_incidents(told["incidents"])] if told["incidents"] else []
    parts.append(Text(_count(told)))
    parts += [Text(line) for line in _score_lines(told.get("score"))]
    if told["late"]:
        parts.append(Text(LATE.format(told["late"])))
    if "what_if" in told:
        parts += [Text("\nWith other limits:"), _what_if(told["what_if"])]
    return Group(*parts)


def placebo(told: Told) -> RenderableType:
    """How often deployments that never were raised an alarm."""
    days = (datetime.fromisoformat(told["to"]) - datetime.fromisoformat(told["from"])).days
    said = f"{told['incidents_per_week']:.1f} incidents a week on these {days} days, after {told['deployments']} deployments that never were."
    return Group(*([_incidents(told["incidents"])] if told["incidents"] else []), Text(said))


def drill(told: Told) -> RenderableType:
    """How soon the fall would be told."""
    head = f"{one_line(display_name(told['language']))} falls by {100 * told['drop']:g} points"
    return Group(
        Text(f"{head}: {delays(told['silent'])}"),
        Text(f"The same with a new index version: {delays(told['deployment'])}"),
    )


def delays(found: Told) -> str:
    """`told after 5 h 40 (median of 28 starts, 90 %: 11 h); 2 of 28 not within 7 d`."""
    starts, told, delay = found["starts"], found["told"], found["delay_minutes"]
    within = duration(found["within_minutes"])
    if delay["median"] is None:
        return (
            f"told in {told} of {starts} starts only within {within}" if told else f"not told within {within}, from {starts} starts"
        )
    slow = "" if delay["p90"] is None else f", 90 %: {duration(delay['p90'])}"
    late = f"; {starts - told} of {starts} not within {within}" if told < starts else ""
    return f"told after {duration(delay['median'])} (median of {starts} starts{slow}){late}"


def duration(minutes: float | None) -> str:
    """`12 min`, `5 h 40`, `2 d 3 h`: two units at most."""
    if minutes is None:
        return NOTHING
    whole = round(minutes)
    if whole < HOUR:
        return f"{whole} min"
    hours, left = divmod(whole, HOUR)
    if whole < DAY:
        return f"{hours} h {left:02}" if left else f"{hours} h"
    days, hours = divmod(round(whole / HOUR), 24)
    return f"{days} d {hours} h" if hours else f"{days} d"


def _count(told: Told) -> str:
    span = f"{_minute(told['from'])} to {_minute(told['to'])}"
    weeks = f"{told['weeks']:.1f} weeks, {told['languages']} languages"
    incidents = many(len(told["incidents"]), "incident")
    return (
        f"{incidents} in {weeks} ({span}): {told['incidents_per_week']:.1f} a week, {many(told['notifications'], 'notification')}"
    )


def _score_lines(score: Told | None) -> Iterator[str]:
    if score is None:
        return
    labels = score["detected"] + score["missed"]
    yield f"{score['detected']} of {labels} labelled incidents detected, {score['missed']} missed, {score['false']} false"
    if score["detected"]:
        delay = score["delay_minutes"]
        yield f"told after {duration(delay['median'])} (median; 90 %: {duration(delay['p90'])})"
    yield f"precision {_share(score['precision'])}, recall {_share(score['recall'])}"


def _incidents(rows: Sequence[Told]) -> Table:
    table = _table("fired", "resolved", "language", "class", "severity", "what")
    for row in rows:
        fell = NOTHING if row["drop"] is None else f"{row['metric']} −{100 * row['drop']:.1f} points"
        words = (
            _minute(row["fired_at"]),
            _minute(row["resolved_at"]),
            one_line(display_name(row["language"])),
            row["class"],
            row["severity"],
        )
        table.add_row(*(Text(word) for word in (*words, fell)))
    return table


def _what_if(rows: Sequence[Told]) -> Table:
    scored = "score" in rows[0]
    table = _table("z", "points", "a week", *(("detected", "false", "median delay") if scored else ()))
    for row in rows:
        cells = [f"{row['z']:.1f}", str(row["threshold"]), f"{row['incidents_per_week']:.1f}"]
        if scored:
            score = row["score"]
            cells += [str(score["detected"]), str(score["false"]), duration(score["delay_minutes"]["median"])]
        table.add_row(*cells)
    return table


def _table(*headings: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    for heading in headings:
        table.add_column(heading)
    return table


def _share(rate: float | None) -> str:
    return NOTHING if rate is None else f"{100 * rate:.0f} %"


def _minute(stamp: str | None) -> str:
    return stamp[:16].replace("T", " ") if stamp else NOTHING
