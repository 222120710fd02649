"""A weekly report, ready to be sent, and its row of the journal: written before it is told, so that it can be sent after a crash."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

from agent.store.base import Entry

REPORT: Final = "report"
_ISO_WEEK: Final = re.compile(r"\d{4}-W\d{2}")


class Bulletin(NamedTuple):
    """A weekly report, ready to be sent.

    `week` is an ISO week such as `2026-W46`, or `FROM/TO` of another range; `title` is one line that begins with the
    verdict; `text` is plain text for Slack and e-mail, unescaped; `html` is one self-contained HTML file.
    """

    week: str
    title: str
    text: str
    html: str

    @property
    def is_of_a_week(self) -> bool:
        """Whether it is about a whole week, and so has a page."""
        return _ISO_WEEK.fullmatch(self.week) is not None


def entry_of(bulletin: Bulletin, at: datetime) -> Entry:
    """Its row: one a week; `at` is when it was due."""
    return Entry(REPORT, bulletin.week, at, bulletin._asdict())


def bulletin_of(body: Mapping[str, Any]) -> Bulletin:
    """The report of a row."""
    return Bulletin(**body)
