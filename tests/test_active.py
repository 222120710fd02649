"""From settings to the checks of a running agent."""

import sys
from typing import Any

import pytest

from agent import active
from agent.config.settings import Settings
from agent.errors import Misconfigured
from agent.probing.due import Check, Planned, Why

ENDPOINT = {"url": "http://search:8080/query"}
GIVEN: dict[str, Any] = {
    "probes": [
        {"name": "own", "embedder": {"type": "openai", "url": "http://models:8000/v1", "model": "m"}, "schedule": "0 4 * * *"},
        {"name": "new", "embedder": {"type": "sentence_transformers", "model": "./m"}},
    ],
    "golden": [
        {"name": "support", "dataset": "sets/support", "endpoint": ENDPOINT, "schedule": "0 5 * * mon"},
        {"name": "shop", "dataset": "shop.tsv", "endpoint": ENDPOINT, "service": "shop"},
    ],
}
SETTINGS = Settings.model_validate(GIVEN)
CONFIG = ("--config", "/etc/babelwatch.yaml")


def test_what_is_configured_is_planned() -> None:
    """By name, golden sets with the service that they are for; those with a schedule have their time."""
    assert active.planned(SETTINGS) == Planned(("own", "new"), {"support": "", "shop": "shop"})
    assert [(one.check.kind, one.check.name, one.check.why) for one in active.timed(SETTINGS)] == [
        ("probe", "own", Why.SCHEDULE),
        ("golden", "support", Why.SCHEDULE),
    ]
    assert active.planned(Settings()) == Planned()


@pytest.mark.parametrize(
    ("check", "words"),
    [
        (Check("probe", "own", Why.SCHEDULE), "probe run --probe own --json"),
        (Check("probe", "own", Why.NEW_LANGUAGE, "lo", "lo"), "probe run --probe own --json --languages lo --only-there"),
        (Check("golden", "support", Why.SCHEDULE), "golden run sets/support --name support --golden support --json"),
        (
            Check("golden", "shop", Why.SCORE_ONLY, "x", "ko"),
            "golden run shop.tsv --name shop --golden shop --json --languages ko --only-there",
        ),
    ],
)
def test_a_check_is_the_command_that_a_person_would_type(check: Check, words: str) -> None:
    """Of this installation, with the agent's own settings."""
    python, *rest = active.command(SETTINGS, check, CONFIG)
    assert python == sys.executable
    assert rest == ["-m", "agent", *words.split(), *CONFIG]


def test_a_set_that_is_not_configured_any_more_is_a_mistake() -> None:
    """The settings may have been read anew since it was asked for."""
    with pytest.raises(Misconfigured, match=r"golden\.gone: is not among the settings any more"):
        active.command(SETTINGS, Check("golden", "gone", Why.DEPLOYMENT), CONFIG)
