"""Minutes by the day: where days end, what is altered, what is read again."""

from collections.abc import Sequence

from agent.alerting.sums import Minute
from agent.backtest.days import WARM, Filtered, Remembered, Span, before, days, spans
from tests.alerting.traffic import DAY, MONDAY
from tests.backtest.builders import Listed, traffic


def test_a_span_is_cut_at_midnight() -> None:
    """The first and the last day may be parts of one."""
    assert list(spans(Span(MONDAY + 60, MONDAY + DAY + 5))) == [(MONDAY + 60, MONDAY + DAY), (MONDAY + DAY, MONDAY + DAY + 5)]
    assert list(spans(Span(MONDAY, MONDAY))) == []


def test_every_row_comes_once_and_altered() -> None:
    """What is altered is altered in every row; a day without rows is a day."""
    minutes = Listed([*traffic(MONDAY, 2, (1, 1)), *traffic(MONDAY + 2 * DAY, 1, (1, 1))])
    walked = list(days(minutes, Span(MONDAY, MONDAY + 2 * DAY + 1), lambda row: row._replace(errors=1)))
    assert [[(row.minute - MONDAY, row.errors) for row in day.rows] for day in walked] == [[(0, 1), (1, 1)], [], [(2 * DAY, 1)]]


def test_history_reaches_as_far_back_as_minutes_are_kept() -> None:
    """And not before the first one."""
    assert before(Span(MONDAY + 9, MONDAY + 99), Span(MONDAY, MONDAY + 99)) == (MONDAY, MONDAY + 9)
    assert before(Span(MONDAY, MONDAY + 9), Span(0, MONDAY + 9)) == (MONDAY - WARM, MONDAY)


def test_filters_leave_the_span_alone() -> None:
    """A language that is silent at the end has quiet minutes there."""
    minutes = Filtered(Listed([*traffic(MONDAY, 2, (1, 1), "ko"), *traffic(MONDAY + 1, 3, (1, 1), "de")]), {"language": "ko"})
    assert minutes.span() == (MONDAY, MONDAY + 4)
    assert [(row.minute - MONDAY, row.key.language) for row in minutes.rows(Span(MONDAY, MONDAY + 4))] == [(0, "ko"), (1, "ko")]


def test_a_remembered_day_is_read_once() -> None:
    """Parts of it are the same rows as those of the source."""

    class Counting(Listed):
        reads = 0

        def rows(self, span: Span) -> Sequence[Minute]:
            self.reads += 1
            return super().rows(span)

    source = Counting(traffic(MONDAY, DAY, (1, 1)))
    minutes = Remembered(source, most=2)
    parts = [minutes.rows(Span(MONDAY + first, MONDAY + first + 7)) for first in (0, 5, DAY - 7)]
    assert source.reads == 1
    assert parts == [source.rows(Span(MONDAY + first, MONDAY + first + 7)) for first in (0, 5, DAY - 7)]
