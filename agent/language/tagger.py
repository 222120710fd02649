"""Which language a query is in: the recipe, over whatever models are plugged in.

The steps of `Tagger` are asked in order, and the first that knows answers. When none does, or its answer is not sure enough,
the tag is `und`, which is an answer too: one percent of the English queries tagged wrongly would flood a rare language.
Precision, recall and speed: benchmarks/README.md; how the recipe was found: docs/adr/0008.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Final, NamedTuple

from msgspec import Struct

from agent.language.base import LanguageModel, SecondOpinion
from agent.language.codes import UNDETERMINED, canonical
from agent.language.evidence import Evidence, Fitted, Opinions
from agent.language.expected import Expected
from agent.language.mixing import CERTAIN, MULTIPLE, latin_part
from agent.language.normalise import LIMIT, normalise
from agent.language.scripts import HAN, LATIN, apart, writing
from agent.records import Tag, TagReason, TagSource

MIN_CONFIDENCE: Final = 0.6
"""The fitted cut: below it the tag is und."""

CACHE_SIZE: Final = 4096
"""Texts whose tag is remembered, by default."""

_CANDIDATES: Final = 5
_FITTED_CANDIDATES: Final = 10
# English from this probability on needs no second opinion: 49 to 73 % of the traffic ends here.
_SURELY_ENGLISH: Final = 0.5
# How often these two steps are right, on texts they were not fitted on.
_ENGLISH: Final = Tag("en", 0.99, "model")
_AGREED: Final = 0.98


class Models(NamedTuple):
    """The three that are asked: lid.176, cld2, and what was fitted on short queries."""

    first: LanguageModel
    second: SecondOpinion
    fitted: Fitted


class Query(Struct, gc=False):
    """What is known of one text, filled in step by step: its words and their script, then what the models said."""

    words: str
    script: str
    mixed: bool
    locale: str | None
    first: list[tuple[str, float]] = []
    answer: str | None = None


class Tagger:
    """Tags texts with their language. `cache_size` 0: nothing is remembered."""

    def __init__(
        self, models: Models, expected: Expected, min_confidence: float = MIN_CONFIDENCE, cache_size: int = CACHE_SIZE
    ) -> None:
        self._models = models
        self._expected = expected
        self._evidence = Evidence(models.fitted, expected)
        self._english_allowed = _ENGLISH.language in expected.allowed
        self._min_confidence = min_confidence
        self._steps: tuple[Callable[[Query], Tag | None], ...] = (
            _no_letters,
            self._two_languages,
            self._script,
            self._first_opinion,
            self._second_opinion,
            self._all_evidence,
        )
        # Keyed by all that decides; texts are cut before, so it holds at most cache_size times LIMIT characters.
        self._recent = lru_cache(maxsize=cache_size)(self._decide)

    def tag(self, text: str | None, declared: str | None = None, locale: str | None = None) -> Tag:
        """The language of one text; what the service declared wins. Never raises; linear in the text.

        `locale`, a tag such as that of the user interface, is a hint: it changes what is expected, never what was said.
        """
        return self._recent(text[:LIMIT] if text else "", declared, locale)

    def _decide(self, text: str, declared: str | None, locale: str | None) -> Tag:
        words = normalise(text)
        script, mixed = writing(words)
        query = Query(words, script, mixed, self._expected.tag(canonical(locale) or "", script) if locale else None)
        tag = self._detect(query) if text else _undetermined(query, "no_text")
        language = canonical(declared) if declared else None
        return tag if language is None else self._declared(language, tag, script)

    def _detect(self, query: Query) -> Tag:
        for step in self._steps:
            tag = step(query)
            if tag is not None:
                break
        else:
            return _undetermined(query, "no_evidence")
        return tag if tag.confidence >= self._min_confidence or tag.source == "none" else _undetermined(query, "unsure")

    def _declared(self, language: str, found: Tag, script: str) -> Tag:
        """What the service says, beside what the text says."""
        said = self._expected.tag(language, script) or self._expected.tag(language.partition("-")[0], script) or language
        agrees = None if found.source == "none" else said == found.language
        return Tag(language, 1.0, "declared", found.mixed, found.reason if found.mixed else "", agrees)

    def _two_languages(self, query: Query) -> Tag | None:
        """Words of two scripts, and the Latin ones are surely in a language by themselves."""
        part = latin_part(query.words) if query.mixed and query.script != LATIN else ""
        if not part or self._detect(Query(part, LATIN, mixed=False, locale=None)).confidence < CERTAIN:
            return None
        return Tag(MULTIPLE, CERTAIN, "model", mixed=True, reason="two_languages")

    def _script(self, query: Query) -> Tag | None:
        """A script that only one language is written in names it."""
        language = self._expected.told_by_script.get(query.script)
        return _tag(query, language, 1.0, "script") if language else None

    def _first_opinion(self, query: Query) -> Tag | None:
        """Enough for English. A script in which no language is known is the end."""
        if query.script not in self._expected.tags:
            return _undetermined(query, "not_allowed")
        first = query.first = self._models.first.candidates(_asked(query), _CANDIDATES)
        if first and first[0][1] >= _SURELY_ENGLISH and first[0][0] == "en" and query.script == LATIN and self._english_allowed:
            return _ENGLISH
        return None

    def _second_opinion(self, query: Query) -> Tag | None:
        """Two that find languages in different ways and agree are right."""
        answer = query.answer = self._models.second.answer(query.words)
        if not query.first:
            return None if answer else _undetermined(query, "no_evidence")
        tags = self._expected.tags[query.script]
        agreed = tags.get(query.first[0][0])
        if agreed is None or agreed != tags.get(answer or ""):
            return None
        return _tag(query, agreed, _AGREED, "model") if agreed in self._expected.allowed else _undetermined(query, "not_allowed")

    def _all_evidence(self, query: Query) -> Tag | None:
        """Everything that is known of the text, weighed."""
        verdict = self._evidence.weigh(self._opinions(query))
        if verdict is None:
            return None
        if verdict.tag not in self._expected.allowed:
            return _undetermined(query, "not_allowed")
        return _tag(query, verdict.tag, verdict.probability, "model" if verdict.tag == verdict.unweighted else "prior")

    def _opinions(self, query: Query) -> Opinions:
        tags = self._expected.tags[query.script]
        third = self._models.fitted.model.candidates(query.words, _FITTED_CANDIDATES)
        return Opinions(_by_tag(query.first, tags), query.answer, tags.get(query.answer or ""), _by_tag(third, tags), query.locale)


def _no_letters(query: Query) -> Tag | None:
    """Codes, numbers, addresses, names of errors, and texts that were redacted (`__REDACTED__` is a code)."""
    return None if query.script else _undetermined(query, "no_letters")


def _tag(query: Query, language: str, confidence: float, source: TagSource) -> Tag:
    return Tag(language, confidence, source, query.mixed, "second_script" if query.mixed else "")


def _undetermined(query: Query, reason: TagReason) -> Tag:
    return Tag(UNDETERMINED, 0.0, "none", query.mixed, reason)


def _asked(query: Query) -> str:
    return apart(query.words) if query.script == HAN else query.words


def _by_tag(found: list[tuple[str, float]], tags: dict[str, str]) -> dict[str, float]:
    """Probabilities of tags: those of merged languages added up, those of other scripts left out."""
    shares: dict[str, float] = {}
    for language, probability in found:
        tag = tags.get(language)
        if tag is not None:
            shares[tag] = shares.get(tag, 0.0) + probability
    return shares
