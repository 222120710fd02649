"""The work that the frameworks are given: ours (tagger and fold of the agent, called an event at a time), or plain."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import fasttext
import msgspec

from agent import parts
from agent.aggregate.measures import Measures
from agent.config.settings import Settings
from agent.language.fasttext import bundled_model
from agent.language.tagger import Asked
from agent.records import Event, Tag

SETTINGS = {"language": {"prior": {"en": 0.8}}}
"""A service that knows that most of its queries are English."""

decode: Callable[[bytes], Event] = msgspec.json.Decoder(Event).decode


class OurTagger:
    """The agent's."""

    def __init__(self) -> None:
        self._taggers = parts.taggers(Settings.model_validate(SETTINGS))

    def __call__(self, event: Event) -> Tag:
        """The tag of one query."""
        return self._taggers.tag_all([Asked(event.query, event.query_language, event.locale)])[0]


class PlainTagger:
    """lid.176 alone."""

    def __init__(self) -> None:
        self._predict = fasttext.load_model(str(bundled_model())).predict

    def language(self, query: str) -> str:
        """The likeliest language."""
        labels, _ = self._predict(query.lower().replace("\n", " "))
        return str(labels[0][9:])

    def __call__(self, event: Event) -> Tag:
        """The likeliest language of one query, as a tag."""
        return Tag(self.language(event.query or ""), 1.0, "model")

    def tag_all(self, asked: list[Asked], services: object = None) -> list[Tag]:  # noqa: ARG002  as the agent calls its own
        """The likeliest languages, as tags."""
        return [Tag(self.language(each.text or ""), 1.0, "model") for each in asked]


def count(measures: Measures, event: Event, tag: Tag) -> Measures:
    """The agent's fold of one event; without its labels and documents, which a framework would send to another key."""
    measures.add_traffic(event, late=False)
    measures.add_tag(tag)
    return measures


Sums = list[Any]
"""Count, sum and sum of squares of the best score, hits, zero results, sum of latencies."""


def nothing() -> Sums:
    """No event."""
    return [0, 0.0, 0.0, 0, 0, 0.0]


def add(sums: Sums, best: float, *, zero: bool, latency: float) -> Sums:
    """One more event, the plain way."""
    sums[0] += 1
    sums[1] += best
    sums[2] += best * best
    sums[3] += best >= 0.5
    sums[4] += zero
    sums[5] += latency
    return sums


def read(value: bytes) -> dict[str, Any]:
    """An event as a dict."""
    return msgspec.json.decode(value)  # type: ignore[no-any-return]


def best(event: dict[str, Any]) -> float:
    """The best score, 0 without results."""
    return max((result["score"] for result in event["results"]), default=0.0)


def at(event: dict[str, Any]) -> datetime:
    """Event time."""
    return datetime.fromisoformat(event["timestamp"])
