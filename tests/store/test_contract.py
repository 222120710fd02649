"""What every store promises: the same tests over the in-memory twin, the embedded engine, and a server over HTTP."""

from datetime import UTC, timedelta
from typing import Any

import pytest

from agent.aggregate.measures import COUNTS, Measures, merged
from agent.alerting.sums import Minute
from agent.records import WindowKey
from agent.store.base import MINUTE, Selection, Total
from agent.store.sql import KEY_COLUMNS, MINUTE_SUMS, READABLE
from tests.store.builders import ALWAYS, KEY, START, at, entry, flush, minute, window
from tests.store.conftest import Store

HOUR = timedelta(hours=1)
MIDNIGHT = (START - START.replace(hour=0, minute=0)) // MINUTE  # minutes since


def events(totals: list[Total], column: str = "language") -> dict[str, int]:
    """How many events each value of a column has."""
    return {getattr(total.key, column): total.measures.events for total in totals}


def counted(store: Store) -> dict[str, int]:
    """Events by language, of all time."""
    return events(store.windows.totals("language", ALWAYS, ("language",)))


def test_an_empty_store_knows_nothing(store: Store) -> None:
    """There is no position, no span and no sum, which is something else than 0."""
    assert store.windows.position("log/0") is None
    assert store.windows.positions() == {}
    assert store.windows.span() is None
    assert store.windows.totals("language", ALWAYS, ("language",)) == []
    assert list(store.windows.minutes(ALWAYS.start, ALWAYS.end)) == []


def test_a_flush_brings_its_windows_and_its_position(store: Store) -> None:
    """Both are there after one append."""
    store.windows.append(flush(window(events=3), window(language="en", events=5), end=42))
    assert store.windows.position("log/0") == 42
    assert counted(store) == {"ko": 3, "en": 5}


def test_the_same_flush_twice_counts_once(store: Store) -> None:
    """An insert whose answer was lost may be sent again."""
    for _ in range(3):
        store.windows.append(flush(window(events=3), end=42))
    assert counted(store) == {"ko": 3}


def test_of_two_writers_from_the_same_position_the_first_wins_whole(store: Store) -> None:
    """The second one's rows and its position are dropped, however far it read."""
    store.windows.append(flush(window(events=1), end=10))
    store.windows.append(flush(window(events=2), stored=10, end=20))
    store.windows.append(flush(window(events=4), window(language="en"), stored=10, end=30))
    assert store.windows.position("log/0") == 20
    assert counted(store) == {"ko": 3}


def test_of_two_writers_of_an_unknown_source_the_first_wins_whole(store: Store) -> None:
    """The token names the stored position and not the first offset that was read, which may differ."""
    store.windows.append(flush(window(events=1), stored=None, end=10))
    store.windows.append(flush(window(events=2), stored=None, end=20))
    assert store.windows.position("log/0") == 10
    assert counted(store) == {"ko": 1}


def test_another_attempt_is_taken(store: Store) -> None:
    """A token that the engine knows without having its rows is given up for the next attempt's."""
    store.windows.append(flush(end=10))
    store.windows.append(flush(window(), end=10, attempt=1))
    assert counted(store) == {"ko": 1}


def test_equal_rows_under_different_tokens_both_count(store: Store) -> None:
    """Two minutes alike are no repetition."""
    store.windows.append(flush(window(), stored=None, end=10))
    store.windows.append(flush(window(), stored=10, end=20))
    store.windows.append(flush(window(), source="log/1", stored=None, end=10))
    assert counted(store) == {"ko": 3}


def test_a_position_of_zero_is_a_position(store: Store) -> None:
    """A new partition without any record is known afterwards."""
    store.windows.append(flush(end=0))
    assert store.windows.position("log/0") == 0
    assert store.windows.positions() == {"log/0": 0}
    assert store.windows.span() is None


def test_positions_are_those_of_every_source(store: Store) -> None:
    """Each source has its furthest position, and none knows another's."""
    store.windows.append(flush(source="log/0", end=10))
    store.windows.append(flush(source="log/0", stored=10, end=20))
    store.windows.append(flush(source="log/1", end=7))
    assert store.windows.positions() == {"log/0": 20, "log/1": 7}
    assert store.windows.position("log/1") == 7
    assert store.windows.position("log/2") is None


def test_a_source_may_have_any_name(store: Store) -> None:
    """Quotes and other scripts in a path are text and nothing else."""
    name = "file:/tmp/it's \\ {x:String} 로그.jsonl#1"
    store.windows.append(flush(source=name, end=5))
    assert store.windows.position(name) == 5


def test_the_span_is_that_of_windows_with_events(store: Store) -> None:
    """Neither position rows nor windows that hold only synthetic traffic widen it."""
    store.windows.append(flush(window(-5, events=0, synthetic=9), window(2), window(7), window(30, events=0)))
    span = store.windows.span()
    assert span == (at(2), at(7))
    assert all(time.utcoffset() == timedelta(0) for time in span)


def every_sum(scale: int) -> dict[str, Any]:
    """A different value in each column that can be read back."""
    sums: dict[str, Any] = {name: scale * (1000 + place) for place, name in enumerate(COUNTS)}
    histograms = {name: {-7: scale, place: 2 * scale} for place, name in enumerate(("score_hist", "label_hist", "label_hit_hist"))}
    return (
        sums
        | histograms
        | {
            "score_sum": -5 * scale,
            "latency_hist": {90: scale},
            "routes": {"fallback": scale, "own_index": 1},
            "tag_reasons": {"unsure": scale},
            "translation_hist": {"nmt/3/87": scale, "/5": 2 * scale},
            "translation_sums": {"nmt/3": 870_000 * scale, "": 100_000 * scale},
        }
    )


def test_every_sum_comes_back(store: Store) -> None:
    """Counts, negative sums and histograms of two flushes add up, column by column."""
    store.windows.append(flush(window(0, **every_sum(1)), end=10))
    store.windows.append(flush(window(1, **every_sum(10)), stored=10, end=20))
    ((key, found),) = store.windows.totals("language", ALWAYS, ("language",))
    expected = every_sum(11) | {"routes": {"fallback": 11, "own_index": 2}}
    assert {name: getattr(found, name) for name in READABLE} == expected
    assert key == WindowKey("", "", "", "ko", "", "", "", "")


def test_large_sums_stay_exact(store: Store) -> None:
    """Sums beyond 2^53 do not pass through a float."""
    store.windows.append(flush(window(score_sq=2**62 + 1, score_sum=-(2**61) - 1)))
    (total,) = store.windows.totals("language", ALWAYS, ("language",))
    assert (total.measures.score_sq, total.measures.score_sum) == (2**62 + 1, -(2**61) - 1)


def test_pairs_are_sums_of_their_own(store: Store) -> None:
    """A pair's row is in no language's sum and the other way round."""
    store.windows.append(flush(window(events=5), window(pair="en", events=3), window(pair="ko", events=2)))
    assert counted(store) == {"ko": 5}
    found = store.windows.totals("pair", ALWAYS, ("language", "document_language"))
    assert events(found, "document_language") == {"en": 3, "ko": 2}


def test_a_selection_is_half_open(store: Store) -> None:
    """The minute of its start is in it, that of its end is not."""
    store.windows.append(flush(*(window(n, events=10**place) for place, n in enumerate((-1, 0, 61, 62)))))
    selected = store.windows.totals("language", Selection(START, at(62)), ("language",))
    assert events(selected) == {"ko": 110}


def test_stretches_begin_at_their_multiples(store: Store) -> None:
    """Oldest first, each with its own sums; one without windows is not there."""
    store.windows.append(flush(*(window(n, events=10**place) for place, n in enumerate((0, 14, 15, 46))), window(1, language="en")))
    found = store.windows.series("language", ALWAYS, ("language",), 15 * MINUTE)
    assert [(row.start - START, row.key.language, row.measures.events) for row in found] == [
        (0 * MINUTE, "en", 1),
        (0 * MINUTE, "ko", 11),
        (15 * MINUTE, "ko", 100),
        (45 * MINUTE, "ko", 1000),
    ]


@pytest.mark.parametrize("step", [MINUTE, HOUR, 24 * HOUR])
def test_stretches_add_up_to_totals(store: Store, step: timedelta) -> None:
    """Whatever their length; filters and range are those of the totals."""
    store.windows.append(flush(*(window(7 * n, events=n, scored=2, language=("ko", "en")[n % 2]) for n in range(400))))
    selection = Selection(at(70), at(2000), {"language": "ko"})
    (total,) = store.windows.totals("language", selection, ("language",))
    found = [row.measures for row in store.windows.series("language", selection, ("language",), step)]
    assert merged(found) == total.measures


@pytest.mark.parametrize("kind", ["language", "pair"])
@pytest.mark.parametrize(("first", "last"), [(0, 4320), (1, 4319), (1439, 1441), (1440, 2880), (700, 800), (700, 1500)])
def test_whole_days_and_the_minutes_around_them_are_one_range(store: Store, kind: str, first: int, last: int) -> None:
    """However a range lies across midnights: no minute twice, none left out, in totals and in days."""
    pair = "en" if kind == "pair" else ""
    store.windows.append(flush(*(window(n - MIDNIGHT, pair=pair, events=n) for n in range(0, 4320, 7))))
    selection = Selection(at(first - MIDNIGHT), at(last - MIDNIGHT))
    expected = sum(n for n in range(0, 4320, 7) if first <= n < last)
    assert sum(row.measures.events for row in store.windows.totals(kind, selection, ("language",))) == expected
    days = store.windows.series(kind, selection, ("language",), 24 * HOUR)
    assert sum(row.measures.events for row in days) == expected
    assert [row.start for row in days] == sorted({row.start for row in days})


@pytest.mark.parametrize(("first", "last"), [(0, 2880), (0, 1440), (1439, 1441), (700, 1500)])
def test_sessions_of_whole_days_are_those_of_their_minutes(store: Store, first: int, last: int) -> None:
    """A session that is seen on two days is one, in a range of whole days and in any other."""
    seen = {n: {n % 97, n % 89} for n in range(0, 2880, 60)}
    store.windows.append(flush(*(window(n - MIDNIGHT, events=1, session_hashes=hashes) for n, hashes in seen.items())))
    expected = set[int]().union(*(hashes for n, hashes in seen.items() if first <= n < last))
    selection = Selection(at(first - MIDNIGHT), at(last - MIDNIGHT))
    assert store.windows.sessions(selection) == len(expected)
    assert store.windows.sessions_by_language(selection) == ({"ko": len(expected)} if expected else {})


def test_only_the_sums_that_are_wanted_are_read(store: Store) -> None:
    """The others are empty, in totals and in stretches."""
    store.windows.append(flush(window(0, **every_sum(1)), end=10))
    (total,) = store.windows.totals("language", ALWAYS, ("language",), ("events", "score_hist"))
    (stretch,) = store.windows.series("language", ALWAYS, ("language",), HOUR, ("events", "score_hist"))
    expected = Measures(**{name: every_sum(1)[name] for name in ("events", "score_hist")})
    assert total.measures == stretch.measures == expected


@pytest.mark.parametrize("column", ["service", "environment", "collection", "language"])
def test_a_filter_compares_one_column(store: Store, column: str) -> None:
    """Only windows with exactly this value are summed; the value is text, not SQL."""
    odd = "it's {x:String} \\ 한국"
    store.windows.append(flush(window(), window(**{column: odd}, events=7)))
    selected = store.windows.totals("language", ALWAYS._replace(where={column: odd}), (column,))
    assert events(selected, column) == {odd: 7}


def test_filters_must_all_hold(store: Store) -> None:
    """Two filters together select what both select."""
    store.windows.append(flush(window(events=1), window(language="en", events=2), window(language="en", service="shop", events=4)))
    selected = store.windows.totals("language", ALWAYS._replace(where={"language": "en", "service": "shop"}), ("language",))
    assert events(selected) == {"en": 4}


@pytest.mark.parametrize("column", [name for name in KEY_COLUMNS if name != "document_language"])
def test_sums_are_grouped_by_what_was_asked(store: Store, column: str) -> None:
    """One total for each value of the column, with every other column empty."""
    store.windows.append(flush(window(events=1), window(1, events=2), window(**{column: "other"}, events=4)))
    found = store.windows.totals("language", ALWAYS, (column,))
    assert events(found, column) == {getattr(KEY, column): 3, "other": 4}
    assert all(total.key == WindowKey(*[""] * 8)._replace(**{column: getattr(total.key, column)}) for total in found)


def read(store: Store, start: float = -(10**6), end: float = 10**6, *, step: timedelta = MINUTE) -> list[Minute]:
    """Minutes so long after the start."""
    return list(store.windows.minutes(at(start), at(end), step=step))


def test_minutes_come_in_the_order_of_time(store: Store) -> None:
    """One row a key and minute, whatever the order and the number of the flushes."""
    store.windows.append(flush(window(3, events=1), window(1, events=2), window(1, events=4, language="en"), end=10))
    store.windows.append(flush(window(2, events=8), window(1, events=16), window(1, pair="en", events=99), stored=10, end=20))
    assert [(row.minute - minute(), row.key.language, row.events) for row in read(store)] == [
        (1, "en", 4),
        (1, "ko", 18),
        (2, "ko", 8),
        (3, "ko", 1),
    ]


def test_minutes_have_all_that_rules_read(store: Store) -> None:
    """Key and sums are those of the window."""
    sums = every_sum(1)
    store.windows.append(flush(window(**sums)))
    (row,) = read(store)
    assert row == Minute(minute=minute(), key=KEY, **{name: sums[name] for name in MINUTE_SUMS})


def test_minutes_are_half_open(store: Store) -> None:
    """The end's own minute is not yet read."""
    store.windows.append(flush(*(window(n) for n in range(5))))
    assert [row.minute - minute() for row in read(store, 1, 4)] == [1, 2, 3]


def test_hourly_sums_stand_at_the_first_minute(store: Store) -> None:
    """An hour is summed from the minutes inside the range."""
    store.windows.append(flush(*(window(n, events=10**place) for place, n in enumerate((-1, 0, 59, 60, 61)))))
    assert [(row.minute - minute(), row.events) for row in read(store, 0, 61, step=HOUR)] == [(0, 110), (60, 1000)]


def test_quarters_of_an_hour_begin_with_the_hour(store: Store) -> None:
    """Whatever the range begins with."""
    store.windows.append(flush(*(window(n, events=10**place) for place, n in enumerate((3, 14, 15, 44)))))
    found = read(store, 3, 45, step=15 * MINUTE)
    assert [(row.minute - minute(), row.events) for row in found] == [(0, 11), (15, 100), (30, 1000)]


def test_sums_of_sums_agree(store: Store) -> None:
    """Minutes, hours and totals of the same windows are the same events."""
    store.windows.append(flush(*(window(7 * n, events=n, language=("ko", "en")[n % 2]) for n in range(40))))
    by_minute, by_hour = (sum(row.events for row in read(store, step=step)) for step in (MINUTE, HOUR))
    assert by_minute == by_hour == sum(counted(store).values()) == sum(range(40))


def test_distinct_sessions_are_taken_and_not_read_as_numbers(store: Store) -> None:
    """A flush with sessions is accepted; what is read back leaves them out."""
    store.windows.append(flush(window(session_hashes={1, 2**64 - 1})))
    (total,) = store.windows.totals("language", ALWAYS, ("language",))
    assert total.measures == Measures(events=1)


def test_distinct_sessions_are_counted_across_windows(store: Store) -> None:
    """One in two minutes is one; other languages and times are left out, and without sessions there are none."""
    assert store.windows.sessions(ALWAYS) == 0
    store.windows.append(
        flush(window(0, session_hashes={1, 2}), window(1, session_hashes={2, 3}), window(0, language="en", session_hashes={9}))
    )
    assert store.windows.sessions(ALWAYS) == 4
    assert store.windows.sessions(ALWAYS._replace(where={"language": "ko"})) == 3
    assert store.windows.sessions(ALWAYS._replace(start=at(1), where={"language": "ko"})) == 2


def test_distinct_sessions_are_counted_by_language(store: Store) -> None:
    """Each language once over its minutes; one without sessions is not named."""
    store.windows.append(
        flush(window(0, session_hashes={1, 2}), window(1, session_hashes={2, 3}), window(0, language="en", session_hashes={9}))
    )
    store.windows.append(flush(window(2, language="lo"), stored=10, end=20))
    assert store.windows.sessions_by_language(ALWAYS) == {"en": 1, "ko": 3}
    assert store.windows.sessions_by_language(ALWAYS._replace(start=at(1), where={"service": "help"})) == {"ko": 2}


def test_the_journal_gives_back_what_was_written(store: Store) -> None:
    """Id, time to the millisecond in UTC, and a body of any depth and script."""
    row = entry("이름/'\\", 0.00005, text="한국어\n\t'\\", nested={"list": [1, 2.5, None, True]})
    store.journal.write([row])
    (found,) = store.journal.read("note")
    assert found == row._replace(at=row.at.replace(microsecond=row.at.microsecond // 1000 * 1000))
    assert found.at.utcoffset() == timedelta(0)
    assert found.at.tzinfo == UTC


def test_the_journal_is_read_oldest_first(store: Store) -> None:
    """By the time in the row and not by when it was written."""
    store.journal.write([entry("c", 3), entry("a", 1)])
    store.journal.write([entry("b", 2)])
    assert [row.id for row in store.journal.read("note")] == ["a", "b", "c"]


def test_a_row_changes_the_revision(store: Store) -> None:
    """Also one that replaces another; reading changes nothing."""
    seen = []
    for n in range(3):
        store.journal.write([entry("x", 1, n=n)])
        seen += [store.journal.revision(), store.journal.revision()]
    assert seen[0::2] == seen[1::2]
    assert len(set(seen)) == 3


def test_several_kinds_are_read_together(store: Store) -> None:
    """Oldest first across the kinds, whole or from a time on; no other kind."""
    store.journal.write([entry("a", 1), entry("b", 2, "other"), entry("c", 3), entry("d", 4, "third")])
    assert [row.id for row in store.journal.together(("note", "other"))] == ["a", "b", "c"]
    assert [(row.kind, row.id) for row in store.journal.together(("note", "other"), at(2))] == [("other", "b"), ("note", "c")]


def test_the_journal_replaces_by_id(store: Store) -> None:
    """What was written last counts, also with an earlier time; another kind's row of the same name is another row."""
    store.journal.write([entry("x", 5, n=1), entry("x", 5, "other", n=2)])
    store.journal.write([entry("x", 1, n=3)])
    assert [(row.at, row.body) for row in store.journal.read("note")] == [(at(1), {"n": 3})]
    assert [row.body for row in store.journal.read("other")] == [{"n": 2}]


def test_a_replaced_row_comes_after_its_equals(store: Store) -> None:
    """Among rows of one time the order is that of writing, and replacing is writing."""
    for name in ("a", "b", "a"):
        store.journal.write([entry(name)])
    assert [row.id for row in store.journal.read("note")] == ["b", "a"]


def test_writing_the_same_row_twice_is_one_row(store: Store) -> None:
    """A transition made again after a crash is told once."""
    store.journal.write([entry("x", n=1)])
    store.journal.write([entry("x", n=1)])
    assert [row.body for row in store.journal.read("note")] == [{"n": 1}]


def test_a_row_that_was_replaced_can_come_back(store: Store) -> None:
    """A row like an earlier one is no repetition of the insert: the last one counts."""
    for n in (1, 2, 1):
        store.journal.write([entry("x", n=n)])
    assert [row.body for row in store.journal.read("note")] == [{"n": 1}]


def test_the_journal_is_read_from_a_time_on(store: Store) -> None:
    """The row of that very time is read."""
    store.journal.write([entry("a", 1), entry("b", 2), entry("c", 3)])
    assert [row.id for row in store.journal.read("note", since=at(2))] == ["b", "c"]


def test_writing_nothing_is_nothing(store: Store) -> None:
    """A batch without exemplars or admitted values writes no row."""
    store.journal.write([])
    assert store.journal.read("note") == []
