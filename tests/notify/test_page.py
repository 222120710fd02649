"""What a template is given."""

import shlex
from datetime import timedelta

import pytest

from agent.alerting.incident import Evidence, Incident
from agent.notify.dedup import Reason
from agent.notify.page import LONGEST_COMMAND, MOST_INCIDENTS, Page, Places, mute_line, page, safe_change, safe_view
from tests.notify.examples import CHANGE, KOREAN, NOW, incident, monitor, notification, of, resolved

PLACES = Places("https://babelwatch.example/", "https://traces.example/{trace_id}/view")
TRACE = "0123456789abcdef0123456789abcdef"


def paged(*incidents: Incident, places: Places = Places(), reason: Reason = Reason.FIRST) -> Page:  # noqa: B008 - immutable
    """The page of a notification of these."""
    return page(notification(*incidents, reason=reason), incidents, places, str)


def test_no_string_reaches_a_template_unescaped() -> None:
    """Every value of the view went through the channel's escape, nested ones included; the names of its fields did not."""
    view = safe_view(incident(evidence=(Evidence("drop", "hit_rate", 0.1),), labels={"team": "kim"}), str.upper)
    assert (view["service"], view["evidence"][0]["rule"], view["exemplars"]) == ("HELP", "DROP", ["EVT-1", "EVT-2"])
    assert (view["summary"], view["language_name"], view["labels"]) == (KOREAN.summary.upper(), "KOREAN (KO)", {"team": "KIM"})
    assert "links" not in view
    assert view["began_at"] == KOREAN.began_at
    assert safe_change(CHANGE, str.upper)["collection"] == "KB"


def test_one_incident_has_all_its_facts() -> None:
    """Each under its label, and only those that are there."""
    assert dict(paged(incident(users=1, queries=40)).fields) == {
        "Severity": "warning",
        "Signal": "score signal, unconfirmed",
        "Since": "2026-11-16 08:14 UTC",
        "Reach": "about 1 user",
        "Probable cause": "a deployment",
        "Language": "Korean (ko)",
        "Service": "help",
        "Environment": "prod",
        "Index version": "v42",
        "Embedding model": "all-MiniLM-L6-v2",
    }
    assert dict(paged(incident(queries=1)).fields)["Reach"] == "about 1 query"
    assert set(dict(paged(monitor(cause="unknown", service="", environment="", began_at=None)).fields)) == {
        "Severity",
        "Index version",
        "Embedding model",
    }


def test_several_have_the_facts_that_they_share() -> None:
    """Since the first of them began; what differs is not said of all, and nothing is resolved while one fires."""
    first = of("ja", began_at=NOW - timedelta(hours=2), index_version="v43", service="shop", cause="ingest")
    facts = dict(paged(KOREAN, first).fields)
    assert facts == {
        "Severity": "warning",
        "Since": "2026-11-16 06:30 UTC",
        "Environment": "prod",
        "Embedding model": "all-MiniLM-L6-v2",
    }
    assert "Resolved" not in dict(paged(KOREAN, of("ja", state="resolved", resolved_at=NOW)).fields)


def test_the_end_of_several_is_that_of_the_last() -> None:
    """All of them are over since then."""
    later = of("ja", state="resolved", resolved_at=NOW + timedelta(hours=1))
    assert dict(paged(resolved(), later).fields)["Resolved"] == "2026-11-16 09:30 UTC (after 76 min)"


def test_since_has_its_interval_where_that_is_wide() -> None:
    """By the minute, with the day where that differs."""
    assert KOREAN.began_at is not None
    low, high = KOREAN.began_at - timedelta(minutes=10), KOREAN.began_at + timedelta(minutes=5)
    assert dict(paged(incident(began_between=(low, high))).fields)["Since"] == "2026-11-16 08:14 UTC (08:04 to 08:19)"
    low -= timedelta(days=1)
    assert dict(paged(incident(began_between=(low, high))).fields)["Since"] == "2026-11-16 08:14 UTC (11-15 08:04 to 11-16 08:19)"
    assert dict(paged(incident(began_between=(high, high))).fields)["Since"] == "2026-11-16 08:14 UTC"


def test_links_lead_on() -> None:
    """To its page, its language's, the rule's runbook, and the traces of its examples."""
    told = paged(incident(exemplars=("evt-1", TRACE)), places=PLACES)
    assert dict(told.links) == {
        "Alert": "https://babelwatch.example/alerts/9f2c41d0",
        "Language": "https://babelwatch.example/languages/ko",
        "Runbook": "https://wiki.example/babelwatch",
        "Trace 01234567": f"https://traces.example/{TRACE}/view",
    }
    assert dict(paged(KOREAN).links) == {"Runbook": "https://wiki.example/babelwatch"}


def test_several_lead_to_the_list() -> None:
    """And what is of all languages to no language."""
    assert dict(paged(KOREAN, of("ja"), places=PLACES).links)["Alert"] == "https://babelwatch.example/alerts"
    assert "Language" not in dict(paged(incident(language="*"), places=PLACES).links)


def test_links_that_are_not_http_are_left_out() -> None:
    """No scripts, no half URLs; a language cannot leave its place."""
    links = {"a": "javascript:alert(1)", "b": "https://x.example/" + "y" * 3000, "c": "http://x.example/é b"}
    assert paged(incident(links=links)).links == (("C", "http://x.example/%C3%A9%20b"),)
    odd = paged(incident(language="../x?y#z", links={}), places=PLACES)
    assert dict(odd.links)["Language"] == "https://babelwatch.example/languages/..%2Fx%3Fy%23z"


def test_many_incidents_are_counted() -> None:
    """Twenty are shown, the rest is a number; what fires is counted in the whole thread."""
    several = [of(f"l{number}") for number in range(200)]
    told = page(notification(*several), [*several, resolved()], Places(), str)
    assert (len(told.incidents), told.more, told.firing, told.over) == (MOST_INCIDENTS, 180, 200, 1)


SHELL = ["$(reboot)", "`reboot`", "'; reboot; '", '"; reboot; "', "a\\b", "-x", "!!", "a b", "$HOME", "*", "검색", "|&;<>"]


@pytest.mark.parametrize("name", SHELL)
def test_the_mute_line_is_safe_to_paste(name: str) -> None:
    """Whatever a log calls things, a shell reads it as the names that they are."""
    line = mute_line([incident(service=name, environment=name, language=name)])
    assert line.isprintable()
    assert shlex.split(line) == [
        *("babelwatch", "mute", "add", "--service", name, "--environment", name, "--class", "change"),
        *("--language", name),
        *("--for", "4h", "--reason", "…"),
    ]


def test_the_mute_line_has_one_line() -> None:
    """A newline in a name ends no command."""
    assert shlex.split(mute_line([incident(service="a\nreboot\r\u2028x\x1b[A")]))[4] == "a reboot x[A"


def test_the_mute_line_is_about_just_these() -> None:
    """Each language; those of a service, where there are too many; nothing where one command would silence others."""
    assert mute_line([KOREAN, of("ja")]).count("--language") == 2
    assert "--language" not in mute_line([of(f"l{number}") for number in range(200)])
    assert mute_line([KOREAN, of("ja", service="shop")]) == ""
    assert mute_line([KOREAN, incident(class_="level")]) == ""
    assert mute_line([monitor()]) == ""


def test_the_mute_line_is_never_half_a_command() -> None:
    """What is too long is left out."""
    assert mute_line([incident(service="x" * 10_000)]) == ""
    assert 0 < len(mute_line([incident(language="x" * 400)])) <= LONGEST_COMMAND


def test_evidence_and_examples_are_bounded() -> None:
    """Ten and five."""
    view = safe_view(incident(evidence=(Evidence("r", "m", 0.1),) * 99, exemplars=("e",) * 99), str)
    assert (len(view["evidence"]), len(view["exemplars"])) == (10, 5)
