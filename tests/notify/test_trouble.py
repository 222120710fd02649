"""A receiver that cannot be reached is an incident of its own, with an end."""

from datetime import timedelta

from agent.notify.base import TransportError
from agent.notify.trouble import LABEL, PATIENCE, Trouble, receiver_of
from tests.notify.examples import NOW, incident

AWAY = TransportError("no answer from Slack", permanent=False)
REFUSED = TransportError("Slack answered 404", permanent=True)


def failing(error: TransportError = AWAY) -> Trouble:
    """A receiver that has failed just now."""
    trouble = Trouble("chat")
    trouble.failed(error, NOW, waiting=3)
    return trouble


def test_whoever_works_is_no_news() -> None:
    """Nothing is said of a receiver that nobody had trouble with."""
    trouble = Trouble("chat")
    assert trouble.incident(NOW) is None
    trouble.worked()
    assert trouble.incident(NOW) is None


def test_an_outage_is_told_after_ten_minutes() -> None:
    """With since when, why, how much waits and what to do; it began with the first failure."""
    trouble = failing()
    trouble.failed(AWAY, NOW + timedelta(minutes=5), waiting=4)
    assert trouble.incident(NOW + PATIENCE - timedelta(seconds=1)) is None
    told = trouble.incident(NOW + PATIENCE)
    assert told is not None
    assert (told.state, told.class_, told.severity, told.began_at) == ("firing", "monitor", "warning", NOW)
    assert told.summary == (
        "The receiver “chat” cannot be told since 2026-11-16 08:30 UTC: no answer from Slack."
        " Messages that wait: 4; they are sent when it is back."
    )
    assert "babelwatch notify test --receiver chat" in told.advice


def test_it_stays_the_same_while_it_lasts() -> None:
    """One outage is one incident, told once."""
    trouble = failing()
    told = trouble.incident(NOW + PATIENCE)
    trouble.failed(AWAY, NOW + timedelta(hours=1), waiting=9)
    assert trouble.incident(NOW + timedelta(hours=1)) is told


def test_its_end_is_told() -> None:
    """As soon as a message goes out."""
    trouble = failing()
    fired = trouble.incident(NOW + PATIENCE)
    trouble.worked()
    over = trouble.incident(NOW + timedelta(hours=1))
    assert fired is not None
    assert over is not None
    assert (over.state, over.fingerprint, over.began_at) == ("resolved", fired.fingerprint, fired.began_at)
    assert (over.resolved_at, trouble.failures) == (NOW + timedelta(hours=1), 0)


def test_a_stumble_is_no_news() -> None:
    """What worked again before anybody was told is not told."""
    trouble = failing()
    trouble.worked()
    assert trouble.incident(NOW + timedelta(hours=1)) is None


def test_a_refusal_is_told_at_once() -> None:
    """Waiting does not mend it; nothing is promised of what waits."""
    told = failing(REFUSED).incident(NOW)
    assert told is not None
    assert told.summary == "The receiver “chat” refuses messages: Slack answered 404."


def test_a_refusal_is_told_although_the_next_message_went_out() -> None:
    """Somebody was not told something, and that has an end at once."""
    trouble = failing(REFUSED)
    trouble.worked()
    told, over = trouble.incident(NOW), trouble.incident(NOW)
    assert (told and told.state, over and over.state) == ("firing", "resolved")
    assert trouble.incident(NOW) is over


def test_the_next_outage_is_another_incident() -> None:
    """Under the same fingerprint, with another beginning."""
    trouble = failing()
    first = trouble.incident(NOW + PATIENCE)
    trouble.worked()
    trouble.incident(NOW + PATIENCE)
    trouble.failed(AWAY, NOW + timedelta(hours=1), waiting=0)
    second = trouble.incident(NOW + timedelta(hours=2))
    assert first is not None
    assert second is not None
    assert (first.fingerprint, second.began_at) == (second.fingerprint, NOW + timedelta(hours=1))


def test_what_the_process_before_told_ends_here() -> None:
    """The next one knows what was told, and tells the end."""
    before, trouble = failing(), Trouble("chat")
    told = before.incident(NOW + PATIENCE)
    trouble.resume(told)
    assert trouble.incident(NOW + timedelta(hours=1)) == told
    trouble.worked()
    over = trouble.incident(NOW + timedelta(hours=1))
    assert over is not None
    assert over.state == "resolved"


def test_it_names_its_receiver_and_rules_do_not() -> None:
    """A label of that name on an incident of a rule means something else."""
    told = failing(REFUSED).incident(NOW)
    assert told is not None
    assert receiver_of(told) == "chat"
    assert receiver_of(incident(labels={LABEL: "chat"})) is None
    assert receiver_of(incident()) is None
