"""A report as it is asked for: the same words on the command line and in the API."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from agent.alerting.measures import Quality
from agent.errors import Misconfigured, Mistake, NotFound
from agent.report.weekly.html import html
from agent.report.weekly.model import Report
from agent.report.weekly.period import UTC_ZONE, parsed
from agent.report.weekly.publish import document
from agent.report.weekly.text import text
from agent.report.weekly.weekly import weekly
from agent.report.weekly.words import title
from agent.store.base import Journal, WindowReader

FORMATS: Final = ("html", "text", "json")
Row = dict[str, Any]


def asked(  # noqa: PLR0913, PLR0917 - what a report is read from, and how it is asked for
    windows: WindowReader,
    journal: Journal,
    quality: Quality,
    words: Mapping[str, str],
    now: datetime,
    zone: ZoneInfo = UTC_ZONE,
) -> Report:
    """The report that the words `week`, `from`, `to` and the filters mean; raises Misconfigured with every mistake."""
    span = windows.span()
    period, where = parsed(words, now, span or (now, now), zone)
    if span is None:
        raise NotFound([Mistake("", "store", "holds no queries yet")])
    return weekly(windows, journal, quality, period, where)


def answer(report: Callable[[Mapping[str, str]], Report], words: Mapping[str, str], base: str | None = None) -> Row:
    """`week`, `title` and the rendering that the word `format` names, under that name; `base` as in `html`."""
    wanted = words.get("format", "json")
    if wanted not in FORMATS:
        raise Misconfigured([Mistake("", "format", f"{wanted!r}: expected one of {', '.join(FORMATS)}")])
    made = report({key: said for key, said in words.items() if key != "format"})
    renderings: Mapping[str, Callable[[], object]] = {
        "html": lambda: html(made, base),
        "text": lambda: text(made),
        "json": lambda: document(made),
    }
    return {"week": made.week, "title": title(made), wanted: renderings[wanted]()}
