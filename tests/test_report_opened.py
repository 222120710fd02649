"""The weekly report with what the agent really opens: the embedded store, the threads that deliver, a channel on a local server."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent import evaluating, opening
from agent.config.settings import Settings
from agent.configured import Configured, fixed
from agent.notify.bulletin import Bulletin
from agent.runtime.report_due import Why
from agent.store.base import Flush
from agent.store.migrate import migrate
from tests.notify.stubs import Stub
from tests.report.weekly.builders import days
from tests.report.weekly.test_weekly import CALM

MONDAY = datetime(2026, 11, 16, 7, tzinfo=UTC)  # eight in Berlin
SUNDAY = MONDAY - timedelta(days=1)
LAG, SOON = timedelta(minutes=3), timedelta(seconds=10)
PAGE = "<!doctype html><title>검색</title>" + "<p>row</p>" * 20_000


@pytest.fixture
def hook() -> Iterator[Stub]:
    """Whatever takes a webhook."""
    with Stub() as stub:
        yield stub


def settings(folder: Path, hook: Stub) -> Settings:
    """A store in this folder, and reports for the hook."""
    return Settings.model_validate(
        {
            "store": {"path": str(folder)},
            "notify": {"receivers": {"hook": {"type": "webhook", "url": hook.url}}},
            "report": {"timezone": "Europe/Berlin", "receivers": ["hook"]},
        }
    )


def process(given: Settings, *looks: datetime) -> list[Why]:
    """A process looks at these times, sends what there is, and ends."""
    with ExitStack() as stack:
        in_force, store = fixed(given), opening.store_in(stack, given, opening.home(given))
        migrate(store.engine, opening.schemas(), retention=False)
        desk = evaluating.desk(stack, in_force, Configured(given).notifiers)
        desk.take_over()
        reports = evaluating.report_round(
            in_force, store, desk, lambda week: Bulletin(week, f"Worse in {week}", "Korean (ko) fell.", PAGE)
        )
        found = [reports.look(at - LAG, at) for at in looks]
        assert desk.drain(SOON)
        return found


def test_a_report_is_sent_once_over_restarts(tmp_path: Path, hook: Stub) -> None:
    """The page arrives as it was made; a process before it, beside its time and after it sends nothing."""
    given = settings(tmp_path / "store", hook)
    assert process(given, SUNDAY) == [Why.BEGINS]
    assert process(given, MONDAY + timedelta(hours=1), MONDAY + timedelta(hours=2)) == [Why.MADE_UP, Why.NOT_YET]
    assert process(given, MONDAY + timedelta(hours=3)) == [Why.NOT_YET]
    (arrived,) = hook.arrived
    assert (arrived["kind"], arrived["report"]["week"], arrived["report"]["html"]) == ("report", "2026-W46", PAGE)


def test_what_was_not_sent_is_sent_by_the_next_process(tmp_path: Path, hook: Stub) -> None:
    """It was posted, and its receiver was away until the process ended."""
    given = settings(tmp_path / "store", hook)
    process(given, SUNDAY)
    with ExitStack() as stack:
        in_force, store = fixed(given), opening.store_in(stack, given, opening.home(given))
        desk = evaluating.desk(stack, in_force, {})
        desk.take_over()
        reports = evaluating.report_round(in_force, store, desk, lambda week: Bulletin(week, "Worse", "Fell.", PAGE))
        assert reports.look(MONDAY - LAG, MONDAY) is Why.IN_TIME
    assert hook.requests == []
    assert process(given, MONDAY + timedelta(minutes=1)) == [Why.NOT_YET]
    (arrived,) = hook.arrived
    assert arrived["report"]["title"] == "Worse"


def test_the_report_of_the_store_is_what_is_sent(tmp_path: Path, hook: Stub) -> None:
    """Made of its weeks at its time; one of a week without queries is not sent."""
    given = settings(tmp_path / "store", hook)
    with ExitStack() as stack:
        in_force, store = fixed(given), opening.store_in(stack, given, opening.home(given))
        migrate(store.engine, opening.schemas(), retention=False)
        store.windows.append(Flush("log/0", None, 1, 0, days([CALM, CALM, {**CALM, "ko": (500, 0.5)}])))
        desk = evaluating.desk(stack, in_force, Configured(given).notifiers)
        desk.take_over()
        reports = evaluating.report_round(in_force, store, desk, evaluating.bulletins(in_force, store))
        looks = (SUNDAY, MONDAY + LAG, MONDAY + timedelta(days=7, hours=1))
        assert [reports.look(at - LAG, at) for at in looks] == [Why.BEGINS, Why.IN_TIME, Why.NO_DATA]
        assert desk.drain(SOON)
    (arrived,) = hook.arrived
    assert arrived["report"]["title"] == "Worse: Korean −20.0 points of recall@10 · week 2026-W46"
