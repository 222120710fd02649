"""A check that fails is an incident of the agent's own, and says what to type."""

from datetime import timedelta

from agent.alerting import unchecked
from tests.notify.examples import NOW, incident


def test_it_says_what_is_not_known_and_what_to_do() -> None:
    """Since when, why, and the command that runs it by hand."""
    told = unchecked.incident("golden", "support", NOW, "no answer from the search (ConnectError)")
    assert told.summary == (
        "The golden set “support” did not run: no answer from the search (ConnectError). Until it does, nothing is known from it."
    )
    assert (told.class_, told.state, told.severity, told.began_at) == ("monitor", "firing", "warning", NOW)
    assert told.advice == "Run it by hand: `babelwatch golden run DATASET --name support`."
    assert "`babelwatch probe run --probe own`" in unchecked.incident("probe", "own", NOW, "").advice


def test_it_ends() -> None:
    """Under the same identity."""
    told = unchecked.incident("probe", "own", NOW, "exit status 3")
    over = unchecked.over(told, NOW + timedelta(hours=1))
    assert (over.fingerprint, over.state, over.summary) == (told.fingerprint, "resolved", "The probe “own” runs again.")


def test_each_check_has_its_own() -> None:
    """A probe and a golden set of one name are two; other incidents are none."""
    names = {unchecked.incident(kind, "own", NOW, "").fingerprint for kind in ("probe", "golden")}
    assert len(names) == 2
    assert unchecked.check_of(unchecked.incident("golden", "own", NOW, "")) == "golden set “own”"
    assert unchecked.check_of(incident(labels={"check": "golden set “own”"})) is None
