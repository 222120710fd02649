"""Languages that a golden set itself sees fall, from one whole run to the next: pure, incidents out.

Until such a fall is over, later runs are compared with the run from before it.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple

from msgspec.structs import replace

from agent.alerting.changes import Change
from agent.alerting.finding import Loudness, severity
from agent.alerting.incident import ALL, Evidence, Incident, fingerprint
from agent.alerting.summary import percent, points
from agent.alerting.weighing import GOLDEN
from agent.language.codes import display_name
from agent.probing.comparing.comparison import Row
from agent.probing.comparing.verdict import Verdict
from agent.probing.golden.weigh import METRIC
from agent.probing.kept import Fall, GoldenRun

MEASURE: Final = "recall_at_k"
CLASS: Final = "change"


class Compared(NamedTuple):
    """A run, the one that it was compared with, and what came out of that, language by language."""

    base: GoldenRun
    run: GoldenRun
    rows: Sequence[Row]


def begun(compared: Compared, known: Iterable[str], changes: Sequence[Change]) -> Iterator[Fall]:
    """What fails and is not `known` yet, a language each; `changes` are the deployments between the runs."""
    silent = set(known)
    for row in compared.rows:
        if row.verdict is Verdict.FAIL and not silent & {row.group.language, ALL}:
            yield Fall(compared.run.name, compared.base.id, _incident(compared, row, changes))


def over(fall: Fall, compared: Compared) -> Fall | None:
    """The fall, over, where a later run passes against the one from before it."""
    rows = (row for row in compared.rows if row.group.language == fall.incident.language)
    passed = next((row for row in rows if row.verdict is Verdict.PASS), None)
    if passed is None or passed.judged is None:
        return None
    found, at = passed.judged.estimate, compared.run.at
    summary = (
        f"{display_name(fall.incident.language)} {METRIC} is back on the golden set {fall.name}: {percent(found.candidate)}"
        f" ({found.n:,} queries) against {percent(found.baseline)} before it fell."
    )
    return replace(fall, incident=replace(fall.incident, state="resolved", resolved_at=at, summary=summary))


def gone(fall: Fall, now: datetime) -> Incident:
    """Its end where the set is not configured any more."""
    summary = f"The golden set {fall.name} is not configured any more; {display_name(fall.incident.language)} had fallen there."
    return replace(fall.incident, state="resolved", resolved_at=now, summary=summary)


def _incident(compared: Compared, row: Row, changes: Sequence[Change]) -> Incident:
    assert row.judged is not None, "what fails has figures"
    base, run, _ = compared
    found, language, rule = row.judged.estimate, row.group.language, f"{GOLDEN}{compared.run.name}"
    change = changes[-1] if changes else None
    why = Loudness("deployment" if change else "unknown", "yes", found.drop, 0.0)
    return Incident(
        fingerprint=fingerprint(rule, "", language, CLASS),
        class_=CLASS,
        state="firing",
        severity=severity(CLASS, why),
        cause=why.cause,
        confirmed="yes",
        language=language,
        service=rule,
        environment="",
        began_at=run.at,
        began_between=(base.at, run.at),
        pending_since=run.at,
        fired_at=run.at,
        rule=rule,
        metric=MEASURE,
        current=found.candidate,
        baseline=found.baseline,
        drop=found.drop,
        ci95=found.ci95,
        n=found.n,
        n_baseline=found.n,
        embedding_model=(change.embedding_model or None) if change else None,
        index_version=(change.index_version or None) if change else None,
        evidence=(Evidence(rule, METRIC, found.drop, n=found.n),),
        summary=_sentence(compared, row),
    )


def _sentence(compared: Compared, row: Row) -> str:
    assert row.judged is not None, "what fails has figures"
    found = row.judged.estimate
    return (
        f"{display_name(row.group.language)} {METRIC} fell {points(found.drop)} points (95 % CI {points(found.ci95[0])} to"
        f" {points(found.ci95[1])}) on the golden set {compared.run.name}: {percent(found.candidate)} now"
        f" ({found.n:,} queries) against {percent(found.baseline)} in its run of {_stamp(compared.base.at)}."
    )


def _stamp(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
