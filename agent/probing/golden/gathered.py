"""What the files of a golden set say, whatever their layout, with all that is wrong in them."""

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from agent.aggregate.documents import UNKNOWN, DocumentLanguages
from agent.errors import Misconfigured, Mistake
from agent.language.codes import UNDETERMINED, canonical

MOST_MISTAKES: Final = 100
SHOWN: Final = 60
BOM: Final = b"\xef\xbb\xbf"
_GRADE: Final = re.compile(r"[+-]?[0-9]{1,4}")


class Said(NamedTuple):
    """A query as it was written; `place` is file and line, `language` a canonical tag."""

    place: str
    language: str
    text: str


class Judged(NamedTuple):
    """What a person says of one document; 0 and less: not relevant."""

    place: str
    grade: int


class Gathered:
    """Takes in line after line; what is wrong with one is a mistake and the others go on."""

    def __init__(self, documents: DocumentLanguages) -> None:
        """`documents`: how the language of a document is known that has none of its own."""
        self.queries: dict[str, Said] = {}
        self.judged: defaultdict[str, dict[str, Judged]] = defaultdict(dict)
        self.mistakes: list[Mistake] = []
        self._documents = documents
        self._declared: dict[str, tuple[str | None, str | None]] = {}

    def wrong(self, place: str, key: str, expected: str) -> None:
        """Keep a mistake."""
        self.mistakes.append(Mistake(place, key, expected))

    def query(self, place: str, name: str, language: str | None, text: str) -> bool:
        """A query; False where it cannot be taken, which is a mistake."""
        tag = canonical(language or "")
        if tag is None:
            self.wrong(place, "language", f"expected a known language tag such as en or zh-Hant, found {shown(language)}")
        if not text.strip():
            self.wrong(place, "text", "expected the text of a query, found none")
        if tag is None or not text.strip():
            return False
        self.queries[name] = Said(place, tag, text)
        return True

    def judgement(self, place: str, query: str, document: str, grade: str) -> None:
        """How relevant a document is for a query."""
        if not _GRADE.fullmatch(grade):
            self.wrong(place, "grade", f"expected a whole number of at most four digits, found {shown(grade)}")
            return
        known = self.judged[query].setdefault(document, Judged(place, int(grade)))
        if known.grade != int(grade):
            self.wrong(
                place, "", f"expected one grade for {shown(document)}, found {known.grade} in {known.place} and {int(grade)}"
            )

    def document(self, place: str, document: str, language: str | None, collection: str | None = None) -> None:
        """The language of a document, or the collection that tells it."""
        if language not in (None, UNDETERMINED) and canonical(language) is None:
            self.wrong(place, "language", f"expected a known language tag such as en or zh-Hant, found {shown(language)}")
        known = self._declared.setdefault(document, (language, collection))
        if known != (language, collection):
            self.wrong(place, "", f"expected one language for {shown(document)}, found {shown(known[0])} and {shown(language)}")

    def language_of(self, document: str) -> str:
        """What language a document is in; empty: nothing tells."""
        found = self._documents.of_document(document, *self._declared.get(document, (None, None)))
        return "" if found == UNKNOWN else found

    def settle(self) -> None:
        """Raise Misconfigured where there are mistakes, with the first hundred of many."""
        left = len(self.mistakes) - MOST_MISTAKES
        more = [Mistake("", "", f"and {left:,} further mistakes")] if left > 0 else []
        if self.mistakes:
            raise Misconfigured([*self.mistakes[:MOST_MISTAKES], *more])


def lines_of(file: Path) -> Iterator[tuple[str, bytes]]:
    """The lines of a file that are not empty, each with its place; raises Misconfigured where it cannot be read."""
    try:
        with file.open("rb") as stream:
            for number, line in enumerate(stream, 1):
                text = line.removeprefix(BOM) if number == 1 else line
                if text.strip():
                    yield f"{file}:{number}", text.rstrip(b"\r\n")
    except OSError as error:
        raise Misconfigured([Mistake(str(file), "", f"cannot be read: {error.strerror}")]) from error


def rows_of(file: Path, gathered: Gathered) -> Iterator[tuple[str, list[str]]]:
    """The cells of each line of a table whose cells stand between tabs, unquoted."""
    for place, line in lines_of(file):
        try:
            yield place, line.decode().split("\t")
        except UnicodeDecodeError:
            gathered.wrong(place, "", "expected text in UTF-8, found other bytes")


def shown(text: str | None) -> str:
    """An id or a tag as messages have it."""
    return "nothing" if not text else repr(text if len(text) <= SHOWN else f"{text[:SHOWN]}…")
