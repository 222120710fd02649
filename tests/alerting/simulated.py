"""Traffic of the shared simulator as rows: thirty languages whose hours and days wobble."""

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from agent.alerting.sums import Minute
from tests.alerting.traffic import MICRO, MONDAY, key


def simulator(shared: Path) -> Any:
    """The simulator as a module."""
    name = "simulate_traffic"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, shared / "tools" / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


def minutes(
    shared: Path, config: dict[str, float], scenario: dict[str, Any], seed: int, label_share: float = 0.02
) -> Iterator[list[Minute]]:
    """The rows of each minute from MONDAY on; a random share of the queries has a label that tells hit from miss."""
    module = simulator(shared)
    made = module.simulate_minutes(module.Config(**config), module.Scenario(**scenario), seed)
    chance = np.random.default_rng([seed, 99])
    queries, hits = made["n"].astype(int), made["h"].astype(int)
    recalled = chance.binomial(hits, label_share)
    labelled = recalled + chance.binomial(queries - hits, label_share)
    total, squares = (np.rint(made[name] * MICRO).astype(int) for name in ("s1", "s2"))
    for at in range(made["T"]):
        yield [
            Minute(
                minute=MONDAY + at,
                key=key(module.CODES[one], "v42" if made["ver"][at] else "v41"),
                events=int(queries[one, at]),
                errors=0,
                zero_results=0,
                scored=int(queries[one, at]),
                score_sum=int(total[one, at]),
                score_sq=int(squares[one, at]),
                score_hist={50: int(hits[one, at]), 20: int(queries[one, at] - hits[one, at])},
                labelled=int(labelled[one, at]),
                recall_sum=int(recalled[one, at]) * MICRO,
                recall_sq=int(recalled[one, at]) * MICRO,
            )
            for one in np.flatnonzero(queries[:, at])
        ]
