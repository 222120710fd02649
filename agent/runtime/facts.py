"""From sums of the store to the facts that name a cause: pure, by language, version, collection and pair."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from math import sqrt
from typing import Final, NamedTuple

from agent.aggregate.measures import Measures, merged
from agent.aggregate.translations import by_engine
from agent.alerting.changes import Change
from agent.alerting.incident import ALL, Incident, Part
from agent.alerting.measures import Quality, Reading, first_hit_bin, readings
from agent.alerting.statistics import MICRO, SMALLEST_VARIANCE, Sums, plus
from agent.alerting.summary import version_text
from agent.alerting.sums import Minute
from agent.alerting.triage.cause import SIDE_BY_SIDE, Facts, Moved, Ratio, Side
from agent.alerting.triage.sits import Parts, bearer, mean, shares, total
from agent.language.codes import UNDETERMINED, display_name
from agent.records import WindowKey
from agent.store.base import Total

PHI: Final = 1.5  # the design effect of sessions, typical: to tell one cause from another it need not be the language's own
LEAST_EXPECTED: Final = 30.0  # fewer expected queries tell nothing of volumes
DONOR_LOST: Final = 0.2  # of its usual queries, or it is no language that others' queries came from
SUMS: Final = Minute._fields[2:]
# What is asked of a fall's own language, its pairs and all languages of its service: a statement costs by the columns it adds up.
OWN_SUMS: Final = (*SUMS, "translation_hist", "translation_sums")
PAIR_SUMS: Final = SUMS
SERVICE_SUMS: Final = ("events",)

PartOf = Callable[[WindowKey], str]


class Seen(NamedTuple):
    """The sums since a fall began, those at the same hours before, and how many times as long that is."""

    now: Sequence[Total]
    before: Sequence[Total]
    times: int

    def events(self, language: str) -> tuple[int, float]:
        """The queries of a language (or of `*`) now, and the usual number."""
        now, before = (sum(one.measures.events for one in side if language in {ALL, one.key.language}) for side in self[:2])
        return now, before / max(self.times, 1)


class Case(NamedTuple):
    """What was read of a fall: the sums of its language, its pairs, and lately of all languages; and the deployments noticed.

    `whole`: all queries of this time were counted, so that volumes can be compared.
    """

    incident: Incident
    own: Seen
    pairs: Seen
    service: Seen
    quality: Quality
    changes: Sequence[Change] = ()
    whole: bool = True


def facts(case: Case) -> Facts:
    """What is known of a fall."""
    incident, own = case.incident, case.own
    now, before = (merged([Measures(), *(one.measures for one in side)]) for side in own[:2])
    moved_in, moved_from = _inflow(case.service, incident.language) if case.whole else (0.0, "")
    change = deployed(case)
    new, borne = _new_version(case)
    same, others = _by_language(case)
    engine, of_translations = bearer(_engines(now), _engines(before))
    return Facts(
        all_languages=incident.language == ALL,
        level=incident.class_ == "level",
        errors=Moved(Ratio(now.errors, now.events), Ratio(before.errors, before.events)),
        unscored=Moved(_unscored(now), _unscored(before)),
        everything=_volume(case.service) if case.whole else None,
        traffic=_volume(own) if case.whole else None,
        moved_in=moved_in,
        moved_from=moved_from,
        deployed=version_text(change) if change else "",
        new_version=new,
        new_version_share=borne,
        same_language=same,
        other_languages=others,
        translation=Moved(_translation(now), _translation(before)),
        translated=now.translated / now.events if now.events else 0.0,
        engine=engine,
        engine_share=of_translations,
        fallback=Moved(_fallback(now), _fallback(before)),
    )


def deployed(case: Case) -> Change | None:
    """The deployment within the interval of the begin, in a collection that the language is searched in; of several the last."""
    incident = case.incident
    if incident.began_at is None:
        return None
    low, high = incident.began_between or (incident.began_at, incident.began_at)
    collections = {(incident.service, incident.environment, one.key.collection) for one in case.own.now}
    near = [change for change in case.changes if min(low, incident.began_at) <= change.at <= max(high, incident.began_at)]
    return max((change for change in near if change.where in collections), key=lambda change: change.at, default=None)


def parts(case: Case, seen: Seen, part_of: PartOf) -> tuple[Parts, Parts]:
    """The measure that fell by part of the traffic, now and before; scores on one scale, the one with most queries now."""
    now, before = (_by_scale(case, side, part_of) for side in seen[:2])
    known = [scale for scale in now if scale in before]
    scale = max(known, key=lambda each: total(now[each].values()).n, default=None)
    return ({}, {}) if scale is None else (now[scale], before[scale])


def divided(case: Case) -> tuple[tuple[Part, ...], ...]:
    """How the fall is divided among collections, document languages and versions."""
    return (
        shares("collection", *parts(case, case.own, collection)),
        shares("document_language", *parts(case, case.pairs, document_language)),
        shares("version", *parts(case, case.own, version)),
    )


def collection(key: WindowKey) -> str:
    """The collection of a window."""
    return key.collection


def version(key: WindowKey) -> str:
    """The index version of a window, or the model where that is all there is."""
    return key.index_version or key.embedding_model


def document_language(key: WindowKey) -> str:
    """The document language of a pair."""
    return key.document_language


def _by_scale(case: Case, totals: Iterable[Total], part_of: PartOf) -> dict[tuple[str, str], dict[str, Sums]]:
    found: defaultdict[tuple[str, str], dict[str, Sums]] = defaultdict(dict)
    for one in totals:
        for reading in _readings(one, case.quality):
            if reading.measure == case.incident.metric:
                part = part_of(one.key)
                found[reading.scale][part] = plus(found[reading.scale].get(part), reading.sums)
    return found


def _readings(one: Total, quality: Quality) -> Iterable[Reading]:
    sums = {name: getattr(one.measures, name) for name in SUMS}
    return readings(Minute(0, one.key, **sums), first_hit_bin(one.key, quality))


def _new_version(case: Case) -> tuple[str, float]:
    """A version that nobody saw before, side by side with one that was there, and what it bears of the fall."""
    now, before = parts(case, case.own, version)
    new = [part for part in shares("version", now, before) if part.value not in before and part.of_queries <= SIDE_BY_SIDE]
    return (new[0].value, new[0].share) if new else ("", 0.0)


def _by_language(case: Case) -> tuple[Side | None, Side | None]:
    """How documents in the query's language and in other known ones are found; the incident of all languages has neither."""
    now, before = parts(case, case.pairs, document_language)
    own, none = {case.incident.language}, {"", UNDETERMINED}
    others = (now.keys() | before.keys()) - own - none
    return _side(now, before, own), _side(now, before, others)


def _side(now: Parts, before: Parts, languages: Iterable[str]) -> Side | None:
    new, old = (total(by[language] for language in sorted(languages) if language in by) for by in (now, before))
    if not new.n or not old.n:
        return None
    se = sqrt(PHI * (_variance(new) / new.n + _variance(old) / old.n))
    return Side(mean(old) - mean(new), se, new.n, old.n)


def _variance(sums: Sums) -> float:
    return max(sums.squares / MICRO / sums.n - mean(sums) ** 2, SMALLEST_VARIANCE)


def _volume(seen: Seen) -> float | None:
    """Queries as a multiple of the usual; None where too few would be usual."""
    now, usual = seen.events(ALL)
    return now / usual if usual >= LEAST_EXPECTED else None


def _inflow(seen: Seen, language: str) -> tuple[float, str]:
    """The share of a language's queries that is new and is missing in another one, and in which."""
    now, usual = seen.events(language)
    lost = {other: _lost(seen, other) for other in sorted({one.key.language for one in seen.before} - {language})}
    donor = max(lost, key=lambda other: lost[other], default="")
    moved = min(now - usual, lost.get(donor, 0.0))
    return (moved / now, display_name(donor)) if moved > 0 else (0.0, "")


def _lost(seen: Seen, language: str) -> float:
    """How many queries fewer than usual a language has, where that is much of them."""
    now, usual = seen.events(language)
    return usual - now if usual - now >= DONOR_LOST * max(usual, LEAST_EXPECTED) else 0.0


def _unscored(sums: Measures) -> Ratio:
    """Answers without a score, of all that have results."""
    answered = max(sums.told - sums.zero_results, 0)
    return Ratio(max(answered - sums.scored, 0), answered)


def _translation(sums: Measures) -> Ratio:
    return Ratio(sums.translation_sum / MICRO, sums.translated)


def _engines(sums: Measures) -> Parts:
    """The qualities of translations by engine."""
    found = by_engine(sums.translation_hist, sums.translation_sums)
    return {engine: Sums(qualities.n, qualities.total) for engine, qualities in found.items()}


def _fallback(sums: Measures) -> Ratio:
    return Ratio(sums.routes.get("fallback", 0), sum(sums.routes.values()))
