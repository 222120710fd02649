"""A report, ready to be sent or shown."""

from typing import Any

import msgspec

from agent.notify.bulletin import Bulletin
from agent.report.weekly.html import html
from agent.report.weekly.model import Report
from agent.report.weekly.text import text
from agent.report.weekly.words import title


def bulletin(report: Report, base: str | None = None) -> Bulletin:
    """All renderings that people read; `base` as in `html`."""
    return Bulletin(report.week, title(report), text(report), html(report, base))


def document(report: Report) -> dict[str, Any]:
    """The report as plain JSON."""
    built: dict[str, Any] = msgspec.to_builtins(report)
    return built
