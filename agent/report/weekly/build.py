"""From what was read to a report: pure, the same input gives the same report."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final, NamedTuple

from msgspec.structs import replace

from agent.alerting.incident import Incident
from agent.alerting.rule import DropRule
from agent.alerting.statistics import Figures
from agent.report.weekly import changes, happened, ranking, remedies
from agent.report.weekly.changes import Found
from agent.report.weekly.decomposition import Decomposition
from agent.report.weekly.model import Average, Change, Language, Part, Report, Todo, Verdict
from agent.report.weekly.readings import Key, real
from agent.report.weekly.seen import Seen, Side, by_day, side
from agent.report.weekly.unseen import unseen
from agent.report.weekly.wobble import wobbles

MOST_TODO: Final = 5
LEAST_COVERED: Final = 0.5
"""Of the time before: with less of it nothing is compared."""
SHORTEST: Final = timedelta(days=1)
"""What is shorter lies at other hours of the day than the time before it."""
NOTABLE: Final = DropRule(name="drop").threshold
SEVERAL: Final = "several embedding models in this time: their scores have no common scale"
Row = Mapping[str, Any]


class Compared(NamedTuple):
    """The difference of each language that has one, why the others have none, and the averages over languages of one measure."""

    languages: Mapping[str, Found]
    why_not: Mapping[str, str]
    averages: Mapping[Key, tuple[Decomposition, Found]]


def build(seen: Seen) -> Report:
    """The report."""
    lengths, covered, period = seen.lengths, seen.covered, seen.period
    now, before = side(seen, seen.now, lengths[0]), side(seen, seen.before, lengths[1])
    first = covered[1] < LEAST_COVERED or not before.rows or period.end - period.start < SHORTEST
    compared = Compared({}, {}, {}) if first else _compare(seen, now, before)
    words = changes.worded([*compared.languages.values(), *(one for _, one in compared.averages.values())])
    by_language = dict(zip(compared.languages, words, strict=False))
    averages = _averages(compared, words[len(by_language) :], now)
    known = [one for one in seen.incidents if all(getattr(one, name, value) == value for name, value in seen.where.items())]
    at = min(period.end, seen.span[1])
    report = Report(
        week=period.name,
        start=period.start,
        end=period.end,
        as_of=at,
        before=period.before,
        covered=covered[0],
        covered_before=covered[1],
        first=first,
        k=seen.quality.k,
        verdict=_verdict(by_language, averages),
        queries=sum(row["queries"] for row in now.rows),
        queries_before=sum(row["queries"] for row in before.rows),
        users=seen.all_users or None,
        languages=_languages(seen, now, before, by_language, compared.why_not),
        averages=averages,
        deployments=happened.deployments(seen.changes, period, seen.where),
        incidents=happened.incidents(known, period, at),
        standing=happened.standing(known, now.levels, at),
        golden=happened.golden(seen.golden, period),
        probes=happened.probes(seen.probes, period),
        todo=_todo(seen, now, known),
        unseen=(),
    )
    gone = () if first else tuple(sorted(before.levels.keys() - now.levels.keys()))
    return replace(report, unseen=unseen(report, now.rows, gone, users=bool(seen.all_users)))


def _compare(seen: Seen, now: Side, before: Side) -> Compared:
    why_not = {tag: why for tag in now.levels if (why := _why_not(tag, now, before))}
    keys = {tag: key for tag, key in now.keys.items() if tag not in why_not}
    noise = wobbles(seen.past, keys, seen.lengths, seen.quality)
    found: dict[str, Found] = {}
    figures: dict[str, Figures] = {}
    for tag, key in keys.items():
        found[tag], figures[tag] = changes.difference(now.sums[tag][key], before.sums[tag][key], noise[tag])
    volumes = {tag: (before.row(tag)["queries"], now.row(tag)["queries"]) for tag in {*now.levels, *before.levels}}
    tags = {**before.keys, **now.keys}
    return Compared(found, why_not, changes.averages_of(tags, (before.sums, now.sums), volumes, figures))


def _why_not(tag: str, now: Side, before: Side) -> str:
    """Why a language has no change; empty where it has one."""
    key = now.keys.get(tag)
    if key is None:
        return SEVERAL
    mine, then = now.sums[tag][key], before.sums.get(tag, {})
    if why := changes.comparable(key, mine, then):
        return why
    return changes.labels_moved(key, (mine, then[key]), (now.row(tag)["events"], before.row(tag)["events"]))


def _languages(
    seen: Seen, now: Side, before: Side, words: Mapping[str, Change], why_not: Mapping[str, str]
) -> tuple[Language, ...]:
    days = by_day(seen, now.keys)
    return tuple(
        Language(
            language=(tag := row["language"]),
            queries=row["queries"],
            queries_before=before.row(tag)["queries"],
            users=seen.users.get(tag),
            level=now.levels.get(tag),
            change=(change := words.get(tag)),
            why_not=why_not.get(tag, ""),
            more_failed=_more_failed(change, row["queries"], now.levels.get(tag)),
            state=row["state"],
            detectable=row["detectable"],
            watched_by=row["watched_by"],
            days=days.get(tag, ()),
        )
        for row in sorted(real(now.rows), key=lambda row: (-row["queries"], row["language"]))
    )


def _more_failed(change: Change | None, queries: int, level: Any) -> int | None:
    """How many queries failed that would not have at the rate of before, where it got worse."""
    if change is None or change.word != "worse" or level.measure not in ranking.FAILS:
        return None
    return round(-change.change * queries)


def _averages(compared: Compared, words: Sequence[Change], now: Side) -> tuple[Average, ...]:
    total = sum(row["queries"] for row in now.rows) or 1
    made = [
        _average(key, split, word, now, total) for (key, (split, _)), word in zip(compared.averages.items(), words, strict=True)
    ]
    return tuple(sorted(made, key=lambda one: (-one.share, one.measure)))


def _average(key: Key, split: Decomposition, word: Change, now: Side, total: int) -> Average:
    tags = [part.language for part in split.parts]
    thresholds = {level.threshold for tag in tags if (level := now.levels.get(tag))}
    return Average(
        measure=key.measure,
        threshold=thresholds.pop() if len(thresholds) == 1 else None,
        languages=len(tags),
        share=sum(now.row(tag)["queries"] for tag in tags) / total,
        before=split.before,
        after=split.after,
        own=split.rates,
        mix=split.mix,
        change=word,
        parts=tuple(Part(part.language, part.rate, part.mix, part.rate + part.mix) for part in split.parts),
    )


def _verdict(words: Mapping[str, Change], averages: Sequence[Average]) -> Verdict:
    worse, better = (
        tuple(sorted((tag for tag, one in words.items() if one.word == word), key=lambda tag: (-abs(words[tag].change), tag)))
        for word in ("worse", "better")
    )
    unsure = sorted(
        (tag for tag, one in words.items() if one.word not in {"worse", "better"} and one.change <= -NOTABLE),
        key=lambda tag: (words[tag].change, tag),
    )
    every = [one.word for one in words.values()] + [one.change.word for one in averages]
    return Verdict(changes.overall(every), len(words), worse, better, tuple(unsure))


def _todo(seen: Seen, now: Side, known: Sequence[Incident]) -> tuple[Todo, ...]:
    advised = remedies.remedies(known, seen.probes)
    found = ranking.losses({tag: (key, now.sums[tag][key]) for tag, key in now.keys.items()}, seen.quality.reference)
    ranked = sorted(found, key=lambda one: (-one.lost(now.row(one.language)["queries"]), one.language))
    made = (_one(seen, now, one, remedies.remedy(one.language, now.levels[one.language].rests_on, advised)) for one in ranked)
    return tuple(one for one in made if one.lost)[:MOST_TODO]


def _one(seen: Seen, now: Side, loss: ranking.Loss, remedy: remedies.Remedy) -> Todo:
    queries, level = now.row(loss.language)["queries"], now.levels[loss.language]
    return Todo(
        language=loss.language,
        measure=level.measure,
        rests_on=level.rests_on,
        mean=loss.mean,
        reference=loss.reference,
        of=loss.of,
        loss=loss.raw,
        loss_shrunken=loss.shrunken,
        ci95=loss.ci95,
        queries=queries,
        lost=loss.lost(queries),
        users=seen.users.get(loss.language),
        remedy=remedy.text,
        why=remedy.why,
    )
