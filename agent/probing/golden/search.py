"""The search of a service over HTTP: a template for the question, an expression for the results."""

import math
import re
from collections.abc import Mapping
from typing import Any, Final

import jmespath
from jmespath.exceptions import JMESPathError

from agent.probing.asking import Asker
from agent.probing.base import BadAnswer, Hit, Question

RUN_HEADER: Final = "X-Babelwatch-Run"
BAGGAGE: Final = "baggage"
_PLAIN_KEY: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,39}")


def marked(headers: Mapping[str, str], run: str) -> dict[str, str]:
    """The headers with those that say whose queries these are; baggage that is there already is kept (W3C Baggage)."""
    own = next((value for name, value in headers.items() if name.lower() == BAGGAGE), "")
    others = {name: value for name, value in headers.items() if name.lower() not in {BAGGAGE, RUN_HEADER.lower()}}
    return {**others, RUN_HEADER: run, BAGGAGE: ",".join(filter(None, (own, f"babelwatch.run={run}")))}


class HttpRetriever:
    """Asks for each question; threads may share it."""

    def __init__(self, asker: Asker, results: str) -> None:
        """`results`: where they stand in the answer, a JMESPath expression."""
        self._asker = asker
        self._results = jmespath.compile(results)

    def search(self, question: Question) -> list[Hit]:
        """The ranked results, at most k, each document once. Raises Unreachable, BadAnswer, or Misconfigured."""
        words = {"query": question.text, "language": question.language, "k": question.k}
        return self._asker.ask(words, self._hits)[: question.k]

    def close(self) -> None:
        """Close the connections."""
        self._asker.close()

    def _hits(self, answer: Any) -> list[Hit]:
        try:
            found = self._results.search(answer)
        except JMESPathError as error:
            raise BadAnswer(f"the search answers what `results` cannot be read from{_keys(answer)}") from error
        return hits_of(found, answer)


def _keys(answer: Any) -> str:
    """What an answer has instead, as far as it is plain enough to be shown."""
    keys = [key for key in answer if _PLAIN_KEY.fullmatch(key)] if isinstance(answer, dict) else []
    return f"; its keys: {', '.join(keys[:8])}" if keys else ""


def hits_of(found: Any, answer: Any = None) -> list[Hit]:
    """Results as a service gave them in its answer, {doc_id, score} or ids alone: each document at its first place. Raises BadAnswer."""
    if not isinstance(found, list):
        raise BadAnswer(f"the search answers no list where `results` says{_keys(answer)}")
    first: dict[str, Hit] = {}
    for hit in map(_hit, found):
        first.setdefault(hit.doc_id, hit)
    return list(first.values())


def _hit(item: Any) -> Hit:
    if not isinstance(item, Mapping):
        return Hit(_id(item))
    return Hit(_id(item.get("doc_id")), _score(item.get("score")))


def _id(given: Any) -> str:
    """Whole numbers are ids too; truth values are not."""
    if isinstance(given, bool) or not isinstance(given, str | int) or given == "":
        raise BadAnswer("the search answers a result without doc_id: `results` gives {doc_id, score}, or ids alone")
    return str(given)


def _score(given: Any) -> float | None:
    if given is None:
        return None
    if isinstance(given, bool) or not isinstance(given, int | float) or not math.isfinite(given):
        raise BadAnswer("the search answers a score that is no finite number")
    return float(given)
