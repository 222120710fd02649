"""What `babelwatch compare` takes, and whether its answers are right: `python -m benchmarks.comparing [golden|logs|coverage|unchanged ...]`.

`golden`: two runs of 100,000 queries in each of 30 languages, from their packed scores in an embedded store. `logs`: two JSON-lines
logs of 100,000 labelled queries in 30 languages, beside `json.loads` of the same lines, in processes of their own: the ratio of
their CPU does not depend on who else computes.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import numpy as np

from agent import reached
from agent.config.settings import Settings
from agent.probing import kept, scores
from agent.probing.scores import Group, Scores
from benchmarks.coverage import coverage, unchanged

QUERIES = 100_000
LANGUAGES = (
    *("ar", "cs", "da", "de", "el", "en", "es", "fi", "fr", "he", "hi", "hu", "id", "it", "ja"),
    *("km", "ko", "lo", "nl", "no", "pl", "pt", "ro", "ru", "sv", "th", "tr", "uk", "vi", "zh"),
)
MEASURES = ("ndcg@10", "mrr@10", "recall@10", "recall@100")
LOGS = ("base.jsonl", "candidate.jsonl")
AT = datetime(2026, 11, 1, tzinfo=UTC)
BABELWATCH = (str(Path(sys.executable).with_name("babelwatch")), "compare")
PARSE = "import json, sys\nfor name in sys.argv[1:]:\n    for line in open(name, 'rb'): json.loads(line)"


class Taken(NamedTuple):
    """What a process took: seconds by the clock and of CPU, and megabytes at most."""

    wall: float
    cpu: float
    memory: float

    def __str__(self) -> str:
        return f"{self.wall:.1f} s, {self.cpu:.1f} s of CPU, {self.memory:.0f} MB at most"


def taken(command: Sequence[str]) -> Taken:
    """Run a command to its end; the answer may be no."""
    start = time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode in {0, 1}, f"{command} ended with {process.returncode}"
    return Taken(time.monotonic() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def golden() -> None:
    """Three million pairs."""
    with tempfile.TemporaryDirectory() as folder:
        _apart(_keep, Path(folder))
        command = [*BABELWATCH, "golden:big~1", "golden:big", "--store", folder]
        print(f"golden runs, {len(LANGUAGES)} languages x {QUERIES:,} queries: {taken(command)}")


def _apart(make: Callable[[Path], None], folder: Path) -> None:
    """In a process of its own: what is started counts the memory of who starts it."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        pool.submit(make, folder).result()


def _keep(folder: Path) -> None:
    random = np.random.default_rng(8)
    with reached.journal(Settings(), folder, make=True) as journal:
        for number in range(2):
            run = kept.GoldenRun(f"run-{number}", "big", AT + timedelta(days=number), (), {})
            for language in LANGUAGES:
                keys = np.random.default_rng(LANGUAGES.index(language)).integers(0, 2**63, QUERIES, np.uint64)
                values = {name: random.choice([0.0, 0.5, 0.63, 1.0], QUERIES) for name in MEASURES}
                journal.write([scores.entry_of(run.id, run.at, Group(language, "en"), Scores(random.permutation(keys), values))])
            journal.write([kept.entry_of(run)])


def logs() -> None:
    """Two logs, and what plain parsing of them takes."""
    with tempfile.TemporaryDirectory() as folder:
        _apart(_write, Path(folder))
        names = [str(Path(folder, name)) for name in LOGS]
        size = sum(Path(name).stat().st_size for name in names) / 1e6
        ours, parsing = taken([*BABELWATCH, *names]), taken([sys.executable, "-c", PARSE, *names])
        print(f"logs, 2 x {QUERIES:,} queries, {size:.0f} MB: {ours}")
        print(f"json.loads of each line: {parsing.cpu:.1f} s of CPU; ours takes {ours.cpu / parsing.cpu:.2f} times that")


def _write(folder: Path) -> None:
    for number, name in enumerate(LOGS):
        with folder.joinpath(name).open("w", encoding="utf-8") as stream:
            stream.writelines(_lines(np.random.default_rng(number)))


def _lines(random: np.random.Generator) -> Iterator[str]:
    """Searches with ten results, of which one is relevant, or none."""
    for number, rank in enumerate(random.integers(0, 14, QUERIES)):
        first = number - int(rank)
        results = [{"doc_id": f"Steam_engine/{(first + n) % 240}", "score": 0.6 - n / 50, "language": "en"} for n in range(10)]
        yield (
            json.dumps(
                {
                    "event_id": f"event-{number:018}",
                    "timestamp": (AT + timedelta(seconds=number)).isoformat(),
                    "query": f"what did the {number}th engine of the line have that no other had",
                    "query_language": LANGUAGES[number % len(LANGUAGES)],
                    "service": "help",
                    "collection": "kb-en",
                    "embedding_model": "m1",
                    "top_k": 10,
                    "results": results,
                    "score_kind": "cosine",
                    "relevant": [f"Steam_engine/{number % 240}"],
                }
            )
            + "\n"
        )


PARTS: dict[str, Callable[[], None]] = {"golden": golden, "logs": logs, "coverage": coverage, "unchanged": unchanged}


def main(names: Sequence[str]) -> None:
    """Measure the named parts, or all."""
    if unknown := set(names) - PARTS.keys():
        sys.exit(f"unknown: {', '.join(sorted(unknown))}; expected some of {', '.join(PARTS)}")
    for name in names or PARTS:
        PARTS[name]()


if __name__ == "__main__":
    main(sys.argv[1:])
