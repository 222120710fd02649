"""The words of a report, the same in every rendering: figures with their unit, the title, and what is said first. Plain text."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from agent.alerting.summary import duration, many, percent
from agent.charts.waterfall import points
from agent.notify.text import capital, one_line, signed
from agent.notify.words import plain_name
from agent.report.weekly.model import Average, Incident, Interval, Language, Level, Report, Standing, Todo
from agent.report.weekly.ranking import FAILS

NOTHING: Final = "–"
DAY: Final = timedelta(days=1)
MOST_NAMED: Final = 3
CALLED: Final = ("worse", "better")
SAME: Final = 0.0005
"""What is smaller shows as 0.0 points."""


def name(tag: str) -> str:
    """`Spanish`; what a log calls a language is untrusted."""
    return one_line(plain_name(tag))


def names(tags: Sequence[str], most: int = 12) -> str:
    """`Spanish, Chinese and 4 more`."""
    more = f" and {len(tags) - most} more" if len(tags) > most else ""
    return ", ".join(map(name, tags[:most])) + more


def measure(called: str, k: int, threshold: float | None = None) -> str:
    """What a measure is called; a hit is said with its threshold, for it is a proxy."""
    at = "the threshold" if threshold is None else f"{threshold:.2f}"
    return {"recall_at_k": f"recall@{k}", "hit_rate": f"best score ≥ {at}"}.get(called, "mean best score")


def of(level: Level, k: int) -> str:
    """The measure of a level."""
    return measure(level.measure, k, level.threshold)


def value(called: str, figure: float) -> str:
    """A rate in percent, a score as it is."""
    return percent(figure) if called in FAILS else f"{figure:.3f}"


def between(called: str, interval: Interval | None) -> str:
    """An interval of values."""
    return "" if interval is None else f"{value(called, interval[0])} to {value(called, interval[1])}".replace(" % to", " to")


def moved(called: str, change: float) -> str:
    """A change with its sign: in points of a rate, else as it is."""
    return points(change) if called in FAILS else signed(change, 3)


def unit(called: str) -> str:
    """What `moved` counts in, with a space before it."""
    return " points" if called in FAILS else ""


def moved_between(called: str, interval: Interval) -> str:
    """An interval of changes."""
    return f"{moved(called, interval[0])} to {moved(called, interval[1])}"


def when(at: datetime | None) -> str:
    """A time in UTC, to the minute."""
    return NOTHING if at is None else f"{at.astimezone(UTC):%Y-%m-%d %H:%M}"


def lasted(minutes: int | None) -> str:
    """How long something took."""
    return NOTHING if minutes is None else duration(minutes)


def time_of(report: Report) -> str:
    """`week 2026-W46`, or from when to when."""
    return report.week.replace("/", " to ") if "/" in report.week else f"week {report.week}"


def title(report: Report) -> str:
    """The verdict in one line."""
    falls = () if report.verdict.word == "worse" else _open(report)
    still = f"; {'alerts are' if len(falls) > 1 else 'an alert is'} open: {names(falls, MOST_NAMED)}" if falls else ""
    return f"{capital(_verdict(report))}{still} · {time_of(report)}"


def _open(report: Report) -> tuple[str, ...]:
    """The languages of falls that are open at the end."""
    return tuple(dict.fromkeys(one.language for one in report.incidents if one.resolved_at is None and one.class_ == "change"))


def _verdict(report: Report) -> str:
    verdict = report.verdict
    if report.first or verdict.word is None:
        looked = "first look" if report.first else "nothing could be compared"
        return f"{looked}: {many(len(report.languages), 'language')}{_lowest(report)}"
    if verdict.word == "no clear change":
        return f"no clear change in {many(verdict.languages, 'language')}"
    tags = verdict.worse if verdict.word == "worse" else verdict.better
    other = f"; better: {many(len(verdict.better), 'language')}" if verdict.word == "worse" and verdict.better else ""
    unsure = f"; may have fallen: {names(verdict.unsure, MOST_NAMED)}" if verdict.word == "better" and verdict.unsure else ""
    return f"{verdict.word}: {_moved(report, tags) if tags else _together(report)}{other}{unsure}"


def _lowest(report: Report) -> str:
    known = [(one.level.mean, one) for one in report.languages if one.level and one.level.measure in FAILS]
    if not known:
        return ""
    lowest = min(known, key=lambda each: each[0])[1]
    assert lowest.level is not None, "as it was chosen"
    said = f"{value(lowest.level.measure, lowest.level.mean)} {of(lowest.level, report.k)}"
    return f", the lowest is {name(lowest.language)} with {said}"


def _moved(report: Report, tags: Sequence[str]) -> str:
    """`Spanish −12.0 points of recall@10, Chinese −3.1 and 2 more`: those that moved most."""
    told, last = list[str](), ""
    for row in (_row(report, tag) for tag in tags[:MOST_NAMED]):
        assert row.change is not None, "it has a word"
        assert row.level is not None, "it has a change"
        called = f"{unit(row.level.measure)} of {of(row.level, report.k)}"
        told.append(f"{name(row.language)} {moved(row.level.measure, row.change.change)}{'' if called == last else called}")
        last = called
    more = f" and {len(tags) - MOST_NAMED} more" if len(tags) > MOST_NAMED else ""
    return ", ".join(told) + more


def _together(report: Report) -> str:
    word = report.verdict.word
    first = next(one for one in report.averages if one.change.word == word)
    said = (
        f"{moved(first.measure, first.change.change)}{unit(first.measure)} of {measure(first.measure, report.k, first.threshold)}"
    )
    return f"all languages together, {said} with the mix of traffic as it was"


def _row(report: Report, tag: str) -> Language:
    return next(row for row in report.languages if row.language == tag)


def lead(report: Report) -> Iterator[str]:
    """What is said below the title, a sentence each."""
    if report.first:
        yield first(report)
    for one in report.averages:
        yield average(one, report.k)
    if unsure := report.verdict.unsure:
        told = ", ".join(f"{name(tag)} {change(_row(report, tag), word=False)}" for tag in unsure[:MOST_NAMED])
        more = f" and {len(unsure) - MOST_NAMED} more" if len(unsure) > MOST_NAMED else ""
        yield f"Fell, and it may be chance: {told}{more}."
    if falls := _open(report):
        yield f"{capital(many(len(falls), 'fall'))} still open at the end: {names(falls)}."


def first(report: Report) -> str:
    """Why it has no changes."""
    if report.end - report.start < DAY:
        return "A time of less than a day is compared with nothing: other hours have other queries. Levels only, no changes."
    has = f"too little before to compare with ({percent(report.covered_before)} of that time)"
    return f"There is {has if report.covered_before else 'nothing before to compare with'}: levels only, no changes."


def average(one: Average, k: int) -> str:
    """How the average moved and what moved it; where both parts disagree it says so."""
    called = measure(one.measure, k, one.threshold)
    total = one.after - one.before
    way = "rose" if total > SAME else "fell" if total < -SAME else "stayed"
    by = f" by {moved(one.measure, abs(total)).lstrip('+')}{unit(one.measure)}, from {value(one.measure, one.before)} to"
    parts = f"languages themselves {moved(one.measure, one.own)}, the mix of traffic {moved(one.measure, one.mix)}"
    hides = " The average hides what languages did." if one.own * total < 0 and abs(one.own) > SAME else ""
    how = " at" if way == "stayed" else by
    return f"The average of {called} {way}{how} {value(one.measure, one.after)}: {parts}.{hides}"


def data(report: Report) -> str:
    """What the report rests on, in one sentence."""
    users = f", {report.users:,} users" if report.users else ""
    languages = many(len(report.languages), "language")
    return f"{when(report.start)} to {when(report.end)} UTC, data up to {when(report.as_of)}: {report.queries:,} queries{users} in {languages}."


def against(report: Report) -> str:
    """What it is compared with."""
    return NOTHING if report.first else f"{when(report.before)} to {when(report.start)} UTC, {report.queries_before:,} queries"


def change(row: Language, *, word: bool = True) -> str:
    """A language's change with interval and word; why there is none."""
    if row.change is None or row.level is None:
        return row.why_not and f"not compared: {row.why_not}"
    called = row.level.measure
    told = f"{moved(called, row.change.change)}{unit(called)} ({moved_between(called, row.change.ci95)})"
    return f"{told}: {row.change.word}" if word else told


def affected(row: Language) -> str:
    """How many queries failed that would not have before, of how many users."""
    if row.more_failed is None:
        return ""
    return f"about {row.more_failed:,} more queries failed"


def still_low(one: Standing) -> str:
    """`Hindi: below reference for 37 days`."""
    days = "since today" if one.days == 0 else f"for {many(one.days, 'day')}"
    return f"{name(one.language)}: below reference {days} (since {when(one.since)} UTC)"


def ended(one: Incident) -> str:
    """Until when an incident lasted."""
    return (
        f"{lasted(one.minutes)}, still open at the end"
        if one.resolved_at is None
        else f"{lasted(one.minutes)}, over {when(one.resolved_at)}"
    )


def todo(one: Todo, k: int) -> str:
    """Why a language is worth the work."""
    called = measure(one.measure, k)
    usual = f"{value(one.measure, one.reference)} ({'the middle of ' if len(one.of) > 1 else ''}{names(one.of)})"
    has = f"{value(one.measure, one.mean)} {called} by {one.rests_on}"
    return f"about {one.lost:,} of its {one.queries:,} queries fail that would not at the reference of {usual}; it has {has}"


def worst_first(rows: Iterable[Language]) -> list[Language]:
    """What got worse, then what got better, then those that fell most without certainty; without changes the largest."""
    return sorted(rows, key=lambda row: (*_rank(row), -row.queries, row.language))


def _rank(row: Language) -> tuple[int, float]:
    if row.change is None:
        return len(CALLED) + 1, 0.0
    word = row.change.word
    return (CALLED.index(word) if word in CALLED else len(CALLED)), (-row.change.change if word == "better" else row.change.change)
