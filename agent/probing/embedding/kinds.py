"""The visible table of embedders: the `type` of one and what is built from its other keys."""

from collections.abc import Callable, Mapping
from typing import Final

from agent.probing.base import Embedder
from agent.probing.embedding.http import HttpEmbedder
from agent.probing.embedding.openai import OpenAiEmbedder
from agent.probing.embedding.sentence_transformers import SentenceTransformersEmbedder

EMBEDDERS: Final[Mapping[str, Callable[..., Embedder]]] = {
    "openai": OpenAiEmbedder,
    "http": HttpEmbedder,
    "sentence_transformers": SentenceTransformersEmbedder,
}
