"""A second list, which nobody here has written: names of languages, countries and days, as CLDR's native speakers vetted them.

Names are chosen that languages make of their own words (Germany is Deutschland, Saksa, Niemcy) rather than borrow (Canada); no
language is taken whose country is, since the two are one word in many languages. Names spelled like the other language's are left
out pair by pair (`alike`): between two languages in one script most others would be read without being understood. Months are left
out: many languages number them.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Final

from agent.probing.separation.concepts import Concept, Concepts

if TYPE_CHECKING:
    from babel import Locale

ALIKE: Final = 0.6
MOST: Final = 40

LANGUAGES: Final = "de fr es it el ru tr ar he fa hi zh ja ko hu pl nl sv da cs uk sq hy ka eu cy ga"
COUNTRIES: Final = "CH AT EG DZ MA ZA CI LB JO SY CY BE ME MK HR CF EH GB US AE"
DAYS: Final = range(7)


def names(languages: Iterable[str]) -> Concepts:
    """The list, in those of the languages that CLDR has names for."""
    named = {language: found for language in languages if (found := _names(language))}
    concepts = (Concept(name, {tag: (texts[name],) for tag, texts in named.items() if name in texts}) for name in _all())
    return Concepts("names", tuple(concept for concept in concepts if concept.texts), ALIKE, MOST)


def _all() -> Iterator[str]:
    yield from (f"language {code}" for code in LANGUAGES.split())
    yield from (f"country {code}" for code in COUNTRIES.split())
    yield from (f"day {number}" for number in DAYS)


@cache
def _names(tag: str) -> Mapping[str, str]:
    """What CLDR calls each of them in a language; empty for one that it has no names in."""
    locale = _locale(tag)
    if locale is None:
        return {}
    # of `format`: Babel keeps what `stand-alone` stands for from the first language that is asked, for all others
    days = locale.days["format"]["wide"]
    found = {
        **{f"language {code}": locale.languages.get(code, code) for code in LANGUAGES.split()},
        **{f"country {code}": locale.territories.get(code, code) for code in COUNTRIES.split()},
        **{f"day {number}": days[number] for number in DAYS},
    }
    return {name: text for name, text in found.items() if text != name.split()[1]}


def _locale(tag: str) -> "Locale | None":
    from babel import Locale, UnknownLocaleError  # noqa: PLC0415 - 40 ms, for no other command

    try:
        return Locale.parse(tag, sep="-")
    except (UnknownLocaleError, ValueError):
        return None
