"""The statements, before any engine sees them."""

import pytest

from agent.aggregate.measures import HINTS
from agent.alerting.sums import Minute
from agent.records import WindowKey
from agent.store import sql


def test_every_field_of_a_measure_has_a_column_type() -> None:
    """A field that is added with a type that the table cannot hold fails here and not at the first insert."""
    assert list(sql.MEASURES) == list(HINTS)
    assert set(sql.MEASURES.values()) == {"UInt64", "Int64", "Map(Int16, UInt64)", "Map(String, UInt64)", "Array(UInt64)"}


def test_sums_that_can_be_negative_are_signed() -> None:
    """Scores may be below zero, so may their sum; their squares are not."""
    assert [name for name, type_ in sql.MEASURES.items() if type_ == "Int64"] == ["score_sum"]


def test_what_rules_read_is_what_a_minute_holds() -> None:
    """The columns stand in the order of the record's fields."""
    assert ("minute", "key", *sql.MINUTE_SUMS) == Minute._fields


def test_sessions_are_not_read_as_a_sum() -> None:
    """Their state is no number, and adding hashes would be nonsense."""
    assert set(sql.MEASURES) - set(sql.READABLE) == {"session_hashes"}


@pytest.mark.parametrize(("column", "expression"), [("events", "sum(events)"), ("routes", "sumMap(routes)")])
def test_rows_that_are_not_merged_yet_are_summed(column: str, expression: str) -> None:
    """Every reading sums, since a window may lie in several parts."""
    assert sql.total(column) == expression


def test_filters_are_parameters() -> None:
    """A value never stands in the statement, so it cannot be read as SQL."""
    statement = sql.totals(("language", "service"), ("service", "language"))
    assert statement.endswith(" AND service = {service:String} AND language = {language:String} GROUP BY language, service")
    assert statement.startswith("SELECT language, service, sum(events), ")


@pytest.mark.parametrize("statement", [sql.totals(("language",), ()), sql.sessions(()), sql.minutes(), sql.minutes(15)])
def test_every_range_names_the_hour(statement: str) -> None:
    """A filter on the minute alone would read the whole table, since the key begins with the hour."""
    assert sql.RANGE in statement
    assert sql.RANGE.startswith("hour >= ")


@pytest.mark.parametrize(("step", "at"), [(1, "minute"), (15, "toStartOfInterval(minute, INTERVAL 15 MINUTE)")])
def test_minutes_are_grouped_by_the_whole_key(step: int, at: str) -> None:
    """One row for each key, by the minute or by the quarter of an hour."""
    columns = ", ".join(WindowKey._fields)
    statement = sql.minutes(step)
    assert statement.startswith(f"SELECT intDiv(toUnixTimestamp({at}), 60) AS at, {columns}, ")
    assert statement.endswith(f"GROUP BY at, {columns} ORDER BY at, {columns}")
