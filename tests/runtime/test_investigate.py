"""What stands behind a fall: read from the store once, and never in the way of telling it."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from msgspec.structs import replace

from agent.alerting.changes import Change
from agent.alerting.incident import Incident
from agent.alerting.measures import Quality, Thresholds
from agent.errors import RetryLater
from agent.runtime.investigate import Investigation
from agent.store.base import Entry, Selection, Total
from agent.store.memory import MemoryJournal, MemoryWindows
from tests.runtime.watchers import korean
from tests.store.builders import at, flush, window

QUALITY = Quality(hit_threshold=Thresholds(default=0.35))
DAY = 1440
MICRO = 1_000_000
LENGTH = 120  # minutes of the fall


def fell(**changes: Any) -> Incident:
    """Korean hit rate fell at the start and fires two hours later."""
    given: dict[str, Any] = {
        "fired_at": at(LENGTH),
        "metric": "hit_rate",
        "cause": "unknown",
        "exemplars": (),
        "summary": "Korean fell.",
    }
    return korean(**(given | {"index_version": None, "embedding_model": None} | changes))


def scored(queries: int, hits: int) -> dict[str, Any]:
    """The sums of queries of which so many are hits."""
    return {"events": queries, "scored": queries, "score_hist": {50: hits, 20: queries - hits}}


def labelled(queries: int, hits: int) -> dict[str, Any]:
    """The sums of labelled queries."""
    return {"events": queries, "labelled": queries, "recall_sum": hits * MICRO, "recall_sq": hits * MICRO}


class Away(MemoryWindows):
    """A store that cannot be read."""

    def totals(self, kind: str, selection: Selection, by: Sequence[str], sums: Sequence[str] = ()) -> list[Total]:  # noqa: ARG002  it fails
        """Raise."""
        raise RetryLater(f"{kind} of {selection} by {by}: the store is away")


class Store:
    """Windows of the two hours of the fall, and of the same hours of three days before."""

    def __init__(self) -> None:
        self.windows, self.journal = MemoryWindows(), MemoryJournal()

    def add(self, now: dict[str, Any] | None, before: dict[str, Any] | None, pair: str = "", **key: Any) -> "Store":
        """One key's sums; None where it had no traffic."""
        days = {0: now, 1: before, 2: before, 3: before}
        for day, sums in days.items():
            if sums is not None:
                known = self.windows.position("log/0")
                self.windows.append(flush(window(10 - day * DAY, pair=pair, **key, **sums), stored=known, end=(known or 0) + 1))
        return self

    def explain(self, incident: Incident | None = None, *changes: Change, whole: bool = True) -> Incident:
        """What is found."""
        return Investigation(self.windows, self.journal, QUALITY).explain(incident or fell(), changes, whole=whole)


def change(minutes: float = 0, version: str = "v42", collection: str = "kb") -> Change:
    """A deployment, so long after the begin."""
    return Change("help", "prod", collection, "mini", version, at(minutes))


def test_a_fall_without_a_known_cause_keeps_its_words() -> None:
    """Nothing is invented: unknown, with what to do then."""
    found = Store().add(scored(400, 300), scored(400, 360)).explain()
    assert (found.cause, found.where, found.summary) == ("unknown", (), "Korean fell.")
    assert found.advice.startswith("Open the example queries")


def test_a_deployment_at_the_begin_is_the_cause_and_is_named() -> None:
    """Within the interval of the begin; a version that came an hour before it is none, nor one of another collection."""
    store = Store().add(scored(400, 300), None, index_version="v42").add(None, scored(400, 360), index_version="v41")
    found = store.explain(fell(began_between=(at(-10), at(5))), change(-10))
    assert (found.cause, found.advice) == ("deployment", "Compare index version v42 with the one before it, or roll it back.")
    assert found.summary == "Korean fell. It began with index version v42."
    assert store.explain(fell(began_between=(at(-10), at(5))), change(-60)).cause == "unknown"
    assert store.explain(fell(), change(0, collection="other")).cause == "unknown"
    assert store.explain(fell(), change(0)).cause == "deployment"


def test_a_canary_bears_the_fall() -> None:
    """New beside old, no change noticed near the begin: the version alone tells."""
    store = Store().add(scored(100, 50), None, index_version="v42").add(scored(300, 270), scored(400, 360), index_version="v41")
    found = store.explain()
    assert found.cause == "deployment"
    assert [(part.dimension, part.value, round(part.share, 2)) for part in found.where] == [("version", "v42", 1.0)]
    assert found.summary.endswith("Version v42 bears 100 % of the fall with 25 % of the queries.")


def test_the_collection_that_bears_the_fall_is_named() -> None:
    """Its queries fell 20 points, the others none."""
    store = (
        Store()
        .add(scored(100, 70), scored(100, 90), collection="kb-ko")
        .add(scored(300, 270), scored(300, 270), collection="kb-en")
    )
    found = store.explain()
    assert found.summary == "Korean fell. Collection kb-ko bears 100 % of the fall with 25 % of the queries."
    assert [part.value for part in found.where] == ["kb-ko"]


def test_cross_lingual_only_is_seen_in_the_pairs() -> None:
    """Korean documents are found as before, English ones are not."""
    store = Store().add(labelled(500, 380), labelled(500, 450))
    store.add(labelled(300, 270), labelled(300, 270), pair="ko").add(labelled(200, 110), labelled(200, 180), pair="en")
    found = store.explain(fell(metric="recall_at_k"))
    assert found.cause == "cross_lingual"
    assert "Documents in English bears" in found.summary
    assert [part.value for part in found.where] == ["en"]


def test_a_flood_is_tagging() -> None:
    """Three times the queries of the same hours; not asked where not all queries were counted."""
    store = Store().add(scored(1200, 900), scored(400, 360))
    assert store.explain().cause == "tagging"
    assert store.explain(whole=False).cause == "unknown"


def test_queries_that_moved_from_undetermined_are_tagging() -> None:
    """Half as many again, and as many are missing in another bucket."""
    store = Store().add(scored(600, 450), scored(400, 360)).add(scored(100, 50), scored(300, 150), language="und")
    found = store.explain()
    assert found.cause == "tagging"
    assert "33 % of its queries are as many as are missing in undetermined." in found.summary


def test_errors_and_missing_scores_are_ingest() -> None:
    """What is counted is not what was searched."""
    errors = Store().add({**scored(360, 270), "events": 400, "errors": 40}, scored(400, 360)).explain()
    assert (errors.cause, errors.summary) == ("ingest", "Korean fell. Searches that end in an error rose from 0 % to 10 %.")
    silent = Store().add({**scored(400, 300), "scored": 200}, scored(400, 360)).explain()
    assert (silent.cause, silent.summary) == ("ingest", "Korean fell. Answers logged without a score rose from 0 % to 50 %.")


def test_the_route_and_the_translation_are_asked() -> None:
    """More fallback; translations of less quality."""
    routed = Store().add(
        {**scored(400, 300), "routes": {"fallback": 200, "own_index": 200}}, {**scored(400, 360), "routes": {"own_index": 400}}
    )
    assert routed.explain().summary == "Korean fell. The share of the fallback route rose from 0 % to 50 %."
    translated = Store().add(
        {**scored(400, 300), "translated": 400, "translation_sum": 240 * MICRO},
        {**scored(400, 360), "translated": 400, "translation_sum": 340 * MICRO},
    )
    assert translated.explain().cause == "translation"


def translated(**engines: int) -> dict[str, Any]:
    """The sums of 400 queries, 200 translated by each of two engines with qualities of so many hundredths."""
    total = sum(engines.values()) * 200 * 10_000
    by_engine = {
        "translation_hist": {f"{name}/{hundredths}": 200 for name, hundredths in engines.items()},
        "translation_sums": {name: 200 * hundredths * 10_000 for name, hundredths in engines.items()},
    }
    return {**scored(400, 300), "translated": 200 * len(engines), "translation_sum": total, **by_engine}


def test_the_engine_whose_translations_got_worse_is_named() -> None:
    """One of two fell and one held; where both fell alike none is named."""
    fallen = Store().add(translated(nmt=50, llm=90), translated(nmt=90, llm=90)).explain()
    assert (fallen.cause, fallen.summary) == (
        "translation",
        "Korean fell. The mean quality of translated queries fell from 0.90 to 0.70; engine nmt bears all of that.",
    )
    both = Store().add(translated(nmt=60, llm=60), translated(nmt=90, llm=90)).explain()
    assert both.summary == "Korean fell. The mean quality of translated queries fell from 0.90 to 0.60."


def test_all_languages_are_read_as_one() -> None:
    """The incident of all languages is divided too, by all of its traffic."""
    store = Store()
    for language in ("ko", "en", "de"):
        store.add(scored(100, 70), scored(100, 90), language=language, collection="a").add(
            scored(100, 90), scored(100, 90), language=language, collection="b"
        )
    found = store.explain(fell(language="*", cause="fleet", index_version="v42"))
    assert (found.cause, found.advice[:33]) == ("fleet", "Roll back index version v42 first")
    assert found.summary == "Korean fell. Collection a bears 100 % of the fall with 50 % of the queries."


def test_a_language_low_from_the_start_is_told_its_remedies() -> None:
    """Nothing about it moved, so that it is low because of what it is."""
    found = Store().add(scored(400, 60), scored(400, 60)).explain(fell(class_="level", began_at=None, metric="similarity_median"))
    assert (found.cause, found.where) == ("low_resource", ())
    assert found.advice == "Use a language-specific index, query translation or a multilingual model."


def test_examples_are_the_latest_of_the_language() -> None:
    """At most five, each once, of this language and version, and from after the begin."""
    store = Store().add(scored(400, 300), scored(400, 360))

    def kept(name: str, when: datetime, *ids: str, language: str = "ko", version: str = "v1") -> Entry:
        key = {"service": "help", "environment": "prod", "language": language, "index_version": version}
        return Entry("exemplars", name, when, {"exemplars": [{**key, "ids": list(ids)}]})

    store.journal.write(
        [
            kept("old", at(-1), "e0"),
            kept("first", at(70), "e1", "e2", "e3", "e4"),
            kept("english", at(80), "x1", language="en"),
            kept("other", at(85), "x2", version="v0"),
            kept("last", at(90), "e5", "e6", "e1"),
        ]
    )
    assert store.explain(fell(index_version="v1")).exemplars == ("e5", "e6", "e1", "e2", "e3")
    assert store.explain(fell(exemplars=("mine",))).exemplars == ("mine",)


@pytest.mark.parametrize(
    "incident",
    [fell(state="resolved"), replace(fell(), state="pending"), fell(class_="monitor"), fell(class_="volume"), fell(fired_at=None)],
    ids=["resolved", "pending", "monitor", "volume", "never fired"],
)
def test_only_what_judges_retrieval_and_fires_is_investigated(incident: Incident) -> None:
    """Everything else is told as it is, and nothing is read for it."""
    assert Investigation(Away(), MemoryJournal(), QUALITY).explain(incident, ()) is incident


def test_a_store_that_is_away_does_not_stop_the_alert(caplog: pytest.LogCaptureFixture) -> None:
    """The incident as it is, and a line in the log."""
    incident = fell()
    assert Investigation(Away(), MemoryJournal(), QUALITY).explain(incident, ()) is incident
    assert "is told without its cause: language of" in caplog.text


class Asked(MemoryWindows):
    """Notes what is read."""

    def __init__(self) -> None:
        super().__init__()
        self.spans: defaultdict[str, list[tuple[datetime, datetime]]] = defaultdict(list)

    def totals(self, kind: str, selection: Selection, by: Sequence[str], sums: Sequence[str] = ()) -> list[Total]:
        """Note the range."""
        self.spans[kind].append((selection.start, selection.end))
        return super().totals(kind, selection, by, sums)


@pytest.mark.parametrize(("hours", "spans"), [(0, 7), (0.1, 7), (2, 7), (24, 7), (30, 4), (200, 3)])
def test_the_same_hours_of_about_a_week_before_are_usual(hours: float, spans: int) -> None:
    """Whole days before, none read twice and none within the fall; a fall of many days is read by its last three."""
    windows = Asked()
    Investigation(windows, MemoryJournal(), QUALITY).explain(fell(fired_at=at(60 * hours)), ())
    *before, now = sorted(set(windows.spans["pair"]))
    assert now == (max(at(0), at(60 * hours) - timedelta(days=3)), at(60 * hours))
    assert len(before) == spans
    assert all(end <= start for (_, end), (start, _) in pairwise([*before, now]))
    assert all((now[0] - start) % timedelta(days=1) == timedelta(0) for start, _ in before)
