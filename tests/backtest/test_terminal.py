"""What a person reads of a backtest and of a drill."""

import io
from typing import Any

import pytest
from rich.console import Console, RenderableType

from agent.backtest import terminal
from agent.backtest.outcome import Outcome
from agent.backtest.score import score
from tests.backtest.builders import NOON, incident

SPAN = {"from": "2026-01-05T00:00:00+00:00", "to": "2026-01-19T00:00:00+00:00"}


def said(drawn: RenderableType) -> str:
    """As on a terminal of 100 columns."""
    console = Console(file=io.StringIO(), width=100)
    console.print(drawn)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def told(**others: Any) -> dict[str, Any]:
    """A backtest of two weeks with one incident."""
    outcome = Outcome([incident("ko", 5, 9)], 14 * 1440, 30, 2)
    return {**outcome.document(), **SPAN, "late": 0, **others}


def test_a_backtest_says_what_fired_and_how_often() -> None:
    """The incident with its times, and the rate a week."""
    text = said(terminal.backtest(told()))
    assert "2026-01-05 17:00  2026-01-05 21:00  Korean" in text
    assert "1 incident in 2.0 weeks, 30 languages (2026-01-05 00:00 to 2026-01-19 00:00): 0.5 a week, 2 notifications" in " ".join(
        text.split()
    )
    assert "came later" not in text
    assert "detected" not in text


def test_a_language_of_a_table_commands_no_terminal() -> None:
    """A file of minutes is no more to be trusted than the log that it was made from."""
    rows = [{**row, "language": "k\x1b[31mo"} for row in told()["incidents"]]
    assert "k[31mo" in said(terminal.backtest(told(incidents=rows)))


def test_late_data_is_named() -> None:
    """What the agent did not know when it decided."""
    assert "1,234 queries came later than they were evaluated" in said(terminal.backtest(told(late=1234)))


def test_a_score_is_said_in_words() -> None:
    """Also the score of nothing, which has no rate."""
    counted = score([], [incident("ko", 5, 9)], NOON, NOON).counted()
    text = said(terminal.backtest(told(score=counted)))
    assert "0 of 0 labelled incidents detected, 0 missed, 1 false" in text
    assert "precision 0 %, recall –" in text


def test_other_limits_are_a_table() -> None:
    """With labels also what they would have detected."""
    counted = score([], [], NOON, NOON).counted()
    row = {"z": 4.5, "threshold": 2, "incidents_per_week": 0.25}
    assert "4.5  2       0.2" in said(terminal.backtest(told(what_if=[row])))
    assert "median delay" in said(terminal.backtest(told(what_if=[{**row, "score": counted}])))


def test_a_placebo_is_one_figure() -> None:
    """Incidents a week, on so many days."""
    text = " ".join(said(terminal.placebo({**told(), "deployments": 8})).split())
    assert "0.5 incidents a week on these 14 days, after 8 deployments that never were." in text


@pytest.mark.parametrize(
    ("delay", "told_by", "words"),
    [
        ((340.0, 660.0), 26, "told after 5 h 40 (median of 28 starts, 90 %: 11 h); 2 of 28 not within 7 d"),
        ((340.0, 660.0), 28, "told after 5 h 40 (median of 28 starts, 90 %: 11 h)"),
        ((340.0, None), 20, "told after 5 h 40 (median of 28 starts); 8 of 28 not within 7 d"),
        ((None, None), 3, "told in 3 of 28 starts only within 7 d"),
        ((None, None), 0, "not told within 7 d, from 28 starts"),
    ],
)
def test_a_drill_says_how_soon(delay: tuple[float | None, float | None], told_by: int, words: str) -> None:
    """And from how many starts it was told at all."""
    figures = {"median": delay[0], "p90": delay[1]}
    assert terminal.delays({"starts": 28, "told": told_by, "delay_minutes": figures, "within_minutes": 7 * 1440}) == words


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (None, "–"),
        (0.4, "0 min"),
        (59.4, "59 min"),
        (60, "1 h"),
        (61, "1 h 01"),
        (1439, "23 h 59"),
        (1440, "1 d"),
        (3000, "2 d 2 h"),
    ],
)
def test_durations_have_two_units_at_most(minutes: float | None, words: str) -> None:
    """Nobody needs the minutes of three days."""
    assert terminal.duration(minutes) == words
