"""The composition root of `doctor`: a sample of a log, read with the parts of the agent, and what stands around it."""

import logging
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final, NamedTuple

from agent import logs, opening, parts
from agent.config.settings import Settings
from agent.doctor.advice import Advice, advice
from agent.doctor.checks import Check, Status
from agent.doctor.examined import Examined, Reading, Sampled, examine
from agent.doctor.fields import as_shares
from agent.doctor.measures import Verdict, measures
from agent.doctor.naming import propose
from agent.doctor.rules import Known, judged
from agent.doctor.surroundings import StoreFacts, of_cluster, of_receivers, of_store
from agent.doctor.timing import of_sample
from agent.errors import BabelwatchError, RetryLater
from agent.opening import CLOCK, PATIENCE_MS
from agent.records import Partition
from agent.source.clients import admin, reader
from agent.source.cluster import look
from agent.source.sample import TopicSample, from_files
from agent.store.lock import StoreLock
from agent.store.migrate import newest, version

SHORTEST: Final = timedelta(seconds=10)  # of what a rate is read from


class Found(NamedTuple):
    """All that `doctor` says."""

    seen: Examined
    measures: dict[str, Verdict]
    rules: dict[str, Verdict]
    checks: list[Check]
    advice: list[Advice]


def of_files(settings: Settings, paths: Sequence[str], most: int) -> Found:
    """Files; of what stands around them only what the settings name. Raises Misconfigured, Unreachable."""
    logs.configure(logging.WARNING, most=0)
    sample = from_files(paths, most)
    named = settings.source.kafka.topics[0] if "kafka" in settings.source.model_fields_set else None
    return _found(settings, sample, topic=named, alone=True)


def of_topic(settings: Settings, topic: str, most: int) -> Found:
    """The newest messages of a topic; raises Unreachable."""
    logs.configure(logging.WARNING, most=0)
    address = replace(parts.kafka_address(settings), bootstrap_timeout_ms=PATIENCE_MS)
    with closing(reader(address)) as consumer:
        sample = TopicSample(consumer, topic).take(most)
    return _found(settings, sample, topic=topic, alone=False)


def _found(settings: Settings, sample: Sequence[Sampled], topic: str | None, *, alone: bool) -> Found:
    now_ms = int(CLOCK.now().timestamp() * 1000)
    k, source = settings.quality.k, settings.source
    seen = examine(sample, Reading(parts.decoder(source), parts.taggers(settings), parts.documents(source), k), now_ms)
    known = Known(floor=settings.quality.similarity.floor is not None or bool(settings.probes), topic=topic is not None)
    computable = measures(seen)
    checks = [*of_sample(seen, source.lateness, now_ms), *_around(settings, sample, topic, alone=alone)]
    return Found(
        seen,
        computable,
        judged(parts.rules(settings), computable, seen, known),
        checks,
        advice(seen, known, propose(seen.values, source.mapping, now_ms), k),
    )


def _around(settings: Settings, sample: Sequence[Sampled], topic: str | None, *, alone: bool) -> Iterator[Check]:
    """`alone`: of a file, where only what is configured is looked at."""
    if topic:
        yield from _cluster(settings, topic, busiest(sample))
    if not alone or "store" in settings.model_fields_set:
        yield of_store(_store(settings))
    if not alone or settings.notify.receivers:
        yield from of_receivers([(name, receiver.type) for name, receiver in settings.notify.receivers.items()])


def _cluster(settings: Settings, topic: str, rate: float | None) -> Iterator[Check]:
    given, address = settings.source.kafka, replace(parts.kafka_address(settings), bootstrap_timeout_ms=PATIENCE_MS)
    try:
        with closing(admin(address)) as client:
            cluster = look(client, topic, given.dead_letter_topic, given.group_id)
    except RetryLater as error:
        yield Check("broker", Status.FAILED, str(error))
        return
    yield from of_cluster(cluster, rate)


def busiest(sample: Sequence[Sampled]) -> float | None:
    """Bytes per second of the partition with most; None where the sample is too short to tell."""
    sizes: defaultdict[Partition, int] = defaultdict(int)
    times: defaultdict[Partition, list[int]] = defaultdict(list)
    for message, written in sample:
        if written is not None:
            sizes[message.partition] += len(message.value) + len(message.key or b"")
            times[message.partition].append(written)
    spans = {log: (max(some) - min(some)) / 1000 for log, some in times.items()}
    return max((sizes[log] / span for log, span in spans.items() if span >= SHORTEST.total_seconds()), default=None)


def _store(settings: Settings) -> StoreFacts:
    """The configured store, looked at without making or changing anything."""
    folder, latest = opening.home(settings), newest(opening.schemas())
    name = f"the store in {folder}" if folder else repr(parts.clickhouse_address(settings))
    if folder and not (folder / opening.ENGINE).is_dir():
        return StoreFacts(name, None, latest)
    try:
        with ExitStack() as stack:
            if folder:
                lock = StoreLock(folder)
                stack.callback(lock.release)
                if holder := lock.take():
                    return StoreFacts(
                        name, None, latest, holder=f"{holder.pid} at {holder.address}" if holder.address else str(holder.pid)
                    )
            return StoreFacts(name, version(opening.store_in(stack, settings, folder).engine), latest)
    except BabelwatchError as error:
        return StoreFacts(name, None, latest, problem=str(error))


def document(found: Found) -> dict[str, Any]:
    """What `--json` prints."""
    seen = found.seen
    return {
        "messages": seen.messages,
        "events": seen.whole.events,
        "dialects": dict(seen.dialects().most_common()),
        "rejected": dict(seen.reasons().most_common()),
        "spans": {str(name): count for name, count in sorted(seen.spans.items()) if count},
        "languages": dict(sorted(seen.languages.items(), key=lambda item: (-item[1], item[0]))),
        "fields": as_shares(seen.whole),
        "metrics": {
            name: {"computable": one.computable, "proxy": one.proxy, "reason": one.reason} for name, one in found.measures.items()
        },
        "rules": {name: {"works": one.computable, "proxy": one.proxy, "reason": one.reason} for name, one in found.rules.items()},
        "checks": [{"name": check.name, "status": check.status.value, "sentence": check.sentence} for check in found.checks],
        "advice": [each.text for each in found.advice],
        "reasons": [each.reason for each in found.advice],
        "unlocks": [list(each.unlocks) for each in found.advice],
    }
