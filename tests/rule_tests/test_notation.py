"""The short notation of values by the minute."""

from itertools import islice
from typing import Any

import pytest

from agent.alerting.reading import ExpectedError
from agent.rule_tests.notation import Pieces, for_ever, minutes_of, series, values

COUNTS = series(1000, "20x30")
RATES = series(1, ".9", alone=True)


def read(text: Any) -> list[float | None]:
    """Each minute's value."""
    pieces: Pieces = (RATES if isinstance(text, float) else COUNTS)(text)
    return [None if value is None else value / 1_000_000 for value in values(pieces)]


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("20", [20]),
        ("20x3 0x2 .5", [20, 20, 20, 0, 0, 0.5]),
        ("_x2 7", [None, None, 7]),
        ("1+2x3", [1, 3, 5]),
        ("1-.25x4", [1, 0.75, 0.5, 0.25]),
        ("3x1m", [3]),
        (0.9, [0.9]),
    ],
)
def test_values_by_the_minute(text: Any, minutes: list[float | None]) -> None:
    """A piece is a value, its change a minute, and for how long."""
    assert read(text) == minutes


def test_a_duration_is_as_good_as_minutes() -> None:
    """Three days are 4,320 minutes."""
    assert COUNTS("20x3d 1x1h30m") == COUNTS("20x4320 1x90")
    assert minutes_of(COUNTS("20x3d 1x1h30m")) == 4410


def test_the_last_value_may_go_on() -> None:
    """Also where it was changing."""
    assert list(islice(for_ever(COUNTS("1+1x3")), 5)) == [1_000_000, 2_000_000, 3_000_000, 3_000_000, 3_000_000]


@pytest.mark.parametrize(
    "text",
    [
        *("", "x3", "20x", "20x0", "20x-1", "20x30s", "20*3", "-1", "1-1x3", "1001", "999+1x3", "_+1x2", "1e3", ".1234567"),
        *("20x401d", "20x" + "9" * 50, 20, 48.0, True, None, ["20x3"], {"a": 1}),
    ],
    ids=str,
)
def test_what_is_no_series(text: Any) -> None:
    """A lone number is refused where 0x30 could be meant, which YAML reads as 48."""
    with pytest.raises(ExpectedError, match="expected values from 0 to 1000 by the minute, such as 20x30"):
        COUNTS(text)


@pytest.mark.parametrize("rate", [1.5, -0.5, 48, True, "1.01"])
def test_a_rate_lies_in_0_to_1(rate: Any) -> None:
    """Alone or in a piece."""
    with pytest.raises(ExpectedError):
        RATES(rate)
