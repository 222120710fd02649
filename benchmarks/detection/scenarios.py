"""What is asked of the procedure, scenario by scenario: each gives lines of a table, scenario, what was measured, what is held to."""

from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from itertools import chain
from typing import Any, NamedTuple

import numpy as np

from agent.alerting.incident import ALL
from agent.alerting.minutes import DAY
from benchmarks.detection import low, worlds
from benchmarks.detection.rivals import RIVALS, fired
from benchmarks.detection.runner import Message, alarms, told, warmed
from benchmarks.detection.traffic import Traffic, simulate

HISTORY = 14
QPM = 1000.0
WEEK = 7 * DAY


class Line(NamedTuple):
    """One line of the table."""

    scenario: str
    measured: str
    wanted: str = ""


class Fault(NamedTuple):
    """A fault behind fourteen days of history, followed for some days."""

    name: str
    language: str
    scenario: dict[str, Any]
    days: float
    wanted: str


FAULTS = (
    Fault("Korean, 10 points", "ko", {"name": "silent_drop", "langs": ("ko",), "drop": 0.10}, 0.75, "95 % within 12 h"),
    Fault("Korean, 20 points", "ko", {"name": "silent_drop", "langs": ("ko",), "drop": 0.20}, 0.5, "median 90 min, 90 % in 4 h"),
    Fault("English, 10 points", "en", {"name": "silent_drop", "langs": ("en",), "drop": 0.10}, 0.1, "20 min"),
    Fault("deployment, English, 10 points", "en", {"name": "version_drop", "langs": ("en",), "drop": 0.10}, 0.1, "median 10 min"),
    Fault("deployment, Korean, 10 points", "ko", {"name": "version_drop", "langs": ("ko",), "drop": 0.10}, 0.5, ""),
    Fault("all, 10 points for 6 h", ALL, {"name": "outage", "drop": 0.10, "recover_after_days": 0.25}, 0.75, "1 message in 20 min"),
    Fault("all, 90 points for 6 h", ALL, {"name": "outage", "drop": 0.90, "recover_after_days": 0.25}, 0.75, "1 message in 20 min"),
)


def faultless(qpm: float, weeks: int, seeds: Sequence[int], labels: float = 0.0) -> Iterator[Line]:
    """False alarms a week where nothing is wrong, all weeks from the very first one on."""
    ours, theirs = [], {rival.name: 0 for rival in RIVALS}
    for seed in seeds:
        traffic = simulate(seed, config={"qpm": qpm, "history_days": 7.0 * weeks, "after_days": 0.0}, labels=labels)
        ours += alarms(told(traffic))
        for rival in RIVALS:
            theirs[rival.name] += len(fired(rival, traffic))
    span = weeks * len(seeds)
    yield Line(
        f"nothing wrong, {qpm:,.0f} a minute, {labels:.0%} labelled", f"{_rate(len(ours), span)}: {_what(ours)}", "at most 1 a week"
    )
    for name, count in theirs.items():
        yield Line(f"… {name}", f"{count / span:,.0f} a week")


def _rate(count: int, weeks: float) -> str:
    """Events a week with the 95 % interval of their Poisson mean (Garwood)."""
    from scipy.stats import chi2  # noqa: PLC0415 - the simulator's own need, not the agent's

    least = chi2.ppf(0.025, 2 * count) / 2 if count else 0.0
    return f"{count / weeks:.2f} a week ({least / weeks:.2f} to {chi2.ppf(0.975, 2 * count + 2) / 2 / weeks:.2f}; {count} in {weeks:g})"


def _what(messages: Sequence[Message]) -> str:
    return "; ".join(_alarm(one) for one in messages) or "none"


def _alarm(message: Message) -> str:
    one = message.incident
    workings = one.evidence[0].workings
    against = "" if workings is None else f" {workings.baseline}{' relative' if workings.relative else ''}"
    drop = 100 * (one.drop or 0)
    return (
        f"day {message.minute // DAY} {one.language} {one.metric}{against} {one.scale_minutes} min {drop:.1f} points z {one.z:.1f}"
    )


def faults(seeds: Sequence[int], wanted: Sequence[Fault] = FAULTS) -> Iterator[Line]:
    """Each fault behind the same history, which is read once for each seed; t0 lies at four hours of the day in turn."""
    runs: dict[str, list[tuple[Traffic, list[Message]]]] = {fault.name: [] for fault in wanted}
    for seed in seeds:
        days = {"qpm": QPM, "history_days": HISTORY + seed % 4 / 4, "after_days": 1.0}
        history = simulate(seed, config=days)
        evaluator = warmed(history, HISTORY)
        for fault in wanted:
            traffic = simulate(seed, config=days, scenario=fault.scenario).after(history, int(fault.days * DAY))
            runs[fault.name].append((traffic, told(traffic, deepcopy(evaluator), HISTORY)))
    for fault in wanted:
        found = runs[fault.name]
        yield Line(fault.name, _ours(fault, found), fault.wanted)
        if fault.language != ALL:
            yield from (Line(f"… {rival.name}", _theirs(rival, fault.language, found)) for rival in RIVALS)


Runs = Sequence[tuple[Traffic, Sequence[Message]]]


def _ours(fault: Fault, runs: Runs) -> str:
    fires = [next(iter(alarms(messages, fault.language, traffic.t0)), None) for traffic, messages in runs]
    off = [abs(one.began - traffic.t0) for one, (traffic, _) in zip(fires, runs, strict=True) if one and one.began is not None]
    count = [sum(one.minute >= traffic.t0 for one in messages) for traffic, messages in runs]
    delays = [one.minute + 1 - traffic.t0 for one, (traffic, _) in zip(fires, runs, strict=True) if one]
    others = sum(one.incident.language not in {fault.language, ALL} for _, messages in runs for one in alarms(messages))
    return f"{_delays(delays, len(runs))}; begin off by {_median(off)} min; {np.mean(count):.1f} messages a run, {others} of others"


def _theirs(rival: Any, language: str, runs: Runs) -> str:
    first = [
        next((minute + 1 - traffic.t0 for minute, one in fired(rival, traffic) if one == language and minute >= traffic.t0), None)
        for traffic, _ in runs
    ]
    return _delays([delay for delay in first if delay is not None], len(runs))


def _delays(delays: Sequence[int], runs: int) -> str:
    worst = f", 90 % {np.quantile(delays, 0.9):.0f}, worst {max(delays)}" if delays else ""
    return f"{len(delays)} of {runs}, median {_median(delays)} min{worst}"


def _median(values: Sequence[float]) -> str:
    return f"{np.median(values):.0f}" if len(values) else "–"


def mix_shift(seeds: Sequence[int], days: float) -> Iterator[Line]:
    """English falls to a quarter, the others are ten points worse than usual all along: the aggregate falls, no language does."""
    messages, moved = [], []
    for seed in seeds:
        config = {"qpm": QPM, "history_days": HISTORY, "after_days": days, "non_en_shift": -0.10}
        traffic = simulate(seed, config=config, scenario={"name": "mix_shift", "en_factor": 0.25})
        messages += alarms(told(traffic, warmed(traffic, HISTORY), HISTORY))
        before, after = (
            traffic.hits[:, span].sum() / traffic.n[:, span].sum() for span in (slice(traffic.t0), slice(traffic.t0, None))
        )
        moved.append(100 * (before - after))
    rate = _rate(len(messages), len(seeds) * days / 7)
    yield Line("English to a quarter", f"aggregate {-np.mean(moved):.1f} points; {rate}: {_what(messages)}", "the fault-free rate")


def levels(seeds: Sequence[int]) -> Iterator[Line]:
    """The low rule on levels from the start."""
    cases = [(0.03, 0.0), (0.03, 0.3), (0.20, 0.0), (0.20, 0.3), (0.35, 0.0), (0.35, 0.3), (0.50, 0.0)]
    for level, share in cases:
        runs = [low.found(seed, level, share) for seed in seeds]
        every, hit = sum(run.languages for run in runs), sum(run.told for run in runs)
        text = (
            f"{hit} of {every} in {low.MINUTES} min, median {_median([run.queries for run in runs])} queries"
            if hit
            else f"0 of {every}"
        )
        yield Line(f"level {level:.2f}, {share:.0%} English", text, "all" if level < low.FLOOR else "none")


World = Callable[[int, dict[str, Any]], Traffic]
QUIET: tuple[tuple[str, World, float, float], ...] = (  # days of history, days that are judged
    ("weekends at 5 %", worlds.sleeping_weekends, 14.0, 14.0),
    ("a holiday at 5 %", worlds.holiday, 16.0, 3.0),
    ("Korean moves to a harder collection", worlds.move, 15.0, 4.0),
    ("German at 8 %, French at 99 %", worlds.extremes, 14.0, 14.0),
    ("a new index every night", worlds.nightly, 15.0, 7.0),
)


def quiet(name: str, world: World, seeds: Sequence[int], days: tuple[float, float]) -> Iterator[Line]:
    """A world in which nothing is wrong: history, then some days that are judged."""
    messages = []
    for seed in seeds:
        traffic = world(seed, {"qpm": QPM, "history_days": days[0], "after_days": days[1]})
        messages += alarms(told(traffic, warmed(traffic, int(days[0])), int(days[0])))
    yield Line(name, f"{_rate(len(messages), len(seeds) * days[1] / 7)}: {_what(messages)}", "the fault-free rate")


def slide(seeds: Sequence[int], days: float = 60.0) -> Iterator[Line]:
    """Korean and German lose .2 points a day: a trailing mean goes with them, the fixed reference does not."""
    found: dict[str, list[tuple[float, str]]] = {"ko": [], "de": []}
    for seed in seeds:
        scenario = {"name": "drift", "langs": tuple(found), "drop": 0.002 * days, "drift_days": days}
        traffic = simulate(seed, config={"qpm": QPM, "history_days": HISTORY, "after_days": days}, scenario=scenario)
        messages = told(traffic, warmed(traffic, HISTORY), HISTORY)
        for language, first in found.items():
            first += [_slid(one, traffic.t0) for one in alarms(messages, language)[:1]]
    for language, first in found.items():
        shown = ", ".join(f"day {day:.1f} by the {against}" for day, against in first) or "never"
        yield Line(f"{language}, .2 points a day", f"{len(first)} of {len(seeds)}: {shown}", "found")


def _slid(one: Message, t0: int) -> tuple[float, str]:
    workings = one.incident.evidence[0].workings
    return (one.minute - t0) / DAY, workings.baseline if workings else "?"


def relative(seeds: Sequence[int]) -> Iterator[Line]:
    """At 8 % three points are much, at 99 % so are 2.5: neither reaches the threshold in points."""
    for language, drop in (("de", 0.028), ("fr", 0.025)):
        delays = []
        for seed in seeds:
            scenario = {"name": "silent_drop", "langs": (language,), "drop": drop}
            traffic = worlds.extremes(seed, {"qpm": QPM, "history_days": HISTORY, "after_days": 2.0}, scenario)
            messages = told(traffic, warmed(traffic, HISTORY), HISTORY)
            delays += [one.minute + 1 - traffic.t0 for one in alarms(messages, language)[:1]]
        yield Line(
            f"{language} at {'8' if language == 'de' else '99'} %, {100 * drop:.1f} points", _delays(delays, len(seeds)), "found"
        )


def every(*, quick: bool) -> dict[str, Iterator[Line]]:
    """All scenarios by name, each on seeds of its own; `quick` has few seeds and days."""
    few = 1 if quick else 4
    weeks, alarming = 2 if quick else 8, range(9001, 9001 + few)
    worlds_ = [
        quiet(name, world, range(9301 + 10 * at, 9301 + 10 * at + few), (history, min(days, 2.0) if quick else days))
        for at, (name, world, history, days) in enumerate(QUIET)
    ]
    return {
        "levels": levels(range(9151, 9152 if quick else 9156)),
        "faults": faults(range(9101, 9103 if quick else 9121)),
        "faultless": faultless(QPM, weeks, alarming),
        "sparse": faultless(100.0, weeks, alarming),
        "labelled": faultless(QPM, weeks, alarming, 0.02),
        "mix": mix_shift(range(9201, 9201 + few), 2.0 if quick else 7.0),
        "quiet": chain.from_iterable(worlds_),
        "relative": relative(range(9401, 9401 + few)),
        "slide": slide(range(9411, 9411 + few), 30.0 if quick else 60.0),
    }
