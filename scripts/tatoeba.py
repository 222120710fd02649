"""The short texts of ../shared/data/lid, cut into what people type, and the traffic they are mixed to."""

import gzip
import random
from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

from agent.language.codes import canonical
from agent.language.normalise import normalise
from agent.language.scripts import writing

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
FILE = SHARED / "lid" / "tatoeba-fit.tsv.gz"
SPACELESS = frozenset({"ja", "zh", "yue", "wuu", "th", "km", "lo", "my", "bo"})
CHARACTERS = {2: 4, 3: 8, 5: 16}
WORDS = tuple(CHARACTERS)
BEGINNING = 0.5
END = ".!?,;:…。！？"
# lid.176's names of Wikipedias that are no tags: als is Alemannic.
_NAMES = {"als": "gsw"}


class Text(NamedTuple):
    """One sentence; `half` is 0 or 1, by its first two words."""

    language: str
    text: str
    half: int


def read(file: Path = FILE) -> list[Text]:
    """All sentences in a language that lid.176 has a label for."""
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        rows = [line.rstrip("\n").split("\t", 1) for line in lines]
    return [Text(_tag(name, text), text, _half(text)) for name, text in rows if not name.startswith("x-")]


def prefixes(texts: Iterable[Text], lengths: Sequence[int] = WORDS) -> Iterator[Text]:
    """The first 2, 3 and 5 words of each that has so many, lower-cased, without final punctuation."""
    for text in texts:
        for words in lengths:
            cut = _prefix(text, words)
            if cut:
                yield text._replace(text=cut)


def keywords(texts: Iterable[Text]) -> Iterator[Text]:
    """The two longest words of each, which is how people search who do not ask."""
    for text in texts:
        words = text.text.lower().strip(END).split()
        longest = sorted(words, key=len, reverse=True)[:2]
        short = " ".join(word for word in words if word in longest)
        yield text._replace(text=text.text[:4] if text.language in SPACELESS else short)


def spans(texts: Iterable[Text], seed: int = 1) -> Iterator[Text]:
    """Endlessly two, three or five words of a random sentence, half of them from its beginning."""
    draw, sentences = random.Random(seed), list(texts)  # noqa: S311  the same draws each time are what is wanted
    while True:
        text, length = draw.choice(sentences), draw.choice(WORDS)
        words = normalise(text.text).split()
        start = 0 if draw.random() < BEGINNING else draw.randrange(max(1, len(words) - length + 1))
        yield text._replace(text=" ".join(words[start : start + length]).strip(END))


def traffic(languages: Sequence[str]) -> dict[str, float]:
    """English 80 %, the others by Zipf's law in this order."""
    whole = sum(1 / rank for rank in range(1, len(languages) + 1))
    return {"en": 0.8} | {language: 0.2 / whole / rank for rank, language in enumerate(languages, 1)}


def _prefix(text: Text, words: int) -> str:
    if text.language in SPACELESS:
        return text.text[: CHARACTERS[words]].strip(END) if len(text.text) >= CHARACTERS[words] or words == WORDS[0] else ""
    parts = text.text.lower().split()
    return " ".join(parts[:words]).strip(END) if len(parts) >= words or words == WORDS[0] else ""


def _tag(name: str, text: str) -> str:
    tag = canonical(_NAMES.get(name, name)) or name
    return "sr-Latn" if tag == "sr" and writing(normalise(text)).script == "Latn" else tag


def _half(text: str) -> int:
    return blake2b(" ".join(text.lower().split()[:2]).encode(), digest_size=1).digest()[0] & 1
