"""Traffic that vanished: minutes after weeks of history by the hour."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest
from msgspec.structs import replace

from agent.alerting.evaluator import Evaluator
from agent.alerting.finding import Subject
from agent.alerting.incident import Incident
from agent.alerting.lifecycle import Standing, step
from agent.alerting.measures import Quality
from agent.alerting.minutes import end_of, start_of
from agent.alerting.rule import Condition, VanishedRule
from agent.alerting.sums import Minute
from agent.alerting.vanished import Vanished
from tests.alerting.simulated import simulator
from tests.alerting.traffic import DAY, MONDAY, key, row

RULE = VanishedRule(name="vanished", where=(Condition("language", ("und", "mul", "__other__"), negated=True),))
NOW = MONDAY + 28 * DAY  # a Monday, after four weeks

Rates = Mapping[str, float]  # queries a minute
Usual = Callable[[int], Rates]  # by the hour since MONDAY
STEADY: Rates = {"en": 40, "ko": 4, "lo": 1}


def always(rates: Rates) -> Usual:
    """Day and night."""
    return lambda _: rates


USUAL = always(STEADY)


def past(usual: Usual = USUAL, weeks: float = 4) -> Iterator[Minute]:
    """A row an hour and language."""
    last = NOW - MONDAY
    for hour in range(int(last - weeks * 7 * DAY) // 60, last // 60):
        for language, rate in usual(hour).items():
            yield row(MONDAY + hour * 60, key(language), int(rate * 60), 0)


def judge(usual: Usual = USUAL, weeks: float = 4, rule: VanishedRule = RULE, incidents: Sequence[Incident] = ()) -> Evaluator:
    """The rule, with a history up to NOW."""
    made = Evaluator([rule], Quality(), incidents)
    made.warm(past(usual, weeks))
    return made


def walk(evaluator: Evaluator, rates: Rates, minutes: range) -> list[tuple[int, Incident]]:
    """So many queries every minute: below one, one every so many minutes."""
    return [(at, incident) for at in minutes for incident in evaluator.advance(NOW + at, minute_of(rates, at))]


def short(told: Sequence[tuple[int, Incident]]) -> list[tuple[int, str, str]]:
    """When, whose and what."""
    return [(at, one.language, one.state) for at, one in told]


def without(*languages: str) -> Rates:
    """The usual rates, but for these languages."""
    return {name: rate for name, rate in STEADY.items() if name not in languages}


def test_a_language_that_vanishes_fires_and_ends_when_it_is_back() -> None:
    """Four queries a minute: fourteen minutes of silence are 4 of 60, then five minutes more; back for an hour, then fifteen."""
    evaluator = judge()
    assert walk(evaluator, STEADY, range(120)) == []
    ((minute, fired),) = walk(evaluator, without("ko"), range(120, 400))
    assert (minute, fired.language) == (137, "ko")
    assert (fired.class_, fired.severity, fired.cause, fired.confirmed) == ("volume", "info", "unknown", "yes")
    assert (fired.rule, fired.metric, fired.scale_minutes, fired.n, fired.n_baseline) == ("vanished", "events", 15, 0, 60)
    assert (fired.began_at, fired.fired_at) == (start_of(NOW + 119), end_of(NOW + 137))
    assert fired.summary == (
        "Korean traffic vanished: 0 queries in the last 15 min, where at least 60 were expected"
        " (the lowest of the same hours in the last weeks)."
    )
    ((minute, ended),) = walk(evaluator, STEADY, range(400, 600))
    assert (minute, ended.state) == (443, "resolved")
    assert ended.summary == "Korean traffic is back: 176 queries in the last 60 min, where at least 240 were expected."


@pytest.mark.parametrize(("rate", "delay"), [(40, 17), (2, 17), (1, 58), (0.25, 220), (0.05, 1295)])
def test_the_smaller_a_language_the_later_it_is_seen(rate: float, delay: int) -> None:
    """By the shortest window of which 30 queries are expected."""
    evaluator = judge(always({"en": 40, "de": 40, "xx": rate}))
    told = walk(evaluator, {"en": 40, "de": 40}, range(delay + 100))
    assert [one.language for _, one in told] == ["xx"]
    assert told[0][0] <= delay + 5


def test_a_tenth_is_gone_and_a_fifth_is_not() -> None:
    """Of what is expected."""
    assert short(walk(judge(), {**STEADY, "en": 3.9}, range(300)))[:1] == [(18, "en", "firing")]
    assert walk(judge(), {**STEADY, "en": 8}, range(300)) == []


def test_a_language_without_a_week_of_history_is_not_judged() -> None:
    """Six days are none; eight days are."""
    assert walk(judge(weeks=6 / 7), without("ko"), range(200)) == []
    assert short(walk(judge(weeks=8 / 7), without("ko"), range(200)))[0][1] == "ko"


def weekdays(hour: int) -> Rates:
    """Korean is asked at work: 5 % on Saturdays and Sundays."""
    return {**STEADY, "ko": 4 * (0.05 if hour // 24 % 7 >= 5 else 1)}


def test_five_per_cent_on_every_saturday_is_usual() -> None:
    """From Friday to Monday, minute by minute; the days since last Monday by the hour."""
    friday, told = range(4 * 24, 7 * 24 + 1), []
    evaluator = judge(weekdays)
    evaluator.warm(
        row(NOW + hour * 60, key(name), int(rate * 60), 0) for hour in range(4 * 24) for name, rate in weekdays(hour).items()
    )
    for hour in friday:
        told += walk(evaluator, weekdays(hour), range(hour * 60, hour * 60 + 60))
    assert told == []


@pytest.mark.parametrize(("seen", "fires"), [(True, False), (False, True)])
def test_a_holiday_is_usual_when_its_like_was_seen(seen: bool, fires: bool) -> None:  # noqa: FBT001 - a table
    """A Monday without Korean, as three weeks ago or as never before."""
    evaluator = judge(lambda hour: without("ko") if seen and hour // 24 == 7 else STEADY)
    assert bool(walk(evaluator, without("ko"), range(DAY))) is fires


def test_all_languages_together_are_one_incident() -> None:
    """Twelve languages: one message when they vanish and one when they are back, though small ones are seen hours later."""
    rates = {f"q{letter}x": 60.0 / rank**2 for rank, letter in enumerate("abcdefghijkl", 1)}
    evaluator = judge(always(rates))
    told = walk(evaluator, rates, range(60)) + walk(evaluator, {}, range(60, 600)) + walk(evaluator, rates, range(600, 2400))
    assert short(told) == [(77, "*", "firing"), (643, "*", "resolved")]
    assert (told[0][1].cause, told[0][1].severity) == ("ingest", "info")
    assert told[0][1].summary.startswith("The traffic of all languages vanished: 0 queries in the last 15 min")


def test_who_stays_away_when_the_others_are_back_is_told_then() -> None:
    """Korean by itself, on windows after the recovery."""
    evaluator = judge()
    told = walk(evaluator, {}, range(300)) + walk(evaluator, without("ko"), range(300, 600))
    assert short(told) == [(18, "*", "firing"), (346, "*", "resolved"), (365, "ko", "firing")]


def test_the_largest_language_alone_is_not_all_of_them() -> None:
    """English is 95 % of the traffic, and the others go on."""
    evaluator = judge(always({"en": 190, "ko": 8, "lo": 2}))
    assert short(walk(evaluator, {"ko": 8, "lo": 2}, range(200))) == [(18, "en", "firing")]


def test_the_only_language_is_itself() -> None:
    """There are no others."""
    assert short(walk(judge(always({"en": 40})), {}, range(60))) == [(18, "en", "firing")]


def test_while_a_partition_is_left_out_nothing_is_judged() -> None:
    """Nor in windows that reach into its hours; afterwards all is as before."""
    evaluator = judge()
    for at in range(300):
        evaluator.suspend_volume(NOW + at)
        assert evaluator.advance(NOW + at, []) == []
    assert short(walk(evaluator, without("ko"), range(300, 400))) == [(318, "ko", "firing")]


def test_silence_while_it_is_not_expected_resolves_nothing() -> None:
    """By day only: the night shows nothing."""
    evaluator = judge(lambda hour: {**STEADY, "ko": 4 if hour % 24 >= 8 else 0})
    told = walk(evaluator, STEADY, range(10 * 60)) + walk(evaluator, without("ko"), range(10 * 60, 40 * 60))
    assert [state for _, _, state in short(told)] == ["firing"]


def test_the_time_of_an_incident_is_not_usual() -> None:
    """It has fired for a week, and the agent starts anew: the language is expected by the weeks before, and so it is back."""
    ((_, incident),) = walk(judge(), without("ko"), range(60))
    away = replace(incident, began_at=start_of(NOW - 7 * DAY), fired_at=start_of(NOW - 7 * DAY + 20))
    evaluator = judge(lambda hour: without("ko") if hour >= 21 * 24 else STEADY, incidents=[away])
    assert short(walk(evaluator, STEADY, range(180))) == [(73, "ko", "resolved")]
    assert short(walk(evaluator, without("ko"), range(180, 240))) == [(197, "ko", "firing")]


def test_an_outage_is_left_out_also_after_a_restart() -> None:
    """A day without anyone, over at the restart: nobody is missed for the day that lies behind."""
    rates = {"en": 40.0, "de": 40.0, "xx": 0.05}
    lived, began_anew, restored = (Vanished(RULE) for _ in range(3))
    outage, back = range(DAY), range(DAY, DAY + 90)
    standings: dict[Subject, Standing] = {}
    lived.add(list(past(always(rates))))
    for at in (*outage, *back):
        lived.add(minute_of(rates, at) if at in back else [])
        settle(lived, NOW + at, standings)
    assert standings == {}
    for other in (began_anew, restored):
        other.add([*past(always(rates)), *(one for at in back for one in minute_of(rates, at))])
    restored.restore(json.loads(json.dumps(lived.state())))
    now = NOW + back.stop
    assert [subject.language for subject, *_ in began_anew.observations(now, {})] == ["*"]
    assert list(lived.observations(now, {})) == list(restored.observations(now, {})) == []


def minute_of(rates: Rates, at: int) -> list[Minute]:
    """The rows of a minute."""
    counts = {name: int((at + 1) * rate) - int(at * rate) for name, rate in rates.items()}
    return [row(NOW + at, key(name), count, 0) for name, count in counts.items() if count]


def settle(rule: Vanished, minute: int, standings: dict[Subject, Standing]) -> None:
    """Let incidents follow what is seen."""
    for subject, seen, pace in list(rule.observations(minute, standings)):
        after = step(standings.pop(subject, None), seen, minute, pace)
        if after is not None and after.incident.state != "resolved":
            standings[subject] = after


def test_nothing_that_was_not_expected_is_missed() -> None:
    """A language that never came, and an empty history."""
    assert walk(Evaluator([RULE], Quality()), {}, range(100)) == []


def simulated(shared: Path, scenario: str, seed: int, length: int, **fields: object) -> list[tuple[int, str, str]]:
    """Thirty languages with the cycles and noise of the shared simulator: two weeks by the hour, then so many by the minute."""
    module = simulator(shared)
    config = module.Config(qpm=300.0, history_days=14.0, after_days=length / 24)
    made = module.simulate_minutes(config, module.Scenario(scenario, **fields), seed, with_sim=False)
    events, weeks = made["n"].astype(int), 14 * DAY
    evaluator = Evaluator([RULE], Quality())
    hours = events[:, :weeks].reshape(30, -1, 60).sum(axis=2)
    evaluator.warm([one for at in range(hours.shape[1]) for one in rows_of(hours[:, at], NOW - weeks + at * 60, module.CODES)])
    return short(
        [
            (at, incident)
            for at in range(length * 60)
            for incident in evaluator.advance(NOW + at, rows_of(events[:, weeks + at], NOW + at, module.CODES))
        ]
    )


def rows_of(events: Sequence[int], minute: int, languages: Sequence[str]) -> list[Minute]:
    """A row for each language that has any."""
    return [row(minute, key(language), int(n), 0) for language, n in zip(languages, events, strict=True) if n]


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.chaos)])
def test_simulated_traffic_in_which_nothing_happens_is_silent(shared: Path, seed: int) -> None:
    """Thirty languages, 300 queries a minute; the longer runs stand in how-it-decides.md."""
    assert simulated(shared, "none", seed, length=8) == []


@pytest.mark.parametrize(("language", "within"), [("en", 20), ("es", 25), ("ko", 300)])
def test_simulated_traffic_that_vanishes_is_found(shared: Path, language: str, within: int) -> None:
    """240, 25 and one a minute on average, at midnight UTC; and nobody else."""
    ((minute, found, state),) = simulated(shared, "vanish", 3, length=1 + -(-within // 60), langs=(language,))
    assert (found, state) == (language, "firing")
    assert minute < within


def test_simulated_traffic_that_vanishes_altogether_is_one_incident(shared: Path) -> None:
    """Thirty languages."""
    ((minute, found, state),) = simulated(shared, "vanish", 4, length=2)
    assert (minute, found, state) == (18, "*", "firing")
