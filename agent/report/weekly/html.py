"""A report as one HTML file that asks for nothing: style and charts are in it."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from agent import charts
from agent.charts.spark import spark
from agent.charts.waterfall import Step, waterfall
from agent.report.weekly import happened, words
from agent.report.weekly.model import Average, Language, Report

MOST_STEPS: Final = 8
MOST_PARTS: Final = 20


def html(report: Report, base: str | None = None) -> str:
    """The whole file; `base`: the address of the agent's pages, to which names of languages and incidents lead (None: they do not)."""
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            report=report,
            title=words.title(report),
            lead=list(words.lead(report)),
            css=style(),
            sparks={row.language: _spark(row, report.k) for row in report.languages if row.days},
            waterfalls=[(one, _waterfall(one, report.k), one.parts[:MOST_PARTS]) for one in report.averages],
            link=lambda *path: _address(base, path),
        )
    )


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("agent.report.weekly", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(words=words, cause=happened.cause)
    return made


@cache
def style() -> Markup:
    """What stands in the file's one `style` element: our own file, which closes no element."""
    folder = Path(charts.__path__[0])
    return Markup((folder / "look.css").read_text("utf-8"))  # noqa: S704 - ours, and nothing of a log is in it


def _address(base: str | None, path: Sequence[str]) -> str | None:
    """The page of something; None where there are no pages."""
    return None if base is None else "/".join((base.rstrip("/"), *(quote(part, safe="") for part in path)))


def _spark(row: Language, k: int) -> Markup:
    known = [value for value in row.days if value is not None]
    assert row.level is not None, "what has days has a level"
    said = f"{words.of(row.level, k)} by day"
    label = f"{said}: {words.value(row.level.measure, known[0])} to {words.value(row.level.measure, known[-1])}" if known else said
    return spark(row.days, label)


def _waterfall(one: Average, k: int) -> Markup | None:
    """Before, what each language did itself (the largest by name), the mix, after; None where nothing moved as far as is shown."""
    if all(max(abs(part.own), abs(part.mix)) < words.SAME for part in one.parts):
        return None
    ordered = sorted(one.parts, key=lambda part: (-abs(part.own), part.language))
    steps = [Step(words.name(part.language), part.own) for part in ordered[:MOST_STEPS]]
    if rest := ordered[MOST_STEPS:]:
        steps.append(Step(f"{len(rest)} other languages", sum(part.own for part in rest)))
    steps.append(Step("the mix of traffic", one.mix))
    return waterfall(("before", one.before), steps, ("now", one.after), words.average(one, k))
