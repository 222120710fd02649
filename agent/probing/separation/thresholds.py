"""What a probe says of `quality:` in the settings: a hit threshold for the model, others for some languages, and the floor.

The model's threshold is what at most 5 % of unrelated queries reach. Those are in one language. Another language's lies as far from
it as its texts lie from that language's where none is an answer. A broken language gets none: there is no score from which it hits.
"""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from agent.probing.embedding.sentence_transformers import called
from agent.probing.separation.probe import Probed

WORTH_IT: Final = 0.03
"""A smaller difference is noise: over samples of the concepts a language's varies by .01 to .02 (standard deviation)."""

_SOURCES: Final = {
    "index": "the service's own search",
    "corpus": "a sample of the documents; that of the whole index is higher",
    "lists": "the bundled lists, which are few texts: that of an index is higher. Set `endpoint`, or give --corpus",
}


def of_languages(probed: Probed) -> dict[str, float]:
    """The hit thresholds of languages that are not broken and differ from the model's, multiples of .01."""
    usual, model = probed.apart.get(probed.plan.unrelated_language), probed.floor.cutoff
    if usual is None or model is None:
        return {}
    judged = [found.language for found in probed.languages if found.judgement.verdict in {"connected", "weak"}]
    differing = {tag: round(probed.apart[tag] - usual, 2) for tag in judged if tag in probed.apart}
    return {tag: round(model + by, 2) for tag, by in differing.items() if abs(by) >= WORTH_IT}


def fragment(result: dict[str, Any], at: datetime) -> str:
    """The YAML to paste into the settings, from what `probe run --json` prints; `at` is when it ran."""
    return "".join(f"{line}\n" for line in _lines(result, at))


def _lines(result: dict[str, Any], at: datetime) -> Iterator[str]:
    yield f"# Measured on {at:%Y-%m-%d} by `babelwatch probe run` of {called(result['model'])}, with {result['unrelated_queries']} unrelated queries"
    yield f"# asked of {_SOURCES[result['floor_source']]}."
    if result["embedding_model"] == result["model"]:
        yield "# The model's name is the embedder's: write the one that your log has, or set `embedding_model` of the probe."
    if result["cutoff"] is None or result["senseless"]:
        yield "# They found nothing that could be measured."
        return
    yield "quality:"
    yield "  hit_threshold:"
    yield f"    models: {{{json.dumps(called(result['embedding_model']), ensure_ascii=False)}: {result['cutoff']:.2f}}}"
    languages = {row["language"]: row["threshold"] for row in result["languages"] if row["threshold"] is not None}
    if languages:
        yield f"    languages: {{{', '.join(f'{tag}: {threshold:.2f}' for tag, threshold in languages.items())}}}"
    yield "  similarity:"
    yield f"    floor: {result['floor']:.3f}"
