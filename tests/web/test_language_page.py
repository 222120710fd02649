"""The page of one language, as a browser gets it."""

import re
from contextlib import closing
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from agent.aggregate.histogram import MICRO
from agent.report.pages.measure import Move
from agent.report.pages.store import StorePages
from agent.report.pages.trends import BASELINE
from agent.resources import schemas_dir
from agent.store.base import Selection, Stretch
from agent.store.clickhouse import ClickHouseJournal, ClickHouseWindows
from agent.store.days import midnight
from agent.store.engine import embedded
from agent.store.migrate import migrate
from agent.web.rendering import ENVIRONMENT
from tests.notify.examples import KOREAN, incident
from tests.report.builders import OVER, QUALITY, Looking, change, transition
from tests.store.builders import flush, window
from tests.web.rig import Site, said
from tests.web.test_pages import HOSTILE, Tags

DAY = timedelta(days=1) // timedelta(minutes=1)
TOLD = "Korean ko 한국어"


def day(ago: int, hits: int, version: str = "v1", **more: Any) -> Any:
    """A hundred Korean queries of a day: the score is .5 where they hit, else .1."""
    scores = {"scored": 100, "score_sum": (hits * 50 + (100 - hits) * 10) * 10_000, "score_sq": 20 * MICRO}
    shown = {"events": 100, "queries": 100 * MICRO, "score_hist": {50: hits, 10: 100 - hits}, **scores, **more}
    return window(-ago * DAY, index_version=version, **shown)


HISTORY = (
    *(day(ago, 90 + ago % 3) for ago in range(9, 21)),
    *(day(ago, 80, latency_hist={40: 100}) for ago in (3, 4)),
    day(1, 60, "v2"),
)
PAIRS = (window(-DAY, pair="en", events=30, queries=30 * MICRO), window(-DAY, pair="ko", events=10, queries=10 * MICRO))


def broken(*more: Any) -> Looking:
    """Three weeks of Korean, of which the last week is worse, and an incident that says so."""
    looking = Looking(empty=True)
    looking.windows.append(flush(*HISTORY, *PAIRS))
    looking.journal.write([transition(KOREAN, 24), change("v2", -DAY - 60), *more])
    return looking


@pytest.fixture
def site() -> Site:
    """The site of somebody who comes from a message."""
    return Site(looking=broken())


def test_the_usual_band_of_a_short_range_is_of_whole_days(monkeypatch: pytest.MonkeyPatch, site: Site) -> None:
    """The morning of its first day is no day, and would be an odd one."""
    asked = []
    series = site.looking.windows.series

    def heard(kind: str, selection: Selection, *more: Any) -> list[Stretch]:
        asked.append(selection)
        return series(kind, selection, *more)

    monkeypatch.setattr(site.looking.windows, "series", heard)
    assert site.get("/languages/ko?from=-3h").status_code == 200
    shown, usual, *_ = asked
    assert shown.start == site.clock.now() - timedelta(hours=3)
    assert (usual.start, usual.end) == (midnight(shown.start) - BASELINE, midnight(shown.start))


def test_the_open_alert_comes_first_and_answers(site: Site) -> None:
    """Number, since when, version, whether it is real, what to do; and the way to the alert."""
    page = site.get("/languages/ko")
    assert page.status_code == 200
    alert = said(page.text).partition(TOLD)[2].partition("1 hour")[0]
    for answer in ("−7.4 points of hit rate in Korean", "firing", "Since 2026-11-16 08:14 UTC", "index version v42", "unconfirmed"):
        assert answer in alert
    assert "What to do Compare index version v42 with the one before it" in alert
    assert '<a href="/alerts/9f2c41d0">' in page.text


def test_figures_of_the_range_stand_beside_those_of_the_one_before(site: Site) -> None:
    """220 hits of 300 queries, 73.3 %, against 727 of 800, 90.9 %: 17.5 points fewer."""
    text = said(site.get("/languages/ko").text)
    assert "Hit rate 73.3 % 68.1 to 78.0" in text
    assert "rests on scores, never compared with labels" in text
    assert "Change, points −17.5 worse" in text


def test_each_chart_has_its_figures_as_a_table(site: Site) -> None:
    """And the band of the usual in words: from days of 90 to 92 %."""
    page = site.get("/languages/ko").text
    assert "usual 90.0 to 92.0 %" in said(page)
    assert page.count('<svg class="chart trend"') == page.count("<summary>Figures of this chart</summary>") == 3
    assert '<th scope="row">2026-11-13 00:00</th><td class="figure">80.0 %</td>' in page


def test_deployments_are_marks_of_the_charts(site: Site) -> None:
    """By their version, and only those of collections that this language asks."""
    site.looking.journal.write([change("s9", -DAY - 60, "shop")])
    page = site.get("/languages/ko").text
    assert ">v2</text>" in page
    assert "s9" not in page


def test_versions_stand_side_by_side(site: Site) -> None:
    """v2 is 20 points below v1 within the range."""
    table = said(site.get("/languages/ko").text).partition("Versions side by side")[2].partition("Languages of the documents")[0]
    assert table.index("v2 mini") < table.index("v1 mini")
    assert "60.0 %" in table
    assert "−20.0 worse" in table


def test_documents_scores_and_what_watches(site: Site) -> None:
    """Three of four answers are English; eighty of 300 scores lie below the threshold, and no floor is known."""
    text = said(site.get("/languages/ko").text)
    assert "English en 30 75.0 %" in text
    assert "No noise floor is known for these scores: a probe of the index measures it" in text
    assert "73.3 % reach the hit threshold" in text
    assert "0 labelled queries in this range" in text
    assert "median 48 ms" in text


def test_what_comes_next_keeps_the_range_and_names_the_language(site: Site) -> None:
    """Links, and the command; the language stands in the path alone."""
    page = site.get("/languages/ko?from=-14d&collection=kb&language=ko").text
    assert 'href="/pairs?from=-14d&amp;collection=kb&amp;language=ko"' in page
    assert 'href="/alerts?language=ko&amp;all=1"' in page
    assert 'href="/languages/ko?from=-24h&amp;collection=kb"' in page
    assert "babelwatch languages --language ko --collection kb --from 2026-11-0" in said(page)


def test_a_link_to_the_range_opens_just_that(site: Site) -> None:
    """With times that do not move."""
    page = site.get("/languages/ko").text
    link = unescape(re.findall(r'<a href="([^"]+)">Link to this range</a>', page)[0])
    assert link == "/languages/ko?from=2026-11-08T00%3A00%3A00Z&to=2026-11-16T00%3A00%3A00Z"
    assert "2026-11-08 00:00 UTC to 2026-11-15 08:01 UTC" in said(site.get(link).text)


def test_examples_are_ids(site: Site) -> None:
    """Those of the open alert; without a place for traces they are text."""
    assert "<li><code>evt-1</code></li>" in site.get("/languages/ko").text


def test_without_an_alert_it_says_so() -> None:
    """And when the last one ended."""
    page = Site(looking=Looking()).get("/languages/el").text
    assert f"No open alert. The last one ended {OVER.resolved_at:%Y-%m-%d %H:%M} UTC" in said(page)


def test_a_language_without_queries_in_the_range_is_a_page(site: Site) -> None:
    """It says so, with the last day that had any, and the way there."""
    page = site.get("/languages/ko?from=2026-11-16T07:00:00Z&to=2026-11-16T08:00:00Z")
    assert page.status_code == 200
    assert "No queries in this language from 2026-11-16 07:00 UTC" in said(page.text)
    assert '<a href="/languages/ko?from=2026-11-15">2026-11-15</a>' in page.text


def test_filters_that_mean_nothing_of_it_are_no_404(site: Site) -> None:
    """The language is known, only not there."""
    page = site.get("/languages/ko?service=shop")
    assert page.status_code == 200
    assert "No queries in this language with these filters" in said(page.text)
    assert "The store has none on any day" in said(page.text)


@pytest.mark.parametrize("tag", ["xx", "", "*", HOSTILE, "ko?from=-1d", "a/b"])
def test_a_language_that_is_not_known_is_not_found(site: Site, tag: str) -> None:
    """404 with the name that was asked for, escaped."""
    page = site.get(f"/languages/{quote(tag, safe='')}")
    assert page.status_code == 404
    assert repr(tag) in unescape(page.text)
    assert "<script>alert" not in page.text


def test_an_empty_store_knows_no_language() -> None:
    """404, not a page of dashes."""
    assert Site(looking=Looking(empty=True)).get("/languages/ko").status_code == 404


def test_a_language_that_only_an_incident_remembers_is_a_page() -> None:
    """Its windows are gone; a link from a message still opens."""
    looking = broken(transition(incident(fingerprint="km", language="km"), 24))
    page = Site(looking=looking).get("/languages/km")
    assert page.status_code == 200
    assert "in Khmer" in said(page.text)


@pytest.mark.parametrize("tag", [HOSTILE, "ko?from=-1d", "a/b c#d", "zh-Hant", "und"])
def test_any_tag_that_a_log_gives_has_its_page(site: Site, tag: str) -> None:
    """Escaped wherever it stands, and every link of the page leads back to it."""
    more = {"service": HOSTILE, "collection": HOSTILE, "embedding_model": HOSTILE, "index_version": HOSTILE}
    hostile = day(2, 50)._replace(key=window(language=tag, **more).key)
    site.looking.windows.append(flush(hostile, stored=10, end=20))
    page = site.get(f"/languages/{quote(tag, safe='')}")
    assert page.status_code == 200
    assert "<script>alert" not in page.text
    assert 'onload="y' not in page.text
    assert f'href="/languages/{quote(tag)}?from=-24h"' in page.text
    assert site.get(f"/languages/{quote(tag)}?from=-24h").status_code == 200


def test_an_address_that_holds_a_question_mark_is_another_page(site: Site) -> None:
    """What is kept for one is not shown for the other."""
    assert site.get("/languages/ko?from=-14d").status_code == 200
    assert site.get("/languages/ko%3Ffrom=-14d").status_code == 404


def test_another_language_in_the_words_is_a_mistake(site: Site) -> None:
    """400, since the page would show one and say the other."""
    page = site.get("/languages/ko?language=en")
    assert page.status_code == 400
    assert "stands in the path" in said(page.text)


@pytest.mark.parametrize("path", ["/languages/ko", "/languages/ko?from=-1h"])
def test_nothing_is_inline_and_nothing_from_elsewhere(site: Site, path: str) -> None:
    """As a strict browser wants it; one h1, tables with captions, headings that skip no level."""
    tags = Tags(site.get(path).text).tags
    for tag, attributes in tags:
        assert tag != "style"
        assert not {name for name in attributes if name.startswith("on") or name == "style"}
        assert all((attributes.get(name) or "/").startswith(("/", "#", "data:image/svg+xml")) for name in ("src", "href", "action"))
    names = [tag for tag, _ in tags]
    assert names.count("h1") == 1
    assert names.count("table") == names.count("caption")
    ids = [attributes["id"] for _, attributes in tags if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_the_real_store_gives_the_same_page(site: Site, store_dir: Path) -> None:
    """The engine sums as the twin does."""
    with closing(embedded(store_dir)) as engine:
        migrate(engine, schemas_dir() / "clickhouse", retention=False)
        windows, journal = ClickHouseWindows(engine), ClickHouseJournal(engine)
        windows.append(flush(*HISTORY, *PAIRS))
        journal.write([transition(KOREAN, 24), change("v2", -DAY - 60)])
        for words in ({}, {"from": "-30d"}, {"from": "2026-11-15", "to": "2026-11-16"}):
            real = StorePages(windows, journal, QUALITY, site.clock).language("ko", words)
            assert real == site.look().language("ko", words)
            assert real.now is not None


@pytest.mark.parametrize(
    ("name", "told"),
    [("similarity_mean", "−3.000 worse (−3.250 to −2.750)"), ("hit_rate", "−300.0 worse (−325.0 to −275.0)")],
)
def test_bare_scores_move_in_their_own_units(name: str, told: str) -> None:
    """A BM25 score that falls from 12 to 9 falls by 3, not by 300 points."""
    parts = ENVIRONMENT.get_template("parts.html.j2").make_module({"words": {}})
    assert said(parts.moved(Move(-3.0, (-3.25, -2.75)), name)) == told  # type: ignore[attr-defined]  # a macro of the template
