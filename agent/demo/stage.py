"""Puts the demo's world in place: two weeks in the store, twenty minutes in the topic, and traffic that goes on."""

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

import msgspec
from msgspec.structs import replace

from agent.aggregate.aggregator import Window
from agent.aggregate.histogram import MICRO
from agent.aggregate.measures import Measures
from agent.clock import Clock
from agent.demo import profiles
from agent.demo.broker import DemoBroker
from agent.demo.history import PastWindow, history
from agent.demo.traffic import events
from agent.records import WindowKey
from agent.runtime.remembered import AS_OF
from agent.store.base import Entry, Flush, Journal, WindowLog

TOPIC: Final = "retrieval-logs"
PER_MINUTE: Final = 600.0
IN_TOPIC: Final = timedelta(minutes=20)  # what lies in the topic at the start
UPDATED: Final = timedelta(minutes=19)  # so long before the start the new index came
SLICE_S: Final = 0.5


def remember(windows: WindowLog, journal: Journal, now: datetime) -> None:
    """Store what an agent that had watched for two weeks would have stored, and that it has evaluated all of it."""
    past = tuple(window for each in history(now - IN_TOPIC, per_minute=PER_MINUTE) for window in _windows(each))
    windows.append(Flush("demo/history", None, 1, 0, past))
    journal.write([Entry(AS_OF, AS_OF, (now - IN_TOPIC).replace(second=0, microsecond=0), {})])


def fill(broker: DemoBroker, now: datetime) -> None:
    """Put the last twenty minutes into the topic."""
    broker.send(TOPIC, _values(now - IN_TOPIC, now, now - UPDATED))


def go_on(broker: DemoBroker, started: datetime, clock: Clock, stop: threading.Event) -> None:
    """Send what is searched from `started` on, as it happens."""
    sent = started
    while not stop.wait(SLICE_S):
        now = clock.now()
        broker.send(TOPIC, _values(sent, now, started - UPDATED))
        sent = now


def _values(start: datetime, end: datetime, update_at: datetime) -> Iterator[bytes]:
    return (msgspec.json.encode(event) for event in events(start, end, PER_MINUTE, update_at=update_at))


def _windows(past: PastWindow) -> Iterator[Window]:
    """Of the language, and of its pair with the one language of all documents: what found nothing is in no pair."""
    key = WindowKey(
        service=profiles.PROFILES[past.language].service,
        environment=profiles.ENVIRONMENT,
        collection=profiles.COLLECTION,
        language=past.language,
        document_language="",
        embedding_model=profiles.EMBEDDING_MODEL,
        index_version=past.index_version,
        score_kind=profiles.SCORE_KIND,
    )
    measures = _measures(past)
    found = replace(measures, events=past.scored, queries=past.scored * MICRO, zero_results=0, errors=0)
    yield Window("language", past.minute, key, measures)
    yield Window("pair", past.minute, key._replace(document_language=profiles.DOCUMENT_LANGUAGE), found)


def _measures(past: PastWindow) -> Measures:
    measures = Measures(
        events=past.events,
        queries=past.events * MICRO,
        zero_results=past.zero_results,
        errors=past.errors,
        scored=past.scored,
        score_sum=past.score_sum,
        score_sq=past.score_sq,
        score_hist=past.score_hist,
        documents=past.scored * profiles.TOP_K,
        own_documents=past.scored * profiles.TOP_K if past.language == profiles.DOCUMENT_LANGUAGE else 0,
    )
    return _labelled(measures, past) if profiles.PROFILES[past.language].labelled else measures


def _labelled(measures: Measures, past: PastWindow) -> Measures:
    return replace(
        measures,
        labelled=past.labelled,
        recall_sum=past.hits * MICRO,
        recall_sq=past.hits * MICRO,
        mrr_sum=past.mrr_sum,
        mrr_sq=past.mrr_sq,
        ndcg_sum=past.ndcg_sum,
        ndcg_sq=past.ndcg_sq,
        label_hist=past.score_hist,
        label_hit_hist=past.hit_hist,
    )
