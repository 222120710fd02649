"""Strings from a log, made fit for a line of text: nothing that forges lines, turns the reading direction or floods; and signs."""

import re
import unicodedata
from typing import Final
from urllib.parse import quote

ELLIPSIS = "…"
LONGEST_VALUE = 256
LONGEST_CHARACTER: Final = 32
"""Code points that a user-perceived character is taken to have at most: a pile of accents is cut like a text."""

_JOINER = "\u200d"
_VIRAMA = 9  # its canonical combining class: it joins the consonant after it
_CONTINUES = re.compile("[\u0e33\u0eb3\u1160-\u11ff\u200c\u200d\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]")
_FLAG_HALVES = "".join(map(chr, range(0x1F1E6, 0x1F200)))

_BREAKS = re.compile(r"[\t\n\r\x0b\x0c\x85\u2028\u2029]+")
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


def clean(text: str) -> str:
    """One line without control characters, marks of direction and lone surrogates; joiners that scripts need stay."""
    return _UNSEEN.sub("", _BREAKS.sub(" ", text)).strip()


def clean_lines(text: str) -> str:
    """Several lines, each without what `clean` takes out; indents stay."""
    return "\n".join(_UNSEEN.sub("", line).rstrip() for line in text.splitlines()).strip("\n")


def shorten(text: str, limit: int) -> str:
    """At most `limit` code points, the last one an ellipsis if something was cut; no user-perceived character is torn."""
    return text if len(text) <= limit else text[: _boundary(text, limit - 1)].rstrip() + ELLIPSIS


def _boundary(text: str, at: int) -> int:
    """The nearest place before `at` where a character begins."""
    nearest = range(at, max(at - LONGEST_CHARACTER, 0), -1)
    return next((place for place in nearest if _begins(text, place)), at)


def _begins(text: str, at: int) -> bool:
    """Whether a user-perceived character begins here, by the chief rules of https://unicode.org/reports/tr29/."""
    before, after = text[at - 1], text[at]
    if unicodedata.category(after).startswith("M") or _CONTINUES.match(after) or before == _JOINER:
        return False
    if unicodedata.combining(before) == _VIRAMA:
        return not unicodedata.category(after).startswith("L")
    halves = at - len(text[:at].rstrip(_FLAG_HALVES)) if after in _FLAG_HALVES else 0
    return halves % 2 == 0


def quoted(address: str) -> str:
    """An address in ASCII, on one line."""
    return quote(clean(address), safe="%/:?#[]@!$&'()*+,;=~")


def signed(number: float, decimals: int = 1) -> str:
    """A number with its sign, a true minus: `+4.9`, `−4.9`."""
    return f"{number:+.{decimals}f}".replace("-", "−")


def capital(text: str) -> str:
    """The same with a capital first letter; the others stay."""
    return text[:1].upper() + text[1:]


def one_line(text: str, limit: int = LONGEST_VALUE) -> str:
    """Clean and short: what a name or an id from a log looks like in a message."""
    return shorten(clean(text), limit)
