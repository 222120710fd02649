"""What a probe found, as the JSON that `probe run --json` prints and the journal keeps: figures to six digits, null where there is none."""

from typing import Any, Final

from agent.probing.separation.finder import Found, Listed
from agent.probing.separation.probe import Probed
from agent.probing.separation.thresholds import of_languages

_DIGITS: Final = 6
_NOTHING: Final = dict.fromkeys(
    ("synonym_mean", "unrelated_mean", "margin", "auc", "ci95", "cutoff", "p_at_1", "back_p_at_1", "fragmentation", "unknown_share")
)


def document(probed: Probed, embedding_model: str) -> dict[str, Any]:
    """The whole answer; `embedding_model` is what the log calls the model."""
    floor, thresholds = probed.floor, of_languages(probed)
    return {
        "model": probed.model,
        "embedding_model": embedding_model,
        "floor": _short(floor.value),
        "floor_source": floor.source,
        "cutoff": floor.cutoff,
        "unrelated_queries": floor.queries,
        "senseless": probed.senseless,
        "document_languages": list(probed.plan.documents),
        "concepts": {one.name: len(one.concepts) for one in probed.plan.lists},
        "languages": [
            {"language": found.language, **_row(found), "threshold": thresholds.get(found.language)} for found in probed.languages
        ],
        "pairs": [
            {"query_language": found.language, "document_language": found.documents[0], **_row(found)} for found in probed.pairs
        ],
    }


def _row(found: Found) -> dict[str, Any]:
    shown = found.shown
    said = {"n": 0, **_NOTHING} if shown is None else _listed(shown)
    synonyms, within = said["synonym_mean"], found.within
    other = found.documents != (found.language,)
    return {
        **said,
        "same_language_mean": _short(within and within.synonym_mean),
        "same_language_auc": _short(within and within.auc),
        "modality_gap": _short(_minus(within and within.synonym_mean, synonyms)) if other else None,
        "noise": (noise := _short(found.noise)),
        "below_noise": None if synonyms is None or noise is None else bool(synonyms < noise),
        "verdict": found.judgement.verdict,
        "reason": found.judgement.reason,
        "lists": {name: _listed(one) for name, one in found.lists.items()},
    }


def _listed(said: Listed) -> dict[str, Any]:
    figures = said.figures
    return {
        "n": figures.n,
        "synonym_mean": _short(figures.synonym_mean),
        "unrelated_mean": _short(figures.unrelated_mean),
        "margin": _short(_minus(figures.synonym_mean, figures.unrelated_mean)),
        "auc": _short(figures.auc),
        "ci95": figures.ci95 and [_short(bound) for bound in figures.ci95],
        "cutoff": figures.cutoff,
        "p_at_1": _short(figures.p_at_1),
        "back_p_at_1": _short(said.back_p_at_1),
        "fragmentation": _short(said.fragmentation),
        "unknown_share": _short(said.unknown),
    }


def _minus(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one - other


def _short(figure: float | None) -> float | None:
    return None if figure is None else round(float(figure), _DIGITS)
