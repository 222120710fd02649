"""The words of a text that can tell its language, in one spelling: whatever the case and the Unicode form.

What programs write (codes, addresses, names of files and of errors) is taken out: it makes everything English. A URL in the
query drops the accuracy of lid.176 from .87 to .70.
"""

import errno
import re
import signal
import unicodedata
from typing import Final

LIMIT: Final = 2_000
"""Characters of a text that count: more of them tell nothing new, and a pasted megabyte costs 1 to 3 ms (Han, letter by
letter, 6)."""

_SIGNS = re.compile(r"[0-9_@/\\#=.]")
# Runs of ASCII and Latin letters with a digit or a sign in them, and names of files and hosts. The look-behind keeps the
# search linear: a run is tried from its start only.
_RUN = "[!-~\u00a1-\u024f\u1e00-\u1eff]"
_CODE = re.compile(rf"(?<!{_RUN}){_RUN}*(?:[0-9_@/\\#=]|[a-z]\.[a-z]){_RUN}*")
# Addresses may go on in other letters, up to those of scripts that put no spaces between words (Thai, U+0E00, is the
# first of them): there the text itself goes on.
_ADDRESS = re.compile(r"(?<![!-~\u00a1-\u0dff])[!-~\u00a1-\u0dff]*(?:://|@)[!-~\u00a1-\u0dff]*")
# Control characters, marks of direction, byte order marks, lone surrogates. The joiners U+200C and U+200D stay: Persian
# is spelled with them.
_INVISIBLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u200b\u200e\u200f\u061c\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
# Signs and numbers that compatibility spells out in letters: № is No, Ⅷ is VIII, ℃ is °C, ㎏ is kg.
_SPELLED_OUT = re.compile("[\u2100-\u218f\u2460-\u24ff\u3200-\u33ff\U0001f100-\U0001f1ff]")

# Not the apostrophe and the hyphen: they stand within words. Codes are gone when the full stop is asked.
_PUNCTUATION = re.compile('[.,!?;:…"“”„‟«»‹›()\\[\\]{}<>¿¡。、，！？「」『』《》؟،؛।]+')

# Names of errors: the operating system's, and words put together (KeyError, NullPointerException).
_SYSTEM_ERRORS: Final = frozenset(name.lower() for name in [*errno.errorcode.values(), *signal.Signals.__members__])
_VALUES: Final = frozenset({"http", "https", "nan"})  # what is left of "HTTP 404", and no number
_ERROR = re.compile(r"[a-z]{2,}(?:error|exception)")


def normalise(text: str) -> str:
    """The words, each apart by one space; empty when there are none.

    In lower case: as typed lid.176 is right for 89 %, in capitals for 38 %. Without punctuation: `als?` is no word it knows.
    """
    if not text.isprintable():
        text = _INVISIBLE.sub(" ", text)
    words = text.lower() if text.isascii() else _one_form(text)
    if _SIGNS.search(words):
        words = _CODE.sub(" ", _ADDRESS.sub(" ", words))
    if _PUNCTUATION.search(words):
        words = _PUNCTUATION.sub(" ", words)
    words = (" ".join(words.split()) if "  " in words else words).strip("'’‘ ")
    return "" if " " not in words and _names_an_error(words) else words


def _one_form(text: str) -> str:
    """Capitals do not tell ss from ß, nor i from ı, nor do their small letters.

    What is told apart costs .001 of F1, and Turkish gains: people type ı as i.
    """
    words = unicodedata.normalize("NFKC", _SPELLED_OUT.sub(" ", text.replace("\u00ad", "")))[:LIMIT].lower()
    return words.replace("ß", "ss").replace("ı", "i").replace("i\u0307", "i")


def _names_an_error(word: str) -> bool:
    return word in _SYSTEM_ERRORS or word in _VALUES or _ERROR.fullmatch(word) is not None
