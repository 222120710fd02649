"""What a reader sees: one function behind each command and its API, so that both give the same JSON.

`StoreViews` reads the store; `RemoteViews` asks the agent that holds it.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import Any, NamedTuple, Protocol
from zoneinfo import ZoneInfo

import msgspec

from agent.alerting import loss
from agent.alerting.action import is_open
from agent.alerting.incident import Incident
from agent.alerting.measures import Quality
from agent.clock import Clock
from agent.errors import Misconfigured, Mistake
from agent.notify.mute import Mute, State, state
from agent.probing import kept
from agent.report import golden_falls, mutes, tables, thresholds
from agent.report.actions import actions_since, joined
from agent.report.query import FILTERS, Query, parse
from agent.report.remote import Remote
from agent.store.base import MINUTE, Journal, WindowReader

Words = Mapping[str, str]
Rows = list[dict[str, Any]]
Report = dict[str, Any]
NO = ("", "0", "false")
PROBED = timedelta(days=8)  # a language that was asked so lately is watched by that
NEVER = datetime.min.replace(tzinfo=UTC)


class Views(Protocol):
    """Everything that can be read."""

    def languages(self, words: Words) -> Rows:
        """The per-language table; `words` are `from`, `to`, `by` and the filters as text."""

    def pairs(self, words: Words) -> Rows:
        """The same by query language and document language."""

    def alerts(self, words: Words) -> Rows:
        """Open incidents, or with `all` every one; newest first."""

    def changes(self, words: Words) -> Rows:
        """Deployments, and hit thresholds that were learned, oldest first."""

    def mutes(self, words: Words) -> Rows:
        """Mutes that count now or later, or with `all` also those that are over or removed; those of the file first."""

    def report(self, words: Words) -> Report:
        """The weekly report: `week` or `from` and `to`, the filters, and `format`; `week`, `title` and the rendering of that name.

        Raises NotFound where there are no queries.
        """


class Reports(NamedTuple):
    """How weekly reports are made: in whose time zone a week begins, and the address of the pages that they link (None: none)."""

    zone: ZoneInfo = ZoneInfo("UTC")
    base: str | None = None


class StoreViews:
    """Views of a store that this process has open."""

    def __init__(  # noqa: PLR0913 - what is read, and what of the settings it is read by
        self,
        windows: WindowReader,
        journal: Journal,
        quality: Callable[[], Quality],
        clock: Clock,
        mutes_of_file: mutes.OfFile = mutes.none,
        *,
        reports: Callable[[], Reports] = Reports,
    ) -> None:
        """`quality`, `mutes_of_file` and `reports` are asked each time: they may have been read anew."""
        self._reports = reports
        self._windows = windows
        self._journal = journal
        self._quality = quality
        self._clock = clock
        self._mutes_of_file = mutes_of_file

    def languages(self, words: Words) -> Rows:
        """The per-language table."""
        return self._table("language", parse(words, self._clock.now()))

    def pairs(self, words: Words) -> Rows:
        """The same by query language and document language."""
        return self._table("pair", parse(words, self._clock.now()))

    def _table(self, kind: str, query: Query) -> Rows:
        span = self._windows.span()
        if span is None:
            return []
        pairs = kind == "pair"
        grouped = tables.columns(pairs=pairs, by=query.by)
        shown = tuple(name for name in grouped if name not in tables.ALWAYS or name in query.by)
        selection = query.selection(span[1])
        totals = self._windows.totals(kind, selection, grouped)
        days = (min(selection.end, span[1] + MINUTE) - max(selection.start, span[0])) / timedelta(days=1)
        quality = thresholds.current(self._quality(), self._journal)
        seen = tables.Seen(days, kept.asked_since(self._journal, self._clock.now() - PROBED))
        return tables.rows(totals, shown, quality, matching(incidents(self._journal), query.where), seen)

    def alerts(self, words: Words) -> Rows:
        """Open incidents, or with `all` every one; newest first."""
        wanted = _filters(words, "all")
        everything = words.get("all", "") not in NO
        now = self._clock.now()
        known = mutes.silenced(all_incidents(self._journal, now), self._mutes(now), now)
        shown = sorted((incident for incident in known if everything or is_open(incident)), key=_told_at)
        built: Rows = [msgspec.to_builtins(incident) for incident in reversed(shown)]
        return [row for row in built if all(row.get(key) == value for key, value in wanted.items())]

    def changes(self, words: Words) -> Rows:
        """Deployments, and hit thresholds that were learned, oldest first."""
        wanted = _filters(words)
        entries = [*self._journal.read("change"), *map(thresholds.change_of, thresholds.frozen(self._journal))]
        bodies = [dict(entry.body) for entry in sorted(entries, key=attrgetter("at"))]
        return [row for row in bodies if all(row.get(key) == value for key, value in wanted.items())]

    def mutes(self, words: Words) -> Rows:
        """Mutes that count, or with `all` every one."""
        _known(words, "all")
        now, everything = self._clock.now(), words.get("all", "") not in NO
        return [mutes.row_of(mute, now) for mute in (self._every_mute() if everything else self._mutes(now))]

    def report(self, words: Words) -> Report:
        """The weekly report."""
        from agent.report.weekly.answer import answer, asked  # noqa: PLC0415 - templates and charts that other commands need not load

        settings, quality, now = self._reports(), self._quality(), self._clock.now()
        return answer(lambda meant: asked(self._windows, self._journal, quality, meant, now, settings.zone), words, settings.base)

    def _mutes(self, now: datetime) -> list[Mute]:
        return [mute for mute in self._every_mute() if state(mute, now) in {State.ACTIVE, State.WAITING}]

    def _every_mute(self) -> list[Mute]:
        return [*self._mutes_of_file(), *mutes.stored(self._journal)]


class RemoteViews:
    """Views of a store that a running agent holds, through its API."""

    def __init__(self, remote: Remote) -> None:
        self._remote = remote

    def languages(self, words: Words) -> Rows:
        """The per-language table."""
        return self._ask("/languages", words)

    def pairs(self, words: Words) -> Rows:
        """The same by query language and document language."""
        return self._ask("/pairs", words)

    def alerts(self, words: Words) -> Rows:
        """Open incidents, or with `all` every one."""
        return self._ask("/alerts", words)

    def changes(self, words: Words) -> Rows:
        """Deployments."""
        return self._ask("/changes", words)

    def mutes(self, words: Words) -> Rows:
        """Mutes."""
        return self._ask("/mutes", words)

    def report(self, words: Words) -> Report:
        """The weekly report."""
        told: Report = self._remote.get("/report", words)
        return told

    def _ask(self, path: str, words: Words) -> Rows:
        rows: Rows = self._remote.get(path, words)
        return rows


def _filters(words: Words, *others: str) -> Words:
    """The filters among the words; raises Misconfigured for what is neither one nor one of the others."""
    _known(words, *others, *FILTERS)
    return {key: words[key] for key in FILTERS if words.get(key)}


def _known(words: Words, *known: str) -> None:
    if unknown := sorted(words.keys() - set(known)):
        raise Misconfigured([Mistake("", key, f"unknown, expected one of {', '.join(known)}") for key in unknown])


def incidents(journal: Journal, until: datetime | None = None) -> list[Incident]:
    """Each incident as it stood at `until` (None: now) and with what people had done with it, oldest first, from the journal."""
    newest: dict[tuple[str, object], Incident] = {}
    for entry in journal.read("transition", until=until):
        incident = msgspec.convert(dict(entry.body), Incident)
        newest[incident.fingerprint, incident.pending_since] = incident
    return joined(newest.values(), actions_since(journal, until=until))


def all_incidents(journal: Journal, now: datetime, until: datetime | None = None) -> list[Incident]:
    """Those, and what no rule evaluates: records that were lost, and falls that golden sets saw by themselves."""
    others = [*_losses(journal, now, until), *golden_falls.incidents(journal, until)]
    return [*incidents(journal, until), *joined(others, actions_since(journal, until=until))]


def _losses(journal: Journal, now: datetime, until: datetime | None) -> list[Incident]:
    """What was removed from the log before it was read, oldest first."""
    return [loss.incident(msgspec.convert(dict(entry.body), loss.Loss), now) for entry in journal.read("lost", until=until)]


def _told_at(incident: Incident) -> datetime:
    return incident.fired_at or incident.pending_since or NEVER


def matching(known: Iterable[Incident], where: Mapping[str, str]) -> list[Incident]:
    """The incidents that the filters mean; what an incident does not name it is about."""
    return [incident for incident in known if all(getattr(incident, name) in (value, None) for name, value in where.items())]
