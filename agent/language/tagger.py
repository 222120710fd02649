"""Which language a query is in: the policy, over whatever model is plugged in.

The steps of `Tagger` are asked in order, and the first that knows answers. When none does the tag is `und`, which is an
answer too: one percent of the English queries tagged wrongly would flood a rare language.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Final

from msgspec import Struct

from agent.errors import Misconfigured, Mistake
from agent.language.base import LanguageModel
from agent.language.codes import UNDETERMINED, canonical
from agent.language.codes import scripts as scripts_of
from agent.language.scripts import HAN, apart, seen_as, writing
from agent.records import Tag

# A language is named when it outweighs all the model's other candidates in the script together. Measured on the first 2,
# 3 and 5 words of Tatoeba sentences, 80 % of them English and the rest Zipf over 30 languages: precision and recall of the
# 15 rarest, and how much of the English is found.
#   cut     2 words             3 words             5 words
#   0       .80/.72 en .88      .88/.81 en .96      .94/.90 en .99
#   .5      .86/.70 en .86      .90/.79 en .96      .96/.89 en .99
#   .6      .88/.67 en .86      .93/.76 en .95      .97/.87 en .99
#   bare    .88/.67 en .82      .92/.77 en .94      .97/.88 en .98      (the model's own probability, cut at .5)
# The model is under-confident in English, so a cut on its probability loses English first; a share does not. At .5 each
# language of XQuAD is counted within 3 % (the furthest: Romanian, 1,157 of 1,190), at .6 Romanian falls to 1,145.
MIN_CONFIDENCE: Final = 0.5

CACHE_SIZE: Final = 4096

# Characters of a text that count: more of them tell nothing new, and a pasted megabyte costs under 1 ms (Han, read
# letter by letter: 3).
_LIMIT: Final = 2_000
_CANDIDATES: Final = 5
# From this many languages on, the letters of a script tell none of them, however few of them are allowed: Ukrainian is
# not Russian where only Russian is expected. Hebrew and Georgian have two that lid.176 knows (Yiddish, Mingrelian).
_SHARED: Final = 3

# What nobody separates on two to five words; the first of each group is the tag: hr+bs+sr+sh, no+nn, id+ms, zh+yue+wuu,
# ar+arz. Serbian in its own script stays sr. What a service declares is not merged.
_MERGED: Final = {"bs": "hr", "sr-Latn": "hr", "nn": "no", "ms": "id", "yue": "zh", "wuu": "zh", "arz": "ar"}

_NONE: Final[frozenset[str]] = frozenset()

_SIGNS = re.compile(r"[0-9_@/\\#=.]")
# ASCII runs with a digit or a sign in them, and names of files and hosts. They make everything English: a URL in the query
# drops the model's accuracy from .87 to .70. The look-behind keeps the search linear: a run is tried from its start only.
_CODE = re.compile(r"(?<![!-~])[!-~]*(?:[0-9_@/\\#=]|[a-z]\.[a-z])[!-~]*")
# Addresses may go on in other letters, up to those of scripts that put no spaces between words (Thai, U+0E00, is the
# first of them): there the text itself goes on.
_ADDRESS = re.compile(r"(?<![!-~\u00a1-\u0dff])[!-~\u00a1-\u0dff]*(?:://|@)[!-~\u00a1-\u0dff]*")
# Control characters, marks of direction, byte order marks, lone surrogates. The joiners U+200C and U+200D stay: Persian
# is spelled with them.
_INVISIBLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")


class Query(Struct, frozen=True, gc=False):
    """What the steps look at: what the service declared, the normalised words, and what those are written in."""

    declared: str | None
    words: str
    script: str
    mixed: bool


class Tagger:
    """Tags texts with their language. `allowed` None: every language of the model; `cache_size` 0: nothing is remembered."""

    def __init__(
        self,
        model: LanguageModel,
        allowed: frozenset[str] | None = None,
        min_confidence: float = MIN_CONFIDENCE,
        cache_size: int = CACHE_SIZE,
    ) -> None:
        self._candidates = model.candidates
        self._known = _by_script(model.languages)
        known = _tags(self._known)
        self._allowed = _allowed(allowed, known)
        self._told_by_script = _told_by_script(self._allowed, known)
        self._min_confidence = min_confidence
        self._steps: tuple[Callable[[Query], Tag | None], ...] = (_declared, _no_letters, self._script, self._model)
        # Keyed by all that decides; texts are cut before, so it holds at most cache_size times _LIMIT characters.
        self._recent = lru_cache(maxsize=cache_size)(self._decide)

    def tag(self, text: str | None, declared: str | None = None, locale: str | None = None) -> Tag:  # noqa: ARG002  see below
        """The language of one text; what the service declared wins. Never raises; linear in the text.

        `locale` is a hint that only a prior over the traffic can weigh: it is accepted and has no effect yet.
        """
        return self._recent(text[:_LIMIT] if text else "", declared)

    def _decide(self, text: str, declared: str | None) -> Tag:
        words = normalise(text)
        script, mixed = writing(words)
        query = Query(declared, words, script, mixed)
        for step in self._steps:
            tag = step(query)
            if tag is not None:
                return tag
        return _undetermined(query)

    def _script(self, query: Query) -> Tag | None:
        """A script that only one language is written in names it."""
        language = self._told_by_script.get(query.script)
        return Tag(language, 1.0, "script", query.mixed) if language else None

    def _model(self, query: Query) -> Tag | None:
        """The likeliest candidate written in the script; its confidence is its share of what they all weigh together."""
        tags = self._known.get(query.script)
        if tags is None:
            return None
        allowed = self._allowed[query.script]
        weights: dict[str, float] = {}
        best, most, total = None, 0.0, 0.0
        for candidate, probability in self._candidates(apart(query.words) if query.script == HAN else query.words, _CANDIDATES):
            language = tags.get(candidate)
            if language is None:
                continue
            # Languages that are not allowed have their weight too: without it a short list would absorb its neighbours.
            total += probability
            weight = weights[language] = weights.get(language, 0.0) + probability
            if weight > most and language in allowed:
                best, most = language, weight
        if best is None or most < self._min_confidence * total:
            return None
        return Tag(best, most / total, "model", query.mixed)


def normalise(text: str) -> str:
    """The words that can tell a language, in lower case always: as typed the model is right for 89 %, in capitals for 38 %."""
    if not text.isprintable():
        text = _INVISIBLE.sub(" ", text)
    words = (text if text.isascii() else unicodedata.normalize("NFKC", text)[:_LIMIT]).lower()
    if _SIGNS.search(words):
        words = _CODE.sub(" ", _ADDRESS.sub(" ", words))
    return " ".join(words.split()) if "  " in words else words


def _declared(query: Query) -> Tag | None:
    """What the service declares, if it can be read: `unknown` and `english` are no tags."""
    language = canonical(query.declared) if query.declared else None
    return Tag(language, 1.0, "declared", query.mixed) if language else None


def _no_letters(query: Query) -> Tag | None:
    """Codes, numbers, and texts that are absent or redacted (`__REDACTED__` is a code)."""
    return None if query.script else _undetermined(query)


def _undetermined(query: Query) -> Tag:
    return Tag(UNDETERMINED, 0.0, "none", query.mixed)


def _by_script(languages: Iterable[str]) -> dict[str, dict[str, str]]:
    """For each answer of `writing` the languages that may stand behind it, each with the tag that it gets there."""
    found: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for language in languages:
        scripts = scripts_of(language)
        for script in scripts:
            # Chinese stays zh in either script: short texts are in both as often as in one.
            plain = seen_as(script)[-1] == seen_as(scripts[0])[-1]
            spelled = language if plain else canonical(f"{language}-{script}") or language
            for seen in seen_as(script):
                found[seen][language] = _MERGED.get(spelled, spelled)
    return dict(found)


def _tags(by_script: dict[str, dict[str, str]]) -> dict[str, frozenset[str]]:
    return {script: frozenset(languages.values()) for script, languages in by_script.items()}


def _allowed(languages: frozenset[str] | None, known: dict[str, frozenset[str]]) -> dict[str, frozenset[str]]:
    """For each script the tags that may be answered; a language that the model does not know is a mistake."""
    if languages is None:
        return known
    wanted = {language: _tags(_by_script([canonical(language) or language])) for language in languages}
    unknown = [language for language, tags in wanted.items() if not any(tags[s] & known.get(s, _NONE) for s in tags)]
    if unknown:
        expected = (
            f"languages the model knows; it has no {', '.join(sorted(unknown))} (services that use one declare query_language)"
        )
        raise Misconfigured([Mistake("configuration", "language.allowed", expected)])
    return {script: tags & _NONE.union(*(there.get(script, _NONE) for there in wanted.values())) for script, tags in known.items()}


def _told_by_script(allowed: dict[str, frozenset[str]], known: dict[str, frozenset[str]]) -> dict[str, str]:
    """The scripts whose letters tell the language: one is allowed in them, and few are known."""
    few = {script: tags for script, tags in allowed.items() if len(known[script]) < _SHARED}
    return {script: next(iter(tags)) for script, tags in few.items() if len(tags) == 1}
