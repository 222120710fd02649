"""A model that sentence-transformers loads, from a folder or by its name: https://sbert.net.

The library brings torch, which never runs in the agent's process: it is imported when the first text is embedded, by a command.
"""

import logging
from collections.abc import Sequence
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from agent.errors import Misconfigured, Mistake
from agent.probing.base import Pieces, Role, Vectors
from agent.probing.embedding.checked import Checked

_TALKING: Final = ("sentence_transformers", "transformers", "huggingface_hub")


class SentenceTransformersEmbedder:
    """Embeds as `SentenceTransformer(model).encode(texts)` does; `device` such as cpu or cuda, None: what there is.

    Raises Misconfigured at once for a folder that is not there: it is not asked for at a server under that name.
    """

    def __init__(self, *, model: str, device: str | None = None) -> None:
        self.model = model
        if _is_path(model) and not _folder(model).is_dir():
            raise self._mistake("cannot be loaded: there is no such folder")
        self._device = device
        self._checked = Checked(f"embedder {model}")

    def embed(self, texts: Sequence[str], role: Role = "query") -> Vectors:  # noqa: ARG002 - `encode` has no roles
        """One vector a text. Raises BadAnswer, or Misconfigured where the model cannot be loaded or run."""
        model = self._loaded
        try:
            rows = model.encode([*texts], batch_size=len(texts) or 1, show_progress_bar=False, convert_to_numpy=True)
        except RuntimeError as error:  # torch's, for memory that is not there
            raise self._mistake("cannot be run", error) from None
        return self._checked.vectors(rows, len(texts))

    def pieces(self, texts: Sequence[str]) -> list[Pieces] | None:
        """What its tokenizer makes of each text; None where it has none of the usual kind. Raises Misconfigured."""
        tokenizer = getattr(self._loaded, "tokenizer", None)
        if not callable(tokenizer) or not hasattr(tokenizer, "unk_token_id"):
            return None
        split = tokenizer([*texts], add_special_tokens=False, verbose=False)["input_ids"] if texts else []
        return [Pieces(len(tokens), tokens.count(tokenizer.unk_token_id)) for tokens in split]

    def close(self) -> None:
        """The model goes with the process."""

    @cached_property
    def _loaded(self) -> Any:
        library = self._library()
        try:
            return library.SentenceTransformer(str(_folder(self.model)), device=self._device)
        except Exception as error:  # whatever a library finds wrong with a model, it cannot be used
            raise self._mistake("cannot be loaded", error) from None

    def _library(self) -> Any:
        try:
            library = import_module("sentence_transformers")
        except ImportError:
            raise self._mistake('needs sentence-transformers: pip install "babelwatch[probes]"') from None
        for name in _TALKING:
            logging.getLogger(name).setLevel(logging.ERROR)  # each try to reach a server is a warning
        for name in ("transformers.utils.logging", "huggingface_hub.utils"):
            for silence in ("disable_progress_bar", "disable_progress_bars"):
                getattr(import_module(name), silence, lambda: None)()
        return library

    def _mistake(self, what: str, error: Exception | None = None) -> Misconfigured:
        said = str(error).strip().splitlines() if error else []
        return Misconfigured([Mistake(f"embedder {self.model}", "", f"{what}: {said[0]}" if said else what)])


def state_of(model: str) -> str:
    """What changes when the files in the folder of a model do; empty for a model that is named."""
    folder = _folder(model)
    files = sorted(file for file in folder.rglob("*") if file.is_file()) if folder.is_dir() else []
    stats = [(str(file.relative_to(folder)), file.stat()) for file in files]
    return repr([(name, stat.st_size, stat.st_mtime_ns) for name, stat in stats]) if stats else ""


def called(model: str) -> str:
    """What a model is called among others: the last part of a folder's path, any other name as it is."""
    return (_folder(model).resolve().name or model) if _is_path(model) else model


def _is_path(model: str) -> bool:
    return model.startswith((".", "/", "~"))


def _folder(model: str) -> Path:
    return Path(model).expanduser()
