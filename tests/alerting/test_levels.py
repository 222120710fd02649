"""The low rule, window by window."""

import numpy as np
import pytest

from agent.alerting.evaluator import Evaluator
from agent.alerting.incident import Incident
from agent.alerting.known import Known
from agent.alerting.measures import Quality
from agent.alerting.minutes import end_of, start_of
from agent.alerting.rule import LowRule
from agent.alerting.sums import Minute
from agent.records import WindowKey
from tests.alerting.traffic import DAY, MICRO, RULES, START, key

QUALITY = Quality(floor=0.21, reference=("en",))  # with a reference of .57 the limit is .318
EN, LO = key("en"), key("lo")


def scores(minute: int, where: WindowKey, values: list[float]) -> Minute:
    """A minute with these best scores."""
    bins = np.floor(np.array(values) * 100 + 1e-9).astype(int)
    histogram = {int(bin_): int(count) for bin_, count in zip(*np.unique(bins, return_counts=True), strict=True)}
    total, squares = (round(sum(value**power for value in values) * MICRO) for power in (1, 2))
    return Minute(minute, where, len(values), 0, 0, len(values), total, squares, histogram, 0, 0, 0)


def walk(judge: Evaluator, low: dict[int, list[float]], minutes: int, where: WindowKey = LO) -> list[tuple[int, Incident]]:
    """English is well all the time; the other language has these scores at these minutes."""
    told, english = [], scores(START, EN, [0.57] * 10)
    for at in range(minutes):
        rows = [english._replace(minute=START + at)]
        rows += [scores(START + at, where, low[at])] if at in low else []
        told += [(at, incident) for incident in judge.advance(START + at, rows)]
    return told


def every_minute(score: float, minutes: int, first: int = 0) -> dict[int, list[float]]:
    """Two queries a minute."""
    return {at: [score] * 2 for at in range(first, first + minutes)}


def test_three_low_windows_in_a_row_fire() -> None:
    """Two queries a minute: windows of 15 minutes, 90 queries."""
    judge = Evaluator(LOW, QUALITY)
    ((minute, incident),) = walk(judge, every_minute(0.03, 60), 60)
    assert minute == 44
    assert (incident.class_, incident.severity, incident.cause, incident.confirmed) == (
        "level",
        "info",
        "low_resource",
        "unconfirmed",
    )
    assert (incident.began_at, incident.pending_since, incident.fired_at) == (
        start_of(START),
        end_of(START + 14),
        end_of(START + 44),
    )
    assert (incident.rule, incident.metric, incident.embedding_model, incident.index_version) == (
        "low",
        "similarity_mean",
        "m1",
        None,
    )
    assert (incident.n, incident.scale_minutes) == (90, 45)
    assert incident.current == pytest.approx(0.035)
    assert incident.baseline == pytest.approx(0.575)
    assert "below noise" in incident.summary


@pytest.mark.parametrize("score", [0.35, 0.4, 0.5])
def test_a_healthy_language_is_not_low(score: float) -> None:
    """Far from the reference is not low."""
    assert walk(Evaluator(LOW, QUALITY), every_minute(score, 300), 300) == []


def test_a_rare_language_fills_its_windows_in_its_own_time() -> None:
    """One query in ten minutes: 14 low ones of 14 leave no doubt; three times that is seven hours, with 30 it would be fifteen."""
    judge = Evaluator(LOW, QUALITY)
    ((minute, incident),) = walk(judge, {at: [0.03] for at in range(0, 1000, 10)}, 1000)
    assert (minute, incident.n) == (410, 42)


def test_few_queries_that_leave_a_doubt_wait_for_more() -> None:
    """One in thirty is well: by the exact binomial 16 of 17 are not enough, and 17 of 18 are. 18, 14 and 18 queries."""
    low = {at: [0.5 if at % 300 == 90 else 0.03] for at in range(0, 1000, 10)}
    ((minute, incident),) = walk(Evaluator(LOW, QUALITY), low, 1000)
    assert (minute, incident.n) == (490, 50)


def test_a_window_that_is_not_low_starts_it_again() -> None:
    """Two low windows, a good one, three low ones."""
    low = every_minute(0.03, 30) | every_minute(0.5, 15, 30) | every_minute(0.03, 60, 45)
    assert [minute for minute, _ in walk(Evaluator(LOW, QUALITY), low, 105)] == [89]


def test_it_ends_after_three_windows_that_surely_are_not_low() -> None:
    """And silence ends nothing."""
    low = every_minute(0.03, 45) | every_minute(0.5, 60, 600)
    told = walk(Evaluator(LOW, QUALITY), low, 700)
    assert [(minute, incident.state) for minute, incident in told] == [(44, "firing"), (644, "resolved")]
    assert told[1][1].summary.startswith("Lao is no longer low")


@pytest.mark.parametrize(
    "quality", [Quality(reference=("en",)), Quality(floor=0.6, reference=("en",)), Quality(floor=0.21, reference=("ja",))]
)
def test_without_floor_or_reference_nothing_is_judged(quality: Quality) -> None:
    """No floor; a reference that lies below it; a reference without traffic."""
    assert walk(Evaluator(LOW, quality), every_minute(0.03, 100), 100) == []


def test_reference_languages_are_not_judged() -> None:
    """They are what low is measured by."""
    judge = Evaluator(LOW, Quality(floor=0.21, reference=("en", "lo")))
    assert walk(judge, every_minute(0.03, 100), 100) == []


def test_without_a_configured_reference_the_three_largest_languages_are_it() -> None:
    """By queries; the fourth is judged."""
    judge = Evaluator(LOW, Quality(floor=0.21))
    told = []
    for at in range(60):
        rows = [scores(START + at, key(language), [0.57] * 5) for language in ("en", "es", "de")]
        told += judge.advance(START + at, [*rows, scores(START + at, LO, [0.03] * 2)])
    assert [incident.language for incident in told] == ["lo"]
    assert "English, Spanish" in told[0].summary or "German" in told[0].summary


def test_windows_of_the_past_count_but_say_nothing() -> None:
    """Two low windows before a restart, one after."""
    judge = Evaluator(LOW, QUALITY)
    past = [scores(START - 30 + at, where, [score] * 2) for at in range(30) for where, score in ((EN, 0.57), (LO, 0.03))]
    judge.warm(past)
    assert judge.incidents == ()
    assert [minute for minute, _ in walk(judge, every_minute(0.03, 20), 20)] == [14]


def test_a_firing_incident_is_taken_up_after_a_restart() -> None:
    """It is not told again, and it ends."""
    ((_, incident),) = walk(Evaluator(LOW, QUALITY), every_minute(0.03, 60), 60)
    judge = Evaluator(LOW, QUALITY, [incident])
    told = walk(judge, every_minute(0.03, 60) | every_minute(0.5, 60, 60), 120)
    assert [(minute, one.state, one.fingerprint) for minute, one in told] == [(104, "resolved", incident.fingerprint)]


@pytest.mark.parametrize(("quality", "away"), [(QUALITY, 40 * DAY), (Quality(), 0)])
def test_a_window_that_nothing_else_is_known_of_waits(quality: Quality, away: int) -> None:
    """A restart when its model was last asked before history begins, or after the floor was taken out of the settings."""
    before = Evaluator(LOW, QUALITY)
    walk(before, {0: [0.03] * 3}, 30)
    judge = Evaluator(LOW, quality)
    judge.take_over(Known(state=before.state))
    assert judge.advance(START + 30 + away, []) == []
    assert judge.state.judges == before.state.judges


@pytest.mark.parametrize(("a_minute", "falls_at", "n", "median"), [(1, 15, 42, 0.0375), (2, 30, 28, 0.035)])
def test_windows_that_were_low_under_an_earlier_limit(a_minute: int, falls_at: int, n: int, median: float) -> None:
    """.30 is low beside a reference of .57, not beside .25: the last windows are told as one where that is low, else the newest."""
    judge, told = Evaluator(LOW, QUALITY), []
    for at in range(45):
        early = at < falls_at
        reference, score = ([0.57] * 10, 0.30) if early else ([0.25] * 3000, 0.03)
        asked = a_minute if at % 15 < 14 else 0
        told += judge.advance(START + at, [scores(START + at, EN, reference), scores(START + at, LO, [score] * asked)])
    (one,) = told
    assert one.n == n
    assert one.current == pytest.approx(median)


def sparse(at: int) -> list[Minute]:
    """Twenty low queries each forty minutes, and the reference by the quarter of an hour."""
    low_ones = [scores(START + at, LO, [0.03] * 20)] if at % 40 == 0 and at <= 80 else []
    return low_ones + ([scores(START + at, EN, [0.57] * 10)] if at % 15 == 0 else [])


def test_a_past_that_comes_by_the_quarter_counts_as_it_was_seen() -> None:
    """Windows that were old long before the next row are closed; the run goes on."""
    past = [scores(START - at, EN, [0.57] * 10) for at in range(60, 0, -1)]
    seen, warmed = Evaluator(LOW, QUALITY), Evaluator(LOW, QUALITY)
    seen.warm(past)
    warmed.warm([*past, *(row for at in range(90) for row in sparse(at))])
    told = [(at, one.state) for at in range(120) for one in seen.advance(START + at, sparse(at))]
    assert told == [(94, "firing")]
    assert [(at, one.state) for at in range(90, 120) for one in warmed.advance(START + at, sparse(at))] == told


def test_the_order_of_rows_does_not_make_a_language_rare() -> None:
    """Fifty-five queries in one minute, in two collections."""
    states = []
    for sizes in ((10, 45), (45, 10)):
        judge = Evaluator(LOW, QUALITY)
        judge.warm([scores(START - DAY * back, EN, [0.57] * 100) for back in (3, 2, 1)])
        judge.advance(START, [scores(START, key("lo", collection=f"kb{size}"), [0.03] * size) for size in sizes])
        states.append(judge.state.judges)
    assert states[0] == states[1]


def test_two_models_are_two_runs() -> None:
    """Windows of a good model do not mend those of a low one before it fires, and their order does not matter."""
    judge = Evaluator(LOW, QUALITY)
    told = []
    for at in range(60):
        rows = [scores(START + at, key("en", model=model), [0.57] * 10) for model in ("m1", "m2")]
        rows += [scores(START + at, key("lo", model="m1"), [0.03] * 2), scores(START + at, key("lo", model="m2"), [0.5] * 2)]
        told += [(at, incident) for incident in judge.advance(START + at, rows)]
    assert [(at, incident.embedding_model) for at, incident in told] == [(44, "m1")]


LOW = [rule for rule in RULES if isinstance(rule, LowRule)]


def contaminated(level: float, share: float, rng: np.random.Generator, n: int) -> list[float]:
    """Scores around a level; short English queries among them, four fifths of which find something."""
    foreign, found = rng.random(n) < share, rng.random(n) < 0.8
    theirs = np.where(found, rng.normal(0.58, 0.09, n), rng.normal(0.24, 0.06, n))
    return [float(value) for value in np.clip(np.where(foreign, theirs, rng.normal(level, 0.06, n)), 0, 0.99)]


@pytest.mark.parametrize(("level", "contamination"), [(0.03, 0.0), (0.03, 0.3), (0.20, 0.0), (0.20, 0.3)])
def test_a_low_language_is_found_as_in_the_study(level: float, contamination: float) -> None:
    """In 20 windows always, and more often than not after the third one (90 queries)."""
    rng = np.random.default_rng(5)
    minutes = []
    for _ in range(25):
        values = contaminated(level, contamination, rng, 600)
        low = {at: values[2 * at : 2 * at + 2] for at in range(300)}
        minutes += [minute for minute, _ in walk(Evaluator(LOW, QUALITY), low, 300)[:1]]
    assert len(minutes) == 25
    assert np.median(minutes) == 44


@pytest.mark.parametrize("contamination", [0.0, 0.3])
def test_a_healthy_language_is_never_found_as_in_the_study(contamination: float) -> None:
    """At a level of .35, contaminated or not."""
    rng = np.random.default_rng(6)
    for _ in range(25):
        values = contaminated(0.35, contamination, rng, 600)
        assert walk(Evaluator(LOW, QUALITY), {at: values[2 * at : 2 * at + 2] for at in range(300)}, 300) == []
