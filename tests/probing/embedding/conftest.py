"""Embedders of each kind, and endpoints on the loopback that give the vectors of the twin."""

from collections.abc import Iterator

import pytest

from tests.probing.embedding.endpoints import openai, plain
from tests.probing.server import Server


@pytest.fixture
def openai_server() -> Iterator[Server]:
    """Speaks OpenAI's API, and answers in another order than it was asked."""
    with Server(openai) as server:
        yield server


@pytest.fixture
def plain_server() -> Iterator[Server]:
    """Takes `{"inputs": [...]}` and answers with the vectors alone."""
    with Server(plain) as server:
        yield server
