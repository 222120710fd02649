"""Language tags in one spelling, so that `iw`, `he-IL` and `he_IL.UTF-8` are one series.

A tag is the BCP 47 language in CLDR's canonical form without its region, and with its script only where that is not
the script the language is usually written in: `zh-Hans` is plain `zh`, `zh-TW` is `zh-Hant`, `sr-Latn` keeps its script
and `sr-Cyrl` does not. Aliases, likely scripts and names are CLDR's, as Babel carries them; nothing is listed here.
"""

import re
from collections import defaultdict
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

if TYPE_CHECKING:
    from babel import Locale

UNDETERMINED: Final = "und"

_FORM = re.compile(r"([a-z]{2,3})((?:[-_][a-z0-9]{1,8})*)(?:[.@].*)?", re.IGNORECASE)
_EXTENDED = re.compile(r"[a-z]{3}", re.IGNORECASE)
_SCRIPT = re.compile(r"[a-z]{4}", re.IGNORECASE)
_REGION = re.compile(r"[a-z]{2}|[0-9]{3}", re.IGNORECASE)

# CLDR keeps `nb` beside `no` and lets it inherit all of `no`. Browsers declare nb-NO, models answer no: one language.
_SAME: Final = {"nb": "no"}
# Names CLDR has for texts that are in no language, or in one nobody knows.
_NO_LANGUAGE: Final = frozenset({UNDETERMINED, "zxx"})


@lru_cache(maxsize=4096)
def canonical(tag: str) -> str | None:
    """The tag in its one spelling; None where it names no language that CLDR knows."""
    parts = _FORM.fullmatch(tag.strip())
    if parts is None:
        return None
    language, script, region = _replaced(parts[1].lower(), re.split("[-_]", parts[2])[1:])
    if language in _NO_LANGUAGE or not (language in _scripts() or language in _english().languages):
        return None
    usual = _usual_script(language)
    written = script if script in _all_scripts() else _usual_script(f"{language}_{region}")
    return language if usual is None or written in {None, usual} else f"{language}-{written}"


@lru_cache(maxsize=4096)
def display_name(tag: str) -> str:
    """The English name: `German` for `de`, `undetermined` for `und`, the tag itself where CLDR has no name."""
    if tag == UNDETERMINED:
        return "undetermined"
    language, _, script = tag.partition("-")
    names = _english()
    if name := names.languages.get(tag.replace("-", "_")):
        return str(name)
    name = str(names.languages.get(language, language))
    return f"{name} ({names.scripts.get(script, script)})" if script else name


class OwnName(NamedTuple):
    """What speakers call their language, and which way it is written; an HTML page sets it with both."""

    name: str
    direction: Literal["ltr", "rtl"]


@lru_cache(maxsize=4096)
def own_name(tag: str) -> OwnName | None:
    """`한국어` for `ko`; None where CLDR does not know it, or English is all there is."""
    from babel import Locale, UnknownLocaleError  # noqa: PLC0415  see below

    try:
        locale = Locale.parse(tag, sep="-")
    except (UnknownLocaleError, ValueError):
        return None
    name = locale.languages.get(tag.replace("-", "_")) or locale.get_display_name()
    return OwnName(name, "rtl" if locale.text_direction == "rtl" else "ltr") if name and name != display_name(tag) else None


def scripts(tag: str) -> tuple[str, ...]:
    """The scripts (ISO 15924) that a canonical tag is written in, the usual one first; empty where CLDR has none."""
    language, _, script = tag.partition("-")
    return (script,) if script else _scripts().get(language, ())


def _replaced(language: str, subtags: list[str]) -> tuple[str, str, str]:
    """Language, script and region with aliases resolved: `iw` is he, `sh` is sr in Latn, `zh-yue` is yue."""
    if subtags and _EXTENDED.fullmatch(subtags[0]):
        language = subtags.pop(0).lower()
    language, *implied = _cldr("language_aliases").get(language, language).split("_")
    script = next((part.title() for part in [*subtags[:1], *implied] if _SCRIPT.fullmatch(part)), "")
    region = next((part.upper() for part in [*subtags[:2], *implied] if _REGION.fullmatch(part)), "")
    return _SAME.get(language, language), script, region


def _usual_script(tag: str) -> str | None:
    """The script of CLDR's likely subtags for a language, or a language in a region: `zh` Hans, `zh_TW` Hant."""
    likely = _cldr("likely_subtags").get(tag)
    return likely.split("_")[1] if likely else None


@cache
def _scripts() -> dict[str, tuple[str, ...]]:
    """For every language of CLDR's likely subtags the scripts that stand there, the usual one first."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for likely in _cldr("likely_subtags").values():
        language, script, _ = likely.split("_")
        found[language].add(script)
    return {language: tuple(sorted(some, key=lambda s: (s != _usual_script(language), s))) for language, some in found.items()}


@cache
def _all_scripts() -> frozenset[str]:
    return frozenset(script for some in _scripts().values() for script in some)


# Babel takes 40 ms to import and its data 10 to 40 more: paid by the first tag, not by every command.
@cache
def _cldr(table: Literal["language_aliases", "likely_subtags"]) -> dict[str, str]:
    from babel.core import get_global  # noqa: PLC0415  see above

    return dict(get_global(table))


@cache
def _english() -> "Locale":
    from babel import Locale  # noqa: PLC0415  see above

    return Locale("en")
