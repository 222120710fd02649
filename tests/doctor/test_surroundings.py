"""What is said of rights, retention, the store and the receivers, from facts alone."""

from typing import Any

import pytest

from agent.doctor.checks import Status
from agent.doctor.surroundings import (
    Cluster,
    StoreFacts,
    TopicFacts,
    of_cluster,
    of_receivers,
    of_store,
)

READ, WRITE, NONE = frozenset(["READ", "DESCRIBE"]), frozenset(["WRITE", "DESCRIBE"]), frozenset[str]()
DAYS = {"retention.ms": str(7 * 86_400_000), "retention.bytes": "-1", "cleanup.policy": "delete"}
LOG = TopicFacts("logs", 3, READ, DAYS)
LETTERS = TopicFacts("letters", 1, WRITE, DAYS)
GOOD = Cluster(3, LOG, LETTERS, "letters", create=True, group="babelwatch", group_rights=READ)


def checks(cluster: Cluster, busiest: float | None = 100.0) -> dict[str, tuple[str, str]]:
    """Status and sentence by name."""
    return {check.name: (check.status.value, check.sentence) for check in of_cluster(cluster, busiest)}


def test_a_good_cluster_is_all_green() -> None:
    """Broker, topic, rights on topic, group and dead letters, retention."""
    found = checks(GOOD)
    assert {status for status, _ in found.values()} == {"ok"}
    assert list(found) == ["broker", "topic", "topic_rights", "group_rights", "dead_letter_rights", "retention"]


@pytest.mark.parametrize(
    ("changes", "name", "status", "says"),
    [
        ({"topic": LOG._replace(rights=NONE)}, "topic_rights", "failed", "Read on topic logs"),
        ({"topic": LOG._replace(rights=None)}, "topic_rights", "skipped", "does not say"),
        ({"group_rights": NONE}, "group_rights", "failed", "Read on group babelwatch"),
        ({"group_rights": None}, "group_rights", "skipped", "does not say"),
        ({"dead_letters": LETTERS._replace(rights=READ)}, "dead_letter_rights", "failed", "its partition stops"),
        ({"dead_letters": None}, "dead_letter_rights", "ok", "the agent makes it"),
        ({"dead_letters": None, "create": False}, "dead_letter_rights", "failed", "may not make it"),
        ({"dead_letters": None, "create": None}, "dead_letter_rights", "skipped", "does not say"),
    ],
)
def test_each_right_that_is_missing_is_named(changes: dict[str, Any], name: str, status: str, says: str) -> None:
    """With what the agent cannot do without it."""
    found = checks(GOOD._replace(**changes))
    assert found[name][0] == status
    assert says in found[name][1]


@pytest.mark.parametrize(
    ("settings", "busiest", "status", "says"),
    [
        ({}, 100.0, "ok", "an outage of the agent of 7 days loses nothing (retention.ms"),
        ({"retention.ms": str(6 * 3_600_000)}, 100.0, "warning", "6.0 hours"),
        (
            {"retention.bytes": str(3_600 * 1000)},
            1000.0,
            "warning",
            "1.0 hours loses nothing (retention.bytes 3,600,000 a partition",
        ),
        ({"retention.bytes": str(3_600 * 1000)}, None, "ok", "the sample does not tell at what rate"),
        ({"retention.ms": "-1"}, 100.0, "ok", "for ever"),
        ({"cleanup.policy": "compact"}, 100.0, "warning", "compacted"),
    ],
)
def test_retention_against_the_longest_outage(settings: dict[str, str], busiest: float | None, status: str, says: str) -> None:
    """The setting that ends first, at the rate of the sample; below a day it is a warning."""
    topic = LOG._replace(settings={**DAYS, **settings})
    found = checks(GOOD._replace(topic=topic), busiest)["retention"]
    assert found[0] == status
    assert says in found[1]


def test_a_topic_whose_settings_are_hidden() -> None:
    """The right that is missing is named; it is not needed to run."""
    assert checks(GOOD._replace(topic=LOG._replace(settings=None)))["retention"][0] == "skipped"


@pytest.mark.parametrize(
    ("facts", "status", "says"),
    [
        (StoreFacts("s", 7, 7), "ok", "schema 7, the newest"),
        (StoreFacts("s", 6, 7), "ok", "of 7: the agent applies the rest"),
        (StoreFacts("s", 8, 7), "failed", "install a newer one"),
        (StoreFacts("s", 0, 7), "warning", "babelwatch migrate"),
        (StoreFacts("s", None, 7), "ok", "the agent makes it"),
        (StoreFacts("s", None, 7, holder="41 at http://a"), "ok", "running agent 41"),
        (StoreFacts("s", None, 7, problem="s is away"), "failed", "s is away"),
    ],
)
def test_the_store(facts: StoreFacts, status: str, says: str) -> None:
    """Reached or not, and with which schema."""
    check = of_store(facts)
    assert (check.status.value, says in check.sentence) == (status, True)


def test_receivers_are_listed_and_not_asked() -> None:
    """Whether one answers is for `notify test`; none at all is a warning."""
    [chat] = of_receivers([("chat", "slack")])
    assert (chat.status, "notify test --receiver chat" in chat.sentence) == (Status.SKIPPED, True)
    assert [check.status for check in of_receivers([])] == [Status.WARNING]
