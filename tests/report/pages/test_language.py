"""The page of one language: what is usual, when something was broken, versions beside each other, scores against their lines."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from agent.aggregate.histogram import MICRO
from agent.alerting.changes import Change, Version
from agent.alerting.incident import ALL, Evidence, Incident, own_incident
from agent.alerting.measures import Quality, Thresholds
from agent.charts.histogram import Line
from agent.probing.kept import ProbeRun
from agent.report.pages import language, measure, scores, trends, versions
from agent.report.pages.facts import facts
from agent.report.pages.language import Known, Read
from agent.report.pages.reading_language import usual_range
from agent.report.pages.span import Span
from agent.report.pages.trends import History, Scene
from agent.store.base import Stretch, Total
from agent.store.days import DAY
from tests.notify.examples import NOW, incident
from tests.store.builders import START, at, window

HOUR = timedelta(hours=1)
RANGE = Span(at(0), at(0) + 10 * HOUR, at(0) + 10 * HOUR)
QUALITY = Quality(hit_threshold=Thresholds(default=0.35), floor=0.2)
NOBODY = Known((), (), (), (), ())


def queries(hits: int = 6, misses: int = 4, **more: Any) -> dict[str, Any]:
    """Sums of queries that score .5 where they hit, .1 where they miss."""
    n, total = hits + misses, hits * 500_000 + misses * 100_000
    squares = hits * 250_000 + misses * 10_000
    scored = {"scored": n, "score_sum": total, "score_sq": squares, "score_hist": {50: hits, 10: misses}}
    return {"events": n, "queries": n * MICRO, **scored, **more}


def stretch(minutes: float, **changes: Any) -> Stretch:
    """Queries of Korean in the stretch that begins there."""
    made = window(**(queries() | changes))
    return Stretch(at(minutes), made.key, made.measures)


def total(**changes: Any) -> Total:
    """The same without a time."""
    return Total(*stretch(0, **changes)[1:])


def drawn(stretches: Sequence[Stretch], days: Sequence[Stretch] = (), scene: Scene | None = None) -> dict[str, trends.Chart]:
    """The charts by their titles."""
    found = trends.charts(History(stretches, days), scene or Scene(RANGE, (), ()), QUALITY)
    return {one.title: one for one in found}


def test_only_measures_that_it_has_are_drawn() -> None:
    """Without labels there is no recall, and that nothing failed needs no chart."""
    assert list(drawn([stretch(0)])) == [
        "Hit rate (best score ≥ 0.35)",
        "Mean best score (mini cosine)",
        "Queries without any result",
    ]
    assert "Queries that failed" in drawn([stretch(0, events=11, errors=1)])
    assert "Recall of labelled queries (first 10 results)" in drawn([stretch(0, labelled=2, recall_sum=MICRO)])


def test_the_measure_that_it_is_judged_by_comes_first() -> None:
    """Few labels say less than many scores."""
    labelled = stretch(0, labelled=2, recall_sum=MICRO)
    found = trends.charts(History([labelled], ()), Scene(RANGE, (), ()), QUALITY, "hit_rate")
    assert [one.measure for one in found][:2] == ["hit_rate", "recall_at_k"]


def test_a_point_is_a_share_with_its_interval_over_its_queries() -> None:
    """Six of ten, by Wilson; it stands in the middle of its stretch, and an hour without queries is a gap."""
    pieces = drawn([stretch(0), stretch(120)])["Hit rate (best score ≥ 0.35)"].pieces
    assert [piece.value for piece in pieces[:3]] == [0.6, None, 0.6]
    assert pieces[0].ci95 == pytest.approx((0.3127, 0.8318), abs=1e-4)
    assert (pieces[0].n, pieces[1].n) == (10, 0)
    assert pieces[0].point.at - pieces[0].start == (pieces[0].end - pieces[0].start) / 2


def test_the_first_and_the_last_point_end_where_the_range_does() -> None:
    """Half a stretch counts as that."""
    span = Span(at(10), at(600), at(260))
    found = drawn([stretch(0)], scene=Scene(span, (), ()))
    pieces = found["Mean best score (mini cosine)"].pieces
    assert (pieces[0].start, pieces[-1].end) == (span.start, span.as_of)


def test_scores_of_two_models_are_two_charts() -> None:
    """They have no common mean; shares of hits have one."""
    found = drawn([stretch(0), stretch(60, embedding_model="large")])
    assert {"Mean best score (mini cosine)", "Mean best score (large cosine)"} <= found.keys()
    assert [one.value for one in found["Mean best score (large cosine)"].pieces[:2]] == [None, pytest.approx(0.34)]


def test_scores_are_drawn_in_their_own_units() -> None:
    """A BM25 score of 12 is no 1,200 %."""
    many = stretch(0, score_kind="bm25", scored=10, score_sum=120 * MICRO, score_sq=1500 * MICRO, score_hist={159: 10})
    chart = drawn([many])["Mean best score (mini bm25)"]
    assert chart.drawn.shares is False
    assert chart.pieces[0].value == pytest.approx(12)


def test_usual_is_what_nine_of_ten_days_were() -> None:
    """The 5th to the 95th percentile of whole days; of two days nothing is usual."""
    assert trends.usual([0.0, 0.5, 1.0]) == pytest.approx((0.05, 0.95))
    assert trends.usual([0.5, 0.6]) is None
    days = [stretch(-1440 * n, **queries(hits, 10 - hits)) for n, hits in ((1, 8), (2, 8), (3, 9))]
    assert drawn([stretch(0)], days)["Hit rate (best score ≥ 0.35)"].drawn.usual == pytest.approx((0.8, 0.89))


def test_days_of_a_break_are_not_usual() -> None:
    """Not even those that it touches."""
    days = [stretch(-1440 * n) for n in (3, 2, 1)]
    fired = trends.open_stretches([incident(state="resolved", began_at=at(-1440), resolved_at=at(-1400))], at(-1440 * 14), at(0))
    assert [one.start for one in trends.quiet(days, fired)] == [at(-1440 * 3), at(-1440 * 2)]


def test_open_stretches_overlap_as_one_and_stay_within_the_range() -> None:
    """One that goes on reaches to the end; what never fired, what is over and what is low from the start is none."""
    known = [
        incident(began_at=at(-50), fired_at=at(-40)),
        incident(state="resolved", began_at=at(10), resolved_at=at(40)),
        incident(state="resolved", began_at=at(30), resolved_at=at(60)),
        incident(state="resolved", began_at=at(-90), resolved_at=at(-80)),
        incident(began_at=at(2), fired_at=None),
        incident(began_at=at(2), class_="level"),
    ]
    assert trends.open_stretches(known[1:], at(0), at(100)) == [(at(10), at(60))]
    assert trends.open_stretches(known, at(0), at(100)) == [(at(0), at(100))]


def change(version: str, minutes: float, **more: Any) -> Change:
    """A deployment of our collection."""
    return Change("help", "prod", "kb", "mini", version, at=at(minutes), **more)


def test_a_deployment_is_a_mark_with_the_name_of_what_is_new() -> None:
    """The model where that is new; what was deployed before the range is no mark."""
    known = [change("v1", -1), change("v2", 5), change("v2", 9, new_model=True), Change("", "", "", "", "", at(10))]
    assert [one.name for one in trends.marks(known, at(0), at(60))] == ["v2", "mini", "deployment"]


def test_versions_are_compared_with_the_one_before() -> None:
    """The newest first: nine of ten hits against six of ten, by Newcombe's interval."""
    found = versions.versions([stretch(0), stretch(60, **queries(9, 1), index_version="v2")], RANGE, QUALITY, [change("v2", 62)])
    assert [row.version for row in found] == [Version("mini", "v2"), Version("mini", "v1")]
    newest, oldest = found
    assert newest.move is not None
    assert newest.move.by == pytest.approx(0.3)
    assert newest.move.ci95 == pytest.approx((-0.0824, 0.5988), abs=1e-4)
    assert (oldest.move, oldest.why_not) == (None, "")


def test_a_version_was_first_seen_at_its_deployment() -> None:
    """Else at the start of the stretch in which it came, and never before the range."""
    span = Span(at(10), at(600), at(150))
    seen = [stretch(0), stretch(60, index_version="v2"), stretch(120, index_version="v2")]
    v2, v1 = versions.versions(seen, span, QUALITY, [change("v2", 62), change("v1", -600)])
    assert (v1.first, v2.first, v2.last) == (at(10), at(62), at(150))


def test_scores_of_another_model_are_not_compared() -> None:
    """And it is said; labels are compared whatever the model."""
    found = versions.versions([stretch(0), stretch(60, embedding_model="large")], RANGE, QUALITY)
    assert (found[0].move, found[0].why_not) == (None, "not comparable: scores of another model")
    labels = {"labelled": 40, "recall_sum": 20 * MICRO, "recall_sq": 20 * MICRO}
    found = versions.versions([stretch(0, **labels), stretch(60, embedding_model="large", **labels)], RANGE, QUALITY)
    assert found[0].move == measure.move(found[0].figure, found[1].figure)
    assert found[0].move is not None


def test_the_histogram_has_the_floor_and_the_threshold() -> None:
    """Four of ten lie below the floor of .2, six reach .35."""
    (found,) = scores.scores([total()], QUALITY)
    assert found.lines == [Line(0.2, "noise floor", "floor"), Line(0.35, "hit threshold", "threshold")]
    assert found.n == 10
    assert [found.below, found.reached] == pytest.approx([0.4, 0.6])
    assert sum(bar.events for bar in found.bars) == 10
    assert found.bars[0].low == pytest.approx(0.1)


def test_scores_without_a_floor_say_nothing_of_it() -> None:
    """Other kinds than cosine have none; each model and kind has its own histogram, the larger first."""
    found = scores.scores([total(score_kind="bm25"), total(), total(collection="other")], QUALITY)
    assert [(one.kind, one.n) for one in found] == [("cosine", 20), ("bm25", 10)]
    assert (found[1].floor, found[1].below) == (None, None)
    (unset,) = scores.scores([total()], Quality())
    assert (unset.lines, unset.below, unset.reached) == ([], None, None)


def test_a_distance_has_no_threshold() -> None:
    """A higher one is not better."""
    (found,) = scores.scores([total(score_kind="distance")], QUALITY)
    assert (found.thresholds, found.reached) == ([], None)


def test_documents_have_their_share_of_the_queries() -> None:
    """The language that most documents are in comes first."""
    pairs = [total(pair="en"), total(pair="ko", **queries(27, 3))]
    found = language.documents(pairs, QUALITY)
    assert [(row.tag, row.share) for row in found] == [("ko", 0.75), ("en", 0.25)]
    assert found[0].figure is not None
    assert found[0].figure.value == pytest.approx(0.9)


def test_the_range_is_compared_with_the_one_before() -> None:
    """Only scores of the same models; without queries before there is nothing to compare with."""
    read = Read(RANGE, [stretch(0)], (), [total(**queries(9, 1))], ())
    found = language.now(read, NOBODY, QUALITY)
    assert found.move is not None
    assert found.move.by == pytest.approx(-0.3)
    assert language.now(read._replace(before=()), NOBODY, QUALITY).why_not == "nothing to compare with"
    other = language.now(read._replace(before=[total(embedding_model="large")]), NOBODY, QUALITY)
    assert (other.move, other.why_not) == (None, "not comparable: scores of another model")


def test_an_incident_answers_the_first_questions() -> None:
    """Since when, against what, which version, is it real, what to do."""
    one = incident(current=0.821, baseline=0.894, ci95=(0.04, 0.107), n=1234, n_baseline=9000, z=5.12)
    told = dict(facts(one))
    assert told["Since"] == "2026-11-16 08:14 UTC"
    assert told["Against what"] == "82.1 % when it was found, usually 89.4 %: a fall of 7.4 points (95 % interval 4.0 to 10.7)"
    assert told["Which version"] == "index version v42, embedding model all-MiniLM-L6-v2"
    assert told["Is it real"].startswith("score signal, unconfirmed; on 1,234 queries compared with 9,000; 5.1 standard errors")
    assert told["What to do"] == "Compare index version v42 with the one before it, or roll it back."
    assert told["Who is on it"] == "nobody has acknowledged it"


def test_what_an_incident_does_not_know_is_left_out() -> None:
    """No empty answers."""
    bare = Incident(
        "f", "volume", "firing", "info", "unknown", "unconfirmed", "ko", "help", "prod", evidence=(Evidence("v", "x", 1),)
    )
    assert {fact.name for fact in facts(bare)} == {"Since", "Is it real", "Probable cause", "What to do", "Who is on it"}


def known(*incidents: Incident) -> Known:
    """A journal with these."""
    return NOBODY._replace(incidents=incidents)


def test_open_alerts_come_loudest_first_and_else_the_last_one() -> None:
    """Firing before pending, critical before warning; what is over is told only when nothing is open."""
    over = incident(state="resolved", resolved_at=at(9), fingerprint="over")
    loud, pending = incident(fingerprint="loud", severity="critical"), incident(fingerprint="pending", state="pending")
    told = language.told("ko", known(over, pending, incident(), loud), None)
    assert [one.incident.fingerprint for one in told.open] == ["loud", "9f2c41d0", "pending"]
    assert told.ended is None
    assert language.told("ko", known(over), None).ended == over


def test_examples_lead_to_their_traces() -> None:
    """Where there is a place for traces, and only what is a trace id."""
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    one = incident(exemplars=(trace, "javascript:alert(1)"))
    told = language.told("ko", known(one), "https://traces.example/{trace_id}")
    assert [each.url for each in told.exemplars] == [f"https://traces.example/{trace}", None]
    assert [each.url for each in language.told("ko", known(one), None).exemplars] == [None, None]


def test_what_is_about_all_languages_is_about_this_one() -> None:
    """But not what the agent says of itself."""
    fleet, other = incident(language=ALL), incident(language="es")
    own = own_incident("blind", "critical", START, "cannot see")
    assert language.about([fleet, other, own, incident()], "ko") == [fleet, incident()]


def test_the_newest_word_of_each_check_counts() -> None:
    """Of those that asked this language."""
    runs = [
        ProbeRun(str(n), "own", at(n), "mini", {"languages": [{"language": tag}]}) for n, tag in ((0, "ko"), (1, "ko"), (2, "el"))
    ]
    told = language.told("ko", NOBODY._replace(probes=runs), None)
    assert [(each.name, each.at) for each in told.probes] == [("own", at(1))]


def test_the_command_can_be_pasted() -> None:
    """Names of a log are quoted for the shell."""
    span = Span(START, START + DAY, START + DAY)
    assert language.command("ko", span, {"service": "a b; rm"}) == (
        "babelwatch languages --language ko --service 'a b; rm' --from 2026-11-16T08:00:00Z --to 2026-11-17T08:00:00Z"
    )


@pytest.mark.parametrize(
    ("step", "words"),
    [(timedelta(minutes=5), "5 minutes"), (HOUR, "hour"), (3 * HOUR, "3 hours"), (DAY, "day"), (7 * DAY, "7 days")],
)
def test_a_step_in_words(step: timedelta, words: str) -> None:
    """As the legend of a chart has it."""
    assert trends.step_words(step) == words


@pytest.mark.parametrize(("hours", "newest", "words"), [(2, 0, {"from": "-24h"}), (30, 0, {}), (2, 3, {})])
def test_what_broke_within_a_day_is_shown_by_the_hour(hours: int, newest: int, words: dict[str, str]) -> None:
    """The link of a message opens where the fall is to be seen; where nothing newer is stored the usual week is shown."""
    fresh = incident(language="ko", began_at=NOW - timedelta(hours=hours))
    assert usual_range("ko", [fresh], NOW - timedelta(hours=newest), NOW) == words
    assert usual_range("el", [fresh], NOW, NOW) == {}
    assert usual_range("ko", [incident(language="ko", began_at=fresh.began_at, class_="level")], NOW, NOW) == {}
