"""How near the path is to its parts: poll, decode, dedup, tag and fold alone, and the whole with rows written, in one run.

CPU seconds (user and system) of the process, since wall time on a shared machine tells little. `python -m benchmarks.path`
"""

import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

from agent import opening, parts
from agent.aggregate.aggregator import Aggregator
from agent.aggregate.cardinality import Admission
from agent.app import schemas
from agent.config.settings import Settings
from agent.decode.sink import MemorySink
from agent.language.tagger import Asked
from agent.source.dedup import RecentIds
from agent.source.file import FileSource
from agent.store.migrate import migrate
from benchmarks.generated import values

COUNT = 100_000
ROUNDS = 3
CHUNK = 5_000
LATER = 1 << 50  # no event lies in the future


def main() -> None:
    """Measure three rounds and print the medians."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log.jsonl"
        log.write_bytes(b"\n".join(values(COUNT)))
        rounds = [{**measure_parts(log), "path": measure_path(log)} for _ in range(ROUNDS)]
    medians = {name: sorted(each[name] for each in rounds)[ROUNDS // 2] for name in rounds[0]}
    for name, micros in medians.items():
        print(f"{name:8} {micros:7.2f} µs of CPU an event   {1e6 / micros:10,.0f} events a second and core")
    limit = sum(micros for name, micros in medians.items() if name != "path")
    print(f"{'limit':8} {limit:7.2f} µs: the sum of the parts; the path reaches {limit / medians['path']:.2f} of it")


def measure_parts(log: Path) -> dict[str, float]:
    """Microseconds of CPU an event of each part alone, over chunks as a poll brings them."""
    settings = Settings()
    decoder, tagger, recent = parts.decoder(settings.source), parts.taggers(settings), RecentIds()
    aggregator = Aggregator(settings.quality.k, parts.documents(settings.source), Admission())
    spent = dict.fromkeys(("poll", "decode", "dedup", "tag", "fold"), 0.0)

    def timed(name: str, work: Callable[..., Any], *arguments: Any) -> Any:
        start = time.process_time()
        done = work(*arguments)
        spent[name] += time.process_time() - start
        return done

    source = FileSource([str(log)])
    for partition in source.poll(CHUNK, 0).assigned:
        source.resume(partition)
    while not (polled := timed("poll", source.poll, CHUNK, 0)).exhausted:
        messages = [message for found in polled.records.values() for message in found]
        accepted, _ = timed("decode", decoder.decode_all, messages, LATER)
        timed("dedup", recent.new, accepted)
        asked = [Asked(item.event.query, item.event.query_language) for item in accepted]
        tags = timed("tag", tagger.tag_all, asked)
        timed("fold", aggregator.fold, accepted, tags, 0)
    return {name: seconds / COUNT * 1e6 for name, seconds in spent.items()}


def measure_path(log: Path) -> float:
    """Microseconds of CPU an event of the spine over a file, the rows written to the embedded store."""
    settings = Settings()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        store = opening.store_in(stack, settings, folder)
        migrate(store.engine, schemas(), retention=False)
        consumer = opening.consumer(settings, store, stack.enter_context(closing(FileSource([str(log)]))), MemorySink())
        start = time.process_time()
        while not consumer.exhausted:
            consumer.step()
        while not consumer.flush_all():
            time.sleep(0.1)
        assert consumer.tally.accepted == COUNT
        return (time.process_time() - start) / COUNT * 1e6


if __name__ == "__main__":
    main()
