"""What the groups of all services hide, keep and end."""

from datetime import timedelta

from msgspec.structs import replace

from agent.alerting.action import Action
from agent.alerting.by_hand import ended_here
from agent.alerting.incident import ALL
from agent.alerting.minutes import end_of
from agent.alerting.triage.fleet import Looks
from agent.alerting.triage.grouping import Place
from agent.alerting.triage.together import Together
from tests.alerting.triage.test_grouping import LANGUAGES, MINUTE, fall, looks

ALL_DOWN = looks(LANGUAGES, LANGUAGES)


def fallen() -> Together:
    """All languages of one service fell, and that was told."""
    together = Together()
    for at in range(6):
        together.step(MINUTE + at, [fall(one) for one in LANGUAGES] if at == 0 else [], lambda _: ALL_DOWN)
    return together


def test_what_waits_is_held_and_hidden() -> None:
    """Nobody was told of it yet, and nothing is said of all languages."""
    together = Together()
    together.step(MINUTE, [fall("ko")], lambda _: {})
    assert (together.held, together.hidden, together.fleets) == ([fall("ko")], {fall("ko").fingerprint}, [])


def test_only_a_group_whose_wait_is_over_asks_how_all_languages_look() -> None:
    """Of its own service."""
    together, asked = Together(), list[Place]()

    def look(place: Place) -> Looks:
        asked.append(place)
        return {}

    for at in range(7):
        together.step(MINUTE + at, [fall("ko")] if at == 0 else [], look)
    assert asked == [Place("help", "prod")]


def test_what_was_found_out_about_a_fleet_is_kept() -> None:
    """Of another incident nothing is."""
    together = fallen()
    (fleet,) = together.fleets
    together.keep(replace(fall("ko"), summary="only Korean"))
    together.keep(known := replace(fleet, cause="deployment"))
    assert together.fleets == [known]


def test_a_fleet_that_a_person_ends_takes_its_languages_along() -> None:
    """An action on another incident ends nothing."""
    together = fallen()
    (fleet,) = together.fleets
    close = Action(fleet.fingerprint, fleet.began_at, "close", end_of(MINUTE + 6) - timedelta(seconds=1), "false")
    other = replace(close, fingerprint=fall("ko").fingerprint)
    assert together.end(lambda one: ended_here(other, one, MINUTE + 6), MINUTE + 6) is None
    found = together.end(lambda one: ended_here(close, one, MINUTE + 6), MINUTE + 6)
    assert found is not None
    over, languages = found
    assert (over.language, over.verdict, {one.language for one in languages}) == (ALL, "false", set(LANGUAGES))
    assert together.groups == ()
