"""The remedy that fits a language: decided by what is known of it, most telling first. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple

from agent.alerting.incident import Incident
from agent.alerting.triage.advice import ADVICE
from agent.notify import words
from agent.notify.text import capital
from agent.probing.kept import ProbeRun
from agent.report import separation_table
from agent.report.weekly.model import RestsOn

Why = Literal["incident", "probe", "level", "scores_alone", "low_resource"]
SCORES_ALONE = (
    "Only scores say so: label some of its queries, or give it a golden set, before you change anything (`babelwatch golden coverage`"
    " says which)."
)
UNCONNECTED: Final = ("broken", "weak")
"""What a probe says of a language that is not connected, the worst first."""
SURE: Sequence[RestsOn] = ("labels", "calibrated proxy")


class Remedy(NamedTuple):
    """What to do, and by what it was chosen."""

    text: str
    why: Why


def remedies(incidents: Iterable[Incident], probes: Iterable[ProbeRun]) -> Mapping[str, Remedy]:
    """What incidents and probes advise for each language: a fall that is open, else what a probe found, else a level that stands."""
    found: dict[str, Remedy] = {}
    open_ = [one for one in incidents if one.state == "firing"]
    for one in open_:
        if one.class_ == "change":
            found.setdefault(one.language, Remedy(words.advice(one), "incident"))
    for run in sorted(probes, key=lambda each: each.at, reverse=True):
        for row in _not_connected(run.result):
            found.setdefault(row["language"], Remedy(of_probe(run.result, row), "probe"))
    for one in open_:
        if one.class_ == "level":
            found.setdefault(one.language, Remedy(words.advice(one), "level"))
    return found


def of_probe(result: Mapping[str, Any], row: Mapping[str, Any]) -> str:
    """What a probe advises for one of its languages."""
    return capital(separation_table.advice(row, result["document_languages"]))


def _not_connected(result: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    return (row for row in result["languages"] if row["verdict"] in UNCONNECTED and not result["senseless"])


def remedy(language: str, rests_on: RestsOn, known: Mapping[str, Remedy]) -> Remedy:
    """The one that fits; what only scores say is looked at before anything is changed."""
    if language in known:
        return known[language]
    return Remedy(SCORES_ALONE, "scores_alone") if rests_on not in SURE else Remedy(ADVICE["low_resource"], "low_resource")
