"""The first loop that comes to mind: kafka-python's iterator, json, lid.176, a dict."""

import json
import uuid
from collections import defaultdict

from kafka import KafkaConsumer

from benchmarks.ingest.meter import Job, Meter, job
from benchmarks.ingest.work import PlainTagger, Sums, add, at, best, nothing


def run(given: Job) -> None:
    """Count everything, commit at the end."""
    tagger = PlainTagger()
    meter = Meter()
    consumer = KafkaConsumer(
        given.topic, bootstrap_servers=given.bootstrap, group_id=uuid.uuid4().hex, auto_offset_reset="earliest"
    )
    windows: defaultdict[tuple[str, str, int], Sums] = defaultdict(nothing)
    for seen, record in enumerate(consumer, 1):
        event = json.loads(record.value)
        key = (tagger.language(event["query"]), event["index_version"], int(at(event).timestamp()) // 60)
        add(windows[key], best(event), zero=not event["results"], latency=event["latency_ms"])
        if seen == given.events:
            break
    consumer.commit()
    meter.show(sum(sums[0] for sums in windows.values()), len(windows))
    consumer.close()


if __name__ == "__main__":
    run(job())
