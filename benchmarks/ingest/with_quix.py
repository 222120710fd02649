"""The same in Quix Streams, written as its documentation shows. HOW: tagger (our tagger and fold, called from it) or plain."""

import tempfile
import uuid
from datetime import timedelta
from typing import Any

import msgspec
from quixstreams import Application

from agent.aggregate.measures import Measures
from agent.records import Event, Tag
from benchmarks.ingest.meter import Job, Meter, job
from benchmarks.ingest.work import OurTagger, PlainTagger, Sums, add, at, best, count, nothing

State = dict[str, Any]


class Fold:
    """Counts what the reducer has seen, and stops when it was all."""

    def __init__(self, app: Application, given: Job) -> None:
        self.seen = 0
        self._app, self._given = app, given

    def more(self, state: Any, value: Any) -> Any:
        """One more event of a window."""
        self.seen += 1
        if self.seen == self._given.events:
            self._app.stop()
        return _ours(state, value) if self._given.how == "tagger" else _plain(state, value)

    def first(self, value: Any) -> Any:
        """The first event of a window."""
        return self.more({} if self._given.how == "tagger" else nothing(), value)


def _ours(state: State, value: State) -> State:
    """Its state store keeps JSON: our sums go through it each time."""
    event, tag = msgspec.convert(value["event"], Event), msgspec.convert(value["tag"], Tag)
    kept: State = msgspec.to_builtins(count(msgspec.convert(state, Measures, strict=False), event, tag), str_keys=True)
    return kept


def _plain(sums: Sums, value: State) -> Sums:
    return add(sums, value["best"], zero=value["zero"], latency=value["latency"])


def run(given: Job) -> None:
    """Read all events; windows of a key that gets no later event stay open."""
    tagger: Any = OurTagger() if given.how == "tagger" else PlainTagger()
    app = Application(
        broker_address=given.bootstrap,
        consumer_group=uuid.uuid4().hex,
        auto_offset_reset="earliest",
        state_dir=tempfile.mkdtemp(prefix="quix"),
        loglevel="ERROR",
    )

    def tagged(event: State) -> State:
        tag = tagger(msgspec.convert(event, Event))
        key = f"{tag.language}|{event['service']}|{event['collection']}|{event['embedding_model']}|{event['index_version']}"
        return {"key": key, "event": event, "tag": list(tag)}

    def plainly(event: State) -> State:
        key = f"{tagger.language(event['query'])}|{event['index_version']}"
        return {"key": key, "best": best(event), "zero": not event["results"], "latency": event["latency_ms"]}

    rows: dict[Any, Any] = {}
    topic = app.topic(
        given.topic, value_deserializer="json", timestamp_extractor=lambda value, *_: int(at(value).timestamp() * 1000)
    )
    fold = Fold(app, given)
    frame = app.dataframe(topic).apply(tagged if given.how == "tagger" else plainly).group_by("key")
    windows = frame.tumbling_window(timedelta(minutes=1), grace_ms=timedelta(minutes=10)).reduce(fold.more, fold.first).final()
    windows.update(lambda value, key, *_: rows.update({(key, value["start"]): value["value"]}), metadata=True)
    meter = Meter()
    app.run()
    meter.show(fold.seen, len(rows))


if __name__ == "__main__":
    run(job())
