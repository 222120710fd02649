"""The first look: what stands since the first day is one message."""

from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from agent.alerting.evaluator import Evaluator
from agent.alerting.incident import Incident
from agent.alerting.known import Known
from agent.alerting.minutes import DAY, end_of, start_of
from agent.alerting.triage.grouping import Place
from agent.alerting.triage.standing import first_looks, is_part
from tests.alerting.test_gaps import GAP, QUALITY, labelled
from tests.alerting.traffic import START, key

PLACE = Place(key("ar").service, key("ar").environment)
HOURS = 3  # in the middle of a day nothing is different from its end


def standing(language: str, hits: int = 1, at: int = 44) -> Incident:
    """A gap that fired so many minutes after START."""
    judge = Evaluator([GAP], QUALITY)
    rows = [row for minute in range(45) for row in labels(minute, {language: hits})]
    (incident,) = [one for _, told in judge.walk(rows, START, START + 44) for one in told]
    return replace(incident, fired_at=end_of(START + at))


def labels(minute: int, hits: dict[str, int]) -> list:  # type: ignore[type-arg]
    """Four labelled queries of each language a minute, so many of them hits; English has 9 of 10."""
    return [labelled(START + minute, name, (4, n)) for name, n in hits.items()] + [labelled(START + minute, "en", (10, 9))]


def told(judge: Evaluator, hits: dict[str, int], minutes: range) -> list[Incident]:
    """What is told alone."""
    rows = [row for minute in minutes for row in labels(minute, hits)]
    walked = judge.walk(rows, START + minutes[0], START + minutes[-1])
    return [one for _, transitions in walked for one in transitions if not judge.is_told_at_first_look(one)]


def test_all_that_stands_is_one_message_with_the_worst_first() -> None:
    """Two languages, and one that is over by then."""
    over = replace(standing("de"), state="resolved")
    (look,) = first_looks([standing("ko", hits=2), standing("ar"), over], {PLACE: START})
    assert look.summary == (
        "First look: 2 languages stand low since the first day. Arabic (ar): 25.0 % against 90.0 % of the reference, 65.0 points (gap);"
        " Korean (ko): 50.0 % against 90.0 % of the reference, 40.0 points (gap). `babelwatch alerts` shows each."
    )
    assert (look.class_, look.severity, look.language, look.confirmed) == ("level", "info", "*", "yes")
    assert look.began_at == start_of(START)


@pytest.mark.parametrize(
    ("one", "part"),
    [
        (standing("ar", at=DAY - 1), True),
        (standing("ar", at=DAY), False),
        (replace(standing("ar"), severity="warning"), False),
        (replace(standing("ar"), class_="change"), False),
        (replace(standing("ar"), service="other"), False),
    ],
)
def test_parts_are_the_quiet_levels_of_the_first_day(one: Incident, *, part: bool) -> None:
    """A later one, a louder one, a fall, and one of a service that is not watched yet are told alone."""
    assert is_part(one, {PLACE: START}) is part


def test_more_than_ten_are_counted() -> None:
    """Eleven languages: ten names."""
    parts: Sequence[Incident] = [standing(f"a{letter}") for letter in "abcdefghijk"]
    (look,) = first_looks(parts, {PLACE: START})
    assert "11 languages stand" in look.summary
    assert "; and 1 more." in look.summary


def test_it_is_told_when_the_day_is_over_and_later_ones_alone() -> None:
    """Arabic stands low from the first minute, Korean from the second day on; the state goes through a restart."""
    judge = Evaluator([GAP], QUALITY)
    assert told(judge, {"ar": 1}, range(HOURS * 60)) == []
    assert judge.first_looks() == []
    (only,) = judge.first_looks(ended=True)
    assert only.language == "ar"
    assert only.summary.startswith("First look: Arabic recall@10 lies 65.0 points")
    assert told(judge, {"ar": 1}, range(HOURS * 60, DAY)) == []
    (look,) = judge.first_looks()
    after = Evaluator([GAP], QUALITY)
    after.take_over(Known(judge.incidents, state=judge.state))
    assert [one.language for one in told(after, {"ar": 1, "ko": 1}, range(DAY, DAY + 60))] == ["ko"]
    assert after.first_looks() == [look]
