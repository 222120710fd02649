"""Deployments noticed from the traffic."""

from agent.alerting.changes import Change, Versions
from agent.alerting.minutes import start_of
from tests.alerting.traffic import START, key


def test_a_version_that_was_not_there_before_is_a_deployment() -> None:
    """Told once, at its first minute; another model is a new model."""
    versions = Versions()
    assert versions.notice(START, [key(version="v1")]) == []
    assert versions.notice(START + 1, [key("ko", "v2"), key("de", "v2"), key(version="v1")]) == [
        Change("help", "prod", "kb", "m1", "v2", start_of(START + 1))
    ]
    assert versions.notice(START + 2, [key(version="v2"), key(version="v1")]) == []
    assert versions.notice(START + 3, [key(version="v2", model="m2")]) == [
        Change("help", "prod", "kb", "m2", "v2", start_of(START + 3), new_model=True)
    ]


def test_each_collection_has_versions_of_its_own() -> None:
    """The first traffic of a collection is no deployment, whatever others have."""
    versions = Versions()
    versions.notice(START, [key(version="v1")])
    assert versions.notice(START + 1, [key(version="v2", collection="other")]) == []


def test_versions_that_appear_together_with_the_first_traffic_are_none_before_the_other() -> None:
    """Whatever the order of the rows."""
    for order in (["v1", "v2"], ["v2", "v1"]):
        versions = Versions()
        assert versions.notice(START, [key(version=name) for name in order]) == []


def test_a_version_without_a_name_is_none() -> None:
    """Neither empty names nor the rest beyond the admitted ones tell one version from another."""
    versions = Versions()
    versions.notice(START, [key(version="v1")])
    assert versions.notice(START + 1, [key(version="", model=""), key(version="__other__")]) == []
    assert len(versions.notice(START + 2, [key(version="", model="m2")])) == 1
