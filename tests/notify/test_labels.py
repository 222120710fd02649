"""Labels and annotations: an identity that stays, and nothing forged."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.alerting import blind
from agent.notify.labels import OURS, annotations_of, labels_of, title_of, web_address
from tests.notify.examples import incident


def test_the_labels_are_those_of_the_contract() -> None:
    """Ours, and the rule's own."""
    assert labels_of(incident(labels={"team": "search"})) == {
        "alertname": "BabelwatchChange",
        "service": "help",
        "environment": "prod",
        "language": "ko",
        "class": "change",
        "severity": "warning",
        "team": "search",
    }


@pytest.mark.parametrize("name", OURS)
def test_a_rule_overrides_none_of_ours(name: str) -> None:
    """Not even one that is empty, nor under a name that becomes ours."""
    bare = incident(environment="", service="")
    assert labels_of(bare) == labels_of(incident(environment="", service="", labels={name: "forged", f"_{name}": "forged"}))


def test_what_changes_while_it_fires_is_no_label() -> None:
    """Stronger evidence, other figures and another cause leave the alert the same."""
    later = incident(drop=0.2, z=9.0, cause="fleet", confirmed="yes", rule="gap", metric="recall_at_k", index_version="v43")
    assert labels_of(later) == labels_of(incident())


def test_annotations_say_what_and_where_to_read_on() -> None:
    """A title, the summary, the fingerprint, and what the rule says."""
    found = annotations_of(incident(annotations={"owner": "Ann", "summary": "forged"}))
    assert found["summary"] == "−7.4 points of hit rate in Korean (ko)"
    assert found["description"].startswith("Korean hit rate fell")
    assert (found["runbook"], found["owner"], found["fingerprint"]) == ("https://wiki.example/babelwatch", "Ann", "9f2c41d0")


def test_a_blind_monitor_has_no_language_in_its_title() -> None:
    """It is about none."""
    assert title_of(incident(class_="monitor", language="*", fingerprint=blind.FINGERPRINT)) == "Babelwatch cannot see"


@pytest.mark.parametrize("text", ["javascript:alert(1)", "ftp://x", "https://", "https://a b", 'https://a"b', "http://<x>", ""])
def test_what_is_no_web_address(text: str) -> None:
    """A receiver would refuse the whole alert, or make a link of it."""
    assert web_address(text) == ""


ANYTHING = st.text(st.characters(codec=None), max_size=400)


@given(service=ANYTHING, language=ANYTHING, labels=st.dictionaries(ANYTHING, ANYTHING, max_size=5))
def test_any_label_is_one_that_every_alertmanager_takes(service: str, language: str, labels: dict[str, str]) -> None:
    """Plain names, values that are not empty, on one line, in valid UTF-8; ours are ours."""
    found = labels_of(incident(service=service, language=language, labels=labels))
    assert all(re.fullmatch(r"[a-zA-Z_][a-zA-Z0-9_]*", name) and not name.startswith("__") for name in found)
    assert all(value and len(value) <= 256 and "\n" not in value and value.encode("utf-8") for value in found.values())
    assert (found["alertname"], found["severity"]) == ("BabelwatchChange", "warning")
