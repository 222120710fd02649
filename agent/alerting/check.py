"""What a rule needs of the log, the settings and the past: without it there is nothing to judge by, and nothing is said."""

from collections.abc import Container, Iterable, Mapping

from agent.alerting.load import KINDS
from agent.alerting.rule import SHARES as SHARE_MEASURES
from agent.alerting.rule import BaselineKind, DropRule, Measure, Rule, Share, ShareRule

MEASURES: Mapping[Measure, str] = {
    "recall_at_k": "relevant documents in the log",
    "hit_rate": "scores, and quality.hit_threshold or 1,000 of them",
    "similarity_mean": "scores that are cosine, dot or unknown",
}
BASELINES: Mapping[BaselineKind, str] = {
    "version": "index_version or embedding_model",
    "trailing": "a complete day before",
    "reference": "14 complete days before",
}
SHARES: Mapping[Share, str] = {
    "und": "queries",
    "mixed": "queries",
    "fallback": "route",
    "zero_results": "results",
    "other_language": "response_language",
    "low_translation": "translation.quality",
}
NEEDS: Mapping[str, tuple[str, ...]] = {
    "gap": ("relevant documents in the log",),
    "low": ("scores that are cosine or unknown, and quality.similarity.floor",),
    "vanished": ("the same hours of days before",),
    "lag": ("the agent on a topic of Kafka",),
}


def kind_of(rule: Rule) -> str:
    """The kind, as rules files have it."""
    return next(name for name, kind in KINDS.items() if isinstance(rule, kind.make))


def needs(rule: Rule) -> tuple[str, ...]:
    """What must be there. Of the measures of a fall one is enough, and so is one of its baselines."""
    match rule:
        case DropRule():
            measures = tuple(f"{measure}: {MEASURES[measure]}" for measure in rule.measures)
            return (*measures, *(f"{baseline}: {BASELINES[baseline]}" for baseline in rule.baselines))
        case ShareRule():
            return (f"{SHARES[rule.of]} in the log", BASELINES["trailing"])
        case _:
            return NEEDS[kind_of(rule)]


def missing(rules: Iterable[Rule], seen: Container[Measure]) -> dict[Measure, str]:
    """The measures that rules ask for and the log has not given, each with what it needs: silence of a rule is not health."""
    asked: dict[Measure, str] = {}
    for rule in rules:
        if isinstance(rule, DropRule):
            asked |= {measure: MEASURES[measure] for measure in rule.measures}
        elif isinstance(rule, ShareRule):
            asked[SHARE_MEASURES[rule.of]] = f"{SHARES[rule.of]} in the log"
    return {measure: needed for measure, needed in asked.items() if measure not in seen}
