"""What incidents take out of baselines."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from agent.alerting.action import AUTOMATIC
from agent.alerting.episodes import FAR, Episode, Episodes, counts, episode_of
from agent.alerting.finding import Subject
from agent.alerting.incident import Incident
from agent.alerting.minutes import end_of, start_of
from tests.alerting.traffic import START
from tests.notify.examples import KOREAN

FELL = replace(KOREAN, began_at=start_of(START), fired_at=end_of(START + 90), resolved_at=None)
OVER = replace(FELL, state="resolved", resolved_at=end_of(START + 600))
KO = Subject(FELL.service, FELL.environment, "ko", "change")


@pytest.mark.parametrize(
    ("incident", "episode"),
    [
        (FELL, Episode(START, FAR)),
        (OVER, Episode(START, START + 601)),
        (replace(OVER, began_at=start_of(START + 80)), Episode(START + 31, START + 601)),
        (replace(OVER, began_at=None), Episode(START + 31, START + 601)),
        (replace(OVER, accepted_at=OVER.resolved_at), Episode(0, START)),
    ],
)
def test_the_time_from_when_it_fell_until_it_had_recovered(incident: Incident, episode: Episode) -> None:
    """Open; over; begun just before it fired, when an hour is taken; not known when; and accepted, when it is the time before."""
    assert episode_of(incident) == episode


@pytest.mark.parametrize(
    ("incident", "does"),
    [
        (OVER, True),
        (replace(OVER, confirmed="no"), False),
        (replace(OVER, verdict="false"), False),
        (replace(OVER, verdict="expected"), False),
        (replace(OVER, verdict="real"), True),
    ],
)
def test_what_was_none_takes_no_time_out(incident: Incident, *, does: bool) -> None:
    """Labels refuted it, or a person said so."""
    assert counts(incident) is does
    assert bool(Episodes([incident]).spans(KO)) is does


def test_an_incident_of_all_languages_is_one_of_each() -> None:
    """Of this service and environment; those of another language are not."""
    fleet, german = replace(OVER, language="*"), replace(OVER, language="de")
    episodes = Episodes([german, OVER, fleet, replace(fleet, environment="test")])
    assert episodes.known(KO) == [fleet, OVER]
    assert episodes.over(KO) == [START + 601, START + 601]


def test_the_same_incident_is_remembered_once() -> None:
    """As it is now; one that fires later is a new one."""
    episodes = Episodes([FELL])
    assert not episodes.remember(KO, OVER)
    assert episodes.known(KO) == [OVER]
    again = replace(FELL, fired_at=end_of(START + 900))
    assert episodes.remember(KO, again)
    assert episodes.newest(KO) == again


def test_what_a_person_accepted_moves_the_reference_and_what_time_accepted_does_not() -> None:
    """Both end the search for a fall after an earlier deployment."""
    at = end_of(START + 600)
    person, time = replace(OVER, accepted_at=at, handled_by="ann"), replace(OVER, accepted_at=at, handled_by=AUTOMATIC)
    assert [Episodes([one]).accepted(KO) for one in (person, time)] == [[person], []]
    for one in (person, time):
        assert Episodes([one]).is_accepted(KO, at)
        assert not Episodes([one]).is_accepted(KO, at + timedelta(minutes=1))
