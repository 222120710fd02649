"""The real library with a real English model."""

import logging
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from agent.errors import Misconfigured
from agent.probing.base import Pieces
from agent.probing.embedding.sentence_transformers import SentenceTransformersEmbedder, state_of

TEXTS = ["how do I reset my password", "I forgot my password", "the cat sleeps in the sun"]


def failure(model: str, device: str | None = None) -> str:
    """The mistake that a model is."""
    with pytest.raises(Misconfigured) as caught:
        SentenceTransformersEmbedder(model=model, device=device).embed(["a"])
    return str(caught.value)


def test_vectors_are_those_of_the_library(english: SentenceTransformersEmbedder, minilm: Path) -> None:
    """What the service computes with the same model, and two ways to ask the same are nearer than another text."""
    found = english.embed(TEXTS)
    plain = import_module("sentence_transformers").SentenceTransformer(str(minilm), device="cpu")  # not when tests are collected
    np.testing.assert_allclose(found, plain.encode(TEXTS), rtol=1e-4, atol=1e-5)
    near, far = found[0] @ found[1], found[0] @ found[2]
    assert near > 0.7
    assert far < 0.3


def test_pieces_of_words_it_knows_and_does_not(english: SentenceTransformersEmbedder) -> None:
    """Without the tokens that begin and end a text; Lao is one unknown token a word, English none."""
    assert english.pieces(["hello world", "ສະບາຍດີ", "hello ສະບາຍດີ", "tokenization", ""]) == [
        Pieces(2, 0),
        Pieces(1, 1),
        Pieces(2, 1),
        Pieces(2, 0),
        Pieces(0, 0),
    ]


def test_nothing_is_shown_while_it_loads_and_runs(minilm: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Standard output is for one JSON document, and a progress bar of another program says nothing to the reader."""
    embedder = SentenceTransformersEmbedder(model=str(minilm), device="cpu")
    embedder.embed(TEXTS)
    embedder.pieces(["hello " * 2000])
    assert capfd.readouterr() == ("", "")
    assert not logging.getLogger("huggingface_hub").isEnabledFor(logging.WARNING)


@pytest.mark.parametrize("model", ["./nothing-there", "/nothing/there", "~/nothing-there-at-all"])
def test_a_folder_that_is_not_there(model: str) -> None:
    """It is not asked for at a server under that name, and told before anything is asked."""
    with pytest.raises(Misconfigured) as caught:
        SentenceTransformersEmbedder(model=model)
    assert str(caught.value) == f"embedder {model}: cannot be loaded: there is no such folder"


def test_a_folder_without_a_model(tmp_path: Path) -> None:
    """What the library misses is told in one line."""
    said = failure(str(tmp_path))
    assert said.startswith(f"embedder {tmp_path}: cannot be loaded: ")
    assert "\n" not in said


def test_a_device_that_is_not_there(minilm: Path) -> None:
    """It is told with what there is."""
    assert "cannot be loaded: Expected one of cpu" in failure(str(minilm), "gramophone")


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, minilm: Path) -> None:
    """The default install has no torch."""
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    assert failure(str(minilm)) == (f'embedder {minilm}: needs sentence-transformers: pip install "babelwatch[probes]"')


def test_it_is_not_imported_by_the_agent(minilm: Path) -> None:
    """Torch never runs in its process, also where such an embedder is configured."""
    program = (
        "import sys, agent.cli; from agent import checking; from agent.config.probing_settings import SentenceTransformersSettings as S; "
        f"checking.embedder(S(type='sentence_transformers', model={str(minilm)!r})).close(); "
        "print({'torch', 'transformers', 'sentence_transformers'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("set()\n", "")


def test_a_model_that_was_trained_again_is_another(tmp_path: Path) -> None:
    """Its files say so, whatever the name of the folder; a model that is named has no files of its own here."""
    (tmp_path / "weights").write_bytes(b"1")
    before = state_of(str(tmp_path))
    assert before == state_of(str(tmp_path))
    (tmp_path / "weights").write_bytes(b"22")
    assert before != state_of(str(tmp_path))
    assert state_of("all-MiniLM-L6-v2") == ""
