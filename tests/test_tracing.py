"""Spans of the agent's own work: what belongs together is one trace, and no text of an error leaves the agent in one."""

from collections.abc import Iterator

import pytest
from opentelemetry.trace import StatusCode

from agent import tracing
from tests.support.traced import Traced, traces


@pytest.fixture
def traced() -> Iterator[Traced]:
    """Spans are kept."""
    with traces() as kept:
        yield kept


def test_without_an_endpoint_there_is_no_trace() -> None:
    """Work is done all the same, and a log line has no ids."""
    with tracing.span("flush") as span:
        tracing.ended("done", well=True)
        assert not span.is_recording()
        assert (tracing.here(), tracing.ids()) == ("", {})


def test_a_span_says_what_became_of_its_work(traced: Traced) -> None:
    """Names as the list has them, and the outcome."""
    with tracing.span("flush", {"topic": "logs"}):
        tracing.ended("done", well=True)
    with tracing.span("deliver"):
        tracing.ended("again", well=False)
    flush, deliver = traced.spans()
    assert flush.attributes == {"topic": "logs", "outcome": "done"}
    assert (flush.status.status_code, deliver.status.status_code) == (StatusCode.UNSET, StatusCode.ERROR)
    assert {flush.name, deliver.name} <= tracing.SPANS.keys()


def test_what_is_raised_is_told_by_its_kind_alone(traced: Traced) -> None:
    """Texts of errors may hold an address or a name from a log."""
    with pytest.raises(ValueError, match="secret"), tracing.span("flush"):
        raise ValueError("https://hooks.example/secret")
    [span] = traced.spans()
    assert (span.status.status_code, span.status.description) == (StatusCode.ERROR, "ValueError")
    assert "secret" not in span.to_json()


def test_a_parent_from_a_row_of_the_journal_is_joined(traced: Traced) -> None:
    """A message that is sent after a restart belongs to the evaluation before it."""
    with tracing.span("evaluate"):
        kept = tracing.here()
    with tracing.span("deliver", parent=kept):
        ids = tracing.ids()
    evaluate, deliver = traced.spans()
    assert evaluate.context is not None
    assert deliver.parent is not None
    assert deliver.parent.span_id == evaluate.context.span_id
    assert ids["trace_id"] == f"{evaluate.context.trace_id:032x}"


@pytest.mark.parametrize("kept", ["", "nonsense", "00-0-0-00"])
def test_a_parent_that_is_none_begins_a_trace(traced: Traced, kept: str) -> None:
    """Rows that were written without traces, or by somebody else."""
    with tracing.span("deliver", parent=kept):
        pass
    [span] = traced.spans()
    assert span.parent is None


def test_links_lead_to_what_was_evaluated(traced: Traced) -> None:
    """An evaluation has several flushes behind it, and is the child of none."""
    with tracing.span("flush") as first, tracing.span("flush") as second:
        contexts = [first.get_span_context(), second.get_span_context()]
    with tracing.span("evaluate", links=contexts):
        pass
    [evaluate] = traced.named("evaluate")
    assert [link.context.span_id for link in evaluate.links] == [one.span_id for one in contexts]
    assert evaluate.parent is None
