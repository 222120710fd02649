"""Each week's report goes to each receiver once: whoever makes it, and however often."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from agent.alerting.evaluator import Evaluator
from agent.clock import FakeClock
from agent.notify.bulletin import REPORT
from agent.notify.notification import DELIVERY, OUTBOX
from agent.runtime.evaluate import Evaluation
from agent.runtime.report_due import Why
from agent.runtime.report_round import REPORTED
from agent.store.base import Entry
from tests.alerting.traffic import QUALITY, RULES
from tests.runtime.reporter import DAY, HOUR, MINUTE, MONDAY, SUNDAY, WEEK, Agent, nothing_in, old_windows, settings


@pytest.fixture
def agent() -> Agent:
    """One that has looked on Sunday."""
    made = Agent()
    assert made.look(SUNDAY) is Why.BEGINS
    return made


def test_a_report_goes_to_each_receiver_at_its_time(agent: Agent) -> None:
    """And not a minute before, nor a minute later again; the deliveries are in the journal."""
    assert agent.look(MONDAY - MINUTE) is Why.NOT_YET
    assert agent.look(MONDAY) is Why.IN_TIME
    for minute in range(1, 4):
        assert agent.look(MONDAY + minute * MINUTE) is Why.NOT_YET
    assert agent.heard("chat") == agent.heard("mail") == ["Worse in 2026-W46"]
    rows = [(row.body["receiver"], row.body["outcome"], row.body["reason"]) for row in agent.journal.read(DELIVERY)]
    assert sorted(rows) == [("chat", "sent", "report"), ("mail", "sent", "report")]


def test_weeks_follow_each_other(agent: Agent) -> None:
    """One report each."""
    for week in range(3):
        agent.look(MONDAY + week * WEEK)
    assert agent.heard() == ["Worse in 2026-W46", "Worse in 2026-W47", "Worse in 2026-W48"]


def test_quiet_minutes_write_nothing(agent: Agent) -> None:
    """And the next process still knows what is owed."""
    for minute in range(1, 5):
        assert agent.look(SUNDAY + minute * MINUTE) is Why.NOT_YET
    (row,) = agent.journal.read(REPORTED)
    assert row.at == SUNDAY
    agent.again()
    assert agent.look(MONDAY) is Why.IN_TIME


def test_a_first_agent_sends_nothing_of_what_came_before(agent: Agent) -> None:
    """Nobody waits for the report of last Monday on the day of the installation."""
    late = Agent()
    assert late.look(MONDAY + DAY) is Why.BEGINS
    assert late.look(MONDAY + DAY + MINUTE) is Why.NOT_YET
    assert late.made == []


@pytest.mark.parametrize("away", [DAY, 3 * WEEK + HOUR], ids=["a day", "three weeks"])
def test_what_was_missed_is_made_up_once(agent: Agent, away: timedelta) -> None:
    """The newest week alone, and in no later minute or process again."""
    agent.again()
    assert agent.look(MONDAY + away) is Why.MADE_UP
    agent.again()
    for minute in range(1, 4):
        assert agent.look(MONDAY + away + minute * MINUTE) is Why.NOT_YET
    assert agent.heard() == [f"Worse in 2026-W{46 + away // WEEK}"]


def test_a_restart_after_sending_sends_nothing(agent: Agent) -> None:
    """Nor does one of an agent that had no time to note that it was done."""
    agent.look(MONDAY)
    for left in ((), [Entry(REPORTED, REPORTED, SUNDAY, {})]):
        agent.journal.write(left)
        agent.again()
        agent.look(MONDAY + HOUR)
    assert (agent.made, agent.heard()) == (["2026-W46"], ["Worse in 2026-W46"])


def test_a_schedule_of_each_day_sends_a_week_once(agent: Agent) -> None:
    """The report of the last week is due each morning, and is the same."""
    agent.settings = settings("chat", "mail", schedule="0 8 * * *")
    for day in range(7):
        assert agent.look(MONDAY + day * DAY) is Why.IN_TIME
    assert (agent.made, agent.heard()) == (["2026-W46"], ["Worse in 2026-W46"])


def test_two_processes_send_it_once(agent: Agent) -> None:
    """Both take themselves for the one that evaluates: one row a receiver, and what the other has sent is seen before sending."""
    other = Agent(agent.notifiers, agent.journal, clock=FakeClock(SUNDAY))
    agent.given = other.given = {"wake": lambda: None}
    for one in (agent, other):
        one.again()
        one.round.look(MONDAY, MONDAY)
    for one in (agent, other):
        one.clock.advance(MONDAY - one.clock.now())
        one.told.turn()
    assert len(agent.journal.read(OUTBOX)) == 2
    assert (len(agent.heard("chat")), len(agent.heard("mail"))) == (1, 1)
    assert len(agent.journal.read(REPORT)) == 1


def test_who_takes_over_does_not_make_it_again(agent: Agent) -> None:
    """The one before has made it and left."""
    agent.look(MONDAY)
    other = Agent(agent.notifiers, agent.journal, clock=FakeClock(MONDAY))
    assert other.look(MONDAY + MINUTE) is Why.NOT_YET
    assert (other.made, len(other.heard())) == ([], 1)


def test_a_week_that_is_not_evaluated_is_waited_for(agent: Agent) -> None:
    """An agent that catches up on Monday reports when it has the whole week."""
    assert agent.look(MONDAY, SUNDAY) is Why.NOT_EVALUATED
    assert agent.look(MONDAY + 2 * HOUR) is Why.MADE_UP
    assert agent.heard() == ["Worse in 2026-W46"]


def test_nothing_is_sent_of_a_week_without_queries(agent: Agent, caplog: pytest.LogCaptureFixture) -> None:
    """Such as those before the first data: it is said once in the log, and the next week's report comes."""
    agent.before = nothing_in
    assert agent.look(MONDAY) is Why.NO_DATA
    assert "no report of 2026-W46 is sent: week: no query lies in it" in caplog.text
    agent.before = lambda _: None
    assert agent.look(MONDAY + MINUTE) is Why.NOT_YET
    assert agent.look(MONDAY + WEEK) is Why.IN_TIME
    assert agent.heard() == ["Worse in 2026-W47"]


def test_new_settings_count_at_the_next_look(agent: Agent) -> None:
    """Another schedule, other receivers, and none: without a restart, and nobody is sent what came before."""
    agent.settings = settings(schedule="0 9 * * tue")
    assert agent.look(MONDAY) is Why.NOT_YET
    assert agent.look(MONDAY + DAY + HOUR) is Why.NO_RECEIVERS
    agent.settings = settings("mail", schedule="0 9 * * tue")
    assert agent.look(MONDAY + DAY + 2 * HOUR) is Why.NOT_YET
    assert agent.look(MONDAY + WEEK + DAY + HOUR) is Why.IN_TIME
    assert (agent.heard("chat"), agent.heard("mail")) == ([], ["Worse in 2026-W47"])


def evaluated(agent: Agent, at: datetime | None, until: datetime, **given: Any) -> None:
    """An evaluation with these reports walks so far, over a store that begins on Sunday."""
    evaluator = Evaluator(RULES, QUALITY)
    evaluation = Evaluation(evaluator, old_windows(days=1.2), agent.journal, agent.told.pipeline, reports=agent.round)
    evaluation.resume()
    while evaluation.evaluated_to is None or evaluation.evaluated_to < until:
        evaluation.walk(until, at, **given)


def test_evaluation_looks_for_reports_once_it_has_caught_up() -> None:
    """Not before: what it is to say of a week may stand in the log and not be read yet."""
    agent = Agent()
    agent.look(SUNDAY)
    agent.clock.advance(DAY)
    evaluated(agent, MONDAY, MONDAY - 3 * MINUTE, caught_up=False)
    assert agent.made == []
    agent.clock.advance(MINUTE)
    evaluated(agent, MONDAY + MINUTE, MONDAY - 2 * MINUTE)
    agent.told.turn()
    assert (agent.made, agent.heard()) == (["2026-W46"], ["Worse in 2026-W46"])


def test_a_replay_reports_nothing() -> None:
    """Old logs are no week that anybody waits for."""
    agent = Agent()
    agent.look(SUNDAY)
    evaluated(agent, None, MONDAY + DAY)
    assert agent.made == []
