"""Whether the monitor is healthy and its figures can be trusted: the page of data quality. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from agent.alerting import unchecked
from agent.alerting.load import KINDS
from agent.alerting.loss import Loss
from agent.alerting.rule import NO_LANGUAGE, REAL_LANGUAGES, LagRule, Rule
from agent.decode.dead_letter import Reason
from agent.notify.text import capital
from agent.probing.due import Planned
from agent.report.pages.fields import Fields, Line
from agent.report.pages.shown import language
from agent.report.pages.span import Span
from agent.report.pages.status import Status
from agent.report.pages.tagging import Tagging, limits
from agent.report.pages.telling import CheckState, Receiver
from agent.report.tables import Row
from agent.runtime.own import Seen

FAR_BEHIND: Final = timedelta(minutes=15)
"""Evaluation follows the log within two or three minutes; what is older than this is behind."""
FEW: Final = 20
"""A language with fewer queries in the range may be nothing but mistakes of tagging."""
NAMED: Final = 5
"""As many languages are named in a sentence."""
WHY: Final[Mapping[Reason, str]] = {
    Reason.EMPTY: "no bytes",
    Reason.NOT_UTF8: "not UTF-8",
    Reason.NOT_JSON: "not JSON",
    Reason.NOT_OTLP: "no spans, as `source.format` says they are",
    Reason.TOO_DEEP: "nested too deeply",
    Reason.NOT_AN_OBJECT: "JSON, but no object",
    Reason.MAPPING_FAILED: "source.mapping does not fit",
    Reason.MISSING_FIELD: "a required field is missing",
    Reason.WRONG_TYPE: "a field has another type",
    Reason.UNKNOWN_VALUE: "a value that is none of the allowed ones",
    Reason.OUT_OF_RANGE: "a number too large or small, a text too long",
    Reason.BAD_EVENT_ID: "no usable event_id",
    Reason.BAD_TIMESTAMP: "no usable timestamp",
    Reason.TOO_OLD: "a timestamp before 2000",
    Reason.IN_FUTURE: "a timestamp in the future",
}
"""Why messages are rejected."""
LOOKS_FOR: Final[Mapping[str, str]] = {
    "drop": "a language that got worse",
    "gap": "a language far below the reference languages, by labels",
    "low": "a language whose scores look like those of unrelated text",
    "vanished": "a language whose traffic is gone",
    "share": "a share that rose, such as of undetermined queries",
    "lag": "the monitor itself: that it is blind",
}
"""What the kinds of rules look for."""


class InForce(NamedTuple):
    """What the configuration says: rules, receivers, active checks, and where dead letters are kept."""

    rules: Sequence[Rule] = ()
    receivers: Sequence[str] = ()
    checks: Planned = Planned()
    dead_letters: str = ""


class Counted(NamedTuple):
    """Sums of the store in the range: events, and of them late ones; synthetic ones are in no other count."""

    events: int = 0
    late: int = 0
    synthetic: int = 0


class Read(NamedTuple):
    """What was read for the page. `missing` is what the agent waits for, `evaluated_to`: up to when alerts are decided; `seen`: what this process knows, if it runs the loop."""

    status: Status
    now: datetime
    span: Span | None = None
    evaluated_to: datetime | None = None
    counted: Counted = Counted()
    lost: Sequence[Loss] = ()
    tagging: Sequence[Tagging] = ()
    fields: Fields = Fields((), ())
    languages: Sequence[Row] = ()
    receivers: Sequence[Receiver] = ()
    checks: Sequence[CheckState] = ()
    in_force: InForce = InForce()
    seen: Seen | None = None
    missing: Mapping[str, str] = {}


class RuleLine(NamedTuple):
    """A rule as the page shows it: its kind, what that looks for, and where; empty where it is about every known language."""

    name: str
    kind: str
    looks_for: str
    where: str


class QualityPage(NamedTuple):
    """`troubles`: what is wrong with the monitor; `limits`: what it cannot tell; each a sentence.

    `unwatched`: languages that nothing watches, by volume, `hardly_there`: how many more there are with a few queries each.
    """

    read: Read
    troubles: Sequence[str]
    limits: Sequence[str]
    unwatched: Sequence[Row]
    hardly_there: int
    rules: Sequence[RuleLine]

    @property
    def lag(self) -> int:
        """Records that are not in the store yet."""
        return sum(self.read.seen.lags.values()) if self.read.seen else 0


def page(read: Read) -> QualityPage:
    """The verdict, and what it rests on."""
    unwatched = [row for row in read.languages if row["watched_by"] == "nothing" and row["language"] not in NO_LANGUAGE]
    there = [row for row in unwatched if row["events"] >= FEW]
    rules = [_rule(one) for one in read.in_force.rules]
    return QualityPage(read, _troubles(read), _limits(read, there), there, len(unwatched) - len(there), rules)


def _troubles(read: Read) -> list[str]:
    """What is wrong now, the monitor itself first; what an incident of its own says already is not said twice."""
    known = " ".join(read.status.troubles)
    receivers = ((f"receiver “{one.name}”", one.error or "it gave no reason") for one in read.receivers if _fails(one))
    checks = ((unchecked.words(one.kind, one.name), one.run.said) for one in read.checks if one.run and _failed(one))
    others = [f"the {name} fails{': ' if why else ''}{why}" for name, why in (*receivers, *checks) if name not in known]
    return [_sentence(text) for text in (*read.status.troubles, *_behind(read), *others)]


def _fails(one: Receiver) -> bool:
    return one.configured and one.state == "fails"


def _failed(one: CheckState) -> bool:
    return one.planned and one.outcome == "failed"


def _behind(read: Read) -> list[str]:
    """Where windows are stored and nobody decides anything by them."""
    as_of, evaluated = read.status.as_of, read.evaluated_to
    if as_of is None or (evaluated is not None and as_of - evaluated < FAR_BEHIND):
        return []
    return [
        "nothing has been evaluated yet" if evaluated is None else f"alerts are decided up to {evaluated:%Y-%m-%d %H:%M} UTC only"
    ]


def _limits(read: Read, unwatched: Sequence[Row]) -> list[str]:
    """What the data does not allow to say."""
    found = [limit for one in read.tagging for limit in limits(one)]
    found += [_blind(service) for service in _unjudged(read.fields)]
    if unwatched:
        names = ", ".join(language(row["language"]) for row in unwatched[:NAMED])
        more = f" and {len(unwatched) - NAMED} more" if len(unwatched) > NAMED else ""
        found.append(f"Nothing watches {names}{more}: too few queries to see a fall, and no active check asks them.")
    if read.in_force.rules and not any(isinstance(one, LagRule) for one in read.in_force.rules):
        found.append("No rule of the kind `lag` is in force: nobody is told when the monitor itself stops.")
    if read.lost:
        found.append("Records were removed from the log before they were read: the counts of that time are too low (below).")
    return found


def _blind(service: str) -> str:
    name = service or "without a name"
    return f"Service {name} logs neither scores nor labels: its quality cannot be judged, only its volume and its empty answers."


def _unjudged(fields: Fields) -> list[str]:
    lines: dict[str, Line] = {line.field.field: line for line in fields.lines}
    pairs = zip(fields.services, *(lines[name].shares for name in ("results[].score", "relevant") if name in lines), strict=True)
    return [str(service) for service, *shares in pairs if not any(shares)]


def _rule(rule: Rule) -> RuleLine:
    kind = next(name for name, kind in KINDS.items() if kind.make is type(rule))
    parts = [
        f"{one.field} {'not ' if one.negated else ''}{', '.join(one.values)}" for one in rule.where if one not in REAL_LANGUAGES
    ]
    return RuleLine(rule.name, kind, LOOKS_FOR[kind], "; ".join(parts))


def _sentence(text: str) -> str:
    """With a capital and a full stop."""
    whole = text.strip()
    return capital(whole) + ("" if whole.endswith((".", "!", "?")) else ".")
