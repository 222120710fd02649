"""The demo's golden set: each question as it is asked for each of nine platforms, with the article that answers it."""

import csv
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from itertools import product
from pathlib import Path
from typing import Final

from agent.clock import FakeClock
from agent.demo.profiles import DOCUMENT_LANGUAGE, TOP_K
from agent.demo.traffic import ARTICLES, questions
from agent.probing.base import Retriever
from agent.probing.golden import dataset, partial
from agent.probing.golden.run import Means, Plan, run
from agent.probing.golden.sending import Load
from agent.store.base import Entry, Journal

NAME: Final = "articles"
LANGUAGES: Final = ("en", "es", "de", "fr", "pt", "tr")
PLATFORMS: Final = ("iOS", "Android", "Windows", "macOS", "Linux", "Chrome", "Firefox", "Safari", "API")
RATE: Final = 400.0
EARLIER: Final = timedelta(days=1)
"""So long ago the last nightly run was: on the old index."""


@cache
def topics() -> dict[tuple[str, str], int]:
    """Which question each query of the set is: its place among those of a language."""
    asked = ((language, topic, text) for language in LANGUAGES for topic, text in enumerate(questions()[language]))
    return {(language, f"{text} {platform}"): topic for (language, topic, text), platform in product(asked, PLATFORMS)}


def write(file: Path) -> None:
    """The set as a TSV."""
    with file.open("w", encoding="utf-8", newline="") as stream:
        table = csv.writer(stream, delimiter="\t", lineterminator="\n", quoting=csv.QUOTE_NONE)
        table.writerow(("language", "query", "doc_id", "document_language"))
        table.writerows((*asked, ARTICLES[topic], DOCUMENT_LANGUAGE) for asked, topic in topics().items())


def remember(file: Path, retriever: Retriever, journal: Journal, now: datetime) -> None:
    """Keep a run of the night before, as the agent would have kept it; `retriever` is what was deployed then."""

    def keep(rows: Sequence[Entry]) -> None:
        journal.write(rows)

    at, found = now - EARLIER, dataset.load(file)
    plan = Plan(secrets.token_hex(8), NAME, found, (), Load(TOP_K, RATE, 1), 0.0)
    with partial.opened(file.with_suffix(".part.jsonl"), "", at) as part:
        run(plan, Means(retriever, keep, FakeClock(at), lambda _done, _all: None), part)
