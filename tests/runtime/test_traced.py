"""The loop's own work as spans: a flush is one, an evaluation is another and leads to the flushes before it."""

from collections.abc import Iterator

import pytest
from opentelemetry.trace import StatusCode

from tests.runtime.rig import P0, events
from tests.runtime.test_live import Agent
from tests.support.traced import Traced, traces


@pytest.fixture
def traced() -> Iterator[Traced]:
    """Spans are kept."""
    with traces() as kept:
        yield kept


@pytest.fixture
def agent() -> Agent:
    """An agent with one partition and five events of five minutes ago."""
    made = Agent()
    made.rig.log.append(P0, events(range(5)))
    return made


def test_an_evaluation_leads_to_the_flushes_since_the_one_before(agent: Agent, traced: Traced) -> None:
    """Each flush is behind one evaluation, whichever minute it was in."""
    agent.turn(15)
    agent.rig.log.append(P0, events(range(5, 10)))
    agent.turn(15)
    flushed = [span.context.span_id for span in traced.named("flush") if span.context]
    linked = [link.context.span_id for span in traced.named("evaluate") for link in span.links]
    assert len(flushed) == 2
    assert linked == flushed


def test_a_flush_says_whose_and_what_became_of_it(agent: Agent, traced: Traced) -> None:
    """Topic and partition, how many messages, the outcome."""
    agent.turn(15)
    [flush] = traced.named("flush")
    assert flush.attributes == {"topic": P0.topic, "partition": P0.number, "messages": 5, "outcome": "done"}
    assert flush.status.status_code is StatusCode.UNSET


def test_a_flush_in_vain_is_an_error(agent: Agent, traced: Traced) -> None:
    """While the store is away each try is a span that failed."""
    agent.turn(1)
    agent.rig.windows.fail = 1000
    agent.turn(5)
    tried = traced.named("flush")
    assert tried
    assert {span.status.status_code for span in tried} == {StatusCode.ERROR}


def test_an_evaluation_is_no_part_of_anything(agent: Agent, traced: Traced) -> None:
    """It is a trace of its own, which has the time up to which it evaluates."""
    agent.turn(15)
    found = traced.named("evaluate")
    assert found
    assert all(span.parent is None and span.attributes and str(span.attributes["as_of"]).endswith("+00:00") for span in found)
