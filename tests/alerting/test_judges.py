"""The rules on levels and volumes together: restarts, and one word for each language."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import groupby
from operator import attrgetter
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.alerting.finding import Subject
from agent.alerting.judges import Judges
from agent.alerting.lifecycle import Standing, step
from agent.alerting.measures import Quality
from agent.alerting.rule import Condition, GapRule, LowRule, Rule, VanishedRule
from agent.alerting.sums import Minute
from agent.records import WindowKey
from tests.alerting.traffic import DAY, MICRO, MONDAY, folded, key

REAL = (Condition("language", ("und", "mul", "__other__"), negated=True),)
RULES: list[Rule] = [LowRule(name="low", where=REAL), GapRule(name="gap", where=REAL), VanishedRule(name="vanished", where=REAL)]
QUALITY = Quality(floor=0.21)
NOW = MONDAY + 15 * DAY + 22 * 60  # two hours before midnight, when another day becomes usual
LENGTH = 300
RATES = {"en": 9.0, "de": 5.0, "fr": 5.0, "ko": 3.0, "lo": 2.0, "am": 0.03, "km": 0.03}  # queries a minute
SCORES = {"lo": 3, "am": 10, "km": 10}  # bins of low languages; others have 57

Seen = tuple[Any, ...]


def counted(minute: int, where: WindowKey, n: int, found: int, labelled: int) -> Minute:
    """Queries of a minute: those that find something score high, as far as the language can."""
    low = SCORES.get(where.language, 57)
    histogram = {bin_: count for bin_, count in ((57, found), (low, n - found)) if count}
    hits = min(labelled, found) if where.language in SCORES else labelled
    return Minute(minute, where, n, 0, 0, n, n * 1000, n * 1000, histogram, labelled, hits * MICRO, hits * MICRO)


def traffic(seed: int) -> list[list[Minute]]:
    """Five hours: Lao and two rare languages are low, Korean is gone for a while, and in some runs so is everyone."""
    rng = np.random.default_rng(seed)
    gone, everyone = range(40, 200), range(*rng.integers(0, LENGTH, 2))
    made = []
    for at in range(LENGTH):
        rates = {name: rate * (20 if name in {"am", "km"} else 1) for name, rate in RATES.items()}
        counts = {name: int(rng.poisson(rate)) for name, rate in rates.items() if at not in everyone}
        if at in gone:
            counts.pop("ko", None)
        made.append(
            [
                counted(NOW + at, key(name), n, int(rng.binomial(n, 0.1)), int(rng.binomial(n, 0.7)))
                for name, n in counts.items()
                if n
            ]
        )
    return made


def before() -> Iterator[Minute]:
    """Fifteen days by the hour."""
    for hour in range(MONDAY, NOW, 60):
        for name, rate in RATES.items():
            yield counted(hour, key(name), max(1, int(rate * 60)), 0, 1)


def warmed(rows: Sequence[Minute]) -> Judges:
    """The rules with a history."""
    judges = Judges(RULES, QUALITY)
    for minute, group in groupby(rows, key=attrgetter("minute")):
        judges.add(list(group))
        judges.skip(minute)
    return judges


def walk(judges: Judges, minutes: Sequence[list[Minute]], span: range, standings: dict[Subject, Standing]) -> list[Seen]:
    """Everything that is said in these minutes, and what becomes of it."""
    seen: list[Seen] = []
    for at in span:
        if at % 97 == 0:
            judges.suspend_volume(NOW + at)
        judges.add(minutes[at])
        for subject, observation, pace in judges.observations(NOW + at, standings):
            breach = observation.breach.incident() if observation.breach else None
            seen.append((at, subject, breach, observation.in_a_row, observation.recovered, observation.refuted))
            after = step(standings.pop(subject, None), observation, NOW + at, pace)
            if after is not None and after.incident.state != "resolved":
                standings[subject] = after
    return seen


@cache
def straight(seed: int) -> list[Seen]:
    """Without a restart."""
    return walk(warmed(list(before())), traffic(seed), range(LENGTH), {})


@settings(max_examples=4, deadline=None)
@given(seed=st.integers(0, 3), at=st.integers(1, LENGTH - 1), width=st.sampled_from([15, 60]))
def test_a_restart_at_any_minute_changes_nothing(seed: int, at: int, width: int) -> None:
    """State as JSON, another object, history by the hour or quarter: the same observations follow as without."""
    minutes = traffic(seed)
    standings: dict[Subject, Standing] = {}
    first = warmed(list(before()))
    said = walk(first, minutes, range(at), standings)
    left = json.loads(json.dumps(first.state()))
    second = warmed([*before(), *folded([row for rows in minutes[:at] for row in rows], width)])
    second.restore(left)
    assert said + walk(second, minutes, range(at, LENGTH), standings) == straight(seed)


@pytest.fixture(scope="module")
def said() -> list[Seen]:
    """One run in which nobody is away but Korean."""
    seed = next(seed for seed in range(1000) if not range(*np.random.default_rng(seed).integers(0, LENGTH, 2)))
    return walk(warmed(list(before())), traffic(seed), range(LENGTH), {})


def test_each_rule_has_something_to_say(said: list[Seen]) -> None:
    """What the restarts above are tried on: low, labels, rare languages together, a language that is gone and comes back."""
    found = {(subject.language, breach.rule) for _, subject, breach, *_ in said if breach is not None}
    assert {("lo", "gap"), ("rare", "low"), ("ko", "vanished")} <= found
    assert any(recovered for _, subject, _, _, recovered, _ in said if subject.language == "ko")


def test_an_incident_hears_one_observation_a_minute(said: list[Seen]) -> None:
    """Two rules on one language are not two evaluations."""
    assert max(Counter((at, subject) for at, subject, *_ in said).values()) == 1


def test_the_state_is_small() -> None:
    """Windows that are open and the last hour by the minute: for seven languages a few kilobytes."""
    judges = warmed(list(before()))
    walk(judges, traffic(1), range(LENGTH), {})
    assert 100 < len(json.dumps(judges.state())) < 10_000


def test_a_rule_that_an_earlier_process_did_not_have_begins_anew() -> None:
    """And what is left of one that is no more is left out."""
    judges = Judges(RULES[:1], QUALITY)
    judges.restore(Judges(RULES[1:], QUALITY).state())
    assert judges.state() == {"low": {"open": [], "runs": []}}
