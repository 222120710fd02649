"""Whether the monitor is healthy and can be trusted: the verdict, and each part that it rests on."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any, get_args

import pytest

from agent.alerting import unchecked
from agent.alerting.load import KINDS
from agent.alerting.loss import Loss
from agent.alerting.rule import Condition, DropRule, LagRule
from agent.decode.dead_letter import Reason
from agent.notify.dedup import Reason as Why
from agent.notify.notification import Delivery
from agent.probing.due import CheckRun, Planned
from agent.probing.due import Why as Because
from agent.records import TagReason
from agent.report.pages import fields, tagging
from agent.report.pages.fields import FIELDS
from agent.report.pages.quality import LOOKS_FOR, WHY, InForce, QualityPage, Read, page
from agent.report.pages.status import Status, status
from agent.report.pages.telling import Posted, checks, receivers
from agent.runtime.own import Seen
from agent.runtime.tally import Tally
from agent.store.base import Total
from tests.runtime.rig import NOW
from tests.store.builders import window

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
RULES = (DropRule(name="drop"), LagRule(name="lag"))


def verdict(**known: Any) -> QualityPage:
    """The page of a monitor that is well, but for what is given."""
    own = status(NOW - 2 * MINUTE, {}, (), NOW, known.get("seen"))
    usual: dict[str, Any] = {"status": own, "now": NOW, "evaluated_to": NOW - 3 * MINUTE, "in_force": InForce(RULES)}
    return page(Read(**{**usual, **known}))


def seen(tally: Tally, **more: Any) -> Seen:
    """What a process knows that began an hour ago."""
    return Seen(NOW - HOUR, tally, {}, NOW - HOUR, **more)


def total(**given: Any) -> Total:
    """Sums of a service and language."""
    made = window(**given)
    return Total(made.key, made.measures)


def test_a_monitor_that_is_well_has_no_trouble_and_no_limit() -> None:
    """Nothing is said where nothing is wrong."""
    assert verdict(seen=seen(Tally(messages=1000, accepted=1000))).troubles == []
    assert verdict().limits == []


@pytest.mark.parametrize(
    ("known", "sentence"),
    [
        ({"status": status(NOW - 3 * HOUR, {}, (), NOW), "evaluated_to": NOW - 3 * HOUR}, "The newest query is 2 h old."),
        ({"evaluated_to": None}, "Nothing has been evaluated yet."),
        ({"evaluated_to": NOW - 20 * MINUTE}, "Alerts are decided up to 2026-11-16 08:10 UTC only."),
        (
            {"seen": seen(Tally(messages=100, accepted=97, reasons=Counter(bad_timestamp=2, not_json=1)))},
            "3.0 % of the messages are rejected, most of them for bad_timestamp.",
        ),
        (
            {"seen": seen(Tally(), wrong="rules.yaml: drop: expected a number")},
            "The configuration was changed into a wrong one, and the one before stays in force: rules.yaml: drop: expected a number.",
        ),
        (
            {"receivers": receivers(["chat"], [], [Delivery(id="1", receiver="chat", outcome="failed", reason=Why.FIRST, at=NOW)])},
            "The receiver “chat” fails: it gave no reason.",
        ),
        (
            {
                "checks": checks(
                    Planned(golden={"faq": ""}), [CheckRun("1", "golden", "faq", Because.SCHEDULE, "", "", "failed", NOW)]
                )
            },
            "The golden set “faq” fails.",
        ),
    ],
    ids=["old", "nothing", "behind", "rejected", "wrong", "receiver", "check"],
)
def test_what_is_wrong_is_one_sentence(known: dict[str, Any], sentence: str) -> None:
    """Each trouble by itself."""
    assert verdict(**known).troubles == [sentence]


def test_what_an_incident_of_its_own_says_is_not_said_twice() -> None:
    """A check that failed is among the open alerts as well."""
    own = unchecked.incident("golden", "faq", NOW, "no answer")
    failed = checks(Planned(golden={"faq": ""}), [run("1", "failed", NOW)])
    (trouble,) = verdict(status=status(NOW - 2 * MINUTE, {}, [own], NOW), checks=failed).troubles
    assert trouble == own.summary


def test_few_rejected_messages_are_no_trouble() -> None:
    """A handful in a thousand is what logs are like; the table still counts them."""
    assert verdict(seen=seen(Tally(messages=1000, reasons=Counter(not_json=9)))).troubles == []


def test_an_empty_store_is_not_behind() -> None:
    """Where nothing was read there is nothing to evaluate."""
    assert verdict(status=Status(None, None, (), 0), evaluated_to=None).troubles == []


def test_languages_that_nothing_watches_are_a_limit() -> None:
    """By volume; no language at all is none of them, and a handful of queries may be a mistake of tagging."""
    rows = [
        {"language": tag, "watched_by": by, "events": n}
        for tag, by, n in (("en", "traffic", 900), ("und", "nothing", 80), ("lo", "nothing", 40), ("oc", "nothing", 3))
    ]
    found = verdict(languages=rows)
    assert ([row["language"] for row in found.unwatched], found.hardly_there) == (["lo"], 1)
    assert found.limits == ["Nothing watches Lao: too few queries to see a fall, and no active check asks them."]


def test_lost_records_and_a_missing_rule_are_limits() -> None:
    """Counts that are too low, and nobody who tells that the monitor stands still."""
    loss = Loss("log/0", "logs", 0, 10, 30, NOW)
    found = verdict(lost=[loss], in_force=InForce(RULES[:1]))
    assert [limit.split(":")[0] for limit in found.limits] == [
        "No rule of the kind `lag` is in force",
        "Records were removed from the log before they were read",
    ]


def test_a_service_without_scores_and_labels_cannot_be_judged() -> None:
    """The other one has scores."""
    totals = [total(service="help", events=10, scored=10), total(service="shop", events=5)]
    (limit,) = verdict(fields=fields.fields(totals, (), {})).limits
    assert limit.startswith("Service shop logs neither scores nor labels")


def share(found: fields.Fields, field: str) -> list[float | None]:
    """The shares of one field, by service."""
    (line,) = (line for line in found.lines if line.field.field == field)
    return list(line.shares)


def test_fields_are_counted_for_each_service() -> None:
    """Shares of queries; of scores among those that found something; the service with most queries first."""
    totals = [
        total(service="shop", events=4, collection="", embedding_model="", latency_hist={3: 2}, routes={"fallback": 1}),
        total(service="help", events=10, errors=1, zero_results=1, scored=8, labelled=3, answered=5, translated=2),
        total(service="help", events=10, language="en", index_version="", scored=10),
    ]
    pairs = [total(service="help", pair="en", events=15), total(service="help", pair="und", events=5)]
    found = fields.fields(totals, pairs, {"help": 12})
    assert found.services == ["help", "shop"]
    assert {each.field: share(found, each.field) for each in FIELDS} == {
        "results": [1.0, 1.0],
        "results[].score": [1.0, 0.0],
        "relevant": [0.15, 0.0],
        "results[].language": [0.75, None],
        "collection": [1.0, 0.0],
        "index_version": [0.5, 1.0],
        "embedding_model": [1.0, 0.0],
        "session": [1.0, 0.0],
        "response_language": [0.25, 0.0],
        "translation.quality": [0.1, 0.0],
        "route": [0.0, 0.25],
        "latency_ms": [0.0, 0.5],
    }


def test_of_many_services_those_with_most_queries_are_shown() -> None:
    """And it is said how many are not."""
    found = fields.fields([total(service=f"s{n:02}", events=100 - n) for n in range(fields.SERVICES + 2)], (), {})
    assert (len(found.services), found.services[0], found.left_out) == (fields.SERVICES, "s00", 2)


def test_tags_are_shares_of_a_service() -> None:
    """Undetermined, mixed, why, and how often the declared language is that of the text."""
    totals = [
        total(language="ko", events=80, mixed=8, declared=40, declared_agrees=38, tag_reasons={"second_script": 8}),
        total(language="und", events=20, tag_reasons={"unsure": 15, "no_letters": 5}),
    ]
    one = tagging.tagging("help", totals)
    assert (one.events, one.undetermined, one.mixed, one.declared, one.agrees) == (100, 0.2, 0.08, 40, 0.95)
    assert one.reasons == [
        ("too unsure to say", 0.15),
        ("words in a second script", 0.08),
        ("codes, numbers or redacted text", 0.05),
    ]


def test_a_declared_language_that_is_probably_a_locale_is_a_limit() -> None:
    """Below nine in ten; of few compared queries nothing is said."""
    low = tagging.tagging("help", [total(events=100, declared=40, declared_agrees=30)])
    few = tagging.tagging("help", [total(events=100, declared=4, declared_agrees=0)])
    assert [limit.split(" is that")[0] for limit in tagging.limits(low)] == ["In service help the declared language"]
    assert "75.0 % of 40 queries" in tagging.limits(low)[0]
    assert tagging.limits(few) == []


def test_many_undetermined_queries_are_a_limit() -> None:
    """From a fifth on."""
    (limit,) = tagging.limits(tagging.tagging("", [total(events=70), total(language="und", events=30)]))
    assert limit.startswith("In service without a name the language of 30.0 %")


def delivery(id_: str, outcome: Any, at: datetime, receiver: str = "chat", error: str | None = None) -> Delivery:
    """What became of a message."""
    return Delivery(id=id_, receiver=receiver, outcome=outcome, reason=Why.FIRST, at=at, error=error)


def test_a_receiver_fails_until_it_takes_a_message_again() -> None:
    """The newer of the two counts, and what waits is counted; a receiver that is gone is told apart."""
    told = [delivery("1", "sent", NOW - HOUR), delivery("2", "failed", NOW - MINUTE, error="channel_not_found")]
    waits = [Posted(id_, "chat", NOW - MINUTE) for id_ in ("2", "3")]
    chat, page_, old = receivers(["chat", "page"], waits, [*told, delivery("9", "sent", NOW - HOUR, "old")])
    assert (chat.state, chat.error, chat.waiting, chat.waiting_since) == ("fails", "channel_not_found", 1, NOW - MINUTE)
    assert (page_.state, page_.configured) == ("nothing sent yet", True)
    assert (old.state, old.configured) == ("works", False)
    (again, *_) = receivers(["chat"], waits[:1], [*told, delivery("4", "sent", NOW)])
    assert (again.state, again.failed_at) == ("works", NOW - MINUTE)


def run(id_: str, outcome: Any, at: datetime, language: str = "") -> CheckRun:
    """A run of the golden set, ten minutes long where it ended."""
    return CheckRun(id_, "golden", "faq", Because.SCHEDULE, "", language, outcome, at, at + 10 * MINUTE)


def test_of_a_check_the_newest_whole_run_counts() -> None:
    """What one language alone was asked says nothing of the whole; one that never ran is listed, too."""
    runs = [run("1", "done", NOW - 2 * HOUR), run("2", "failed", NOW - HOUR), run("3", "done", NOW, "ko")]
    faq, own = checks(Planned(("own",), {"faq": ""}), runs)
    assert (faq.outcome, faq.done_at) == ("failed", NOW - 2 * HOUR + 10 * MINUTE)
    assert (own.outcome, own.planned, own.done_at) == ("never run", True, None)
    assert [one.planned for one in checks(Planned(), runs)] == [False]


def test_rules_say_what_they_look_for_and_where() -> None:
    """That no unknown language is meant goes without saying."""
    own = DropRule(name="shop", where=(*DropRule(name="d").where, Condition("service", ("shop",))))
    lines = verdict(in_force=InForce((*RULES, own))).rules
    assert [(one.name, one.kind, one.where) for one in lines] == [
        ("drop", "drop", ""),
        ("lag", "lag", ""),
        ("shop", "drop", "service shop"),
    ]


def test_each_reason_has_words() -> None:
    """A new reason, tag or kind of rule cannot be forgotten on the page."""
    assert set(WHY) == set(Reason)
    assert set(LOOKS_FOR) == set(KINDS)
    assert set(tagging.WHY) | {""} == set(get_args(TagReason))
