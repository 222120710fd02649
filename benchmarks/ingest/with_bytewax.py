"""The same in Bytewax, written as its documentation shows.

HOW: tagger (our tagger and fold, called from it), fold (lid.176 alone and our fold), plain (lid.176 alone and six sums).
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import bytewax.operators as op
from bytewax.connectors.kafka import KafkaSource, KafkaSourceMessage
from bytewax.dataflow import Dataflow
from bytewax.operators import windowing
from bytewax.outputs import DynamicSink, StatelessSinkPartition
from bytewax.testing import run_main

from agent.aggregate.measures import Measures, merged
from benchmarks.ingest.meter import Job, Meter, job
from benchmarks.ingest.work import OurTagger, PlainTagger, Sums, add, at, best, count, decode, nothing, read

Rows = dict[tuple[str, int], Any]


class Sink(DynamicSink[Any], StatelessSinkPartition[Any]):  # type: ignore[misc]
    """Keeps closed windows."""

    def __init__(self) -> None:
        self.rows: Rows = {}

    def build(self, step_id: str, worker_index: int, worker_count: int) -> "Sink":  # noqa: ARG002  its interface
        """One for all workers: there is one."""
        return self

    def write_batch(self, items: list[Any]) -> None:
        """Closed windows."""
        for key, (number, row) in items:
            self.rows[key, number] = row


def ours(messages: Iterable[KafkaSourceMessage[Any, bytes]], tagger: OurTagger | PlainTagger) -> Iterable[tuple[str, Any]]:
    """Events with their tags, a batch at a time, keyed by what the agent keys windows by."""
    for message in messages:
        event = decode(message.value)
        tag = tagger(event)
        yield f"{tag.language}|{event.service}|{event.collection}|{event.embedding_model}|{event.index_version}", (event, tag)


def plain(messages: Iterable[KafkaSourceMessage[Any, bytes]], tagger: PlainTagger) -> Iterable[tuple[str, Any]]:
    """The few values that are summed, keyed by language and version."""
    for message in messages:
        event = read(message.value)
        key = f"{tagger.language(event['query'])}|{event['index_version']}"
        yield key, (at(event), best(event), not event["results"], event["latency_ms"])


def more(sums: Sums, value: tuple[datetime, float, bool, float]) -> Sums:
    """One more event."""
    return add(sums, value[1], zero=value[2], latency=value[3])


def run(given: Job) -> None:
    """Read to the end of the topic; what is open is closed there."""
    tagger: Any = OurTagger() if given.how == "tagger" else PlainTagger()
    full = given.how != "plain"
    tags = ours if full else plain
    sink, flow = Sink(), Dataflow("ingest")
    source: Any = KafkaSource([given.bootstrap], [given.topic], tail=False, batch_size=1000)
    keyed = op.flat_map_batch("tag", op.input("in", flow, source), lambda messages: tags(messages, tagger))
    folded = windowing.fold_window(
        "windows",
        keyed,
        windowing.EventClock(lambda value: value[0].timestamp if full else value[0], timedelta(minutes=5)),
        windowing.TumblingWindower(length=timedelta(minutes=1), align_to=datetime(2026, 1, 1, tzinfo=UTC)),
        *((Measures, lambda sums, value: count(sums, *value)) if full else (nothing, more)),
        (lambda a, b: merged([a, b])) if full else (lambda a, b: [x + y for x, y in zip(a, b, strict=True)]),
        ordered=False,
    )
    op.output("out", folded.down, sink)
    meter = Meter()
    run_main(flow)
    meter.show(sum(row.events if full else row[0] for row in sink.rows.values()), len(sink.rows))


if __name__ == "__main__":
    run(job())
