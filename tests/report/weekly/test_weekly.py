"""A whole report, from a store to what it says."""

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest

from agent.alerting.action import AUTOMATIC, Action
from agent.errors import NotFound
from agent.probing.kept import GoldenRun, ProbeRun, entry_of
from agent.report.actions import entry_of as action_entry
from agent.report.weekly.period import UTC_ZONE, Period, week_of
from agent.report.weekly.publish import bulletin, document
from agent.report.weekly.weekly import weekly
from agent.resources import schemas_dir
from agent.store.base import Entry, Flush
from agent.store.clickhouse import ClickHouseJournal, ClickHouseWindows
from agent.store.engine import embedded
from agent.store.migrate import migrate
from tests.report.weekly.builders import QUALITY, WEEK, Store, at, broke, day, days, row, three

CALM = {"en": (2000, 0.9), "de": (1000, 0.8), "ko": (500, 0.7)}


def test_every_language_is_worse_and_the_average_better() -> None:
    """Simpson's case: the verdict is worse, and the average is called what it is.

    By hand, as in test_decomposition: English .90 -> .88, Korean .50 -> .48 while nine in ten queries move from Korean to English.
    Averages .54 and .84; languages themselves -.01 -.01 = -.02, the mix .16 + .16 = .32, and -.02 + .32 = .84 - .54.
    """
    report = three({"en": (10_000, 0.90), "ko": (90_000, 0.50)}, {"en": (180_000, 0.88), "ko": (20_000, 0.48)}).report()
    (one,) = report.averages
    assert (report.verdict.word, set(report.verdict.worse), report.verdict.better) == ("worse", {"en", "ko"}, ())
    assert (one.before, one.after, one.own, one.mix) == pytest.approx((0.54, 0.84, -0.02, 0.32))
    assert [part.language for part in one.parts] == ["en", "ko"]
    assert [(part.own, part.mix) for part in one.parts] == [pytest.approx((-0.01, 0.16))] * 2
    assert one.change.word == "worse"
    assert one.change.change == pytest.approx(-0.02)
    told = bulletin(report)
    assert told.title.startswith("Worse: ")
    for text in (told.text, told.html):
        assert "rose by 30.0 points, from 54.0 % to 84.0 %: languages themselves −2.0, the mix of traffic +32.0." in text
        assert "The average hides what languages did." in text
    assert "better" not in f"{told.title}{told.text}".lower()
    assert 'class="keep good"' not in told.html


def test_one_language_falls_while_the_average_rises() -> None:
    """The one that fell leads; how many queries failed more is its change times its queries: .10 * 3,500."""
    report = three(CALM, {"en": (2000, 0.95), "de": (1000, 0.85), "ko": (500, 0.6)}).report()
    assert (report.verdict.word, report.verdict.worse, set(report.verdict.better)) == ("worse", ("ko",), {"en", "de"})
    assert row(report, "ko").more_failed == 350
    assert report.averages[0].after > report.averages[0].before
    assert bulletin(report).title == "Worse: Korean −10.0 points of recall@10; better: 2 languages · week 2026-W46"


def test_what_stays_has_no_clear_change() -> None:
    """Three words only, each with its interval."""
    report = three(CALM, CALM).report()
    assert report.verdict.word == "no clear change"
    assert {one.change.word for one in report.languages if one.change} == {"no clear change"}
    assert bulletin(report).title == "No clear change in 3 languages · week 2026-W46"


def test_a_fall_that_chance_may_have_done_is_named_and_not_called_worse() -> None:
    """Ten queries a day: 8 points are within their error, and a rule would look for them."""
    report = three({"en": (2000, 0.9), "lo": (25, 0.8)}, {"en": (2000, 0.95), "lo": (25, 0.72)}).report()
    assert (report.verdict.word, report.verdict.unsure) == ("better", ("lo",))
    assert "may have fallen: Lao" in bulletin(report).title


def test_week_one_invents_no_change() -> None:
    """Levels with intervals; no change, no average's change, and the reason is said."""
    report = Store(*days([CALM])).report()
    assert report.first
    assert report.verdict.word is None
    assert (report.averages, [one.change for one in report.languages]) == ((), [None] * 3)
    assert all(one.level and one.level.ci95 for one in report.languages)
    told = bulletin(report)
    assert told.title == "First look: 3 languages, the lowest is Korean with 70.0 % recall@10 · week 2026-W46"
    assert "nothing before to compare with: levels only, no changes" in told.text
    assert "Verdict" not in told.html
    assert "What moved" not in told.html


def test_a_few_days_before_are_no_week() -> None:
    """Two days of the week before are too little, and the report says how much there is."""
    report = Store(*(day(at(-2 + n), 1000, 0.9) for n in range(9))).report()
    assert report.first
    assert "too little before to compare with (21.4 % of that time)" in bulletin(report).text


def test_a_time_of_hours_is_compared_with_nothing() -> None:
    """The hours before it have other queries."""
    store = three(CALM, CALM)
    report = weekly(store.windows, store.journal, QUALITY, Period("x/y", at(1, 8), at(1, 14), at(1, 2)))
    assert report.first
    assert "less than a day" in bulletin(report).text


def test_what_it_cannot_see_is_said() -> None:
    """No labels, too few queries, no checks, no sessions: each with the languages it is about."""
    store = Store(*days([CALM] * 3), *days([{"lo": (3, 0.5)}] * 3, labelled=False))
    found = {one.what: one for one in store.report().unseen}
    assert found.keys() == {"covered", "labels", "queries", "detectable", "comparable", "probes", "golden", "sessions"}
    assert found["labels"].languages == found["queries"].languages == found["comparable"].languages == ("lo",)
    assert (found["detectable"].languages, found["covered"].text[:32]) == (("de", "ko"), "The store has 92.9 % of this tim")
    assert found["comparable"].text == "Not compared with the time before: 21 queries, 50 are needed in both."


def test_without_labels_hits_speak_as_a_proxy() -> None:
    """They say what they rest on, and with which threshold."""
    report = Store(*days([CALM] * 2 + [{**CALM, "ko": (500, 0.5)}], labelled=False)).report()
    ko = row(report, "ko").level
    assert ko
    assert (ko.measure, ko.rests_on, ko.threshold, ko.mean, ko.n) == ("hit_rate", "uncalibrated proxy", 0.35, 0.5, 3500)
    assert report.verdict.worse == ("ko",)
    assert "best score ≥ 0.35" in bulletin(report).title


def test_scores_of_another_model_are_not_compared() -> None:
    """The level stands, the change does not; the other languages are compared."""
    new = [day(at(n), 500, 0.2, labelled=False, embedding_model="large") for n in range(7)]
    store = Store(*days([CALM, CALM, {"en": (2000, 0.9)}], labelled=False), *new)
    report = store.report()
    assert row(report, "ko").change is None
    assert "another embedding model" in row(report, "ko").why_not
    assert [one.what for one in report.unseen if one.languages == ("de",)] == ["gone"]
    assert all(part.language != "ko" for one in report.averages for part in one.parts)


def test_where_nothing_can_be_compared_it_is_no_first_look() -> None:
    """Every language is on another model now: the title says so, and the table why."""
    new = [day(at(n), 500, 0.2, labelled=False, embedding_model="large") for n in range(7)]
    report = Store(
        *days([{"ko": (500, 0.7)}] * 2, labelled=False)[:7], *days([{"ko": (500, 0.7)}, {}], labelled=False), *new
    ).report()
    assert (report.first, report.verdict.word) == (False, None)
    assert (
        bulletin(report).title
        == "Nothing could be compared: 1 language, the lowest is Korean with 20.0 % best score ≥ 0.35 · week 2026-W46"
    )


def test_a_language_that_comes_moves_the_mix_alone() -> None:
    """And it has no change of its own."""
    report = three({"en": (900, 0.8)}, {"en": (900, 0.8), "lo": (100, 0.2)}).report()
    parts = {part.language: part for part in report.averages[0].parts}
    assert parts["lo"].own == 0.0
    assert parts["lo"].mix == pytest.approx(-0.057)
    assert row(report, "lo").why_not == "not there before"


def test_a_language_that_stands_low_has_its_days() -> None:
    """37 days before the end of the data, also where the rule on falls has let go of it after two weeks."""
    since = at(7) - timedelta(days=37)
    low = broke("ko", since, class_="level", metric="recall_at_k", cause="low_resource")
    given_up = broke("de", since, at(-8), metric="recall_at_k", baseline=0.9)
    accepted = Action("f-de-change", since, "accept", at(-8), by=AUTOMATIC)
    store = Store(*days([CALM] * 3), entries=[*low, *given_up, action_entry(accepted)])
    store.windows.append(Flush("log/0", 1, 2, 0, [day(at(7), 1, 1.0)]))
    report = store.report()
    assert [(one.language, one.days) for one in report.standing] == [("de", 37), ("ko", 37)]
    assert "Korean: below reference for 37 days (since 2026-10-10 00:00 UTC)" in bulletin(report).text
    assert [one.language for one in report.incidents] == []


def test_incidents_are_those_of_the_week_as_it_ended() -> None:
    """What was over before, began later, or stayed pending is not in it; what ended later was open."""
    entries = [
        *broke("de", at(-3), at(-2)),
        *broke("en", at(1), at(1, 2)),
        *broke("ko", at(6), at(8)),
        *broke("fr", at(8)),
    ]
    report = Store(*days([CALM] * 3), day(at(9), 10, 0.5), entries=entries).report()
    assert [(one.language, one.resolved_at, one.minutes) for one in report.incidents] == [("en", at(1, 2), 120), ("ko", None, 1440)]
    assert "; an alert is open: Korean" in bulletin(report).title


def test_the_remedy_is_that_of_the_best_witness() -> None:
    """An open fall's advice, else a probe's, else that of a low level; without any the general one."""
    fall = broke("ko", at(2), cause="deployment", advice="Roll back v42.")
    store = Store(*days([{**CALM, "lo": (500, 0.3), "th": (500, 0.2)}] * 3), entries=[*fall, entry_of(probed("lo"))])
    found = {one.language: (one.why, one.remedy) for one in store.report().todo}
    assert found["ko"] == ("incident", "Roll back v42.")
    assert found["lo"][0] == "probe"
    assert found["lo"][1].startswith("Understood alone, not found in English.")
    assert found["th"][0] == "low_resource"


def probed(language: str) -> ProbeRun:
    """A probe that finds a language broken."""
    rows = [
        {"language": language, "verdict": "broken", "reason": "alignment", "n": 40, "unknown_share": 0.0},
        {"language": "en", "verdict": "connected", "reason": "separates", "n": 40, "unknown_share": 0.0},
    ]
    result = {"languages": rows, "document_languages": ["en"], "senseless": False, "floor": 0.2}
    return ProbeRun("p1", "own", at(3), "mini", result)


def test_checks_of_the_week_are_in_it() -> None:
    """The newest whole run of each golden set, the lowest language first, and what a probe finds not connected."""
    rows = [
        {"language": "en", "n": 60, "recall_at_10": 0.9, "ci95": {"recall_at_10": [0.8, 0.95]}, "reason": None},
        {"language": "ko", "n": 60, "recall_at_10": 0.4, "ci95": {"recall_at_10": [0.3, 0.5]}, "reason": None},
    ]
    run = GoldenRun("g1", "support", at(2), (), {"queries": 120, "languages": rows})
    earlier = msgspec.structs.replace(run, id="g0", at=at(-2))
    report = Store(*days([CALM] * 3), entries=[entry_of(one) for one in (earlier, run, probed("lo"))]).report()
    (golden,), (probe,) = report.golden, report.probes
    assert (golden.at, [one.language for one in golden.languages]) == (at(2), ["ko", "en"])
    assert (probe.connected, [(one.language, one.verdict) for one in probe.others]) == (1, [("lo", "broken")])


def test_deployments_of_the_week_are_in_it() -> None:
    """Those of other weeks are not; one that was announced, and seen a little later, is one."""

    def deployed(when: float) -> Entry:
        body = {
            "service": "help",
            "environment": "prod",
            "collection": "kb",
            "embedding_model": "mini",
            "index_version": f"v{when}",
        }
        return Entry("change", f"{when}", at(when), {**body, "at": at(when).isoformat(), "note": "new index"})

    seen = deployed(1)._replace(id="seen", at=at(1.1))
    seen = seen._replace(body={**seen.body, "note": ""})
    report = Store(*days([CALM] * 3), entries=[deployed(-1), deployed(1), seen, deployed(7)]).report()
    assert [(one.index_version, one.at, one.said) for one in report.deployments] == [("v1", at(1), "new index")]


def test_users_are_distinct_sessions() -> None:
    """Of each language and of all."""
    one, two = day(at(1), 100, 0.9, language="en"), day(at(2), 100, 0.9, language="ko")
    one.measures.session_hashes, two.measures.session_hashes = {1, 2, 3}, {3, 4}
    report = Store(one, two).report()
    assert (report.users, row(report, "en").users, row(report, "ko").users) == (4, 3, 2)
    assert not [each for each in report.unseen if each.what == "sessions"]


def test_filters_hold_for_everything() -> None:
    """Another service's queries and incidents are not in it."""
    store = Store(*days([CALM] * 3), *days([{"en": (50, 0.1)}] * 3, service="shop"), entries=broke("en", at(1), service="shop"))
    assert row(store.report(), "en").queries == 7 * 2050
    mine = store.report(where={"service": "help"})
    assert (row(mine, "en").queries, mine.incidents) == (14_000, ())
    assert row(store.report(where={"service": "shop"}), "en").change is not None


def test_what_is_no_language_is_in_no_line() -> None:
    """Its share is said where it is large."""
    report = Store(*days([{**CALM, "und": (1000, 0.5)}] * 3)).report()
    assert {one.language for one in report.languages} == CALM.keys()
    assert "22.2 % of the queries is not known" in next(one.text for one in report.unseen if one.what == "und")


def test_a_week_without_queries_is_no_report() -> None:
    """What the store has is said."""
    with pytest.raises(NotFound, match="no query lies in 2026-W30: the store has 2026-11-09 12:00 to 2026-11-15 12:00 UTC"):
        Store(*days([CALM])).report("2026-W30")


@pytest.fixture
def stored(store_dir: Path) -> Iterator[tuple[ClickHouseWindows, ClickHouseJournal]]:
    """A real store with three weeks, an incident and a deployment."""
    with closing(embedded(store_dir)) as engine:
        migrate(engine, schemas_dir() / "clickhouse", retention=False)
        windows, journal = ClickHouseWindows(engine), ClickHouseJournal(engine)
        windows.append(Flush("log/0", None, 1, 0, days([CALM, CALM, {**CALM, "ko": (500, 0.5)}])))
        journal.write([*broke("ko", at(2)), *broke("de", at(-40), class_="level"), entry_of(probed("lo"))])
        yield windows, journal


def test_the_same_store_and_week_give_the_same_bytes(stored: tuple[ClickHouseWindows, ClickHouseJournal]) -> None:
    """Twice, and again when later weeks have come: nothing of after the week is in it, and no clock."""
    period = week_of(WEEK, ZoneInfo("Europe/Berlin"))
    windows, journal = stored
    windows.append(Flush("log/0", 1, 2, 0, [day(at(7), 10, 0.5)]))
    first = weekly(windows, journal, QUALITY, period)
    again = weekly(windows, journal, QUALITY, period)
    windows.append(Flush("log/0", 2, 3, 0, [day(at(9), 1000, 0.1), day(at(9), 1000, 0.1, language="xx")]))
    journal.write(broke("en", at(9)) + broke("ko", at(2), at(9)))
    later = weekly(windows, journal, QUALITY, period)
    for one in (again, later):
        assert bulletin(one) == bulletin(first)
        assert msgspec.json.encode(document(one)) == msgspec.json.encode(document(first))


def test_the_real_store_and_its_twin_give_the_same_report(stored: tuple[ClickHouseWindows, ClickHouseJournal]) -> None:
    """To the last bit."""
    twin = Store(
        *days([CALM, CALM, {**CALM, "ko": (500, 0.5)}]),
        entries=[*broke("ko", at(2)), *broke("de", at(-40), class_="level"), entry_of(probed("lo"))],
    )
    assert weekly(*stored, QUALITY, week_of(WEEK, UTC_ZONE)) == twin.report()
