"""Every statement of the dashboards over the real schema, and the figures that they give, worked by hand."""

import json
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import UTC, timedelta
from typing import Any

import msgspec
import pytest

from agent.aggregate.histogram import latency_at, latency_bin
from agent.alerting.changes import Change
from agent.alerting.measures import Quality, Thresholds
from agent.clock import FakeClock
from agent.report.tables import rows as table_rows
from agent.report.writer import StoreWriter
from agent.resources import schemas_dir
from agent.runtime.remembered import Remembered
from agent.store.base import Entry, Selection
from agent.store.clickhouse import ClickHouseJournal, ClickHouseWindows
from agent.store.engine import Engine, embedded
from agent.store.migrate import migrate
from scripts.dashboards.files import FOLDER, MADE
from tests.dashboards.grafana import FORMATS, Query, Range, Variables, expanded, queries
from tests.notify.examples import incident, resolved
from tests.store.builders import at, flush, minute, window

NAMES = sorted(MADE)
DASHBOARDS: Mapping[str, Any] = {name: json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8")) for name in NAMES}
STATEMENTS = [(name, query) for name in NAMES for query in queries(DASHBOARDS[name], "rawSql")]
HOUR = Range(at(-30), at(30))
HOSTILE = "l'\"o\\"
"""A language as nobody names it: both quotes, and a backslash at the end."""
ALL = ["$__all"]
EVERYTHING: Variables = {
    **dict.fromkeys(("service", "environment", "collection", "embedding_model", "index_version", "document_language"), ALL),
    "language": ALL,
    "hit_threshold": "",
}


def filled(engine: Engine) -> None:
    """An hour of three languages, in parts that are not merged, with a deployment and three incidents.

    Korean: 300 queries, 10 failed and 29 without a result; 200 labels, of which 150 hit (in two flushes). Lao, whose name has
    quotes: 60 queries, 50 labels whose recalls sum to 20 with squares of 12.5. English: 500 queries without labels.
    """
    windows = ClickHouseWindows(engine)
    hot = {latency_bin(100.0): 100, latency_bin(900.0): 10}
    windows.append(
        flush(
            window(
                0,
                events=200,
                errors=10,
                zero_results=20,
                scored=170,
                score_sum=68_000_000,
                score_sq=30_000_000,
                score_hist={30: 70, 50: 100},
                labelled=120,
                recall_sum=100_000_000,
                recall_sq=100_000_000,
                latency_hist=hot,
            ),
            window(3, events=60, language=HOSTILE, labelled=50, recall_sum=20_000_000, recall_sq=12_500_000),
            window(4, events=500, language="en", scored=500, score_sum=300_000_000, score_sq=190_000_000, score_hist={60: 500}),
            window(0, pair="en", events=90, labelled=60, recall_sum=30_000_000, recall_sq=30_000_000),
            window(3, pair=HOSTILE, language=HOSTILE, events=60, labelled=49, recall_sum=20_000_000, recall_sq=12_500_000),
            window(4, pair="en", language="en", events=500, scored=500, score_sum=300_000_000, score_sq=190_000_000),
            end=10,
        )
    )
    windows.append(
        flush(
            window(
                0, events=100, zero_results=9, scored=91, score_sum=36_400_000, score_sq=16_000_000, score_hist={50: 91}, **LABELS
            ),
            window(-600, events=1000, language="fr"),
            stored=10,
            end=20,
        )
    )
    happened(ClickHouseJournal(engine))


LABELS: Mapping[str, Any] = {
    "labelled": 80,
    "recall_sum": 50_000_000,
    "recall_sq": 50_000_000,
    "label_hist": {50: 80},
    "label_hit_hist": {50: 50},
}


def happened(journal: ClickHouseJournal) -> None:
    """Korean pends and fires, German is over, a person has accepted Polish; a deployment is announced, another one noticed."""
    remembered = Remembered(journal)
    remembered.resume()
    times = {"began_at": at(1), "pending_since": at(5), "fired_at": at(6)}
    korean = incident(**times, summary="Korean fell")
    german = incident(**times, fingerprint="de", language="de", environment="test")
    polish = incident(**times, fingerprint="pl", language="pl")
    over = resolved(**times, fingerprint="de", language="de", environment="test")
    remembered.moved(
        [
            (minute(5), incident(**{**times, "fired_at": None}, state="pending")),
            *((minute(6), one) for one in (korean, german, polish)),
        ]
    )
    remembered.moved([(minute(9), over)])
    writer = StoreWriter(journal, FakeClock(at(10)))
    writer.act("pl", "accept", {"note": "we know"})
    writer.announce({"service": "help", "index_version": "v2", "time": at(2), "note": "it's the new one"})
    noticed = Change("other", "prod", "kb", "mini", "v9", at(3))
    journal.write([Entry("change", "noticed", noticed.at, msgspec.to_builtins(noticed)), Entry("as_of", "as_of", at(8), {})])


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """The embedded engine with the real tables, filled once: nothing here writes."""
    with closing(embedded(tmp_path_factory.mktemp("store"))) as ours:
        migrate(ours, schemas_dir() / "clickhouse", retention=False)
        filled(ours)
        yield ours


def asked(engine: Engine, text: str, variables: Variables | None = None, range_: Range = HOUR) -> list[dict[str, Any]]:
    """The rows of a statement with their columns, as Grafana would get them."""
    statement = expanded(text, {**EVERYTHING, **(variables or {})}, range_)
    names = [str(name) for name, *_ in engine.rows(f"DESCRIBE ({statement})")]
    return [dict(zip(names, row, strict=True)) for row in engine.rows(statement)]


def statement(name: str, place: str) -> str:
    """The statement at this place of a dashboard."""
    [text] = [query.text for query in queries(DASHBOARDS[name], "rawSql") if query.place == place]
    return text


def languages(engine: Engine, variables: Variables | None = None) -> dict[str, dict[str, Any]]:
    """The table of languages."""
    return {row["language"]: row for row in asked(engine, statement("overview", "Languages/A"), variables)}


@pytest.mark.parametrize(("name", "query"), STATEMENTS, ids=[f"{name}: {query.place}" for name, query in STATEMENTS])
def test_it_runs_and_finds_something(engine: Engine, name: str, query: Query) -> None:
    """With a threshold typed in, and where one language is to be chosen, Korean."""
    chosen = {"language": "ko", "hit_threshold": "0.45"} if name == "language" else {"hit_threshold": "0.45"}
    assert asked(engine, query.text, chosen)


@pytest.mark.parametrize("query", list(queries(DASHBOARDS["language"], "rawSql")), ids=lambda query: query.place)
def test_it_runs_for_a_hostile_name(engine: Engine, query: Query) -> None:
    """Chosen in every variable the statement stands, and finds nothing: no row has that name everywhere. Lists to choose from stay."""
    everywhere = dict.fromkeys(EVERYTHING, HOSTILE)
    answer = asked(engine, query.text, everywhere)
    assert answer == [] or query.place.startswith("$")


def test_no_statement_answers_of_another_time(engine: Engine) -> None:
    """But for what stands now: the open incidents, and how far evaluation is."""
    now = {"Firing now/A", "Open incidents/A", "Evaluated up to/A", "@Incidents"}
    nothing = Range(at(-9000), at(-8000))
    said = {
        query.place: asked(engine, query.text, {"language": "ko"}, nothing) for _, query in STATEMENTS if query.place not in now
    }
    assert {place: rows for place, rows in said.items() if rows} == {}


def test_the_table_of_languages(engine: Engine) -> None:
    """Korean by hand: 300 queries, 290 that did not fail, 150 of 200 labels found.

    Wilson: p = .75, n = 200, z^2 / n = .019208: middle .759604, half 1.96 * sqrt(.0009375 + .00002401) = .060776, over 1.019208.
    Mean score: (68 + 36.4) / 261 = .4. 191 of 290 scores reach .45. Latency: the 110 end with 900 ms, of which 10 are below 95 %.
    """
    korean = languages(engine, {"hit_threshold": "0.45"})["ko"]
    assert (korean["events"], korean["labels"], korean["state"]) == (300, 200, "firing")
    assert [korean[name] for name in ("recall", "recall_low", "recall_high")] == pytest.approx([0.75, 0.685658, 0.804919], abs=1e-5)
    assert [korean[name] for name in ("similarity", "no_result", "errors")] == pytest.approx([0.4, 0.1, 1 / 30])
    assert korean["hit_rate"] == pytest.approx(191 / 290)
    assert korean["p95_ms"] == pytest.approx(latency_at(latency_bin(900.0)))


def test_the_interval_of_graded_recalls(engine: Engine) -> None:
    """Lao by hand: n = 50, mean .4, variance (12.5 - 50 * .16) / 49 = .091837, half 1.96 * sqrt(.091837 / 50) = .084."""
    lao = languages(engine)[HOSTILE]
    assert [lao[name] for name in ("labels", "recall", "recall_low", "recall_high")] == pytest.approx([50, 0.4, 0.316, 0.484])


def test_what_is_not_there_is_null(engine: Engine) -> None:
    """English has no labels: its recall is nothing, and not nought. Nobody typed a threshold: nothing hits or misses."""
    english = languages(engine)["en"]
    assert [english[name] for name in ("labels", "recall", "recall_low", "recall_high", "hit_rate", "hit_low", "p95_ms")] == [
        None
    ] * 7
    assert english["similarity"] == pytest.approx(0.6)
    assert english["state"] == "ok"


def test_the_table_is_that_of_the_agent(engine: Engine) -> None:
    """Every figure of every language is the one that `babelwatch languages --json` has, with the same threshold."""
    names = {
        "events": "events",
        "recall": "recall_at_k",
        "mrr": "mrr_at_k",
        "ndcg": "ndcg_at_k",
        "hit_rate": "hit_rate",
        "similarity": "similarity_mean",
        "no_result": "zero_result_rate",
        "errors": "error_rate",
    }
    by = ("language", "collection", "embedding_model", "score_kind")
    totals = ClickHouseWindows(engine).totals("language", Selection(HOUR.start, HOUR.end + timedelta(minutes=1)), by)
    agents = {row["language"]: row for row in table_rows(totals, ["language"], Quality(hit_threshold=Thresholds(default=0.45)))}
    ours = languages(engine, {"hit_threshold": "0.45"})
    assert ours.keys() == agents.keys() == {"ko", "en", HOSTILE}
    for language, row in ours.items():
        theirs = agents[language]
        assert {name: row[name] for name in names} == pytest.approx({name: theirs[other] for name, other in names.items()}), (
            language
        )
        for rate, low, high in (("recall_at_k", "recall_low", "recall_high"), ("hit_rate", "hit_low", "hit_high")):
            interval = theirs["ci95"].get(rate, (None, None))
            assert (row[low], row[high]) == pytest.approx(tuple(interval)), (language, rate)


@pytest.mark.parametrize("chosen", [HOSTILE, [HOSTILE], [HOSTILE, "en"]], ids=["one", "a list of one", "two"])
def test_a_hostile_name_is_a_name(engine: Engine, chosen: str | list[str]) -> None:
    """It stands in the list to choose from, and chosen it finds its own rows and no other."""
    assert {"language": HOSTILE} in asked(engine, statement("pairs", "$language"))
    found = asked(engine, statement("pairs", "Pairs/A"), {"language": chosen})
    assert {row["language"] for row in found} == ({chosen} if isinstance(chosen, str) else set(chosen))


@pytest.mark.parametrize("form", ["singlequote", "sqlstring"])
def test_why_values_are_percent_encoded(engine: Engine, form: str) -> None:
    """In Grafana's own forms of quoting the same name leaves its string: the backslash takes the quote that was to end it."""
    quoted = FORMATS[form]("language", "\\' OR 1 = 1 --")
    assert len(engine.rows(f"SELECT language FROM language_windows WHERE language = {quoted}")) > 3


def test_a_threshold_that_is_none_is_none(engine: Engine) -> None:
    """Text in the box is no number, and no SQL."""
    for typed in ("abc", "1) OR (1 = 1", "'", ""):
        assert {row["hit_rate"] for row in languages(engine, {"hit_threshold": typed}).values()} == {None}


def test_the_worst_language_is_named(engine: Engine) -> None:
    """With the labels that it rests on; English has none, and is not the worst."""
    [worst] = asked(engine, statement("overview", "Worst language by recall/A"))
    assert worst == {"worst": f"{HOSTILE} (50 labels)", "recall": pytest.approx(0.4)}


def test_the_average_stands_beside_the_worst(engine: Engine) -> None:
    """By hand: one step of an hour has (150 + 20) / (200 + 50) = .68 on average, and .4 at its worst."""
    [beside] = asked(engine, statement("overview", "The average beside the worst language/A"), range_=HOUR._replace(interval=7200))
    assert (beside["worst"], beside["average"]) == pytest.approx((0.4, 0.68))


def test_what_is_open(engine: Engine) -> None:
    """German is over and Polish accepted; filters hold, and the time range does not matter."""
    counted, listed = (statement("overview", f"{title}/A") for title in ("Firing now", "Open incidents"))
    [row] = asked(engine, listed, range_=Range(at(-9000), at(-8000)))
    assert (row["language"], row["state"], row["since"], row["summary"]) == ("ko", "firing", at(1), "Korean fell")
    for service, number in ((ALL, 1), ("shop", 0), (["shop", "help"], 1)):
        assert asked(engine, counted, {"service": service}) == [{"open": number}]


def test_incidents_are_marked_while_they_last(engine: Engine) -> None:
    """From when they began until they were over; on a language's dashboard that language's, and those of all."""
    marks = asked(engine, statement("overview", "@Incidents"))
    assert {(mark["title"], mark["time"]) for mark in marks} == {(f"warning: {language}", at(1)) for language in ("de", "ko", "pl")}
    german = next(mark for mark in marks if mark["title"] == "warning: de")
    assert german["timeEnd"] == resolved().resolved_at
    assert [mark["title"] for mark in asked(engine, statement("language", "@Incidents"), {"language": "ko"})] == ["warning: ko"]
    assert asked(engine, statement("overview", "@Incidents"), range_=Range(at(-50), at(0))) == []


def test_deployments_are_marked(engine: Engine) -> None:
    """Noticed and announced ones, with what is known of them; one that names no collection is one of all collections."""
    marks = asked(engine, statement("overview", "@Deployments"))
    assert [(mark["time"], mark["text"]) for mark in marks] == [
        (at(2), "help · v2 · it's the new one"),
        (at(3), "other · prod · kb · mini · v9"),
    ]
    found = asked(engine, statement("overview", "@Deployments"), {"service": ["help"], "collection": ["kb"]})
    assert [mark["time"] for mark in found] == [at(2)]


def test_a_version_has_a_row(engine: Engine) -> None:
    """Of the language that was chosen, with when it was seen last."""
    [row] = asked(engine, statement("language", "Versions side by side/A"), {"language": "ko"})
    assert (row["index_version"], row["events"], row["labels"]) == ("v1", 300, 200)
    assert row["last_seen"].astimezone(UTC) == at(0)


def test_recall_has_its_band(engine: Engine) -> None:
    """A point for each step with labels, and the same interval as in the table."""
    [point] = asked(engine, statement("language", "Recall with its 95 % interval/A"), {"language": "ko"})
    assert point["time"] == at(0)
    assert (point["recall"], point["low"], point["high"]) == pytest.approx((0.75, 0.685658, 0.804919), abs=1e-5)


def test_scores_are_spread(engine: Engine) -> None:
    """In steps of .02: 70 scores at .30, and 191 at .50, of which 80 have labels and 50 found."""
    found = asked(engine, statement("language", "Best scores/A"), {"language": "ko"})
    assert [(row["score"], row["events"], row["labelled"], row["found"]) for row in found] == [
        ("0.3", 70, 0, 0),
        ("0.5", 191, 80, 50),
    ]


def test_a_pair_has_a_cell(engine: Engine) -> None:
    """Korean queries find half of the English documents; too few labels are no cell."""
    assert asked(engine, statement("pairs", "Recall by pair/A")) == [{"language": "ko", "document_language": "en", "value": 0.5}]


def test_the_hour_in_which_the_range_begins_is_read(engine: Engine) -> None:
    """Its rows carry a begin that lies before the range."""
    found = asked(engine, statement("overview", "Languages/A"), range_=Range(at(3.5), at(30)))
    assert [row["language"] for row in found] == ["en"]
