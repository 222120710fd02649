"""What a soak makes of its samples: memory that grows is told from memory that goes up and down."""

from itertools import pairwise
from math import sin
from random import Random

from benchmarks.soak import again, verdicts
from benchmarks.soak.agent import Ended
from benchmarks.soak.samples import Sample

RATE = 5_000


def sample(at_s: float, resident: float = 500.0, lag: int = 50_000) -> Sample:
    """A look at an agent that takes half a core and a quarter of a MiB a minute."""
    return Sample(at_s, resident, resident / 2, at_s / 2, 1.5 * at_s, lag, at_s / 240, None if at_s < 200 else at_s % 60 + 120)


def soak(growth_an_hour: float = 0.0, *, hours: float = 0.5, warm_up: float = 0.0, noise: float = 0.0) -> list[Sample]:
    """Memory that goes up and down by 20 MiB every five minutes, and grows besides; `noise`: its spread between two looks."""
    times = [10.0 * number for number in range(int(360 * hours) + 1)]
    random = Random(7)
    level = [
        500 + min(at, 900) / 900 * warm_up + 20 * sin(at / 50) + random.gauss(0, noise) + growth_an_hour * at / 3600 for at in times
    ]
    return [sample(at, each) for at, each in zip(times, level, strict=True)]


def test_a_trend_is_the_slope_an_hour() -> None:
    """A straight line has its own slope, with an interval of no width."""
    found = verdicts.trend([sample(10.0 * number, 500 + number) for number in range(60)], lambda one: one.resident)
    assert all(abs(each - 360) < 1e-6 for each in found)


def test_memory_that_goes_up_and_down_is_flat() -> None:
    """Merges and flushes, and caches that fill in the first half, are no growth."""
    assert verdicts.memory(soak(hours=3, warm_up=80)).kept


def test_memory_that_grows_is_not_flat() -> None:
    """A leak of 20 bytes an event at 5,000 a second, which is 343 MiB an hour, is found through the ups and downs."""
    verdict = verdicts.memory(soak(growth_an_hour=20 * RATE * 3600 / 2**20))
    assert verdict.kept is False
    assert "+3" in verdict.said


def test_noise_passes_no_leak() -> None:
    """200 MiB an hour whose interval reaches below 0 are not flat: it cannot be told; after three hours it can, and is no."""
    found = verdicts.trend(verdicts.second_half(soak(200, noise=60)), lambda one: one.resident)
    assert found.low < 0 < found.high
    assert verdicts.memory(soak(200, noise=60)).kept is None
    assert verdicts.memory(soak(200, hours=3, noise=60)).kept is False


def test_a_promise_is_kept_by_the_whole_interval() -> None:
    """At most the limit with all of it, above the limit with all of it, and else neither."""
    cases = {(-9.0, 5.0): True, (1.0, 5.0): True, (-9.0, 5.1): None, (5.0, 9.0): None, (5.1, 9.0): False}
    assert {(low, high): verdicts.within(verdicts.Trend(0, low, high), 5.0) for low, high in cases} == cases


def test_of_a_short_run_nothing_is_said() -> None:
    """Caches that fill are no growth, and that they do not fill is no proof."""
    assert verdicts.memory(soak()[:60]).kept is None


def test_a_reader_who_falls_behind_is_found() -> None:
    """Two in a hundred events that are left lying are a lag that grows; flushes every twenty seconds are none."""
    times = [10.0 * number for number in range(181)]
    saw = [sample(at, lag=int(at % 20 * RATE)) for at in times]
    behind = [one._replace(lag=one.lag + int(0.02 * RATE * one.at_s)) for one in saw]
    assert verdicts.lag(saw, RATE).kept
    assert verdicts.lag(behind, RATE).kept is False


def test_rows_are_stretches_of_time() -> None:
    """Six rows of five minutes; shares of CPU are of the time between two looks, and nothing is known of before the first evaluation."""
    rows = verdicts.rows([one._replace(at_s=one.at_s + 0.05) for one in soak()], 300)
    assert [round(row.until_s) for row in rows] == [300, 600, 900, 1200, 1500, 1800]
    assert all(abs(row.agent - 0.5) < 1e-9 and abs(row.machine - 1.5) < 1e-9 for row in rows)
    assert all(before.store < after.store for before, after in pairwise(rows))
    assert [row.age_s for row in verdicts.rows([sample(0), sample(10)], 300)] == [None]


def test_what_is_promised_is_exact() -> None:
    """One event too many or too few, and any other exit status, are no."""
    counts = ((100, 100, 99), (100, 100, 100), (100, 100, 101), (99, 100, 100), (100, 101, 100))
    assert [verdicts.events(*each).kept for each in counts] == [False, True, False, False, False]
    assert [verdicts.end(Ended(status, 2.0), "").kept for status in (0, 1, -15)] == [True, False, False]


def test_what_was_printed_can_be_judged_again() -> None:
    """From the lines among others, one look in seven, a leak is seen as in the run itself."""
    leaks = soak(growth_an_hour=400)
    printed = "".join(f"{again.line(one)}\n" for one in leaks[::7])
    looks = again.looks(f"warning: 3 s late\n{printed}the producer was 0.01 s late at most\n")
    assert [(one.at_s, one.lag) for one in looks] == [(one.at_s, one.lag) for one in leaks[::7]]
    assert verdicts.memory(looks).kept is False


def test_the_exit_status_is_that_of_the_worst() -> None:
    """Broken before what cannot be told, and that before kept."""
    kept, broken, untold = (verdicts.Verdict(one, "") for one in (True, False, None))
    assert [again.status(some) for some in ([kept], [kept, untold], [untold, broken, kept])] == [0, 2, 1]
