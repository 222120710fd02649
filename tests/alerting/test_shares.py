"""Shares of a language's queries that rise, as falls of the share where all is well."""

from dataclasses import dataclass

from agent.alerting.evaluator import Evaluator
from agent.alerting.incident import Incident
from agent.alerting.rule import Share, ShareRule
from agent.alerting.sums import Minute
from tests.alerting.traffic import DAY, MONDAY, QUALITY, key, row

DAYS = 9


@dataclass(frozen=True)
class Traffic:
    """A hundred queries in each minute that has any, of which so many are of the kind that is counted before and after the last day began."""

    share: Share
    before: int
    after: int

    def rows(self, minute: int) -> list[Minute]:
        """The rows of a minute."""
        bad = self.after if minute >= MONDAY + (DAYS - 1) * DAY else self.before
        good = row(minute, key(), 100 - bad if self.share == "und" else 100, 0)
        match self.share:
            case "und":
                return [good, row(minute, key("und"), bad, 0)]
            case "mixed":
                return [good._replace(mixed=bad)]
            case "fallback":
                return [good._replace(routes={"own_index": 100 - bad, "fallback": bad})]
            case "zero_results":
                return [good._replace(zero_results=bad)]
            case "other_language":
                return [good._replace(answered=100, answered_otherwise=bad)]
            case "low_translation":
                return [good._replace(translated=100, translation_sum=(100 - bad) * 1_000_000)]


def told(traffic: Traffic) -> list[Incident]:
    """What the rule says of six hours of the last day, with the days before as history."""
    judge = Evaluator([ShareRule(name="share", of=traffic.share)], QUALITY)
    first, end = MONDAY + (DAYS - 1) * DAY, MONDAY + (DAYS - 1) * DAY + DAY // 4
    judge.warm(one for minute in range(MONDAY, first, 15) for one in traffic.rows(minute))
    walked = judge.walk([one for minute in range(first, end, 5) for one in traffic.rows(minute)], first, end - 1)
    return [incident for _, incidents in walked for incident in incidents]


def test_each_share_that_rises_by_ten_points_is_told_once() -> None:
    """As a fall of the share where all is well, confirmed since it is a count; the language is that of the queries."""
    shares: tuple[Share, ...] = ("und", "mixed", "fallback", "zero_results", "other_language", "low_translation")
    for share in shares:
        (incident,) = told(Traffic(share, 5, 15))
        assert (incident.state, incident.severity, incident.confirmed) == ("firing", "warning", "yes"), share
        assert incident.language == ("und" if share == "und" else "de")
        assert incident.drop is not None
        assert abs(incident.drop - 0.10) < 0.02


def test_a_share_that_stays_is_not_told() -> None:
    """The same hours of the days before were like this."""
    assert told(Traffic("fallback", 15, 15)) == []


def test_a_share_that_falls_is_good() -> None:
    """Fewer queries on the fallback route are no alert."""
    assert told(Traffic("fallback", 25, 5)) == []
