"""How long the pages take on 35 days of 100 languages: `python -m benchmarks.pages`.

A store that ends with the present day: the language of rank r has 480 / r queries in twelve minutes, one in ten is labelled. Each page is
asked for over HTTP: new, which is after something was written, and again. The ratio is to one reading of the first page's sums from the
minutes, which is what a page without sums of days would begin with.
"""

import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from statistics import median

import httpx

from agent import opening
from agent.config.settings import Settings
from agent.configured import fixed
from agent.opening import CLOCK, Store, schemas
from agent.report.pages.measure import JUDGED
from agent.report.pages.store import BY
from agent.runtime.health import Health
from agent.site import site
from agent.store import sql
from agent.store.base import Entry
from agent.store.days import DAY, midnight
from agent.store.migrate import migrate, statements
from agent.web.cache import LOOKED
from agent.web.server import WebServer, listen

DAYS, TIMES = 35, 9
PAGES = (
    "/",
    "/?from=-35d",
    "/languages/l3",
    "/languages/l3?from=-35d",
    "/pairs",
    "/alerts",
    "/quality",
    "/api/v1/languages",
)
DAY_OF_LANGUAGES = """
INSERT INTO windows (kind, service, environment, collection, language, document_language, embedding_model, index_version, score_kind,
  minute, events, queries, scored, score_sum, score_sq, labelled, recall_sum, recall_sq, score_hist, label_hist, label_hit_hist,
  latency_hist, routes)
SELECT ['language', 'pair'][k], 'search', 'prod', 'kb', 'l' || toString(l), if(k = 1, '', 'l' || toString(1 + l % 20)), 'model-a', 'v1',
  'cosine', {day:DateTime('UTC')} + m * 60, n, n * 1000000, n, n * 600000, n * 380000, intDiv(n, 10) AS labels, labels * 900000,
  labels * 850000, mapFromArrays(arrayMap(x -> toInt16(40 + (x * 7 + m + l) % 32), range(least(n, 12))),
  arrayMap(x -> toUInt64(1), range(least(n, 12)))) AS bins, if(labels > 0, bins, map()), if(labels > 0, bins, map()),
  map(toInt16(40 + m % 9), n), map('semantic', n)
FROM (SELECT number % 100 + 1 AS l, intDiv(number, 100) % 120 * 12 AS m, intDiv(number, 12000) + 1 AS k,
  toUInt64(floor(480 / l + (rand() % 1000) / 1000)) AS n FROM numbers(24000)) WHERE n > 0
"""


def main() -> None:
    """Print milliseconds of each page, new and again: the median, and the least."""
    settings = Settings()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        store, people = (opening.store_in(stack, settings, folder) for _ in range(2))
        _fill(store)
        minutes = _took(lambda: _read_minutes(store))
        print(f"one reading of {DAYS} days by the minute: {minutes:.0f} ms")
        health = Health(CLOCK.now())
        health.needs({})
        url = stack.enter_context(WebServer(site(fixed(settings), people, health), listen("127.0.0.1", 0))).url
        client = stack.enter_context(httpx.Client(base_url=url, trust_env=False))
        for path in PAGES:
            new, again = zip(*(_asked(store, client, path, number) for number in range(TIMES)), strict=True)
            least = f"{min(new):6.0f} {min(again):6.1f}"
            print(
                f"{path:26} new {median(new):6.0f} ms, {median(new) / minutes:.2f} of that; again {median(again):5.1f} ms; least {least}"
            )


def _fill(store: Store) -> None:
    """The minutes, and then the days by the statement of the migration that fills them in."""
    migrate(store.engine, schemas(), retention=False)
    end = midnight(CLOCK.now()) + DAY
    for day in range(DAYS):
        store.engine.rows(DAY_OF_LANGUAGES, {"day": end - (day + 1) * DAY})
    fill = list(statements(schemas() / "0004_days.sql"))[-1]
    store.engine.command(fill.replace("'0004_days'", "'benchmark'"))
    store.engine.command("OPTIMIZE TABLE windows FINAL")


def _read_minutes(store: Store) -> None:
    end = midnight(CLOCK.now()) + DAY
    store.engine.rows(sql.totals(BY, (), JUDGED), {"kind": "language", "start": end - DAYS * DAY, "end": end})


def _asked(store: Store, client: httpx.Client, path: str, number: int) -> tuple[float, float]:
    """Milliseconds after something was written, and again."""
    store.journal.write([Entry("benchmark", str(number), CLOCK.now(), {})])
    time.sleep(1.1 * LOOKED.total_seconds())
    return _took(lambda: client.get(path).raise_for_status()), _took(lambda: client.get(path).raise_for_status())


def _took(do: Callable[[], object]) -> float:
    begun = time.perf_counter()
    do()
    return 1000 * (time.perf_counter() - begun)


if __name__ == "__main__":
    main()
