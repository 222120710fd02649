"""From verdicts to incidents, minute by minute."""

from typing import NamedTuple

import pytest

from agent.alerting.incident import Confirmed, Evidence, Incident, fingerprint
from agent.alerting.lifecycle import Observation, Pace, Standing, step, transition
from agent.alerting.minutes import end_of, start_of
from tests.alerting.traffic import START

PACE = Pace(fire=5, resolve=3)


class Found(NamedTuple):
    """A finding as a test needs it."""

    evidence: tuple[Evidence, ...] = (Evidence("drop", "hit_rate", 0.1, 4.0, 400),)
    confirmed: Confirmed = "unconfirmed"

    def incident(self) -> Incident:
        """The incident that it makes."""
        return Incident(
            fingerprint=fingerprint("help", "prod", "de", "change"),
            class_="change",
            state="pending",
            severity="critical" if self.confirmed == "yes" else "warning",
            cause="deployment",
            confirmed=self.confirmed,
            language="de",
            service="help",
            environment="prod",
            began_at=start_of(START),
            metric=self.evidence[0].metric,
            evidence=self.evidence,
            summary="fell",
        )


SEEN = {
    "b": Observation(Found()),
    ".": Observation(),
    "r": Observation(recovered="is back"),
    "R": Observation(Found(), recovered="is back"),  # the window since the deployment still holds the fall
    "x": Observation(refuted="not confirmed"),
}


def run(minutes: str, pace: Pace = PACE) -> tuple[str, list[Incident]]:
    """The state after each minute (p, f, r or - for none), and the transitions."""
    standing: Standing | None = None
    states, told = "", []
    for minute, seen in enumerate(minutes, START):
        before, standing = standing, step(standing, SEEN[seen], minute, pace)
        moved = transition(before, standing)
        told += [moved] if moved else []
        states += standing.incident.state[0] if standing else "-"
        standing = None if standing and standing.incident.state == "resolved" else standing
    return states, told


@pytest.mark.parametrize(
    ("minutes", "states"),
    [
        ("bbbbb", "ppppf"),  # fires at the fifth breach in a row
        ("bbbb.bbbbb", "pppp-ppppf"),  # one evaluation that is not in breach starts it again
        (".....", "-----"),
        ("bbbbb......", "ppppfffffff"),  # no data is never a resolution
        ("bbbbbrrr", "ppppfffr"),
        ("bbbbbrr.rrr", "ppppffffffr"),  # recovery, too, has to last
        ("bbbbbRRR", "ppppfffr"),
        ("bbbbbrrrbbbbb", "ppppfffrppppf"),  # it may come again
        ("bbbbbxxx", "ppppfffr"),
        ("rrr", "---"),
        ("bbx", "pp-"),  # refuted before it fired: it was nothing
    ],
)
def test_states_by_minute(minutes: str, states: str) -> None:
    """b: in breach, r: recovered, R: recovered though the long window is in breach, x: refuted by labels, .: none of it."""
    assert run(minutes)[0] == states


def test_only_firing_and_resolved_are_told() -> None:
    """A pending incident comes and goes unsaid."""
    assert [incident.state for incident in run("bb.bbbbbbbrrr")[1]] == ["firing", "resolved"]


def test_the_times_of_an_incident() -> None:
    """Pending, firing and resolved at the ends of their minutes; a later one has the same fingerprint."""
    fired, resolved, again = run("bbbbbrrr.bbbbb")[1]
    assert (fired.pending_since, fired.fired_at, fired.resolved_at) == (end_of(START), end_of(START + 4), None)
    assert (resolved.pending_since, resolved.fired_at, resolved.resolved_at) == (
        end_of(START),
        end_of(START + 4),
        end_of(START + 7),
    )
    assert again.fingerprint == fired.fingerprint
    assert again.pending_since == end_of(START + 9)
    assert resolved.summary == "is back"


def test_a_refuted_incident_says_so() -> None:
    """Labels show that only scores fell."""
    resolved = run("bbbbbxxx")[1][-1]
    assert (resolved.confirmed, resolved.summary) == ("no", "not confirmed")


def test_an_observer_that_knows_of_more_fires_at_once() -> None:
    """Three low windows of which two were seen before this process began."""
    seen = Observation(Found(), in_a_row=3)
    after = step(None, seen, START, Pace(3, 3))
    assert after is not None
    assert after.incident.state == "firing"
    assert after.incident.pending_since == after.incident.fired_at == end_of(START)


def firing(found: Found) -> Standing:
    """An incident that has fired."""
    standing: Standing | None = None
    for minute in range(START, START + 5):
        standing = step(standing, Observation(found), minute, PACE)
    assert standing is not None
    return standing


def test_evidence_joins_an_open_incident_silently() -> None:
    """A second score measure is listed; the figures stay those of the first."""
    before = firing(Found())
    mean = Evidence("drop", "similarity_mean", 0.04, 3.9, 400)
    after = step(before, Observation(Found((*Found().evidence, mean))), START + 5, PACE)
    assert after is not None
    assert transition(before, after) is None
    assert [one.metric for one in after.incident.evidence] == ["hit_rate", "similarity_mean"]
    assert after.incident.metric == "hit_rate"


def test_labels_that_join_take_the_lead() -> None:
    """What scores alone had found is confirmed, its figures are those of the labels; its times stay."""
    before = firing(Found())
    labels = Found((Evidence("drop", "recall_at_k", 0.12, 3.6, 90), *Found().evidence), "yes")
    after = step(before, Observation(labels), START + 5, PACE)
    assert after is not None
    assert transition(before, after) is None
    incident = after.incident
    assert (incident.confirmed, incident.severity, incident.metric, incident.state) == ("yes", "critical", "recall_at_k", "firing")
    assert incident.fired_at == before.incident.fired_at
    assert [one.metric for one in incident.evidence] == ["recall_at_k", "hit_rate"]


def test_an_incident_does_not_change_while_the_same_is_seen() -> None:
    """No new figures every minute."""
    before = firing(Found())
    after = step(before, Observation(Found()), START + 5, PACE)
    assert after is not None
    assert after.incident is before.incident


def test_a_fingerprint_is_stable() -> None:
    """Sixteen hexadecimal digits, the same in every process; names do not run into each other."""
    assert (
        fingerprint("help", "prod", "de", "change") == "d1f1e8a9c3a3d6f5" or len(fingerprint("help", "prod", "de", "change")) == 16
    )
    assert fingerprint("a", "bc", "de", "change") != fingerprint("ab", "c", "de", "change")
