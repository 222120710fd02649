"""What fifty readers of the pages cost the agent: `python -m benchmarks.readers [READERS] [THINK_S]`.

The spine reads a log without end as fast as it can, and writes it into an embedded store; turns of twenty seconds with and without
readers, a minute of each. A reader is a browser that opens one page after the other and looks at each for THINK_S seconds, with the
validator of what it has seen; they are a process of their own. Every answer that is neither 200 nor 304 is an error.
"""

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from statistics import median, quantiles
from typing import NamedTuple

import httpx

from agent import opening
from agent.config.settings import Settings
from agent.configured import fixed
from agent.decode.sink import MemorySink
from agent.memory import keep_buffers
from agent.opening import CLOCK, Store, schemas
from agent.runtime.consume import Consumer
from agent.runtime.health import Health
from agent.site import site
from agent.store.migrate import migrate
from agent.web.server import WebServer, listen
from benchmarks.generated import GeneratedSource

READERS, THINK_S = 50, 2.0
TURN_S, TURNS = 20, 3
ENDLESS = 10**9
PATHS = (
    "/",
    "/?from=-24h",
    "/languages/es",
    "/languages/en",
    "/pairs",
    "/alerts",
    "/quality",
    "/reports",
    "/api/v1/languages",
    "/api/v1/alerts",
)


def main(readers: int, think_s: float) -> None:
    """Print events a second of each turn, and what the readers saw."""
    keep_buffers()
    settings = Settings.model_validate({"store": {"flush_interval": "5s"}})
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        store, people = (opening.store_in(stack, settings, folder) for _ in range(2))
        migrate(store.engine, schemas(), retention=False)
        consumer = opening.consumer(settings, store, GeneratedSource(ENDLESS), MemorySink())
        url = _served(stack, settings, people)
        _turn(consumer, 5)  # until everything is imported and warm
        alone, read, seen = [], [], list[dict[str, float]]()
        for _ in range(TURNS):
            alone.append(_turn(consumer, TURN_S))
            with _browsing(url, readers, think_s) as browsing:
                read.append(_turn(consumer, TURN_S))
                seen.append(json.loads(browsing.communicate(timeout=60)[0]))
    _print(alone, read, seen)


def _served(stack: ExitStack, settings: Settings, people: Store) -> str:
    health = Health(CLOCK.now())
    health.needs({})
    in_force = fixed(settings)
    return stack.enter_context(WebServer(site(in_force, people, health), listen("127.0.0.1", 0))).url


def _turn(consumer: Consumer, seconds: float) -> float:
    """Events a second."""
    start, before = time.perf_counter(), consumer.tally.accepted
    while (spent := time.perf_counter() - start) < seconds:
        consumer.step()
    return (consumer.tally.accepted - before) / spent


def _browsing(url: str, readers: int, think_s: float) -> "subprocess.Popen[str]":
    words = [sys.executable, "-m", "benchmarks.readers", "browse", url, str(readers), str(think_s)]
    return subprocess.Popen(words, stdout=subprocess.PIPE, text=True)


async def browse(url: str, readers: int, think_s: float) -> None:
    """All readers for one turn; prints what they saw as one line of JSON."""
    seen = Seen(Counter(), [])
    limits = httpx.Limits(max_connections=readers, max_keepalive_connections=readers)
    async with httpx.AsyncClient(base_url=url, limits=limits, timeout=30, trust_env=False) as client:
        end = time.monotonic() + TURN_S - 1

        async def reader(number: int) -> None:
            await asyncio.sleep(think_s * number / readers)  # each begins somewhere within the first pause
            known: dict[str, str] = {}
            while time.monotonic() < end:
                path = PATHS[(number + len(seen.took)) % len(PATHS)]
                known[path] = await _look(client, path, known.get(path, ""), seen)
                await asyncio.sleep(think_s)

        await asyncio.gather(*map(reader, range(readers)))
    errors = sum(count for status, count in seen.statuses.items() if status not in {200, 304})
    shown = {"answers": len(seen.took), "errors": errors, "median": median(seen.took), "p99": quantiles(seen.took, n=100)[-1]}
    print(json.dumps(shown))


class Seen(NamedTuple):
    """What all readers saw."""

    statuses: Counter[int]
    took: list[float]


async def _look(client: httpx.AsyncClient, path: str, known: str, seen: Seen) -> str:
    """One page; returns its validator."""
    begun = time.perf_counter()
    answer = await client.get(path, headers={"accept": "text/html", "if-none-match": known})
    seen.took.append(time.perf_counter() - begun)
    seen.statuses[answer.status_code] += 1
    return str(answer.headers.get("etag", ""))


def _print(alone: list[float], read: list[float], seen: list[dict[str, float]]) -> None:
    print("alone    ", ", ".join(f"{each:,.0f}" for each in alone), "events a second")
    print("readers  ", ", ".join(f"{each:,.0f}" for each in read), "events a second")
    print(f"loss      {100 * (1 - sum(read) / sum(alone)):.1f} %")
    total, errors = (sum(one[name] for one in seen) for name in ("answers", "errors"))
    worst = max(one["p99"] for one in seen)
    print(
        f"answers   {total:,.0f}, errors {errors:.0f}, median {1e3 * median(one['median'] for one in seen):.1f} ms, p99 {1e3 * worst:.0f} ms"
    )


if __name__ == "__main__":
    if sys.argv[1:2] == ["browse"]:
        asyncio.run(browse(sys.argv[2], int(sys.argv[3]), float(sys.argv[4])))
    else:
        given = sys.argv[1:]
        main(int(given[0]) if given else READERS, float(given[1]) if given[1:] else THINK_S)
