"""A message belongs to the trace of the evaluation that found what it tells, however long it waited and whoever sends it."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import StatusCode

from agent import tracing
from agent.notify.grouping import Timing
from tests.notify.examples import KOREAN, resolved
from tests.support.telling import Away, Told, told_by
from tests.support.traced import Traced, traces


@pytest.fixture
def traced() -> Iterator[Traced]:
    """Spans are kept."""
    with traces() as kept:
        yield kept


def trace_of(span: ReadableSpan) -> int:
    """Its id."""
    assert span.context is not None
    return int(span.context.trace_id)


def test_a_message_is_a_part_of_its_evaluation(traced: Traced) -> None:
    """Told at once."""
    told = Told()
    with tracing.span("evaluate"):
        told.tell(KOREAN)
    deliver, evaluate = traced.spans()
    assert (deliver.name, trace_of(deliver)) == ("deliver", trace_of(evaluate))
    assert deliver.attributes == {"receiver": "chat", "kind": "firing", "reason": "first", "outcome": "sent"}


def test_who_waits_for_others_is_a_part_of_the_first(traced: Traced) -> None:
    """It is decided at a later turn, in no evaluation."""
    told = Told(timing=Timing())
    with tracing.span("evaluate"):
        told.tell(KOREAN)
    told.clock.advance(timedelta(minutes=1))
    told.pipeline.look(told.clock.now())
    evaluate, deliver = traced.spans()
    assert trace_of(deliver) == trace_of(evaluate)


def test_after_a_restart_the_trace_goes_on(traced: Traced) -> None:
    """What could not be sent lies in the journal with its trace."""
    chat = Away()
    told = told_by(chat)
    with tracing.span("evaluate"):
        told.tell(KOREAN)
    chat.away = False
    told.again()
    told.turn()
    first, evaluate, second = traced.spans()
    assert {trace_of(first), trace_of(second)} == {trace_of(evaluate)}
    assert (first.status.status_code, second.status.status_code) == (StatusCode.ERROR, StatusCode.UNSET)
    assert [one.attributes and one.attributes["outcome"] for one in (first, second)] == ["again", "sent"]


def test_the_end_is_a_part_of_the_evaluation_that_saw_it(traced: Traced) -> None:
    """Not of the one that saw the fire."""
    told = Told()
    with tracing.span("evaluate"):
        told.tell(KOREAN)
    with tracing.span("evaluate"):
        told.tell(resolved())
    fire, end = (trace_of(span) for span in traced.named("deliver"))
    assert [fire, end] == [trace_of(span) for span in traced.named("evaluate")]
