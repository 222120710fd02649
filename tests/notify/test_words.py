"""The words of a message, and its title, which has the number first."""

from typing import get_args

import pytest

from agent.alerting import blind
from agent.alerting.incident import Cause, Confirmed, Incident, IncidentClass
from agent.alerting.rule import Measure
from agent.notify import words
from agent.notify.dedup import Reason
from tests.notify.examples import NOW, incident, of, refusing, resolved

SUBJECTS: dict[str, tuple[Incident, str]] = {
    **{
        f"a fall of {metric}": (incident(metric=metric), f"−7.4 points of {name} in Korean (ko) · help · prod")
        for metric, name in words.MEASURES.items()
    },
    "a fall of something else": (incident(metric="odd"), "−7.4 points of retrieval in Korean (ko) · help · prod"),
    "a fall without a figure": (incident(drop=None), "retrieval got worse in Korean (ko) · help · prod"),
    "a rise": (incident(drop=-0.049), "+4.9 points of hit rate in Korean (ko) · help · prod"),
    "everywhere": (incident(language="*"), "−7.4 points of hit rate in all languages · help · prod"),
    "far below the others": (
        incident(class_="level", metric="recall_at_k", drop=0.3),
        "−30.0 points of recall below the others in Korean (ko) · help · prod",
    ),
    "low": (
        incident(class_="level", metric="similarity_mean", drop=None, current=0.412),
        "0.41 as best score, retrieval is low in Korean (ko) · help · prod",
    ),
    "the first look": (incident(class_="level", language="*", current=0.4), "retrieval is low in several languages · help · prod"),
    "vanished": (
        incident(class_="volume", n=0, n_baseline=12_345, environment=""),
        "0 queries instead of 12,345 in Korean (ko) · help",
    ),
    "vanished without a figure": (incident(class_="volume"), "traffic vanished in Korean (ko) · help · prod"),
    "blind": (
        incident(class_="monitor", fingerprint=blind.FINGERPRINT, service="", environment=""),
        "babelwatch cannot see",
    ),
    "lost": (incident(class_="monitor", service="", environment=""), "records were lost before they were read"),
    "caught up": (incident(class_="monitor", severity="info", service="", environment=""), "found while catching up"),
    "a receiver": (refusing("chat"), "the receiver “chat” cannot be told"),
    "over": (resolved(), "hit rate in Korean (ko) · help · prod"),
    "traffic is back": (resolved(class_="volume", n=0, n_baseline=10), "traffic in Korean (ko) · help · prod"),
    "sees again": (
        resolved(class_="monitor", fingerprint=blind.FINGERPRINT, service="", environment=""),
        "babelwatch sees again",
    ),
    "a language without a name": (incident(language="q9"), "−7.4 points of hit rate in q9 · help · prod"),
    "a rule's label": (
        incident(class_="monitor", labels={"receiver": "chat"}, service="", environment=""),
        "records were lost before they were read",
    ),
}


@pytest.mark.parametrize(("one", "subject"), SUBJECTS.values(), ids=SUBJECTS)
def test_the_number_is_first(one: Incident, subject: str) -> None:
    """What fell, by how much, in whom and where."""
    assert words.subject([one], str) == subject


JA, DE = of("ja", drop=0.2), of("de", drop=0.1)
LEVELS = [of(name, class_="level", drop=None) for name in ("ko", "ja", "de", "fr", "it")]
ENDS = [resolved(), of("ja", state="resolved")]
SEVERAL: dict[str, tuple[list[Incident], str]] = {
    "falls": ([incident(), JA, DE], "3 languages: retrieval got worse, most in Japanese (ja), −20.0 points · help · prod"),
    "some over": (
        [JA, DE, resolved()],
        "2 languages: retrieval got worse, most in Japanese (ja), −20.0 points; 1 more is over · help · prod",
    ),
    "all but one over": ([JA, *ENDS[:1]], "−20.0 points of hit rate in Japanese (ja); 1 more is over · help · prod"),
    "two over": (
        [JA, DE, resolved(), of("fr", state="resolved")][1:],
        "−10.0 points of hit rate in German (de); 2 more are over · help · prod",
    ),
    "all over": (ENDS, "2 languages: Korean (ko), Japanese (ja) · help · prod"),
    "no figures": (LEVELS, "5 languages: retrieval is low: Korean (ko), Japanese (ja), German (de) and 2 more · help · prod"),
    "one language twice": (
        [incident(), incident(began_at=NOW)],
        "2 incidents: retrieval got worse, most in Korean (ko), −7.4 points · help · prod",
    ),
    "several services": (
        [JA, of("de", service="shop")],
        "2 languages: retrieval got worse, most in Japanese (ja), −20.0 points · prod",
    ),
    "several classes": ([JA, LEVELS[0]], "2 incidents, first −20.0 points of hit rate in Japanese (ja) · help · prod"),
    "the agent's own": ([refusing("chat"), JA], "2 incidents, first the receiver “chat” cannot be told"),
}


@pytest.mark.parametrize(("several", "subject"), SEVERAL.values(), ids=SEVERAL)
def test_several_are_named_by_what_they_share(several: list[Incident], subject: str) -> None:
    """How many, the worst, what is over; nothing is said of all that is true of one."""
    assert words.subject(several, str) == subject


LEADS: dict[str, tuple[Incident, Reason, str]] = {
    "a fire": (incident(), Reason.FIRST, "Warning"),
    "again": (incident(), Reason.REOPENED, "Warning"),
    "worse": (incident(severity="critical"), Reason.ESCALATED, "Now critical"),
    "a reminder": (incident(), Reason.REPEAT_DUE, "Still warning"),
    "confirmed": (incident(confirmed="yes"), Reason.WEIGHED, "Confirmed"),
    "not confirmed": (incident(confirmed="no"), Reason.WEIGHED, "Not confirmed"),
    "over": (resolved(), Reason.RESOLVED, "Resolved"),
    "over, for whoever heard nothing": (resolved(), Reason.FIRST, "Resolved"),
}


@pytest.mark.parametrize(("one", "reason", "lead"), LEADS.values(), ids=LEADS)
def test_the_first_word_says_how_loud(one: Incident, reason: Reason, lead: str) -> None:
    """Or what became of it."""
    assert words.lead(one, reason) == lead


@pytest.mark.parametrize("cause", get_args(Cause))
def test_every_cause_has_words_and_advice(cause: Cause) -> None:
    """A cause that nobody wrote advice for would break the message."""
    assert cause in words.CAUSES
    assert "{" not in words.advice(incident(cause=cause, index_version=None)) != ""
    assert words.advice(incident(cause=cause, advice="Ask Kim.")) == "Ask Kim."


def test_the_tables_of_words_are_complete() -> None:
    """Every class, signal and measure is called something."""
    assert set(words.TITLES) == set(get_args(IncidentClass))
    assert set(words.SIGNALS) == set(get_args(Confirmed))
    assert set(words.MEASURES) == set(get_args(Measure))


def test_a_blind_agent_is_told_what_to_do() -> None:
    """No advice on retrieval."""
    assert words.advice(incident(class_="monitor")) == words.ADVICE_BLIND


def test_every_name_passes_the_channels_escape() -> None:
    """Of one and of several, the language, the service and the environment."""
    for told in ([incident()], [JA, DE], ENDS, LEVELS):
        said = words.subject(told, lambda text: f"<{text}>")
        assert "<help> · <prod>" in said
        assert "<" in said.split(" · ")[0]
