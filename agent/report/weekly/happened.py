"""What the journal says of the time: incidents, what stands low, deployments, golden runs and probes. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from msgspec.structs import replace

from agent.alerting.action import is_automatic, is_open
from agent.alerting.incident import ALL
from agent.alerting.incident import Incident as Known
from agent.alerting.summary import RARE
from agent.notify import words
from agent.probing.embedding.sentence_transformers import called
from agent.probing.kept import GoldenRun, ProbeRun
from agent.report.weekly.model import Checked, Deployment, Golden, Incident, Level, Probe, Probed, Standing
from agent.report.weekly.period import Period
from agent.report.weekly.remedies import UNCONNECTED, of_probe
from agent.store.base import Entry

STILL_BELOW: Final = 0.015
"""So far below what it was, a fall that nobody ended is still one."""
PLACE: Final = ("service", "environment", "collection", "embedding_model", "index_version")


def incidents(known: Iterable[Known], period: Period, at: datetime) -> tuple[Incident, ...]:
    """What fired, or was open, within the time, oldest first; `at` is the end of what is known. What stands low is told apart."""
    told = [one for one in known if _within(one, period) and not _stands(one)]
    return tuple(_incident(one, at) for one in sorted(told, key=lambda one: (one.fired_at, one.language, one.fingerprint)))


def _within(one: Known, period: Period) -> bool:
    ended = one.resolved_at is not None and one.resolved_at < period.start
    return one.fired_at is not None and one.fired_at < period.end and not ended


def _stands(one: Known) -> bool:
    return one.class_ == "level" and is_open(one)


def _ended(one: Known, at: datetime) -> datetime | None:
    """When it was over for people: a person may end it before the evaluator has come to that minute."""
    return one.resolved_at or (None if is_open(one) else one.accepted_at or at)


def _incident(one: Known, at: datetime) -> Incident:
    began, ended = one.began_at or one.pending_since or one.fired_at, _ended(one, at)
    return Incident(
        fingerprint=one.fingerprint,
        language=one.language,
        service=one.service,
        environment=one.environment,
        class_=one.class_,
        severity=one.severity,
        began_at=began,
        fired_at=one.fired_at,
        resolved_at=ended,
        minutes=None if began is None else max(0, ((ended or at) - began) // timedelta(minutes=1)),
        cause=one.cause,
        confirmed=one.confirmed,
        queries=one.queries,
        users=one.users,
        summary=one.summary,
        note=one.note,
    )


def standing(known: Iterable[Known], levels: Mapping[str, Level], at: datetime) -> tuple[Standing, ...]:
    """The languages that are low at the end, longest first: levels that stand, and falls that ended by themselves and did not recover."""
    low = [one for one in known if one.language not in {ALL, RARE} and (_fires_low(one) or _gave_up(one, levels))]
    found = {(one.language, one.service, one.environment): one for one in sorted(low, key=_since, reverse=True)}
    return tuple(_standing(one, at) for one in sorted(found.values(), key=lambda one: (_since(one), one.language)))


def _fires_low(one: Known) -> bool:
    return _stands(one) and one.state == "firing"


def _gave_up(one: Known, levels: Mapping[str, Level]) -> bool:
    """Whether its page ended after 14 days, and it still scores less than before."""
    level = levels.get(one.language)
    if level is None or one.baseline is None or not is_automatic(one):
        return False
    return level.measure == one.metric and level.mean < one.baseline - STILL_BELOW


def _since(one: Known) -> datetime:
    since = one.began_at or one.pending_since or one.fired_at
    assert since is not None, "what fired has a time"
    return since


def _standing(one: Known, at: datetime) -> Standing:
    return Standing(one.language, one.service, one.environment, _since(one), max((at - _since(one)).days, 0), one.summary)


def deployments(entries: Iterable[Entry], period: Period, where: Mapping[str, str]) -> tuple[Deployment, ...]:
    """The versions that appeared within the time, oldest first; one that was announced and seen is one."""
    found: dict[tuple[str, ...], Deployment] = {}
    for entry in sorted(entries, key=lambda entry: (entry.at, entry.id)):
        if period.start <= entry.at < period.end and all(entry.body.get(name, said) == said for name, said in where.items()):
            place, said = {name: entry.body.get(name) or "" for name in PLACE}, entry.body.get("note") or ""
            known = found.setdefault(tuple(place.values()), Deployment(entry.at, **place))
            found[tuple(place.values())] = replace(known, said=said or known.said)
    return tuple(found.values())


def golden(runs: Iterable[GoldenRun], period: Period) -> tuple[Golden, ...]:
    """The newest run of each whole set within the time."""
    newest = {run.name: run for run in runs if not run.languages and period.start <= run.at < period.end}
    return tuple(_golden(newest[name]) for name in sorted(newest))


def _golden(run: GoldenRun) -> Golden:
    rows = [_checked(row) for row in run.result["languages"]]
    worst = sorted(rows, key=lambda one: (one.recall is not None, one.recall or 0.0, one.language))
    return Golden(run.name, run.at, run.result["queries"], tuple(worst))


def _checked(row: Mapping[str, Any]) -> Checked:
    interval = (row.get("ci95") or {}).get("recall_at_10")
    return Checked(row["language"], row["n"], row["recall_at_10"], tuple(interval) if interval else None, row["reason"] or "")


def probes(runs: Iterable[ProbeRun], period: Period) -> tuple[Probe, ...]:
    """The newest run of each probe within the time."""
    newest = {run.name: run for run in runs if period.start <= run.at < period.end}
    return tuple(_probe(newest[name]) for name in sorted(newest))


def _probe(run: ProbeRun) -> Probe:
    rows: Sequence[Mapping[str, Any]] = run.result["languages"]
    others = sorted(
        (row for row in rows if row["verdict"] in UNCONNECTED), key=lambda row: (UNCONNECTED.index(row["verdict"]), row["language"])
    )
    connected = sum(row["verdict"] == "connected" for row in rows)
    told = tuple(Probed(row["language"], row["verdict"], of_probe(run.result, row)) for row in others)
    return Probe(called(run.name), run.at, called(run.embedding_model), connected, () if run.result["senseless"] else told)


def cause(name: str) -> str:
    """What a cause is called."""
    return next((said for known, said in words.CAUSES.items() if known == name and said), "unknown")
