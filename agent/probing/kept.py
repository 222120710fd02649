"""What active checks leave in the journal: one row a run, beside its scores (`agent.probing.scores`)."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from msgspec import Struct

from agent.alerting.incident import Incident
from agent.errors import Misconfigured, Mistake, NotFound
from agent.probing.scores import SCORES, checked
from agent.records import row_id
from agent.store.base import Entry, Journal

PROBE: Final = "probe"
GOLDEN: Final = "golden"
OPEN: Final = "golden_open"  # a run that is sending its queries, which are nobody's
KINDS: Final = (PROBE, GOLDEN, SCORES, OPEN)

LONG_AGO: Final = timedelta(days=366)
SOON: Final = timedelta(minutes=5)
LONGEST: Final = timedelta(days=7)
"""As long a run may be open."""
_KEY: Final = re.compile(r"[0-9a-f]{32}")


class ProbeRun(Struct, frozen=True):
    """A separation probe that ended: `result` is what `probe run --json` printed, `embedding_model` what the log calls the model."""

    id: str
    name: str
    at: datetime
    embedding_model: str
    result: dict[str, Any]


class GoldenRun(Struct, frozen=True):
    """A golden run that ended: `result` is what `golden run --json` printed.

    `languages`: those it was for; empty: all of the set.
    """

    id: str
    name: str
    at: datetime
    languages: tuple[str, ...]
    result: dict[str, Any]


class OpenRun(Struct, frozen=True):
    """A golden run that sends its queries between `at` and `until`; `queries` are their texts, hashed with `key`."""

    id: str
    name: str
    at: datetime
    until: datetime
    key: str
    queries: tuple[str, ...]


class Fall(Struct, frozen=True):
    """A language that a golden set saw fall by itself, as it stands; `baseline` is the id of the run that it is measured against."""

    name: str
    baseline: str
    incident: Incident


RUNS: Final[Mapping[str, type[ProbeRun] | type[GoldenRun] | type[OpenRun]]] = {PROBE: ProbeRun, GOLDEN: GoldenRun, OPEN: OpenRun}


def entry_of(run: ProbeRun | GoldenRun | OpenRun) -> Entry:
    """Its row: written again, it is the same one."""
    kind = next(kind for kind, type_ in RUNS.items() if isinstance(run, type_))
    return Entry(kind, row_id(run.id), run.at, msgspec.to_builtins(run))


def wrong(entry: Entry, now: datetime) -> str:
    """What is wrong with a row that somebody sends; empty where it is one that these commands write."""
    if not now - LONG_AGO <= entry.at <= now + SOON:
        return "a time of the last year"
    try:
        same = checked(entry) if entry.kind == SCORES else entry_of(msgspec.convert(dict(entry.body), RUNS[entry.kind]))
    except (msgspec.ValidationError, ValueError, TypeError, KeyError):
        return f"a row of kind {entry.kind}"
    if (same.id, same.at) != (entry.id, entry.at):
        return "the id and time that its body says"
    return _wrong_opening(entry) if entry.kind == OPEN else ""


def _wrong_opening(entry: Entry) -> str:
    """Whose texts are nobody's, and for how long, is believed within bounds."""
    run = msgspec.convert(dict(entry.body), OpenRun)
    if not _KEY.fullmatch(run.key):
        return "a key of 32 hexadecimal digits"
    return "" if run.at <= run.until <= run.at + LONGEST else f"an end within {LONGEST.days} days"


def whole_milliseconds(at: datetime) -> datetime:
    """The time at the journal's precision: a row that is read again is the one that was written."""
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def probe_runs(journal: Journal, since: datetime | None = None) -> list[ProbeRun]:
    """Probes that ended, oldest first."""
    return [msgspec.convert(dict(entry.body), ProbeRun) for entry in journal.read(PROBE, since)]


def golden_runs(journal: Journal, since: datetime | None = None) -> list[GoldenRun]:
    """Golden runs that ended, oldest first."""
    return [msgspec.convert(dict(entry.body), GoldenRun) for entry in journal.read(GOLDEN, since)]


def open_runs(journal: Journal, since: datetime | None = None) -> list[OpenRun]:
    """Golden runs that were opened, oldest first."""
    return [msgspec.convert(dict(entry.body), OpenRun) for entry in journal.read(OPEN, since)]


def named(journal: Journal, name: str) -> GoldenRun:
    """The newest run of the whole set under this name; `name~1` is the one before it. Raises NotFound, Misconfigured."""
    base, _, back = name.partition("~")
    if back and not back.isdecimal():
        raise Misconfigured([Mistake(f"golden:{name}", "", "expected a number after ~, such as ~1 for the run before the newest")])
    known = [run for run in golden_runs(journal) if run.name == base and not run.languages]
    if len(known) <= int(back or 0):
        raise NotFound(
            [Mistake(f"golden:{name}", "", f"there are {len(known)} runs of this name: `babelwatch golden list` shows them")]
        )
    return known[-1 - int(back or 0)]


def addresses(runs: Sequence[GoldenRun]) -> list[str | None]:
    """What `named` finds each by, with `golden:` before it; None for one that was for some languages only. `runs`: all, oldest first."""
    newer = Counter[str]()
    found: list[str | None] = []
    for run in reversed(runs):
        back = newer[run.name]
        found.append(None if run.languages else f"golden:{run.name}" + (f"~{back}" if back else ""))
        newer[run.name] += not run.languages
    return found[::-1]


def asked_since(journal: Journal, at: datetime, until: datetime | None = None) -> set[str]:
    """The languages of which probes and golden runs say something since then, by `until` (None: ever)."""
    runs: list[ProbeRun | GoldenRun] = [*probe_runs(journal, at), *golden_runs(journal, at)]
    return languages_of(run for run in runs if until is None or run.at <= until)


def languages_of(runs: Iterable[ProbeRun | GoldenRun]) -> set[str]:
    """The languages of which these say something."""
    return {row["language"] for run in runs for row in run.result.get("languages", ())}
