"""The search of the demo's service: the same question has the same answer, from whichever index is deployed."""

# ruff: noqa: S311 - answers for a demo; nothing here is a secret

from random import Random
from typing import Any, Final

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from agent.demo.golden import topics
from agent.demo.profiles import NEW_INDEX
from agent.demo.traffic import ARTICLES, results
from agent.probing.base import Hit, Question

PATH: Final = "/search"


def answer(language: str, text: str, index_version: str) -> list[dict[str, Any]]:
    """Ten documents; what one index finds another one finds too, as far as it serves the language as well."""
    topic = topics().get((language, text))
    return [] if topic is None else results(Random(f"{language} {text}"), language, index_version, ARTICLES[topic])


class DemoRetriever:
    """Asks an index directly."""

    def __init__(self, index_version: str) -> None:
        self._index_version = index_version

    def search(self, question: Question) -> list[Hit]:
        """The first k."""
        found = answer(question.language, question.text, self._index_version)
        return [Hit(each["doc_id"], each["score"]) for each in found[: question.k]]

    def close(self) -> None:
        """Nothing is open."""


def app() -> Starlette:
    """What the service offers: `POST /search` of the index that is deployed now."""

    async def search(request: Request) -> Response:
        asked = await request.json()
        found = await run_in_threadpool(answer, asked["language"], asked["query"], NEW_INDEX)
        return JSONResponse({"results": found})

    return Starlette(routes=[Route(PATH, search, methods=["POST"])])
