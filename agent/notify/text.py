"""Strings from a log, made fit for a line of text: nothing that forges lines, turns the reading direction or floods."""

import re

ELLIPSIS = "…"
LONGEST_VALUE = 256

_BREAKS = re.compile(r"[\t\n\r\x0b\x0c\x85\u2028\u2029]+")
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


def clean(text: str) -> str:
    """One line without control characters, marks of direction and lone surrogates; joiners that scripts need stay."""
    return _UNSEEN.sub("", _BREAKS.sub(" ", text)).strip()


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters, the last one an ellipsis if something was cut."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + ELLIPSIS


def one_line(text: str, limit: int = LONGEST_VALUE) -> str:
    """Clean and short: what a name or an id from a log looks like in a message."""
    return shorten(clean(text), limit)
