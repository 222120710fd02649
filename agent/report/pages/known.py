"""What is known of an alert, in short lines: how loud and why, how much, how sure, since when, where, and who did what. Pure."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from agent.alerting.incident import Incident, is_news, is_own
from agent.notify import words
from agent.notify.page import LONGEST_SUMMARY, reach, since
from agent.notify.text import capital, one_line
from agent.report import explain
from agent.report.pages import alerts, shown
from agent.report.pages.alerts import lasts
from agent.report.pages.decision import fall, interval, value


class Fact(NamedTuple):
    """Something that is known of it: what it is, or the question that it answers, and in what words."""

    name: str
    told: str


def facts(incident: Incident, rests_on: str, now: datetime) -> Iterator[Fact]:
    """What is known of it, only what is there; `rests_on` is what its measure does."""
    told = {
        "State": _state(incident, now),
        "Severity": incident.severity if is_own(incident) else f"{incident.severity}: {explain.why_so_loud(incident)}",
        "Signal": _signal(incident),
        "Probable cause": capital(explain.cause(incident)) if not is_own(incident) else "",
        "Now and usual": _figures(incident),
        "Rests on": capital(rests_on),
        "Affected": capital(f"{reach(incident)} from its beginning until it fired") if reach(incident) else "",
        "Began": f"{since(incident)}{' (95 % interval)' if incident.began_between else ''}" if incident.began_at else "",
        "Fired": shown.when(incident.fired_at) if incident.fired_at else "",
        "Resolved": shown.when(incident.resolved_at) if incident.resolved_at and not is_news(incident) else "",
        "Place": " · ".join(one_line(name) for name in (incident.service, incident.environment, incident.collection) if name),
        "Version": " · ".join(one_line(name) for name in (incident.index_version, incident.embedding_model) if name),
        "People": capital(", ".join(alerts.people(incident))),
        "Note": one_line(incident.note, LONGEST_SUMMARY),
        "Muted because": one_line(incident.muted_by.reason, LONGEST_SUMMARY) if incident.muted_by else "",
        "Labels": ", ".join(f"{one_line(name)} {one_line(value)}" for name, value in incident.labels.items()),
        "Fingerprint": one_line(incident.fingerprint),
    }
    return (Fact(name, text) for name, text in told.items() if text)


def _state(incident: Incident, now: datetime) -> str:
    length = lasts(incident, now)
    if is_news(incident):
        return "news: nothing has to be done to end it"
    if length is None:
        return incident.state
    return f"{incident.state}, {'after' if incident.resolved_at else 'for'} {shown.lasting(length)}"


def _signal(incident: Incident) -> str:
    if incident.class_ not in words.JUDGES_QUALITY:
        return ""
    seen = dict.fromkeys(f"{one_line(words.measure(one.metric))} by {one_line(one.rule)}" for one in incident.evidence)
    return capital(words.SIGNALS[incident.confirmed]) + (f"; seen in {', '.join(seen)}" if seen else "")


def _figures(incident: Incident) -> str:
    """What it was when it fired beside what was usual, and how sure that is."""
    if incident.class_ == "volume" and incident.n is not None and incident.n_baseline is not None:
        return f"{incident.n:,} queries where at least {incident.n_baseline:,} were expected"
    metric, now, before, drop = incident.metric, incident.current, incident.baseline, incident.drop
    if now is None or before is None or drop is None:
        return ""
    against = f" compared with {incident.n_baseline:,}" if incident.n_baseline else ""
    high = "; a first estimate, which tends high" if incident.class_ == "change" else ""
    told = f" (95 % interval {interval(metric, incident.ci95)}{high})" if incident.ci95 else ""
    on = f", on {incident.n:,} queries{against}" if incident.n else ""
    other = "elsewhere" if incident.class_ == "level" else "usually"
    return f"{value(metric, now)} when it fired, {value(metric, before)} {other}: {fall(metric, drop)} less{told}{on}"
