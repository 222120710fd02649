"""Spans through the spine: what a log is cut into, and where an agent is restarted, changes nothing of what is counted."""

from typing import Any

from agent.decode.otlp.decoder import WIRES, OtlpDecoder
from agent.records import Accepted, Event, Tag
from agent.runtime.batch import tell_answers
from tests.decode.otlp.builders import Given, request
from tests.runtime.rig import ALWAYS, P0, Rig

KIND = "openinference.span.kind"


def retrieval(number: int, *, inner: bool = False) -> Given:
    """The step inside a retrieval, or the retrieval."""
    attributes: dict[str, Any] = {KIND: "RETRIEVER", "babelwatch.query_language": "ko", "input.value": "배송"}
    if inner:
        return Given(attributes, id="b1", parent="a1", name="X._retrieve", trace=f"{number + 1:032x}")
    return Given({**attributes, "retrieval.documents.0.document.id": "a"}, id="a1", trace=f"{number + 1:032x}")


def embedding(number: int) -> Given:
    """What was embedded for it."""
    return Given({KIND: "EMBEDDING", "embedding.model_name": "e5"}, id="e1", parent="b1", trace=f"{number + 1:032x}", at=-1)


def log(count: int) -> list[bytes]:
    """A span a record: embedding, step, retrieval; and every fourth retrieval twice, as an exporter sends what was not confirmed."""
    spans = [each for number in range(count) for each in (embedding(number), retrieval(number, inner=True))]
    spans += [retrieval(number) for number in range(count)]
    return [request(one).SerializeToString() for one in [*spans, *(retrieval(number) for number in range(0, count, 4))]]


def rig() -> Rig:
    """The spine with a decoder of spans."""
    made = Rig(decoder=OtlpDecoder(WIRES["otlp_proto"]))
    made.log.append(P0, log(40))
    return made


def counted(made: Rig) -> list[tuple[str, int, str]]:
    """Languages, events and models that the store has."""
    found = made.windows.totals("language", ALWAYS, ("language", "embedding_model"))
    return [(each.key.language, each.measures.events, each.key.embedding_model) for each in found]


def test_each_retrieval_counts_once() -> None:
    """With its model from an earlier record; messages are records, and more than events."""
    made = rig()
    made.flush()
    (tally,) = made.stored
    assert counted(made) == [("ko", 40, "e5")]
    assert (tally.messages, tally.accepted, tally.duplicates, tally.rejected) == (130, 40, 10, 0)
    assert tally.spans == {"embedding": 40, "nested": 40, "retrieval": 50}


def test_restarts_anywhere_change_nothing() -> None:
    """Each process begins at the stored position, and reads before it what it needs to know."""
    made = rig()
    for _ in range(60):
        made.step(2)
        made.consumer.flush_all()
        made.again()
    made.flush()
    assert counted(made) == [("ko", 40, "e5")]


class Words:
    """A tagger that knows two words."""

    def tag_all(self, asked: Any, services: Any) -> Any:
        """German, or nothing."""
        return [Tag("de" if one.text == "Ja" else "und", 1.0, "model") for one in asked if services is not None]


def test_the_language_of_an_answer_is_told() -> None:
    """Where the log has the text alone, and it tells one."""
    items = [
        Accepted(0, 0, Event("a", 0, response_language=said), answer=text)
        for said, text in ((None, "Ja"), ("en", "Ja"), (None, "7"))
    ]
    tell_answers(items, Words())  # type: ignore[arg-type]  # the one method that is asked
    assert [item.event.response_language for item in items] == ["de", "en", None]
