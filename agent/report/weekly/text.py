"""A report as plain text, for Slack and mail: some forty lines, the verdict first. Nothing is escaped; each channel does that."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from agent.alerting.finding import SEVERITIES
from agent.alerting.summary import many
from agent.notify.text import one_line, shorten
from agent.report.weekly import happened, words
from agent.report.weekly.model import Golden, Incident, Language, Probe, Report

MOST: Final = {"languages": 10, "incidents": 3, "deployments": 2, "standing": 3, "todo": 3, "unseen": 4, "checks": 2}
LONGEST: Final = 400


def text(report: Report) -> str:
    """The whole report; what does not fit is counted."""
    lines = [words.title(report), words.data(report), *words.lead(report)]
    lines += _section("Languages", [_language(row, report.k) for row in words.worst_first(report.languages)], MOST["languages"])
    lines += _section(
        "Work on next",
        [f"{words.name(one.language)}: {words.todo(one, report.k)}. {one.remedy}" for one in report.todo],
        MOST["todo"],
    )
    lines += _section("Incidents", [_incident(one) for one in _loudest(report.incidents)], MOST["incidents"])
    lines += _section("Standing low", [words.still_low(one) for one in report.standing], MOST["standing"])
    lines += _section("Deployed", list(_deployments(report)), MOST["deployments"])
    lines += _section("Checks", [*map(_golden, report.golden), *map(_probe, report.probes)], MOST["checks"])
    lines += _section("What I cannot see yet", [_unseen(one.text, one.languages) for one in report.unseen], MOST["unseen"])
    return "\n".join(shorten(line, LONGEST) for line in lines) + "\n"


def _section(heading: str, rows: Sequence[str], most: int) -> Iterator[str]:
    if rows:
        left = f" (first {most} of {len(rows)})" if len(rows) > most else ""
        yield f"{heading}{left}:"
        yield from (f"- {one_line(row, LONGEST)}" for row in rows[:most])


def _language(row: Language, k: int) -> str:
    level = row.level
    if level is None:
        return f"{words.name(row.language)}: {row.queries:,} queries, not measured"
    interval = words.between(level.measure, level.ci95)
    told = f"{words.of(level, k)} {words.value(level.measure, level.mean)}" + (f" ({interval})" if interval else "")
    parts = (f"{told} by {level.rests_on}", words.change(row), f"{row.queries:,} queries", words.affected(row))
    return f"{words.name(row.language)}: {'; '.join(filter(None, parts))}"


def _loudest(incidents: Iterable[Incident]) -> list[Incident]:
    order = SEVERITIES[::-1]
    return sorted(incidents, key=lambda one: (one.resolved_at is not None, order.index(one.severity), one.fingerprint))


def _incident(one: Incident) -> str:
    return f"{words.name(one.language)} ({one.severity}), {words.ended(one)}, cause: {happened.cause(one.cause)}. {one.summary}"


def _deployments(report: Report) -> Iterator[str]:
    for one in report.deployments:
        version = " · ".join(filter(None, (one.service, one.collection, one.embedding_model, one.index_version)))
        yield f"{words.when(one.at)} UTC: {version}" + (f" ({one.said})" if one.said else "")


def _golden(one: Golden) -> str:
    known = [row for row in one.languages if row.recall is not None]
    lowest = (
        f", lowest {words.name(known[0].language)} with {words.value('recall_at_k', known[0].recall or 0.0)} recall@10"
        if known
        else ""
    )
    return f"golden set {one.name}, {words.when(one.at)} UTC: {one.queries:,} queries in {many(len(one.languages), 'language')}{lowest}"


def _probe(one: Probe) -> str:
    others = f"; not: {words.names([row.language for row in one.others])}" if one.others else ""
    return f"probe of {one.model}, {words.when(one.at)} UTC: {many(one.connected, 'language')} connected{others}"


def _unseen(said: str, tags: Sequence[str]) -> str:
    return f"{said} ({words.names(tags)})" if tags else said
