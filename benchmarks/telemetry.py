"""What the agent's own telemetry costs: `python -m benchmarks.telemetry [--rounds 12] [--rate 5000]`.

One agent reads four partitions into an embedded store and evaluates the default rules, in minutes of a clock that is moved by
hand, each as quick as it goes. Minutes with everything on (metrics, a look at /metrics four times, metrics and spans sent to a
Collector as often as a real agent does, logs as JSON) and minutes with nothing of it take turns, with and without, without and
with. CPU of the whole process an event; a ratio for each pair, since only they saw the same machine. What telemetry does in a minute is
also measured alone, which says what the pairs cannot: they differ by more than it costs.
"""

import argparse
import math
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, redirect_stderr
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import mean, median, stdev
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple
from unittest.mock import patch

from opentelemetry import trace
from opentelemetry.sdk.metrics.export import MetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import NoOpTracer
from prometheus_client import generate_latest
from scipy import stats

from agent import evaluating, exporting, logs, opening, telemetry, tracing
from agent.clock import FakeClock
from agent.config.settings import Settings
from agent.configured import fixed
from agent.decode.sink import MemorySink
from agent.desk import Ears
from agent.memory import keep_buffers
from agent.notify.dedup import Reason
from agent.notify.notification import Delivery
from agent.runtime.evaluate import Evaluation
from agent.runtime.health import Health
from agent.runtime.live import Live, Pace
from agent.runtime.look import Look
from agent.runtime.tally import Tally
from agent.store.migrate import migrate
from benchmarks.ingest.searches import searches
from benchmarks.paced import PARTITIONS, PacedSource
from tests.support.otlp_receiver import Receiver

START: Final = datetime(2026, 11, 9, tzinfo=UTC)
PATTERNS: Final = 50_000
STEP: Final = timedelta(milliseconds=200)  # a poll
MINUTE: Final = 300  # of them
SPANS_EVERY, SCRAPED_EVERY, FLUSHED_EVERY, METRICS_EVERY = 25, 75, 100, 150  # steps: 5, 15, 20 and 30 s
WARM_UP: Final = 4  # minutes: caches, imports, and the first evaluation
ALONE: Final = 20
NOWHERE: Final = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - as long as the process


class Heard:
    """Hands on to the meters in the minutes that have telemetry."""

    def __init__(self, meters: telemetry.Telemetry) -> None:
        self._meters, self.on = meters, False
        self.tally, self.look = Tally(), Look()  # the newest of each

    def stored(self, tally: Tally) -> None:
        """A batch is in the store."""
        self.tally = tally
        if self.on:
            self._meters.stored(tally)

    def tried(self, took: timedelta) -> None:
        """A flush was tried."""
        if self.on:
            self._meters.tried(took)

    def looked(self, look: Look) -> None:
        """The loop has looked at the log's end."""
        self.look = look
        if self.on:
            self._meters.looked(look)

    def told(self, delivery: Delivery) -> None:
        """A notification was sent."""
        if self.on:
            self._meters.told(delivery)

    def silent(self, receiver: str, reason: Reason) -> None:
        """Somebody was not told."""
        if self.on:
            self._meters.silent(receiver, reason)


class World(NamedTuple):
    """An agent whose minutes are told one by one, and what its telemetry is sent with."""

    clock: FakeClock
    live: Live
    evaluations: list[Evaluation]  # those that were begun, the newest last
    heard: Heard
    metrics: MetricReader
    spans: TracerProvider

    def minute(self, *, on: bool) -> float:
        """CPU seconds of a minute."""
        with _said(self.heard, on=on):
            begun = time.process_time()
            for step in range(1, MINUTE + 1):
                self.clock.advance(STEP)
                self.live.turn()
                if on:
                    self._send(step)
            return time.process_time() - begun

    def alone(self) -> float:
        """CPU seconds of a minute's telemetry with nothing to tell of: what it is made of, as often, with the newest figures."""
        with _said(self.heard, on=True):
            begun = time.process_time()
            for step in range(1, MINUTE + 1):
                if step % FLUSHED_EVERY == 0:
                    self._flushed()
                self._send(step)
            with tracing.span("evaluate", {"as_of": START.isoformat()}):
                self.heard.looked(self.heard.look._replace(measured=self.evaluations[-1].measured))
            return time.process_time() - begun

    def measured(self) -> float:
        """CPU seconds of what the languages measure, which the loop asks for once an evaluation and only /metrics shows."""
        begun = time.process_time()
        self.evaluations[-1].measured  # noqa: B018 - it is computed as it is read
        return time.process_time() - begun

    def _flushed(self) -> None:
        for partition in PARTITIONS:
            with tracing.span("flush", {"topic": partition.topic, "partition": partition.number, "messages": 0}):
                tracing.ended("done", well=True)
                self.heard.tried(STEP)
            self.heard.stored(self.heard.tally)

    def _send(self, step: int) -> None:
        if step % SPANS_EVERY == 0:
            self.spans.force_flush()
        if step % SCRAPED_EVERY == 0:
            generate_latest()
        if step % METRICS_EVERY == 0:
            self.metrics.force_flush()


@contextmanager
def _said(heard: Heard, *, on: bool) -> Iterator[None]:
    """With telemetry or without it."""
    heard.on = on
    with redirect_stderr(NOWHERE):  # of the log alone: what crashes may say so
        logs.configure(json=on)
    with ExitStack() as stack:
        if not on:
            stack.enter_context(patch.object(tracing, "_tracer", NoOpTracer()))
            stack.enter_context(patch.object(Evaluation, "measured", ()))  # the loop asks for it whether or not somebody listens
        yield


def world(stack: ExitStack, rate: int, endpoint: str) -> World:
    """The parts of `babelwatch run` that are on the path, over a log that is made here."""
    clock, settings = FakeClock(START), Settings()
    for module in (opening, evaluating):
        stack.enter_context(patch.object(module, "CLOCK", clock))
    stack.enter_context(patch.object(exporting, "METRICS_EVERY_MS", math.inf))  # when the hand-moved clock says so
    folder = Path(stack.enter_context(TemporaryDirectory()))
    store = opening.store_in(stack, settings, folder)
    migrate(store.engine, opening.schemas(), retention=False)
    exporting.spans(stack, endpoint)
    metrics = exporting.metrics(stack, endpoint)
    heard = Heard(telemetry.prometheus(clock, metrics))
    in_force = fixed(settings)
    desk = evaluating.desk(stack, in_force, in_force().notifiers, Ears(heard.told, heard.silent), folder=folder)
    source = PacedSource(clock, rate, searches(PATTERNS))
    evaluations: list[Evaluation] = []

    def begun() -> Evaluation:
        evaluations.append(evaluating.evaluation(in_force(), store, desk.pipeline))
        return evaluations[-1]

    live = Live(
        consumer=opening.consumer(settings, store, source, MemorySink(), opening.Watchers(heard.stored, None, heard.tried)),
        new_evaluation=begun,
        source=source,
        windows=store.windows,
        health=Health(clock.now()),
        clock=clock,
        pace=Pace(settings.source.lateness, alone=True),
        on_look=heard.looked,
    )
    provider = trace.get_tracer_provider()
    assert isinstance(provider, TracerProvider)
    return World(clock, live, evaluations, heard, metrics, provider)


def main(rounds: int, rate: int) -> None:
    """Print a line for each pair, and what they say together."""
    keep_buffers()
    with ExitStack() as stack:
        endpoint = _collector(stack)
        made = world(stack, rate, endpoint)
        for number in range(WARM_UP):
            made.minute(on=number % 2 == 0)
        pairs = [_pair(made, rate, first=number % 2 == 0) for number in range(rounds)]
        alone = median(made.alone() for _ in range(ALONE))
        measured = median(made.measured() for _ in range(ALONE))
    _print(pairs)
    share = alone / (60 * rate * 1e-6 * median(off for _, off in pairs))
    print(f"telemetry alone: {alone * 1e3:.0f} ms a minute, {share:.2%} of the minute without it")
    print(f"of that for what the languages measure: {measured * 1e3:.1f} ms")


def _pair(made: World, rate: int, *, first: bool) -> tuple[float, float]:
    """Microseconds an event with and without; `first`: with comes first."""
    spent = {on: made.minute(on=on) / (60 * rate) * 1e6 for on in (first, not first)}
    print(f"with {spent[True]:7.2f} µs   without {spent[False]:7.2f} µs   ratio {spent[True] / spent[False]:.4f}", flush=True)
    return spent[True], spent[False]


def _print(pairs: Sequence[tuple[float, float]]) -> None:
    ratios = [on / off for on, off in pairs]
    half = stats.t.ppf(0.975, len(ratios) - 1) * stdev(ratios) / math.sqrt(len(ratios))
    print(f"medians: with {median(on for on, _ in pairs):.2f} µs an event, without {median(off for _, off in pairs):.2f}")
    print(f"ratios: median {median(ratios):.4f} ({min(ratios):.4f} to {max(ratios):.4f})")
    print(f"ratios: mean {mean(ratios):.4f}, 95 % interval {mean(ratios) - half:.4f} to {mean(ratios) + half:.4f}")


def _collector(stack: ExitStack) -> str:
    """Where it listens: a process of its own, whose CPU is not ours; at the end it says what it heard."""
    words = [sys.executable, "-m", "benchmarks.telemetry", "--collect"]
    process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    url = process.stdout.readline().strip()
    stack.callback(lambda: print(f"the Collector heard {process.communicate()[0].strip()}"))
    return url


def collect() -> None:
    """Hear until standard input ends."""
    heard: list[int] = []
    with Receiver(lambda body: heard.append(len(body)), lambda body: heard.append(len(body))) as receiver:
        print(receiver.url, flush=True)
        sys.stdin.read()
    print(f"{len(heard)} requests, {sum(heard):,} bytes", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="What the agent's own telemetry costs.")
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--rate", type=int, default=5_000, help="events a second")
    parser.add_argument("--collect", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    collect() if given.collect else main(given.rounds, given.rate)
