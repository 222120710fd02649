"""Who is heard by an incident that stands."""

from typing import Any

import pytest
from msgspec.structs import replace

from agent.alerting.absence import Absence
from agent.alerting.finding import Finding, Subject
from agent.alerting.incident import Evidence, Incident
from agent.alerting.lifecycle import Observation, Standing
from agent.alerting.rule import VanishedRule
from agent.alerting.runs import Run, Speaker, Window, is_heard, largest, nearly_largest
from agent.alerting.statistics import Figures

FIGURES = Figures(50, 50, 0.1, 0.9, 0.8, 0.1, 8, (0.6, 1.0), 15)
FINDING: Finding = Absence(Subject("help", "prod", "lo", "level"), VanishedRule(name="low", where=()), 0, FIGURES)  # confirmed
BAD, CERTAIN, GOOD = Observation(FINDING), Observation(FINDING, in_a_row=3), Observation(recovered="better")


def standing(state: str, rule: str, *others: str, **fields: Any) -> Standing:
    """An incident that a rule leads, with others as evidence."""
    evidence = tuple(Evidence(name, "similarity_mean", 0.5) for name in (rule, *others))
    return Standing(replace(FINDING.incident(), state=state, rule=rule, evidence=evidence, **fields))


@pytest.mark.parametrize(
    ("before", "speaker", "seen", "heard"),
    [
        (None, Speaker("low"), BAD, True),
        (standing("pending", "low", embedding_model="m1"), Speaker("low", "m1"), GOOD, True),
        (standing("pending", "low", embedding_model="m1"), Speaker("low", "m2"), GOOD, False),
        (standing("pending", "low", embedding_model="m1"), Speaker("gap"), BAD, False),
        (standing("pending", "low", embedding_model="m1"), Speaker("gap"), CERTAIN, True),
        (standing("firing", "low"), Speaker("low", "m2"), GOOD, True),
        (standing("firing", "low"), Speaker("gap"), GOOD, False),
        (standing("firing", "low"), Speaker("gap"), BAD, False),
        (standing("firing", "low"), Speaker("gap"), CERTAIN, True),
        (standing("firing", "gap", "low"), Speaker("low"), CERTAIN, False),
        (standing("firing", "gap", "low"), Speaker("low"), GOOD, False),
    ],
)
def test_a_pending_incident_is_one_rules_and_a_firing_one_hears_who_leads(
    before: Standing | None,
    speaker: Speaker,
    seen: Observation,
    heard: bool,  # noqa: FBT001 - a table
) -> None:
    """Others join once, when they are certain."""
    assert is_heard(before, speaker, seen) is heard


class Unconfirmed(Absence, frozen=True):
    """The same by scores."""

    @property
    def confirmed(self) -> Any:
        """Scores confirm nothing."""
        return "unconfirmed"


def test_scores_do_not_take_the_lead_from_labels() -> None:
    """Unless labels confirm them."""
    incident: Incident = standing("firing", "gap").incident
    assert incident.confirmed == "yes"
    scores = Unconfirmed(Subject("help", "prod", "lo", "level"), VanishedRule(name="low", where=()), 0, FIGURES)
    assert not is_heard(Standing(incident), Speaker("low"), Observation(scores, in_a_row=3))
    assert is_heard(Standing(incident), Speaker("low"), CERTAIN)


def test_a_run_tells_of_its_last_three_windows_and_of_its_beginning() -> None:
    """Four windows of ten values."""
    run = Run()
    for first in (0, 15, 30, 45):
        run.add(Window(first=first, n=10, counts={first: 10}))
    assert (run.length, run.began) == (4, 0)
    assert run.together() == Window(first=15, n=30, counts={15: 10, 30: 10, 45: 10})


def test_the_largest_languages_are_languages() -> None:
    """By queries, then by name."""
    assert largest({"und": 99, "en": 5, "ko": 4, "ja": 4, "de": 4, "lo": 1}) == ("en", "de", "ja")


def test_the_nearly_largest_languages() -> None:
    """Those with half as many as the third, too; no language is none."""
    assert nearly_largest({"und": 99, "en": 9, "ko": 8, "de": 6, "lo": 3, "th": 2}) == ("de", "en", "ko", "lo")
    assert nearly_largest({"en": 9}) == ("en",)
    assert nearly_largest({}) == ()
