"""What each rule needs."""

import json
from typing import get_args

import pytest

from agent.alerting.check import kind_of, missing, needs
from agent.alerting.load import KINDS, load, parse
from agent.alerting.rule import DropRule, Rule, Share, ShareRule
from agent.resources import rules_dir


def test_every_bundled_rule_says_what_it_needs() -> None:
    """And of which kind it is, as its file has it."""
    rules = load(["default", "vanished", "share"], rules_dir())
    assert {kind_of(rule) for rule in rules} == set(KINDS)
    assert all(needs(rule) for rule in rules)


def test_a_fall_needs_what_its_measures_and_baselines_read() -> None:
    """And no more than those that the rule names."""
    (rule,) = parse("rules: [{name: a, kind: drop, measures: [hit_rate], baselines: [version]}]", "x")
    assert needs(rule) == (
        "hit_rate: scores, and quality.hit_threshold or 1,000 of them",
        "version: index_version or embedding_model",
    )


@pytest.mark.parametrize("of", get_args(Share))
def test_a_share_needs_its_field(of: str) -> None:
    """Each of them."""
    (rule,) = parse(json.dumps({"rules": [{"name": "a", "kind": "share", "of": of}]}), "x")
    field, past = needs(rule)
    assert (field.endswith(" in the log"), past) == (True, "a complete day before")


def test_what_the_log_does_not_give_is_named_with_what_it_needs() -> None:
    """A rule that has nothing to read is not a rule that finds nothing."""
    rules: list[Rule] = [DropRule(name="drop"), ShareRule(name="share", of="fallback")]
    assert missing(rules, {"similarity_mean"}) == {
        "recall_at_k": "relevant documents in the log",
        "hit_rate": "scores, and quality.hit_threshold or 1,000 of them",
        "fallback": "route in the log",
    }
    assert missing(rules[:1], {"similarity_mean", "hit_rate", "recall_at_k"}) == {}
