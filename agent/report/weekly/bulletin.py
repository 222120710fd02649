"""What a weekly report leaves the house as."""

from typing import NamedTuple


class Bulletin(NamedTuple):
    """A weekly report, ready to be sent.

    `week` is an ISO week such as ``2026-W46``, or ``FROM/TO`` of another range; `title` is one line that begins with
    the verdict; `text` is plain text for Slack and e-mail, unescaped; `html` is one self-contained HTML file.
    """

    week: str
    title: str
    text: str
    html: str
