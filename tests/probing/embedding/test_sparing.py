"""What is asked for, and how often."""

import os
import stat
from pathlib import Path

import numpy as np
import pytest

from agent import checking
from agent.config.probing_settings import OpenAiSettings
from agent.errors import Misconfigured
from agent.probing.base import Pieces, Role
from agent.probing.embedding.cache import Cache, FileCache, MemoryCache
from agent.probing.embedding.memory import InMemoryEmbedder
from agent.probing.embedding.sparing import Calls, Sparing
from tests.probing.server import Server

PREFIXES: dict[Role, str] = {"query": "query: ", "document": "passage: "}


@pytest.fixture(params=["memory", "file"])
def cache(request: pytest.FixtureRequest, tmp_path: Path) -> Cache:
    """One of each kind."""
    return MemoryCache() if request.param == "memory" else FileCache(tmp_path / "vectors.db")


def test_each_distinct_text_is_asked_for_once(cache: Cache) -> None:
    """In batches, short texts first; the rows are those of an embedder that is asked for all."""
    inner = InMemoryEmbedder()
    sparing = Sparing(inner, cache, batch=2)
    texts = ["ccc", "a", "bb", "a", "dddd", "ccc"]
    np.testing.assert_array_equal(sparing.embed(texts), InMemoryEmbedder().embed(texts))
    np.testing.assert_array_equal(sparing.embed(["a", "eeeee"], "document"), InMemoryEmbedder().embed(["a", "eeeee"]))
    sparing.close()
    assert inner.asked == [("query", ("a", "bb")), ("query", ("ccc", "dddd")), ("document", ("eeeee",))]


def test_what_it_will_take_is_what_it_takes(cache: Cache) -> None:
    """Before a run, after it, and for queries and documents that share texts."""
    inner = InMemoryEmbedder()
    sparing = Sparing(inner, cache, batch=3)
    queries, documents = [f"q{number}" for number in range(7)], ["q1", "d1", "d2", "d3", "d4", "d4"]
    foreseen = sparing.calls(queries, documents)
    sparing.embed(queries)
    sparing.embed(documents, "document")
    assert foreseen == Calls(11, 5) == Calls(sum(len(texts) for _, texts in inner.asked), len(inner.asked))
    assert sparing.calls(queries, documents) == Calls(0, 0)
    assert sparing.calls(["q1", "q99", "q99"]) == Calls(1, 1)
    sparing.close()


def test_prefixes_make_another_text() -> None:
    """A query and a document of the same words are two texts then."""
    inner = InMemoryEmbedder()
    sparing = Sparing(inner, prefixes=PREFIXES)
    assert sparing.calls(["a"], ["a"]) == Calls(2, 2)
    found = sparing.embed(["a"]), sparing.embed(["a"], "document")
    assert inner.asked == [("query", ("query: a",)), ("document", ("passage: a",))]
    np.testing.assert_array_equal(np.concatenate(found), InMemoryEmbedder().embed(["query: a", "passage: a"]))


def test_pieces_are_those_of_the_text_alone() -> None:
    """A prefix is no part of a language."""
    assert Sparing(InMemoryEmbedder(words=frozenset({"a"})), prefixes=PREFIXES).pieces(["a b"]) == [Pieces(2, 1)]


def test_a_file_serves_the_next_run(tmp_path: Path) -> None:
    """Nothing is asked for again; another model, or one told from it by more than its name, has vectors of its own."""
    file, texts = tmp_path / "vectors.db", [f"text {number}" for number in range(1200)]
    for expected, identity in ((Calls(1200, 19), "m@here"), (Calls(0, 0), "m@here"), (Calls(1200, 19), "m@there")):
        sparing = Sparing(InMemoryEmbedder(), FileCache(file), identity=identity)
        assert sparing.calls(texts) == expected
        np.testing.assert_array_equal(sparing.embed(texts), InMemoryEmbedder().embed(texts))
        sparing.close()


def test_a_file_holds_no_text_and_is_its_owners(tmp_path: Path) -> None:
    """Texts are hashed with the model; nobody else can read the file, also where it was there before."""
    file = tmp_path / "vectors.db"
    file.touch(mode=0o644)
    sparing = Sparing(InMemoryEmbedder(), FileCache(file))
    sparing.embed(["wo ist mein Paket"])
    sparing.close()
    assert b"Paket" not in file.read_bytes()
    assert [stat.S_IMODE(each.stat().st_mode) for each in tmp_path.iterdir()] == [0o600]


def test_two_runs_share_a_file(tmp_path: Path) -> None:
    """Each takes what the other was answered."""
    one, two = (Sparing(InMemoryEmbedder(), FileCache(tmp_path / "vectors.db")) for _ in range(2))
    one.embed(["a"])
    two.embed(["b"])
    assert (one.calls(["a", "b"]), two.calls(["a", "b"])) == (Calls(0, 0), Calls(0, 0))
    one.close()
    two.close()


@pytest.mark.parametrize("earlier", [True, False], ids=["in one call", "in two calls"])
def test_a_file_of_another_model_is_told(earlier: bool, tmp_path: Path) -> None:  # noqa: FBT001 - a table's column
    """Where a model was exchanged under its name, vectors of two dimensions are never mixed."""
    old = Sparing(InMemoryEmbedder(dimension=8), FileCache(tmp_path / "vectors.db"))
    old.embed(["a"])
    old.close()
    new = Sparing(InMemoryEmbedder(dimension=16), FileCache(tmp_path / "vectors.db"))
    if not earlier:
        new.embed(["b"])
    with pytest.raises(Misconfigured, match=r"its cache holds vectors of another model \(8 and 16 numbers\): delete the file"):
        new.embed(["a", "b"] if earlier else ["a"])
    new.close()


@pytest.mark.parametrize("name", ["away/vectors.db", "folder", "other.txt"])
def test_a_file_that_cannot_be_used_is_told(name: str, tmp_path: Path) -> None:
    """A folder that is missing, a folder, and a file of something else, which stays as it was."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "other.txt").write_text("my notes " * 200, encoding="utf-8")
    before = stat.S_IMODE((tmp_path / "folder").stat().st_mode)
    with pytest.raises(Misconfigured, match="cannot be used as a cache of vectors: "):
        FileCache(tmp_path / name)
    assert stat.S_IMODE((tmp_path / "folder").stat().st_mode) == before
    assert (tmp_path / "other.txt").read_text(encoding="utf-8") == "my notes " * 200


def test_a_file_that_was_cut_is_told(tmp_path: Path) -> None:
    """What is left of it is not reckoned with."""
    file = tmp_path / "vectors.db"
    sparing = Sparing(InMemoryEmbedder(dimension=1024), FileCache(file))
    sparing.embed([f"text {number}" for number in range(50)])
    os.truncate(file, 20_000)
    with pytest.raises(Misconfigured, match="cannot be used as a cache of vectors: "):
        sparing.embed([f"text {number}" for number in range(50)])
    sparing.close()


def test_settings_that_change_vectors_change_their_keys(openai_server: Server, tmp_path: Path) -> None:
    """The same name elsewhere is another model; another batch or token is not."""
    given: dict[str, object] = {"type": "openai", "url": openai_server.url, "model": "m"}
    changed: list[dict[str, object]] = [
        {},
        {"batch": 3, "token": "hunter2", "timeout": "5s"},
        {"model": "n"},
        {"url": f"{openai_server.url}/v1"},
    ]
    asked = []
    for change in changed:
        embedder = checking.embedder(OpenAiSettings.model_validate(given | change), tmp_path / "vectors.db")
        asked.append(embedder.calls(["a"]).texts)
        embedder.embed(["a"])
        embedder.close()
    assert asked == [1, 0, 1, 1]
