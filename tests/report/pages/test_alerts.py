"""All alerts in their order, and one of them: facts, decision, chart, and what can be done with it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from agent.alerting.incident import Evidence, Incident, MutedBy, Workings, own_incident
from agent.errors import Misconfigured
from agent.notify.mute import Between, Mute, Window
from agent.report import explain
from agent.report.pages import alert, alerts, around, decision
from agent.report.pages.alert import Known, buttons, links, page, silence, traces
from agent.report.pages.alerts import Asked, asked
from agent.report.pages.past import Past
from agent.store.base import Stretch
from tests.notify.examples import NOW, incident, resolved
from tests.report.builders import QUALITY
from tests.store.builders import window

DAY = timedelta(days=1)
WORKINGS = Workings(
    baseline="version",
    start=NOW - timedelta(minutes=16),
    end=NOW - timedelta(minutes=6),
    n=1200,
    mean=0.82,
    expected=0.9,
    n_baseline=2800,
    variance=0.14794048,
    variance_baseline=0.09,
    phi=1.5,
    tau=0.01,
    se=0.0182521,
    drop=0.08,
    z=4.383,
    z_needed=3.5,
    threshold=0.03,
    min_events=50,
    for_minutes=5,
)
WORKED = incident(evidence=(Evidence("drop", "hit_rate", 0.08, 4.383, 1200, WORKINGS),), n=1200, scale_minutes=10)


def named(rows: Any) -> list[str]:
    """The languages of rows, in their order."""
    return [row.incident.language for row in rows]


def of(one: Incident, **known: Any) -> alert.AlertPage:
    """The page of an incident of which little else is known."""
    return page(Known(**{"incident": one, "same": [one], "can_act": True, "past": Past(), **known}), NOW)


class TestAll:
    """The page of all alerts."""

    def test_the_loudest_comes_first(self) -> None:
        """What fires before what is pending, then severity, then whom it has reached, then how far it fell."""
        known = [
            incident(language="pending", state="pending", severity="critical"),
            incident(language="info", severity="info", users=9000),
            incident(language="few", users=3, queries=9000),
            incident(language="deep", drop=0.5),
            incident(language="many", users=400),
            incident(language="queries", queries=90),
            incident(language="critical", severity="critical"),
            incident(language="flat", drop=0.1),
        ]
        shown = alerts.page(known, [], Asked(), NOW)
        assert named(shown.open) == ["critical", "many", "queries", "few", "deep", "flat", "info", "pending"]

    def test_what_is_over_for_long_is_shown_when_it_is_asked_for(self) -> None:
        """The newest first; how many there are besides is always said."""
        over = resolved()
        old, new = (replace(over, language=name, resolved_at=NOW - ago * DAY) for name, ago in (("old", 15), ("new", 1)))
        closed = incident(language="closed", verdict="false", acknowledged_at=NOW, handled_by="kim")
        shown = alerts.page([old, new, closed], [], Asked(), NOW)
        assert (named(shown.open), named(shown.over), shown.earlier) == ([], ["closed", "new"], 1)
        everything = alerts.page([old, new, closed], [], Asked(everything=True), NOW)
        assert (named(everything.over), everything.earlier) == (["closed", "new", "old"], 0)

    def test_filters_and_state_select(self) -> None:
        """The choices stay those of all incidents."""
        known = [incident(language="ko"), incident(language="el", service="shop"), resolved(language="es", service="shop")]
        shown = alerts.page(known, [], Asked({"service": "shop"}, "firing"), NOW)
        assert (named(shown.open), named(shown.over)) == (["el"], [])
        assert shown.choices["language"] == ["el", "es", "ko"]

    def test_each_wrong_word_is_named(self) -> None:
        """Also a state that there is not; empty words ask for nothing."""
        assert asked({"language": "", "state": "", "all": "0"}) == Asked()
        assert asked({"language": "ko", "state": "firing", "all": "1"}) == Asked({"language": "ko"}, "firing", everything=True)
        with pytest.raises(Misconfigured) as found:
            asked({"colour": "red", "state": "angry"})
        assert [one.key for one in found.value.mistakes] == ["colour", "state"]

    def test_the_number_stays_when_it_is_over(self) -> None:
        """Messages leave it out then; a list of what was needs it."""
        assert alerts.headline(resolved()) == alerts.headline(incident()) == "−7.4 points of hit rate in Korean (ko)"

    @pytest.mark.parametrize(
        ("handled", "told"),
        [
            ({}, []),
            ({"acknowledged_at": NOW, "handled_by": "kim"}, ["acknowledged by kim, 2026-11-16 08:30 UTC"]),
            ({"acknowledged_at": NOW, "accepted_at": NOW}, ["accepted"]),
            ({"accepted_at": NOW, "handled_by": "babelwatch, after 14 days"}, ["ended after 14 days"]),
            ({"acknowledged_at": NOW, "verdict": "real", "handled_by": "a\u202eb"}, ["closed as real by ab"]),
            ({"muted_by": MutedBy("m1", "why"), "muted_until": NOW}, ["muted until 2026-11-16 08:30 UTC"]),
            ({"muted_by": MutedBy("m1", "why")}, ["muted"]),
        ],
    )
    def test_what_people_did_is_said_in_a_few_words(self, handled: dict[str, Any], told: list[str]) -> None:
        """The last thing counts; marks that turn the reading direction are gone."""
        assert alerts.people(incident(**handled)) == told

    def test_mutes_that_count_are_listed_with_their_times(self) -> None:
        """Those that are over are not; one of the file cannot be ended here."""
        nightly = Window("Europe/Berlin", ("mon",), (Between("01:00", "03:30"),))
        typed = Mute(
            id="a", match={"language": ("ko", "*")}, reason="why", author="ana", starts_at=NOW + DAY, ends_at=NOW + 2 * DAY
        )
        known = [
            typed,
            Mute(id="b", match={}, reason="nobody", source="file", windows=(nightly,)),
            replace(typed, id="c", removed_at=NOW),
        ]
        first, second = alerts.page([], known, Asked(), NOW).mutes
        assert first.silent == "language ko or of all languages together"
        assert first.until == "from 2026-11-17 08:30 UTC until 2026-11-18 08:30 UTC"
        assert (first.who, first.is_active, first.of_file) == ("ana", False, False)
        assert (second.silent, second.until, second.of_file) == (
            "everything",
            "without an end; mon 01:00-03:30 Europe/Berlin",
            True,
        )


class TestOne:
    """The page of one alert."""

    @pytest.mark.parametrize(
        ("one", "possible"),
        [
            (incident(), ["ack", "accept", "close"]),
            (incident(acknowledged_at=NOW), ["accept", "close"]),
            (incident(class_="level"), ["ack", "close"]),
            (incident(acknowledged_at=NOW, accepted_at=NOW), ["close"]),
            (incident(acknowledged_at=NOW, verdict="real"), ["close"]),
            (resolved(), ["close"]),
        ],
    )
    def test_only_what_makes_sense_can_be_done(self, one: Incident, possible: list[str]) -> None:
        """What is over can only be given a verdict, and only a fall has a level to accept."""
        assert [each.action for each in buttons(one)] == possible

    def test_a_verdict_on_what_is_over_is_called_so(self) -> None:
        """And another one takes the place of the first."""
        assert [each.name for each in buttons(resolved())] == ["Give a verdict"]
        assert [each.name for each in buttons(resolved(verdict="real"))] == ["Change the verdict"]

    def test_a_mute_is_about_just_this_place(self) -> None:
        """An empty service is a value: it means those without one. What is silent, over or the agent's own is not offered."""
        found = silence(incident(service=""))
        assert found
        assert found.match == {"language": "ko", "service": "", "environment": "prod", "class": "change"}
        assert silence(resolved()) is None
        assert silence(incident(muted_by=MutedBy("m", ""))) is None
        assert silence(own_incident("m", "warning", NOW, "blind")) is None

    def test_what_cannot_be_handled_has_no_buttons(self) -> None:
        """An earlier one of the same fingerprint, which the newest would be taken for, and what stands in messages only."""
        later = incident(began_at=NOW)
        for shown in (of(incident(), same=[incident(), later]), of(incident(), can_act=False)):
            assert (shown.buttons, shown.silence, shown.commands) == ((), None, ())
        assert [one.incident for one in of(incident(), same=[incident(), later]).others] == [later]
        assert of(later, same=[incident(), later]).buttons

    def test_only_addresses_of_the_web_are_links(self) -> None:
        """A rule's annotations are text of somebody."""
        urls = {
            "runbook": "https://wiki.example/a",
            "bad": "javascript:alert(1)",
            "data": "data:text/html,x",
            "quote": 'https://x.example/"onclick=',
            "long": "https://x.example/" + "a" * 3000,
        }
        assert links(incident(links=urls))[2:] == [alert.Link("Runbook", "https://wiki.example/a")]

    def test_ids_of_traces_lead_there(self) -> None:
        """Others are shown, and lead nowhere; so does an address that is none of the web."""
        trace = "0af7651916cd43dd8448eb211c80319c"
        shown = traces(incident(exemplars=(trace, "evt-1", f"{trace}/../x")), "https://traces.example/{trace_id}")
        assert [one.url for one in shown] == [f"https://traces.example/{trace}", None, None]
        assert [one.url for one in traces(incident(exemplars=(trace,)), None)] == [None]

    def test_facts_say_how_much_how_sure_and_what_it_rests_on(self) -> None:
        """Only what is known stands there."""
        one = incident(current=0.82, baseline=0.9, drop=0.08, ci95=(0.044, 0.116), n=1200, n_baseline=2800, users=31)
        told = {fact.name: fact.told for fact in of(one, rests_on="labelled queries").facts}
        figures = (
            "82.0 % when it fired, 90.0 % usually: 8.0 points less (95 % interval 4.4 to 11.6; a first estimate, which tends high)"
        )
        assert told["Now and usual"] == f"{figures}, on 1,200 queries compared with 2,800"
        assert told["Rests on"] == "Labelled queries"
        assert told["Affected"].startswith("About 31 users")
        assert told["State"] == "firing, for 16 min"
        assert told["Signal"].startswith("Score signal, unconfirmed; seen in hit rate by drop")
        assert {"Resolved", "People", "Labels"}.isdisjoint(told)

    def test_the_decision_is_a_table_with_an_answer_to_each_question(self) -> None:
        """The worked example: its figures are those of `explain`."""
        (found,) = decision.decisions(WORKED)
        told = {step.name: step.told for step in found.steps}
        assert found.title == "Hit rate, rule drop"
        assert told["Window"] == "2026-11-16 08:14 to 08:24 UTC, 10 min: 1,200 queries"
        assert told["Usual"] == "90.0 %: the same hours on the versions before, 2,800 queries"
        assert told["Fall"] == "8.0 points, 95 % interval 4.4 to 11.6"
        assert told["Error"] == (
            "1.8 points (one standard error), of 56 % chance in the window, 14 % chance in the usual, 30 % the usual wobble;"
            " the fall is 4.4 times that"
        )
        assert [step.holds for step in found.steps if step.holds is not None] == [True] * 4
        assert "in breach; it fires after 5" in explain.text(WORKED)

    def test_a_threshold_that_is_not_reached_is_told(self) -> None:
        """With the same words, and no."""
        weak = replace(WORKED.evidence[0], workings=replace(WORKINGS, z=2.0))
        (found,) = decision.decisions(replace(WORKED, evidence=(weak,)))
        assert {step.name: step.holds for step in found.steps}["Sure enough?"] is False
        assert found.steps[-1].told == "not in breach"

    def test_what_was_decided_otherwise_is_told_by_its_figures(self) -> None:
        """Traffic that vanished, and a golden set that confirms."""
        gone = incident(class_="volume", n=0, n_baseline=40, scale_minutes=60, evidence=(Evidence("vanished", "queries", 1.0),))
        assert [step.told for step in decision.decisions(gone)[0].steps] == ["0 in 60 min, at least 40 were expected"]
        golden = Evidence("golden:support", "recall_at_k", 0.05, n=216, ci95=(0.01, 0.09))
        found = decision.decisions(incident(evidence=(WORKED.evidence[0], golden)))[1]
        assert found.title == "Recall, golden set support"
        assert [step.told for step in found.steps] == ["5.0 points, 95 % interval 1.0 to 9.0", "216"]

    def test_the_page_of_its_language_shows_the_time_around_it(self) -> None:
        """Six hours before, in the same place, and nothing that has not happened yet."""
        assert of(incident()).around == {
            "from": "2026-11-16T02:14:00Z",
            "to": "2026-11-16T08:30:00Z",
            "service": "help",
            "environment": "prod",
        }

    def test_a_time_in_the_address_is_read_strictly(self) -> None:
        """No time, and another word, are mistakes."""
        assert alert.asked({}, NOW) is None
        assert alert.asked({"at": "-1d"}, NOW) == NOW - DAY
        for words in ({"at": "yesterday"}, {"when": "now"}):
            with pytest.raises(Misconfigured):
                alert.asked(words, NOW)


class TestChart:
    """The measure around an alert."""

    def test_it_reaches_from_a_day_before_to_a_little_after(self) -> None:
        """In as many points as tell something: 1,200 queries in ten minutes are plenty in a quarter of an hour."""
        found = around.reach(replace(WORKED, state="resolved", resolved_at=NOW), NOW + DAY)
        assert found
        assert (found.selection.start, found.selection.end) == (datetime(2026, 11, 15, 8, tzinfo=UTC), NOW + timedelta(hours=2))
        assert found.step == timedelta(minutes=15)
        assert found.selection.where == {"service": "help", "environment": "prod", "language": "ko"}

    def test_few_queries_make_long_points(self) -> None:
        """A point of two queries would tell nothing."""
        found = around.reach(replace(WORKED, n=60, scale_minutes=240), NOW)
        assert found
        assert found.step == timedelta(hours=3)

    def test_what_has_no_measure_has_no_chart(self) -> None:
        """What the agent says of itself, and what is newer than all windows."""
        assert around.reach(own_incident("m", "warning", NOW, "blind", began_at=NOW - DAY), NOW) is None
        assert around.reach(incident(), incident().began_at or NOW) is None

    def test_points_have_values_intervals_and_gaps(self) -> None:
        """Of two queries one hit; where nothing was asked nothing is drawn. The band is that of the decision."""
        reach = around.reach(WORKED, NOW)
        assert reach
        at = reach.selection.start + 3 * reach.step
        cell = window(0, scored=2, score_hist={30: 1, 50: 1}, events=2)
        found = around.Found(reach, [Stretch(at, cell.key, cell.measures)], [])
        shown = around.around(WORKED, found, QUALITY)
        assert shown
        known = [one for one in shown.trend.points if one.value is not None]
        assert [(one.at, one.value) for one in known] == [(at, 0.5)]
        assert known[0].low is not None
        assert known[0].low < 0.5
        assert shown.trend.usual == pytest.approx((0.8642, 0.9358), abs=1e-4)
        assert shown.trend.fired == [(WORKED.began_at, reach.selection.end)]
        assert "8.0 points" not in shown.label
        assert around.rests_on(WORKED, found, QUALITY) == "scores, never compared with labels"
        assert around.around(WORKED, found._replace(stretches=[]), QUALITY) is None

    def test_scores_are_drawn_as_they_are(self) -> None:
        """They are no shares, and may lie outside of 0..1."""
        scores = replace(
            WORKED, metric="similarity_mean", evidence=(replace(WORKED.evidence[0], workings=replace(WORKINGS, expected=1.2)),)
        )
        reach = around.reach(scores, NOW)
        assert reach
        cell = window(0, scored=2, score_sum=2_600_000, score_sq=3_400_000, events=2)
        shown = around.around(scores, around.Found(reach, [Stretch(reach.selection.start, cell.key, cell.measures)], []), QUALITY)
        assert shown
        assert not shown.trend.shares
        assert shown.trend.points[0].value == pytest.approx(1.3)
        assert shown.trend.usual == pytest.approx((1.1642, 1.2358), abs=1e-4)

    def test_traffic_is_drawn_as_a_share_of_its_busiest_time(self) -> None:
        """Silence is a value there, and no gap."""
        gone = incident(class_="volume", metric="queries")
        reach = around.reach(gone, NOW)
        assert reach
        busy, quiet = window(0, queries=4_000_000), window(0, queries=1_000_000)
        starts = [reach.selection.start + place * reach.step for place in range(3)]
        stretches = [Stretch(starts[0], busy.key, busy.measures), Stretch(starts[1], quiet.key, quiet.measures)]
        shown = around.around(gone, around.Found(reach, stretches, []), QUALITY)
        assert shown
        assert [one.value for one in shown.trend.points][:3] == [1.0, 0.25, 0.0]
        assert shown.trend.usual is None
