"""Which checks are due, by the reason."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from agent.alerting.changes import Change
from agent.alerting.incident import ALL, Incident
from agent.alerting.summary import RARE
from agent.probing.due import Check, Planned, Seen, Why, about, due, is_score_only
from tests.notify.examples import NOW, incident

PLANNED = Planned(("own",), {"support": "help", "shop": ""})
INDEX = Change("help", "prod", "kb", "mini", "v43", at=NOW, new_model=False)
MODEL = replace(INDEX, embedding_model="maxi", index_version="v44", new_model=True)


def test_nothing_seen_makes_nothing_due() -> None:
    """A quiet minute."""
    assert list(due(PLANNED, Seen())) == []
    assert list(due(Planned(), Seen((MODEL,), ("lo",), (incident(),)))) == []


def test_a_deployment_makes_golden_sets_due_and_a_new_model_probes_too() -> None:
    """What a text means to the model does not change with the index."""
    of_index, of_model = (list(due(PLANNED, Seen((change,)))) for change in (INDEX, MODEL))
    assert [(check.kind, check.name, check.language) for check in of_index] == [("golden", "support", ""), ("golden", "shop", "")]
    assert [(check.kind, check.name) for check in of_model][-1] == ("probe", "own")
    assert {check.why for check in (*of_index, *of_model)} == {Why.DEPLOYMENT}
    assert not {check.id for check in of_index} & {check.id for check in of_model}


def test_an_announced_deployment_is_the_one_that_is_seen() -> None:
    """The announcement names no model and comes an hour before."""
    announced = replace(INDEX, embedding_model="", at=NOW - timedelta(hours=1))
    first, again = ([check.id for check in due(PLANNED, Seen((change,)))] for change in (announced, INDEX))
    assert first == again


def test_a_set_of_another_service_has_nothing_to_say() -> None:
    """Neither of its deployments nor of its alerts."""
    seen = Seen((replace(INDEX, service="wiki"),), (), (incident(service="wiki"),))
    assert [(check.name, check.why) for check in due(PLANNED, seen)] == [("shop", Why.SCORE_ONLY), ("shop", Why.DEPLOYMENT)]


def test_a_new_language_is_checked_alone() -> None:
    """Probe and golden sets, that language only."""
    found = list(due(PLANNED, Seen(new_languages=("lo",))))
    assert {(check.kind, check.language, check.why) for check in found} == {
        ("golden", "lo", Why.NEW_LANGUAGE),
        ("probe", "lo", Why.NEW_LANGUAGE),
    }


def test_a_score_signal_asks_the_golden_sets_of_its_language() -> None:
    """Once an incident: the same one has the same id in every minute, a later one another."""
    (check, _), (again, _) = (list(due(PLANNED, Seen(incidents=(one,)))) for one in (incident(), incident(severity="critical")))
    assert check == Check("golden", "support", Why.SCORE_ONLY, about(incident()), "ko")
    assert check.id == again.id
    later, _ = due(PLANNED, Seen(incidents=(incident(began_at=NOW + timedelta(days=1)),)))
    assert later.id != check.id


@pytest.mark.parametrize("language", [ALL, RARE])
def test_an_incident_of_several_languages_asks_all(language: str) -> None:
    """There is no single one to ask."""
    assert [check.language for check in due(PLANNED, Seen(incidents=(incident(language=language),)))] == ["", ""]


def test_what_people_wait_for_comes_first() -> None:
    """An incident before a deployment, which may take an hour."""
    found = [check.why for check in due(PLANNED, Seen((INDEX,), ("lo",), (incident(),)))]
    assert found == sorted(found, key=[Why.SCORE_ONLY, Why.NEW_LANGUAGE, Why.DEPLOYMENT].index)


@pytest.mark.parametrize(
    ("one", "is_one"),
    [
        (incident(), True),
        (incident(class_="level"), True),
        (incident(confirmed="yes"), False),
        (incident(confirmed="no"), False),
        (incident(state="pending"), False),
        (incident(state="resolved"), False),
        (incident(class_="volume"), False),
        (incident(class_="monitor"), False),
    ],
)
def test_which_incident_is_a_score_signal(one: Incident, is_one: bool) -> None:  # noqa: FBT001 - a row of the table above
    """It fires, it is about quality, and nothing else has spoken."""
    assert is_score_only(one) is is_one
