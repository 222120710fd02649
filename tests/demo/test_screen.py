"""The demo's screen as text: complete at eighty columns, readable without colour."""

import io
from collections.abc import Sequence
from typing import Any

import pytest
from rich.console import Console, RenderableType

from agent.demo.screen import Row, panel, table


def row(language: str, recall: float | None, **others: Any) -> dict[str, Any]:
    """A row as `languages --json` has it."""
    figures = {"queries": 1_234_567, "hit_rate": 0.614, "hit_threshold": 0.35, "similarity_mean": 0.2995, "zero_result_rate": 0.011}
    interval = {} if recall is None else {"recall_at_k": [recall - 0.02, recall + 0.02]}
    return {"language": language, "k": 10, "recall_at_k": recall, "ci95": interval, "state": "ok", **figures, **others}


ROWS = [row("en", 0.99), row("es", 0.56, state="firing"), row("de", 0.75), row("th", 0.14), row("und", None, similarity_mean=None)]
BEFORE = [row("en", 0.99), row("es", 0.68), row("de", 0.56), row("th", 0.13)]


def lines(shown: RenderableType, width: int = 80, *, colours: bool = False) -> list[str]:
    """What a console of that width prints."""
    out = io.StringIO()
    Console(file=out, width=width, force_terminal=colours, color_system="truecolor" if colours else None).print(shown)
    return [line.rstrip() for line in out.getvalue().splitlines()]


def line_of(language: str, rows: Sequence[Row] = ROWS, before: Sequence[Row] | None = BEFORE) -> list[str]:
    """The cells of one language."""
    [found] = [line for line in lines(table(rows, before)) if line.startswith(language)]
    return found.split()


@pytest.mark.parametrize("width", [80, 100, 160])
def test_everything_fits(width: int) -> None:
    """From eighty columns on nothing is cut, with queries in millions too."""
    shown = lines(panel("babelwatch demo", ROWS, BEFORE, "Spanish fell.", ["babelwatch alerts"]), width)
    assert max(map(len, shown)) <= width
    assert not [line for line in shown if "…" in line]


def test_a_language_has_its_name_and_its_figures() -> None:
    """One row says all of one language."""
    assert line_of("Spanish") == ["Spanish", "1,234,567", "56.0%", "▼", "12.0", "0.299", "61.4%", "1.1%", "firing"]


def test_what_is_not_known_is_a_dash() -> None:
    """Null is never shown as nought."""
    unknown = row("ko", None, queries=None, hit_rate=None, similarity_mean=None, zero_result_rate=None, state=None)
    assert line_of("Korean", [unknown]) == ["Korean", *["–"] * 7]


def test_a_change_that_may_be_chance_has_a_hollow_sign() -> None:
    """Thai gained a point, but its interval reaches over what it had."""
    assert line_of("Thai")[3:5] == ["△", "1.0"]
    assert line_of("German")[3:5] == ["▲", "19.0"]


def test_no_change_is_said_as_such() -> None:
    """No arrow where nothing moved."""
    assert line_of("English")[3:5] == ["=", "0.0"]


def test_without_a_past_no_change_is_claimed() -> None:
    """The first screen comes before the history is read."""
    assert line_of("Spanish", before=None)[3] == "–"
    assert not [line for line in lines(table(ROWS)) if "▲" in line]


def test_the_last_row_is_the_mean_over_languages() -> None:
    """The mean rises while Spanish falls; undetermined is no language."""
    assert line_of("Mean of all") == ["Mean", "of", "all", "61.0%", "▲", "2.0"]


def test_the_mean_changes_over_the_same_languages() -> None:
    """A language that is new today does not move the change."""
    assert line_of("Mean of all", [*ROWS, row("ko", 0.1)])[-2:] == ["▲", "2.0"]


def test_the_mean_may_change_by_chance() -> None:
    """Half a point over four languages with two points of uncertainty each is nothing to speak of."""
    nearly = [row("en", 0.99), row("es", 0.56), row("de", 0.75), row("th", 0.12)]
    assert line_of("Mean of all", ROWS[:-1], nearly)[-2:] == ["△", "0.5"]


def test_a_threshold_of_each_language_is_called_t() -> None:
    """The header names the threshold only where there is one."""
    assert "≥ 0.35" in lines(table(ROWS))[1]
    assert "≥ t" in lines(table([row("en", 0.9), row("es", 0.5, hit_threshold=0.3)]))[1]


def test_a_firing_language_and_the_alert_are_red() -> None:
    """Colour repeats what state and sign say."""
    shown = lines(panel("demo", ROWS, BEFORE, "Spanish fell."), colours=True)
    assert [line for line in shown if "Spanish" in line and "\x1b[1;31m" in line]
    assert [line for line in shown if "the alert" in line and "\x1b[31m" in line]


def test_an_alert_is_printed_as_it_is() -> None:
    """Brackets in an alert are text, not markup."""
    assert any("[red]es[/red] fell" in line for line in lines(panel("demo", ROWS, alert="[red]es[/red] fell")))


def test_without_an_alert_there_is_no_box() -> None:
    """Quiet looks quiet."""
    assert not [line for line in lines(panel("demo", ROWS)) if "alert" in line]


def test_a_long_command_can_be_pasted() -> None:
    """It is continued with a backslash at a space, never broken inside a path."""
    command = f"/usr/local/bin/babelwatch languages --from -15m --store /tmp/{'long-' * 8}store --json"
    shown = lines(panel("demo", ROWS, commands=[command]))
    typed = "\n".join(shown[shown.index("In a second shell:") + 1 :])
    assert "\\\n" in typed
    assert typed.replace("\\\n", "").split() == command.split()


def test_there_may_be_no_rows_yet() -> None:
    """The first second of the demo has nothing to show."""
    assert line_of("Mean of all", []) == ["Mean", "of", "all", "–", "–"]
