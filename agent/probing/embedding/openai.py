"""Any endpoint that speaks OpenAI's embeddings API: https://platform.openai.com/docs/api-reference/embeddings/create."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from agent.probing.asking import Asker, Service, bearer
from agent.probing.base import BadAnswer, Pieces, Role, Vectors
from agent.probing.embedding.checked import Checked

_PATH = "/embeddings"


class OpenAiEmbedder:
    """Asks for all texts at once; `url` ends in /v1, or has /embeddings as well. `timeout` and `wait` in seconds."""

    def __init__(  # noqa: PLR0913 - the keys of its settings
        self,
        *,
        url: str,
        model: str,
        token: str | None = None,
        ca_file: Path | None = None,
        timeout: float = 30.0,
        wait: float = 1.0,
    ) -> None:
        self.model = model
        self._to = f"embedder {model}"
        self._checked = Checked(self._to)
        self._asker = Asker(
            Service(
                to=self._to,
                url=_whole(url),
                body={"model": model, "input": "{texts}"},
                headers=bearer(token),
                ca_file=ca_file,
                timeout=timeout,
                wait=wait,
            )
        )

    def embed(self, texts: Sequence[str], role: Role = "query") -> Vectors:  # noqa: ARG002 - the API has no roles
        """One vector a text. Raises Unreachable, BadAnswer, or Misconfigured."""
        return self._asker.ask({"texts": [*texts]}, lambda answer: self._checked.vectors(self._rows(answer), len(texts)))

    def pieces(self, texts: Sequence[str]) -> list[Pieces] | None:  # noqa: ARG002 - the port's
        """There is no tokenizer to ask."""
        return None

    def close(self) -> None:
        """Close the connections."""
        self._asker.close()

    def _rows(self, answer: Any) -> list[Any]:
        """The vectors in the order of the texts: each entry says which one it is for."""
        try:
            found = {entry["index"]: entry["embedding"] for entry in answer["data"]}
            count = len(answer["data"])
        except (TypeError, KeyError):
            raise BadAnswer(f"{self._to} answers what is no list of embeddings with their indexes") from None
        if found.keys() != set(range(count)):
            raise BadAnswer(f"{self._to} answers indexes that are not 0 to {count - 1}, each once")
        return [found[at] for at in range(count)]


def _whole(url: str) -> str:
    parts = urlsplit(url)
    path = parts.path.rstrip("/")
    return urlunsplit(parts._replace(path=path if path.endswith(_PATH) else path + _PATH))
