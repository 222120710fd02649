"""What is due is asked once, whoever evaluates; what failed is told until it works; what a golden run says is weighed."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from agent.alerting.changes import Change
from agent.alerting.incident import Incident
from agent.alerting.weighing import Weighing
from agent.cron import parse_cron
from agent.probing.due import Check, Planned, Seen, Why, about
from agent.runtime.checks import CHECK, Checks, weighings_since
from agent.runtime.schedule import Ended, Timed
from agent.store.memory import MemoryJournal
from tests.notify.examples import NOW, incident

PLANNED = Planned(("own",), {"support": ""})
NIGHTLY = Timed(Check("golden", "support", Why.SCHEDULE), parse_cron("0 4 * * *"))
HOUR = timedelta(hours=1)
AS_OF = NOW - timedelta(minutes=2)
INDEX = Change("help", "prod", "kb", "mini", "v43", at=NOW, new_model=False)
KOREAN = Seen(incidents=(incident(),))


class Runner:
    """Notes what it is asked, and says what it is told to say."""

    def __init__(self) -> None:
        self.planned: list[Timed] = []
        self.asked: list[Check] = []
        self.next: list[Ended] = []

    def plan(self, timed: Iterable[Timed]) -> None:
        """Note."""
        self.planned = list(timed)

    def ask(self, check: Check) -> None:
        """Note."""
        self.asked.append(check)

    def ended(self) -> list[Ended]:
        """What was put here."""
        found, self.next = self.next, []
        return found


def says(found: Incident, check: Check, at: Any) -> Weighing:
    """A golden run that confirms everything."""
    return Weighing(found.fingerprint, found.began_at, at, "yes", f"golden:{check.name}", "recall@10", 0.05, 400, "Confirmed.")


class Rig:
    """Checks over a journal; `again()` is the next process."""

    def __init__(self, timed: Iterable[Timed] = ()) -> None:
        self.journal, self.timed = MemoryJournal(), tuple(timed)
        self.again()

    def again(self) -> None:
        """Another process begins."""
        self.runner = Runner()
        self.checks = Checks(PLANNED, self.timed, self.runner, self.journal, weigh=says)

    def look(self, seen: Seen = Seen(), now: Any = NOW, *ended: Ended) -> list[Incident]:  # noqa: B008  immutable
        """One look, after these ends."""
        self.runner.next += ended
        return self.checks.look(seen, now, AS_OF)


def ended(check: Check, *, failed: bool = False, said: str = "") -> Ended:
    """It has run for a minute."""
    return Ended(check, NOW - timedelta(minutes=1), NOW, failed, said)


def test_what_is_due_is_asked_once() -> None:
    """Not in the next minute again, nor by the next process once it has ended."""
    rig = Rig()
    rig.look(Seen(changes=(INDEX,)))
    (check,) = rig.runner.asked
    assert (check.kind, check.why) == ("golden", Why.DEPLOYMENT)
    rig.look(Seen(changes=(INDEX,)), NOW, ended(check))
    assert rig.runner.asked == [check]
    rig.again()
    rig.look(Seen(changes=(INDEX,)), NOW + HOUR)
    assert rig.runner.asked == []


def test_what_died_with_its_process_is_asked_again() -> None:
    """A check that was begun and has no end."""
    rig = Rig()
    rig.look(KOREAN)
    rig.again()
    rig.look(Seen(), NOW + HOUR)
    assert [check.why for check in rig.runner.asked] == [Why.SCORE_ONLY]


def test_a_failing_check_is_told_until_it_works() -> None:
    """One incident, found again after a restart, and its end."""
    rig = Rig([NIGHTLY])
    (told,) = rig.look(Seen(), NOW, ended(NIGHTLY.check, failed=True, said="no answer"))
    assert (told.state, "no answer" in told.summary) == ("firing", True)
    (still,) = rig.look(Seen(), NOW + HOUR, ended(NIGHTLY.check, failed=True, said="another"))
    assert still == told
    rig.again()
    assert [one.fingerprint for one in rig.look(Seen(), NOW + HOUR)] == [told.fingerprint]
    (over,) = rig.look(Seen(), NOW + 2 * HOUR, ended(NIGHTLY.check))
    assert (over.fingerprint, over.began_at, over.state) == (told.fingerprint, told.began_at, "resolved")
    assert rig.look() == [over]  # for a week: who was told may not have heard
    rig.again()
    assert rig.look() == [over]
    assert rig.look(Seen(), NOW + 8 * 24 * HOUR) == []
    states = [entry.body["state"] for entry in rig.journal.read("transition")]
    assert states == ["firing", "resolved"]


def test_a_time_that_was_missed_is_made_up_for() -> None:
    """While no agent was there; once."""
    rig = Rig([NIGHTLY])
    rig.look(Seen(), NOW, ended(NIGHTLY.check))
    rig.again()
    rig.look(Seen(), NOW + 24 * HOUR)
    assert [(check.name, check.why) for check in rig.runner.asked] == [("support", Why.MISSED)]
    assert rig.runner.planned == [NIGHTLY]
    rig.look(Seen(), NOW + 24 * HOUR)
    assert len(rig.runner.asked) == 1


def test_each_time_of_a_schedule_has_its_row() -> None:
    """The journal knows every run, with its end."""
    rig = Rig([NIGHTLY])
    for day in range(3):
        begun = NOW + timedelta(days=day)
        rig.look(Seen(), begun, Ended(NIGHTLY.check._replace(about=str(day)), begun, begun + HOUR))
    assert [entry.body["outcome"] for entry in rig.journal.read(CHECK)] == ["done"] * 3


def test_one_that_never_began_is_missed() -> None:
    """It is told like one that failed."""
    rig = Rig([NIGHTLY])
    (told,) = rig.look(Seen(), NOW, Ended(NIGHTLY.check, None, NOW, failed=True, said="it was due at 04:00"))
    assert "it was due at 04:00" in told.summary
    assert [entry.body["outcome"] for entry in rig.journal.read(CHECK)] == ["missed"]


def test_what_a_golden_run_says_of_an_incident_is_kept() -> None:
    """As of the minute that is evaluated next; one that failed says nothing."""
    rig = Rig()
    rig.look(KOREAN)
    (check,) = rig.runner.asked
    assert check.about == about(incident())
    rig.look(KOREAN, NOW, ended(check, failed=True, said="no answer"))
    assert weighings_since(rig.journal, None) == []
    rig.look(KOREAN, NOW, ended(check))
    (said,) = weighings_since(rig.journal, AS_OF)
    assert (said.fingerprint, said.at, said.confirmed) == (incident().fingerprint, AS_OF, "yes")


def test_an_incident_that_is_gone_is_not_weighed() -> None:
    """Nobody asks for it any more."""
    rig = Rig()
    rig.look(KOREAN)
    rig.look(Seen(), NOW, ended(rig.runner.asked[0]))
    assert weighings_since(rig.journal, None) == []
