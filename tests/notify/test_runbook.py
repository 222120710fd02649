"""Where an incident leads in the runbook, and that there is such a place."""

import re
from pathlib import Path
from typing import Any, get_args

import pytest

from agent.alerting import blind, unchecked
from agent.alerting.incident import Cause, Incident, own_incident
from agent.alerting.load import KINDS
from agent.alerting.loss import Loss
from agent.alerting.loss import incident as lost
from agent.alerting.rule import LagRule
from agent.alerting.weighing import GOLDEN
from agent.notify.notification import Notification
from agent.notify.page import Places
from agent.notify.render import Renderer
from agent.notify.runbook import Section, linked, of_cause, section
from agent.runtime.caught_up import digest
from tests.notify.examples import KOREAN, NOW, incident, notification, refusing, rendered

RUNBOOK = Path(__file__).parents[2] / "docs" / "runbook.md"
HEADINGS = re.findall(r"^## (.+)$", RUNBOOK.read_text(encoding="utf-8"), re.MULTILINE)
PARTS = ("**It says:**", "**Is it real?**", "**First:**", "**Then", "**Close it:**")


EXAMPLES: dict[Section, Incident] = {
    "drop": KOREAN,
    "share": incident(rule="x", metric="has_results"),
    "golden": incident(rule=f"{GOLDEN}support", metric="recall_at_k"),
    "gap": incident(class_="level", rule="x", metric="recall_at_k"),
    "low": incident(class_="level", rule="x", metric="similarity_mean"),
    "first-look": incident(class_="level", rule=None, metric=None, language="*"),
    "vanished": incident(class_="volume", rule="x", metric=None),
    "lag": blind.incident(NOW, NOW, LagRule(name="x")),
    "check": unchecked.incident("golden", "support", NOW, "no answer"),
    "receiver": refusing("pager"),
    "lost": lost(Loss("t/0", "t", 0, 5, 9, NOW), NOW),
    "caught-up": digest([KOREAN], NOW),
}


@pytest.mark.parametrize("name", get_args(Section))
def test_each_incident_has_its_section(name: Section) -> None:
    """By what it is, whatever its rule is called."""
    assert section(EXAMPLES[name]) == name


def test_the_runbook_has_every_kind_and_cause_and_nothing_else() -> None:
    """In their order: the kinds of rules first, then what is told without one, then the causes."""
    assert [*get_args(Section), *map(of_cause, get_args(Cause))] == HEADINGS
    assert set(KINDS) <= set(HEADINGS)


@pytest.mark.parametrize("name", HEADINGS)
def test_a_section_says_all_that_is_asked_at_night(name: str) -> None:
    """What it says, whether it is real, what to do first and then, and how it ends: in that order."""
    text = RUNBOOK.read_text(encoding="utf-8").partition(f"\n## {name}\n")[2].partition("\n## ")[0]
    assert [text.count(part) for part in PARTS] == [1] * len(PARTS)
    assert [text.index(part) for part in PARTS] == sorted(text.index(part) for part in PARTS)


def told(note: Notification, **places: Any) -> dict[str, str]:
    """The links of its message."""
    return dict(rendered(note, Renderer(places=Places(**places))).links)


def test_a_message_leads_to_its_section() -> None:
    """Where the pages have an address; what the agent says of itself too."""
    bare = incident(links={})
    assert told(notification(bare), external_url="https://b.example/")["Runbook"] == "https://b.example/runbook#drop"
    assert told(notification(EXAMPLES["lag"]), external_url="https://b.example")["Runbook"] == "https://b.example/runbook#lag"
    assert "Runbook" not in told(notification(bare))


def test_a_rules_own_runbook_wins() -> None:
    """In the message, and in the incidents that programs are told of."""
    message = rendered(notification(KOREAN), Renderer(places=Places("https://b.example")))
    assert dict(message.links)["Runbook"] == "https://wiki.example/babelwatch"
    assert [one.links["runbook"] for one in (*message.incidents, *message.standing)] == ["https://wiki.example/babelwatch"] * 2


def test_an_incident_without_pages_stays_as_it_is() -> None:
    """Nothing is made up; with them only its links are more."""
    own = own_incident("m", "warning", NOW, "lost")
    assert linked(own, None) is own
    assert linked(own, "https://b.example/x/").links == {"runbook": "https://b.example/x/runbook#lost"}
