"""Which languages a service's queries may be in, and how often each is expected: the prior of the tagger.

A language that is not allowed is no answer, but it is not forgotten: with a small share of the traffic it competes with
those that are. Without that a short list absorbs its neighbours, and confidently: Ukrainian queries would be Russian ones.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from agent.errors import Misconfigured, Mistake
from agent.language.codes import canonical
from agent.language.codes import scripts as scripts_of
from agent.language.scripts import ANSWERS, HAN, seen_as

MERGED: Final = (("hr", "bs", "sr-Latn"), ("no", "nn"), ("id", "ms"), ("zh", "yue", "wuu"), ("ar", "arz"))
"""What nobody separates on two to five words; the first of each group is the tag. Serbian in its own script stays sr."""

FLOOR: Final = 5e-4
"""The least share of an allowed language: a rarer one would never be seen."""

OUTSIDE: Final = 1e-4
"""The share of one that is not allowed. On a list of 31 it lifts the precision of the rare from .974 to .979; five times as
much costs .018 of recall."""

MOSTLY: Final = 0.5
"""From this share on a language is most of the traffic."""

LOCALE: Final = 0.8
"""The share of the locale's language among the queries that carry this locale; the others keep theirs of the rest."""

# From this many languages on, the letters of a script tell none of them, however few of them are allowed: Ukrainian is
# not Russian where only Russian is expected. Hebrew and Georgian have two that lid.176 knows (Yiddish, Mingrelian). Han that
# is neither surely Chinese nor surely Japanese has two as well, and both are large.
_SHARED: Final = 3

Groups = Sequence[Sequence[str]]
Shares = Mapping[str, float]


class Expected:
    """`known`: all languages that a model can answer; `allowed`: those that may be (None: all of them).

    `shares`: of the traffic, by language; what they leave of 1 is shared evenly by the others. `merge`: groups of languages
    that are counted as one. Raises Misconfigured with each language that is none of the model's, or has a share and is not
    allowed.
    """

    def __init__(
        self, known: Iterable[str], allowed: Iterable[str] | None = None, shares: Shares | None = None, merge: Groups = MERGED
    ) -> None:
        merged = {_spelled(language): _spelled(group[0]) for group in merge for language in group[1:]}
        self.tags = _by_script(known, merged)
        everything = frozenset(tag for tags in self.tags.values() for tag in tags.values())
        named = {language: _tags(language, merged) & everything for language in allowed or ()}
        self.allowed = everything if allowed is None else frozenset[str]().union(*named.values())
        given = {language: (share, _tags(language, merged) & self.allowed) for language, share in (shares or {}).items()}
        _check(named, {language: tags for language, (_, tags) in given.items()})
        self._shares = _shares(list(given.values()), self.allowed)
        self._script_shares = {
            script: sum(self.share(tag, None) for tag in set(tags.values())) for script, tags in self.tags.items()
        }
        self.told_by_script = self._told_by_script()

    def tag(self, language: str, script: str) -> str | None:
        """How a language, with a script of its own or not, is called in this script; None where it is not written in it."""
        tags = self.tags.get(script, {})
        return tags.get(language) or tags.get(language.partition("-")[0])

    def mostly_english(self, locale: str | None) -> bool:
        """Whether most queries that carry this locale are English."""
        return "en" in self.allowed and self.share("en", locale) >= MOSTLY

    def share(self, tag: str, locale: str | None) -> float:
        """How much of the traffic is in this language; `locale` is the tag of the locale's language, if there is one."""
        share = self._shares.get(tag, OUTSIDE)
        if locale is None or locale not in self.allowed:
            return share
        return (1 - LOCALE) * share + (LOCALE if tag == locale else 0.0)

    def script_share(self, script: str) -> float:
        """How much of the traffic is in the languages of a script."""
        return self._script_shares[script]

    def _told_by_script(self) -> dict[str, str]:
        """The scripts whose letters tell the language: one is allowed in them, and few are known."""
        known = {script: set(tags.values()) for script, tags in self.tags.items() if script != HAN}
        expected = {script: tags & self.allowed for script, tags in known.items() if len(tags) < _SHARED}
        return {script: next(iter(tags)) for script, tags in expected.items() if len(tags) == 1}


def _spelled(language: str) -> str:
    return canonical(language) or language


def _by_script(languages: Iterable[str], merged: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """For each answer of `writing` the languages that may stand behind it, each with the tag that it gets there."""
    found: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for language in languages:
        scripts = scripts_of(language)
        for script in ANSWERS.intersection(scripts):
            # Chinese stays zh in either script: short texts are in both as often as in one.
            plain = seen_as(script)[-1] == seen_as(scripts[0])[-1]
            spelled = language if plain else _spelled(f"{language}-{script}")
            for seen in seen_as(script):
                found[seen][language] = merged.get(spelled, spelled)
    return dict(found)


def _tags(language: str, merged: Mapping[str, str]) -> frozenset[str]:
    """The tags that a language gets in the scripts it is written in."""
    return frozenset(tag for tags in _by_script([_spelled(language)], merged).values() for tag in tags.values())


def _check(allowed: Mapping[str, Iterable[str]], shares: Mapping[str, Iterable[str]]) -> None:
    """Raises Misconfigured with the languages that have no tag."""
    unknown = ", ".join(sorted(language for language, tags in allowed.items() if not tags))
    missing = ", ".join(sorted(language for language, tags in shares.items() if not tags))
    cannot = f"languages that can be told from a text, which {unknown} cannot: services declare query_language"
    mistakes = [Mistake("configuration", "allowed", cannot)] if unknown else []
    if missing:
        mistakes.append(Mistake("configuration", "prior", f"shares of allowed languages, which {missing} are not"))
    if mistakes:
        raise Misconfigured(mistakes)


def _shares(given: Sequence[tuple[float, Iterable[str]]], allowed: frozenset[str]) -> dict[str, float]:
    """The share of each allowed tag, at least the floor.

    A language has its whole share in each of its scripts: Serbian in Latin letters never competes with that in its own.
    """
    shares: defaultdict[str, float] = defaultdict(float)
    for share, tags in given:
        for tag in tags:
            shares[tag] += share
    unnamed = {tag.partition("-")[0] for tag in allowed - shares.keys()}
    rest = (1 - sum(share for share, _ in given)) / max(1, len(unnamed))
    return {tag: max(FLOOR, shares.get(tag, rest)) for tag in allowed}
