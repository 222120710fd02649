"""What every search promises: the same tests over the in-memory twin and over HTTP."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from typing import Any

import pytest

from agent import checking
from agent.config.probing_settings import EndpointSettings
from agent.errors import Misconfigured, RetryLater, Unreachable
from agent.probing.base import BadAnswer, Hit, Question, Retriever
from agent.probing.golden.memory import MemoryRetriever
from agent.probing.golden.search import marked
from tests.probing.golden.stub import Answer, Request, SearchStub

ASKED = Question("where is my parcel", "en", 3)
BAD: Mapping[str, Any] = {
    "no list": {"a": 1},
    "nothing": None,
    "a text": "d1",
    "no id": [{"score": 0.5}],
    "another name for the id": [{"id": "d1", "score": 0.5}],
    "an empty id": [{"doc_id": ""}],
    "an id that is a list": [["d1"]],
    "an id that is true": [True],
    "a score that is text": [{"doc_id": "d1", "score": "0.5"}],
    "a score that is NaN": [{"doc_id": "d1", "score": float("nan")}],
    "an infinite score": [{"doc_id": "d1", "score": float("inf")}],
    "a score that is true": [{"doc_id": "d1", "score": True}],
}

Make = Callable[[Any], Retriever]


@pytest.fixture(params=["memory", "http"])
def search(request: pytest.FixtureRequest) -> Iterator[Make]:
    """Makes a search that answers every question with these results."""
    with ExitStack() as stack:

        def make(results: Any) -> Retriever:
            if request.param == "memory":
                return MemoryRetriever({ASKED.text: results})
            stub = stack.enter_context(SearchStub(lambda *_: Answer(json.dumps({"results": results}))))
            return stack.enter_context(closing(stub.retriever(attempts=2)))

        yield make


def test_results_are_ranked_as_they_came(search: Make) -> None:
    """Scores stay as the service gave them, in whatever order; without them there are ids alone."""
    scored = [{"doc_id": "d2", "score": 0.1}, {"doc_id": "d1", "score": 3, "more": "x"}, {"doc_id": "d3", "score": None}]
    assert search(scored).search(ASKED) == [Hit("d2", 0.1), Hit("d1", 3.0), Hit("d3", None)]
    assert search(["d2", 7]).search(ASKED) == [Hit("d2"), Hit("7")]
    assert search([]).search(ASKED) == []


def test_each_document_counts_once_and_at_most_k_do(search: Make) -> None:
    """Chunks of one document are one result, at the first of their places; what was not asked for is cut off."""
    assert [hit.doc_id for hit in search(["a", "a", "b", "a", "c", "d"]).search(ASKED)] == ["a", "b", "c"]


@pytest.mark.parametrize("results", BAD.values(), ids=BAD.keys())
def test_what_is_no_result_is_a_bad_answer(search: Make, results: Any) -> None:
    """It is never reckoned with."""
    with pytest.raises(BadAnswer):
        search(results).search(ASKED)


def test_an_error_of_the_search_is_raised() -> None:
    """The twin fails once when told to, then answers; the real one likewise, and by itself tries again."""
    twin = MemoryRetriever({ASKED.text: ["d1"]})
    twin.failures.append(Unreachable("away"))
    with pytest.raises(RetryLater, match="away"):
        twin.search(ASKED)
    assert twin.search(ASKED) == [Hit("d1")]
    with SearchStub(lambda number, _: Answer('{"results": ["d1"]}', 503 if number < 3 else 200)) as stub:
        with closing(stub.retriever()) as retriever:
            assert retriever.search(ASKED) == [Hit("d1")]
        with closing(stub.retriever()) as retriever:
            retriever.search(ASKED)
        assert len(stub.requests) == 4


def test_a_refusal_is_a_mistake_of_the_settings() -> None:
    """It is not asked again, and no figure comes of it."""
    with SearchStub(lambda *_: Answer("{}", 404)) as stub, closing(stub.retriever()) as retriever:
        with pytest.raises(Misconfigured, match="the search: answers 404"):
            retriever.search(ASKED)
        assert len(stub.requests) == 1


def test_the_results_stand_where_the_expression_says() -> None:
    """A service with other names is asked and read by template; an expression that does not fit is a bad answer."""
    body = json.dumps({"hits": [{"id": "d1", "_score": 0.5}, {"id": "d2"}], "took": 3})
    with SearchStub(lambda *_: Answer(body)) as stub:
        with closing(stub.retriever("hits[].{doc_id: id, score: _score}")) as retriever:
            assert retriever.search(ASKED) == [Hit("d1", 0.5), Hit("d2", None)]
        assert stub.requests[0].body == {"query": ASKED.text, "lang": "en", "top_k": 3}
        for expression in ("hits.none", "sort(took)"):
            with closing(stub.retriever(expression, attempts=1)) as retriever, pytest.raises(BadAnswer):
                retriever.search(ASKED)


def test_each_request_says_whose_it_is() -> None:
    """Header and baggage have the run; baggage of the settings is kept."""
    assert marked({"Baggage": "team=search", "x-babelwatch-run": "old"}, "r1") == {
        "X-Babelwatch-Run": "r1",
        "baggage": "team=search,babelwatch.run=r1",
    }
    with SearchStub(lambda *_: Answer('{"results": []}')) as stub, closing(stub.retriever(run="r7")) as retriever:
        retriever.search(ASKED)
    [request] = stub.requests
    own = {name: request.headers[name] for name in ("x-babelwatch-run", "baggage", "x-own")}
    assert own == {"x-babelwatch-run": "r7", "baggage": "babelwatch.run=r7", "x-own": "yes"}


def test_a_search_is_made_from_settings() -> None:
    """Address, body, expression, token and headers come from there; the run is put beside them."""

    def answer(_: int, request: Request) -> Answer:
        return Answer(json.dumps({"found": {"ids": ["d1", request.body["text"]]}}))

    with SearchStub(answer) as stub:
        said = {"url": stub.url, "body": {"text": "{query}"}, "results": "found.ids", "token": "t0", "headers": {"X-Team": "a"}}
        with closing(checking.retriever(EndpointSettings.model_validate(said), "r2")) as retriever:
            assert retriever.search(ASKED) == [Hit("d1"), Hit(ASKED.text)]
    headers = stub.requests[0].headers
    assert [headers[name] for name in ("authorization", "x-team", "x-babelwatch-run")] == ["Bearer t0", "a", "r2"]
