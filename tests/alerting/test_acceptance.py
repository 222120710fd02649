"""What the rules are held to, in small: thirty languages of the shared simulator, one seed each."""

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from agent.alerting.incident import Incident
from agent.alerting.sums import Minute
from tests.alerting.simulated import minutes
from tests.alerting.traffic import DAY, MONDAY, evaluator, folded, walk

Told = list[tuple[int, Incident]]


def traffic(
    shared: Path, scenario: dict[str, Any], seed: int, qpm: float = 200.0, days: tuple[float, float] = (3.0, 1.0)
) -> list[list[Minute]]:
    """So many days before it happens and after."""
    return list(minutes(shared, {"qpm": qpm, "history_days": days[0], "after_days": days[1]}, scenario, seed))


def told(rows: list[list[Minute]], first: int = MONDAY, stretch: int = 10**9, past: Sequence[Minute] = ()) -> Told:
    """What is told from the first minute on, looked at in stretches of so many minutes."""
    judge = evaluator(past)
    found: Told = []
    for at in range(0, len(rows), stretch):
        found += walk(judge, rows[at : at + stretch], first + at)
    return [(minute, incident) for minute, incident in found if incident.class_ == "change"]


def seen(found: Told) -> list[tuple[str, str]]:
    """Whose and what."""
    return [(incident.language, incident.state) for _, incident in found]


def test_an_outage_of_all_languages_is_one_message_and_its_end_another(shared: Path) -> None:
    """Everything falls by half for an hour and a half."""
    rows = traffic(shared, {"name": "outage", "drop": 0.5, "recover_after_days": 1 / 16}, 11, days=(1.0, 0.2))
    found = told(rows)
    assert seen(found) == [("*", "firing"), ("*", "resolved")]
    assert found[0][1].cause == "fleet"
    fired = found[0][1].fired_at
    assert fired is not None
    assert fired.timestamp() / 60 - (MONDAY + DAY) <= 20


def test_korean_during_a_deployment_is_two_messages(shared: Path) -> None:
    """Ten points for five hours, and then it is repaired; it began within half an hour of the deployment."""
    scenario = {"name": "version_drop", "langs": ("ko",), "drop": 0.10, "recover_after_days": 0.2}
    found = told(traffic(shared, scenario, 12, qpm=600.0, days=(1.0, 0.5)))
    assert seen(found) == [("ko", "firing"), ("ko", "resolved")]
    began = found[0][1].began_at
    assert began is not None
    assert abs(began.timestamp() / 60 - (MONDAY + DAY)) <= 30


def test_nine_days_without_a_fault_are_quiet(shared: Path) -> None:
    """At most one incident in the last two of them; the week before is read back by the quarter of an hour, as after a restart."""
    rows = traffic(shared, {"name": "none"}, 13, qpm=60.0, days=(8.0, 1.0))
    past = folded([row for each in rows[: 7 * DAY] for row in each], 15)
    found = told(rows[7 * DAY :], MONDAY + 7 * DAY, past=past)
    assert sum(incident.state == "firing" for _, incident in found) <= 1


def test_neither_order_nor_stretches_matter(shared: Path) -> None:
    """All at once, or shuffled and by 97 minutes: the same incidents at the same minutes."""
    rows = traffic(shared, {"name": "index_drop", "langs": ("de",), "drop": 0.15}, 14, days=(1.0, 0.25))
    chance = random.Random(1)
    shuffled = [chance.sample(each, len(each)) for each in rows]
    whole = told(rows)
    assert whole == told(shuffled, stretch=97)
    assert seen(whole) == [("de", "firing")]
