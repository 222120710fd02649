"""Which rules will judge anything on this log; a rule that lacks what it needs says nothing, which is not health."""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from agent.alerting.check import NEEDS, kind_of
from agent.alerting.rule import DropRule, LagRule, LowRule, Rule, Share, ShareRule
from agent.doctor.examined import Examined
from agent.doctor.measures import Verdict, away, there

SHARES: Final[Mapping[Share, str]] = {  # the measure that a rule on this share needs
    "und": "languages",
    "mixed": "languages",
    "fallback": "routes",
    "zero_results": "zero_result_rate",
    "other_language": "response_language",
    "low_translation": "translation",
}
BY_KIND: Final[Mapping[str, str]] = {"gap": "recall_at_k", "vanished": "languages"}
LOW_KINDS: Final = ("cosine", "unknown")  # of scores that a floor can be compared with


class Known(NamedTuple):
    """What is known beside the log: `floor`: what unrelated texts score, set or probed; `topic`: the log is one of Kafka's."""

    floor: bool
    topic: bool


def judged(rules: Iterable[Rule], measures: Mapping[str, Verdict], seen: Examined, known: Known) -> dict[str, Verdict]:
    """Every rule by its name: whether it will judge on this log, and by what, or what it lacks."""
    return {rule.name: _judged(rule, measures, seen, known) for rule in rules}


def _judged(rule: Rule, measures: Mapping[str, Verdict], seen: Examined, known: Known) -> Verdict:
    match rule:
        case DropRule():
            return _drop(rule, measures)
        case ShareRule():
            return measures[SHARES[rule.of]]
        case LowRule():
            scored = any(seen.whole.kinds.get(kind) for kind in LOW_KINDS)
            return _by_needs(rule, works=scored and known.floor, proxy=True)
        case LagRule():
            return _by_needs(rule, works=known.topic)
        case _:
            return _by_needs(rule, works=measures[BY_KIND[kind_of(rule)]].computable)


def _drop(rule: DropRule, measures: Mapping[str, Verdict]) -> Verdict:
    usable = [name for name in rule.measures if measures[name].computable]
    if not usable:
        return away(f"none of {', '.join(rule.measures)} is there")
    proxy = "recall_at_k" not in usable
    alone = ", proxies only: at most a warning until labels or a golden set confirm it" if proxy else ""
    versions = measures["deployments"]
    past = "; not against the version before, which is not told" if "version" in rule.baselines and not versions.computable else ""
    return there(f"by {', '.join(usable)}{alone}{past}", proxy=proxy)


def _by_needs(rule: Rule, *, works: bool, proxy: bool = False) -> Verdict:
    needs = f"needs {' and '.join(NEEDS[kind_of(rule)])}"
    return there(needs, proxy=proxy) if works else away(needs)
