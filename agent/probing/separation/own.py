"""A user's concepts, YAML or TSV, read strictly: every mistake comes with file, line, and what was expected.

YAML: `reset: {en: [reset my password, new login code], lo: [ຕັ້ງລະຫັດຜ່ານໃໝ່]}`. TSV: a header `concept, language, text`, and a line
a wording.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from agent.alerting.reading import shown, text_of
from agent.errors import Misconfigured, Mistake
from agent.language.codes import canonical
from agent.probing.separation.concepts import SEVERAL, Concept
from agent.yaml_text import Document, Keys, UnreadableError, parse_yaml

HEADER: Final = ("concept", "language", "text")


class _Wording(NamedTuple):
    """One text of a file, with the line it stands on."""

    line: int
    concept: str
    language: str
    text: str


class _Wrong(NamedTuple):
    """What is wrong on a line."""

    line: int
    key: str
    expected: str


_Read = tuple[list[_Wording], list[_Wrong]]


def load(file: Path) -> tuple[Concept, ...]:
    """The concepts of a file; raises Misconfigured with every mistake."""
    read = _FORMATS.get(file.suffix)
    if read is None:
        raise Misconfigured([Mistake(str(file), "", f"expected a file that ends in {', '.join(_FORMATS)}")])
    wordings, wrong = read(text_of(file, "a file of concepts that can be read, in UTF-8"))
    wrong += _wrong_together(wordings)
    if not wordings and not wrong:
        wrong = [_Wrong(1, "", "expected at least one concept, found none")]
    if wrong:
        raise Misconfigured([Mistake(f"{file}:{line}", key, expected) for line, key, expected in sorted(wrong)])
    return _concepts(wordings)


def _concepts(wordings: Sequence[_Wording]) -> tuple[Concept, ...]:
    texts: defaultdict[str, defaultdict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for _, concept, language, text in wordings:
        texts[concept][language].append(text)
    return tuple(Concept(name, {tag: tuple(some) for tag, some in worded.items()}) for name, worded in texts.items())


def _of_tsv(text: str) -> _Read:
    header, *lines = (line.removesuffix("\r") for line in text.split("\n"))
    if tuple(header.split("\t")) != HEADER:
        return [], [_Wrong(1, "", f"expected a header {', '.join(HEADER)}, with tabs between")]
    cells = {at: line.split("\t") for at, line in enumerate(lines, 2) if line.strip()}
    wrong = [_Wrong(at, "", f"expected 3 columns, found {len(cell)}") for at, cell in cells.items() if len(cell) != len(HEADER)]
    read = [_wording(at, *cell) for at, cell in cells.items() if len(cell) == len(HEADER)]
    return _parted(read, wrong)


def _of_yaml(text: str) -> _Read:
    try:
        document = parse_yaml(text)
    except UnreadableError as error:
        return [], [_Wrong(error.line or 1, "", f"expected YAML, found what is none: {error}")]
    repeated = document.repeated.items()
    twice = [_Wrong(lines[-1], ".".join(at), f"expected the key once, found it on line {lines[0]} too") for at, lines in repeated]
    if not isinstance(document.data, dict):
        return [], [_Wrong(1, "", f"expected concepts with their wordings, found {shown(document.data)}")]
    return _parted([each for name, said in document.data.items() for each in _of_concept(document, name, said)], twice)


def _of_concept(document: Document, name: object, said: object) -> Iterator[_Wording | _Wrong]:
    at = (str(name),)
    if not isinstance(said, dict):
        yield _Wrong(_line(document, at), str(name), f"expected languages with their texts, found {shown(said)}")
        return
    for language, texts in said.items():
        listed = texts if isinstance(texts, list) and texts else [texts]
        for number, text in enumerate(listed):
            line = _line(document, (*at, str(language), str(number)))
            yield _wording(line, str(name), str(language), text)


def _wording(line: int, concept: str, language: str, text: object) -> _Wording | _Wrong:
    """A wording, or the first thing that is wrong with it."""
    tag = canonical(language)
    if not concept.strip():
        return _Wrong(line, "", "expected the name of a concept, found nothing")
    if tag is None:
        return _Wrong(line, concept, f"expected a known language tag, found {shown(language)}")
    if not isinstance(text, str) or not text.strip():
        return _Wrong(line, f"{concept}.{language}", f"expected a text, found {shown(text)}")
    return _Wording(line, concept.strip(), tag, text.strip())


def _wrong_together(wordings: Sequence[_Wording]) -> list[_Wrong]:
    """Texts that stand there twice, and concepts that make no pair."""
    wrong, seen, of = [], dict[tuple[str, str], _Wording](), defaultdict[str, list[_Wording]](list)
    for one in wordings:
        of[one.concept].append(one)
        first = seen.setdefault((one.language, one.text.casefold()), one)
        if first is not one:
            expected = f"expected each text once, found that of line {first.line} (concept {first.concept}) again"
            wrong.append(_Wrong(one.line, f"{one.concept}.{one.language}", expected))
    alone = [some[0] for some in of.values() if len(some) < SEVERAL]
    return wrong + [_Wrong(one.line, one.concept, "expected two wordings or more, in one language or several") for one in alone]


def _parted(read: Sequence[_Wording | _Wrong], wrong: list[_Wrong]) -> _Read:
    wordings = [each for each in read if isinstance(each, _Wording)]
    return wordings, [*wrong, *(each for each in read if isinstance(each, _Wrong))]


def _line(document: Document, at: Keys) -> int:
    """The line of the deepest part of the path that is there."""
    while at and at not in document.places:
        at = at[:-1]
    return document.places[at].line if at else 1


_FORMATS: Final[Mapping[str, Callable[[str], _Read]]] = {".yaml": _of_yaml, ".yml": _of_yaml, ".tsv": _of_tsv}
