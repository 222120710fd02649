"""Any other endpoint that answers texts with vectors: what is posted is a template, where the vectors stand a JMESPath expression."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError

from agent.probing.asking import Asker, Service, bearer
from agent.probing.base import BadAnswer, Pieces, Role, Vectors
from agent.probing.embedding.checked import Checked


class HttpEmbedder:
    """Fills `{texts}` with all texts, `{text}` with the only one, `{role}` with query or document. `timeout` and `wait` in seconds."""

    def __init__(  # noqa: PLR0913 - the keys of its settings
        self,
        *,
        url: str,
        model: str,
        body: Mapping[str, Any],
        vectors: str = "@",
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
        ca_file: Path | None = None,
        timeout: float = 30.0,
        wait: float = 1.0,
    ) -> None:
        self.model = model
        self._to = f"embedder {model}"
        self._where = jmespath.compile(vectors)
        self._checked = Checked(self._to)
        self._asker = Asker(
            Service(
                to=self._to,
                url=url,
                body=body,
                headers=bearer(token) | dict(headers or {}),
                ca_file=ca_file,
                timeout=timeout,
                wait=wait,
            )
        )

    def embed(self, texts: Sequence[str], role: Role = "query") -> Vectors:
        """One vector a text. Raises Unreachable, BadAnswer, or Misconfigured."""
        only = {"text": texts[0]} if len(texts) == 1 else {}
        words = {"texts": [*texts], "role": role, **only}
        return self._asker.ask(words, lambda answer: self._checked.vectors(self._rows(answer, len(texts)), len(texts)))

    def pieces(self, texts: Sequence[str]) -> list[Pieces] | None:  # noqa: ARG002 - the port's
        """There is no tokenizer to ask."""
        return None

    def close(self) -> None:
        """Close the connections."""
        self._asker.close()

    def _rows(self, answer: Any, texts: int) -> Any:
        """Whoever asks for one text may be answered with its vector alone."""
        try:
            found = self._where.search(answer)
        except JMESPathError:
            found = None
        if found is None:
            raise BadAnswer(f"{self._to} answers nothing at {self._where.expression}, where its vectors should stand")
        alone = texts == 1 and isinstance(found, list) and found and isinstance(found[0], int | float)
        return [found] if alone else found
