"""Which language a query is in: the recipe, over whatever models are plugged in.

The steps of `Tagger` are asked in order, and the first that knows answers. When none does, or its answer is not sure enough,
the tag is `und`, which is an answer too: one percent of the English queries tagged wrongly would flood a rare language.
Precision, recall and speed: benchmarks/README.md; how the recipe was found: docs/adr/0008.
"""

from binascii import crc32
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import compress
from typing import Final, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from agent.language.base import LanguageModel, SecondOpinion
from agent.language.codes import UNDETERMINED, canonical
from agent.language.evidence import Evidence, Fitted, Opinions
from agent.language.expected import Expected
from agent.language.mixing import CERTAIN, MULTIPLE, latin_part, more_than_a_name
from agent.language.normalise import LIMIT, normalise
from agent.language.recent import Recent
from agent.language.scripts import HAN, LATIN, apart, writing
from agent.records import Event, Tag, TagReason, TagSource

MIN_CONFIDENCE: Final = 0.6
"""The fitted cut: below it the tag is und."""

CACHE_SIZE: Final = 4096
"""Texts whose tag is remembered, by default."""

COMPARED: Final = 8
"""Of so many events that declare their language one is compared with its text: to ask the models costs half of all."""

_CANDIDATES: Final = 5
_FITTED_CANDIDATES: Final = 10
# Where most queries are English, English from this probability on needs no second opinion: 49 to 73 % of such traffic ends
# here.
_SURELY_ENGLISH: Final = 0.5
# How often these two steps are right in that traffic, on texts they were not fitted on.
_ENGLISH: Final = Tag("en", 0.99, "model")
_AGREED: Final = 0.98


class Models(NamedTuple):
    """The three that are asked: lid.176, cld2, and what was fitted on short queries."""

    first: LanguageModel
    second: SecondOpinion
    fitted: Fitted


class Asked(Struct, frozen=True, gc=False):
    """A text to tag, and what decides beside it: what the service declared, and the locale, which is a hint only.

    A locale, a tag such as that of the user interface, changes what is expected, never what was said. A language that is declared
    need not be compared with the text: then the models are not asked, and whether the text agrees is not known.
    """

    text: str | None
    declared: str | None = None
    locale: str | None = None
    compared: bool = True


class Query(Struct, gc=False):
    """What is known of one text, filled in step by step: its words and their script, then what the models said."""

    words: str
    script: str
    mixed: bool
    locale: str | None
    first: str | None = None
    answer: str | None = None
    tag: Tag | None = None


class Tagger:
    """Tags texts with their language. `cache_size` 0: nothing is remembered."""

    def __init__(
        self, models: Models, expected: Expected, min_confidence: float = MIN_CONFIDENCE, cache_size: int = CACHE_SIZE
    ) -> None:
        self._models = models
        self._expected = expected
        self._evidence = Evidence(models.fitted, expected)
        self._min_confidence = min_confidence
        self._steps: tuple[Callable[[Query], Tag | None], ...] = (
            _no_letters,
            self._two_languages,
            self._script,
            self._first_opinion,
            self._second_opinion,
            self._all_evidence,
        )
        self._recent = Recent[Asked, Tag](cache_size)

    def tag(self, text: str | None, declared: str | None = None, locale: str | None = None) -> Tag:
        """The language of one text; see `tag_all`, which is faster for many."""
        return self.tag_all([Asked(text, declared, locale)])[0]

    def tag_all(self, asked: Sequence[Asked]) -> list[Tag]:
        """The languages of texts, in their order; what the service declared wins. Never raises; linear in the texts."""
        told = [_told(each) for each in asked]
        found = iter(self._recent.answers([_cut(each) for each, tag in zip(asked, told, strict=True) if tag is None], self._decide))
        return [tag or next(found) for tag in told]

    def _decide(self, asked: Sequence[Asked]) -> list[Tag]:
        queries = [self._read(each) for each in asked]
        read = (each.compared or not _as_declared(each.declared or "") for each in asked)
        self._detect(list(compress(queries, read)))
        return [self._answer(each, query) for each, query in zip(asked, queries, strict=True)]

    def _read(self, asked: Asked) -> Query:
        words = normalise(asked.text or "")
        script, mixed = writing(words)
        first = asked.locale.partition(",")[0] if asked.locale else ""  # it may be a whole Accept-Language
        locale = self._expected.tag(canonical(first) or "", script) if first else None
        return Query(words, script, mixed, locale)

    def _detect(self, queries: Sequence[Query]) -> None:
        """Ask each step about all that are still open: models that take turns push each other out of the processor's cache."""
        for step in self._steps:
            for query in queries:
                query.tag = step(query)
            queries = [query for query in queries if query.tag is None]

    def _answer(self, asked: Asked, query: Query) -> Tag:
        tag = self._sure(query) if asked.text else _undetermined(query, "no_text")
        language = canonical(asked.declared) if asked.declared else None
        return tag if language is None else self._declared(language, tag, query.script)

    def _sure(self, query: Query) -> Tag:
        tag = query.tag
        if tag is None:
            return _undetermined(query, "no_evidence")
        return tag if tag.confidence >= self._min_confidence or tag.source == "none" else _undetermined(query, "unsure")

    def _declared(self, language: str, found: Tag, script: str) -> Tag:
        """What the service says, beside what the text says."""
        said = self._expected.tag(language, script) or language
        agrees = None if found.source == "none" or found.language == MULTIPLE else said == found.language
        return Tag(language, 1.0, "declared", found.mixed, "second_script" if found.mixed else "", agrees)

    def _two_languages(self, query: Query) -> Tag | None:
        """Words of two scripts, and the Latin ones are surely in a language by themselves: so is the text, or half of it."""
        part = latin_part(query.words) if query.mixed else ""
        if not part:
            return None
        alone = Query(part, LATIN, mixed=False, locale=None)
        self._detect([alone])
        if alone.tag is None or alone.tag.confidence < CERTAIN:
            return None
        if more_than_a_name(query.words, query.script):
            return Tag(MULTIPLE, CERTAIN, "model", mixed=True, reason="two_languages")
        return _tag(query, alone.tag.language, alone.tag.confidence, alone.tag.source)

    def _script(self, query: Query) -> Tag | None:
        """A script that only one language is written in names it."""
        language = self._expected.told_by_script.get(query.script)
        return _tag(query, language, 1.0, "script") if language else None

    def _first_opinion(self, query: Query) -> Tag | None:
        """Enough for English. A script in which no language is known is the end."""
        if query.script not in self._expected.tags:
            return _undetermined(query, "not_allowed")
        # The likeliest alone costs 7 µs, five 10: they are asked for where they are weighed.
        found = self._models.first.candidates(_asked(query), 1)
        query.first = found[0][0] if found else None
        english = query.first == "en" and found[0][1] >= _SURELY_ENGLISH and query.script == LATIN
        return _ENGLISH if english and self._expected.mostly_english(query.locale) else None

    def _second_opinion(self, query: Query) -> Tag | None:
        """Two that find languages in different ways and agree are right."""
        answer = query.answer = self._models.second.answer(query.words)
        if query.first is None:
            return None if answer else _undetermined(query, "no_evidence")
        tags = self._expected.tags[query.script]
        agreed = tags.get(query.first)
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
        first = self._models.first.candidates(_asked(query), _CANDIDATES) if query.first else []
        third = self._models.fitted.model.candidates(query.words, _FITTED_CANDIDATES)
        second = tags.get(query.answer or "")
        return Opinions(query.script, _by_tag(first, tags), query.answer, second, _by_tag(third, tags), query.locale)


def asked_of(event: Event) -> Asked:
    """What an event asks. Of those that declare their language one in eight is compared with its text.

    Which one is told by its id, so that all who read the log compare the same.
    """
    declared = event.query_language
    compared = declared is None or crc32(event.event_id.encode(errors="surrogatepass")) % COMPARED == 0
    return Asked(event.query, declared, event.locale, compared)


def _told(asked: Asked) -> Tag | None:
    """The tag where nothing of the text is asked: a declared language that is not compared, and letters of no second script."""
    if asked.compared or asked.declared is None or not (asked.text is None or asked.text.isascii()):
        return None
    return _as_declared(asked.declared)


@lru_cache(maxsize=1024)
def _as_declared(declared: str) -> Tag | None:
    """None where that names no language."""
    language = canonical(declared)
    return Tag(language, 1.0, "declared") if language else None


def _cut(asked: Asked) -> Asked:
    """No more of the text than counts: the rest is not remembered either."""
    return replace(asked, text=asked.text[:LIMIT]) if asked.text and len(asked.text) > LIMIT else asked


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
