"""How long one evaluation takes, by number of keys, and eight weeks of thirty languages minute by minute.

`python -m benchmarks.detection.speed`: each in a process of its own, CPU of that process, memory above what it had when imported.
"""

import resource
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from statistics import median
from typing import NamedTuple

from agent.alerting.evaluator import Evaluator
from agent.alerting.minutes import DAY, HOUR
from agent.alerting.sums import Minute
from agent.records import WindowKey
from benchmarks.detection.runner import QUALITY, RULES
from benchmarks.detection.traffic import MONDAY, simulate

HISTORY = 14  # days
MINUTES = 20
SIZES = ((30, 1), (100, 1), (200, 1), (200, 3), (1000, 1))  # languages, versions
WEEKS = 8


class Cost(NamedTuple):
    """Seconds of CPU of the first evaluation of a day and of the median one, megabytes at most."""

    first: float
    median: float
    megabytes: float


def live(languages: int, versions: int) -> Cost:
    """Minutes evaluated one by one behind fourteen days of history."""
    before = _megabytes()
    evaluator = Evaluator(RULES, QUALITY)
    keys = [
        WindowKey("simulated", "prod", "help", f"l{one}", "", "m1", f"v{version}", "cosine")
        for one in range(languages)
        for version in range(versions)
    ]
    for hour in range(HISTORY * 24):
        evaluator.warm(_rows(keys, MONDAY + hour * HOUR, 60))
    start = MONDAY + HISTORY * DAY
    took = [_cpu(partial(evaluator.advance, start + at, _rows(keys, start + at, 1))) for at in range(MINUTES)]
    return Cost(took[0], median(took[1:]), _megabytes() - before)


def _rows(keys: list[WindowKey], minute: int, minutes: int) -> list[Minute]:
    return [_row(key, minute, 20 * minutes) for key in keys]


def _row(key: WindowKey, minute: int, n: int) -> Minute:
    hits = n * 9 // 10
    return Minute(minute, key, n, 0, 0, n, hits * 500_000, hits * 250_000, {50: hits, 20: n - hits}, 0, 0, 0)


def weeks() -> Cost:
    """Eight weeks of thirty languages, day by day; making the rows does not count."""
    before = _megabytes()
    traffic = simulate(9501, config={"history_days": 7.0 * WEEKS, "after_days": 0.0})
    made = _megabytes() - before
    evaluator = Evaluator(RULES, QUALITY)
    took = []
    for day in range(7 * WEEKS):
        rows = traffic.rows(day)
        took.append(_cpu(partial(_walked, evaluator, rows, day)))
    return Cost(sum(took), median(took), _megabytes() - before - made)


def _walked(evaluator: Evaluator, rows: list[Minute], day: int) -> None:
    for _ in evaluator.walk(rows, MONDAY + day * DAY, MONDAY + day * DAY + DAY - 1):
        pass


def _cpu(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def _megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measured() -> Iterator[str]:
    """A line for each."""
    for languages, versions in SIZES:
        cost = _alone(live, languages, versions)
        yield (
            f"{languages:>5} languages x {versions}: {cost.first:.2f} s the first of a day, {cost.median:.3f} s then, "
            f"{cost.megabytes:.0f} MB"
        )
    cost = _alone(weeks)
    yield f"{WEEKS} weeks x 30 languages: {cost.first:.0f} s, {cost.median:.2f} s a day, {cost.megabytes:.0f} MB"


def _alone(work: Callable[..., Cost], *arguments: int) -> Cost:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(work, *arguments).result()


if __name__ == "__main__":
    for line in measured():
        print(line, flush=True)
