"""What the page of data quality reads: sums by service from the windows, and what the journal says of the monitor itself."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final

import msgspec

from agent.alerting.loss import Loss
from agent.notify.notification import DELIVERY, OUTBOX, Delivery, read
from agent.probing.due import CheckRun
from agent.report.pages import fields, tagging, telling
from agent.report.pages.quality import Counted, Read
from agent.report.pages.span import Span
from agent.runtime.checks import CHECK
from agent.runtime.remembered import AS_OF
from agent.store.base import Journal, Selection, Total, WindowReader
from agent.store.days import DAY

TOLD: Final = timedelta(days=14)
CHECKED: Final = timedelta(days=60)
LOST: Final = timedelta(days=35)
PAIRS: Final = ("service", "document_language")


def told(known: Read, journal: Journal) -> Read:
    """With what the journal says of the monitor itself."""
    evaluated = journal.read(AS_OF)
    posted = [telling.Posted(row.id, row.body["receiver"], row.at) for row in journal.read(OUTBOX, known.now - TOLD)]
    deliveries = [read(Delivery, row.body) for row in journal.read(DELIVERY, known.now - TOLD)]
    runs = [msgspec.convert(dict(row.body), CheckRun) for row in journal.read(CHECK, known.now - CHECKED)]
    return known._replace(
        evaluated_to=evaluated[-1].at if evaluated else None,
        lost=[msgspec.convert(dict(row.body), Loss) for row in journal.read("lost", known.now - LOST)],
        receivers=telling.receivers(known.in_force.receivers, posted, deliveries),
        checks=telling.checks(known.in_force.checks, runs),
    )


def counted(known: Read, windows: WindowReader, span: Span, where: Mapping[str, str]) -> Read:
    """With what the windows of a range say of the log."""
    selection = span.selection(where)
    totals = windows.totals("language", selection, fields.BY, fields.SUMS)
    documents = windows.totals("pair", selection, PAIRS, ("events",))
    shown = fields.services(totals)[: fields.SERVICES]
    lately = Selection(max(span.start, span.as_of - DAY), span.as_of)
    sessions = {name: windows.sessions(lately._replace(where={**where, "service": name})) for name in shown}
    return known._replace(
        span=span,
        counted=_counted(totals),
        tagging=[tagging.tagging(name, [one for one in totals if one.key.service == name]) for name in shown],
        fields=fields.fields(totals, documents, sessions),
    )


def _counted(totals: Sequence[Total]) -> Counted:
    sums = [one.measures for one in totals]
    return Counted(sum(one.events for one in sums), sum(one.late for one in sums), sum(one.synthetic for one in sums))
