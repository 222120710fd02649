"""How right the tagger is on texts it was not fitted on (how fast: benchmarks.language_speed): `python -m benchmarks.language`.

Each half of ../shared/data/lid is tagged by what was fitted on the other; the figures are those of the traffic (English 80 %,
the others by Zipf's law), for the 15 rarest languages.
"""

import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from random import Random
from statistics import mean
from typing import NamedTuple

from agent.language.cld2 import Cld2
from agent.language.evidence import Fitted, load
from agent.language.expected import Expected
from agent.language.fasttext import FastTextModel, bundled_model
from agent.language.normalise import normalise
from agent.language.scripts import writing
from agent.language.tagger import Models, Tagger
from scripts import tatoeba
from scripts.fit_language import fit

ORDER = [
    "es",
    "de",
    "fr",
    "pt",
    "ja",
    "ru",
    "it",
    "zh",
    "ko",
    "tr",
    "ar",
    "nl",
    "pl",
    "sv",
    "vi",
    "id",
    "uk",
    "cs",
    "th",
    "ro",
    "hu",
    "da",
    "fi",
    "fa",
    "el",
    "he",
    "hr",
    "ca",
    "bg",
    "hi",
]
NEIGHBOURS = [
    "no",
    "sk",
    "sl",
    "mk",
    "be",
    "kk",
    "az",
    "gl",
    "af",
    "ur",
    "mr",
    "lt",
    "lv",
    "et",
    "eu",
    "is",
    "sq",
    "ga",
    "eo",
    "la",
    "bn",
    "ka",
    "hy",
    "km",
    "ml",
    "ta",
    "te",
    "sw",
    "fil",
    "br",
    "cy",
]  # that can occur
RARE = 15
TRAFFIC = tatoeba.traffic(ORDER)
LID = FastTextModel(bundled_model())
EVERYTHING = Expected(LID.languages)

Ask = Callable[[tatoeba.Text], str]


class Figures(NamedTuple):
    """Means over the rare languages, and the share of the English queries that is found."""

    precision: float
    recall: float
    f1: float
    english: float


def figures(answers: Iterable[tuple[str, str]]) -> Figures:
    """From pairs of true and answered language to what the traffic would show."""
    shares = tatoeba.traffic(ORDER)
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for truth, answer in answers:
        found[truth][answer] += 1
    rates = {truth: {tag: n / some.total() for tag, n in some.items()} for truth, some in found.items()}
    rows = [_of(language, rates, shares) for language in ORDER[-RARE:]]
    precision, recall, f1 = (mean(column) for column in zip(*rows, strict=True))
    return Figures(precision, recall, f1, rates["en"].get("en", 0.0))


def _of(language: str, rates: dict[str, dict[str, float]], shares: dict[str, float]) -> tuple[float, float, float]:
    right = shares[language] * rates[language].get(language, 0.0)
    counted = sum(shares[truth] * some.get(language, 0.0) for truth, some in rates.items())
    recall = right / shares[language]
    precision = right / counted if counted else 0.0
    return precision, recall, 2 * precision * recall / (precision + recall) if right else 0.0


def halves(texts: Sequence[tatoeba.Text]) -> list[tuple[Fitted, list[tatoeba.Text]]]:
    """Each half with what was fitted on the other."""
    made = []
    for half in (0, 1):
        with tempfile.TemporaryDirectory() as folder:
            fit([text for text in texts if text.half != half], Path(folder))
            made.append((load(Path(folder)), [text for text in texts if text.half == half]))
    return made


def show(title: str, ask: Callable[[Fitted], Ask], tested: Sequence[tuple[Fitted, list[tatoeba.Text]]]) -> None:
    """A line for each number of words, and one for all together."""
    answers: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for fitted, texts in tested:
        tag = ask(fitted)
        for words in tatoeba.WORDS:
            told = [(merged(text), tag(text)) for text in tatoeba.prefixes(texts, [words]) if merged(text) in TRAFFIC]
            answers[f"{words} words"] += told
            answers["together"] += told
    for name, told in sorted(answers.items()):
        found = figures(told)
        print(
            f"{title:<34} {name:<9} precision {found.precision:.3f}  recall {found.recall:.3f}  F1 {found.f1:.3f}  English {found.english:.3f}"
        )


def merged(text: tatoeba.Text) -> str:
    """The tag that a right answer gives this text."""
    return EVERYTHING.tag(text.language, writing(normalise(text.text)).script) or text.language


def bare(_: Fitted) -> Ask:
    """lid.176 alone."""

    def tag(text: tatoeba.Text) -> str:
        found = LID.candidates(text.text.lower(), 1)
        return merged(text._replace(language=found[0][0])) if found else "en"

    return tag


def recipe(
    allowed: Sequence[str] | None, shares: dict[str, float] | None, locale: Callable[[tatoeba.Text], str | None] | None = None
) -> Callable[[Fitted], Ask]:
    """The tagger with these expectations."""

    def made(fitted: Fitted) -> Ask:
        tagger = Tagger(Models(LID, Cld2(), fitted), Expected(LID.languages, allowed, shares), cache_size=0)
        return lambda text: tagger.tag(text.text, None, locale(text) if locale else None).language

    return made


def mostly_right(text: tatoeba.Text) -> str:
    """The locale of 85 % is their language's, that of the others anybody's."""
    draw = Random(text.text)
    return text.language if draw.random() < 0.85 else draw.choices(list(TRAFFIC), list(TRAFFIC.values()))[0]


def quality() -> None:
    """The table of benchmarks/README.md."""
    tested = halves(tatoeba.read())
    listed = ["en", *ORDER]
    show("lid.176 alone", bare, tested)
    show("recipe, 31 allowed, shares", recipe(listed, TRAFFIC), tested)
    show("recipe, 62 allowed, shares", recipe([*listed, *NEIGHBOURS], TRAFFIC), tested)
    show("recipe, 31 allowed, English 80 %", recipe(listed, {"en": 0.8}), tested)
    show("recipe, defaults", recipe(None, None), tested)
    show("recipe, shares, locale 85 % right", recipe(listed, TRAFFIC, mostly_right), tested)


if __name__ == "__main__":
    quality()
