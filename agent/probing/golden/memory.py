"""The in-memory twin of a search: answers that are known before, and failures on demand."""

from collections import deque
from collections.abc import Mapping
from typing import Any

from agent.errors import BabelwatchError
from agent.probing.base import Hit, Question
from agent.probing.golden.search import hits_of


class MemoryRetriever:
    """Knows what each text finds, as a service would answer it; `asked` are its questions, `failures` come first, one a question."""

    def __init__(self, results: Mapping[str, Any]) -> None:
        self._results = results
        self.asked: list[Question] = []
        self.failures: deque[BabelwatchError] = deque()

    def search(self, question: Question) -> list[Hit]:
        """What is known of the text, nothing for another one."""
        self.asked.append(question)
        if self.failures:
            raise self.failures.popleft()
        return hits_of(self._results.get(question.text, []))[: question.k]

    def close(self) -> None:
        """Nothing is open."""
