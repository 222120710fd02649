"""How well the language of queries is known in each service, and why not. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from agent.language.codes import UNDETERMINED
from agent.records import TagReason
from agent.store.base import Total

WHY: Final[Mapping[TagReason, str]] = {
    "no_text": "the log has no text",
    "no_letters": "codes, numbers or redacted text",
    "no_evidence": "nothing that tells one language from another",
    "unsure": "too unsure to say",
    "not_allowed": "a language that language.allowed leaves out",
    "second_script": "words in a second script",
    "two_languages": "words of two languages",
}
"""Why a query is undetermined, or mixed."""
DECLARED: Final = 30
"""With fewer compared queries nothing is said of what a service declares."""
AGREES: Final = 0.9
"""Below this it is probably a locale that is declared."""
UNKNOWN: Final = 0.2
"""From this share on many queries are watched in no language."""


class Tagging(NamedTuple):
    """One service: shares (0..1) of undetermined and mixed queries, why, and how often declared languages agree with the text.

    `reasons` are shares of its queries, the largest first; `declared` is how many queries were compared.
    """

    service: str
    events: int
    undetermined: float
    mixed: float
    reasons: Sequence[tuple[str, float]]
    declared: int
    agrees: float | None


def tagging(service: str, totals: Iterable[Total]) -> Tagging:
    """From the sums of a service by language."""
    events = unknown = mixed = declared = agrees = 0
    reasons = Counter[str]()
    for key, sums in totals:
        events += sums.events
        unknown += sums.events if key.language == UNDETERMINED else 0
        mixed += sums.mixed
        declared += sums.declared
        agrees += sums.declared_agrees
        reasons.update(sums.tag_reasons)
    words: Mapping[str, str] = {str(reason): why for reason, why in WHY.items()}
    whole = max(events, 1)
    shares = [(words.get(reason, reason), n / whole) for reason, n in reasons.most_common()]
    return Tagging(service, events, unknown / whole, mixed / whole, shares, declared, agrees / declared if declared else None)


def limits(one: Tagging) -> list[str]:
    """What cannot be trusted of these tags, in sentences."""
    name = f"service {one.service or 'without a name'}"
    found = []
    if one.agrees is not None and one.declared >= DECLARED and one.agrees < AGREES:
        found.append(
            f"In {name} the declared language is that of the text in only {100 * one.agrees:.1f} % of {one.declared:,} queries: "
            "it is probably a locale. Map it to `locale` instead of `query_language`."
        )
    if one.undetermined >= UNKNOWN:
        found.append(
            f"In {name} the language of {100 * one.undetermined:.1f} % of the queries is not known, so that nothing watches them."
        )
    return found
