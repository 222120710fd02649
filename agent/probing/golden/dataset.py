"""A golden set: labelled queries, checked on load.

Mistakes are told all at once, with file and line: ids that come twice, one query with two judgements, documents that the
corpus has not, unknown languages, grades that are none. What only weakens the figures is a warning.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from agent.aggregate.documents import DocumentLanguages
from agent.errors import Misconfigured, Mistake
from agent.probing.golden import beir, tsv
from agent.probing.golden.gathered import Gathered, shown
from agent.probing.golden.marks import normalised

FEWEST: Final = 50
NAMED: Final = 20
NOWHERE: Final = DocumentLanguages()


class Query(NamedTuple):
    """A labelled query.

    `grades`: judged documents, at least one of them above 0, which is relevant. `document_language`: the one of the relevant
    documents; empty where they are in several, or in one that is not known.
    """

    id: str
    language: str
    text: str
    grades: Mapping[str, int]
    document_language: str

    @property
    def relevant(self) -> dict[str, int]:
        """The relevant documents with their grades."""
        return {document: grade for document, grade in self.grades.items() if grade > 0}


class Dataset(NamedTuple):
    """The queries of a set that have a relevant document, in the order of the file; `path` as it was given."""

    path: str
    queries: tuple[Query, ...]
    warnings: tuple[str, ...]

    def languages(self) -> Counter[str]:
        """How many queries each language has."""
        return Counter(query.language for query in self.queries)

    def only(self, languages: Collection[str]) -> "Dataset":
        """The queries in these languages; raises Misconfigured for one that has none."""
        if missing := sorted(set(languages) - self.languages().keys()):
            raise Misconfigured([Mistake(self.path, "", f"expected queries in {name}, found none") for name in missing])
        return self._replace(queries=tuple(query for query in self.queries if query.language in languages))

    def fingerprint(self) -> str:
        """Which queries with which judgements these are, whatever their order: 32 hexadecimal digits."""
        said = sorted((query.id, query.language, query.text, sorted(query.grades.items())) for query in self.queries)
        return blake2b(msgspec.json.encode(said), digest_size=16).hexdigest()


def load(path: Path, documents: DocumentLanguages = NOWHERE) -> Dataset:
    """A folder in BEIR's layout, or a TSV; raises Misconfigured with every mistake.

    `documents`: how a document's language is known where the set does not say it.
    """
    gathered = Gathered(documents)
    if path.is_dir():
        beir.read(path, gathered)
    else:
        tsv.read(path, gathered)
    return _checked(str(path), gathered)


def _checked(path: str, gathered: Gathered) -> Dataset:
    queries, repeated = _once(gathered)
    gathered.settle()
    if not queries:
        raise Misconfigured([Mistake(path, "", "expected queries with relevant documents, found none")])
    judged = {*repeated, *(query.id for query in queries)}
    unjudged = [name for name in gathered.queries if name not in judged]
    told = {
        "nothing relevant is judged": unjudged,
        "another query says the same, with the same judgements": repeated,
    }
    warnings = (f"left out, since {what} ({len(names):,}): {some(names)}" for what, names in told.items() if names)
    return Dataset(path, tuple(queries), (*warnings, *_weak(queries)))


def _once(gathered: Gathered) -> tuple[list[Query], list[str]]:
    """Each judged query, and the ids of those that repeat one; repeated with other judgements it is a mistake."""
    first: dict[tuple[str, str], Query] = {}
    repeated: list[str] = []
    for query in _judged(gathered):
        known = first.setdefault((query.language, normalised(query.text)), query)
        if known is not query:
            repeated.append(query.id)
        if known.relevant != query.relevant:
            before = f"{shown(known.id)} in {gathered.queries[known.id].place}"
            expected = f"expected the judgements of the same query {before}, found others for {shown(query.id)}"
            gathered.wrong(gathered.queries[query.id].place, "", expected)
    return list(first.values()), repeated


def _judged(gathered: Gathered) -> Iterator[Query]:
    for name, said in gathered.queries.items():
        grades = {document: each.grade for document, each in gathered.judged.get(name, {}).items()}
        relevant = [document for document, grade in grades.items() if grade > 0]
        if relevant:
            languages = {gathered.language_of(document) for document in relevant}
            yield Query(name, said.language, said.text, grades, languages.pop() if len(languages) == 1 else "")


def _weak(queries: Iterable[Query]) -> Iterator[str]:
    counts = Counter(query.language for query in queries)
    few = [f"{language} ({n})" for language, n in sorted(counts.items()) if n < FEWEST]
    if few:
        yield f"fewer than {FEWEST} queries, so that intervals are wide: {', '.join(few)}"
    unpaired = Counter(query.language for query in queries if not query.document_language)
    if unpaired:
        told = ", ".join(f"{language} ({n:,})" for language, n in sorted(unpaired.items()))
        yield f"relevant documents in several languages, or in an unknown one, so that these queries are in no pair: {told}"


def some(names: Collection[str]) -> str:
    """Ids in a sentence, the first twenty of many."""
    first = ", ".join(list(names)[:NAMED])
    return first if len(names) <= NAMED else f"{first} and {len(names) - NAMED:,} more"
