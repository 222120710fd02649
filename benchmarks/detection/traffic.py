"""Traffic of the shared simulator as rows, with worlds that it does not have: what is added is laid over its own arrays."""

import importlib.util
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from agent.alerting.minutes import DAY
from agent.alerting.sums import Minute
from agent.records import WindowKey

SIMULATOR = Path(__file__).parents[3] / "shared" / "tools" / "simulate_traffic.py"
MONDAY = int(datetime(2026, 1, 5, tzinfo=UTC).timestamp()) // 60
MICRO = 1_000_000
HIT, MISS = 50, 20  # bins above and below the threshold

Latent = dict[str, Any]
Change = Callable[[Any, Any], Any]


class Part(NamedTuple):
    """The queries of one collection: languages x minutes; sums of scores in millionths, the version of each minute.

    Of the queries `labelled` have a label, which says what the score says: `recalled` of them are hits.
    """

    collection: str
    n: Any
    hits: Any
    total: Any
    squares: Any
    labelled: Any
    recalled: Any
    version: Any


class Traffic(NamedTuple):
    """A run: `t0` is the minute of the fault, `end` that of its end, counted from MONDAY like all minutes here."""

    languages: Sequence[str]
    parts: Sequence[Part]
    t0: int
    end: int
    minutes: int

    @property
    def n(self) -> Any:
        """Queries of all collections."""
        return sum(part.n for part in self.parts)

    @property
    def hits(self) -> Any:
        """Hits of all collections."""
        return sum(part.hits for part in self.parts)

    def after(self, history: "Traffic", minutes: int) -> "Traffic":
        """So many minutes from t0 on, behind another history of the same rates: given these, minutes are independent."""
        end = self.t0 + minutes
        parts = [_spliced(*both, self.t0, end) for both in zip(history.parts, self.parts, strict=True)]
        return self._replace(parts=parts, minutes=end)

    def rows(self, day: int) -> list[Minute]:
        """The rows of one day."""
        return [row for part in self.parts for row in self._rows(part, day)]

    def _rows(self, part: Part, day: int) -> Iterator[Minute]:
        span = slice(day * DAY, min((day + 1) * DAY, self.minutes))
        at, one = np.nonzero(part.n[:, span].T)
        cells = (cells[:, span][one, at].tolist() for cells in part[1:-1])
        keys = {(one, int(v)): self._key(part, one, int(v)) for one in range(len(part.n)) for v in np.unique(part.version[span])}
        of = zip(one.tolist(), part.version[span][at].tolist(), strict=True)
        for minute, which, n, hits, total, squares, labelled, recalled in zip(
            (at + MONDAY + span.start).tolist(), of, *cells, strict=True
        ):
            hist = {HIT: hits, MISS: n - hits}
            yield Minute(minute, keys[which], n, 0, 0, n, total, squares, hist, labelled, recalled * MICRO, recalled * MICRO)

    def _key(self, part: Part, one: int, version: int) -> WindowKey:
        return WindowKey("simulated", "prod", part.collection, self.languages[one], "", "m1", f"v{version}", "cosine")


def _spliced(before: Part, then: Part, at: int, end: int) -> Part:
    pairs = zip(before[1:], then[1:], strict=True)
    return Part(then.collection, *(np.concatenate([old[..., :at], new[..., at:end]], axis=-1) for old, new in pairs))


def simulator() -> Any:
    """The simulator as a module."""
    name = "simulate_traffic"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, SIMULATOR)
        assert spec is not None
        assert spec.loader is not None
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


@contextmanager
def _changed(module: Any, world: Change | None, latent: Change | None) -> Iterator[None]:
    """The simulator with another world (`world(config, w)`) or other rates (`latent(rng, z)`) for a while."""
    known = module.world, module.latent
    if world is not None:
        module.world = lambda config: world(config, known[0](config))
    if latent is not None:
        module.latent = lambda config, scenario, rng: latent(rng, known[1](config, scenario, rng))
    try:
        yield
    finally:
        module.world, module.latent = known


def simulate(  # noqa: PLR0913 - what a run is made of, by name
    seed: int,
    *,
    config: dict[str, Any] | None = None,
    scenario: dict[str, Any] | None = None,
    world: Change | None = None,
    latent: Change | None = None,
    collection: str = "help",
    labels: float = 0.0,
    version: Callable[[Any], Any] | None = None,
) -> Traffic:
    """One run; `labels` is the share of labelled queries.

    `version` gives the number of the index version of each minute, where the scenario's own is not meant.
    """
    module = simulator()
    with _changed(module, world, latent):
        made = module.simulate_minutes(module.Config(**(config or {})), module.Scenario(**(scenario or {})), seed)
    total, squares = (np.rint(made[name] * MICRO).astype(np.int64) for name in ("s1", "s2"))
    versions = made["ver"] if version is None else version(np.arange(made["T"]))
    n, hits = made["n"].astype(np.int64), made["h"].astype(np.int64)
    labelled = np.random.default_rng(seed).binomial(n, labels)
    recalled = np.random.default_rng([seed, 1]).hypergeometric(hits, n - hits, labelled)
    part = Part(collection, n, hits, total, squares, labelled, recalled, versions)
    return Traffic(module.CODES, [part], made["t0"], made["end"], made["T"])
