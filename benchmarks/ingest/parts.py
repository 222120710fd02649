"""Each part of the agent's path alone, over the same events: the limit is their sum. HOW: tagger or plain."""

import json
from collections.abc import Callable, Iterable
from typing import Any

from agent import parts
from agent.aggregate.aggregator import Aggregator
from agent.aggregate.cardinality import Admission
from agent.language.tagger import Asked
from agent.memory import keep_buffers
from agent.records import Accepted, RawMessage
from agent.runtime.consume import CHUNK, MAX_RECORDS, POLL_SECONDS
from agent.source.dedup import RecentIds
from agent.source.kafka import Group, KafkaSource
from benchmarks.ingest.meter import Job, cpu, job
from benchmarks.ingest.ours import settings
from benchmarks.ingest.work import PlainTagger

LATER = 1 << 50  # no event lies in the future
Chunks = list[list[Any]]


def run(given: Job) -> None:
    """Print microseconds of CPU an event for poll, decode, dedup, tag and fold."""
    keep_buffers()
    chosen = settings(given)
    tagger: Any = parts.taggers(chosen) if given.how == "tagger" else PlainTagger()
    source = KafkaSource(parts.kafka_address(chosen), chosen.source.kafka.topics, Group(chosen.source.kafka.group_id), "earliest")
    decoder, recent = parts.native(chosen.source), RecentIds()
    windows = Aggregator(chosen.quality.k, parts.documents(chosen.source), Admission())
    start = cpu()
    messages = _polled(source, given.events)
    spent = {"poll": cpu() - start}
    source.close()
    accepted = _timed(spent, "decode", lambda chunk: decoder.decode_all(chunk, LATER)[0], _chunks(messages))
    _timed(spent, "dedup", recent.new, accepted)
    tags = _timed(spent, "tag", lambda chunk: tagger.tag_all([_asked(item) for item in chunk]), accepted)
    pairs = zip(accepted, tags, strict=True)
    _timed(spent, "fold", lambda pair: windows.fold(pair[0], pair[1], 0), pairs)
    print(json.dumps({part: seconds / given.events * 1e6 for part, seconds in spent.items()}))


def _polled(source: KafkaSource, count: int) -> list[RawMessage]:
    found: list[RawMessage] = []
    while len(found) < count:
        polled = source.poll(MAX_RECORDS, POLL_SECONDS)
        for partition in polled.assigned:
            source.resume(partition)
        for messages in polled.records.values():
            found += messages
    return found


def _chunks(messages: list[RawMessage]) -> Chunks:
    return [messages[start : start + CHUNK] for start in range(0, len(messages), CHUNK)]


def _timed(spent: dict[str, float], part: str, work: Callable[[Any], Any], chunks: Iterable[Any]) -> list[Any]:
    start = cpu()
    done = [work(chunk) for chunk in chunks]
    spent[part] = cpu() - start
    return done


def _asked(item: Accepted) -> Asked:
    return Asked(item.event.query, item.event.query_language, item.event.locale)


if __name__ == "__main__":
    run(job())
